"""What the patient chose after a decision is recorded: who advised, who agreed and how, and why. A later choice supersedes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused
from appeals.commands.checks import future_days, locked_case_of, refuse
from appeals.commands.following import draft_following
from appeals.models import Choice, Decision, Denial, ItemOutcome, PeerToPeer
from appeals.workflow import PeerToPeerStatus
from cases.commands.touch import touch

LONGEST = 2000


@dataclass(frozen=True)
class ChoiceInput:
    """What was chosen, and what stands behind it. `agreed_on` is a day where the patient lives."""

    kind: str
    advised_by: str
    agreed_by: str
    agreed_way: str
    agreed_on: date | None
    why: str
    agreed_name: str = ""


def record_choice(
    *, actor: Actor, denial: Denial, decision: Decision | None = None, given: ChoiceInput, at: datetime
) -> Choice:
    """Record the choice after a confirmed denial, or after the decision of one of its levels.

    "Send a corrected request" drafts that request too, linked to the one that was refused. Raises NotAllowed, NotFound,
    Refused with every reason.
    """
    require(actor, Permission.FILE_APPEAL, denial)
    if decision is not None:
        require(actor, Permission.FILE_APPEAL, decision)
    agreed_on = given.agreed_on
    with transaction.atomic():
        case = locked_case_of(denial)
        told_on = denial.told_on
        if decision is not None:
            told_on = decision.notice_on or decision.received_on
        refuse(
            [
                *_subject_reasons(denial, decision),
                *_given_reasons(given, told_on),
                *future_days(case, at, {"agreed_on": given.agreed_on}),
                *_call_reasons(denial, decision, given.kind),
            ]
        )
        assert agreed_on is not None, "asked above"
        standing = Choice.objects.select_for_update().filter(
            denial=denial, decision=decision, superseded_at=None
        )
        before = standing.first()
        drafted = before.request if before and before.kind == given.kind else None
        if before is not None:
            standing.update(superseded_at=at)
        if given.kind == Choice.Kind.RESUBMIT and drafted is None:
            drafted = draft_following(actor=actor, request=denial.request, at=at)
        choice = Choice.objects.create(
            case=case,
            denial=denial,
            decision=decision,
            kind=given.kind,
            advised_by=given.advised_by.strip(),
            agreed_by=given.agreed_by,
            agreed_name=given.agreed_name.strip(),
            agreed_way=given.agreed_way,
            agreed_on=agreed_on,
            why=given.why.strip(),
            request=drafted if given.kind == Choice.Kind.RESUBMIT else None,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record(
            "choice_recorded",
            subject=choice,
            detail={"kind": given.kind, "agreed_by": given.agreed_by, "again": before is not None},
        )
        touch(case, at)
    return choice


def _subject_reasons(denial: Denial, decision: Decision | None) -> Iterator[Reason]:
    if denial.confirmed_at is None:
        yield Reason("denial_unconfirmed", "Confirm the denial first: until then nothing has been decided.")
    if decision is None:
        return
    if decision.appeal.denial_id != denial.pk:
        raise Refused(
            [
                Reason(
                    "not_of_this_denial",
                    "This decision is not about this denial. Choose the decision of one of its levels.",
                )
            ]
        )
    settled = {ItemOutcome.Outcome.OVERTURNED.value, ItemOutcome.Outcome.WITHDRAWN.value}
    found = set(ItemOutcome.objects.filter(decision=decision).values_list("outcome", flat=True))
    if found and found <= settled:
        yield Reason("nothing_refused", "This decision leaves nothing refused: there is nothing to choose.")


def _given_reasons(given: ChoiceInput, told_on: date | None) -> Iterator[Reason]:
    if given.kind not in Choice.Kind.values:
        yield Reason("kind_missing", "Choose what the patient chose.", "kind")
    if not given.advised_by.strip():
        yield Reason("advised_by_missing", "Say who advised, and in which role.", "advised_by")
    if given.agreed_by not in Choice.AgreedBy.values:
        yield Reason("agreed_by_missing", "Say who agreed.", "agreed_by")
    elif given.agreed_by != Choice.AgreedBy.PATIENT and not given.agreed_name.strip():
        yield Reason("agreed_name_missing", "Name who agreed for the patient.", "agreed_name")
    if given.agreed_way not in Choice.Way.values:
        yield Reason("agreed_way_missing", "Say how they agreed.", "agreed_way")
    if given.agreed_on is None:
        yield Reason("agreed_on_missing", "Say on which day they agreed.", "agreed_on")
    elif told_on and given.agreed_on < told_on:
        yield Reason(
            "agreed_too_early", "They cannot have agreed before the decision was written.", "agreed_on"
        )
    if not given.why.strip():
        yield Reason("why_missing", "Say why, in one or two sentences.", "why")
    for name in ("advised_by", "agreed_name", "why"):
        if len(getattr(given, name)) > LONGEST:
            yield Reason("too_long", f"Keep it under {LONGEST} characters.", name)


def _call_reasons(denial: Denial, decision: Decision | None, kind: str) -> Iterator[Reason]:
    if kind != Choice.Kind.PEER_TO_PEER:
        return
    waiting = [PeerToPeerStatus.OFFERED, PeerToPeerStatus.SCHEDULED]
    if decision is not None or not PeerToPeer.objects.filter(denial=denial, status__in=waiting).exists():
        yield Reason(
            "no_call",
            "No peer-to-peer call is open here. Choose another way, or record the offer first.",
            "kind",
        )
