"""The page of figures, and the list behind each of its numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from advocacy.access.permissions import Permission
from advocacy.reporting.dashboard import (
    PUBLISH,
    WORK,
    Chart,
    Choices,
    Told,
    Wanted,
    dashboard,
    kinds_for,
    wanted_from,
)
from advocacy.reporting.listing import MOST_LISTED, listing
from advocacy.reporting.measures import wilson
from advocacy.reporting.shapes import Indicator, Kind
from advocacy.reporting.wording import period_words, words_for
from advocacy.web import page, saw
from appeals.views.links import day_of, link

KINDS = {WORK: "To work with", PUBLISH: "To publish"}
LIST_NAMES = ("figure", "part", "reason")


class FigureFilters(forms.Form):
    """GET, codes only."""

    kind = forms.CharField(widget=forms.HiddenInput)
    period = forms.ChoiceField(label="Period", required=False)
    payer = forms.ChoiceField(label="Payer", required=False)
    regime = forms.ChoiceField(label="Rules", required=False)
    stage = forms.ChoiceField(label="Stage", required=False)

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words, offered in (
            ("period", "All time", choices.periods),
            ("payer", "All payers", choices.payers),
            ("regime", "All rules", choices.regimes),
            ("stage", "All stages", choices.stages),
        ):
            pick: Any = self.fields[name]
            chosen = self.initial.get(name, "")
            # A period that a person wrote into the address is kept in the field, though it is not offered.
            other = (
                [] if name != "period" or chosen in ("", *dict(offered)) else [(chosen, period_words(chosen))]
            )
            pick.choices = [("", words), *offered, *other]

    def chosen(self) -> list[dict[str, str]]:
        """What the figures are narrowed to: each filter in use with its words."""
        found = []
        for name, field in self.fields.items():
            value, offered = self.initial.get(name), getattr(field, "choices", ())
            if value and offered:
                found.append({"label": str(field.label), "words": str(dict(offered)[value])})
        return found


@require_safe
@page
def figures(request: HttpRequest) -> HttpResponse:
    """Tiles and charts, each with its table. The address holds codes only; what in it is not known is said."""
    actor = request.actor  # type: ignore[attr-defined]
    wanted = wanted_from(actor, request.GET.dict())
    found = dashboard(actor, wanted, day_of(request))
    wanted = found.wanted
    charts = [_chart(chart, wanted) for chart in found.charts]
    filters = FigureFilters(initial=wanted.query(), choices=found.choices)
    context = {
        "kind": wanted.kind,
        "kinds": [
            {
                "label": KINDS[kind],
                "url": link("reporting:figures", kind=kind),
                "current": kind == wanted.kind,
            }
            for kind in kinds_for(actor)
        ],
        "filters": filters,
        "chosen": [] if wanted.problems else filters.chosen(),
        "clear_url": link("reporting:figures", kind=wanted.kind) if wanted.chosen else "",
        "problems": wanted.problems,
        "groups": [
            _group(
                title, [_tile(t.indicator, t.told, wanted) for t in found.tiles if t.indicator.key in keys]
            )
            for title, keys in GROUPS
        ],
        "charts": [chart for chart in charts if chart["rows"]],
        "left_out": [chart for chart in charts if not chart["rows"]],
        "told_on": day_of(request).today,
    }
    return render(request, "reporting/figures.html", context, status=422 if wanted.problems else 200)


GROUPS = (
    (
        "Outcomes",
        {
            "overturned_by_stage",
            "peer_to_peer_overturned",
            "ultimate_approval",
            "first_pass_approval",
            "pended_for_information",
        },
    ),
    (
        "Time",
        {
            "payer_timeliness",
            "days_to_decision",
            "deadlines_met",
            "met_by_safe_date",
            "appeal_uptake",
            "external_uptake",
        },
    ),
    (
        "Money, each figure by itself",
        {
            "patient_savings_actual",
            "patient_savings_estimated",
            "plan_dollars_actual",
            "plan_dollars_estimated",
        },
    ),
)


def _group(title: str, tiles: list[dict[str, Any]]) -> dict[str, Any]:
    """Tiles that say something, and the names of those that must not."""
    return {
        "title": title,
        "tiles": [tile for tile in tiles if not tile["masked"]],
        "masked": [tile for tile in tiles if tile["masked"]],
    }


def _list_url(
    indicator: Indicator, wanted: Wanted, part: str, narrow: tuple[tuple[str, str], ...] = ()
) -> str:
    """The list a number opens; only figures to work with have lists."""
    if wanted.kind != WORK:
        return ""
    query = wanted.query(figure=indicator.key, part=part, **dict(narrow))
    return f"{reverse('reporting:figures_list')}?{urlencode(query)}"


def percent(numerator: int, denominator: int) -> str:
    return f"{100 * numerator / denominator:.0f} %"


def dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _numbers(indicator: Indicator, told: Told, wanted: Wanted) -> dict[str, Any]:
    """What a tile and a row of a table say of one cell."""
    count, url = told.count, lambda part: _list_url(indicator, wanted, part, told.narrow)
    shown: dict[str, Any] = {"label": told.label, "masked": count is None, "figure": "", "interval": ""}
    shown["apart"] = [{"n": p.n, "words": p.words, "url": url(p.part)} for p in told.apart]
    if count is None:
        return shown
    shown |= {
        "n": count.numerator,
        "of": count.denominator,
        "n_url": url("counted"),
        # Each part of a mix is of the same whole.
        "of_url": _list_url(indicator, wanted, "of") if indicator.kind == Kind.MIX else url("of"),
        "nothing": count.denominator == 0,
    }
    if indicator.kind == Kind.SUM and told.measure and told.measure.total is not None:
        shown["figure"] = dollars(told.measure.total)
    elif indicator.kind == Kind.DAYS:
        days = told.measure.days if told.measure else None
        shown["figure"] = "" if days is None else f"{days} day{'' if days == 1 else 's'}"
    elif count.denominator:
        shown["figure"] = percent(count.numerator, count.denominator)
        if indicator.kind == Kind.RATE:
            found = wilson(count.numerator, count.denominator)
            shown["interval"] = f"{100 * found.low:.0f} to {100 * found.high:.0f} %"
    return shown


def _tile(indicator: Indicator, told: Told, wanted: Wanted) -> dict[str, Any]:
    return _numbers(indicator, told, wanted) | {
        "key": indicator.key,
        "title": indicator.title,
        "definition": indicator.definition,
        "exclusions": indicator.exclusions,
        "clock": indicator.clock,
        "counted": indicator.numerator,
        "of_what": indicator.denominator,
        "is_rate": indicator.kind == Kind.RATE,
        "is_sum": indicator.kind == Kind.SUM,
    }


ROW = 46
"""Height of one bar with its label, in px."""
WIDEST = 74.0
"""Where the longest bar ends, in percent of the width; its value stands behind it."""


def _chart(chart: Chart, wanted: Wanted) -> dict[str, Any]:
    """The bars and their table. Shares are drawn against the whole, counts and days against the largest."""
    indicator = chart.indicator
    parts = chart.rows if chart.dimension.key == "year" else sorted(chart.rows, key=_largest_first)
    rows = [_numbers(indicator, told, wanted) for told in parts]
    drawn = [_length(indicator, told) for told in parts]
    largest = 1.0 if indicator.kind == Kind.RATE else max([length for length in drawn if length], default=1.0)
    for at, (row, length) in enumerate(zip(rows, drawn, strict=True)):
        row |= {
            "top": at * ROW + 20,
            "text_top": at * ROW + 14,
            "value_top": at * ROW + 32,
            "width": f"{WIDEST * (length or 0) / largest:.2f}",
            "is_drawn": length is not None,
            "value": _value(indicator, row),
        }
    title = f"{indicator.title}, by {chart.dimension.title.lower()}"
    said = "; ".join(f"{row['label']}: {row['value']}" for row in rows)
    return {
        "id": f"{indicator.key}-{chart.dimension.key}",
        "title": title,
        "definition": indicator.definition,
        "description": f"{said}." if said else "",
        "rows": rows,
        "height": max(len(rows), 1) * ROW + 4,
        "whole": f"{WIDEST:.0f}" if indicator.kind == Kind.RATE else "",
        "hidden": chart.hidden,
        "refused": chart.refused,
        "first": chart.dimension.title,
        "is_rate": indicator.kind == Kind.RATE,
        "is_days": indicator.kind == Kind.DAYS,
        "is_mix": indicator.kind == Kind.MIX,
        "counted": indicator.numerator,
        "of_what": indicator.denominator,
        "has_apart": any(row["apart"] for row in rows),
    }


def _largest_first(told: Told) -> tuple[int, int, str]:
    count = told.count
    return (-count.denominator, -count.numerator, told.label) if count else (0, 0, told.label)


def _length(indicator: Indicator, told: Told) -> float | None:
    if told.count is None:
        return None
    if indicator.kind == Kind.DAYS:
        return float(told.measure.days) if told.measure and told.measure.days is not None else None
    if indicator.kind == Kind.MIX:
        return float(told.count.numerator)
    return told.count.numerator / told.count.denominator if told.count.denominator else None


def _value(indicator: Indicator, row: dict[str, Any]) -> str:
    if indicator.kind == Kind.DAYS:
        return row["figure"] or "not half decided yet"
    if row.get("nothing"):
        return "none"
    return f"{row['figure']} ({row['n']} of {row['of']})"


@require_safe
@page
def figures_list(request: HttpRequest) -> HttpResponse:
    """The rows behind one number: as many as the number says."""
    actor = request.actor  # type: ignore[attr-defined]
    given = request.GET.dict()
    wanted = wanted_from(actor, given, more=LIST_NAMES)
    found = listing(actor, wanted, given, day_of(request))
    saw(
        request,
        "read_list",
        cases=[row.case.pk for row in found.rows],
        patients=[row.case.patient_id for row in found.rows],
        rows=len(found.rows),
    )
    what = {"counted": found.indicator.numerator, "of": found.indicator.denominator}
    may_open = actor.may(Permission.SEE_CASES)
    context = {
        "title": found.indicator.title,
        "what": what.get(found.part) or dict(found.indicator.apart)[found.part],
        "clock": found.indicator.clock,
        "problems": wanted.problems,
        "total": found.total,
        "most": MOST_LISTED if found.total > MOST_LISTED else 0,
        "with_money": found.indicator.kind == Kind.SUM,
        "rows": [
            {
                "url": link("appeals:case", row.case.public_id) if may_open else "",
                "who": row.case.patient.called,
                "reference": row.case.reference,
                "payer": str(row.case.coverage.payer),
                "stage": words_for("stage", row.stage) if row.stage else "",
                "on": row.on,
                "outcome": row.outcome,
                "amount": dollars(row.amount) if row.amount is not None else "",
            }
            for row in found.rows
        ],
        "back_url": link("reporting:figures", **wanted.query()),
        "breadcrumbs": [
            {"label": "Figures", "url": link("reporting:figures", **wanted.query())},
            {"label": found.indicator.title, "url": ""},
        ],
    }
    return render(request, "reporting/list.html", context, status=422 if wanted.problems else 200)
