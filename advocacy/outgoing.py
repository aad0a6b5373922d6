"""The one way out over HTTPS: sign-in providers and senders of text messages are called through here, and nothing else calls.

Addresses are entered by people (an organization's admin, whoever runs the installation), so each call is held against what a
server must not be led to: a name is resolved once, every address it stands for must be a public one, and the connection goes
to the address that was looked at. No redirect is followed, no proxy is asked, and an answer is short and comes soon.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

SECONDS: Final = 5.0
LONGEST: Final = 1024 * 1024
ADDRESS = re.compile(r"[!-~]{1,2000}", re.ASCII)
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
METADATA: Final = frozenset({"168.63.129.16"})
"""Public by its number, and answered by the host of a virtual machine."""
UNICAST: Final = ipaddress.ip_network("2000::/3")
NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(net)
    for net in ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "2001::/23", "3fff::/20")
)
"""Of protocols, of documentation, and IPv6 addresses that carry an IPv4 address inside, which are translated on their way: what
Python's own table, which differs from version to version, may take for public.
"""
IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class CallRefused(Exception):
    """The address is none that may be called. `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class CallFailed(Exception):
    """Nobody answered, or not in time, or not within what is read, or not in the promised form."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The object in the body. Raises CallFailed for anything else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            raise CallFailed("no_json") from None
        if not isinstance(found, dict):
            raise CallFailed("no_json")
        return found


@dataclass(frozen=True)
class Place:
    """Where an address leads, taken apart and looked at; nothing was resolved yet."""

    secure: bool
    host: str
    port: int
    path: str


def place_of(url: str) -> Place:
    """Raises CallRefused for what is no plain https address. http is taken on loopback, where tests run their servers."""
    if not ADDRESS.fullmatch(url):
        raise CallRefused("address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise CallRefused("address") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"https", "http"} or not host or parts.fragment or "@" in parts.netloc:
        raise CallRefused("address")
    if parts.scheme == "http" and not (settings.OUTGOING_LOOPBACK and host in {"127.0.0.1", "localhost"}):
        raise CallRefused("not_https")
    if _number(host) is None and not all(LABEL.fullmatch(label) for label in host.split(".")):
        raise CallRefused("address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), path)


def call(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    by: float | None = None,
) -> Answer:
    """One call. `by` is a moment of time.monotonic() that it ends at, at the latest five seconds from now.

    Raises CallRefused when the address may not be called, CallFailed when no answer came of it.
    """
    deadline = min(by or float("inf"), time.monotonic() + SECONDS)
    place = place_of(url)
    pinned = resolved(place)
    connection = _Pinned(place, pinned, deadline)
    try:
        connection.request(method, place.path, body=body or None, headers=_headers(place, headers))
        answer = connection.getresponse()
        return Answer(answer.status, _read(answer, deadline))
    except (OSError, http.client.HTTPException, ValueError) as problem:
        late = isinstance(problem, TimeoutError) or time.monotonic() >= deadline
        raise CallFailed("late" if late else "no_answer") from problem
    finally:
        connection.close()


def resolved(place: Place) -> str:
    """The address to connect to. Every address of the name is looked at, and one that is not public refuses all of them."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CallFailed("unknown_name") from None
    numbers = [str(entry[4][0]) for entry in found]
    if not numbers or not all(is_public(number) for number in numbers):
        raise CallRefused("not_public")
    return numbers[0]


def is_public(number: str) -> bool:
    """Whether anybody on the internet could be asked at this address. Loopback counts where tests say so, nowhere else."""
    address = _number(number.partition("%")[0])
    if address is None or number in METADATA:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(str(address.ipv4_mapped))
    if address.is_loopback:
        return bool(settings.OUTGOING_LOOPBACK)
    if isinstance(address, ipaddress.IPv6Address) and address not in UNICAST:
        return False
    if any(address.version == net.version and address in net for net in NOT_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _number(host: str) -> IP | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _headers(place: Place, more: Mapping[str, str] | None) -> dict[str, str]:
    usual = 443 if place.secure else 80
    host = f"[{place.host}]" if ":" in place.host else place.host
    told = {
        "Host": host if place.port == usual else f"{host}:{place.port}",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "Recourse",
        "Connection": "close",
    }
    return told | dict(more or {})


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at, whose certificate is that of the name. At the deadline it is cut,
    however slowly the other side drips.
    """

    def __init__(self, place: Place, address: str, deadline: float) -> None:
        super().__init__(place.host, place.port)
        self.place, self.address, self.deadline = place, address, deadline
        self.cut: threading.Timer | None = None
        self.watched: socket.socket | None = None

    def connect(self) -> None:
        sock = socket.create_connection((self.address, self.port), timeout=_left(self.deadline))
        self.watched = sock.dup()
        self.cut = threading.Timer(_left(self.deadline), _shut, [self.watched])
        self.cut.daemon = True
        self.cut.start()
        sock.settimeout(_left(self.deadline))
        if self.place.secure:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            sock = context.wrap_socket(sock, server_hostname=self.place.host)
        self.sock = sock

    def close(self) -> None:
        super().close()
        if self.cut is not None:
            self.cut.cancel()
        if self.watched is not None:
            self.watched.close()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    body = answer.read(LONGEST + 1)
    _left(deadline)
    if len(body) > LONGEST:
        raise CallFailed("long")
    return body
