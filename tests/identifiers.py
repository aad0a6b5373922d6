"""What identifies the patients of an organization, in every way in which it is written, and a search for all of it at once."""

from __future__ import annotations

import bisect
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import transaction

from advocacy.people.models import Contact, Patient, PortalAccess
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import normalized
from cases.models import Coverage, Payer, PayerChannel, Provider

SHORTEST = 6
"""What is shorter stands in any text by chance."""
HEX = re.compile(rb"\\+x[0-9a-f]*")
"""Bytes as PostgreSQL writes them: ten digits in a row stand in ciphertext by chance, their own code does not."""


def identifiers_of(organization: Organization) -> set[str]:
    """Member ids, birth dates, telephones and addresses of its patients and of who helps them, in small letters.

    There are a hundred invented telephones in each area: one that a business has too is none of these.
    """
    found: set[str] = set()
    with transaction.atomic(), scoped_to(organization.pk, actor="system:test"):
        businesses = numbers_of_businesses()
        for patient in Patient.objects.all():
            born = patient.birth_date
            found |= {f"{born}", f"{born:%m/%d/%Y}", f"{born.month}/{born.day}/{born.year}"}
        for coverage in Coverage.objects.all():
            found |= {coverage.member_id, normalized(coverage.member_id)}
        for contact in Contact.objects.exclude(kind=Contact.Kind.POST):
            found.add(contact.value)
            if "@" not in contact.value:
                digits = re.sub(r"\D", "", contact.value)
                if digits[-10:] in businesses:
                    found.discard(contact.value)
                    continue
                found |= {digits, digits[-10:], f"1{digits[-10:]}"}
        found |= {access.sign_in_address for access in PortalAccess.objects.all()}
    return {one.lower() for one in found if len(one) >= SHORTEST}


def numbers_of_businesses() -> set[str]:
    """The last ten digits of every telephone and fax that belongs to no patient: readable, as they should be."""
    values = [number for o in Organization.objects.all() for number in (o.phone, o.fax)]
    for model, columns in (
        (Payer, ("phone", "fax")),
        (Provider, ("phone", "fax")),
        (PayerChannel, ("address",)),
    ):
        values += [value for row in model.objects.values_list(*columns) for value in row]
    digits = [re.sub(r"\D", "", value) for value in values]
    return {number[-10:] for number in digits if len(number) >= 10}


def names_of(organization: Organization) -> set[str]:
    """First and last name of its patients, in both orders, in small letters."""
    with transaction.atomic(), scoped_to(organization.pk, actor="system:test"):
        people = [(p.given_name, p.family_name) for p in Patient.objects.all()]
    both = {f"{given} {family}" for given, family in people} | {f"{f}, {g}" for g, f in people}
    return {name.lower() for name in both}


class Search:
    """Looks for many words in one pass of text that comes in pieces, each of a section, by the fastest program there is.

    `add` takes the pieces; `found` ends it and tells section -> the words that stood in it.
    """

    def __init__(self, words: Iterable[str]) -> None:
        program = shutil.which("grep")
        assert program is not None, "grep is missing"
        self._folder = tempfile.TemporaryDirectory()
        plain = {word.encode() for word in words}
        self._streams = [
            _Stream(program, Path(self._folder.name) / "plain", plain),
            _Stream(program, Path(self._folder.name) / "bytes", {word.hex().encode() for word in plain}),
        ]

    def add(self, section: str, line: bytes) -> None:
        line = line.lower()
        codes = HEX.findall(line)
        self._streams[0].write(section, HEX.sub(b"", line) if codes else line)
        for code in codes:
            self._streams[1].write(section, code + b"\n")

    def found(self) -> dict[str, set[str]]:
        told: dict[str, set[str]] = {}
        with self._folder:
            for stream in self._streams:
                for section, word in stream.hits():
                    told.setdefault(section, set()).add(word)
        return told


class _Stream:
    """One process that is given text and words; what it finds is put to the section in which it stands."""

    def __init__(self, program: str, path: Path, words: set[bytes]) -> None:
        path.with_suffix(".words").write_bytes(b"\n".join(sorted(words)) + b"\n")
        self.path, self.written = path, 0
        self.starts: list[int] = []
        self.sections: list[str] = []
        with path.open("wb") as hits:
            self.process = subprocess.Popen(
                [program, "-a", "-F", "-o", "-b", "-f", str(path.with_suffix(".words"))],
                stdin=subprocess.PIPE,
                stdout=hits,
                env={"LC_ALL": "C"},
            )

    def write(self, section: str, text: bytes) -> None:
        if not self.sections or self.sections[-1] != section:
            self.starts.append(self.written)
            self.sections.append(section)
        text = text if text.endswith(b"\n") else text + b"\n"
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.written += len(text)

    def hits(self) -> Iterator[tuple[str, str]]:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait() in (0, 1)
        with self.path.open("rb") as hits:
            for line in hits:
                offset, _, word = line.rstrip(b"\n").partition(b":")
                yield self.sections[bisect.bisect(self.starts, int(offset)) - 1], word.decode()
