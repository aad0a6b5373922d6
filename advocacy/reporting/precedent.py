"""What decided cases say beside a case: how often this was overturned, and how long a step usually takes.

Nothing here is about the case at hand: it names what was counted, of how many, when and by whom. What is masked is not told.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.db.models import Count as Counted
from django.db.models import Max, Min
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.registries import FigureQuestion
from advocacy.reporting.measures import median_of, wilson
from advocacy.reporting.models import ReferenceDetermination
from advocacy.reporting.populations import POPULATIONS, decided
from advocacy.reporting.queries import table_of
from advocacy.reporting.suppression import SMALLEST_SHOWN, Count
from advocacy.tenancy.kept import Kept, kept
from advocacy.tenancy.plans import any_of, planned_with_values
from advocacy.tenancy.scope import current_scope
from appeals.models import Appeal, AuthorizationRequest
from appeals.queries.clocks import Day, day_at

DATA: Final = Path(__file__).resolve().parent / "data" / "published_categories.json"
LATEST: Final = 500
"""Our own usual times and rates are of the organization's latest decisions: no more are looked through."""
SOURCE: Final = "California Department of Managed Health Care, Independent Medical Review"


def figures_for(question: FigureQuestion) -> dict[str, Any]:
    """The answer under the question's key; nothing where nothing may be told. At most three statements."""
    if question.key == "precedent":
        return {"published": _published(question), "own": _own(question)}
    return {"usual_time": _usual_time(question)} if question.key == "usual_time" else {}


@lru_cache(maxsize=1)
def categories() -> dict[str, Any]:
    """Our codes and the categories a publisher prints, reviewed by hand."""
    found: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return found


def published_category(treatment: str, diagnosis: str) -> tuple[str, str] | None:
    """(diagnosis, treatment) as published, for a treatment and an ICD-10-CM code of ours; None where none is mapped."""
    data = categories()
    means = [row["category"] for row in data["treatments"] if treatment in row["treatments"]]
    ills = [
        row["category"]
        for row in data["diagnoses"]
        if any(diagnosis.startswith(code) for code in row["codes"])
    ]
    return (ills[0], means[0]) if means and ills else None


def _published(question: FigureQuestion) -> dict[str, Any] | None:
    pair = published_category(question.treatment, question.diagnosis)
    if pair is None:
        return None
    rows = ReferenceDetermination.objects.filter(source=ReferenceDetermination.Source.CA_IMR)
    stand = rows.aggregate(n=Counted("pk"), at=Max("loaded_at"), first=Min("year"), last=Max("year"))
    if not stand["n"]:
        return None
    scope = current_scope()
    count = _told_pairs(scope.organization_id, stand["n"], stand["at"]).get(pair) if scope else None
    if count is None:
        return None
    return _rate(count) | {
        "diagnosis": pair[0],
        "treatment": pair[1],
        "years": (stand["first"], stand["last"]),
        "source": SOURCE,
        "mapped_on": categories()["as_of"],
    }


@lru_cache(maxsize=128)
def _told_pairs(organization_id: int, n: int, at: datetime) -> dict[tuple[str, str], Count]:
    """The unmasked cells of the published table by diagnosis and treatment; kept while nothing is loaded."""
    table = table_of(system_actor(organization_id, "precedent"), "overturn_rate", ["diagnosis", "treatment"])
    return {(str(c.values[0]), str(c.values[1])): c.count for c in table.cells if c.count is not None}


def _rate(count: Count) -> dict[str, Any]:
    found = wilson(count.numerator, count.denominator)
    return {
        "n": count.numerator,
        "of": count.denominator,
        "percent": f"{100 * count.numerator / count.denominator:.0f}",
        "low": f"{100 * found.low:.0f}",
        "high": f"{100 * found.high:.0f}",
    }


def _now() -> Day:
    return day_at(timezone.now(), "UTC")


def _latest(model: type[Appeal | AuthorizationRequest]) -> list[int]:
    """The keys of the latest that were decided. Asked by itself: a population joins so many tables that the server begins
    with all of them otherwise, and follows every decision ever made.
    """
    rows = model._default_manager.filter(decided_at__isnull=False).order_by("-decided_at")
    return list(rows.values_list("pk", flat=True)[:LATEST])


CASE, KEYS = -7_030, [-7_031]
"""Stand for the case and the latest decisions in the text of the statement; no row has such a key."""


@lru_cache(maxsize=1_024)
def _codes(level: str, regime: str) -> Kept:
    """What was decided and when, of some levels of one kind: the same text for every case and organization."""

    def rows() -> Any:
        found = decided().filter(any_of("appeal_id", KEYS), appeal__level=level, appeal__regime=regime)
        return found.filter(case__is_restricted=False).exclude(case_id=CASE).values_list("f_code", "f_on")

    return kept(rows, {"case": CASE, "latest": KEYS})


def _own(question: FigureQuestion) -> dict[str, Any] | None:
    """Of our own latest decisions at this stage under these rules, where enough were overturned and enough were not."""
    if not question.level:
        return None
    asked = {"latest": _latest(Appeal), "case": question.case_id}
    codes = _codes(question.level, question.regime).rows(asked)
    on_merits = [(code, on) for code, on in codes if code in ("overturned", "partly", "upheld")]
    count = Count(sum(code == "overturned" for code, _on in on_merits), len(on_merits))
    if count.is_small:
        return None
    years = [on.year for _code, on in on_merits]
    return _rate(count) | {"years": (min(years), max(years))}


def _usual_time(question: FigureQuestion) -> dict[str, Any] | None:
    """The median days of our own latest decisions at this stage: of a level by its rules, of a request by its payer."""
    requests, levels = POPULATIONS["waits"].rows(_now())
    if question.level:
        rows = levels.filter(any_of("pk", _latest(Appeal)), level=question.level, regime=question.regime)
    else:
        rows = requests.filter(
            any_of("pk", _latest(AuthorizationRequest)), coverage__payer_id=question.payer_id
        )
    rows = rows.filter(
        case__is_restricted=False, f_code="decided", f_speed="expedited" if question.is_urgent else "standard"
    )
    with planned_with_values():
        days = [max((end - on).days, 0) for on, end in rows.values_list("f_on", "f_end")]
    if len(days) < SMALLEST_SHOWN:
        return None
    return {"days": median_of(days), "decisions": len(days)}
