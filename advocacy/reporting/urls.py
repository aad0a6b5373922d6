"""The pages of figures, under /admin/figures/."""

from __future__ import annotations

from django.urls import path

from advocacy.reporting import views

app_name = "reporting"

urlpatterns = [
    path("", views.figures, name="figures"),
    path("list/", views.figures_list, name="figures_list"),
]
