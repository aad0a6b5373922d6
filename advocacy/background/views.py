"""The page of failed jobs: what failed, why, and the button that tries it again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.background.commands import retry_job
from advocacy.background.queries import failed_jobs, get_job, waiting_jobs
from advocacy.background.queue import title_of
from advocacy.errors import WrongState
from advocacy.web import ActorRequest, page, paged

PAGE = 50


@require_safe
@page
def jobs(request: ActorRequest) -> HttpResponse:
    """Failed jobs, newest first. No patient data: ids, our own words, moments."""
    require(request.actor, Permission.SEE_JOBS)
    listed = paged(failed_jobs(request.actor), after=request.GET.get("after"), newest=True, size=PAGE)
    context = {
        "failed": [{"job": row, "title": title_of(row.name)} for row in listed.rows],
        "waiting": waiting_jobs(request.actor),
        "may_retry": request.actor.may(Permission.RETRY_JOBS),
        "next_url": f"?after={listed.next_after}" if listed.next_after else "",
        "breadcrumbs": [{"label": "Jobs", "url": ""}],
    }
    with timezone.override(request.organization.time_zone):
        return render(request, "background/jobs.html", context)


@require_POST
@page
def retry(request: ActorRequest, job_id: UUID) -> HttpResponse:
    """Try one failed job again."""
    retry_job(actor=request.actor, job=get_job(request.actor, job_id), at=request.at)
    messages.success(request, "The job is in the queue again.")
    return redirect("background:jobs")


@require_POST
@page
def retry_all(request: ActorRequest) -> HttpResponse:
    """Try every failed job again, at most a page of them at a time."""
    require(request.actor, Permission.RETRY_JOBS)
    again = 0
    for row in failed_jobs(request.actor).order_by("-pk")[:PAGE]:
        try:
            retry_job(actor=request.actor, job=row, at=request.at)
        except WrongState:
            continue  # somebody was faster with this one
        again += 1
    messages.success(
        request, f"{again} jobs are in the queue again." if again != 1 else "1 job is in the queue again."
    )
    return redirect("background:jobs")
