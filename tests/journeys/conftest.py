"""A real browser against a real server: gunicorn and the job worker on a database of their own, seeded as the demo is."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from advocacy.management.seed.cast import PASSPHRASE
from tests.journeys.acts import Desk
from tests.journeys.captured import leaks, let_out, listen, messages_in, words_of
from tests.journeys.serving import Running, serve

# The same browser without its window costs a third less; either serves.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
CUT_OFF = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
"""No other host is found, by whatever name: no page of ours gets anything from one."""
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}

LONGEST = (
    "test_every_link_leads_to_something_finished[sam]",
    "test_every_link_leads_to_something_finished[nora]",
    "test_ten_people_at_one_case",
    "test_from_the_denial_letter_to_the_closed_case",
    "test_a_worker_killed_while_reading_a_letter_reads_it_in_the_end",
    "test_every_link_leads_to_something_finished[olga]",
    "test_from_nothing_to_the_first_case",
    "test_every_link_leads_to_something_finished[ines]",
    "test_every_link_leads_to_something_finished[clara]",
    "test_a_ladder_is_climbed_to_the_last_level_before_court[medicare_advantage]",
)
"""They begin first, the longest ahead, so that no process is left with one of them when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process is handed two tests at first, and one for each that it has done: a long one and a short one."""
    here = [number for number, item in enumerate(items) if Path(__file__).parent in item.path.parents]
    long = sorted((items[n] for n in here if items[n].name in LONGEST), key=lambda i: LONGEST.index(i.name))
    others = [items[n] for n in here if items[n].name not in LONGEST]
    first = min(3, len(long), len(others))
    rest = len(others) - first
    paired = [item for pair in zip(long[:first], others[rest:], strict=True) for item in pair]
    ordered = [*paired, *long[first:], *others[:rest]]
    for number, item in zip(here, ordered, strict=True):
        items[number] = item


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One installation for the whole session. When all is done, what it let out is searched for its patients."""
    with serve(tmp_path_factory.mktemp("served")) as running:
        yield running
        assert leaks(words_of(running), let_out(running)) == []


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without any network of its own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                CUT_OFF,
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def at_desk(served: Running, browser: Any) -> Iterator[Any]:
    """`at_desk("nora@harbor.example")` is somebody at a browser of their own, signed in through the sign-in page.

    Who signed in before in this session of tests is remembered, as a browser remembers; `fresh` signs in anew. What the
    console says and what the content policy refuses is collected in `Desk.complaints`.
    """
    contexts = []

    def sit_down(email: str, *, screen: str = "desktop", fresh: bool = False) -> Desk:
        kept = None if fresh else served.remembered.get(email)
        context = browser.new_context(viewport=SCREENS[screen], base_url=served.url, storage_state=kept)
        contexts.append(context)
        listen(served, context)
        desk = Desk(context.new_page(), served.url, email)
        if kept is not None:
            desk.page.goto(f"{served.url}/")
        if kept is None or "/accounts/login" in desk.page.url:
            sign_in(served, desk)
            if not fresh:
                served.remembered[email] = context.storage_state()
        return desk

    yield sit_down
    for context in contexts:
        context.close()


@pytest.fixture
def at_door(served: Running, browser: Any) -> Iterator[Any]:
    """`at_door("ada@willow.example")` is somebody at a browser of their own, not signed in anywhere."""
    contexts = []

    def arrive(email: str, *, screen: str = "desktop", script: bool = True) -> Desk:
        context = browser.new_context(
            viewport=SCREENS[screen], base_url=served.url, java_script_enabled=script
        )
        contexts.append(context)
        listen(served, context)
        return Desk(context.new_page(), served.url, email)

    yield arrive
    for context in contexts:
        context.close()


def sign_in(served: Running, desk: Desk) -> None:
    """Through the page, with a one-time code where one is asked for."""
    page = desk.page
    page.goto(f"{served.url}/accounts/login/")
    fill_sign_in(page, desk.name)
    if "/mfa/" in page.url or "/2fa/" in page.url:
        page.get_by_label("Code", exact=False).first.fill(one_time_code(served, desk.name))
        page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/accounts/" not in url)


def fill_sign_in(page: Any, email: str) -> None:
    page.get_by_label("Email", exact=False).first.fill(email)
    page.locator("input[type=password]").first.fill(PASSPHRASE)
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()


@pytest.fixture
def at_phone(served: Running, browser: Any) -> Iterator[Any]:
    """`at_phone("dana@example.org")` is somebody at a phone, signed in to the portal by the code of a real mail.

    `script=False` is a browser that runs no script at all.
    """
    contexts = []

    def enter(email: str, *, script: bool = True, screen: str = "phone") -> Desk:
        key = f"portal:{email}"
        kept = served.remembered.get(key)
        context = browser.new_context(
            viewport=SCREENS[screen], base_url=served.url, storage_state=kept, java_script_enabled=script
        )
        contexts.append(context)
        listen(served, context)
        phone = Desk(context.new_page(), served.url, email)
        phone.go("/portal/")
        if "/sign-in" in phone.page.url:
            enter_by_code(served, phone)
            served.remembered[key] = context.storage_state()
        return phone

    yield enter
    for context in contexts:
        context.close()


def enter_by_code(served: Running, phone: Desk) -> None:
    """Through the page of the portal: the address, then the code of the mail that came."""
    sent = datetime.now(UTC).timestamp() - 1
    phone.go("/portal/sign-in/")
    phone.page.locator("main input[type=email]").fill(phone.name)
    phone.page.locator("main form button").first.click()
    code = re.search(r"\b\d{4}-\d{4}\b", mail_to(served, phone.name, since=sent))
    assert code is not None
    phone.page.locator("main input[name=code]").fill(code.group(0))
    with phone.page.expect_navigation():
        phone.page.locator("main form button").first.click()


def mail_to(served: Running, address: str, *, since: float, about: str = "", seconds: float = 60) -> str:
    """The text of the newest mail to somebody in which the words `about` stand, once it has come.

    `since` is a moment in seconds since 1970.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in sorted(served.mails.glob("*"), key=lambda p: -p.stat().st_mtime):
            if path.stat().st_mtime < since:
                break
            for message in reversed(messages_in(path)):
                text = str(message.get_content())
                if address in str(message["To"]) and about in text:
                    return text
        time.sleep(0.2)
    raise AssertionError(f"No mail came within {seconds} seconds.")


def one_time_code(served: Running, email: str) -> str:
    """What an authenticator would show now for this demonstration account."""
    asked = rf"otpauth://totp/{re.escape(quote('Recourse:' + email))}\?secret=(\w+)"
    found = re.search(asked, served.remembered.get("sign-ins", ""))
    if found is None:
        served.remembered["sign-ins"] = served.manage("seed_demo", "--print-sign-ins")
        found = re.search(asked, served.remembered["sign-ins"])
    assert found, f"{email} is not among the printed one-time codes"
    return format_hotp_value(hotp_value(found.group(1), int(time.time()) // 30))


def axe_findings(page: Any) -> list[str]:
    """Every axe finding of the page, as "rule: element"."""
    from axe_playwright_python.sync_playwright import Axe

    # `preload` would fetch the stylesheets again and lay them in as inline styles, which the content policy refuses;
    # without `resultTypes` all that is right would be described too, which takes longer than the looking.
    results = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]}).response
    return [f"{v['id']}: {n['html'][:160]}" for v in results["violations"] for n in v["nodes"]]
