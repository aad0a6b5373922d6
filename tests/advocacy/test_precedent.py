"""What decided cases say beside a case: published reviews and our own on the desk, the usual time of a step in the portal."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from advocacy.reporting.determinations import COLUMNS
from advocacy.reporting.precedent import DATA, published_category
from appeals.models import Appeal, Decision, ItemOutcome
from appeals.queries.portal import UsualTime, status_page
from cases.models import Case
from tests.appeals.scenes import clock, denied, level_of, new_case, request_of
from tests.appeals.visiting import words
from tests.reading import too_hard

AT = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)


def published(tmp_path, *cells: tuple[str, str, int, int]) -> None:
    """A file of determinations: diagnosis, treatment, how many overturned, how many upheld; loaded into Harbor."""
    lines = [";".join(COLUMNS.values())]
    for diagnosis, treatment, overturned, upheld in cells:
        for n in range(overturned + upheld):
            outcome = "Overturned" if n < overturned else "Upheld"
            year = 2001 + n % 13
            lines.append(
                f"X{len(lines)};{year};{diagnosis};;{treatment};;{outcome} Decision of Health Plan;Medical Necessity;11_20;Female"
            )
    path = tmp_path / "file.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    call_command("import_imr", str(path), organization="harbor", verbosity=0)


def case_page(sign_in, cast) -> str:
    return words(sign_in("nora").get(reverse("appeals:case", args=[cast.case.public_id])))


DRUGS, THERAPY = "Pharmacy/Prescription Drugs", "Mental Health Treatment"


def test_nothing_is_shown_where_nothing_was_loaded(cast, sign_in):
    assert "How often was this overturned" not in case_page(sign_in, cast)


def test_published_reviews_stand_beside_the_case_with_all_that_makes_them_readable(cast, sign_in, tmp_path):
    published(
        tmp_path,
        ("Mental", DRUGS, 25, 35),
        ("Mental", THERAPY, 40, 40),
        ("Cancer", DRUGS, 30, 30),
        ("Cancer", THERAPY, 20, 20),
    )
    text = case_page(sign_in, cast)
    assert "How often was this overturned 25 of 60 decided reviews, 42 % (95 % interval 30 to 54 %)." in text
    assert "External reviews published as “Mental” and “Pharmacy/Prescription Drugs”, 2001 to 2013." in text
    assert "Source: California Department of Managed Health Care, Independent Medical Review." in text
    assert "It says nothing about what will be decided here" in text
    Case.objects.filter(pk=cast.case.pk).update(treatment="other")
    assert "How often was this overturned" not in case_page(sign_in, cast)


def test_a_masked_cell_is_no_precedent(cast, sign_in, tmp_path):
    published(tmp_path, ("Mental", DRUGS, 9, 35), ("Mental", THERAPY, 40, 40), ("Cancer", DRUGS, 30, 30))
    assert "How often was this overturned" not in case_page(sign_in, cast)


def test_the_categories_are_dated_cited_and_matched_by_code():
    data = json.loads(DATA.read_text(encoding="utf-8"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", data["as_of"]) and data["citation"] and data["review"]
    codes = [code for row in data["diagnoses"] for code in row["codes"]]
    assert len(codes) == len(set(codes))
    assert {t for row in data["treatments"] for t in row["treatments"]} <= set(Case.Treatment.values)
    assert published_category("iv_ketamine", "F33.2") == ("Mental", DRUGS)
    assert published_category("esketamine", "G89.4") == ("Chronic Pain", DRUGS)
    assert published_category("other", "F33.2") is None
    assert published_category("iv_ketamine", "Z00.0") is None


def decided_levels(n: int, outcome: str, *, days: int = 20, start: int = 0) -> None:
    """Levels of other cases, decided so many days after they arrived."""
    for number in range(start, start + n):
        case = new_case(100 + number, at=AT)
        denial = denied(case, at=AT)
        sent = AT - timedelta(days=60)
        level = level_of(
            denial,
            at=sent,
            status="decided",
            forwarded_at=sent,
            received_at=sent,
            decided_at=sent + timedelta(days=days),
        )
        decision = Decision.objects.create(
            case=case, appeal=level, decided_at=level.decided_at, recorded_at=level.decided_at
        )
        ItemOutcome.objects.create(
            case=case,
            item=denial.request.items.get(),
            decision=decision,
            outcome=outcome,
            decided_at=level.decided_at,
        )


def test_our_own_decisions_are_told_where_enough_of_both_kinds_are(cast, sign_in):
    level_of(denied(cast.case, at=AT), at=AT)
    decided_levels(11, "overturned")
    decided_levels(10, "upheld", start=11)
    assert "How often was this overturned" not in case_page(sign_in, cast)
    decided_levels(1, "upheld", start=21)
    text = case_page(sign_in, cast)
    assert (
        "11 of 22 of our own decided levels “Internal appeal, first level” under the same rules, 50 %" in text
    )
    assert "Decided 2026 to 2026, overturned in full; without this case." in text


def test_the_usual_time_is_told_of_eleven_decisions_and_promises_nothing(cast, enter):
    request_of(cast.case, at=AT)
    clock(cast.case, due_on=timezone.now().date() + timedelta(days=20), at=AT, side="payer")
    payer = cast.case.coverage.payer

    def usual() -> UsualTime | None:
        row = Case.objects.select_related("patient", "coverage").get(pk=cast.case.pk)
        return status_page(_workable(row), timezone.now()).usual

    def decide(number: int, days: int) -> None:
        case = new_case(200 + number, at=AT)
        case.coverage.payer = payer
        case.coverage.save(update_fields=["payer"])
        request_of(case, at=AT, status="approved", decided_at=AT - timedelta(days=30 - days))

    for number in range(10):
        decide(number, number)
    assert usual() is None
    decide(10, 90)
    assert usual() == UsualTime(days=5, decisions=11)
    dana = enter("dana")
    for language, said in (
        ("en", "This step often takes about 5 days. We saw that in 11 past cases. It is not a promise."),
        ("es", "Este paso suele tardar unos 5 días. Así fue en 11 casos que ya pasaron. No es una promesa."),
    ):
        dana.post(reverse("portal:language"), {"language": language, "next": "/portal/"})
        page = dana.get(reverse("portal:case", args=[cast.case.public_id]))
        assert said in words(page)
        assert too_hard(page.content.decode(), language) == ""


def _workable(case: Case) -> Case:
    case.is_workable = True
    return case


@pytest.mark.parametrize(("n", "told"), [(10, None), (11, UsualTime(20, 11))])
def test_the_usual_time_of_a_level_goes_by_its_rules(cast, n, told):
    decided_levels(n, "upheld")
    sent = AT - timedelta(days=3)
    denial = denied(cast.case, at=AT, confirmed_by=cast.users["nora"])
    level_of(denial, at=AT, status="received", forwarded_at=sent, received_at=sent)
    clock(cast.case, due_on=AT.date() + timedelta(days=20), at=AT, side="payer")
    row = Case.objects.select_related("patient", "coverage").get(pk=cast.case.pk)
    assert status_page(_workable(row), AT).usual == told
    # The patient's own day to file is no step of the other side.
    Appeal.objects.filter(case=cast.case).update(status="open", forwarded_at=None, received_at=None)
    assert status_page(_workable(row), AT).usual is None
