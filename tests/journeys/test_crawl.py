"""Every link of every page leads to something finished: followed as a navigator, a supervisor and an organization admin.

One example of each kind of page is enough. Each page is looked at by axe, has one heading, stays inside a phone's width,
and says nothing on the console (a refused inline style or script is said there).
"""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import urlparse

import pytest

from tests.journeys.acts import Desk
from tests.journeys.conftest import SCREENS, axe_findings

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# Addresses that a crawler leaves alone, each with its reason.
LEFT_ALONE = {
    "/accounts/logout/": "ends the session of everybody else's test",
    "/accounts/reauthenticate/": "asks for the passphrase again, and leads back",
}
MOST_PAGES = 90


def kind_of(address: str) -> str:
    """The address with its ids blotted out, without its query: one example of each is visited."""
    return ID.sub("<id>", urlparse(address).path)


def links_of(desk: Desk) -> list[str]:
    """What can be followed from here, within the installation."""
    found = desk.page.eval_on_selector_all(
        "a[href], iframe[src]",
        "all => all.map(a => a.href || a.src).filter(h => h.startsWith(location.origin))",
    )
    return [h.partition("#")[0] for h in found]


@pytest.mark.parametrize("who", ["nora@harbor.example", "sam@harbor.example", "olga@harbor.example"])
def test_every_link_leads_to_something_finished(at_desk, who):
    desk = at_desk(who)
    first = "/admin/" if who.startswith("olga") else "/admin/today/"
    waiting, known, wrong = deque([desk.url + first]), {kind_of(first)}, []
    seen = 0
    while waiting and seen < MOST_PAGES:
        address = waiting.popleft()
        path = urlparse(address).path
        if path in LEFT_ALONE or path.startswith("/static/"):
            continue
        seen += 1
        if path.endswith((".pdf", "/file")):
            answer = desk.page.request.get(address)
            if answer.status != 200:
                wrong.append(f"{path}: {answer.status}")
            continue
        status = desk.go(address)
        if status >= 400:
            wrong.append(f"{path}: {status}")
            continue
        wrong += [f"{kind_of(path)}: {problem}" for problem in problems_of(desk)]
        for link in links_of(desk):
            kind = kind_of(link)
            if kind not in known:
                known.add(kind)
                waiting.append(link)
    wrong += desk.complaints
    assert wrong == []
    assert not waiting, f"More than {MOST_PAGES} kinds of pages: {[kind_of(w) for w in waiting]}"


def problems_of(desk: Desk) -> list[str]:
    """What a person with a reader, with a phone, or with eyes would stumble over."""
    found = axe_findings(desk.page)
    headings = desk.page.locator("h1").count()
    if headings != 1:
        found.append(f"{headings} headings of the first level")
    desk.page.set_viewport_size(SCREENS["phone"])
    wide = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        found.append(f"{wide} px wider than a phone")
    desk.page.set_viewport_size(SCREENS["desktop"])
    return found


STOPS = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, iframe, [tabindex="0"]'
)].filter(e => !e.disabled && e.type !== 'hidden' && e.tabIndex >= 0
    && e.checkVisibility({visibilityProperty: true})).length"""


@pytest.mark.parametrize("place", ["/admin/today/", "/admin/queue/", "case", "/admin/patients/new/"])
def test_the_keyboard_comes_everywhere_and_out_again(at_desk, place):
    """Tab goes through a page in one round: every stop is another control, and the end is reached."""
    nora = at_desk("nora@harbor.example")
    nora.go("/admin/today/" if place == "case" else place)
    if place == "case":
        nora.page.locator("main .work-row").get_by_role("link").first.click()
    stops = nora.page.evaluate(STOPS)
    here = (
        "() => { const e = document.activeElement; window.__n = window.__n || new Map();"
        " if (!window.__n.has(e)) window.__n.set(e, window.__n.size); return [window.__n.get(e), e.tagName] }"
    )
    nora.page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0) }")
    visited: list[int] = []
    for _ in range(stops * 4 + 20):
        nora.page.keyboard.press("Tab")
        number, tag = nora.page.evaluate(here)
        if tag == "BODY" and len(visited) > 3:
            break
        visited.append(number)
    else:
        raise AssertionError(f"Tab never came out of {place}: {visited[-12:]}")
    assert len(set(visited)) >= min(stops, 12) - 2
