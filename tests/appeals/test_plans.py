"""How the server is asked to plan the desk's lists: codes stand in the text, and long lists are planned for their own values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from advocacy.tenancy.plans import Fixed, planned_with_values
from advocacy.tenancy.together import written
from appeals.queries import case_page, timeline
from appeals.queries import today as lists
from appeals.queries.queue import Filters, queue
from appeals.queries.today import today
from appeals.queries.worklists import Reach
from cases.models import Case
from cases.workflow import CaseStatus
from tests.appeals.scenes import clock, new_case
from tests.appeals.test_today import here, now
from tests.cast import Cast


def sent(act: Callable[[], Any]) -> list[tuple[str, bool]]:
    """The statements of an act, and whether the server may keep a plan of each."""
    found: list[tuple[str, bool]] = []

    def kept(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, connection.connection.prepare_threshold is not None))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(kept):
        act()
    return found


def test_the_condition_of_a_partial_index_stands_in_the_text(cast: Cast) -> None:
    (cases, _), (clocks, _) = sent(lambda: queue(cast.nora, Filters(owner="me"), day=here(now())))
    assert "\"status\" = 'open'" in cases.replace("(", "").replace(")", "")
    assert "\"status\" = 'running'" in clocks.replace("(", "").replace(")", "")


def test_a_code_in_the_text_finds_what_a_value_finds(cast: Cast) -> None:
    assert list(Case.objects.filter(status=Fixed(CaseStatus.OPEN))) == list(
        Case.objects.filter(status="open")
    )
    assert Case.objects.filter(status=Fixed(CaseStatus.OPEN)).exists()


def test_nothing_typed_gets_into_the_text() -> None:
    with pytest.raises(TypeError):
        Fixed("open")  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters(), True),
        (Filters(owner="me"), True),
        (Filters(owner="none"), True),
        (Filters(status="closed"), True),
        (Filters(sort="triage"), True),
        (Filters(owner="me", status="closed"), False),
        (Filters(owner="left"), False),
        (Filters(due="30"), False),
        (Filters(work="waiting"), False),
        (Filters(stage="denied"), False),
    ],
)
def test_a_list_by_filter_is_planned_for_its_values(cast: Cast, filters: Filters, kept: bool) -> None:
    statements = sent(lambda: queue(cast.nora, filters, day=here(now())))
    assert [may for sql, may in statements if "NULLS LAST" in sql] == [kept]
    assert all(may for sql, may in statements if "NULLS LAST" not in sql)


def test_todays_lists_and_what_stands_under_them_are_planned_for_their_values(cast: Cast) -> None:
    """One plan for any keys took four times as long as planning and running it: it reads the tables from another end."""
    at = now()
    clock(new_case(1, at=at, owner=cast.members["nora"]), due_on=here(at).today, at=at)
    statements = sent(lambda: today(cast.nora, day=here(now())))
    assert len(statements) == 4
    _reach, lists, cases, rows = statements
    assert ('"stack"' in lists[0], "json_agg" in rows[0], 'AS "is_workable"' in cases[0]) == (True,) * 3
    assert [may for _sql, may in statements] == [
        True,
        False,
        True,
        False,
    ]  # the cases: by nothing but their keys


def test_todays_text_is_the_same_for_everybody_and_every_number_of_cases(cast: Cast) -> None:
    """Roles that open cases: what the text of the lists depends on is whose cases are asked for, and nothing of the actor."""
    lists = {
        (who, scope): sent(lambda who=who, scope=scope: today(cast.actors[who], day=here(now()), scope=scope))
        for who in ("nora", "nils", "sam", "ines")
        for scope in ("desk", "all")
    }
    for scope in ("desk", "all"):
        assert len({told[1][0] for (_who, given), told in lists.items() if given == scope}) == 1


@pytest.mark.parametrize("show", ["", "said", "documents"])
def test_the_kept_text_of_a_case_is_what_the_orm_makes_for_it(cast: Cast, show: str) -> None:
    case, today_ = cast.case, here(now()).today
    anew = case_page._rows(case, today_) | timeline.querysets(case.pk, show, None)
    kept = case_page._kept_rows(show).written(case_page._asked(case, today_))
    assert kept == {key: written(rows) for key, rows in anew.items()}


def test_the_kept_text_under_todays_cases_is_what_the_orm_makes_for_them(cast: Cast) -> None:
    day, cases, waited_for = here(now()), [cast.case.pk, 5], [cast.case.pk]
    reach = Reach(cast.nora, (), (cast.members["nils"].pk,))
    anew = lists._under(cast.nora, day, reach.away, cases, waited_for)
    asked = lists.asked_of(reach, day) | {"cases": cases, "waited_for": waited_for}
    assert lists._kept_under().written(asked) == {key: written(rows) for key, rows in anew.items()}


def test_the_connection_prepares_again_after_a_failure(cast: Cast) -> None:
    before = connection.connection.prepare_threshold
    with pytest.raises(ZeroDivisionError), planned_with_values():
        assert connection.connection.prepare_threshold is None
        raise ZeroDivisionError
    assert connection.connection.prepare_threshold == before == 1
