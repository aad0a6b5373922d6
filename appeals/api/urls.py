"""Addresses of cases at the API, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from appeals.api import cases

urlpatterns = [
    path("cases", cases.Cases.as_view(), name="cases"),
    path("cases/<uuid:case_id>", cases.Case.as_view(), name="case"),
]
