"""What a level decided, item by item, or that it did not decide in time; and the level that opens because of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason, WrongState
from appeals.commands.at_once import follow_decision
from appeals.commands.checks import (
    asked_in_time,
    foreign,
    future_days,
    guards_of,
    locked_case_of,
    notice_order,
    refuse,
)
from appeals.commands.deadlines import follow_act
from appeals.commands.effectuations import deliver_by_authorization
from appeals.commands.follow_ups import settle
from appeals.commands.openings import below, open_again, open_next_level
from appeals.commands.overrides import allowed_override, left_of, use_override
from appeals.commands.requests import AuthorizationInput, authorization_reasons, grant
from appeals.conditions import CLOCK_SKEW
from appeals.dues import passed
from appeals.facts import History
from appeals.models import Appeal, Decision, Denial, ItemOutcome, RequestItem
from appeals.queries.denial_intake import names_another
from appeals.queries.history import COURT_TASK, load_history
from appeals.queries.in_question import REMANDED, UNFAVORABLE, items_in_question
from appeals.queries.ladder import decision_of
from appeals.regimes import book
from appeals.rungs import rung_of
from appeals.workflow import APPEAL, AppealStatus
from cases.commands.patient_notices import show_and_tell
from cases.commands.search_text import index_case
from cases.models import Case, Document

# Silence opens the next level only where a rule says so; elsewhere one complains, and waits.
SILENCE_OPENS = frozenset({"deemed_exhaustion", "forwarded_to_ire", "go_to_opm", "may_escalate"})
WON = frozenset({"overturned", "partly"})


def decide_appeal(
    *,
    actor: Actor,
    appeal: Appeal,
    decided_at: datetime | None,
    notice_on: date | None = None,
    sent_on: date | None = None,
    received_on: date | None = None,
    received_evidence: str = "none",
    stated_deadline_on: date | None = None,
    continuation_stated_on: date | None = None,
    outcomes: Mapping[UUID | str, str],
    letter: Document | None = None,
    summary: str = "",
    reasons_quoted: str = "",
    authorization: AuthorizationInput | None = None,
    theirs_all_the_same: bool = False,
    show_letter: bool = True,
    at: datetime,
    expected_version: int | None = None,
) -> Decision:
    """Record the decision of a level. `outcomes` maps the public id of every item in question to its outcome; `reasons_quoted`
    are the notice's own words for what stays refused, a reason to a line (the next level's letter answers them).

    What stays refused, in whole or part, opens the next level with its own window; above the last level before a court a
    task asks to consider one. What is sent back opens the level below again, which stays as it was decided. With
    `show_letter` the patient sees the letter in the portal; where it names another person or member id, somebody has to say
    that it is the patient's all the same.

    Raises WrongState (somebody decided first, or the page was stale), Refused with every reason.
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        row = (
            Appeal.objects.select_for_update(of=("self",)).select_related("denial__request").get(pk=appeal.pk)
        )
        history = load_history(case)
        items = _items(history, row)
        named = {str(getattr(key, "public_id", key)): value for key, value in outcomes.items()}
        changes = {"decided_at": decided_at}
        facts = {
            "items_without_outcome": [(key, item.code) for key, item in items.items() if not named.get(key)]
        }
        days = {"notice_on": notice_on, "sent_on": sent_on, "received_on": received_on}
        reasons = [
            *guards_of(APPEAL, "decide", row, {"at": at, "actor": actor, "changes": changes} | facts),
            *_outcome_reasons(items, named, authorization),
            *_remand_reasons(history, row, named),
            *_bound_reasons(history, row, items, named),
            *future_days(case, at, days),
            *notice_order(notice_on, sent_on, received_on, stated_deadline_on),
            *asked_in_time(days.values(), continuation_stated_on),
            *_order_reasons(history, row, days),
            *_decided_by_then(history, decided_at, days),
            *foreign(case, letter, "letter", "document"),
            *(() if theirs_all_the_same else _another_reasons(case, row, letter)),
            *(authorization_reasons(case, authorization) if authorization else ()),
        ]
        if received_evidence not in Denial.Evidence.values:
            reasons.append(Reason("evidence_unknown", "Choose what proves the day.", "received_evidence"))
        refuse(reasons)
        decided = APPEAL.take(
            "decide",
            appeal,
            actor=actor,
            at=at,
            changes=changes,
            facts=facts,
            detail={"outcomes": sorted(named.values())},
            expected_version=expected_version,
            held=row,
        )
        assert decided_at is not None
        decision = Decision.objects.create(
            case=case,
            appeal=decided,
            letter=letter,
            notice_on=notice_on,
            sent_on=sent_on,
            received_on=received_on,
            received_evidence=received_evidence,
            stated_deadline_on=stated_deadline_on,
            continuation_stated_on=continuation_stated_on,
            summary=summary.strip(),
            reasons_quoted="\n".join(line.strip() for line in reasons_quoted.splitlines() if line.strip()),
            decided_at=decided_at,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        for key, outcome in named.items():
            ItemOutcome.objects.create(
                case=case, item=items[key], decision=decision, outcome=outcome, decided_at=decided_at
            )
        if letter is not None and show_letter:
            show_and_tell(actor=actor, document=letter, at=at)
        if authorization:
            asked = row.denial.request
            deliver_by_authorization(
                actor=actor,
                case=case,
                request=asked,
                granted=grant(case, asked, authorization, at),
                decided_at=decided_at,
                at=at,
            )
            index_case(case)
        if UNFAVORABLE & set(named.values()):
            open_next_level(history, decided, deemed=False, at=at)
        follow_decision(history, decided)
        if REMANDED in named.values():
            _send_back(history, decided, decided_at, at)
        _finish(case, at)
    return decision


def return_level(
    *,
    actor: Actor,
    appeal: Appeal,
    why: str,
    returned_at: datetime | None,
    note: str,
    received_at: datetime | None = None,
    at: datetime,
) -> Appeal:
    """Open a decided level again, which a court sent back or whose decision maker reopens it: a row of a later turn.

    What was decided, and every level and clock that stands, stays as it is. Raises NotAllowed, WrongState for a level that is
    not decided, Refused with every reason (one that is open again already, no note, an impossible moment).
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        row = (
            Appeal.objects.select_for_update(of=("self",))
            .select_related("denial", "previous")
            .get(pk=appeal.pk)
        )
        if row.status != AppealStatus.DECIDED:
            raise WrongState(
                "return", row.status, "Only a decided level opens again. Record its decision first."
            )
        history = load_history(case)
        refuse(_return_reasons(history, row, why, returned_at, received_at, note, at))
        assert returned_at is not None
        rung = rung_of(row.regime, row.level, row.position, history.classification, history.levels)
        made = open_again(
            case,
            row.denial,
            row,
            rung,
            why=why,
            note=note,
            is_expedited=row.is_expedited,
            returned_at=returned_at,
            at=at,
        )
        if received_at is not None:
            given = {"received_at": received_at}
            made = APPEAL.take("receive", made, actor=actor, at=at, changes=given)
        settle(case, f"{COURT_TASK}{row.pk}", at=at, note="The case came back from a court, or was reopened.")
        _finish(case, at)
    return made


def deem_decided(
    *, actor: Actor, appeal: Appeal, at: datetime, expected_version: int | None = None
) -> Decision:
    """Go on without a decision: the decision maker let its latest defensible time pass and the rule opens the next level.

    Nothing is decided about any item. Raises WrongState, Refused while time is left or where silence opens nothing, unless two
    people agreed to go on (`appeals.overriding`).
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case_of(appeal)
        row = Appeal.objects.select_for_update(of=("self",)).select_related("denial").get(pk=appeal.pk)
        history = load_history(case)
        due = decision_of(history, row)
        facts: dict[str, Any] = {
            "decision_due": due.due,
            "decision_due_passed": passed(due.due, at, history.zone),
        }
        given = {"at": at, "actor": actor, "changes": {}} | facts
        override = allowed_override("go_on_without_decision", row)
        silence = left_of(_silence_reasons(history, row), override)
        refuse([*guards_of(APPEAL, "deem", row, given), *silence])
        decided = APPEAL.take(
            "deem",
            appeal,
            actor=actor,
            at=at,
            changes={"decided_at": at},
            facts=facts,
            detail={"deemed": True},
            expected_version=expected_version,
            held=row,
        )
        decision = Decision.objects.create(
            case=case,
            appeal=decided,
            is_deemed=True,
            decided_at=at,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        open_next_level(history, decided, deemed=True, at=at)
        follow_decision(history, decided, deemed=True)
        use_override(override, at)
        _finish(case, at)
    return decision


def _finish(case: Case, at: datetime) -> None:
    follow_act(case, at)


def _items(history: History, appeal: Appeal) -> dict[str, RequestItem]:
    wanted = items_in_question(history, appeal)
    return {str(item.public_id): item for item in history.items if item.pk in wanted}


def _outcome_reasons(
    items: Mapping[str, RequestItem], named: Mapping[str, str], authorization: AuthorizationInput | None
) -> Iterator[Reason]:
    for key, outcome in named.items():
        if key not in items:
            yield Reason(
                "item_unknown", "This item is not in question at this level. Leave it out.", f"item_{key}"
            )
        elif outcome and outcome not in ItemOutcome.Outcome.values:
            yield Reason("outcome_unknown", "Choose the outcome of the item.", f"item_{key}")
    if authorization and not WON & set(named.values()):
        yield Reason(
            "authorization_without_win", "An authorization needs an item that is now covered.", "number"
        )


def _remand_reasons(history: History, appeal: Appeal, named: Mapping[str, str]) -> Iterator[Reason]:
    if REMANDED in named.values() and below(history, appeal) is None:
        yield Reason(
            "nothing_below",
            "This is the first level: no level below it takes the case back. Choose another outcome, and record what the plan"
            " decides anew as a denial of its own.",
        )
    beside = history.beside(appeal)
    if REMANDED in named.values() and beside is not None and beside.status not in APPEAL.final:
        yield Reason(
            "below_still_open",
            f"{history.rung(beside).title} is open still, so nothing is sent back to it. Choose another outcome.",
        )


def _bound_reasons(
    history: History, appeal: Appeal, items: Mapping[str, RequestItem], named: Mapping[str, str]
) -> Iterator[Reason]:
    """A review from outside that was decided first binds the plan: what it overturned is not refused again below it.

    45 CFR 147.136(d)(2)(iv): nothing keeps a plan from paying for what the review left refused.
    """
    above = {d.pk for a in history.fellows(appeal) if a.beside_id and (d := history.decisions.get(a.pk))}
    bound = {o.item_id for o in history.outcomes if o.decision_id in above and o.outcome == "overturned"}
    for key, outcome in named.items():
        if outcome in UNFAVORABLE and key in items and items[key].pk in bound:
            yield Reason(
                "bound_by_review",
                f"The review from outside overturned the refusal of {items[key].code}, and the plan is bound by it. Choose"
                " “Moot”, or withdraw this level; demand what was decided.",
                f"item_{key}",
            )


def _send_back(history: History, decided: Appeal, decided_at: datetime, at: datetime) -> None:
    found = below(history, decided)
    assert found is not None
    before, rung = found
    denial, why = decided.denial, Appeal.Returned.REMAND
    urgent = before.is_expedited if before is not None else decided.is_expedited
    open_again(
        history.case,
        denial,
        before,
        rung,
        why=why,
        note="",
        is_expedited=urgent,
        returned_at=decided_at,
        at=at,
    )


def _return_reasons(
    history: History,
    appeal: Appeal,
    why: str,
    returned_at: datetime | None,
    received_at: datetime | None,
    note: str,
    at: datetime,
) -> Iterator[Reason]:
    if why not in (Appeal.Returned.COURT, Appeal.Returned.REOPENING):
        yield Reason("why_missing", "Choose who opened it again.", "why")
    if not note.strip():
        yield Reason(
            "note_missing", "Say in a sentence what it was opened again for, and by which paper.", "note"
        )
    if returned_at is None:
        yield Reason("moment_missing", "Say when it was opened again.", "returned_at")
    elif returned_at > at + CLOCK_SKEW:
        yield Reason(
            "in_future", "This moment is in the future. Enter when it really happened.", "returned_at"
        )
    elif appeal.decided_at and returned_at < appeal.decided_at:
        yield Reason(
            "returned_before_decided",
            "It cannot have been opened again before it was decided.",
            "returned_at",
        )
    if received_at is not None and received_at > at + CLOCK_SKEW:
        yield Reason(
            "in_future", "This moment is in the future. Enter when it really happened.", "received_at"
        )
    elif received_at is not None and returned_at is not None and received_at < returned_at:
        yield Reason(
            "received_before_returned", "It cannot have arrived before it was sent back.", "received_at"
        )
    again = [a for a in history.appeals if a.reopens_id == appeal.pk and a.status not in APPEAL.final]
    if again:
        yield Reason("open_again_already", "This level is open again already. Record what is decided there.")


def _another_reasons(case: Case, appeal: Appeal, letter: Document | None) -> Iterator[Reason]:
    if letter is None or letter.case_id != case.pk:
        return
    another = [c.label.lower() for c in names_another(case, appeal.denial.request, letter.pk)]
    if another:
        yield Reason(
            "letter_of_another",
            f"The letter and the case disagree ({', '.join(another)}). Say that it is this patient's letter, or choose another.",
            "theirs_all_the_same",
        )


def _order_reasons(history: History, appeal: Appeal, days: Mapping[str, date | None]) -> Iterator[Reason]:
    filed = history.day(appeal.filed_at or appeal.forwarded_at or appeal.returned_at)
    for field, day in days.items():
        if filed and day and day < filed:
            yield Reason("decided_before_filed", "The decision cannot be earlier than the filing.", field)


AFTER = {
    "notice_on": "after the date on the notice",
    "sent_on": "after it was sent",
    "received_on": "after the patient had it",
}


def _decided_by_then(
    history: History, decided_at: datetime | None, days: Mapping[str, date | None]
) -> Iterator[Reason]:
    """A decision is made before its notice is dated, sent and received: one Reason, of the first day it would be later than."""
    on = history.day(decided_at)
    late = next((field for field, day in days.items() if on and day and on > day), None)
    if late is not None:
        yield Reason("decided_after_notice", f"It cannot have been decided {AFTER[late]}.", "decided_at")


def _silence_reasons(history: History, appeal: Appeal) -> Iterator[Reason]:
    rung = history.rung(appeal)
    silent = [key for key in rung.silence if key not in SILENCE_OPENS]
    if silent or not rung.levels:
        words = " ".join(book().if_missed[key] for key in silent) or "No rule is known for silence here."
        yield Reason(
            "silence_opens_nothing",
            f"Silence does not open a next level here. {words} Ask for the decision, or complain to the agency."
            " A second person may allow it: see “Go past a refusal” on the case.",
        )
