"""What a level decided, item by item, or that it did not decide in time; and the level that opens because of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.errors import Reason
from appeals.commands.checks import foreign, future_days, guards_of, locked_case, notice_order, refuse
from appeals.commands.deadlines import recompute_deadlines
from appeals.commands.openings import open_next_level
from appeals.commands.requests import AuthorizationInput, authorization_reasons, grant
from appeals.dues import passed
from appeals.facts import History
from appeals.models import Appeal, Decision, Denial, ItemOutcome, RequestItem
from appeals.queries.denial_intake import names_another
from appeals.queries.history import load_history
from appeals.queries.ladder import UNFAVORABLE, decision_of, items_in_question
from appeals.regimes import book
from appeals.workflow import APPEAL
from cases.commands.patient_notices import show_and_tell
from cases.commands.search_text import index_case
from cases.commands.touch import touch
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
    task asks to consider one. With `show_letter` the patient sees the letter in the portal; where it names another person or
    member id, somebody has to say that it is the patient's all the same.

    Raises WrongState (somebody decided first, or the page was stale), Refused with every reason.
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case(appeal.case)
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
            *future_days(case, at, days),
            *notice_order(notice_on, sent_on, received_on, stated_deadline_on),
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
            grant(case, row.denial.request, authorization, at)
            index_case(case)
        if UNFAVORABLE & set(named.values()):
            open_next_level(case, decided, deemed=False, at=at)
        _finish(case, at)
    return decision


def deem_decided(
    *, actor: Actor, appeal: Appeal, at: datetime, expected_version: int | None = None
) -> Decision:
    """Go on without a decision: the decision maker let its latest defensible time pass and the rule opens the next level.

    Nothing is decided about any item. Raises WrongState, Refused while time is left or where silence opens nothing.
    """
    require(actor, Permission.RECORD_DECISION, appeal)
    with transaction.atomic():
        case = locked_case(appeal.case)
        row = Appeal.objects.select_for_update(of=("self",)).select_related("denial").get(pk=appeal.pk)
        history = load_history(case)
        due = decision_of(history, row)
        facts: dict[str, Any] = {
            "decision_due": due.due,
            "decision_due_passed": passed(due.due, at, history.zone),
        }
        given = {"at": at, "actor": actor, "changes": {}} | facts
        refuse([*guards_of(APPEAL, "deem", row, given), *_silence_reasons(history, row)])
        decided = APPEAL.take(
            "deem",
            appeal,
            actor=actor,
            at=at,
            changes={"decided_at": at},
            facts=facts,
            detail={"deemed": True},
            expected_version=expected_version,
        )
        decision = Decision.objects.create(
            case=case,
            appeal=decided,
            is_deemed=True,
            decided_at=at,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        open_next_level(case, decided, deemed=True, at=at)
        _finish(case, at)
    return decision


def _finish(case: Case, at: datetime) -> None:
    recompute_deadlines(case, at)
    touch(case, at)


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
    filed = history.day(appeal.filed_at or appeal.forwarded_at)
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
            f"Silence does not open a next level here. {words} Ask for the decision, or complain to the agency.",
        )
