"""OpenID providers in processes of their own, on loopback, and somebody's way through them as a browser goes it."""

from __future__ import annotations

import html
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.test import Client
from django.urls import reverse


@contextmanager
def hostile() -> Iterator[str]:
    """The issuer of a provider that does as it is told."""
    command = [sys.executable, "-m", "tests.oidc.hostile"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(5)


@contextmanager
def real() -> Iterator[str]:
    """The issuer of oidc-provider-mock, an OpenID provider made by others."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        issuer = f"http://localhost:{port}"
        until = time.monotonic() + 30
        while True:
            try:
                send("GET", f"{issuer}/.well-known/openid-configuration")
                break
            except OSError:
                assert time.monotonic() < until and process.poll() is None
                time.sleep(0.05)
        yield issuer
    finally:
        process.terminate()
        process.wait(5)


def send(method: str, url: str, body: Any = None, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, Location and text. A body is sent as JSON, a form as a form."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    kind = "application/json" if form is None else "application/x-www-form-urlencoded"
    data = (json.dumps(body) if form is None else urlencode(form)) if body is not None or form else None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, path, data, {"Content-Type": kind} if data else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers.get("Location", ""), text


def way_out(browser: Client, email: str, *, then: str = "", **more: str) -> str:
    """The address that the page after the e-mail leads to; `then` is where somebody wanted to go."""
    start = f"{reverse('sso')}?{urlencode({'next': then})}" if then else reverse("sso")
    answer = browser.post(start, {"email": email} | more)
    found = re.search(r'<a class="button" href="(http[^"]+)"', answer.content.decode())
    assert found is not None, (answer.status_code, answer.content.decode())
    return html.unescape(found[1])


def inside(location: str) -> str:
    """What of our own address a provider sent the browser back to."""
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}"
