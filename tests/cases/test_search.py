"""Search: what the definer functions answer equals the policy for the whole cast; addresses hold no names."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from advocacy.access.compiled import statement_for
from advocacy.access.policy import visible
from advocacy.audit.models import Event
from advocacy.people.commands import register_patient
from advocacy.people.models import Patient, PatientSearch, SavedSearch
from advocacy.tenancy.scope import scoped_to
from cases.commands import access
from cases.commands import cases as commands
from cases.commands.registration import record_coverage
from cases.models import Case, CaseGrant, CaseSearch
from cases.queries.search import matching, matching_patients, search, terms
from tests.cast import NOW, release
from tests.standing import prepared

FAMILY = "Okonkwo"


@prepared
def caseload(cast):
    """Cases of one family name: open to the team, restricted to Nora, restricted with a grant, closed with a grant."""
    found = {
        key: _opened(cast, n) for n, key in enumerate(("open", "own", "granted", "expired", "closed"), 2)
    }
    at = timezone.now()
    for key in ("own", "granted", "expired", "closed"):
        access.restrict_case(actor=cast.sam, case=found[key], reason="Asked for", at=at)
    for key in ("granted", "expired", "closed"):
        grant = access.give_grant(
            actor=cast.sam, case=found[key], user=cast.users["nils"], reason="Cover", at=at
        )
        access.give_grant(actor=cast.sam, case=found[key], user=cast.users["olga"], reason="Cover", at=at)
        if key == "expired":
            access.end_grant(actor=cast.sam, grant=grant, at=at)
    commands.close_case(
        actor=cast.nora, case=found["closed"], outcome="covered", note="Needs no authorization.", at=at
    )
    call_command("rebuild_search", verbosity=0)
    return found


def _opened(cast, n):
    patient = register_patient(
        actor=cast.nora,
        given_name=f"Adaeze {chr(64 + n)}",
        family_name=FAMILY,
        birth_date=date(1960 + n, n, n),
        time_zone="America/New_York",
        at=NOW,
    )
    coverage = record_coverage(
        actor=cast.nora,
        patient=patient,
        payer=cast.case.coverage.payer,
        member_id=f"OK-55-{n}000",
        at=NOW,
    )
    release(patient)
    return commands.open_case(
        actor=cast.nora,
        patient=patient,
        coverage=coverage,
        provider=cast.case.provider,
        treatment="esketamine",
        purpose="condition",
        diagnosis_codes=["F33.2"],
        procedure_codes=[],
        owner=cast.members["nora"],
        at=NOW,
    )


HARBOR = ("ines", "nora", "nils", "clara", "sam", "olga", "anna", "petra")


@pytest.mark.parametrize("person", HARBOR)
def test_search_finds_exactly_what_the_policy_shows(cast, caseload, person):
    actor = cast.actors[person]
    ids = [case.pk for case in caseload.values()]
    seen = set(Case.objects.filter(visible(actor, Case), pk__in=ids).values_list("pk", flat=True))
    patients = [case.patient_id for case in caseload.values()]
    seen_patients = set(
        Patient.objects.filter(visible(actor, Patient), pk__in=patients).values_list("pk", flat=True)
    )
    assert set(matching(actor, "okonkwo", "", 100)[0]) == seen
    assert set(matching_patients(actor, "okonkwo", "", 100)) == seen_patients
    found = search(actor, "Okonkwo")
    assert {case.pk for case in found.cases} == seen
    assert {row.pk for row in found.patients} == seen_patients - {c.patient_id for c in found.cases}


def test_the_cast_sees_different_things(cast, caseload):
    """The comparison above would hold for empty answers too: here is what it compares."""
    names = {case.pk: key for key, case in caseload.items()}
    assert {
        person: sorted(names[pk] for pk in matching(cast.actors[person], "okonkwo", "", 100)[0])
        for person in HARBOR
    } == {
        "ines": ["open"],
        "nora": ["closed", "expired", "granted", "open", "own"],
        "nils": ["granted", "open"],
        "clara": ["open"],
        "sam": ["open"],
        "olga": ["expired", "granted"],
        "anna": [],
        "petra": ["open"],
    }


def test_dated_access_that_ended_is_over_at_the_next_search(cast, caseload):
    nils = cast.actors["nils"]
    assert {c.pk for c in search(nils, "okonkwo").cases} == {caseload["open"].pk, caseload["granted"].pk}
    grant = CaseGrant.objects.get(content_object=caseload["granted"], user=cast.users["nils"])
    access.end_grant(actor=cast.sam, grant=grant, at=timezone.now())
    found = search(nils, "okonkwo")
    assert [c.pk for c in found.cases] == [caseload["open"].pk]
    assert caseload["granted"].patient_id not in {row.pk for row in found.patients}


def test_names_that_are_like_it_are_looked_for_when_nobody_has_the_name(cast, caseload):
    whole = search(cast.nora, "adaeze b okonkwo")
    assert [c.pk for c in whole.cases] == [caseload["open"].pk]
    misspelt = search(cast.nora, "adaeze b okonkwoo")
    assert misspelt.cases[0].pk == caseload["open"].pk
    assert len(misspelt.cases) == 5


def test_one_statement_finds_cases_and_patients(cast, caseload):
    with CaptureQueriesContext(connection) as seen:
        cases, patients = matching(cast.nora, "okonkwo", "okonkwo", 51)
    assert len(seen) == 1
    shown = Case.objects.filter(visible(cast.nora, Case), pk__in=[case.pk for case in caseload.values()])
    assert set(cases) == set(shown.values_list("pk", flat=True))
    assert patients == matching_patients(cast.nora, "okonkwo", "okonkwo", 51) != []


def test_a_statement_made_for_many_may_depend_on_roles_person_and_moment_only(cast):
    with pytest.raises(AssertionError, match="more than roles"):
        statement_for("test.team", cast.nora, lambda actor: Case.objects.filter(team_id__in=actor.team_ids))
    with pytest.raises(AssertionError, match="more than roles"):
        statement_for("test.then", cast.nora, lambda actor: Case.objects.filter(opened_at__lte=NOW))


def test_meadow_finds_nothing_of_harbors(cast, caseload):
    with scoped_to(cast.meadow.pk):
        for text in ("Okonkwo", "OK-55-2000", "HB-2026-0002", "0002"):
            found = search(cast.mia, text)
            assert (found.cases, found.patients) == ([], [])
        assert [c.reference for c in search(cast.mia, "castel").cases] == ["MD-2026-0001"]


@pytest.mark.parametrize(
    "text",
    ["okon", "OKONKWO", "adaeze okonkwo", "Okonkwoo", "ok 55 2000", "OK-55-2000", "HB-2026-0002", "002"],
)
def test_a_case_is_found_by_part_of_the_name_the_number_or_the_end_of_the_reference(cast, caseload, text):
    assert "HB-2026-0002" in [c.reference for c in search(cast.nora, text).cases]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "%%%", "'; --", "HB-2026-9999", "zzzz"])
def test_wildcards_and_nonsense_find_nothing(cast, caseload, text):
    found = search(cast.nora, text)
    assert (found.cases, found.patients, found.capped) == ([], [], False)


def test_a_text_with_a_digit_is_no_name():
    assert terms("HB-2026-0001") == ("", "hb20260001")
    assert terms("María-José O’Brien") == ("maria jose obrien", "mariajoseobrien")


def test_more_than_can_be_shown_is_said(cast, caseload):
    found = search(cast.nora, "okonkwo", most=2)
    assert (len(found.cases), found.capped) == (2, True)
    assert search(cast.nora, "okonkwo", most=5).capped is False


def test_no_address_holds_a_name_and_only_its_author_opens_a_search(cast, caseload, sign_in):
    browser = sign_in("nora")
    answer = browser.post("/admin/search/", {"q": "Okonkwo"})
    kept = SavedSearch.objects.get()
    assert answer.url == f"/admin/search/{kept.public_id}/"
    shown = browser.get(answer.url)
    assert "Adaeze B Okonkwo" in shown.content.decode()
    event = Event.objects.filter(kind="read", verb="read_search").get()
    assert set(event.case_ids) == {case.pk for case in caseload.values()}
    assert set(event.patient_ids) == {case.patient_id for case in caseload.values()}
    assert sign_in("nils").get(answer.url).status_code == 404
    assert sign_in("mia").get(answer.url).status_code == 404


def test_an_empty_search_is_asked_again(cast, sign_in):
    browser = sign_in("nora")
    assert browser.get("/admin/search/").status_code == 200
    assert browser.post("/admin/search/", {"q": " "}).status_code == 422
    assert sign_in("anna").get("/admin/search/").status_code == 403


def test_rebuild_search_makes_the_same_text_again(cast, caseload):
    def text():
        return (
            list(PatientSearch.objects.order_by("patient_id").values_list("patient_id", "name", "numbers")),
            list(CaseSearch.objects.order_by("case_id").values_list("case_id", "reference", "numbers")),
        )

    before = text()
    PatientSearch.objects.all().delete()
    CaseSearch.objects.all().delete()
    assert search(cast.nora, "okonkwo").cases == []
    call_command("rebuild_search", verbosity=0)
    assert text() == before
    assert len(before[0]) == len(before[1]) == 6
