"""Levels at once: one is opened beside another that is still open, and what the decision of the one does to the other."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.at_once import AGREED, URGENT
from appeals.commands.checks import future_days, locked_case_of, refuse, today_of
from appeals.commands.deadlines import follow_act
from appeals.commands.overrides import allowed_override, left_of, use_override
from appeals.facts import History
from appeals.models import Appeal
from appeals.queries.beside import STEP, live_fellows, opening_reasons, openings_of, outside_of
from appeals.queries.history import load_history
from appeals.queries.in_question import items_in_question
from appeals.queries.ladder import BEFORE_FILING
from appeals.workflow import APPEAL

LONGEST = 1000


def open_at_once(
    *,
    actor: Actor,
    appeal: Appeal,
    basis: str,
    said_by: str,
    said_on: date | None,
    note: str = "",
    at: datetime,
) -> Appeal:
    """Open the level above beside one that is still open. It answers what that one answers: its window counts from the same
    notice, and it has a decision clock of its own.

    `basis` is a key of `regimes.shapes.BASES`; `said_by` and `said_on` are who certified the urgency (or waived the decision
    below), and when. Two people may go past a rule that is not known, and past a certificate or a waiver that is not on record
    (`OVERRIDABLE`); where no rule is known the basis is `agreed`.

    Raises NotAllowed, WrongState for a level that has ended, Refused with every reason: no rule opens anything here, it is open
    already, the open level is no urgent one, nobody certified, a day to come.
    """
    require(actor, Permission.FILE_APPEAL, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        row = Appeal.objects.select_for_update(of=("self",)).select_related("denial").get(pk=appeal.pk)
        if row.status in APPEAL.final:
            raise WrongState(
                "open_at_once",
                row.status,
                "This level has ended: nothing opens beside it. Go on at the level that its decision opened.",
            )
        history, on = load_history(case), today_of(case, at)
        against = list(opening_reasons(history, row, basis, said_by, said_on, on))
        override = allowed_override(STEP, row)
        left = left_of(against, override)
        reasons = [*left, *future_days(case, at, {"said_on": said_on})]
        if max(len(said_by), len(note)) > LONGEST:
            reasons.append(Reason("too_long", f"Keep it under {LONGEST} characters.", "note"))
        refuse(reasons)
        used = override if len(left) < len(against) else None
        opening = next((o for o in openings_of(history, row, on) if o.basis == basis), None)
        basis = basis if opening is not None else AGREED
        rung = opening.rung if opening is not None else outside_of(history, row)
        assert rung is not None, "a level above it stands there, or it was refused"
        level = Appeal.objects.create(
            case=case,
            denial=row.denial,
            previous=row.previous,
            beside=row,
            beside_basis=basis,
            beside_by=said_by.strip(),
            beside_on=said_on or on,
            beside_note=note.strip() or (used.reason if used is not None else ""),
            regime=rung.regime,
            level=rung.key,
            position=rung.position,
            turn=row.turn,
            is_expedited=basis == URGENT or row.is_expedited,
            expedited_reason=row.expedited_reason,
            opened_at=at,
        )
        detail = {"basis": basis, "beside": row.pk, "level": rung.key, "position": rung.position}
        record("level_opened_at_once", subject=level, detail=detail | {"regime": rung.regime})
        use_override(used, at)
        follow_act(case, at)
    return level


def follow_decision(before: History, decided: Appeal, *, deemed: bool = False) -> None:
    """What the decision of a level (or its silence) does to those that stand at once with it. A person ends what is settled.
    `before` is the history as its command has loaded it; no level came beside this one since.

    A review from outside binds: the appeal below it is settled, whatever was decided. The other way round only what nothing is
    left of is; else it goes on, and while it is not filed its window counts from the decision of now.
    Silence of a reviewer (`deemed`) binds nobody. 45 CFR 147.136(d)(2)(iv), 29 CFR 2590.715-2719(d)(2)(iv).
    """
    if not live_fellows(before, decided):
        return
    history = load_history(before.case)
    for other in live_fellows(history, decided):
        below = other.position < decided.position
        if below and deemed:
            continue
        if below or not items_in_question(history, other):
            other.settled_by = decided
            other.save(update_fields=["settled_by"])
            record("level_settled", subject=other, detail={"by": decided.pk, "level": decided.level})
        elif other.status in BEFORE_FILING:
            other.previous = decided
            other.save(update_fields=["previous"])
            record("level_goes_on", subject=other, detail={"after": decided.pk, "level": decided.level})
