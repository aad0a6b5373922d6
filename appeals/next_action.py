"""The one next action proposed for a case, from its stage, its status and its clocks: a table. Pure: no Django, no queries."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace
from uuid import UUID

from advocacy.access.permissions import Permission

SOON_DAYS = 7


@dataclass(frozen=True)
class Position:
    """Where a case stands: the latest row of each kind (its state and public id), and the clocks of both sides.

    `ours` and `plans` are "none", "running", "soon" (at most seven days left) or "overdue". `needs_choice` is "denial" or
    "decision" while no choice of the patient stands after it, and `choice_after` that denial, or the level that was decided;
    `choice` is the one that stands. `authorization` is one of which something is left. `request_follows` says that the
    latest request corrects or continues an earlier one, `settled` that a decision beside the level left nothing to decide there,
    `undelivered` is the level whose decision the plan has not carried out.
    """

    case: UUID
    is_open: bool = True
    request: UUID | None = None
    request_status: str = ""
    denial: UUID | None = None
    denial_confirmed: bool = False
    call: UUID | None = None
    call_status: str = ""
    level: UUID | None = None
    level_status: str = ""
    level_forwarded_by_plan: bool = False
    request_follows: bool = False
    settled: bool = False
    needs_choice: str = ""
    choice_after: UUID | None = None
    choice: str = ""
    authorization: UUID | None = None
    renewal_due: bool = False
    undelivered: UUID | None = None
    ours: str = "none"
    plans: str = "none"


@dataclass(frozen=True)
class Action:
    """A label in the words of the desk, and the page that does it. `of` names the rows whose ids its address takes."""

    code: str
    label: str
    url_name: str
    of: tuple[str, ...]
    permission: Permission


@dataclass(frozen=True)
class Proposal:
    """An action for one case: `args` are the public ids of its address, in order."""

    code: str
    label: str
    url_name: str
    args: tuple[UUID, ...] = field(default=())


P = Permission
_CASE = ("case",)
_REQUEST = ("case", "request")
_DENIAL = ("case", "denial")
_CALL = ("case", "call")
_LEVEL = ("case", "level")

ASK = Action("record_request", "Record the request", "appeals:request_new", _CASE, P.REQUEST_AUTHORIZATION)
SEND = Action("send_request", "Send the request", "appeals:request", _REQUEST, P.REQUEST_AUTHORIZATION)
RECEIPT = Action(
    "record_receipt",
    "Record that the payer received it",
    "appeals:request",
    _REQUEST,
    P.REQUEST_AUTHORIZATION,
)
ANSWER = Action("record_answer", "Record the payer's answer", "appeals:request", _REQUEST, P.RECORD_DECISION)
CHASE = Action("call_late_payer", "Call the payer: it is late", "cases:call_new", _CASE, P.WRITE_NOTE)
DENY = Action("record_denial", "Record the denial", "appeals:denial_new", _CASE, P.RECORD_DENIAL)
CONFIRM = Action("confirm_denial", "Confirm the denial", "appeals:denial", _DENIAL, P.RECORD_DENIAL)
QUESTIONS = Action(
    "answer_questions", "Answer the coverage questions", "appeals:questions", _CASE, P.ANSWER_QUESTIONS
)
BOOK = Action(
    "schedule_call", "Schedule the peer-to-peer", "appeals:peer_to_peer", _CALL, P.HOLD_PEER_TO_PEER
)
HOLD = Action("record_call", "Record the peer-to-peer", "appeals:peer_to_peer", _CALL, P.HOLD_PEER_TO_PEER)
WRITE = Action("write_appeal", "Write the appeal", "appeals:level_draft", _LEVEL, P.DRAFT_APPEAL)
FILE = Action("file_appeal", "File the appeal", "appeals:level_file", _LEVEL, P.FILE_APPEAL)
LATE = Action(
    "file_late", "File late, or record that the window passed", "appeals:level", _LEVEL, P.FILE_APPEAL
)
FORWARD = Action("record_forwarding", "Record the plan's forwarding", "appeals:level", _LEVEL, P.FILE_APPEAL)
ARRIVED = Action("record_arrival", "Record that it was received", "appeals:level", _LEVEL, P.FILE_APPEAL)
DECIDE = Action("record_decision", "Record the decision", "appeals:level_decide", _LEVEL, P.RECORD_DECISION)
GO_ON = Action("go_on", "Decision is late: choose how to go on", "appeals:level", _LEVEL, P.RECORD_DECISION)
CHOOSE_FIRST = Action(
    "record_choice",
    "Record the patient's choice",
    "appeals:denial_choice",
    ("case", "choice_after"),
    P.FILE_APPEAL,
)
CHOOSE_NEXT = Action(
    "record_choice",
    "Record the patient's choice",
    "appeals:level_choice",
    ("case", "choice_after"),
    P.FILE_APPEAL,
)
END = Action("end_level", "End the level that is not pursued", "appeals:level", _LEVEL, P.FILE_APPEAL)
SETTLED = Action(
    "end_settled", "End the level that the other decision settled", "appeals:level", _LEVEL, P.FILE_APPEAL
)
SESSION = Action(
    "record_session", "Record a session", "appeals:session_new", ("case", "authorization"), P.CHANGE_CASE
)
RENEW = Action(
    "draft_renewal",
    "Draft the renewal request",
    "appeals:renewal",
    ("case", "authorization"),
    P.REQUEST_AUTHORIZATION,
)
DELIVER = Action(
    "record_delivery",
    "Record what the plan delivered",
    "appeals:effectuation",
    ("case", "undelivered"),
    P.RECORD_DECISION,
)
DEMAND = Action(
    "demand_delivery",
    "Demand that the plan carries out the decision",
    "appeals:late",
    _CASE,
    P.DRAFT_APPEAL,
)
CLOSE = Action("close_case", "Record the outcome and close", "appeals:close", _CASE, P.CLOSE_CASE)

# (stage, status, clock) -> action. "*" stands for any clock; the exact clock is looked up first.
TABLE: dict[tuple[str, str, str], Action] = {
    ("request", "none", "*"): ASK,
    ("request", "drafting", "*"): SEND,
    ("request", "submitted", "*"): RECEIPT,
    ("request", "submitted", "overdue"): CHASE,
    ("request", "received", "*"): ANSWER,
    ("request", "received", "overdue"): CHASE,
    ("request", "approved", "*"): CLOSE,
    ("request", "withdrawn", "*"): CLOSE,
    ("request", "denied", "*"): DENY,
    ("denial", "unconfirmed", "*"): CONFIRM,
    ("denial", "confirmed", "*"): QUESTIONS,
    ("call", "offered", "*"): BOOK,
    ("call", "scheduled", "*"): HOLD,
    ("level", "open", "*"): WRITE,
    ("level", "open", "overdue"): LATE,
    ("level", "drafting", "*"): FILE,
    ("level", "drafting", "overdue"): LATE,
    ("level", "awaits_plan", "*"): FORWARD,
    ("level", "filed", "*"): ARRIVED,
    ("level", "filed", "overdue"): GO_ON,
    ("level", "forwarded", "*"): ARRIVED,
    ("level", "forwarded", "overdue"): GO_ON,
    ("level", "returned", "*"): ARRIVED,
    ("level", "returned", "overdue"): GO_ON,
    ("level", "received", "*"): DECIDE,
    ("level", "received", "overdue"): GO_ON,
    ("level", "unchosen_denial", "*"): CHOOSE_FIRST,
    ("level", "unchosen_decision", "*"): CHOOSE_NEXT,
    ("level", "given_up", "*"): END,
    ("level", "settled", "*"): SETTLED,
    ("level", "ended", "*"): CLOSE,
    ("effectuation", "running", "*"): DELIVER,
    ("effectuation", "running", "overdue"): DEMAND,
    ("authorization", "running", "*"): SESSION,
    ("authorization", "renewal_due", "*"): RENEW,
}

DELIVERY = "effectuation"
"""The stage in which the plan lost and has to deliver."""
_NOT_FILED = frozenset({"open", "drafting"})
_ENDED = frozenset({"decided", "withdrawn", "lapsed", "declined"})
_UNDER_WAY = frozenset({"drafting", "submitted", "received"})
_GIVEN_UP = frozenset({"not_to_appeal", "other_treatment", "other_payment", "resubmit"})


def standing(position: Position) -> tuple[str, str, str]:
    """(stage, status, clock) of an open case: the key of the table. Our clock counts until a level is filed, then the plan's.

    A denial that nobody confirmed comes first, since no clock of ours runs before. A peer-to-peer comes before writing while
    our own clock leaves time for it: it is short, and stops nothing. Before either, the patient chooses, while that does not
    cost the window; a request that corrects or continues an earlier one is seen to where no level is gone to.
    """
    if position.denial and not position.denial_confirmed:
        return ("denial", "unconfirmed", position.ours)
    if position.level and position.level_status not in _ENDED:
        if position.settled:
            return ("level", "settled", position.ours)
        waits_for_call = position.call and position.call_status in {"offered", "scheduled"}
        if position.level_status in _NOT_FILED:
            if position.level_forwarded_by_plan:
                return ("level", "awaits_plan", position.plans)
            if position.needs_choice and position.level_status == "open" and position.ours != "overdue":
                return ("level", f"unchosen_{position.needs_choice}", position.ours)
            if position.choice in _GIVEN_UP:
                if position.request_follows and position.request_status in _UNDER_WAY:
                    return ("request", position.request_status, position.plans)
                return ("level", "given_up", position.ours)
            if waits_for_call and position.ours not in {"soon", "overdue"}:
                return ("call", position.call_status, position.ours)
            return ("level", position.level_status, position.ours)
        return ("level", position.level_status, position.plans)
    if position.request_follows and position.request_status in _UNDER_WAY:
        return ("request", position.request_status, position.plans)
    if position.undelivered:
        return (DELIVERY, "running", position.plans)
    if position.authorization and (position.level or position.request_status == "approved"):
        return ("authorization", "renewal_due" if position.renewal_due else "running", position.ours)
    if position.level:
        return ("level", "ended", position.ours)
    if position.call and position.call_status in {"offered", "scheduled"}:
        return ("call", position.call_status, position.ours)
    if position.denial and position.request_status == "denied":
        return ("denial", "confirmed", position.ours)
    return ("request", position.request_status or "none", position.plans)


def next_action(position: Position, permissions: Container[Permission]) -> Proposal | None:
    """The proposed next action, or None for a closed case and for somebody whose roles do not allow it."""
    if not position.is_open:
        return None
    if position.needs_choice and P.FILE_APPEAL not in permissions:
        # Somebody who does not record the choice still helps with the letter.
        position = replace(position, needs_choice="")
    stage, status, clock = standing(position)
    action = TABLE.get((stage, status, clock)) or TABLE.get((stage, status, "*"))
    if action is None or action.permission not in permissions:
        return None
    ids = {
        "case": position.case,
        "request": position.request,
        "denial": position.denial,
        "call": position.call,
        "level": position.level,
        "choice_after": position.choice_after,
        "authorization": position.authorization,
        "undelivered": position.undelivered,
    }
    args = tuple(i for name in action.of if (i := ids[name]) is not None)
    return Proposal(action.code, action.label, action.url_name, args)
