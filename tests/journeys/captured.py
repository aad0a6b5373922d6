"""What an installation let out while people worked with it, and a search of that for who its patients are.

Mails and text messages (whoever they are for apart), log, addresses, titles of pages, pages of errors, words of the console and
figures of operation: none of them says a name, a member id, a birth date, a telephone or an address of a patient.
"""

from __future__ import annotations

import re
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from tests.journeys.serving import METRICS_TOKEN, Running

MARK = "[captured] "
TELLS = """
addEventListener('DOMContentLoaded', () => {
  const mark = '[captured] ';
  console.debug(mark + 'title ' + document.title);
  const [arrival] = performance.getEntriesByType('navigation');
  const status = arrival ? arrival.responseStatus : 200;
  if (![200, 409, 422].includes(status)) console.debug(mark + 'error ' + document.body.innerText);
});
"""
"""Runs in each page of a journey. A refused form shows what was typed into it; every other page that is no answer is searched."""
WORDS = """
from advocacy.tenancy.models import Organization
from advocacy.tenancy.sealing import keystore
from tests.identifiers import identifiers_of, names_of
found = set()
for organization in Organization.objects.all():
    if not keystore().is_destroyed(organization.pk):
        found |= identifiers_of(organization) | names_of(organization)
result = sorted(found)
"""


def listen(running: Running, context: Any) -> None:
    """Keep what the pages of this browser tell: addresses asked for, titles, pages of errors, the console."""
    kept: defaultdict[str, set[str]] = running.captured
    context.add_init_script(TELLS)
    context.on("request", lambda request: kept["address"].add(unquote_plus(str(request.url))))

    def said(message: Any) -> None:
        words = str(message.text)
        kind, _, rest = (
            words.removeprefix(MARK).partition(" ") if words.startswith(MARK) else ("console", "", words)
        )
        kept[kind].add(rest)

    context.on("console", said)


def messages_in(path: Path) -> list[EmailMessage]:
    """What Django's file backend wrote into one file, parted at its rulers."""
    parts = path.read_bytes().split(b"-" * 79)
    return [message_from_bytes(p.strip(), policy=mail_policy) for p in parts if p.strip()]  # type: ignore[misc]


def let_out(running: Running) -> Iterator[tuple[str, str]]:
    """Where something came out, and the text of it."""
    for path in sorted(running.mails.glob("*")):
        for message in messages_in(path):
            yield "mail", str(message.get_content())
            yield from (("mail", f"{k}: {v}") for k, v in message.items() if k not in {"To", "Reply-To"})
    for path in sorted((running.log.parent / "texts").glob("*")):
        yield "text message", path.name
        yield "text message", path.read_text().partition("\n\n")[2]
    yield "log", running.log.read_text(errors="replace")
    asked = urllib.request.Request(
        f"{running.url}/health/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        yield "figures of operation", answer.read().decode()
    for kind, texts in running.captured.items():
        yield from ((kind, text) for text in sorted(texts))


def words_of(running: Running) -> list[str]:
    """What identifies the patients of every organization now, those of the journeys among them."""
    words: list[str] = running.shell(WORDS)
    assert len(words) > 500
    return words


def leaks(words: Iterable[str], texts: Iterable[tuple[str, str]]) -> list[str]:
    """Each word that stands somewhere, with the place and what is around it. Words stand alone: no part of a longer one."""
    found = []
    wanted = {" ".join(word.lower().split()) for word in words}
    first = defaultdict(list)
    for word in wanted:
        first[word[:4]].append(word)
    for kind, text in texts:
        flat = " ".join(text.lower().split())
        for at in (match.start() for match in re.finditer(r"(?<![^\W_])(?=[^\W_]|[(+])", flat)):
            for word in first.get(flat[at : at + 4], ()):
                if flat.startswith(word, at) and not flat[at + len(word) : at + len(word) + 1].isalnum():
                    found.append(f"{kind}: {word!r} in {flat[max(at - 40, 0) : at + len(word) + 40]!r}")
    return sorted(set(found))
