"""Scanners that knock at a running demonstration on loopback: schemathesis at the API, wapiti at the pages."""

from __future__ import annotations

import json
import re
import tempfile
import xml.etree.ElementTree as tree
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.journeys.serving import Running
from tests.scanners.code import program, run
from tests.scanners.found import ROOT, Finding, Report

EXAMPLES = 60
CRAWL_SECONDS, MODULE_SECONDS = 60, 15
MODULES = "cookieflags,crlf,csp,csrf,exec,file,http_headers,ldap,methods,permanentxss,redirect,sql,upload,xss"
"""Those of wapiti that need no server outside; ssrf, xxe and log4shell do, and nothing of a scan leaves this machine."""
TITLE = re.compile(r"\s- ([A-Z][\w' -]*?\w)(?=\s{3,}|$)")
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")

MACHINE = """
from django.db import transaction
from advocacy.access.policy import Actor
from advocacy.people.models import User
from advocacy.people.queries import actor_of, memberships_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from tests.machines import EVERYTHING, let_in
olga, harbor = User.objects.get(email="olga@harbor.example"), Organization.objects.get(slug="harbor")
with transaction.atomic():
    actor = actor_of(olga, memberships_of(olga.pk)[0])
    result = let_in(actor, harbor, scopes=EVERYTHING, purpose="Being scanned").token
"""
COLLEAGUE = """
from django.test import Client
from advocacy.people.models import User
client = Client(SERVER_NAME="localhost")
client.force_login(
    User.objects.get(email=given["email"]), backend="allauth.account.auth_backends.AuthenticationBackend"
)
client.get("/admin/today/")
result = {name: cookie.value for name, cookie in client.cookies.items()}
"""
PATIENT = """
from django.core import mail
from django.db import transaction
from django.test import Client, override_settings
from advocacy.people.models import PortalAccess
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from tests.portal import come_in
harbor = Organization.objects.get(slug="harbor")
with transaction.atomic(), scoped_to(harbor.pk):
    email = PortalAccess.objects.filter(ended_at=None, kind="patient").order_by("pk").first().sign_in_address
mail.outbox = []
with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
    client = come_in(email, Client(SERVER_NAME="localhost"))
result = {name: cookie.value for name, cookie in client.cookies.items()}
"""


def schemathesis(running: Running) -> Report:
    """Every operation of the API's own document, with what fits it and what does not, as a machine that may do everything."""
    path = program("schemathesis")
    if path is None:
        return Report("schemathesis", unknown="it is not installed")
    token = running.shell(MACHINE)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [path, "run", f"{running.url}/api/v1/openapi.json", f"--base-url={running.url}"]
        command += [
            "--header",
            f"Authorization: Bearer {token}",
            "--checks=all",
            "--experimental=openapi-3.1",
        ]
        command += [
            "--data-generation-method=all",
            f"--hypothesis-max-examples={EXAMPLES}",
            "--hypothesis-seed=1",
        ]
        command += ["--hypothesis-database=none", "--hypothesis-suppress-health-check=all", "--no-color"]
        command += ["--experimental-no-failfast"]
        command += ["--contrib-openapi-formats-uuid", f"--junit-xml={report}"]
        done = run(command, SCHEMATHESIS_HOOKS="tests.scanners.hooks", PYTHONPATH=str(ROOT))
        if not report.exists() or done.returncode not in (0, 1):
            return Report("schemathesis", unknown=(done.stdout + done.stderr).strip()[-300:])
        cases = list(tree.parse(report).iter("testcase"))
    found = []
    for case in cases:
        for problem in (*case.iter("failure"), *case.iter("error")):
            text = problem.get("message") or problem.text or ""
            for what in TITLE.findall(text) or [_short(text)[:80]]:
                found.append(Finding("schemathesis", what, case.get("name", ""), _short(text)))
    return Report("schemathesis", found, looked_at=f"{len(cases)} operations")


def errors_told(running: Running, scanner: str, since: int) -> list[Finding]:
    """Answers of 500 and above that the program told in its log after so many characters, by page: wrong whoever asked."""
    lines = running.log.read_text(errors="replace")[since:].splitlines()
    told = [re.search(r"route=(\S+) method=(\S+) status=(5\d\d)", line) for line in lines]
    return [Finding(scanner, f"Answered {m[3]}", m[1], m[2]) for m in told if m is not None]


def _short(text: str) -> str:
    """Its beginning, and its end, where the request stands that shows it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 600 else f"{flat[:200]} ... {flat[-400:]}"


def wapiti(running: Running) -> Report:
    """The pages as a stranger, a colleague and a patient find them, forms sent and all."""
    path = program("wapiti")
    if path is None:
        return Report("wapiti", unknown="it is not installed")
    desk = running.shell(COLLEAGUE, email="sam@harbor.example")
    portal = running.shell(PATIENT)
    areas = (("stranger", "/", {}), ("colleague", "/admin/today/", desk), ("patient", "/portal/", portal))
    found, seen, unknown = [], [], ""
    for name, start, cookies in areas:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            command = [path, "-u", f"{running.url}{start}", "--scope", "domain", "-m", MODULES]
            command += ["-d", "4", "--max-links-per-page", "40", "--max-files-per-dir", "12", "-S", "polite"]
            command += ["--max-scan-time", str(CRAWL_SECONDS), "--max-attack-time", str(MODULE_SECONDS)]
            command += ["-f", "json", "-o", str(report), "--no-bugreport", "--flush-session", "-t", "20"]
            command += ["--store-session", folder, "--store-config", folder]
            for door in ("/accounts/logout/", "/portal/sign-out/", "/static/"):
                command += ["-x", f"{running.url}{door}*"]
            if cookies:
                command += ["-C", "; ".join(f"{key}={value}" for key, value in cookies.items())]
            done = run(command, seconds=1800)
            if not report.exists():
                unknown = f"as {name}: {(done.stdout + done.stderr).strip()[-200:]}"
                continue
            told = json.loads(report.read_text())
            seen.append(f"{told['infos'].get('crawled_pages_nbr', '?')} pages as {name}")
            for kind in ("vulnerabilities", "anomalies"):
                for what, rows in told[kind].items():
                    found += [
                        Finding("wapiti", what, _place(row["path"]), _short(row["info"])) for row in rows
                    ]
    return Report("wapiti", found, unknown=unknown, looked_at=", ".join(seen))


def _place(path: str) -> str:
    """An address without what is different in each run."""
    return UUID.sub("<id>", urlsplit(unquote(path)).path)
