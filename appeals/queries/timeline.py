"""The timeline of a case: what was said, written, filed, decided, received and done, newest first, a page at a time by key.

Every kind is read from its own table, at most one page of each behind the same key, so that page and cost do not grow with
the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet

from advocacy.audit.models import Event
from advocacy.audit.trail import about
from advocacy.audit.verbs import VERBS
from appeals.clock.arithmetic import words_of
from appeals.models import Choice, Decision, Filing
from appeals.queries.standing import stage_label
from cases.models import Communication, Document, Note

SIZE = 25
SALT = "appeals.timeline"
REMINDED = "reminder_sent"

_Line = tuple[datetime, int, int, str, Any]
"""Moment, kind, primary key; the kind's name; the row."""

# Acts that have a row of their own in the timeline, or say nothing to the reader of a case.
_SHOWN_OTHERWISE = (
    "note_written",
    "communication_logged",
    "message_sent",
    "messages_read",
    "notice_asked",
    "notice_handed",
    "patient_notified",
    "document_uploaded",
    "document_version_added",
    "document_read_by_job",
    "appeal_filed",
    "appeal_decided",
    "appeal_drafted",
    "deadline_superseded",
    "task_changed",
    "task_raised",
    "task_settled",
    "choice_recorded",
    "facts_proposed",
    "proposal_decided",
    "disclosed",
)

# What a call told: the call stands in the timeline as an entry of the log, once.
_SHOWN_AS_A_CALL = ("benefits_checked", "network_checked")

FILTERS = {
    "": "Everything",
    "said": "Calls, letters, messages",
    "notes": "Notes",
    "filed": "Filings and decisions",
    "documents": "Documents",
    "acts": "Acts",
}
_OF_FILTER = {
    "": ("said", "notes", "filings", "decisions", "documents", "acts", "choices"),
    "said": ("said",),
    "notes": ("notes",),
    "filed": ("filings", "decisions", "choices"),
    "documents": ("documents",),
    "acts": ("acts",),
}
_MOMENT = {
    "said": "happened_at",
    "notes": "written_at",
    "decisions": "decided_at",
    "filings": "filed_at",
    "documents": "created_at",
    "acts": "at",
    "choices": "recorded_at",
}
KINDS = tuple(_MOMENT)


@dataclass(frozen=True)
class Key:
    """A place in the order (moment, newest first; kind; id, newest first). A decision dated on the day of its filing has the
    filing's moment, and stands before it."""

    at: datetime
    kind: int
    pk: int

    def text(self) -> str:
        return signing.dumps([self.at.isoformat(), self.kind, self.pk], salt=SALT)


def key_of(text: str) -> Key | None:
    """The key, or None for a text that this program did not sign."""
    try:
        at, kind, pk = signing.loads(text, salt=SALT)
        return Key(datetime.fromisoformat(at), int(kind), int(pk))
    except (signing.BadSignature, ValueError, TypeError):
        return None


@dataclass(frozen=True)
class Entry:
    """One line. `internal` is True or False for notes, None otherwise; `row` is the public id the line's page needs."""

    at: datetime
    has_time: bool
    recorded_at: datetime | None
    kind: str
    badge: str
    tone: str
    title: str
    by: str
    body: str = ""
    internal: bool | None = None
    row: UUID | None = None
    lines: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Page:
    show: str
    entries: tuple[Entry, ...]
    after: str
    is_first: bool


def querysets(case_pk: int, show: str, after: Key | None) -> dict[str, QuerySet[Any]]:
    """One limited queryset per kind that the filter shows, under "timeline_<kind>", for `together.fetched`."""
    sources: dict[str, QuerySet[Any]] = {
        # A corrected entry stands behind the one that took its place; what was filed has a row of its own here.
        "said": Communication.objects.filter(case_id=case_pk, superseded_at=None).exclude(
            source__startswith="filing:"
        ),
        "notes": Note.objects.filter(case_id=case_pk),
        "filings": Filing.objects.filter(case_id=case_pk).defer("manifest"),
        "decisions": Decision.objects.filter(case_id=case_pk),
        "documents": Document.objects.filter(case_id=case_pk).exclude(kind=Document.Kind.FILING),
        "acts": Event.objects.filter(about(cases=[case_pk]), kind=Event.Kind.VERB)
        .exclude(verb__in=_SHOWN_OTHERWISE)
        .exclude(verb__in=_SHOWN_AS_A_CALL, data__has_key="communication"),
        "choices": Choice.objects.filter(case_id=case_pk),
    }
    found = {}
    for name in _OF_FILTER.get(show, _OF_FILTER[""]):
        moment = _MOMENT[name]
        rows = sources[name]
        if after is not None:
            rows = rows.filter(_behind(after, KINDS.index(name), moment))
        found[f"timeline_{name}"] = rows.order_by(f"-{moment}", "-id")[: SIZE + 1]
    return found


def _behind(key: Key, kind: int, moment: str) -> Q:
    earlier = Q(**{f"{moment}__lt": key.at})
    same = Q(**{moment: key.at})
    if kind > key.kind:
        return earlier | same
    return earlier | same & Q(id__lt=key.pk) if kind == key.kind else earlier


def page_of(
    rows: Mapping[str, list[Any]],
    *,
    show: str,
    after: Key | None,
    people: Mapping[int, str],
    levels: Mapping[int, str],
) -> Page:
    """Merge what was fetched. `people` are names by user id, `levels` the titles of levels by primary key."""
    merged = sorted(
        (
            (getattr(row, _MOMENT[name]), index, row.pk, name, row)
            for index, name in enumerate(KINDS)
            for row in rows.get(f"timeline_{name}", ())
        ),
        key=lambda line: (-line[0].timestamp(), line[1], -line[2]),
    )
    shown = merged[:SIZE]
    more = Key(*shown[-1][:3]).text() if len(merged) > SIZE else ""
    runs = groupby(shown, key=_told_at_once)
    entries = tuple(_entry([line[3:] for line in run], people, levels) for _same, run in runs)
    return Page(show, entries, more, after is None)


def _told_at_once(line: _Line) -> tuple[Any, ...]:
    """What mails of one day about one date have in common: they are one entry. Else the line's own place."""
    at, kind, pk, name, row = line
    if name == "acts" and row.verb == REMINDED:
        return (at.date(), *_reminded_of(row))
    return (kind, pk)


def _reminded_of(row: Event) -> tuple[str, str]:
    return row.data.get("title", ""), row.data.get("due_on", "")


def _entry(run: list[Any], people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    name, row = run[0]
    entry: Entry = _MAKE[name](row, people, levels)
    return entry if len(run) == 1 else replace(entry, lines=(f"{len(run)} mails",))


def users_of(rows: Mapping[str, list[Any]]) -> set[int]:
    """The users whose names the entries need."""
    found = set()
    for name, column in (
        ("said", "logged_by_id"),
        ("notes", "written_by_id"),
        ("filings", "filed_by_id"),
        ("decisions", "recorded_by_id"),
        ("choices", "recorded_by_id"),
    ):
        found |= {getattr(row, column) for row in rows.get(f"timeline_{name}", ())}
    return found - {None}


def _later(recorded: datetime, happened: datetime) -> datetime | None:
    """The moment something was typed in, where it is another day than the one it happened on."""
    return recorded if recorded.date() != happened.date() else None


def _said(row: Communication, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    who = f" ({row.person})" if row.person else ""
    way = "from" if row.direction == Communication.Direction.IN else "to"
    waits = row.channel == Communication.Channel.MESSAGE and row.answered_at is None and way == "from"
    lines = ["Waits for an answer"] if waits else []
    if row.reference_number:
        lines.append(f"Reference number {row.reference_number}")
    if row.minutes:
        lines.append(f"{row.minutes} minute{'' if row.minutes == 1 else 's'}")
    if row.promise:
        until = (
            f" by {row.promised_by:%B} {row.promised_by.day}, {row.promised_by.year}"
            if row.promised_by
            else ""
        )
        kept = {None: "", True: " (kept)", False: " (not kept)"}[row.promise_kept]
        lines.append(f"Promised{until}{kept}: {row.promise}")
    return Entry(
        at=row.happened_at,
        has_time=True,
        recorded_at=_later(row.logged_at, row.happened_at),
        kind="said",
        badge=row.get_channel_display(),
        tone="plan" if row.party == Communication.With.PAYER else "",
        title=f"{row.get_channel_display()} {way} {row.get_party_display().lower()}{who}",
        by=people.get(row.logged_by_id or 0, ""),
        body=row.summary,
        row=row.public_id,
        lines=tuple(lines),
    )


def _note(row: Note, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    return Entry(
        at=row.written_at,
        has_time=True,
        recorded_at=None,
        kind="notes",
        badge="Note",
        tone="",
        title="Note",
        by=people.get(row.written_by_id or 0, ""),
        body=row.body,
        internal=not row.for_patient,
    )


def _filing(row: Filing, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    how = "by phone" if row.is_oral else f"by {row.get_channel_display().lower()}"
    pages = f"{row.page_count} page{'' if row.page_count == 1 else 's'}"
    return Entry(
        at=row.filed_at,
        has_time=True,
        recorded_at=None,
        kind="filings",
        badge="Filed",
        tone="info",
        title=f"{levels.get(row.appeal_id, 'Appeal')} filed {how}",
        by=people.get(row.filed_by_id or 0, ""),
        body=row.address,
        row=row.public_id,
        lines=(f"{pages}, SHA-256 {row.sha256[:12]}",),
    )


def _decision(row: Decision, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    title = levels.get(row.appeal_id, "Appeal")
    return Entry(
        at=row.decided_at,
        has_time=False,
        recorded_at=_later(row.recorded_at, row.decided_at),
        kind="decisions",
        badge="Decision",
        tone="info",
        title=f"{title}: time to decide missed" if row.is_deemed else f"{title}: decided",
        by=people.get(row.recorded_by_id or 0, ""),
        body=row.summary,
    )


def _document(row: Document, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    return Entry(
        at=row.created_at,
        has_time=True,
        recorded_at=None,
        kind="documents",
        badge="Document",
        tone="",
        title=f"{row.get_kind_display()}: {row.title}",
        by="",
        row=row.public_id,
    )


def _act(row: Event, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    words = VERBS.get(row.verb, row.verb)
    level = row.data.get("level") if isinstance(row.data, dict) else None
    body = stage_label(level) if isinstance(level, str) else ""
    if row.verb == REMINDED and all(_reminded_of(row)):
        title, due = _reminded_of(row)
        body = f"{title}, {words_of(date.fromisoformat(due))}"
    return Entry(
        at=row.at,
        has_time=True,
        recorded_at=_later(row.recorded_at, row.at),
        kind="acts",
        badge="",
        tone="",
        title=words[:1].upper() + words[1:],
        by=row.actor_label,
        body=body,
    )


def _choice(row: Choice, people: Mapping[int, str], levels: Mapping[int, str]) -> Entry:
    who = f"{row.get_agreed_by_display()}{f' ({row.agreed_name})' if row.agreed_name else ''}"
    agreed = f"{row.agreed_on:%B} {row.agreed_on.day}, {row.agreed_on.year}"
    return Entry(
        at=row.recorded_at,
        has_time=True,
        recorded_at=None,
        kind="choices",
        badge="Choice",
        tone="info",
        title=f"The patient's choice: {row.get_kind_display().lower()}",
        by=people.get(row.recorded_by_id or 0, ""),
        body=row.why,
        lines=(
            f"Agreed: {who}, {row.get_agreed_way_display().lower()}, {agreed}",
            f"Advised by {row.advised_by}",
            *(("Replaced by a later choice",) if row.superseded_at else ()),
        ),
    )


_MAKE: dict[str, Any] = {
    "said": _said,
    "notes": _note,
    "filings": _filing,
    "decisions": _decision,
    "documents": _document,
    "acts": _act,
    "choices": _choice,
}
