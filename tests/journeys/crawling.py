"""Following every link of an installation, and what a page must stand. The crawls themselves are in test_crawl*.py.

A kind of page is an address with its ids blotted out. The first visit to a kind is thorough: axe, one heading, a phone's
width, the keyboard through the page and out of it. No page may ask another host for anything: the network is cut.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from itertools import count
from pathlib import Path
from urllib.parse import urlparse

from django.conf import settings
from playwright.sync_api import Error as PlaywrightError

from tests.journeys.acts import Desk
from tests.journeys.conftest import SCREENS, axe_findings

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
FILES = (".pdf", ".zip", ".json", "/file", "/file/")
# Addresses that a crawler leaves alone, each with its reason.
LEFT_ALONE = {
    "/accounts/logout/": "ends the session of everybody else's test",
    "/accounts/reauthenticate/": "asks for the passphrase again, and leads back",
}
MOST_PAGES = 200


class Visits:
    """How often each kind of page was visited in this session of tests, by all its processes together."""

    def __init__(self) -> None:
        session = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
        self.folder = Path(settings.LOCAL_DIR) / "visits" / session

    def __getitem__(self, kind: str) -> int:
        return next(n for n in count() if not self._mark(kind, n + 1).exists())

    def another(self, kind: str) -> int:
        """Count one more; which one it was, from 1."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for n in count(1):
            try:
                self._mark(kind, n).touch(exist_ok=False)
            except FileExistsError:
                continue
            return n
        raise AssertionError

    def _mark(self, kind: str, n: int) -> Path:
        return self.folder / f"{hashlib.sha256(kind.encode()).hexdigest()[:24]}.{n}"


VISITS = Visits()


def kind_of(address: str) -> str:
    """The address with its ids blotted out, without its query: one example of each is visited."""
    return ID.sub("<id>", urlparse(address).path)


def is_foreign(address: str) -> bool:
    """Whether this would go over a network, to anybody but the installation."""
    return address.startswith("http") and urlparse(address).hostname not in ("localhost", "127.0.0.1")


def links_of(desk: Desk) -> list[str]:
    """What can be followed from here, within the installation."""
    found = desk.page.locator("a[href], iframe[src]").evaluate_all(
        "all => all.map(a => a.href || a.src).filter(h => h.startsWith(location.origin))"
    )
    return [h.partition("#")[0] for h in found]


def crawl(desk: Desk, first: str, *, most_visits: int | None, plain: Desk | None = None) -> list[str]:
    """Follow every link from `first`; returns what is wrong. A kind that was visited `most_visits` times is left out.

    `plain` is the same person at a browser that runs no script: each page says the same there.
    """
    strangers: list[str] = []
    # Only what goes over a network: the browser brings its own viewer of PDFs along, under addresses of its own. Listening
    # only: a request that is held up to be judged is slow, and takes the browser's cache away. None gets out (CUT_OFF).
    desk.page.context.on(
        "request", lambda request: strangers.append(request.url) if is_foreign(request.url) else None
    )
    waiting, known, wrong = deque([desk.url + first]), {kind_of(first)}, []
    seen = 0
    while waiting and seen < MOST_PAGES:
        address = waiting.popleft()
        path, kind = urlparse(address).path, kind_of(address)
        if path in LEFT_ALONE or path.startswith("/static/"):
            continue
        seen += 1
        if path.endswith(FILES):
            answer = desk.page.request.get(address)
            if answer.status != 200:
                wrong.append(f"{path}: {answer.status}")
            continue
        status, is_page = opened(desk, address)
        if status >= 400:
            wrong.append(f"{path}: {status}")
        if status >= 400 or not is_page:
            continue
        if VISITS.another(kind) == 1:
            wrong += [f"{kind}: {problem}" for problem in problems_of(desk)]
        if plain is not None:
            wrong += differences(desk, plain, address)
        for link in links_of(desk):
            other = kind_of(link)
            if other not in known and (most_visits is None or VISITS[other] < most_visits):
                known.add(other)
                waiting.append(link)
    assert not waiting, f"More than {MOST_PAGES} kinds of pages: {[kind_of(w) for w in waiting]}"
    return wrong + desk.complaints + [f"asked another host: {url}" for url in strangers]


def opened(desk: Desk, address: str) -> tuple[int, bool]:
    """The status of an address, and whether it is a page and not a file."""
    try:
        status = desk.go(address)
    except PlaywrightError:  # the browser takes a file and stays where it was
        answer = desk.page.request.get(address)
        return answer.status, "text/html" in answer.headers["content-type"]
    return status, desk.page.evaluate("document.contentType") == "text/html"


def differences(desk: Desk, plain: Desk, address: str) -> list[str]:
    """What a page with script says that it does not say without."""
    status = plain.go(address)
    if status != 200:
        return [f"{address}: {status} without script"]
    with_script, without = (" ".join(d.text.split()) for d in (desk, plain))
    if with_script == without and desk.heading == plain.heading:
        return []
    return [f"{kind_of(address)} differs without script: {with_script!r} {without!r}"]


def problems_of(desk: Desk) -> list[str]:
    """What a person with a reader, with a phone, with a keyboard, or with eyes would stumble over."""
    found = axe_findings(desk.page)
    headings = desk.page.locator("h1").count()
    if headings != 1:
        found.append(f"{headings} headings of the first level")
    before = desk.page.viewport_size
    desk.page.set_viewport_size(SCREENS["phone"])
    wide = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        found.append(f"{wide} px wider than a phone")
    desk.page.set_viewport_size(before)
    return found + keyboard_problems(desk)


STOPS = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, iframe, [tabindex="0"]'
)].filter(e => !e.disabled && e.type !== 'hidden' && e.tabIndex >= 0
    && e.checkVisibility({visibilityProperty: true})).length"""
# Where the focus is after each press: a number for each control, and -1 for the page itself, which is where Tab comes out.
# Tab is held down, which moves on as often as it repeats, so each place is noted as the key is about to leave it.
FOLLOW = """() => { document.activeElement.blur(); window.scrollTo(0, 0); const known = new Map(); window.__stops = [];
    const note = () => { const e = document.activeElement;
        if (!known.has(e)) known.set(e, e === document.body ? -1 : known.size); window.__stops.push(known.get(e)) };
    let first = true;
    document.addEventListener('keydown', () => { if (!first) note(); first = false }, true) }"""
PRESSES = 15


def keyboard_problems(desk: Desk) -> list[str]:
    """Tab goes through the page in one round: every stop is another control, and the end is reached."""
    page = desk.page
    stops = page.evaluate(STOPS)
    page.evaluate(FOLLOW)
    visited: list[int] = []
    for _ in range((stops * 4 + 20) // PRESSES + 1):
        for _ in range(PRESSES):
            page.keyboard.down("Tab")
        visited = page.evaluate("window.__stops")
        found, rounds = len(set(visited) - {-1}), visited.count(-1)
        # Where a form takes the focus by itself, Tab begins there, and the second round is the whole one.
        if rounds > 1 or (rounds and found >= min(stops, 12) - 2):
            break
    else:
        return [f"Tab never comes out: {visited[-12:]}"]
    page.keyboard.up("Tab")
    return [] if found >= min(stops, 12) - 2 else [f"Tab finds {found} of {stops}"]
