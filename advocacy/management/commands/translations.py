"""Bring the Spanish of the portal up to date: collect its strings, keep what is translated, compile. No gettext needed.

Collected are the portal's templates and mails, and every string marked with gettext in our Python: nothing else is marked
for translation, since the desk speaks English only.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
PO = ROOT / "advocacy" / "locale" / "es" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
TEMPLATES = (
    "templates/portal/**/*.html",
    "templates/notices/portal_*.txt",
    "templates/components/session.html",
)
APPS = ("advocacy", "cases", "appeals")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "mark": None,  # gettext_noop, in tables of sentences
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
_CALL = re.compile(
    r"""\b(_|n?gettext)\(\s*u?((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))(?:\s*,\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))?"""
)

Found = tuple[str | tuple[str, ...], str | None]


def strings() -> Iterator[Found]:
    """Every string to be translated (a pair for a plural), with its context or None."""
    for pattern in TEMPLATES:
        for path in sorted(ROOT.glob(pattern)):
            for call in _CALL.finditer(templatize(path.read_text(), origin=str(path))):
                one = ast.literal_eval(call[2])
                many = ast.literal_eval(call[3]) if call[3] and call[1] == "ngettext" else None
                yield ((one, many) if many else one), None
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "gettext" not in (text := path.read_text()):
                continue
            for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), KEYWORDS):
                yield message, context


def stored() -> Catalog:
    """The committed Spanish, or an empty catalog."""
    if not PO.exists():
        return Catalog(locale="es", project="Recourse", fuzzy=False)
    with PO.open("rb") as file:
        return read_po(file, locale="es")


def collected(kept: Catalog) -> Catalog:
    """What the program says today, with the translations of `kept` where it has one."""
    catalog = Catalog(
        locale="es",
        project="Recourse",
        fuzzy=False,
        header_comment="# Spanish of the portal. Not reviewed by a person yet: every Spanish page says so.",
        creation_date=kept.creation_date,
        revision_date=kept.creation_date,
    )
    for message, context in strings():
        old = kept.get(message[0] if isinstance(message, tuple) else message, context)
        catalog.add(message, old.string if old is not None else None, context=context)
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    """Strings without a Spanish text, or with one that is only guessed."""
    return [str(m.id) for m in catalog if m.id and (m.fuzzy or not _complete(m))]


def _complete(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def compiled(catalog: Catalog) -> bytes:
    """The .mo of a catalog, the same bytes for the same words."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Collect the portal's strings into the Spanish catalog and compile it; --check fails on one that is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Compare only; exit 1 when something is to be done."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kept = stored()
        catalog = collected(kept)
        missing = untranslated(catalog)
        if not options["check"]:
            PO.parent.mkdir(parents=True, exist_ok=True)
            with PO.open("wb") as file:
                write_po(file, catalog, no_location=True, sort_output=True, width=110, ignore_obsolete=True)
            MO.write_bytes(compiled(stored()))
            self.stdout.write(f"{len(catalog)} strings, {len(missing)} without Spanish.")
        elif missing or {m.id for m in catalog} != {m.id for m in kept} or MO.read_bytes() != compiled(kept):
            raise CommandError("The Spanish catalog is not up to date. Run: make translations")
        for text in missing:
            self.stdout.write(f"  no Spanish yet: {text}")
