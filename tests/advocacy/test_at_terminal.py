"""At a terminal: a fresh code of the account before what weighs most, and nothing done without it."""

from __future__ import annotations

import io
import time

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.management import call_command
from django.core.management.base import CommandError

from advocacy.audit.models import Event
from advocacy.management.at_terminal import prove
from tests.terminal import BY_OPERATOR

pytest_plugins = ("tests.terminal",)

KEYS = ("data_keys", "rewrap")
ROTATES = ("rotate_keys", "--organization", "harbor")
EXPORTS = ("export_trail", "harbor", "/nowhere/x", "--reason", "x")


def run(*arguments: str) -> None:
    call_command(*arguments, stdout=io.StringIO())


@pytest.mark.parametrize("command", [KEYS, ROTATES, EXPORTS])
def test_nothing_is_done_without_a_proof_by_an_operator(cast, operator, typed_there, command):
    before = Event.objects.count()
    typed_there("wrong")
    with pytest.raises(CommandError, match="does not prove that you are"):
        run(*command, *BY_OPERATOR)
    with pytest.raises(CommandError, match="no operator's account"):
        run(*command, "--account", "olga@harbor.example")
    with pytest.raises(CommandError, match=r"--account|Say with"):
        run(*command)
    assert Event.objects.count() == before


def test_counting_what_is_left_needs_none(cast):
    run("rotate_keys", "--check")
    run("data_keys")


def test_whoever_has_a_factor_types_its_code_once(cast, operator, typed_there):
    secret = generate_totp_secret()
    TOTP.activate(operator, secret)
    with pytest.raises(CommandError):
        prove(operator)  # the passphrase
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    typed_there(code, code)
    prove(operator)
    with pytest.raises(CommandError):
        prove(operator)  # the same code again


def test_a_recovery_code_is_a_proof_once(cast, operator, typed_there):
    TOTP.activate(operator, generate_totp_secret())
    code = RecoveryCodes.activate(operator).get_unused_codes()[0]
    typed_there(code, code)
    prove(operator)
    with pytest.raises(CommandError):
        prove(operator)


def test_where_a_factor_is_required_a_passphrase_is_none(cast, operator, settings):
    settings.SECOND_FACTOR = "required"
    with pytest.raises(CommandError, match="set up an app or recovery codes first"):
        prove(operator)


def test_a_colleagues_proof_and_wrong_tries_stand_in_the_trail_and_ten_shut_the_account(
    cast, typed_there, settings, mailoutbox
):
    olga = cast.users["olga"]
    typed_there(*["wrong"] * settings.SIGN_IN_TRIES)
    for _ in range(settings.SIGN_IN_TRIES):
        with pytest.raises(CommandError, match="does not prove"):
            prove(olga)
    with pytest.raises(CommandError, match="shut for an hour"):
        prove(olga)
    verbs = list(Event.objects.filter(kind="verb").order_by("id").values_list("verb", flat=True))
    assert verbs[-(settings.SIGN_IN_TRIES + 1) :] == ["sign_in_failed"] * settings.SIGN_IN_TRIES + [
        "sign_in_shut"
    ]
    assert len(mailoutbox) == 1
