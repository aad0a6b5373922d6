"""The page of failed jobs, under /admin/jobs/."""

from __future__ import annotations

from django.urls import path

from advocacy.background import views

app_name = "background"

urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("retry-all/", views.retry_all, name="retry_all"),
    path("<uuid:job_id>/retry/", views.retry, name="retry"),
]
