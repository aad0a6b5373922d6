"""What a page may be asked beside its address: the names in its own search forms, and in the queries of its own links."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit


class _Names(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.found, self.inside = path, set(), False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.inside = given.get("method", "get").lower() == "get"
        elif tag in ("input", "select") and self.inside and given.get("name"):
            self.found.add(given["name"])
        elif tag == "a":
            there = urlsplit(given.get("href", ""))
            if there.path in ("", self.path):
                self.found |= set(parse_qs(there.query, keep_blank_values=True))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def names_on(html: str, path: str) -> set[str]:
    """The parameters that a page at this path shows it knows."""
    parser = _Names(path)
    parser.feed(html)
    return parser.found
