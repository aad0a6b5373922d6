"""What must be true before a step is taken: guards of the workflow tables. Pure: no Django, no queries.

A guard gets the locked row and the facts of the step and returns None or the Reason. The command looks things up (the
frozen file, the window, standing consent) and passes them in the facts; a guard only judges. Dates are compared as days
in the patient's zone, moments as aware datetimes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from advocacy.errors import Reason

Facts = Mapping[str, Any]
CLOCK_SKEW = timedelta(minutes=5)


def happened_not_in_future(field: str) -> Callable[[Any, Facts], Reason | None]:
    """The moment typed into `field` is not later than now (five minutes of clock difference are forgiven)."""

    def not_in_future(row: Any, facts: Facts) -> Reason | None:
        moment = facts["changes"].get(field)
        if moment is None:
            return Reason("moment_missing", "Say when this happened.", field)
        if moment > facts["at"] + CLOCK_SKEW:
            return Reason("in_future", "This moment is in the future. Enter when it really happened.", field)
        return None

    not_in_future.__name__ = f"happened_not_in_future_{field}"
    return not_in_future


def request_has_items(request: Any, facts: Facts) -> Reason | None:
    if facts.get("item_count"):
        return None
    return Reason("items_missing", "Add at least one item (code and units) to the request.", "items")


def request_is_ready(request: Any, facts: Facts) -> Iterable[Reason]:
    """Nothing needed is open (`facts["not_ready"]`), or it is said why it went out all the same.

    That is for the urgent, and for what the payer has already (`facts["received_at"]`): what happened is recorded as it was.
    """
    lacking = tuple(facts.get("not_ready", ()))
    there = facts.get("received_at") is not None
    if not lacking or ((request.is_urgent or there) and facts["changes"].get("unready_reason")):
        return ()
    if there:
        why = "The payer has this request already: say why it went out with these answers open."
        return (*lacking, Reason("unready_reason_missing", why, "unready_reason"))
    if request.is_urgent:
        why = "This request is urgent: it may go out with open answers. Say why it cannot wait for them."
        return (*lacking, Reason("unready_reason_missing", why, "unready_reason"))
    why = "It waits for these answers. If the payer has it already, enter when it was received, and say why it went out."
    why += " Else a second person may allow it: see “Go past a refusal” on the case."
    return (*lacking, Reason("not_ready", why, "received_at"))


def what_was_typed_is_possible(row: Any, facts: Facts) -> Iterable[Reason]:
    """What the command found wrong with the words themselves (a channel that is none), with everything else."""
    return tuple(facts.get("mistyped", ()))


def a_known_receipt_came_after(request: Any, facts: Facts) -> Reason | None:
    """A receipt told together with the sending (`facts["received_at"]`) has happened, and not before it."""
    known = {"received_at": facts.get("received_at"), "submitted_at": facts["changes"].get("submitted_at")}
    if known["received_at"] is None:
        return None
    told = {"changes": known, "at": facts["at"]}
    return happened_not_in_future("received_at")(request, told) or received_not_before_sent(request, told)


_PHONE = re.compile(r"(?:\+?1[\s.-]*)?\(?\d{3}\)?[\s./-]*\d{3}[\s.-]*\d{4}(?!\d)")
_ONLY_A_NUMBER = re.compile(r"(?i)(?:fax|phone|tel|telephone|number|no|to|at|by|[\d\s.:()/+#-])+")


def address_suits_channel(channel: str, address: str, field: str) -> Reason | None:
    """A fax goes to a number, a letter to an address, an e-mail to an e-mail address: what is frozen as sent is true.

    A payer's portal has no one form. An empty address is somebody else's question.
    """
    there = address.strip()
    if not there:
        return None
    if channel == "mail" and _ONLY_A_NUMBER.fullmatch(there) and _PHONE.search(there):
        said = "This is a number, and a letter goes to an address. Write the address it was mailed to, or choose Fax."
    elif channel == "fax" and not _PHONE.search(there):
        said = "A fax goes to a number, and none stands here. Write the fax number, or choose how it really went."
    elif channel == "email" and "@" not in there:
        said = "This is no e-mail address. Write the one it went to, or choose how it really went."
    else:
        return None
    return Reason("address_of_another_channel", said, field)


def release_stands(request: Any, facts: Facts) -> Iterable[Reason]:
    """What we send of a patient's health needs the patient's authorization, as at a filing (45 CFR 164.508).

    A provider that asks a plan for its own patient needs none (45 CFR 164.506(c)). `facts["barred"]` holds the Reason when
    none stood on the day it went out.
    """
    return tuple(facts.get("barred", ()))


def it_went_out_ready(request: Any, facts: Facts) -> Iterable[Reason]:
    """What the payer has without a record of its sending was ready, or it is said how it got there."""
    lacking = tuple(facts.get("not_ready", ()))
    if not lacking or facts["changes"].get("unready_reason"):
        return ()
    why = "If the payer has it all the same, say how it went out with these answers open."
    return (*lacking, Reason("unready_reason_missing", why, "unready_reason"))


def received_not_before_sent(request: Any, facts: Facts) -> Reason | None:
    sent = facts["changes"].get("submitted_at") or request.submitted_at
    received = facts["changes"].get("received_at")
    if sent and received and received < sent:
        return Reason(
            "received_before_sent", "The payer cannot have received this before it was sent.", "received_at"
        )
    return None


def decided_not_before_sent(request: Any, facts: Facts) -> Reason | None:
    decided = facts["changes"].get("decided_at")
    sent = request.submitted_at or request.received_at
    if decided and sent and decided < sent:
        return Reason("decided_before_sent", "The decision cannot be earlier than the request.", "decided_at")
    return None


def withdrawal_has_a_reason(row: Any, facts: Facts) -> Reason | None:
    return None if facts.get("reason") else Reason("reason_missing", "Say why, in one sentence.", "reason")


def not_pursued_by_choice(appeal: Any, facts: Facts) -> Reason | None:
    """A level is left unused because the patient chose so, and that is recorded; or because nothing is refused any more."""
    if facts.get("not_pursued"):
        return None
    return Reason(
        "choice_missing",
        "Record first what the patient chose after the decision: who advised, who agreed, and why.",
        "reason",
    )


def call_has_a_time(call: Any, facts: Facts) -> Reason | None:
    if facts["changes"].get("scheduled_at"):
        return None
    return Reason("time_missing", "Say when the call will be.", "scheduled_at")


def call_has_an_outcome(call: Any, facts: Facts) -> Reason | None:
    if facts["changes"].get("outcome"):
        return None
    return Reason("outcome_missing", "Choose how the call ended.", "outcome")


def missing_has_a_reason(call: Any, facts: Facts) -> Reason | None:
    return (
        None if facts.get("reason") else Reason("reason_missing", "Say why it did not take place.", "reason")
    )


def opened_by_filing(appeal: Any, facts: Facts) -> Reason | None:
    if facts.get("opened_by") == "forwarding":
        return Reason(
            "forwarded_level",
            "This level is not filed by you: the plan forwards the case. Record the forwarding.",
        )
    return None


def opened_by_forwarding(appeal: Any, facts: Facts) -> Reason | None:
    if facts.get("opened_by") != "forwarding":
        return Reason("filed_level", "The plan does not forward this level: it has to be filed.")
    return None


def may_be_filed_orally(appeal: Any, facts: Facts) -> Reason | None:
    if facts.get("oral_filing_allowed"):
        return None
    return Reason("not_orally", "This level is not filed by phone. File it in writing.", "channel")


def file_is_frozen(appeal: Any, facts: Facts) -> Reason | None:
    """No level is filed without the bytes that went out (or the record of the call)."""
    if facts["changes"].get("frozen_version"):
        return None
    return Reason("file_missing", "Build the file that goes out first.", "exhibits")


def filing_has_an_address(appeal: Any, facts: Facts) -> Reason | None:
    if facts.get("address"):
        return None
    return Reason("address_missing", "Say where this goes: the address, fax number or portal.", "address")


def filed_not_before_denial(appeal: Any, facts: Facts) -> Reason | None:
    filed, notice = facts.get("filed_on"), facts.get("notice_on")
    if filed and notice and filed < notice:
        return Reason(
            "filed_before_denial",
            "The filing cannot be earlier than the denial it answers or, where no letter came, than the first day on which"
            " silence counts as one.",
            "filed_at",
        )
    return None


def inside_window_or_good_cause(appeal: Any, facts: Facts) -> Reason | None:
    """The last day of the window is inside. After it, a filing needs the reason why it is late (good cause).

    The day compared is the later of the statutory and the stated one: filing between the two is arguable, so it is not
    refused. `facts["window_end"]` is a date or an aware moment, or None where no window is known.
    """
    end = facts.get("window_end")
    filed = facts.get("filed_on")
    if end is None or filed is None or filed <= end or facts.get("good_cause"):
        return None
    return Reason(
        "window_passed",
        f"The window ended on {end:%B} {end.day}, {end.year}. A late filing needs the reason why it is late.",
        "good_cause",
    )


def amount_is_met_or_explained(appeal: Any, facts: Facts) -> Reason | None:
    """The amount in dispute reaches what the level asks for, or it is said why it is met all the same.

    Several claims may be added up (42 CFR 405.1006(e)), which the record of one case does not show. `facts["amount_lacks"]`
    is the Reason of the rule, or None.
    """
    lacks = facts.get("amount_lacks")
    if lacks is None or facts.get("amount_reason"):
        return None
    return Reason(
        lacks.code,
        f"{lacks.message} Record the money at stake, or say why the amount is met all the same.",
        "amount_reason",
    )


def window_has_passed(appeal: Any, facts: Facts) -> Reason | None:
    end = facts.get("window_end")
    if end is not None and facts["today"] > end:
        return None
    return Reason(
        "window_open",
        "The window has not passed yet. It may be recorded from the day after its last day; until then file, or say that this"
        " level is not pursued.",
    )


def the_level_beside_allows_it(appeal: Any, facts: Facts) -> Iterable[Reason]:
    """A level that was opened at once is asked for together with the urgent one below it, and that one is not taken back while
    it runs. `facts["beside_lacks"]` holds the Reasons."""
    return tuple(facts.get("beside_lacks", ()))


def consent_stands(appeal: Any, facts: Facts) -> Reason | None:
    if facts.get("consent"):
        return None
    return Reason(
        "consent_missing",
        "There is no standing consent of the patient to send health information. Record one first.",
        "consent",
    )


def received_not_before_filed(appeal: Any, facts: Facts) -> Reason | None:
    received = facts["changes"].get("received_at")
    start = appeal.filed_at or appeal.forwarded_at or appeal.returned_at
    if received and start and received < start:
        return Reason(
            "received_before_filed", "It cannot have been received before it was sent.", "received_at"
        )
    return None


def decided_not_before_filed(appeal: Any, facts: Facts) -> Reason | None:
    decided = facts["changes"].get("decided_at")
    start = appeal.received_at or appeal.filed_at or appeal.forwarded_at or appeal.returned_at
    if decided and start and decided < start:
        return Reason("decided_before_filed", "The decision cannot be earlier than the filing.", "decided_at")
    return None


def every_item_has_an_outcome(appeal: Any, facts: Facts) -> Iterable[Reason]:
    """Every item this level is about gets exactly one outcome."""
    missing = facts.get("items_without_outcome", ())
    return tuple(
        Reason("item_outcome_missing", f"Choose the outcome for {label}.", f"item_{key}")
        for key, label in missing
    )


def decision_is_overdue(appeal: Any, facts: Facts) -> Reason | None:
    """Going on without a decision needs the latest defensible date of the payer's clock to have passed."""
    due = facts.get("decision_due")
    if due is not None and facts.get("decision_due_passed"):
        return None
    return Reason(
        "not_overdue",
        "The time to decide has not passed yet on the latest reading of the rule. Going on without a decision may be recorded"
        " from the first minute after it.",
    )
