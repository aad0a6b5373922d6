"""Organizations, their members, look-ups and the few stored files everybody's documents point to."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections import defaultdict
from dataclasses import dataclass

from benchmarks.casework import LETTER, PACKET, PROVIDERS, TEAMS
from benchmarks.lines import PAYERS, Lines
from benchmarks.plan import THIRD, Organization
from benchmarks.rows import NULL, Calendar, Table, uid
from benchmarks.tables import Tables
from benchmarks.words import PAYERS as PAYER_NAMES
from cases.commands.documents import document_vault

MEMBERS = (
    ("supervisor", "Sam Supervisor"),
    ("intake", "Ines Intake"),
    ("clinician", "Clara Clinician"),
    ("analyst", "Anna Analyst"),
    ("privacy_officer", "Petra Privacy"),
    ("organization_admin", "Olga Admin"),
)
SINCE = -1_300
MEGABYTE = 1024 * 1024


def pdf(size: int) -> bytes:
    """A file that is a PDF by its first and last bytes and has exactly so many of them."""
    head, tail = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%", b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    filler = hashlib.shake_256(b"a page").digest(size - len(head) - len(tail))
    return head + filler.replace(b"\n", b" ").replace(b"\r", b" ") + tail


@dataclass(frozen=True)
class File:
    """A stored file, as `cases_blob` keeps it."""

    sha256: str
    size: int
    body: bytes

    @classmethod
    def of(cls, size: int) -> File:
        body = pdf(size)
        return cls(hashlib.sha256(body).hexdigest(), size, body)


def files() -> dict[int, File]:
    return {LETTER: File.of(MEGABYTE), PACKET: File.of(40_000)}


def public_id(organization: Organization, calendar: Calendar) -> str:
    return uid(calendar.ms(SINCE), 64, organization.id)


def _npi(number: int) -> str:
    """A well-formed NPI: nine digits and the check digit over the prefix 80840 (Luhn)."""
    nine = f"1{number:08d}"
    total = 0
    for place, digit in enumerate(reversed("80840" + nine)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return f"{nine}{-total % 10}"


def lines_of(tables: Tables, plan: list[Organization], calendar: Calendar) -> Lines:
    """Every organization with its teams, members, payers and providers, and one row for each file that documents point to."""
    lines: Lines = defaultdict(list)
    since, ms = calendar.day(SINCE) + calendar.times[0], calendar.ms(SINCE)
    tenant = "id public_id organization_id"
    organization = Table("tenancy.Organization", "id public_id slug name reference_prefix created_at")
    team = Table("people.Team", f"{tenant} name")
    member = Table("people.Membership", f"{tenant} user_id roles team_id starts_at")
    payer = Table("cases.Payer", f"{tenant} name", phone="1-800-555-0100", fax="1-800-555-0101")
    provider = Table("cases.Provider", f"{tenant} name npi", credentials="MD")
    blob = Table(
        "cases.Blob",
        f"{tenant} sha256 size location key_id wrapped_key stored_at",
    )
    kept = files()

    def put(table: Table, *values: object) -> None:
        lines[table.copy].append(table.line % values)

    for o in plan:
        key = public_id(o, calendar)
        put(organization, o.id, key, o.slug, f"Advocates {o.id}", o.prefix, since)
        for number in range(TEAMS):
            pk = o.id * 10 + 1 + number
            put(team, pk, uid(ms, 65, pk), o.id, f"Team {number + 1}")
        names = [*MEMBERS, *(("navigator", f"Nora Navigator {n + 1}") for n in range(o.navigators))]
        for number, (role, name) in enumerate(names):
            pk = o.member(number)
            put(tables.user, pk, uid(ms, 66, pk), f"{role}-{number}@{o.slug}.example", name, "t")
            put(member, pk, uid(ms, 67, pk), o.id, pk, f"{{{role}}}", NULL, since)
        for number, name in enumerate(PAYER_NAMES[:PAYERS]):
            pk = o.id * 100 + 1 + number
            put(payer, pk, uid(ms, 68, pk), o.id, name)
        for number in range(PROVIDERS):
            pk = o.id * 100 + 1 + number
            put(provider, pk, uid(ms, 69, pk), o.id, f"Amara Osei {number + 1}", _npi(pk))
        for number, file in kept.items():
            pk = o.id * 10 + number
            wrapped, location = "k:x", f"{key}/{file.sha256[:2]}/{file.sha256}"
            if o.id <= THIRD:
                stored = document_vault(o.id).store(
                    io.BytesIO(file.body), organization_id=uuid.UUID(key), max_bytes=file.size
                )
                wrapped, location = stored.wrapped_key, stored.location
            put(blob, pk, uid(ms, 70, pk), o.id, file.sha256, file.size, location, *wrapped.split(":"), since)
    return lines
