"""The appeal before it goes out: its letter, its exhibits, whether it is urgent, and the file as it would be sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from appeals.blocks import Block, blocks_as_data, blocks_from_text
from appeals.commands.approvals import let_go_of_approval
from appeals.commands.checks import locked_case_of, refuse
from appeals.commands.deadlines import follow_act
from appeals.commands.letter_dates import date_reasons, office_day
from appeals.commands.paper import appeal_facts, heading_facts, letter_of, recipient_of
from appeals.exhibits import Exhibit as Piece
from appeals.facts import History, filing_facts
from appeals.letters import AppealFacts, appeal_letter_blocks, render_letter
from appeals.models import Appeal, Decision, Exhibit
from appeals.packets import Packet, build_packet
from appeals.queries.beside import urgency_lacks
from appeals.queries.doubtful import doubtful_letters
from appeals.queries.drafts import exhibit_label, exhibit_set_aside, exhibits_of
from appeals.queries.history import load_history, recorded_rung
from appeals.queries.ladder import BEFORE_FILING
from appeals.rules import may_be_expedited
from appeals.workflow import APPEAL
from cases.commands.documents import open_versions
from cases.commands.touch import touch
from cases.content import ContentType
from cases.models import Case, DocumentVersion

PRINTABLE = frozenset(
    {ContentType.PDF, ContentType.PNG, ContentType.JPEG, ContentType.TIFF, ContentType.TEXT}
)
MOST_EXHIBITS = 99
NAMED = ("coverage__payer", "organization")
"""Who is named in a letter, beside the patient."""
NOT_YET = Reason(
    "letter_dated_ahead",
    "This day has not come yet where your organization is. Date it today or before.",
    "dated",
)


def start_draft(*, actor: Actor, appeal: Appeal, at: datetime) -> Appeal:
    """Begin the letter from what is recorded; a draft that was begun stays as it is. Raises WrongState."""
    require(actor, Permission.DRAFT_APPEAL, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal, *NAMED)
        row = _row(appeal)
        if row.draft:
            return row
        facts = facts_of(case, row, load_history(case))
        _carry_exhibits(row)
        draft = _draft(case, row, appeal_letter_blocks(facts), None, None, actor, at)
        return _save(case, actor, appeal, row, {"draft": draft}, at, None)


def save_draft(
    *,
    actor: Actor,
    appeal: Appeal,
    text: str | None = None,
    blocks: Sequence[Block] | None = None,
    dated: date | None = None,
    recipient: Sequence[str] | None = None,
    at: datetime,
    expected_version: int | None = None,
) -> Appeal:
    """Keep the letter as edited: `text` as `appeals.blocks` reads it, or blocks. `dated` is the letter's date (else today where
    the organization is). With the first one, what went along at the level before goes along again.

    Raises WrongState (filed, or changed meanwhile), Refused when nothing is given, or dated before what it answers or later
    than today.
    """
    require(actor, Permission.DRAFT_APPEAL, appeal)
    body = tuple(blocks) if blocks is not None else blocks_from_text(text or "")
    refuse([] if body else [Reason("letter_empty", "Write the letter.", "text")])
    with transaction.atomic():
        case = locked_case_of(appeal, *NAMED)
        row = _row(appeal)
        if dated is not None:
            refuse(date_reasons(load_history(case), row, dated, last=office_day(case, at), late=NOT_YET))
        if not row.draft and row.status in BEFORE_FILING:
            _carry_exhibits(row)
        draft = _draft(case, row, body, dated, recipient, actor, at)
        saved = _save(case, actor, appeal, row, {"draft": draft}, at, expected_version)
        let_go_of_approval(case, saved, at)
        return saved


def set_exhibits(
    *,
    actor: Actor,
    appeal: Appeal,
    versions: Sequence[tuple[DocumentVersion | UUID | str, str]],
    at: datetime,
) -> list[Exhibit]:
    """Set the exhibits in order: document versions (rows or public ids) with the titles they get in the packet.

    Raises WrongState once filed, Refused with every reason (another case's version, twice the same, no pages in it).
    """
    require(actor, Permission.DRAFT_APPEAL, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        row = _row(appeal)
        _still_before(row, "set_exhibits")
        wanted = [(str(getattr(v, "public_id", v)), title.strip()) for v, title in versions]
        own = {
            str(v.public_id): v for v in DocumentVersion.objects.filter(case=case).select_related("document")
        }
        aside, _ = doubtful_letters(case)
        refuse(_exhibit_reasons(wanted, own, aside))
        Exhibit.objects.filter(appeal=row).delete()
        made = [
            Exhibit.objects.create(
                case=case,
                appeal=row,
                position=position,
                title=title or own[key].document.title,
                document_version=own[key],
            )
            for position, (key, title) in enumerate(wanted, start=1)
        ]
        record("exhibits_set", subject=row, detail={"exhibits": len(made)})
        let_go_of_approval(case, row, at)
        touch(case, at)
    return made


def set_expedited(
    *, actor: Actor, appeal: Appeal, is_expedited: bool, reason: str = "", at: datetime
) -> Appeal:
    """Ask for an urgent decision, or take that back. `reason` says why waiting is dangerous, and who says so.

    Raises WrongState when the level has ended, Refused where it cannot be urgent.
    """
    require(actor, Permission.DRAFT_APPEAL, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        row = _row(appeal)
        if row.status in APPEAL.final:
            raise WrongState("set_expedited", row.status, "This level has ended.")
        history = load_history(case)
        if is_expedited:
            facts = filing_facts(history, row)
            levels = history.rung(row).levels or (None,)
            found = {r.code: r for level in levels if (r := may_be_expedited(level, facts, reason.strip()))}
            if "no_expedited_path" in found and len(levels) > 1:
                found.pop("no_expedited_path")  # one of the sets of rules that may apply has the path
            refuse(
                Reason(r.code, r.message, "expedited_reason" if r.code == "urgency_not_certified" else None)
                for r in found.values()
            )
        else:
            refuse(urgency_lacks(history, row))
        row.is_expedited, row.expedited_reason = is_expedited, reason.strip() if is_expedited else ""
        row.version += 1
        row.save(update_fields=["is_expedited", "expedited_reason", "version"])
        record("urgency_set", subject=row, detail={"expedited": is_expedited})
        follow_act(case, at)
    return row


def preview_packet(*, actor: Actor, appeal: Appeal, at: datetime) -> Packet:
    """The file as it would go out now: filing freezes these very bytes while nothing changes. Writes nothing.

    Raises Refused when no letter is written, or an exhibit or character cannot be printed.
    """
    require(actor, Permission.DRAFT_APPEAL, appeal)
    case = Case.objects.select_related("patient", "coverage__payer", "organization").get(pk=appeal.case_id)
    return packet_of(actor, case, Appeal.objects.select_related("denial").get(pk=appeal.pk))


def packet_of(
    actor: Actor,
    case: Case,
    appeal: Appeal,
    history: History | None = None,
    exhibits: Sequence[Exhibit] | None = None,
) -> Packet:
    """Letter and exhibits as one file; history and exhibits where they are loaded already. Raises as `preview_packet`."""
    if not appeal.draft:
        raise Refused([Reason("letter_missing", "Write the letter first.", "text")])
    history = history or load_history(case)
    exhibits = exhibits_of(appeal) if exhibits is None else exhibits
    opened = open_versions(actor, [e.document_version for e in exhibits])
    letter = render_letter(letter_of(case, appeal, heading_facts(case, appeal, history), exhibits))
    pieces = [
        Piece(
            exhibit_label(e.position),
            e.title,
            e.document_version.content_type,
            opened[e.document_version_id].read(),
        )
        for e in exhibits
    ]
    return build_packet(letter, pieces, reference=case.reference)


def facts_of(case: Case, appeal: Appeal, history: History) -> AppealFacts:
    """The facts of the letter."""
    return appeal_facts(case, appeal, history)


def _carry_exhibits(appeal: Appeal) -> None:
    """What went along at the level before (or the one beside it) goes along again, in its places: the carried words name it by
    them. The letter of that level's decision comes last: it is what this level contests. The letter of a denial set aside since
    stays behind."""
    source = appeal.previous_id or appeal.beside_id
    if source is None or Exhibit.objects.filter(appeal=appeal).exists():
        return
    aside, _ = doubtful_letters(appeal.case)
    before = Exhibit.objects.filter(appeal_id=source).select_related("document_version")
    carried = [
        (piece.title, piece.document_version_id)
        for piece in before.defer("document_version__pages").order_by("position")
        if piece.document_version.document_id not in aside
    ]
    decided = _letter_of_decision(appeal)
    if carried and decided is not None and decided.pk not in {version for _, version in carried}:
        carried.append((decided.document.title, decided.pk))
    for position, (title, version) in enumerate(carried, start=1):
        Exhibit.objects.create(
            case_id=appeal.case_id,
            appeal=appeal,
            position=position,
            title=title,
            document_version_id=version,
        )


def _letter_of_decision(appeal: Appeal) -> DocumentVersion | None:
    """The newest version of the letter that decided the level before, where it has pages to print."""
    letters = Decision.objects.filter(appeal=appeal.previous).values("letter_id")
    rows = DocumentVersion.objects.filter(document__in=letters, content_type__in=PRINTABLE)
    return rows.defer("pages").select_related("document").order_by("-number").first()


def _row(appeal: Appeal) -> Appeal:
    return Appeal.objects.select_for_update(of=("self",)).select_related("denial").get(pk=appeal.pk)


def _draft(
    case: Case,
    appeal: Appeal,
    body: Sequence[Block],
    dated: date | None,
    recipient: Sequence[str] | None,
    actor: Actor,
    at: datetime,
) -> dict[str, Any]:
    """The signer stays who began the letter; the recipient stays as edited."""
    before = appeal.draft or {}
    if recipient is None:
        recipient = before.get("recipient") or recipient_of(case, appeal, recorded_rung(case, appeal))
    return {
        "blocks": blocks_as_data(body),
        "dated": (dated or office_day(case, at)).isoformat(),
        "recipient": [line.strip() for line in recipient if line.strip()],
        "signer": before.get("signer") or actor.label,
    }


def _save(
    case: Case,
    actor: Actor,
    appeal: Appeal,
    row: Appeal,
    changes: dict[str, Any],
    at: datetime,
    expected_version: int | None,
) -> Appeal:
    saved = APPEAL.take(
        "draft",
        appeal,
        actor=actor,
        at=at,
        changes=changes,
        expected_version=expected_version,
        held=row,
    )
    follow_act(case, at)
    return saved


def _still_before(appeal: Appeal, step: str) -> None:
    if appeal.status not in BEFORE_FILING:
        raise WrongState(step, appeal.status, "This was filed: what went out stays as it is.")


def _exhibit_reasons(
    wanted: Sequence[tuple[str, str]], own: dict[str, DocumentVersion], aside: Collection[int]
) -> Iterator[Reason]:
    keys = [key for key, _ in wanted]
    if any(key not in own for key in keys):
        yield Reason("version_unknown", "Choose documents of this case.", "exhibits")
    if len(set(keys)) != len(keys):
        yield Reason("exhibit_twice", "Each document goes along once. Leave the second out.", "exhibits")
    if len(keys) > MOST_EXHIBITS:
        yield Reason("exhibits_too_many", f"At most {MOST_EXHIBITS} exhibits fit one file.", "exhibits")
    for number, key in enumerate(keys, start=1):
        if key in own and own[key].document_id in aside:
            yield exhibit_set_aside(number)
        if key in own and own[key].content_type not in PRINTABLE:
            yield Reason(
                "exhibit_unprintable",
                f"{exhibit_label(number)} is not a PDF, picture or plain text. Save it as PDF and upload that.",
                "exhibits",
            )
