"""A browser without a window: cookies, links, forms and labels over plain HTTP, as far as a page without script needs it."""

from __future__ import annotations

import http.client
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
FIELDS = {"input", "select", "textarea"}
BUTTONS = {"submit", "button", "image", "reset"}


class Unexpected(Exception):
    """The page is not what somebody who works here would see; the message says what was looked for."""


@dataclass(eq=False)
class Node:
    tag: str
    attributes: dict[str, str]
    parent: Node | None
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    @property
    def text(self) -> str:
        parts = [c if isinstance(c, str) else c.text for c in self.children if not _is_code(c)]
        return re.sub(r"\s+", " ", "".join(parts)).strip()

    @property
    def name(self) -> str:
        """What it is called aloud: its label, else its words."""
        return self.attributes.get("aria-label") or self.text or self.attributes.get("value", "")

    def up(self, *tags: str) -> Node | None:
        node = self.parent
        while node is not None and node.tag not in tags:
            node = node.parent
        return node


def _is_code(child: Node | str) -> bool:
    return isinstance(child, Node) and child.tag in {"script", "style", "template"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {k: v or "" for k, v in attrs}, self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self.at
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None and node.parent is not None:
            self.at = node.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


class Browser:
    """Somebody at a browser of their own. Addresses are paths; `host` is what the proxy would have passed on."""

    def __init__(self, port: int, host: str) -> None:
        self.port, self.host = port, host
        self.cookies: dict[str, str] = {}
        self.here, self.status, self.body = "/", 0, b""
        self.headers: dict[str, str] = {}
        self.page = Node("", {}, None)

    # --- going ---

    def go(self, path: str) -> int:
        """Open an address and follow where it leads; returns the status."""
        return self._ask("GET", path, None, "")

    def _ask(self, method: str, path: str, body: bytes | None, kind: str) -> int:
        referer = self.here
        for _ in range(8):
            where = urlsplit(urljoin(f"https://{self.host}{self.here}", path))
            if where.netloc != self.host:
                raise Unexpected(f"A link leads out of the installation: {where.netloc}")
            target = where.path + (f"?{where.query}" if where.query else "")
            headers = {"Host": self.host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
            headers |= {"Referer": f"https://{self.host}{referer}", "Origin": f"https://{self.host}"}
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
            if kind:
                headers["Content-Type"] = kind
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request(method, target, body=body, headers=headers)
                answer = connection.getresponse()
                self.status, self.body = answer.status, answer.read()
                self.headers = {k.lower(): v for k, v in answer.getheaders()}
                for name, value in answer.getheaders():
                    if name.lower() == "set-cookie":
                        self._keep(value)
            finally:
                connection.close()
            self.here = target
            if self.status not in (301, 302, 303, 307, 308):
                break
            method, path, body, kind = "GET", self.headers["location"], None, ""
        reader = _Reader()
        if self.headers.get("content-type", "").startswith("text/html"):
            reader.feed(self.body.decode())
        self.page = reader.root
        return self.status

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if not value.strip('"'):
            self.cookies.pop(name, None)
        elif "secure" not in cookie.lower():
            raise Unexpected("A cookie is not marked Secure.")
        elif "path=/;" in cookie.lower().replace(" ", "") + ";" and not name.startswith("__Host-"):
            raise Unexpected(f"The cookie {name} of the whole site is not bound to its host.")
        else:
            self.cookies[name] = value

    # --- looking ---

    @property
    def main(self) -> Node:
        return next((n for n in self.page.walk() if n.tag == "main"), self.page)

    @property
    def text(self) -> str:
        return self.main.text

    @property
    def heading(self) -> str:
        return next((n.text for n in self.page.walk() if n.tag == "h1"), "")

    def complaint(self, wanted: str) -> Unexpected:
        return Unexpected(
            f"{wanted}: not on {self.here.partition('?')[0]} ({self.status}): {self.text[:1500]}"
        )

    def links(self, words: str, within: Node | None = None) -> list[Node]:
        place = within or self.page
        return [
            n for n in place.walk() if n.tag == "a" and n.name.startswith(words) and "href" in n.attributes
        ]

    def follow(self, words: str) -> None:
        """The first link whose words begin so, in the page itself before its frame."""
        found = self.links(words, self.main) or self.links(words)
        if not found:
            raise self.complaint(f"the link {words!r}")
        self.go(found[0].attributes["href"])

    def region(self, words: str) -> Node:
        """The part of the page whose name begins so."""
        ids = {n.attributes["id"]: n for n in self.page.walk() if n.attributes.get("id")}
        for node in self.main.walk():
            named = " ".join(
                ids[i].text for i in node.attributes.get("aria-labelledby", "").split() if i in ids
            )
            if (named or node.attributes.get("aria-label", "")).startswith(words) and node.tag != "a":
                return node
        raise self.complaint(f"the part {words!r}")

    def field(self, words: str, within: Node | None = None) -> Node:
        """The field whose label begins with these words."""
        ids = {n.attributes["id"]: n for n in self.page.walk() if n.attributes.get("id")}
        for node in (within or self.main).walk():
            if node.tag == "label" and node.text.startswith(words):
                inside = [n for n in node.walk() if n.tag in FIELDS]
                found = ids.get(node.attributes.get("for", "")) or (inside[0] if inside else None)
                if found is not None:
                    return found
            if node.tag in FIELDS and node.attributes.get("aria-label", "").startswith(words):
                return node
        raise self.complaint(f"the field {words!r}")

    # --- filling ---

    def type(self, words: str, value: Any, within: Node | None = None) -> None:
        if isinstance(value, datetime):
            value = value.strftime("%Y-%m-%dT%H:%M")
        elif isinstance(value, date):
            value = value.isoformat()
        self.field(words, within).attributes["value"] = str(value)

    def fill(self, **typed: Any) -> None:
        """By labels, an underscore being a space."""
        for label, value in typed.items():
            self.type(label.replace("_", " "), value)

    def choose(self, words: str, option: str, within: Node | None = None) -> None:
        """An option of a list, by its words or their beginning."""
        options = [n for n in self.field(words, within).walk() if n.tag == "option"]
        exact = [n for n in options if n.text == option] or [n for n in options if n.text.startswith(option)]
        if not exact:
            raise Unexpected(f"{words}: {option!r} is not among {[n.text for n in options]}")
        for node in options:
            node.attributes.pop("selected", None)
        exact[0].attributes["selected"] = ""

    def tick(self, words: str, within: Node | None = None) -> None:
        self.field(words, within).attributes["checked"] = ""

    def attach(self, words: str, filename: str, data: bytes, kind: str) -> None:
        self.field(words).children = [Node("file", {"name": filename, "type": kind}, None, [data.hex()])]

    def press(self, words: str, *, refused: bool = False, within: Node | None = None) -> None:
        """A button whose words begin so. Unless a refusal is expected, the page that follows complains of nothing."""
        button = next(
            (n for n in (within or self.main).walk() if _is_button(n) and n.name.startswith(words)),
            None,
        )
        if button is None:
            raise self.complaint(f"the button {words!r}")
        form = self._form_of(button)
        if form is None:
            raise self.complaint(f"a form around the button {words!r}")
        values = list(self._values(form))
        if button.attributes.get("name"):
            values.append((button.attributes["name"], button.attributes.get("value", "")))
        action = button.attributes.get("formaction") or form.attributes.get("action") or self.here
        if form.attributes.get("method", "get").lower() == "get":
            self.go(f"{action.partition('?')[0]}?{urlencode([(k, str(v)) for k, v in values])}")
        elif form.attributes.get("enctype") == "multipart/form-data":
            body, kind = _multipart(values)
            self._ask("POST", action, body, kind)
        else:
            texts = [(k, v) for k, v in values if isinstance(v, str)]
            self._ask("POST", action, urlencode(texts).encode(), "application/x-www-form-urlencoded")
        summary = next((n for n in self.page.walk() if "data-error-summary" in n.attributes), None)
        if not refused and (summary is not None or self.status >= 400):
            raise Unexpected(
                f"{words!r} was refused ({self.status}): {summary.text if summary else self.text[:800]}"
            )

    def _form_of(self, control: Node) -> Node | None:
        named = control.attributes.get("form")
        if named:
            return next(
                (n for n in self.page.walk() if n.tag == "form" and n.attributes.get("id") == named), None
            )
        return control.up("form")

    def _values(self, form: Node) -> Iterator[tuple[str, str | Node]]:
        for node in self.page.walk():
            name = node.attributes.get("name")
            if (
                node.tag not in FIELDS
                or not name
                or "disabled" in node.attributes
                or self._form_of(node) is not form
            ):
                continue
            kind = node.attributes.get("type", "text")
            if node.tag == "select":
                yield from ((name, v) for v in _chosen(node))
            elif node.tag == "textarea":
                yield (
                    name,
                    node.attributes.get(
                        "value", "".join(c for c in node.children if isinstance(c, str)).lstrip("\n")
                    ),
                )
            elif kind == "file":
                yield from ((name, c) for c in node.children if isinstance(c, Node))
            elif kind in {"checkbox", "radio"}:
                if "checked" in node.attributes:
                    yield name, node.attributes.get("value", "on")
            elif kind not in BUTTONS:
                yield name, node.attributes.get("value", "")


def _is_button(node: Node) -> bool:
    return node.tag == "button" or (node.tag == "input" and node.attributes.get("type") in BUTTONS)


def _chosen(select: Node) -> list[str]:
    options = [n for n in select.walk() if n.tag == "option"]
    chosen = [n for n in options if "selected" in n.attributes]
    if not chosen and "multiple" not in select.attributes:
        chosen = options[:1]
    return [n.attributes.get("value", n.text) for n in chosen]


def _multipart(values: list[tuple[str, str | Node]]) -> tuple[bytes, str]:
    rule = secrets.token_hex(16)
    parts = []
    for name, value in values:
        head = f'--{rule}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, Node):
            head += f'; filename="{value.attributes["name"]}"\r\nContent-Type: {value.attributes["type"]}'
            data = bytes.fromhex(str(value.children[0]))
        else:
            data = value.encode()
        parts.append(head.encode() + b"\r\n\r\n" + data + b"\r\n")
    return b"".join(parts) + f"--{rule}--\r\n".encode(), f"multipart/form-data; boundary={rule}"
