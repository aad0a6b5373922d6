"""Registration by the real commands: what is kept, what is refused with which reasons, what the trail and the search hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from advocacy.access.policy import visible
from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.commands import ContactInput, register_patient
from advocacy.people.models import Membership, Patient, PatientSearch, Team
from advocacy.tenancy.scope import scoped_to
from cases.commands import access, registration
from cases.commands import cases as commands
from cases.models import Case, CaseSearch, Coverage, FailedTreatment, Payer, Provider
from tests.cast import NOW, release

NPI = "1497758544"


def codes_of(refused):
    return [(r.code, r.field) for r in refused.value.reasons]


def verbs():
    return list(Event.objects.filter(kind="verb").order_by("id").values_list("verb", flat=True))


@pytest.fixture
def registered(cast):
    """A patient of Nora's with coverage, and a provider."""
    patient = register_patient(
        actor=cast.nora,
        given_name="Marisol",
        family_name="Quintero",
        birth_date=date(1990, 2, 3),
        time_zone="America/Chicago",
        state="TX",
        contacts=[ContactInput("phone", "(555) 013-2244", is_safe=True, is_preferred=True)],
        at=NOW,
    )
    payer = registration.record_payer(actor=cast.nora, name="Lakeshore Mutual", at=NOW)
    coverage = registration.record_coverage(
        actor=cast.nora,
        patient=patient,
        payer=payer,
        member_id='LM "44" 90817-02',
        funding="self_funded",
        state_of_issue="TX",
        starts_on=date(2026, 1, 1),
        at=NOW,
    )
    provider = registration.record_provider(actor=cast.nora, name="Ravi Menon", npi=NPI, at=NOW)
    return patient, coverage, provider


def open_one(cast, registered, **changes):
    patient, coverage, provider = registered
    given = {
        "actor": cast.nora,
        "patient": patient,
        "coverage": coverage,
        "provider": provider,
        "treatment": "iv_ketamine",
        "purpose": "condition",
        "diagnosis_codes": ["f33.2"],
        "procedure_codes": ["96365", "96366", "J3490"],
        "owner": cast.members["nora"],
        "at": NOW,
    }
    return commands.open_case(**given | changes)


def test_open_case_keeps_its_codes_reference_and_search_text(cast, registered):
    case = open_one(cast, registered)
    assert (case.reference, case.diagnosis_codes, case.procedure_codes) == (
        "HB-2026-0002",
        ["F33.2"],
        ["96365", "96366", "J3490"],
    )
    search = CaseSearch.objects.get(case=case)
    assert (search.reference, search.numbers) == ("hb20260002", ["lm449081702"])
    text = PatientSearch.objects.get(patient=case.patient)
    assert (text.name, text.phones, text.numbers) == (
        "marisol quintero",
        ["5550132244"],
        ["hbp0001", "lm449081702"],
    )
    assert registered[1].member_id == 'LM "44" 90817-02'
    assert verbs()[-5:] == [
        "patient_registered",
        "payer_recorded",
        "coverage_recorded",
        "provider_recorded",
        "case_opened",
    ]


def test_open_case_refuses_with_every_reason(cast, registered):
    with pytest.raises(Refused) as refused:
        open_one(
            cast,
            registered,
            diagnosis_codes=["F33.2", "depression"],
            procedure_codes=["9636", "XX"],
            owner=cast.members["anna"],
        )
    assert codes_of(refused) == [
        ("diagnosis_form", "diagnosis_codes"),
        ("procedure_form", "procedure_codes"),
        ("procedure_form", "procedure_codes"),
        ("owner_cannot_work", "owner"),
    ]
    assert Case.objects.count() == 1


@pytest.mark.parametrize("how", ["left", "ran_out", "inactive", "roles"])
def test_an_owner_is_who_they_are_now_whatever_the_row_in_hand_says(cast, registered, how):
    in_hand = cast.members["nils"]
    now = Membership.objects.filter(pk=in_hand.pk)
    if how == "left":
        now.update(ended_at=NOW)
    elif how == "ran_out":
        now.update(until=NOW)
    elif how == "inactive":
        type(in_hand.user).objects.filter(pk=in_hand.user_id).update(is_active=False)
    else:
        now.update(roles=["analyst"])
    why = [("owner_cannot_work" if how == "roles" else "owner_left", "owner")]
    before = Case.objects.get(pk=cast.case.pk).owner_id
    with pytest.raises(Refused) as refused:
        open_one(cast, registered, owner=in_hand)
    assert codes_of(refused) == why
    with pytest.raises(Refused) as refused:
        commands.assign_case(actor=cast.sam, case=cast.case, owner=in_hand, at=NOW)
    assert codes_of(refused) == why
    assert (Case.objects.count(), Case.objects.get(pk=cast.case.pk).owner_id) == (1, before)


def test_an_owner_whose_row_in_hand_is_older_than_a_new_role_and_team_gets_the_case(cast, registered):
    in_hand, team = cast.members["anna"], Team.objects.create(name="Appeals")
    Membership.objects.filter(pk=in_hand.pk).update(roles=["navigator"], team=team)
    case = open_one(cast, registered, owner=in_hand)
    given = commands.assign_case(actor=cast.sam, case=cast.case, owner=in_hand, at=NOW)
    assert [(row.owner_id, row.team_id) for row in (case, given)] == [(in_hand.pk, team.pk)] * 2


def test_open_case_takes_only_a_coverage_of_the_patient_and_rows_of_the_organization(cast, registered):
    with pytest.raises(NotFound):
        open_one(cast, registered, coverage=cast.case.coverage)
    with scoped_to(cast.meadow.pk):
        foreign = Provider.objects.get()
        stranger = Membership.objects.get()
        payer = Payer.objects.get()
    with pytest.raises(NotFound):
        open_one(cast, registered, provider=foreign)
    with pytest.raises(NotFound):
        open_one(cast, registered, owner=stranger)
    with pytest.raises(NotFound):
        registration.record_coverage(
            actor=cast.nora, patient=registered[0], payer=payer, member_id="X1", at=NOW
        )
    with pytest.raises(NotFound):
        commands.assign_case(actor=cast.sam, case=cast.meadow_case, owner=cast.members["nils"], at=NOW)
    with pytest.raises(NotFound):
        access.give_grant(actor=cast.sam, case=cast.case, user=cast.users["mia"], reason="cover", at=NOW)
    assert Case.objects.count() == 1


def test_roles_that_do_not_register_are_refused(cast, registered):
    for person in ("olga", "anna", "petra", "clara"):
        with pytest.raises(NotAllowed):
            register_patient(
                actor=cast.actors[person],
                given_name="A",
                family_name="B",
                birth_date=date(1990, 1, 1),
                time_zone="America/Chicago",
                at=NOW,
            )
    with pytest.raises((NotAllowed, NotFound)):
        open_one(cast, registered, actor=cast.petra)


@pytest.mark.parametrize(
    ("npi", "code"),
    [
        ("149775854", "npi_form"),
        ("3497758544", "npi_form"),
        ("1497758545", "npi_check_digit"),
        ("１４９７７５８５４４", "npi_form"),
    ],
)
def test_record_provider_refuses_a_wrong_npi(cast, npi, code):
    with pytest.raises(Refused) as refused:
        registration.record_provider(actor=cast.nora, name="Somebody", npi=npi, at=NOW)
    assert codes_of(refused) == [(code, "npi")]


def test_a_known_npi_or_payer_is_named_instead_of_recorded_twice(cast, registered):
    with pytest.raises(Refused) as refused:
        registration.record_provider(actor=cast.nora, name="Ravi M.", npi=NPI, at=NOW)
    assert codes_of(refused) == [("npi_exists", "npi")]
    with pytest.raises(Refused) as refused:
        registration.record_payer(actor=cast.nora, name="lakeshore mutual ", at=NOW)
    assert codes_of(refused) == [("payer_exists", "name")]


@pytest.mark.parametrize("member_id", ["LM 44 90817 02", "lm449081703", "LM44-90187-02"])
def test_a_member_id_that_is_the_same_or_one_slip_away_is_shown_before_saving(cast, registered, member_id):
    given = {"actor": cast.nora, "patient": cast.case.patient, "payer": registered[1].payer, "at": NOW}
    with pytest.raises(Refused) as refused:
        registration.record_coverage(**given, member_id=member_id, likeness_seen=False)
    assert codes_of(refused) == [("similar_member_id", "likeness_seen")]
    registration.record_coverage(**given, member_id=member_id, likeness_seen=True)
    assert Coverage.objects.filter(patient=cast.case.patient).count() == 2


def test_a_member_id_two_digits_away_is_another(cast, registered):
    registration.record_coverage(
        actor=cast.nora,
        patient=cast.case.patient,
        payer=registered[1].payer,
        member_id="LM449081755",
        likeness_seen=False,
        at=NOW,
    )
    assert Coverage.objects.filter(patient=cast.case.patient).count() == 2


def test_changing_a_member_id_changes_what_finds_the_case(cast, registered):
    case = open_one(cast, registered)
    coverage = registered[1]
    registration.change_coverage(
        actor=cast.nora,
        coverage=coverage,
        payer=coverage.payer,
        member_id="LM 5",
        expected_version=1,
        at=NOW,
    )
    assert CaseSearch.objects.get(case=case).numbers == ["lm5"]
    with pytest.raises(WrongState):
        registration.change_coverage(
            actor=cast.nora,
            coverage=coverage,
            payer=coverage.payer,
            member_id="X",
            expected_version=1,
            at=NOW,
        )


def test_record_failed_treatment_checks_dates_weeks_and_scale(cast):
    given = {"actor": cast.nora, "case": cast.case, "name": "Sertraline", "at": NOW}
    with pytest.raises(Refused) as refused:
        commands.record_failed_treatment(
            **given,
            reason_stopped="ongoing",
            started_on=date(2025, 3, 1),
            stopped_on=date(2027, 3, 1),
            weeks_adequate=400,
            scale="phq9",
            score_before=Decimal("28"),
            score_after=Decimal("12.5"),
        )
    assert codes_of(refused) == [
        ("date_in_future", "stopped_on"),
        ("still_taken", "stopped_on"),
        ("weeks_too_many", "weeks_adequate"),
        ("score_out_of_range", "score_before"),
        ("score_not_whole", "score_after"),
    ]
    with pytest.raises(Refused) as refused:
        commands.record_failed_treatment(**given, reason_stopped="ineffective", scale="as Dana felt")
    assert codes_of(refused) == [("scale_unknown", "scale")]
    row = commands.record_failed_treatment(
        **given,
        reason_stopped="ineffective",
        drug_class="SSRI",
        dose=Decimal("200"),
        dose_unit="mg/day",
        started_on=date(2025, 3, 1),
        stopped_on=date(2025, 6, 1),
        weeks_adequate=10,
        scale="bpi_severity",
        score_before=Decimal("7.5"),
    )
    assert FailedTreatment.objects.get().score_before == Decimal("7.50")
    later = NOW + timedelta(hours=1)
    commands.change_failed_treatment(
        actor=cast.nora, treatment=row, name="Sertraline", reason_stopped="intolerable", at=later
    )
    row.refresh_from_db()
    assert (row.reason_stopped, row.scale, row.score_before) == ("intolerable", "", None)
    assert Case.objects.get(pk=cast.case.pk).last_touched_at == later


def test_assigning_is_all_or_none(cast, registered):
    second = open_one(cast, registered, owner=None)
    with pytest.raises(NotAllowed):
        commands.assign_cases(actor=cast.nora, cases=[cast.case], owner=cast.members["nils"], at=NOW)
    with pytest.raises(Refused):
        commands.assign_cases(actor=cast.sam, cases=[cast.case, second], owner=cast.members["anna"], at=NOW)
    commands.close_case(
        actor=cast.nora, case=cast.case, outcome="covered", note="Needs no authorization.", at=NOW
    )
    with pytest.raises(WrongState):
        commands.assign_cases(actor=cast.sam, cases=[second, cast.case], owner=cast.members["nils"], at=NOW)
    second.refresh_from_db()
    assert second.owner is None
    moved = commands.assign_cases(actor=cast.sam, cases=[second], owner=cast.members["nils"], at=NOW)
    assert [c.owner_id for c in moved] == [cast.members["nils"].pk]


def test_closing_names_every_obstacle_and_reopening_needs_a_reason(cast):
    from cases.commands.communications import log_communication
    from cases.commands.tasks import open_task

    open_task(actor=cast.nora, case=cast.case, title="Call the plan", at=NOW)
    log_communication(
        actor=cast.nora,
        case=cast.case,
        channel="call",
        direction="out",
        party="payer",
        summary="They will call back.",
        promise="Call back",
        promised_by=date(2026, 3, 20),
        happened_at=NOW,
        at=NOW,
    )
    with pytest.raises(Refused) as refused:
        commands.close_case(actor=cast.nora, case=cast.case, outcome="", at=NOW)
    assert [r.code for r in refused.value.reasons] == ["tasks_open", "promise_open", "outcome_missing"]
    assert Case.objects.get(pk=cast.case.pk).status == "open"


def test_a_closed_case_is_reopened_by_a_supervisor_with_a_reason(cast):
    commands.close_case(actor=cast.nora, case=cast.case, outcome="covered", note="Approved", at=NOW)
    with pytest.raises(NotAllowed):
        commands.reopen_case(actor=cast.nora, case=cast.case, reason="New letter", at=NOW)
    with pytest.raises(Refused):
        commands.reopen_case(actor=cast.sam, case=cast.case, reason=" ", at=NOW)
    commands.reopen_case(actor=cast.sam, case=cast.case, reason="New letter", at=NOW)
    row = Case.objects.get(pk=cast.case.pk)
    assert (row.status, row.outcome, row.closed_at) == ("open", "", None)


def sees(actor):
    return set(Case.objects.filter(visible(actor, Case)).values_list("reference", flat=True))


def test_a_restricted_case_is_open_to_its_owner_and_to_dated_access_only(cast):
    access.restrict_case(actor=cast.sam, case=cast.case, reason="Asked for by the patient", at=NOW)
    assert {key: sees(actor) for key, actor in cast.actors.items() if key != "mia"} == {
        "ines": set(),
        "nora": {"HB-2026-0001"},
        "nils": set(),
        "clara": set(),
        "sam": set(),
        "olga": set(),
        "anna": set(),
        "petra": set(),
    }
    assert Patient.objects.get(pk=cast.case.patient_id).is_restricted is True
    from django.utils import timezone

    now = timezone.now()
    release(cast.case.patient)
    grant = access.give_grant(
        actor=cast.sam, case=cast.case, user=cast.users["nils"], reason="Vacation cover", at=now
    )
    assert grant.expires_at == now + timedelta(days=14)
    assert (sees(cast.nils), sees(cast.sam)) == ({"HB-2026-0001"}, set())
    with pytest.raises(NotAllowed):
        commands.close_case(
            actor=cast.nils, case=cast.case, outcome="covered", note="Needs no authorization.", at=NOW
        )
    access.end_grant(actor=cast.sam, grant=grant, at=now)
    assert sees(cast.nils) == set()
    with pytest.raises(WrongState):
        access.end_grant(actor=cast.sam, grant=grant, at=now)
    commands.assign_case(actor=cast.sam, case=cast.case, owner=cast.members["nils"], at=NOW)
    assert (sees(cast.nils), sees(cast.nora)) == ({"HB-2026-0001"}, set())
    access.lift_restriction(actor=cast.sam, case=cast.case, reason="No longer wanted", at=NOW)
    assert sees(cast.nora) == {"HB-2026-0001"}
    assert Patient.objects.get(pk=cast.case.patient_id).is_restricted is False
