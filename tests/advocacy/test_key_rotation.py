"""A new data key: everything is sealed anew, in as many runs as it takes; the older one goes on opening the trail."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import time
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of, record
from advocacy.keyfile import load_keys, with_secret_files
from advocacy.people.models import Patient
from advocacy.tenancy.keystore import INSTALLATION
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import CannotOpen, blind_index, keystore
from cases.commands.documents import document_vault, upload_document
from cases.models import Coverage
from tests.advocacy.test_keyfile import environment, key
from tests.cast import NOW
from tests.terminal import BY_OPERATOR

pytest_plugins = ("tests.terminal",)


@pytest.fixture(autouse=True)
def own_keystore(request, settings, tmp_path):
    """What a test does to keys is done to a copy of them, by an operator at a terminal."""
    if "cast" in request.fixturenames:
        request.getfixturevalue("cast")
        request.getfixturevalue("operator")
        own = tmp_path / "keys"
        keystore().copy_to(own)
        settings.KEYSTORE = own


def without_older_keys(settings) -> None:
    """What an operator never does: the keystore forgets what seals nothing any more."""
    for path in settings.KEYSTORE.glob("[0-9]*.json"):
        stored = json.loads(path.read_text())
        stored["keys"] = {stored["current"]: stored["keys"][stored["current"]]}
        path.write_text(json.dumps(stored))
    settings.KEYS = dataclasses.replace(settings.KEYS)  # a process that starts reads everything anew


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *arguments, *BY_OPERATOR, stdout=out)
    return out.getvalue()


def run_keys(*arguments: str) -> str:
    out = io.StringIO()
    call_command("data_keys", *arguments, stdout=out)
    return out.getvalue()


def raw(table: str, column: str, pk: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [pk])  # constants of this file
        return bytes(cursor.fetchone()[0])


def test_everything_is_sealed_anew_and_nothing_is_lost(cast, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "documents"
    case = cast.case
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
    assert "0 rows and documents are not under" in run("--check")
    old = keystore().of(cast.harbor.pk).current
    said = run()
    assert said.splitlines()[-2].endswith("; 0 are left.")
    assert "0 rows and documents are not under" in run("--check")
    new = keystore().of(cast.harbor.pk).current
    assert new != old and keystore().of(INSTALLATION).current[0] == "2"
    assert raw("people_patient", "given_name", patient.pk)[1 : 1 + len(new)] == new.encode()
    event = Event.objects.filter(verb="case_opened").order_by("-id").first()
    assert reason_of(event) == "because Dana asked"
    # The older key is needed by nothing but the trail.
    without_older_keys(settings)
    patient = Patient.objects.get(pk=patient.pk)
    assert (patient.given_name, patient.family_name, patient.birth_date) == before
    blob, folder = stored.versions.get().blob, cast.harbor.public_id
    vault = document_vault()
    assert vault.open(blob.location, organization_id=folder).read() == b"Three words here"
    assert (blob.key_id, vault.rewrap(blob.location, organization_id=folder)[: len(new)]) == (new, new)
    with pytest.raises(CannotOpen):
        reason_of(event)
    with scoped_to(cast.meadow.pk):
        assert [p.given_name != "" for p in Patient.objects.all()] != []


def test_a_run_that_was_broken_off_goes_on(cast):
    """One patient is done already: only the others are written again, and no further key is made."""
    new = keystore().renew(cast.harbor.pk)
    with pytest.raises(SystemExit):
        run("--check")
    patient = Patient.objects.order_by("pk").first()
    patient.family_name = patient.family_name
    patient.given_name = patient.given_name
    patient.birth_date = patient.birth_date
    from advocacy.management.commands.rotate_keys import Command, sealed_fields

    Command.seal(patient)
    done = raw("people_patient", "family_name", patient.pk)
    run("--organization", "harbor")
    assert raw("people_patient", "family_name", patient.pk) == done
    assert (keystore().of(cast.harbor.pk).current, keystore().of(cast.meadow.pk).current[0]) == (new, "1")
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
    run()
    without_older_keys(settings)
    found = {a.type: a for a in Authenticator.objects.filter(user=nora)}
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert found["totp"].wrap().validate_code(code)
    assert found["recovery_codes"].wrap().get_unused_codes() == codes


def test_a_new_master_key_wraps_the_keys_anew_and_touches_no_data(cast, settings):
    old, patient = settings.KEYS, cast.case.patient_id
    before = raw("people_patient", "given_name", patient)
    with_new = dataclasses.replace(
        old, field_id="k2", field=os.urandom(32), retired={old.field_id: old.field}
    )
    settings.KEYS = with_new
    wanted = len(keystore().listed()) * 2
    assert run_keys("rewrap", *BY_OPERATOR).startswith(f"{wanted} keys of {wanted // 2} are wrapped")
    assert run_keys("rewrap", *BY_OPERATOR).startswith("0 keys of ")
    settings.KEYS = dataclasses.replace(with_new, retired={})  # the older master opens nothing any more
    assert raw("people_patient", "given_name", patient) == before
    assert Patient.objects.get(pk=patient).given_name == cast.case.patient.given_name
    assert "wrapped by k2" in run_keys()


def test_without_the_older_master_nothing_opens_and_nothing_is_written(cast, settings):
    settings.KEYS = dataclasses.replace(settings.KEYS, field_id="k2", field=os.urandom(32), retired={})
    before = raw("people_patient", "given_name", cast.case.patient_id)
    with pytest.raises(CommandError, match="a master key that is not configured"):
        run()
    assert raw("people_patient", "given_name", cast.case.patient_id) == before
    with pytest.raises(CannotOpen):
        _ = Patient.objects.get(pk=cast.case.patient_id).given_name


def test_a_new_index_key_finds_the_same_rows(cast, settings):
    coverage = Coverage.objects.get(pk=cast.case.coverage_id)
    before = bytes(coverage.member_id_index)
    settings.KEYS = dataclasses.replace(settings.KEYS, index=os.urandom(32))
    run("--index")
    wanted = blind_index(cast.harbor.pk, coverage.member_id)
    assert bytes(Coverage.objects.get(pk=coverage.pk).member_id_index) == wanted != before


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
    assert keystore().of(cast.harbor.pk).current.encode() in raw(
        "people_patient", "birth_date", cast.case.patient_id
    )
