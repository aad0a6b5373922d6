"""Addresses of figures at the API, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from advocacy.reporting.api import figures

urlpatterns = [
    path("indicators", figures.Catalog.as_view(), name="indicators"),
    path("indicators/<slug:key>", figures.Figure.as_view(), name="indicator"),
]
