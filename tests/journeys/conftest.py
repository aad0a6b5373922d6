"""A real browser against a real server: gunicorn and the job worker on a database of their own, seeded as the demo is."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PYTHON = sys.executable
CHROMIUM = shutil.which("chromium")
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@dataclass
class Running:
    """A served installation: its address, its environment (for management commands), its mails."""

    url: str
    environment: dict[str, str]
    mails: Path

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


def address(parts: dict[str, Any], database: str) -> str:
    user, password = quote(parts["USER"], safe=""), quote(parts["PASSWORD"], safe="")
    return f"postgresql://{user}:{password}@/{database}?host={quote(parts['HOST'], safe='')}"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One installation for the whole session, made as `make demo` makes it: migrate, seed, serve."""
    folder = tmp_path_factory.mktemp("served")
    database = f"journeys_{os.getpid()}"
    owner = settings.OWNER_DATABASE
    admin = {"host": owner["HOST"], "user": owner["USER"], "password": owner["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **admin) as connection:
        connection.execute(f'CREATE DATABASE "{database}" TEMPLATE template0')
    mails = folder / "mails"
    mails.mkdir()
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": address(settings.DATABASES["default"], database),
        "DATABASE_OWNER_URL": address(owner, database),
        "RECOURSE_LOCAL_DIR": str(folder),
        "RECOURSE_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "RECOURSE_MAIL_DIR": str(mails),
        "RECOURSE_JOB_RETRY": "20",
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "advocacy.settings",
    }
    running = Running(f"http://localhost:{port}", environment, mails)
    log = (folder / "server.log").open("w")
    children: list[subprocess.Popen[bytes]] = []
    try:
        running.manage("migrate", owner=True)
        running.manage("seed_demo", "--if-empty")
        for arguments in (
            ["-m", "gunicorn", "advocacy.wsgi", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}"],
            ["manage.py", "qcluster"],
        ):
            children.append(
                subprocess.Popen(
                    [PYTHON, *arguments],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        wait_until_ready(running.url, log.name)
        yield running
    finally:
        for child in children:
            os.killpg(child.pid, signal.SIGTERM)
        for child in children:
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
        log.close()
        with psycopg.connect(dbname="postgres", autocommit=True, **admin) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


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
            ],
        )
        yield chromium
        chromium.close()


@dataclass
class Person:
    """Somebody at a browser of their own."""

    page: Any
    url: str
    name: str

    def go(self, path: str) -> int:
        """Open a path; returns the status."""
        answer = self.page.goto(self.url + path)
        return int(answer.status)

    def heading(self) -> str:
        return str(self.page.locator("h1").first.inner_text())


@pytest.fixture
def at_desk(served: Running, browser: Any) -> Iterator[Any]:
    """`at_desk("nora@harbor.example")` signs somebody in through the sign-in page, at desktop or phone width."""
    contexts = []

    def sit_down(email: str, *, screen: str = "desktop", password: str | None = None) -> Person:
        from advocacy.management.seed.people import PASSPHRASE

        context = browser.new_context(viewport=SCREENS[screen], base_url=served.url)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(f"{served.url}/accounts/login/")
        page.get_by_label("Email", exact=False).first.fill(email)
        page.locator("input[type=password]").first.fill(password or PASSPHRASE)
        page.locator("main form button[type=submit], main form input[type=submit]").first.click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return Person(page, served.url, email)

    yield sit_down
    for context in contexts:
        context.close()


def axe_findings(page: Any) -> list[str]:
    """Every axe finding of the page, as "rule: element"."""
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page).response
    return [f"{v['id']}: {n['html'][:160]}" for v in results["violations"] for n in v["nodes"]]
