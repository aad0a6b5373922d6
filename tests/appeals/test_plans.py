"""How the server is asked to plan the desk's lists: codes stand in the text, and long lists are planned for their own values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from advocacy.tenancy.plans import Fixed, planned_with_values
from appeals.queries.queue import Filters, queue
from appeals.queries.today import today
from cases.models import Case
from cases.workflow import CaseStatus
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


def test_todays_lists_are_planned_for_their_values_and_the_rows_are_not(cast: Cast) -> None:
    statements = sent(lambda: today(cast.nora, day=here(now())))
    assert [may for sql, may in statements if "UNION ALL" in sql] == [False]
    assert [may for sql, may in statements if "UNION ALL" not in sql].count(False) == 0


def test_the_connection_prepares_again_after_a_failure(cast: Cast) -> None:
    before = connection.connection.prepare_threshold
    with pytest.raises(ZeroDivisionError), planned_with_values():
        assert connection.connection.prepare_threshold is None
        raise ZeroDivisionError
    assert connection.connection.prepare_threshold == before == 1
