"""Addresses of figures at the API, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from advocacy.reporting.api import exports, figures

urlpatterns = [
    path("exports/cases.csv", exports.CasesFile.as_view(), name="export_cases"),
    path("exports/outcomes.csv", exports.OutcomesFile.as_view(), name="export_outcomes"),
    path("indicators", figures.Catalog.as_view(), name="indicators"),
    path("indicators/<slug:key>", figures.Figure.as_view(), name="indicator"),
]
