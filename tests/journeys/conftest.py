"""A real browser against a real server: gunicorn and the job worker on a database of their own, seeded as the demo is."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings

from advocacy.management.seed.cast import PASSPHRASE
from tests.journeys.acts import Desk
from tests.seeded import copy_of_seeded, drop

ROOT = Path(settings.BASE_DIR)
PYTHON = sys.executable
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


@dataclass
class Running:
    """A served installation: its address, its environment (for management commands), its mails, its worker's process."""

    url: str
    environment: dict[str, str]
    mails: Path
    start_worker: Callable[[], subprocess.Popen[bytes]] | None = None
    worker: subprocess.Popen[bytes] | None = None
    remembered: dict[str, Any] = field(default_factory=dict)
    listener: subprocess.Popen[str] | None = None
    """A process that was started once and runs what `shell` is given."""

    def shell(self, script: str, **given: Any) -> Any:
        """Run Python against it, with `given` as the variable `given`; what the script leaves in `result` comes back."""
        if self.listener is None:
            self.listener = subprocess.Popen(
                [PYTHON, "-m", "tests.journeys.listening"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        to, back = self.listener.stdin, self.listener.stdout
        assert to is not None and back is not None
        to.write(json.dumps({"script": script, "given": given}) + "\n")
        to.flush()
        answer = json.loads(back.readline() or '{"error": "It ended."}')
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def kill_worker(self) -> None:
        """As a power cut would: the whole process group, at once."""
        assert self.worker is not None
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait(15)

    def restart_worker(self) -> None:
        assert self.start_worker is not None
        self.worker = self.start_worker()

    def manage(self, *arguments: str, owner: bool = False) -> str:
        """Run a management command against it and return what it printed."""
        more = {"RECOURSE_AS_OWNER": "1"} if owner else {}
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One installation for the whole session, as `make demo` has it: migrated, seeded, served."""
    folder = tmp_path_factory.mktemp("served")
    copy = copy_of_seeded(f"journeys_{os.getpid()}", folder / "documents")
    mails = folder / "mails"
    mails.mkdir()
    port = free_port()
    environment = {
        **os.environ,
        **copy.addresses,
        "RECOURSE_LOCAL_DIR": str(folder),
        "RECOURSE_SECRET_FILE": str(Path(settings.LOCAL_DIR) / "keys.json"),
        "RECOURSE_KEYSTORE": str(settings.KEYSTORE),
        "RECOURSE_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "RECOURSE_MAIL_DIR": str(mails),
        "RECOURSE_JOB_RETRY": "20",
        "RECOURSE_SECOND_FACTOR": "optional",
        "PORT": str(port),
    }
    running = Running(f"http://localhost:{port}", environment, mails)
    log = (folder / "server.log").open("w")
    children: list[subprocess.Popen[bytes]] = []
    try:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            child = subprocess.Popen(
                [PYTHON, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            children.append(child)
            return child

        start("-m", "gunicorn", "advocacy.wsgi", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}")
        running.start_worker = lambda: start("manage.py", "qcluster")
        running.restart_worker()
        wait_until_ready(running.url, log.name)
        yield running
    finally:
        if running.listener is not None:
            running.listener.communicate()
        for child in children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
        log.close()
        drop(copy.database)


def wait_until_ready(url: str, log: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AssertionError(f"The server did not become ready:\n{Path(log).read_text()[-4000:]}")


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


def messages_in(path: Path) -> list[EmailMessage]:
    """What Django's file backend wrote into one file, parted at its rulers."""
    parts = path.read_bytes().split(b"-" * 79)
    return [message_from_bytes(p.strip(), policy=mail_policy) for p in parts if p.strip()]  # type: ignore[misc]


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
