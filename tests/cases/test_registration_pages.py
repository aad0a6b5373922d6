"""Coverage, case, failed treatment, access and look-ups through HTTP: refusals on their fields, other tenants' ids refused."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocacy.people.commands import index_patient
from advocacy.people.models import Contact, Membership, Team, User
from advocacy.tenancy.scope import scoped_to
from cases.commands.search_text import index_coverages
from cases.models import Case, CaseGrant, Coverage, FailedTreatment, Payer, Provider
from tests.cast import NOW, release


@pytest.fixture
def patient(cast):
    found = cast.case.patient
    index_patient(found)
    index_coverages(found)
    return found


@pytest.fixture
def foreign(cast):
    """Public ids of Meadow's rows, as somebody of Harbor might type them."""
    with scoped_to(cast.meadow.pk):
        return {
            "payer": str(Payer.objects.get().public_id),
            "provider": str(Provider.objects.get().public_id),
            "coverage": str(Coverage.objects.get().public_id),
            "owner": str(Membership.objects.get().public_id),
        }


def coverage_form(cast, **changes):
    return {
        "payer": str(cast.case.coverage.payer.public_id),
        "member_id": 'O\'Neil "77" 4410-99',
        "funding": "self_funded",
        "state_of_issue": "TX",
        "starts_on": "2026-01-01",
        "is_primary": "on",
    } | changes


def case_form(cast, **changes):
    return {
        "treatment": "iv_ketamine",
        "purpose": "condition",
        "diagnosis_codes": "F33.2",
        "procedure_codes": "96365, 96366 J3490",
        "coverage": str(cast.case.coverage.public_id),
        "provider": str(cast.case.provider.public_id),
        "owner": str(cast.members["nora"].public_id),
    } | changes


def test_coverage_keeps_a_member_id_with_quotes(cast, patient, sign_in):
    browser = sign_in("ines")
    url = f"/admin/coverages/new/{patient.public_id}/"
    assert browser.get(url).status_code == 200
    assert browser.post(url, coverage_form(cast)).status_code == 302
    row = Coverage.objects.latest("id")
    assert (row.member_id, row.funding, row.is_primary) == ('O\'Neil "77" 4410-99', "self_funded", True)
    shown = browser.get(f"/admin/patients/{patient.public_id}/").content.decode()
    assert "O&#x27;Neil &quot;77&quot; 4410-99" in shown


def test_a_new_payer_is_named_once(cast, patient, sign_in):
    browser = sign_in("nora")
    url = f"/admin/coverages/new/{patient.public_id}/"
    typed = coverage_form(cast, payer="", new_payer="Lakeshore Mutual")
    assert browser.post(url, typed).status_code == 302
    again = typed | {"new_payer": "LAKESHORE mutual", "member_id": "Another 1"}
    assert browser.post(url, again).status_code == 302
    assert Payer.objects.filter(name__iexact="lakeshore mutual").count() == 1
    both = browser.post(url, typed | {"payer": str(Payer.objects.first().public_id)})
    assert both.status_code == 422
    assert "not both" in both.content.decode()


def test_a_refused_coverage_makes_no_payer(cast, patient, sign_in):
    typed = coverage_form(cast, payer="", new_payer="Lakeshore Mutual", ends_on="2025-01-01")
    answer = sign_in("nora").post(f"/admin/coverages/new/{patient.public_id}/", typed)
    assert answer.status_code == 422
    assert "The coverage ends before it begins." in answer.content.decode()
    assert 'value="Lakeshore Mutual"' in answer.content.decode()
    assert not Payer.objects.filter(name="Lakeshore Mutual").exists()


def test_a_mistyped_member_id_is_shown_with_whose_it_is(cast, patient, sign_in):
    browser = sign_in("nora")
    url = f"/admin/coverages/new/{patient.public_id}/"
    typed = coverage_form(cast, member_id="TMK 7730 41582 02")
    answer = browser.post(url, typed)
    assert answer.status_code == 422
    assert "The member id differs in one place." in answer.content.decode()
    assert f'href="/admin/patients/{patient.public_id}/"' in answer.content.decode()
    assert browser.post(url, typed | {"likeness_seen": "on"}).status_code == 302


def test_change_coverage_refuses_a_stale_form(cast, patient, sign_in):
    browser = sign_in("nora")
    url = f"/admin/coverages/{cast.case.coverage.public_id}/change/"
    typed = coverage_form(cast, version="1")
    assert browser.post(url, typed).status_code == 302
    assert browser.post(url, typed | {"plan_name": "Gold"}).status_code == 409
    assert Coverage.objects.get(pk=cast.case.coverage.pk).plan_name == ""


@pytest.mark.parametrize("value", ["foreign", "unknown", "no id at all", "1"])
def test_a_payer_of_another_organization_is_a_form_error(cast, patient, foreign, sign_in, value):
    given = {"foreign": foreign["payer"], "unknown": str(uuid.uuid4())}.get(value, value)
    answer = sign_in("nora").post(
        f"/admin/coverages/new/{patient.public_id}/", coverage_form(cast, payer=given)
    )
    assert answer.status_code == 422
    assert Coverage.objects.count() == 1


@pytest.mark.parametrize("field", ["provider", "coverage", "owner"])
@pytest.mark.parametrize("value", ["foreign", "unknown", "no id at all"])
def test_a_row_of_another_organization_is_a_form_error_when_a_case_is_opened(
    cast, patient, foreign, sign_in, field, value
):
    given = {"foreign": foreign[field], "unknown": str(uuid.uuid4())}.get(value, value)
    answer = sign_in("nora").post(f"/admin/cases/new/{patient.public_id}/", case_form(cast, **{field: given}))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Case.objects.count() == 1


def test_open_case_with_a_new_provider(cast, patient, sign_in):
    browser = sign_in("nora")
    url = f"/admin/cases/new/{patient.public_id}/"
    typed = case_form(
        cast, provider="", new_provider="Ravi Menon", new_credentials="NP", new_npi="1497758545"
    )
    answer = browser.post(url, typed)
    assert answer.status_code == 422
    assert "one digit of this NPI is mistyped" in str(answer.context["form"].errors["new_npi"])
    all_wrong = browser.post(url, typed | {"diagnosis_codes": "banana", "procedure_codes": "1234"})
    assert list(all_wrong.context["form"].errors) == ["new_npi", "diagnosis_codes", "procedure_codes"]
    assert browser.post(url, typed | {"new_npi": "1497758544"}).status_code == 302
    case = Case.objects.latest("id")
    assert (str(case.provider), case.procedure_codes, case.owner_id) == (
        "Ravi Menon, NP",
        ["96365", "96366", "J3490"],
        cast.members["nora"].pk,
    )


def test_codes_that_do_not_fit_are_named_at_their_fields(cast, patient, sign_in):
    answer = sign_in("nora").post(
        f"/admin/cases/new/{patient.public_id}/",
        case_form(cast, diagnosis_codes="33.2", procedure_codes="hello", treatment_note="A long story"),
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"diagnosis_codes", "procedure_codes"}
    assert "A long story" in answer.content.decode()
    assert Case.objects.count() == 1


def test_a_patient_without_coverage_is_led_to_it(cast, sign_in):
    Coverage.objects.all()
    from tests.advocacy.test_people_pages import register

    patient = register(cast, given_name="Wanda", family_name="Nowak")
    shown = sign_in("nora").get(f"/admin/cases/new/{patient.public_id}/").content.decode()
    assert "This patient has no coverage yet" in shown
    assert f"/admin/coverages/new/{patient.public_id}/" in shown


def test_a_failed_treatment_is_recorded_and_corrected(cast, patient, sign_in):
    browser = sign_in("nora")
    base = f"/admin/cases/{cast.case.public_id}/failed-treatments/"
    typed = {
        "modality": "drug",
        "name": "Sertraline",
        "drug_class": "SSRI",
        "dose": "200",
        "dose_unit": "mg/day",
        "started_on": "2025-01-06",
        "stopped_on": "2025-05-01",
        "weeks_adequate": "10",
        "adequacy": "yes",
        "response": "partial",
        "reason_stopped": "ineffective",
        "reason_detail": "No change in sleep",
        "scale": "phq9",
        "score_before": "31",
        "score_after": "17",
        "in_current_episode": "on",
    }
    wrong = browser.post(f"{base}new/", typed)
    assert wrong.status_code == 422
    assert "PHQ-9 goes from 0 to 27." in wrong.content.decode()
    assert "No change in sleep" in wrong.content.decode()
    again = browser.post(f"{base}new/", typed | {"score_before": "21", "another": "1"})
    assert (again.status_code, again.url) == (302, f"{base}new/")
    row = FailedTreatment.objects.get()
    url = f"{base}{row.public_id}/"
    assert 'value="Sertraline"' in browser.get(url).content.decode()
    assert browser.post(url, typed | {"score_before": "20", "weeks_adequate": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.score_before == 20
    case = browser.get(f"/admin/cases/{cast.case.public_id}/").content.decode()
    assert "200 mg/day, 1 week " in case
    assert sign_in("mia").get(url).status_code == 404
    assert sign_in("clara").get(url).status_code == 403


def _refused(answer):
    assert answer.status_code == 422
    return answer.content.decode()


def test_access_is_restricted_given_and_ended_by_reference_alone(cast, patient, sign_in):
    browser = sign_in("sam")
    base = f"/admin/cases/{cast.case.public_id}"
    assert browser.get(f"{base}/restrict/").status_code == 200
    assert browser.post(f"{base}/restrict/", {"reason": " "}).status_code == 422
    assert browser.post(f"{base}/restrict/", {"reason": "Asked for by the patient"}).status_code == 302
    page = browser.get(f"{base}/access/").content.decode()
    assert "HB-2026-0001" in page and "Whitlock" not in page and "TMK" not in page
    assert "HB-2026-0001" in browser.get("/admin/cases/restricted/").content.decode()
    assert browser.get(f"/admin/patients/{patient.public_id}/").status_code == 404
    nils = str(cast.members["nils"].public_id)
    typed = {"colleague": nils, "scope": "view", "days": "14", "reason": "Cover"}
    assert "access shows nothing until one is recorded" in page
    assert "No release of health information" in _refused(browser.post(f"{base}/access/", typed))
    release(patient)
    assert "access shows nothing" not in browser.get(f"{base}/access/").content.decode()
    assert browser.post(f"{base}/access/", typed | {"days": "400"}).status_code == 422
    assert browser.post(f"{base}/access/", typed).status_code == 302
    grant = CaseGrant.objects.get()
    assert sign_in("nils").get(f"/admin/patients/{patient.public_id}/").status_code == 200
    browser = sign_in("sam")
    end = f"{base}/access/{grant.public_id}/end/"
    assert browser.get(end).status_code == 200
    assert browser.post(end).status_code == 302
    assert sign_in("nils").get(f"/admin/patients/{patient.public_id}/").status_code == 404
    browser = sign_in("sam")
    assert browser.post(f"{base}/assign/", {"owner": ""}).status_code == 422
    assert browser.post(f"{base}/assign/", {"owner": str(cast.members["nils"].public_id)}).status_code == 302
    assert browser.post(f"{base}/restrict/", {"reason": "No longer needed"}).status_code == 302
    assert Case.objects.get(pk=cast.case.pk).is_restricted is False
    for person in ("nora", "petra", "ines"):
        assert sign_in(person).get(f"{base}/access/").status_code in (403, 404)
        assert sign_in(person).get("/admin/cases/restricted/").status_code == 403


def test_a_colleague_of_another_organization_gets_no_access(cast, foreign, sign_in):
    answer = sign_in("sam").post(
        f"/admin/cases/{cast.case.public_id}/access/",
        {"colleague": foreign["owner"], "days": "14", "reason": "Cover"},
    )
    assert answer.status_code == 422
    assert CaseGrant.objects.count() == 0


ADMIN = "/admin/cases/provider/"


def test_look_ups_are_kept_by_commands_and_retired_not_deleted(cast, sign_in):
    browser = sign_in("olga")
    assert browser.get(ADMIN).status_code == 200
    typed = {"name": "Ravi Menon", "npi": "1497758545", "credentials": "NP"}
    wrong = browser.post(f"{ADMIN}add/", typed)
    assert "one digit of this NPI is mistyped" in wrong.content.decode()
    assert 'value="Ravi Menon"' in wrong.content.decode()
    assert browser.post(f"{ADMIN}add/", typed | {"npi": "1497758544"}).status_code == 302
    row = Provider.objects.get(npi="1497758544")
    change = f"{ADMIN}{row.public_id}/change/"
    assert 'value="Ravi Menon"' in browser.get(change).content.decode()
    assert browser.post(change, typed | {"npi": "1497758544", "fax": "555"}).status_code == 302
    chosen = {"action": "retire", "_selected_action": str(row.pk)}
    assert browser.post(ADMIN, chosen).status_code == 302
    row.refresh_from_db()
    assert (row.fax, row.retired_at is None) == ("555", False)
    assert "Menon" not in browser.get(ADMIN).content.decode()
    assert "Menon" in browser.get(f"{ADMIN}?state=retired").content.decode()
    assert browser.post(f"{ADMIN}{row.public_id}/delete/").status_code == 403
    from django.contrib.admin.models import LogEntry

    assert LogEntry.objects.count() == 0


def test_look_ups_of_another_organization_are_absent(cast, foreign, sign_in):
    browser = sign_in("olga")
    for url in (
        f"{ADMIN}{foreign['provider']}/change/",
        f"/admin/cases/payer/{foreign['payer']}/change/",
        f"/admin/people/membership/{foreign['owner']}/change/",
        f"{ADMIN}1/change/",
    ):
        assert browser.get(url).status_code == 404, url
    assert "Payer of MD" not in browser.get("/admin/cases/payer/").content.decode()


def test_a_navigator_adds_a_payer_and_does_not_retire_one(cast, sign_in):
    browser = sign_in("nora")
    assert browser.post("/admin/cases/payer/add/", {"name": "Lakeshore Mutual"}).status_code == 302
    row = Payer.objects.get(name="Lakeshore Mutual")
    browser.post("/admin/cases/payer/", {"action": "retire", "_selected_action": str(row.pk)})
    row.refresh_from_db()
    assert row.retired_at is None
    assert sign_in("anna").get("/admin/cases/payer/").status_code == 403


def test_members_are_changed_and_end_with_a_successor(cast, sign_in):
    browser = sign_in("olga")
    base = "/admin/people/membership/"
    assert browser.get(f"{base}add/").headers["Location"] == reverse("people:invitation_new")
    assert browser.post("/admin/people/team/add/", {"name": "North"}).status_code == 302
    team, member = Team.objects.get(), cast.members["nils"]
    changed = {"roles": ["navigator", "supervisor"], "team": str(team.public_id)}
    assert browser.post(f"{base}{member.public_id}/change/", changed).status_code == 302
    member.refresh_from_db()
    assert (member.roles, member.team) == (["navigator", "supervisor"], team)


def test_the_last_admin_stays(cast, sign_in):
    browser = sign_in("olga")
    olga = cast.members["olga"].public_id
    assert browser.post(f"/admin/members/{olga}/end/", {}).status_code == 422
    answer = browser.post(f"/admin/people/membership/{olga}/change/", {"roles": ["analyst"]})
    assert "This is the only organization admin." in answer.content.decode()
    assert Membership.objects.get(pk=cast.members["olga"].pk).roles == ["organization_admin"]
    assert sign_in("sam").get(f"/admin/members/{olga}/end/").status_code == 403
    assert User.objects.filter(email="olga@harbor.example").exists()


@pytest.mark.parametrize("page", ["patients", "search", "case", "access"])
def test_pages_stay_within_their_statements(cast, patient, sign_in, page):
    browser = sign_in("sam")
    url = {
        "patients": f"/admin/patients/{patient.public_id}/",
        "search": browser.post("/admin/search/", {"q": "whitlock"}).url,
        "case": f"/admin/cases/new/{patient.public_id}/",
        "access": f"/admin/cases/{cast.case.public_id}/access/",
    }[page]
    browser.get(url)
    with CaptureQueriesContext(connection) as counted:
        assert browser.get(url).status_code == 200
    real = [q["sql"] for q in counted.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(real) <= 13, "\n".join(real)
    assert NOW


def test_the_case_page_leads_to_what_corrects_it(cast, patient, sign_in):
    from datetime import date

    from cases.commands.cases import record_failed_treatment

    row = record_failed_treatment(
        actor=cast.nora,
        case=cast.case,
        name="Sertraline",
        reason_stopped="ineffective",
        started_on=date(2025, 1, 6),
        at=NOW,
    )
    base = f"/admin/cases/{cast.case.public_id}"
    links = [
        f"{base}/failed-treatments/{row.public_id}/",
        f"{base}/change/",
        f"{base}/access/",
        f"{base}/assign/",
    ]

    def shown(person):
        page = sign_in(person).get(f"{base}/").content.decode()
        return [f'href="{link}"' in page for link in links]

    assert shown("sam") == [True, True, True, True]
    assert shown("nora") == [True, True, False, False]
    assert shown("clara") == [False, False, False, False]


@pytest.mark.parametrize(
    ("kind", "said"), [("phone", True), ("text", True), ("email", False), ("post", False)]
)
def test_leaving_a_message_is_a_matter_of_numbers(cast, sign_in, kind, said):
    Contact.objects.create(patient=cast.case.patient, kind=kind, value="where she is")
    shown = sign_in("nora").get(f"/admin/patients/{cast.case.patient.public_id}/").content.decode()
    assert ("where she is" in shown, "Leave no message" in shown) == (True, said)
