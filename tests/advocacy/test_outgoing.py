"""Calls that leave this host: where they must not lead, and what they must not take."""

from __future__ import annotations

import ast
import json
import socket
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings as ours

from advocacy import outgoing
from advocacy.outgoing import CallFailed, CallRefused, call, is_public, place_of
from tests.oidc.serving import hostile

NETWORK = {"aiohttp", "ftplib", "httpx", "requests", "smtplib", "socket", "urllib3", "websockets", "xmlrpc"}
NETWORK_PARTS = {"urllib.request", "http.client"}
# Who opens connections of its own, each with the reason. Everything else that calls somebody does it by advocacy.outgoing.
CALLS = {
    "advocacy/outgoing.py": "the one way out",
    "advocacy/serving.py": "the demonstration asks its own servers on loopback",
    "deploy/healthcheck.py": "a container asks itself on loopback",
}


@pytest.fixture(scope="module")
def server():
    with hostile() as issuer:
        yield issuer


@pytest.fixture
def loopback(settings):
    settings.OUTGOING_LOOPBACK = True


INSIDE = """
10.0.0.1 172.16.4.4 192.168.1.1 127.0.0.1 127.8.8.8 169.254.169.254 100.64.0.1 100.100.100.200 0.0.0.0 192.0.0.8 198.18.0.1
203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1
::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::a00:1 2002:a00:1:: 2001:db8::1 2001::1 ::10.0.0.1 nothing
"""


@pytest.mark.parametrize("number", INSIDE.split())
def test_addresses_inside_a_network_are_refused(number):
    assert not is_public(number)


@pytest.mark.parametrize("number", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_ones_are_not(number):
    assert is_public(number)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://provider.example/", "not_https"),
        ("http://127.0.0.1/", "not_https"),
        ("ftp://provider.example/", "address"),
        ("file:///etc/passwd", "address"),
        ("https://", "address"),
        ("https://user:word@provider.example/", "address"),
        ("https://provider.example/#part", "address"),
        ("https://provider.example/a b", "address"),
        ("https://provider.example/\r\nX: 1", "address"),
        ("https://provider.example:99999/", "address"),
        ("https://pro_vider.example/", "address"),
        ("https://", "address"),
    ],
)
def test_what_is_no_plain_https_address_is_refused(url, code):
    with pytest.raises(CallRefused) as refused:
        place_of(url)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://localhost/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_no_spelling_leads_inside(url):
    with pytest.raises((CallRefused, CallFailed)) as refused:
        call("GET", url)
    assert refused.value.code in {"not_public", "unknown_name"}


def answers_of_names(monkeypatch, *rounds):
    """What a name stands for, one list a time it is asked; the last one again and again."""
    asked = []

    def lookup(host, port, **_more):
        asked.append(host)
        numbers = rounds[min(len(asked), len(rounds)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in numbers]

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lookup)
    return asked


def test_one_address_inside_refuses_all_of_a_name(monkeypatch):
    answers_of_names(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(CallRefused):
        call("GET", "https://provider.example/")


def test_the_address_that_was_looked_at_is_the_one_that_is_called(monkeypatch):
    """A name that changes between the look and the call: the second answer is never asked for."""
    asked = answers_of_names(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    reached = []

    def connect(address, **_more):
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing.socket, "create_connection", connect)
    with pytest.raises(CallFailed):
        call("GET", "https://provider.example/")
    assert (asked, reached) == (["provider.example"], [("93.184.215.14", 443)])


def test_an_answer_is_taken(server, loopback):
    answer = call("GET", f"{server}/.well-known/openid-configuration")
    assert (answer.status, answer.json()["issuer"]) == (200, server)


def test_a_redirect_is_an_answer_and_not_followed(server, loopback):
    assert call("GET", f"{server}/elsewhere").status == 302


def test_what_is_too_long_is_not_read_to_its_end(server, loopback):
    with pytest.raises(CallFailed) as failed:
        call("GET", f"{server}/long")
    assert failed.value.code == "long"


def test_what_drips_is_cut_at_the_deadline(server, loopback, monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.4)
    began = time.monotonic()
    with pytest.raises(CallFailed) as failed:
        call("GET", f"{server}/slow")
    assert (failed.value.code, time.monotonic() - began < 3) == ("late", True)  # of more than four
    timers = [t for t in threading.enumerate() if isinstance(t, threading.Timer)]
    for timer in timers:  # one that has just done its work, or was called off, needs a moment to end
        timer.join(1)
    assert [t for t in timers if t.is_alive()] == []


def test_no_proxy_of_the_surroundings_is_asked(server, loopback, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert call("GET", f"{server}/.well-known/openid-configuration").status == 200


def test_what_is_no_object_is_no_answer():
    for body in (b"[1]", b"nothing", b"", json.dumps("x").encode()):
        with pytest.raises(CallFailed):
            outgoing.Answer(200, body).json()


def test_nothing_else_opens_connections():
    found = set()
    for room in ("advocacy", "cases", "appeals", "deploy"):
        for path in (Path(ours.BASE_DIR) / room).rglob("*.py"):
            text, named = path.read_text(), set()
            if not any(name in text for name in (*NETWORK, "urllib", "http")):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    named |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    named |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
            if any(name.split(".")[0] in NETWORK or name in NETWORK_PARTS for name in named):
                found.add(str(path.relative_to(ours.BASE_DIR)))
    tried = {
        path for path in found if path.startswith("deploy/check/")
    }  # make deploy-check, against its own servers
    assert found - tried == set(CALLS)
