"""A refused step done all the same: one person asks with a reason, another allows it, and it is good for one step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db import transaction

from advocacy.access.duties import not_ones_own
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from appeals.commands.checks import foreign, locked_case_of, refuse
from appeals.models import Appeal, AuthorizationRequest, StepOverride
from appeals.overriding import LEVEL, OVERRIDABLE
from appeals.workflow import APPEAL, REQUEST
from cases.commands.touch import touch

LONGEST = 2000


def ask_override(
    *,
    actor: Actor,
    step: str,
    request: AuthorizationRequest | None = None,
    appeal: Appeal | None = None,
    reason: str,
    at: datetime,
) -> StepOverride:
    """Ask that a refused step be done all the same; a second person answers.

    Raises NotAllowed (as the step itself would), WrongState when what it is about has ended, Refused with every reason: a step
    that nobody goes past, the wrong kind of row, no reason, one that is asked or allowed already.
    """
    known = OVERRIDABLE.get(step)
    if known is None:
        raise Refused(
            [Reason("step_unknown", "Nobody goes past this refusal. Choose a step of the list.", "step")]
        )
    subject = appeal if known.about == LEVEL else request
    if subject is None or (request is not None) == (appeal is not None):
        raise Refused([Reason("subject_missing", "Choose the request or the level it is about.", "about")])
    require(actor, known.permission, subject)
    with transaction.atomic():
        case = locked_case_of(subject)
        flow = APPEAL if known.about == LEVEL else REQUEST
        if subject.status in flow.final:
            raise WrongState("ask_override", subject.status, "This has ended: no step of it is left.")
        refuse(
            [
                *foreign(case, subject, "about", known.about),
                *_said(reason, "Say why it cannot wait, and what was tried."),
                *_standing(step, request, appeal),
            ]
        )
        made = StepOverride.objects.create(
            case=case,
            request=request,
            appeal=appeal,
            step=step,
            reason=reason.strip(),
            asked_at=at,
            asked_by_id=actor.user_id,
        )
        record("override_asked", subject=made, detail={"step": step})
        touch(case, at)
    return made


def answer_override(
    *, actor: Actor, override: StepOverride, allowed: bool, note: str, at: datetime
) -> StepOverride:
    """The second person allows it, for one taking of the step, or does not. Raises NotAllowed, WrongState, Refused."""
    require(actor, Permission.CONFIRM_OVERRIDE, override)
    with transaction.atomic():
        case = locked_case_of(override)
        row = StepOverride.objects.select_for_update().get(pk=override.pk)
        if row.answer:
            raise WrongState("answer_override", row.answer, "This was answered already.")
        refuse(
            [
                *not_ones_own(actor, row.asked_by_id, "own_override"),
                *_said(note, "Say in a sentence why you answer so."),
            ]
        )
        answers = StepOverride.Answer
        row.answer = answers.ALLOWED if allowed else answers.REFUSED
        row.note, row.decided_at, row.decided_by_id = note.strip(), at, actor.user_id
        row.save(update_fields=["answer", "note", "decided_at", "decided_by"])
        record("override_answered", subject=row, detail={"step": row.step, "answer": row.answer})
        touch(case, at)
    return row


def allowed_override(step: str, subject: Appeal | AuthorizationRequest) -> StepOverride | None:
    """The override of a step that was allowed and not used yet, locked."""
    of = {"appeal": subject} if isinstance(subject, Appeal) else {"request": subject}
    rows = StepOverride.objects.select_for_update(of=("self",)).filter(step=step, used_at=None, **of)
    return rows.filter(answer=StepOverride.Answer.ALLOWED).first()


def left_of(reasons: Iterable[Reason], override: StepOverride | None) -> list[Reason]:
    """The reasons that stand against a step after an override: it goes past those of its own codes only."""
    codes: Collection[str] = OVERRIDABLE[override.step].codes if override is not None else ()
    return [reason for reason in reasons if reason.code not in codes]


def use_override(override: StepOverride | None, at: datetime) -> None:
    """The step was taken: what was allowed is used up, and stands in the trail."""
    if override is None:
        return
    override.used_at = at
    override.save(update_fields=["used_at"])
    record("override_used", subject=override, detail={"step": override.step})


def _said(words: str, text: str) -> Iterator[Reason]:
    if not words.strip():
        yield Reason("reason_missing", text, "reason")
    elif len(words) > LONGEST:
        yield Reason("too_long", f"Keep it under {LONGEST} characters.", "reason")


def _standing(step: str, request: AuthorizationRequest | None, appeal: Appeal | None) -> Iterator[Reason]:
    rows = StepOverride.objects.filter(step=step, request=request, appeal=appeal, used_at=None)
    if rows.exclude(answer=StepOverride.Answer.REFUSED).exists():
        yield Reason(
            "override_stands",
            "This is asked or allowed already. Wait for the answer, or take the step.",
            "step",
        )
