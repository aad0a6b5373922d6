"""An organization leaves: its keys are destroyed, and nothing that was sealed under them opens; its trail still verifies."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of, record
from advocacy.background.sealing import seal_all
from advocacy.people.calendar_feeds import make_feed
from advocacy.people.models import CalendarFeed, Membership, Patient, PatientSearch, User
from advocacy.people.queries import memberships_of
from advocacy.tenancy.keystore import KeysDestroyed
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import keystore
from cases.commands.documents import document_vault, upload_document
from cases.models import CaseSearch
from tests.cast import NOW, PASSWORD
from tests.portal import come_in, give_access
from tests.terminal import BY_OPERATOR

pytest_plugins = ("tests.terminal",)

SLUG = "harbor"


@pytest.fixture
def leaving(cast, settings, tmp_path, operator):
    """Harbor with a document, search text, a patient in the portal, and two people who may decide that it leaves."""
    settings.DATA_DIR = tmp_path / "documents"
    own = tmp_path / "keys"
    keystore().copy_to(own)
    settings.KEYSTORE = own
    upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="clinical_note",
        filename="note.txt",
        stream=io.BytesIO(b"Three words here"),
        at=NOW,
    )
    record("case_opened", subject=cast.case, reason="because Dana asked")
    call_command("rebuild_search", stdout=io.StringIO())
    give_access(cast.case.patient, "dana@mail.example")
    make_feed(actor=cast.nora, at=timezone.now())
    seal_all()
    return cast


def said(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def leave(*more: str, asked: str = "olga@harbor.example", approved: str = "ops@platform.example") -> str:
    return said("offboard", SLUG, "--asked-by", asked, "--approved-by", approved, *more)


def everything_in_rows() -> str:
    """Every row of the organization that its own scope reads, the trail and the accounts among them, as one text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname IN ('public', 'audit')"
            " AND has_table_privilege(c.oid, 'SELECT')"
        )
        tables = cursor.fetchall()
        texts = []
        for schema, table in tables:
            cursor.execute(f'SELECT whole::text FROM "{schema}"."{table}" AS whole')
            texts += [row[0] for row in cursor.fetchall()]
    return "\n".join(texts).lower()


def test_nothing_is_done_without_saying_the_name_again(leaving):
    assert "Nothing was done" in leave()
    assert "Nothing was done" in leave("--confirm", "meadow")
    assert Patient.objects.get(pk=leaving.case.patient_id).given_name == "Dana"


def test_two_people_who_may_decide_it(leaving):
    with pytest.raises(CommandError, match="Somebody else than who asked"):
        leave("--confirm", SLUG, approved="olga@harbor.example")
    with pytest.raises(CommandError, match="is no operator and no admin"):
        leave("--confirm", SLUG, asked="nora@harbor.example")
    assert Organization.objects.get(slug=SLUG).closed_at is None


@pytest.mark.parametrize("words", [(PASSWORD, "wrong"), ("wrong", PASSWORD), (PASSWORD, ""), ()])
def test_both_prove_who_they_are(leaving, typed_there, words):
    typed_there(*words)
    with pytest.raises(CommandError, match="does not prove"):
        leave("--confirm", SLUG)
    assert Organization.objects.get(slug=SLUG).closed_at is None
    assert Event.objects.filter(verb="sign_in_failed").count() == (1 if words[:1] != (PASSWORD,) else 0)


def test_after_it_left_nothing_opens_and_the_trail_still_verifies(leaving):
    case, harbor = leaving.case, leaving.harbor
    patient = Patient.objects.get(pk=case.patient_id)
    words = ["whitlock", "tmk77304158201", "tmk 7730 41582 01", "1984-05-17", "dana@mail.example"]
    assert {word for word in words if word in everything_in_rows()} >= {"whitlock", "1984-05-17"}
    folder = configured.DATA_DIR / str(harbor.public_id)
    assert any(folder.rglob("*"))
    told = leave("--confirm", SLUG)
    assert "is closed and its keys are destroyed" in told and "data_keys copy" in told
    # Rows and trail are there, and nothing of them opens; what found the patient is gone.
    assert [word for word in words if word in everything_in_rows()] == []
    patient = Patient.objects.get(pk=patient.pk)
    with pytest.raises(KeysDestroyed):
        _ = patient.given_name
    with pytest.raises(KeysDestroyed):
        reason_of(Event.objects.filter(verb="case_opened").order_by("-id").first())
    with pytest.raises(KeysDestroyed):
        document_vault()
    assert not folder.exists()
    assert (PatientSearch.objects.count(), CaseSearch.objects.count()) == (0, 0)
    # Nobody gets in.
    assert memberships_of(leaving.users["nora"].pk) == ()
    assert not Membership.objects.filter(ended_at=None).exists()
    assert not CalendarFeed.objects.filter(revoked_at=None).exists()
    assert not User.objects.get(pk=leaving.users["nora"].pk).is_active
    with pytest.raises(AssertionError, match="no code was sent"):
        come_in("dana@mail.example")
    # The act itself is sealed like everything before it.
    assert seal_all() > 0
    assert "Valid" in said("verify_audit", SLUG)
    assert Event.objects.filter(verb="organization_offboarded").count() == 1


def test_others_are_not_touched_and_work_on(leaving):
    leave("--confirm", SLUG)
    meadow = leaving.meadow
    with scoped_to(meadow.pk):
        assert [p.family_name for p in Patient.objects.all()] == ["Castellano"]
        assert Membership.objects.filter(ended_at=None).count() == 1
    assert User.objects.get(email="mia@meadow.example").is_active
    for command in (["rebuild_search"], ["check_documents"], ["rotate_keys", *BY_OPERATOR]):
        said(*command)
    assert "harbor: destroyed at" in said("data_keys")


def test_a_run_that_broke_off_at_the_keys_is_finished_though_who_asked_has_no_account(leaving, settings):
    settings.KMS, settings.KEYSTORE = (
        "/bin/false",
        Path(str(settings.KEYSTORE)),
    )  # another service: asked anew
    with pytest.raises(CommandError, match="run the same command again"):
        leave("--confirm", SLUG)
    folder = configured.DATA_DIR / str(leaving.harbor.public_id)
    assert (keystore().is_destroyed(leaving.harbor.pk), any(folder.rglob("*"))) == (False, True)
    settings.KMS, settings.KEYSTORE = "", Path(str(settings.KEYSTORE))
    assert "was off-boarded. Nothing was done" in leave()
    assert not keystore().is_destroyed(leaving.harbor.pk)
    assert "keys and its files are destroyed" in leave("--confirm", SLUG)
    assert (keystore().is_destroyed(leaving.harbor.pk), folder.exists()) == (True, False)


def test_a_second_run_finishes_what_a_restored_backup_brought_back(leaving):
    """A database of before the day it left comes with its rows and without its keys."""
    leave("--confirm", SLUG)
    Organization.objects.filter(slug=SLUG).update(closed_at=None)
    Membership.objects.filter(user=leaving.users["olga"]).update(ended_at=None)
    olga = User.objects.get(pk=leaving.users["olga"].pk)
    olga.email, olga.is_active = "olga@harbor.example", True
    olga.set_password(PASSWORD)
    olga.save()
    leave("--confirm", SLUG)
    assert not Membership.objects.filter(ended_at=None).exists()
    assert Organization.objects.get(slug=SLUG).closed_at is not None
