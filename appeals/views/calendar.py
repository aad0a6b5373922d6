"""One's own dates in a calendar program: the file at the secret address, and the page of one's own mails and that address."""

from __future__ import annotations

import hashlib
from datetime import time
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotFound
from advocacy.mail import link_to
from advocacy.people.calendar_feeds import make_feed, opened, own_feed, revoke_feed
from advocacy.people.digest_choice import choose_digest, own_digest
from advocacy.people.places import zone_name
from advocacy.people.step_up import require_fresh
from advocacy.tenancy.sealing import digest
from advocacy.web import ActorRequest, error_page, note_read, page
from appeals import ics
from appeals.queries.calendar import dates_of, said_of
from appeals.queries.clocks import day_at

READS, SECONDS = 60, 300
NAME = "Recourse: dates"
MORE = "Sign in at the desk to see what it follows from."


@require_safe
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    """The dates of whoever made the address, as they stand and as far as they open them at this moment."""
    if _too_often(request):
        return error_page(request, 429)
    at = timezone.now()
    try:
        with opened(token, at, str(getattr(request, "request_id", ""))) as feed:
            disclose(
                actor=feed.actor,
                door=Door.CALENDAR,
                purpose=Purpose.CASEWORK,
                to=whoever_asks(feed.actor),
            )
            rows = dates_of(feed.actor, day_at(at, feed.organization.time_zone))
            body = ics.calendar(NAME, [_event(row) for row in rows])
            tag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
            if tag in parse_etags(request.headers.get("If-None-Match", "")):
                return _private(HttpResponse(status=304), tag)
            note_read(
                request,
                cases={row.case_id for row in rows},
                patients={row.case.patient_id for row in rows},
            )
            answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
            answer.headers["Content-Disposition"] = 'inline; filename="recourse.ics"'
            return _private(answer, tag)
    except NotFound:
        return error_page(request, 404)


@page
def own_notices(request: ActorRequest) -> HttpResponse:
    """What one is told of by mail each day, and one's own calendar address: made, shown once, revoked."""
    require(request.actor, Permission.SEE_CASES)
    act, address = request.POST.get("act", ""), ""
    if act == "digest":
        wanted, hour = "wanted" in request.POST, request.POST.get("hour", "")
        choose_digest(
            actor=request.actor, is_wanted=wanted, hour=int(hour) if hour.isdecimal() else -1, at=request.at
        )
        messages.success(request, "Kept.")
        return redirect("appeals:own_notices")
    if act == "revoke":
        revoke_feed(actor=request.actor, at=request.at)
        messages.success(request, "The address is revoked: it opens nothing any more.")
        return redirect("appeals:own_notices")
    if act == "make":
        require_fresh(request)  # it opens without a sign-in for a year
        address = make_feed(actor=request.actor, at=request.at).address
    digest_kept = own_digest(request.actor)
    context = {
        "feed": own_feed(request.actor, request.at),
        "address": address,
        "wanted": digest_kept.is_wanted,
        "hours": [(n, time(n), n == digest_kept.hour) for n in range(24)],
        "zone": zone_name(request.organization.time_zone),
        "breadcrumbs": [{"label": "Mails and calendar", "url": ""}],
    }
    return render(request, "appeals/own_notices.html", context, status=201 if address else 200)


def _event(row: Any) -> ics.Event:
    url = link_to(reverse("appeals:case", args=[row.case.public_id]))
    return ics.Event(
        uid=f"{row.public_id}@recourse",
        summary=said_of(row),
        description=f"{MORE}\n{url}",
        url=url,
        stamp=row.computed_at,
        on=row.due_on,
        at=row.due_at,
    )


def _private(answer: HttpResponse, tag: str) -> HttpResponse:
    """Kept by nobody on the way; the reader's program asks again with the tag."""
    answer.headers["ETag"] = tag
    patch_cache_control(answer, private=True, no_cache=True)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _too_often(request: HttpRequest) -> bool:
    key = f"calendar:{digest(get_adapter().get_client_ip(request).encode())}"
    cache.add(key, 0, SECONDS)
    try:
        return bool(cache.incr(key) > READS)
    except ValueError:  # it ran out between the two
        return False
