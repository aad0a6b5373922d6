"""The pages about people through HTTP: registration, contacts, consent, drafts, the switch; nothing typed is lost."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from advocacy.audit.models import Event
from advocacy.people.commands import index_patient, register_patient
from advocacy.people.models import Consent, Contact, Draft, Patient
from advocacy.people.queries import likely_duplicates, standing_consents
from advocacy.tenancy.scope import scoped_to
from tests.cast import NOW

FORM = {
    "given_name": "Marisol",
    "family_name": "Quintero",
    "preferred_name": "Mari",
    "pronouns": "she/her",
    "birth_date": "1990-02-03",
    "language": "es",
    "interpreter_needed": "on",
    "state": "TX",
    "time_zone": "America/Chicago",
    "safe_contact_note": "Never before noon.",
    "contacts-TOTAL_FORMS": "2",
    "contacts-INITIAL_FORMS": "0",
    "contacts-MIN_NUM_FORMS": "0",
    "contacts-MAX_NUM_FORMS": "10",
    "contacts-0-kind": "phone",
    "contacts-0-value": "",
    "contacts-1-kind": "text",
    "contacts-1-value": "(555) 013-2244",
    "contacts-1-is_safe": "on",
    "contacts-1-may_leave_message": "on",
    "contacts-1-is_preferred": "on",
    "contacts-1-from_time": "12:00",
    "contacts-1-until_time": "18:00",
}
NEW = "/admin/patients/new/"


@pytest.fixture
def dana(cast):
    """Harbor's patient as the real command would have left her in the search."""
    patient = Patient.objects.get(pk=cast.case.patient_id)
    Contact.objects.create(patient=patient, kind="phone", value="555 013 7788", is_safe=True)
    index_patient(patient)
    return patient


def register(cast, **changes):
    given = {
        "given_name": "Dana",
        "family_name": "Whitlock",
        "birth_date": date(1984, 5, 17),
        "time_zone": "America/Los_Angeles",
        "at": NOW,
    }
    return register_patient(actor=cast.nora, **given | changes)


def test_register_patient_keeps_everything_typed(cast, sign_in):
    browser = sign_in("nora")
    response = browser.post(NEW, FORM)
    patient = Patient.objects.exclude(pk=cast.case.patient_id).get()
    assert (response.status_code, response.url) == (302, f"/admin/patients/{patient.public_id}/")
    assert {name: str(getattr(patient, name)) for name in FORM if hasattr(patient, name)} == {
        name: ("True" if value == "on" else value)
        for name, value in FORM.items()
        if not name.startswith("contacts")
    }
    contact = Contact.objects.get(patient=patient)
    assert (
        contact.kind,
        contact.value,
        contact.is_safe,
        contact.may_leave_message,
        contact.is_preferred,
    ) == (
        "text",
        "(555) 013-2244",
        True,
        True,
        True,
    )
    shown = browser.get(response.url).content.decode()
    for words in ("Mari Quintero", "Never before noon.", "(555) 013-2244", "No consent stands"):
        assert words in shown
    assert "Quintero" not in shown.partition("<title>")[2].partition("</title>")[0]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("birth_date", "2999-01-01", "The birth date cannot be in the future."),
        ("birth_date", "1871-01-01", "more than 120 years ago"),
        ("birth_date", "soon", "Enter a valid date."),
        ("given_name", "  ", "This field is required."),
        ("state", "ZZ", "Select a valid choice."),
        ("time_zone", "Mars/Olympus", "Select a valid choice."),
        ("time_zone", "", "Texas has two time zones. Choose"),
        ("contacts-1-value", "12", "A phone number has ten digits"),
        ("contacts-1-is_safe", "", "A message can only be left where the patient said it is safe."),
        ("contacts-1-until_time", "09:00", "The end of the hours must be after their start."),
    ],
)
def test_bad_input_is_explained_and_nothing_typed_is_lost(cast, sign_in, field, value, message):
    typed = FORM | {field: value}
    if value == "":
        del typed[field]
    response = sign_in("nora").post(NEW, typed)
    shown = response.content.decode()
    assert response.status_code == 422
    assert message in shown
    kept = {"given_name": "Marisol", "contacts-1-value": "(555) 013-2244", "pronouns": "she/her"} | {
        field: ""
    }
    assert all(f'value="{words}"' in shown for words in kept.values() if words)
    assert "Never before noon." in shown
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"given_name": "Danna"}, {"The name differs by a typing slip.", "The birth date is the same."}),
        (
            {"given_name": "Whitlock", "family_name": "Dana"},
            {"The same names stand in another order.", "The birth date is the same."},
        ),
        (
            {"birth_date": date(1984, 5, 18)},
            {"The name is the same.", "The birth date differs in one digit."},
        ),
        (
            {"birth_date": date(1971, 1, 1), "phones": ["+1 (555) 013-7789"]},
            {"The name is the same.", "A phone number differs in one digit."},
        ),
        (
            {"given_name": "Denise", "family_name": "Ortega", "phones": ["5550137788"]},
            {"The birth date is the same.", "A phone number is the same."},
        ),
    ],
)
def test_likely_duplicates_are_found_with_the_reason(cast, dana, changes, why):
    given = {
        "given_name": "Dana",
        "family_name": "Whitlock",
        "birth_date": date(1984, 5, 17),
        "phones": [],
    } | changes
    (found,) = likely_duplicates(cast.nora, **given)
    assert (found.patient, set(found.why)) == (dana, why)


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": date(1971, 1, 1)},
        {"given_name": "Robert", "family_name": "Dunn"},
        {
            "given_name": "Robert",
            "family_name": "Dunn",
            "birth_date": date(1971, 1, 1),
            "phones": ["5550137788"],
        },
    ],
)
def test_one_thing_in_common_is_no_likeness(cast, dana, changes):
    given = {
        "given_name": "Dana",
        "family_name": "Whitlock",
        "birth_date": date(1984, 5, 17),
        "phones": [],
    } | changes
    assert likely_duplicates(cast.nora, **given) == ()


def test_another_organizations_patient_is_no_likeness(cast, dana):
    with scoped_to(cast.meadow.pk):
        index_patient(cast.meadow_case.patient)
    assert (
        likely_duplicates(
            cast.nora, given_name="Wren", family_name="Castellano", birth_date=date(1984, 5, 17), phones=[]
        )
        == ()
    )


def test_a_likely_duplicate_is_shown_before_saving_and_can_be_overruled(cast, dana, sign_in):
    browser = sign_in("nora")
    typed = FORM | {"given_name": "Whitlok", "family_name": "Dana", "birth_date": "1984-05-17"}
    response = browser.post(NEW, typed)
    shown = response.content.decode()
    assert response.status_code == 422
    assert f'href="/admin/patients/{dana.public_id}/"' in shown
    assert "This is a different person" in shown and 'value="Whitlok"' in shown
    assert Patient.objects.count() == 1
    event = Event.objects.filter(kind="read").latest("id")
    assert event.patient_ids == [dana.pk]
    assert browser.post(NEW, typed | {"duplicates_seen": "on"}).status_code == 302
    verb = Event.objects.filter(verb="duplicate_overruled").get()
    assert verb.data == {"patients": [dana.pk], "hidden": 0}


def test_a_hidden_likeness_is_mentioned_without_details(cast, dana, sign_in):
    from cases.commands.access import restrict_case

    restrict_case(actor=cast.sam, case=cast.case, reason="Asked for", at=NOW)
    response = sign_in("nils").post(
        NEW, FORM | {"given_name": "Dana", "family_name": "Whitlok", "birth_date": "1984-05-17"}
    )
    shown = response.content.decode()
    assert response.status_code == 422
    assert "1 more record is like this and is not open to you." in shown
    for words in (str(dana.public_id), dana.reference, "May 17, 1984", 'Whitlock"', "birth date is the same"):
        assert words not in shown


def test_change_patient_keeps_the_search_in_step_and_refuses_a_stale_form(cast, dana, sign_in):
    browser = sign_in("nora")
    url = f"/admin/patients/{dana.public_id}/change/"
    page = browser.get(url)
    typed = {
        name: value for name, value in page.context["form"].initial.items() if value not in (None, False)
    }
    typed |= {"birth_date": "1984-05-17", "family_name": "Whitlock-Reyes"}
    assert browser.post(url, typed).status_code == 302
    assert "whitlock reyes" in connection_value("SELECT name FROM people_patientsearch")
    stale = browser.post(url, typed | {"family_name": "Somebody"})
    assert stale.status_code == 422
    assert 'value="Somebody"' in stale.content.decode()
    dana.refresh_from_db()
    assert (dana.family_name, dana.version) == ("Whitlock-Reyes", 2)


def connection_value(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("kind", ["release", "representation"])
def test_what_was_only_said_stands_on_no_day(cast, dana, sign_in, kind):
    """45 CFR 164.508(c), 42 CFR 405.910(c): recorded before that was asked for, it is kept, and allows nothing."""
    given = {"patient": dana, "kind": kind, "signed_on": date(2026, 3, 1), "recorded_at": NOW}
    said = Consent.objects.create(method="oral", **given)
    called = Consent.objects.create(method="oral", **given | {"kind": "contact"})
    day = date(2026, 5, 4)
    assert [c.pk for c in standing_consents(dana, day)] == [called.pk]
    assert [c.stands_on(day) for c in (said, called)] == [False, True]
    shown = sign_in("nora").get(f"/admin/patients/{dana.public_id}/").content.decode()
    for words in (
        "Given orally: does not stand",
        "when it is signed",
        "No release of health information stands",
    ):
        assert words in shown
    written = Consent.objects.create(method="paper", **given)
    assert {c.pk for c in standing_consents(dana, day)} == {called.pk, written.pk}


def test_contacts_are_added_and_ended(cast, dana, sign_in):
    browser = sign_in("ines")
    url = f"/admin/patients/{dana.public_id}/contacts/new/"
    bad = browser.post(url, {"kind": "email", "value": "nobody", "is_preferred": "on"})
    assert bad.status_code == 422
    assert "The preferred way must be one the patient called safe." in bad.content.decode()
    assert browser.post(url, {"kind": "email", "value": "d@example.org", "is_safe": "on"}).status_code == 302
    contact = Contact.objects.get(kind="email")
    end = f"/admin/contacts/{contact.public_id}/end/"
    assert "d@example.org" in browser.get(end).content.decode()
    assert browser.post(end).status_code == 302
    assert browser.post(end).status_code == 409
    contact.refresh_from_db()
    assert contact.ended_at is not None


def test_consent_is_recorded_and_withdrawn(cast, dana, sign_in):
    browser = sign_in("nora")
    url = f"/admin/patients/{dana.public_id}/consents/new/"
    typed = {
        "kind": "release",
        "method": "paper",
        "signed_on": "2999-01-01",
        "scope": "Records to the plan",
    }
    late = browser.post(url, typed)
    assert late.status_code == 422
    assert "The day of signing cannot be in the future." in late.content.decode()
    turned = browser.post(url, typed | {"signed_on": "2026-03-01", "expires_on": "2026-02-01"})
    assert turned.status_code == 422
    bare = {"kind": "release", "method": "oral", "signed_on": "2026-03-01"}
    refused = browser.post(url, bare)
    assert (refused.status_code, list(refused.context["form"].errors)) == (
        422,
        ["method", "scope", "expires_on"],
    )
    by_voice = browser.post(url, bare | {"kind": "representation", "instrument": "designation"})
    assert list(by_voice.context["form"].errors) == ["method"]
    event = {"signed_on": "2026-03-01", "expires_event": "the end of the appeal"}
    assert browser.post(url, typed | event).status_code == 302
    consent = Consent.objects.get()
    assert consent.scope == "Records to the plan\nIt ends with: the end of the appeal"
    assert browser.post(f"/admin/consents/{consent.public_id}/revoke/").status_code == 302
    assert browser.post(f"/admin/consents/{consent.public_id}/revoke/").status_code == 409
    consent.refresh_from_db()
    assert consent.revoked_at is not None


def test_every_page_of_a_harbor_patient_is_absent_for_meadow(cast, dana, sign_in):
    contact = Contact.objects.get(patient=dana)
    consent = Consent.objects.create(
        patient=dana, kind="release", method="paper", signed_on=date(2026, 1, 1), recorded_at=NOW
    )
    browser = sign_in("mia")
    for url in (
        f"/admin/patients/{dana.public_id}/",
        f"/admin/patients/{dana.public_id}/change/",
        f"/admin/patients/{dana.public_id}/contacts/new/",
        f"/admin/patients/{dana.public_id}/consents/new/",
        f"/admin/contacts/{contact.public_id}/end/",
        f"/admin/consents/{consent.public_id}/revoke/",
        f"/admin/members/{cast.members['nora'].public_id}/end/",
        f"/admin/coverages/new/{dana.public_id}/",
        f"/admin/coverages/{cast.case.coverage.public_id}/change/",
        f"/admin/cases/new/{dana.public_id}/",
        f"/admin/cases/{cast.case.public_id}/access/",
        f"/admin/cases/{cast.case.public_id}/change/",
    ):
        assert browser.get(url).status_code == 404, url
        # A page that only shows says so before it looks anything up.
        assert browser.post(url, FORM).status_code == (
            405 if url == f"/admin/patients/{dana.public_id}/" else 404
        ), url


@pytest.mark.parametrize("person", ["olga", "anna", "petra", "clara"])
def test_roles_that_do_not_register_are_told_so(cast, sign_in, person):
    assert sign_in(person).get(NEW).status_code == 403


def test_the_patient_page_costs_the_same_with_one_row_and_with_three(cast, dana, sign_in):
    from cases.commands.registration import record_coverage

    browser = sign_in("nora")
    url = f"/admin/patients/{dana.public_id}/"
    browser.get(url)

    def statements():
        with CaptureQueriesContext(connection) as counted:
            assert browser.get(url).status_code == 200
        return [
            q["sql"] for q in counted.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))
        ]

    Consent.objects.create(
        patient=dana, kind="release", method="paper", signed_on=date(2026, 1, 1), recorded_at=NOW
    )
    one = statements()
    for n in range(2):
        Contact.objects.create(patient=dana, kind="email", value=f"d{n}@example.org")
        Consent.objects.create(
            patient=dana, kind="release", method="paper", signed_on=date(2026, 1, 1), recorded_at=NOW
        )
        record_coverage(
            actor=cast.nora, patient=dana, payer=cast.case.coverage.payer, member_id=f"A{n}", at=NOW
        )
    assert len(statements()) == len(one)
    assert len(one) <= 13, one


def test_a_draft_is_kept_sealed_and_shown_again(cast, dana, sign_in):
    browser = sign_in("nora")
    typed = FORM | {"draft_key": "patient:new"}
    assert browser.post("/admin/drafts/", typed).status_code == 204
    assert browser.post("/admin/drafts/", typed | {"pronouns": "they"}).status_code == 204
    draft = Draft.objects.get()
    assert (draft.key, draft.fields["pronouns"], "csrfmiddlewaretoken" in draft.fields) == (
        "patient:new",
        ["they"],
        False,
    )
    assert b"Marisol" not in bytes(connection_value("SELECT fields FROM people_draft"))
    shown = browser.get(NEW).content.decode()
    assert "What you typed is kept" in shown
    assert 'value="Marisol"' in shown and 'value="they"' in shown and 'value="(555) 013-2244"' in shown
    assert "This field is required" not in shown
    listed = browser.get("/admin/drafts/").content.decode()
    assert "Marisol" in listed
    assert "Marisol" not in sign_in("nils").get("/admin/drafts/").content.decode()
    discard = f"/admin/drafts/{draft.public_id}/discard/"
    assert sign_in("nils").post(discard).status_code == 404
    browser = sign_in("nora")
    assert browser.post(NEW, typed).status_code == 302
    assert Draft.objects.count() == 0


@pytest.mark.parametrize("key", ["a\x00b", "note:\n1"])
def test_a_draft_without_a_proper_name_is_refused(cast, sign_in, key):
    response = sign_in("nora").post("/admin/drafts/", {"draft_key": key, "body": "x"})
    assert response.status_code == 422


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//elsewhere.example/admin/"])
def test_a_kept_form_leads_to_pages_of_the_desk_only(cast, sign_in, address):
    client = sign_in("nora")
    client.post("/admin/drafts/", {"draft_key": f"path:{address}", "body": "x"})
    assert address not in client.get("/admin/drafts/").content.decode()


def test_an_endless_draft_is_refused(cast, sign_in):
    response = sign_in("nora").post("/admin/drafts/", {"draft_key": "note:1", "body": "x" * 300_000})
    assert response.status_code == 422
    assert Draft.objects.count() == 0


def test_somebody_with_two_memberships_switches(cast, sign_in):
    from advocacy.people.models import Membership

    with scoped_to(cast.meadow.pk):
        Membership.objects.create(user=cast.users["nora"], roles=["navigator"], starts_at=NOW)
    browser = sign_in("nora")
    patient = f"/admin/patients/{cast.meadow_case.patient.public_id}/"
    assert browser.get(patient).status_code == 404
    answer = browser.post("/admin/organization/switch/", {"organization": str(cast.meadow.public_id)})
    assert answer.status_code == 302
    assert browser.get(patient).status_code == 200
    assert browser.get(f"/admin/patients/{cast.case.patient.public_id}/").status_code == 404
    assert Event.objects.filter(verb="organization_switched").count() == 1


def test_nobody_switches_to_where_they_do_not_work(cast, sign_in):
    browser = sign_in("nora")
    for wanted in (str(cast.meadow.public_id), "", "x"):
        assert browser.post("/admin/organization/switch/", {"organization": wanted}).status_code == 404
    assert browser.get("/admin/organization/switch/").status_code == 405


def test_a_mistake_in_a_row_is_told_under_the_name_of_the_row(cast, sign_in):
    page = sign_in("nora").post(NEW, FORM | {"contacts-1-kind": "pigeon"}).content.decode()
    summary = page.partition("data-error-summary")[2].partition("</ul>")[0]
    assert ("Contact 2, " in summary, "Row 2" in summary) == (True, False)
