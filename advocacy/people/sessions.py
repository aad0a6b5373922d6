"""How long a sign-in lasts, where somebody is signed in, and ending it from elsewhere.

A session ends after a time in which nothing was done, and at the latest some hours after it began, at both doors. What was
typed is not lost: a page says two minutes before, and lets its reader stay or sign in again in place
(static/advocacy/js/session.js); without a script a form that comes too late is kept (advocacy/people/kept_forms.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY as DESK_USER
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from advocacy.languages import PORTAL
from advocacy.languages import SESSION_KEY as LANGUAGE
from advocacy.people.models import BrowserSession, User
from advocacy.people.sign_in_trail import note_at_door
from advocacy.portal import ACCESS, SEEN
from advocacy.portal import USER as PORTAL_USER

BEGUN = "begun_at"
AGENT = "browser"
OVER = "session_over"
"""In the session after one that ended by itself: "idle" or "long". The page of signing in says why."""
SEEN_EVERY = 60
"""Seconds in which a session is written once at most to say that it is used."""
ELSEWHERE = ("/api/", "/static/", "/health/")
QUIET = ("/accounts/session/", "/portal/session/")
"""Asking here how long a session still lasts is no use of it."""


@dataclass(frozen=True)
class Left:
    """Seconds until the session ends, and whether doing something puts that off."""

    seconds: int
    extends: bool


def in_portal(request: HttpRequest) -> bool:
    return request.path.startswith(PORTAL)


def begin(request: HttpRequest) -> None:
    """Somebody has just signed in here."""
    now = int(time.time())
    request.session[BEGUN] = request.session[SEEN] = now
    request.session[AGENT] = browser_in_words(request.headers.get("User-Agent", ""))
    request.session.pop(OVER, None)


def left_of(session: Any, *, portal: bool, now: float) -> Left:
    """How long a session still lasts; 0 or less when it is over."""
    idle = settings.PORTAL_SESSION_SECONDS if portal else settings.IDLE_SECONDS
    longest = settings.PORTAL_LONGEST_SECONDS if portal else settings.SESSION_COOKIE_AGE
    until_idle = session.get(SEEN, now) + idle - now
    until_long = session.get(BEGUN, now) + longest - now
    return Left(int(min(until_idle, until_long)), until_idle <= until_long)


class SessionLimitsMiddleware:
    """Ends a session that was idle or is old; stands between the session and whoever asks for the person in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ELSEWHERE):
            self._look(request)
        return self.get_response(request)

    @staticmethod
    def _look(request: HttpRequest) -> None:
        session, portal, now = request.session, in_portal(request), time.time()
        person = session.get(PORTAL_USER if portal else DESK_USER)
        if person is None:
            return
        left = left_of(session, portal=portal, now=now)
        if left.seconds <= 0:
            _end(request, person, "idle" if left.extends else "long")
            return
        if BEGUN not in session:
            session[BEGUN] = int(now)
        asked_only = request.path in QUIET and request.method != "POST"
        if not asked_only and now - session.get(SEEN, 0) > SEEN_EVERY:
            session[SEEN] = int(now)


def _end(request: HttpRequest, person: Any, why: str) -> None:
    language = request.session.get(LANGUAGE)
    request.session.flush()
    request.session[OVER] = why
    if language:
        request.session[LANGUAGE] = language
    if in_portal(request):
        return
    user = User.objects.filter(pk=person).first()
    if user is not None:
        note_at_door(user, "signed_out", request=request, by=why)


def frame(request: HttpRequest) -> dict[str, Any]:
    """What a page needs to warn before the end: seconds left, addresses, and who is signed in, as a mark that tells nothing."""
    who, session = page_mark(request), getattr(request, "session", None)
    if session is None:
        return {}
    portal = in_portal(request)
    over = session.get(OVER, "")
    if not who:
        return {"session_over": over}
    idle = settings.PORTAL_SESSION_SECONDS if portal else settings.IDLE_SECONDS
    left = left_of(session, portal=portal, now=time.time())
    done = reverse("portal:signed_in" if portal else "signed_in")
    if portal and session.get(ACCESS):
        done += f"?{urlencode({'access': session[ACCESS]})}"
    door = reverse("portal:sign_in" if portal else "account_login")
    return {
        "session_over": over,
        "session_who": who,
        # Opening a page is a use: its own moment stands on it only when the sign-in as a whole ends before that.
        "session_left": idle if left.extends else max(left.seconds, 1),
        "session_idle_minutes": idle // 60,
        "session_url": reverse("portal:session" if portal else "session"),
        "session_done_url": done,
        "session_sign_in_url": f"{door}?{urlencode({'next': done})}",
    }


def page_mark(request: HttpRequest) -> str:
    """A mark of who works on a page and for which organization or patient; "" for nobody. The same after signing in again."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user_id is None:
        return ""
    acts_for = f"portal:{actor.portal.access_id}" if actor.portal else f"desk:{actor.organization_id}"
    return salted_hmac("recourse.page", f"{actor.user_id}|{acts_for}", algorithm="sha256").hexdigest()[:24]


@dataclass(frozen=True)
class Browser:
    """A browser somebody is signed in with. `handle` names it in forms; it opens nothing."""

    handle: str
    words: str
    begun: datetime | None
    seen: datetime | None
    here: bool


def browsers_of(user_id: int, *, portal: bool, here: str = "") -> list[Browser]:
    """Where this person is signed in at the one door, this browser first, then the one used last. One statement."""
    found = []
    for key, kept in _sessions(user_id, portal=portal):
        found.append(
            Browser(
                _handle(key),
                kept.get(AGENT, ""),
                _moment(kept.get(BEGUN)),
                _moment(kept.get(SEEN)),
                key == here,
            )
        )
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    return sorted(found, key=lambda b: (not b.here, -(b.seen or long_ago).timestamp(), b.handle))


def end_browsers(user_id: int, *, portal: bool, handle: str = "", spare: str = "") -> int:
    """End the one with this handle, or all but the session `spare`; how many ended."""
    keys = [
        key
        for key, _kept in _sessions(user_id, portal=portal)
        if key != spare and (not handle or _handle(key) == handle)
    ]
    BrowserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _sessions(user_id: int, *, portal: bool) -> Iterable[tuple[str, dict[str, Any]]]:
    now = time.time()
    for row in BrowserSession.objects.filter(user_id=user_id, expire_date__gt=timezone.now()):
        kept = row.get_decoded()
        if (PORTAL_USER if portal else DESK_USER) in kept and left_of(
            kept, portal=portal, now=now
        ).seconds > 0:
            yield row.session_key, kept


def _handle(key: str) -> str:
    return salted_hmac("recourse.browser", key, algorithm="sha256").hexdigest()[:24]


def _moment(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


BROWSERS = (
    ("Edge", r"\bEdgA?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("Mac", r"\bMac OS X\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


def browser_in_words(agent: str) -> str:
    """ "Firefox, Windows": what people tell their browsers apart by; "" for what calls itself something else."""
    named = [
        next((name for name, told in table if re.search(told, agent)), "") for table in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(name for name in named if name)
