"""A new field key: everything is sealed anew, in as many runs as it takes; the older key goes on opening the trail."""

from __future__ import annotations

import dataclasses
import io
import os
import secrets
import time
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of, record
from advocacy.keyfile import load_keys, with_secret_files
from advocacy.people.models import Patient
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import CannotOpen, blind_index
from cases.commands.documents import document_vault, upload_document
from cases.models import Blob, Coverage
from cases.vault import UnknownKey
from tests.advocacy.test_keyfile import environment, key
from tests.cast import NOW


def rotated(settings, *, keep: bool = True, index: bool = False):
    """The keys after an operator has put a new one in front."""
    old = settings.KEYS
    return dataclasses.replace(
        old,
        field_id=f"n{secrets.token_hex(3)}",
        field=os.urandom(32),
        index=os.urandom(32) if index else old.index,
        retired={**old.retired, old.field_id: old.field} if keep else {},
    )


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=out)
    return out.getvalue()


def raw(table: str, column: str, pk: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [pk])  # constants of this file
        return bytes(cursor.fetchone()[0])


def test_everything_is_sealed_anew_and_nothing_is_lost(cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    case, old = cast.case, settings.KEYS
    stored = upload_document(
        actor=cast.nora,
        case=case,
        kind="clinical_note",
        filename="note.txt",
        stream=io.BytesIO(b"Three words here"),
        at=NOW,
    )
    record("case_opened", subject=case, reason="because Dana asked")
    patient = Patient.objects.get(pk=case.patient_id)
    before = (patient.given_name, patient.family_name, patient.birth_date)
    settings.KEYS = rotated(settings)
    new = settings.KEYS.field_id
    with pytest.raises(SystemExit):
        run("--check")
    said = run()
    assert " are left." in said and said.splitlines()[-2].endswith("; 0 are left.")
    assert "0 rows and documents are not under" in run("--check")
    assert raw("people_patient", "given_name", patient.pk)[1 : 1 + len(new)] == new.encode()
    # The older key is needed by nothing but the trail.
    settings.KEYS = dataclasses.replace(settings.KEYS, retired={})
    patient = Patient.objects.get(pk=patient.pk)
    assert (patient.given_name, patient.family_name, patient.birth_date) == before
    blob = stored.versions.get().blob
    vault = document_vault()
    assert vault.open(blob.location, organization_id=cast.harbor.public_id).read() == b"Three words here"
    assert (blob.key_id, vault.rewrap(blob.location, organization_id=cast.harbor.public_id)[: len(new)]) == (
        new,
        new,
    )
    event = Event.objects.filter(verb="case_opened").order_by("-id").first()
    with pytest.raises(CannotOpen):
        reason_of(event)
    settings.KEYS = dataclasses.replace(settings.KEYS, retired={old.field_id: old.field})
    assert reason_of(event) == "because Dana asked"
    with scoped_to(cast.meadow.pk):
        assert [p.given_name != "" for p in Patient.objects.all()] != []


def test_a_run_that_was_broken_off_goes_on(cast, settings):
    """One patient is done already: only the others are written again."""
    settings.KEYS = rotated(settings)
    patient = Patient.objects.order_by("pk").first()
    patient.family_name = patient.family_name
    patient.given_name = patient.given_name
    patient.birth_date = patient.birth_date
    from advocacy.management.commands.rotate_keys import Command, sealed_fields

    Command.seal(patient)
    done = raw("people_patient", "family_name", patient.pk)
    run()
    assert raw("people_patient", "family_name", patient.pk) == done
    assert "family_name" in sealed_fields(Patient)


def test_the_secrets_of_second_factors_are_sealed_and_sealed_anew(cast, settings):
    """Whoever reads the table or a backup can make no code."""
    secret, nora = generate_totp_secret(), cast.users["nora"]
    TOTP.activate(nora, secret)
    seed = RecoveryCodes.activate(nora)
    codes = seed.get_unused_codes()
    lies = {a.type: a.data for a in Authenticator.objects.filter(user=nora)}
    assert lies["totp"]["secret"].startswith("sealed:")
    assert lies["recovery_codes"]["seed"].startswith("sealed:")
    assert secret not in str(lies)
    settings.KEYS = rotated(settings)
    run()
    settings.KEYS = dataclasses.replace(settings.KEYS, retired={})
    found = {a.type: a for a in Authenticator.objects.filter(user=nora)}
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert found["totp"].wrap().validate_code(code)
    assert found["recovery_codes"].wrap().get_unused_codes() == codes


def test_without_the_older_key_nothing_is_written(cast, settings):
    settings.KEYS = rotated(settings, keep=False)
    before = raw("people_patient", "given_name", cast.case.patient_id)
    with pytest.raises(CommandError, match="key that is not configured"):
        run()
    assert raw("people_patient", "given_name", cast.case.patient_id) == before
    with pytest.raises(UnknownKey if Blob.objects.exists() else CannotOpen):
        _ = Patient.objects.get(pk=cast.case.patient_id).given_name


def test_a_new_index_key_finds_the_same_rows(cast, settings):
    coverage = Coverage.objects.get(pk=cast.case.coverage_id)
    settings.KEYS = rotated(settings, index=True)
    from advocacy.tenancy.sealing import _key_of

    _key_of.cache_clear()
    try:
        run("--index")
        wanted = blind_index(cast.harbor.pk, coverage.member_id)
        assert bytes(Coverage.objects.get(pk=coverage.pk).member_id_index) == wanted
    finally:
        _key_of.cache_clear()


def test_retired_keys_are_named_by_their_ids(tmp_path):
    first, second = key(), key()
    given = environment() | {
        "RECOURSE_FIELD_KEY_ID": "k3",
        "RECOURSE_RETIRED_KEYS": f"k1:{first}\n k2:{second}",
    }
    keys = load_keys(environment=given, path=tmp_path / "keys.json", production=True)
    assert (sorted(keys.retired), sorted(keys.ring), keys.ring["k3"]) == (
        ["k1", "k2"],
        ["k1", "k2", "k3"],
        keys.field,
    )
    with pytest.raises(ImproperlyConfigured, match="RECOURSE_RETIRED_KEYS: k9 must be 32 bytes"):
        load_keys(
            environment=given | {"RECOURSE_RETIRED_KEYS": "k9:short"}, path=tmp_path / "k", production=True
        )


def test_secrets_may_lie_in_files(tmp_path):
    file = tmp_path / "token"
    file.write_text("out of a file\n")
    named = {"RECOURSE_METRICS_TOKEN_FILE": str(file), "PORT": "1"}
    assert with_secret_files(named) == named | {"RECOURSE_METRICS_TOKEN": "out of a file"}
    assert with_secret_files(named | {"RECOURSE_METRICS_TOKEN": "set"})["RECOURSE_METRICS_TOKEN"] == "set"
    with pytest.raises(ImproperlyConfigured, match="RECOURSE_METRICS_TOKEN_FILE: No such file"):
        with_secret_files({"RECOURSE_METRICS_TOKEN_FILE": str(tmp_path / "none")})


def test_the_cast_is_sealed(cast):
    assert date(1984, 5, 17) == Patient.objects.get(pk=cast.case.patient_id).birth_date
    assert configured.KEYS.field_id.encode() in raw("people_patient", "birth_date", cast.case.patient_id)
