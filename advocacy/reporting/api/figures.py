"""Figures for machines: what there is, and each by one or two of its dimensions, with small cells masked."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.access.scopes import Scope
from advocacy.api import MachineView, told, unusable
from advocacy.errors import Reason, Refused
from advocacy.problems import Problem
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.queries import NOTHING_RECORDED, TOO_FEW, Cell, Table, has_whole, table_of
from advocacy.reporting.shapes import Indicator, Kind
from advocacy.reporting.wording import words_for
from advocacy.web import ActorRequest
from advocacy.words import notice_sentence
from cases.api.described import ETAG, REFUSALS, query


class DimensionTold(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()


class IndicatorTold(serializers.Serializer[Any]):
    """What a figure is."""

    key = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField([k.value for k in Kind])
    definition = serializers.CharField()
    numerator = serializers.CharField()
    denominator = serializers.CharField()
    clock = serializers.CharField()
    exclusions = serializers.CharField()
    whole = serializers.BooleanField(help_text="Whether it is told without `by`, in one cell.")
    dimensions = DimensionTold(many=True)


class CellTold(serializers.Serializer[Any]):
    """One cell. Both counts are null where it is masked. Sums are US dollars as text, days whole days."""

    values = serializers.DictField(
        help_text="The value of each dimension asked for, by its key; blank is a value."
    )
    words = serializers.DictField(
        child=serializers.CharField(),
        help_text="The same values as the page of figures words them, in English.",
    )
    masked = serializers.BooleanField()
    numerator = serializers.IntegerField(allow_null=True)
    denominator = serializers.IntegerField(allow_null=True)
    sum = serializers.CharField(required=False, allow_null=True, help_text="In figures of the kind sum only.")
    days = serializers.IntegerField(
        required=False, allow_null=True, help_text="In figures of the kind days only."
    )


def _indicator_fields() -> dict[str, Any]:
    """A catalog's entry; `source` is a name of REST framework's own, so it is put in here."""
    return IndicatorTold().get_fields() | {"source": serializers.CharField()}


class IndicatorWhole(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return _indicator_fields()


class CatalogTold(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {"data": IndicatorWhole(many=True)}


class FigureTold(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {
            "indicator": IndicatorWhole(),
            "by": serializers.ListField(child=serializers.CharField()),
            "data": CellTold(many=True),
            "empty": serializers.ChoiceField(
                [NOTHING_RECORDED, TOO_FEW],
                allow_null=True,
                help_text="Why there is no cell at all; else null.",
            ),
            "notice": serializers.CharField(),
        }


class Catalog(MachineView):
    """Every figure there is."""

    needs = {"GET": Scope.READ_FIGURES}

    @extend_schema(
        operation_id="indicators",
        summary="The catalog of figures",
        description="Takes the scope `figures:read`.",
        parameters=[ETAG],
        responses={200: CatalogTold, 304: None} | REFUSALS,
        tags=["figures"],
    )
    def get(self, request: ActorRequest) -> HttpResponse:
        require(request.actor, Permission.SEE_FIGURES)
        return told(request, json.dumps({"data": [entry(one) for one in INDICATORS.values()]}).encode())


BY = "One dimension's key, or two with a comma. Left out: the whole in one cell; not of a mix, and not of published reviews."


class Figure(MachineView):
    """One figure by one or two dimensions, or whole."""

    needs = {"GET": Scope.READ_FIGURES}
    takes = ("by",)

    @extend_schema(
        operation_id="indicator",
        summary="A figure by one or two of its dimensions, or whole",
        description="Takes the scope `figures:read`. Cells that count fewer than eleven are masked, and others with them.",
        parameters=[
            OpenApiParameter("key", OpenApiTypes.STR, OpenApiParameter.PATH, description="From the catalog."),
            query("by", BY),
            ETAG,
        ],
        responses={200: FigureTold, 304: None} | REFUSALS,
        tags=["figures"],
    )
    def get(self, request: ActorRequest, key: str) -> HttpResponse:
        require(request.actor, Permission.SEE_FIGURES)
        if key not in INDICATORS:
            said = f"There is no figure of this key. All there are: {reverse('api:indicators')}"
            raise Problem(404, "not_found", said)
        given = request.GET.get("by", "")
        by = [word.strip() for word in given.split(",")] if "by" in request.GET else []
        if not given.strip() and (by or not has_whole(INDICATORS[key])):
            known = ", ".join(d.key for d in INDICATORS[key].dimensions)
            raise unusable(
                [Reason("dimensions", f"Say by what: by={known.split(', ')[0]}. There is: {known}.", "by")]
            )
        try:
            table = table_of(request.actor, key, by)
        except Refused as refusal:
            if all(reason.field == "by" for reason in refusal.reasons):
                raise unusable(refusal.reasons) from None
            raise
        answer = {
            "indicator": entry(table.indicator),
            "by": [d.key for d in table.dimensions],
            "data": [line(table, cell) for cell in table.cells],
            "empty": table.empty,
            "notice": notice_sentence(),
        }
        return told(request, json.dumps(answer).encode())


def entry(indicator: Indicator) -> dict[str, Any]:
    words = ("key", "title", "definition", "numerator", "denominator", "clock", "exclusions", "source")
    return {word: getattr(indicator, word) for word in words} | {
        "kind": indicator.kind.value,
        "whole": has_whole(indicator),
        "dimensions": [{"key": d.key, "title": d.title} for d in indicator.dimensions],
    }


def line(table: Table, cell: Cell) -> dict[str, Any]:
    """A cell as it goes out; a masked one has no count and no measure."""
    count = cell.count
    keys = [d.key for d in table.dimensions]
    told = {
        "values": dict(zip(keys, cell.values, strict=True)),
        "words": {key: words_for(key, value) for key, value in zip(keys, cell.values, strict=True)},
        "masked": count is None,
        "numerator": count.numerator if count else None,
        "denominator": count.denominator if count else None,
    }
    measure = cell.measure if count else None
    if table.indicator.kind == Kind.SUM:
        told["sum"] = f"{measure.total:.2f}" if measure and measure.total is not None else None
    if table.indicator.kind == Kind.DAYS:
        told["days"] = measure.days if measure else None
    return told
