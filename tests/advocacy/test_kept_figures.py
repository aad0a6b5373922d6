"""Kept counts equal GROUP BY whatever is done, by whomever, at the same time; and nobody else reads them."""

from __future__ import annotations

import random
import threading
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Sum

from advocacy.access.policy import system_actor
from advocacy.people.commands import change_patient
from advocacy.people.models import Patient
from advocacy.reporting import counting
from advocacy.reporting.dashboard import WORK, Wanted, dashboard
from advocacy.reporting.jobs import settle_figures
from advocacy.reporting.kept import GRAINS
from advocacy.reporting.models import CountedCell, CountedRow
from advocacy.reporting.queries import table_of
from advocacy.tenancy.scope import scoped_to
from appeals.models import Appeal, Decision, DenialReason, ItemOutcome
from appeals.queries.clocks import day_at
from cases.commands.access import lift_restriction, restrict_case
from cases.commands.cases import close_case, reopen_case
from cases.commands.registration import change_coverage, record_payer
from cases.models import Case, Coverage
from tests.appeals.climbing import ERISA
from tests.cast import NOW, assemble

OUTCOMES = ("covered", "not_covered", "withdrawn", "partly_covered")


def more_cases(cast, count: int, owner: str = "nora") -> list[Case]:
    """Further open cases of the cast's patient, each under a coverage and a payer of its own."""
    found = []
    for number in range(count):
        payer = record_payer(actor=cast.sam, name=f"Payer {number}", at=NOW)
        coverage = Coverage.objects.create(patient=cast.case.patient, payer=payer, member_id=f"M{number}")
        found.append(
            Case.objects.create(
                reference=f"HB-2026-1{number:03}",
                patient=cast.case.patient,
                coverage=coverage,
                provider=cast.case.provider,
                treatment=("iv_ketamine", "esketamine")[number % 2],
                diagnosis_codes=["F33.2"],
                procedure_codes=["J3490"],
                owner=cast.members[owner],
                opened_at=NOW,
                last_touched_at=NOW,
            )
        )
    return found


def kept(population: str = "closed_cases", grain: str = "year,payer") -> dict[tuple[str, ...], int]:
    cells = CountedCell.objects.filter(population=population, grain=grain).order_by()
    told = cells.values_list("payer__name", "month", "stage", "reason", "code").annotate(n=Sum("n"))
    return {tuple(part for part in row[:-1] if part): row[-1] for row in told if row[-1]}


def assert_exact() -> None:
    assert (counting.differences(), counting.miscounted_cases()) == ([], [])


def test_the_database_and_the_program_know_the_same_grains(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT population, grain FROM search.figure_grains")
        found = cursor.fetchall()
    assert sorted(found) == sorted((name, grain) for name, grains in GRAINS.items() for grain in grains)


def test_whatever_changes_a_decision_changes_its_count(climb):
    payer = climb.case.coverage.payer.name
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    assert kept("decisions") == {}
    climb.decide(1, "2026-04-24", "2026-04-27")
    assert kept("decisions") == {(payer, "2026", "upheld"): 1}
    assert kept("decisions", "stage,reason") == {("internal_appeal_1", "medical_necessity", "upheld"): 1}
    assert_exact()

    other = record_payer(actor=climb.cast.sam, name="Another", at=NOW)
    coverage = climb.case.coverage
    plain = {"plan_name": coverage.plan_name, "member_id": coverage.member_id, "state_of_issue": "OR"}
    change_coverage(actor=climb.who, coverage=coverage, payer=other, at=NOW, **plain)
    assert kept("decisions") == {("Another", "2026", "upheld"): 1}
    one = ItemOutcome.objects.order_by("pk")[0]
    for rows, values, told in (
        (ItemOutcome.objects.filter(pk=one.pk), {"outcome": "overturned"}, "partly"),
        (ItemOutcome.objects.all(), {"outcome": "moot"}, "no_merits"),
        (Decision.objects.all(), {"notice_on": date(2025, 12, 31), "is_deemed": True}, "silence"),
    ):
        rows.update(**values)
        (found,) = kept("decisions")
        assert found[-1] == told
        assert_exact()
    assert found == ("Another", "2025", "silence")
    Decision.objects.update(notice_on=None, is_deemed=False)
    for change in (
        lambda: DenialReason.objects.update(reason="experimental"),
        lambda: Appeal.objects.update(regime="unknown"),
        lambda: Case.objects.update(treatment="esketamine"),
        lambda: Patient.objects.update(time_zone="Pacific/Kiritimati"),
        lambda: DenialReason.objects.all().delete(),
    ):
        change()
        assert_exact()
    (row,) = CountedRow.objects.filter(population="decisions")
    assert (row.regime, row.treatment, row.reason) == ("unknown", "esketamine", "")
    ItemOutcome.objects.all().delete()
    Decision.objects.all().delete()
    assert kept("decisions") == {}
    assert_exact()


@pytest.mark.parametrize("seed", range(2))
def test_after_any_sequence_of_commands_the_cells_are_what_group_by_says(cast, seed):
    chance, cases, at = random.Random(seed), more_cases(cast, 4, "sam"), NOW.replace(hour=6)
    payers = [case.coverage.payer for case in cases]
    for step in range(40):
        case = Case.objects.get(pk=chance.choice(cases).pk)
        at += timedelta(days=chance.choice((1, 15, 16, 31)))
        what = chance.randrange(5)
        if what < 2 and case.status == "open":
            close_case(actor=cast.sam, case=case, outcome=chance.choice(OUTCOMES), note="No request.", at=at)
        elif what < 2:
            reopen_case(actor=cast.sam, case=case, reason="A new denial came.", at=at)
        elif what == 2:
            coverage = Coverage.objects.get(pk=case.coverage_id)
            change_coverage(
                actor=cast.sam,
                coverage=coverage,
                payer=chance.choice(payers),
                plan_name="",
                member_id=coverage.member_id,
                at=at,
            )
        elif what == 3:
            patient = Patient.objects.get(pk=case.patient_id)
            names = ("given_name", "family_name", "birth_date", "state")
            told = {name: getattr(patient, name) for name in names}
            zone = chance.choice(("Pacific/Honolulu", "America/New_York"))
            change_patient(actor=cast.sam, patient=patient, time_zone=zone, at=at, **told)
        elif case.is_restricted:
            lift_restriction(actor=cast.sam, case=case, reason="Over.", at=at)
        elif case.status == "open":
            restrict_case(actor=cast.sam, case=case, reason="An employee.", at=at)
        if step % 8 == 7:
            assert_exact()
    settle_figures()
    closed = Case.objects.filter(status="closed").count()
    assert (sum(kept().values()), CountedRow.objects.count()) == (closed, closed)
    cells = CountedCell.objects.values("population", "grain", "is_restricted", "month", "payer", "regime")
    cells = cells.values_list("treatment", "stage", "reason", "code", flat=False)
    assert_exact()
    told = list(
        CountedCell.objects.values_list("grain", "is_restricted", "month", "payer", "treatment", "code")
    )
    assert (len(told), min(CountedCell.objects.values_list("n", flat=True), default=1)) == (len(set(told)), 1)


def test_figures_are_answered_from_the_cells_and_by_anything_else_live(cast):
    for case, outcome in zip(more_cases(cast, 4), OUTCOMES, strict=True):
        close_case(actor=cast.nora, case=case, outcome=outcome, note="No request.", at=NOW)
    everything = system_actor(cast.harbor.pk, "test")
    for key, by, ours in (
        ("ultimate_approval", ["year", "payer"], True),
        ("ultimate_approval", ["quarter"], True),
        ("overturned_by_stage", ["stage", "reason"], True),
        ("first_pass_approval", ["payer"], False),
    ):
        sent: list[str] = []

        def kept_sql(execute, sql, params, many, context, sent=sent):
            sent.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(kept_sql):
            cells = table_of(everything, key, by, suppressed=False).cells
        assert [
            ("reporting_countedcell" in sql, "cases_case" in sql) for sql in sent if "tenancy_org" not in sql
        ] == [(ours, not ours)]
        if key == "ultimate_approval" and "payer" in by:
            assert [(c.values, c.count.numerator, c.count.denominator) for c in cells] == [
                ((2026, "Payer 0"), 1, 1),
                ((2026, "Payer 1"), 0, 1),
                ((2026, "Payer 2"), 0, 0),
                ((2026, "Payer 3"), 0, 1),
            ]


def test_a_restricted_case_is_in_the_figures_of_those_named_on_it_only(cast):
    cases = more_cases(cast, 3)
    for case in cases:
        close_case(actor=cast.nora, case=case, outcome="covered", note="Needs no authorization.", at=NOW)
    found = []
    for hidden in (cases[:0], cases[1:]):
        Case.objects.filter(pk__in=[case.pk for case in hidden]).update(is_restricted=True)
        Case.objects.filter(pk=cases[2].pk).update(owner=cast.members["sam"])
        page = dashboard(cast.sam, Wanted(WORK), day_at(NOW, "UTC"))
        (tile,) = [t.told.count for t in page.tiles if t.indicator.key == "ultimate_approval"]
        charts = [chart for chart in page.charts if chart.indicator.key == "ultimate_approval"]
        found.append((tile.denominator, [row.count.denominator for chart in charts for row in chart.rows]))
    assert found == [(3, [3]), (2, [2])]


def test_another_organization_sees_none_of_it(cast):
    (case,) = more_cases(cast, 1)
    close_case(actor=cast.nora, case=case, outcome="covered", note="Needs no authorization.", at=NOW)
    assert (CountedRow.objects.count(), CountedCell.objects.count()) == (1, len(GRAINS["closed_cases"]))
    with scoped_to(cast.meadow.pk), connection.cursor() as cursor:
        for table in ("reporting_countedrow", "reporting_countedcell"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT search.mend_cells(), search.compact_cells(), search.recount_cases(%s)", [[case.pk]]
        )
        assert counting.differences() == []
    assert_exact()
    assert sum(kept().values()) == 1


def test_the_check_names_a_planted_difference_and_a_rebuild_mends_it(cast):
    cases = more_cases(cast, 2)
    for case in cases:
        close_case(actor=cast.nora, case=case, outcome="covered", note="Needs no authorization.", at=NOW)
    (cell,) = CountedCell.objects.filter(grain="year,payer", payer=cases[0].coverage.payer)
    cell.pk, cell.n = None, 3
    cell.save()
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("rebuild_figures", "--check", stdout=out)
    assert out.getvalue().splitlines() == [
        "harbor: closed_cases by year,payer: year 2026, payer Payer 0, covered: 4 kept, 1 there"
    ]
    assert str(caught.value) == "1 cells are not what the rows say. Run rebuild_figures."
    out = StringIO()
    call_command("rebuild_figures", "--organization", "harbor", stdout=out)
    call_command("rebuild_figures", "--check", stdout=out)
    assert out.getvalue().splitlines() == [
        "harbor: 0 cases counted again, 1 cells mended",
        "Every cell is what the rows say.",
    ]
    with pytest.raises(CommandError):
        call_command("rebuild_figures", "--organization", "nobody")


@pytest.mark.django_db(transaction=True)
def test_two_who_close_cases_of_the_same_payers_at_once_neither_wait_nor_lose_a_count():
    """Each closes a case of both payers in one transaction, in opposite order: a cell that is updated would deadlock."""
    with transaction.atomic():
        cast = assemble()
        with scoped_to(cast.harbor.pk, actor=cast.nora.key, actor_label=cast.nora.label):
            cases = more_cases(cast, 4)
            first, second = cases[0].coverage, cases[1].coverage
            for case, coverage in ((cases[2], first), (cases[3], second)):
                Case.objects.filter(pk=case.pk).update(coverage=coverage)
    met, answers = threading.Barrier(2), []

    def close(actor, mine):
        try:
            with scoped_to(cast.harbor.pk, actor=actor.key, actor_label=actor.label), transaction.atomic():
                for case in mine:
                    close_case(
                        actor=actor, case=case, outcome="covered", note="Needs no authorization.", at=NOW
                    )
                    met.wait(10)
            answers.append("closed")
        finally:
            connection.close()

    ways = ((cast.nora, [cases[0], cases[1]]), (cast.sam, [cases[3], cases[2]]))
    threads = [threading.Thread(target=close, args=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == ["closed", "closed"]

    # One corrects the payer of an open case while another closes it: whoever comes second counts what the first left.
    with transaction.atomic(), scoped_to(cast.harbor.pk, actor=cast.sam.key):
        reopen_case(actor=cast.sam, case=Case.objects.get(pk=cases[0].pk), reason="Again.", at=NOW)
    answers.clear()
    begun = threading.Event()

    def correct():
        try:
            with scoped_to(cast.harbor.pk, actor=cast.nora.key), transaction.atomic():
                Coverage.objects.filter(pk=first.pk).update(payer=second.payer)
                begun.set()
                met.wait(10)
            answers.append("corrected")
        finally:
            connection.close()

    def close_again():
        try:
            begun.wait(10)
            with scoped_to(cast.harbor.pk, actor=cast.sam.key), transaction.atomic():
                met.wait(10)
                Case.objects.filter(pk=cases[0].pk).update(status="closed", closed_at=NOW, outcome="covered")
            answers.append("closed")
        finally:
            connection.close()

    threads = [threading.Thread(target=target) for target in (correct, close_again)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["closed", "corrected"]
    with transaction.atomic(), scoped_to(cast.harbor.pk):
        assert_exact()
        assert kept() == {("Payer 1", "2026", "covered"): 4}
