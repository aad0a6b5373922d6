"""Facts of the work, as rules: each returns None or the Reason it is not so. Pure: no Django, no queries.

A rule gets the row and the facts of the step; what has to be looked up, the command looks up and passes in the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from advocacy.errors import Reason
from cases import codes

Facts = Mapping[str, Any]


def nothing_is_open(case: Any, facts: Facts) -> Iterable[Reason]:
    """A case closes when no app has an obstacle: `facts["obstacles"]` are all of them, each with its own sentence."""
    return tuple(facts.get("obstacles", ()))


def closing_has_an_outcome(case: Any, facts: Facts) -> Reason | None:
    if facts["changes"].get("outcome"):
        return None
    return Reason("outcome_missing", "Choose how the case ended.", "outcome")


def reopening_has_a_reason(case: Any, facts: Facts) -> Reason | None:
    return (
        None
        if facts.get("reason")
        else Reason("reason_missing", "Say why the case is opened again.", "reason")
    )


def what_it_waits_for_is_done(task: Any, facts: Facts) -> Reason | None:
    """`facts["waits_for_open"]` is true while the task this one waits for is not finished."""
    if facts.get("waits_for_open"):
        return Reason("waits_for_other", "This waits for another task. Finish that one first.")
    return None


def checklist_is_complete(task: Any, facts: Facts) -> Reason | None:
    left = [item["label"] for item in (task.checklist or []) if not item.get("done")]
    if left:
        return Reason("checklist_open", f"Tick these first: {'; '.join(left)}.", "checklist")
    return None


def ending_has_a_reason(task: Any, facts: Facts) -> Reason | None:
    return None if facts["changes"].get("end_note") else Reason("reason_missing", "Say why.", "end_note")


def hold_has_a_wake_up(task: Any, facts: Facts) -> Iterable[Reason]:
    """A hold without a wake-up in the future is how work is forgotten."""
    until = facts["changes"].get("hold_until")
    if until is None:
        return (Reason("wake_up_missing", "Say when this wakes up.", "hold_until"),)
    if until <= facts["at"]:
        return (Reason("wake_up_past", "The wake-up must be in the future.", "hold_until"),)
    return ()


def early_wake_has_a_reason(task: Any, facts: Facts) -> Reason | None:
    """A hold that ran out needs no reason; one that is ended early does."""
    if facts["at"] >= task.hold_until or facts["changes"].get("woken_reason"):
        return None
    return Reason("reason_missing", "Say why the hold ends early.", "woken_reason")


def diagnosis_codes_can_be_used(chosen: Sequence[str], on: date) -> Iterable[Reason]:
    """ICD-10-CM, at least one, each of the right shape and in force on the day `on` (the code set changes every October 1)."""
    if not chosen:
        yield Reason(
            "diagnosis_missing", "Fill in at least one ICD-10 code, such as F33.2.", "diagnosis_codes"
        )
    for code in chosen:
        if not codes.well_formed(code, codes.ICD_10_CM):
            yield Reason(
                "diagnosis_form",
                f"“{code}” is not written like an ICD-10 code (a letter, two characters, then a point and more: F33.2)."
                " Correct it.",
                "diagnosis_codes",
            )
        elif codes.valid_on(code, on) is False:
            yield Reason(
                "diagnosis_not_in_force",
                f"{code} is not in force on {on:%m/%d/%Y}. Choose a code that is.",
                "diagnosis_codes",
            )


def procedure_codes_can_be_used(chosen: Sequence[str], on: date) -> Iterable[Reason]:
    """CPT or HCPCS codes, each of the right shape and in force on the day `on`."""
    for code in chosen:
        if not (codes.well_formed(code, codes.CPT) or codes.well_formed(code, codes.HCPCS)):
            yield Reason(
                "procedure_form",
                f"“{code}” is not written like a CPT code (96365) or a HCPCS code (J3490). Correct it.",
                "procedure_codes",
            )
        elif codes.valid_on(code, on) is False:
            yield Reason(
                "procedure_not_in_force",
                f"{code} is not in force on {on:%m/%d/%Y}. Choose a code that is.",
                "procedure_codes",
            )


def npi_is_right(npi: str) -> Reason | None:
    """Form and check digit of a National Provider Identifier (45 CFR 162.406)."""
    if len(npi) != 10 or not npi.isascii() or not npi.isdigit():
        return Reason("npi_form", "An NPI has ten digits. Compare this one with its source.", "npi")
    if npi[0] not in "12":
        return Reason("npi_form", "An NPI begins with 1 or 2. Compare this one with its source.", "npi")
    if not codes.npi_is_valid(npi):
        return Reason(
            "npi_check_digit",
            "The last digit does not fit the others, so one digit of this NPI is mistyped. Compare it with its source.",
            "npi",
        )
    return None


def member_id_can_be_kept(member_id: str) -> Reason | None:
    """Payers write member ids in every way, with quotes, spaces and letters: only an empty or endless one is refused."""
    if not any(c.isalnum() for c in member_id):
        return Reason("member_id_missing", "Fill in the member id as the card shows it.", "member_id")
    if len(member_id) > 60:
        return Reason("member_id_long", "A member id has at most 60 characters.", "member_id")
    return None


SHOWN_OF_A_NUMBER = 4


def masked(number: str) -> str:
    """A number by which somebody is known, with its last four letters and digits; a short one shows none of them."""
    kept = "".join(c for c in number if c.isalnum())
    shown = kept[-SHOWN_OF_A_NUMBER:] if len(kept) >= 2 * SHOWN_OF_A_NUMBER else ""
    return f"\u2022\u2022\u2022\u2022 {shown}".strip()


def not_in_the_future(day: date | None, today: date, field: str, what: str) -> Reason | None:
    if day is None or day <= today:
        return None
    return Reason("date_in_future", f"{what} cannot be in the future. Check the year.", field)


def in_this_order(first: date | None, last: date | None, field: str, what: str) -> Reason | None:
    if first is None or last is None or last >= first:
        return None
    return Reason("ends_before_start", f"{what} ends before it begins. Correct one of the two days.", field)


def scale_is_known(scale: str) -> Reason | None:
    """A scale is one of the list, or none was used; nothing is typed freely here."""
    if not scale or scale in codes.all_scales():
        return None
    return Reason("scale_unknown", "Choose a scale from the list.", "scale")


def score_fits_scale(scale: str, score: Decimal | None, field: str) -> Reason | None:
    """A score lies in the range of its scale and is whole where the scale counts in whole points."""
    if score is None:
        return None
    known = codes.all_scales().get(scale)
    if known is None:
        return Reason("scale_missing", "Choose the scale that this score belongs to.", "scale")
    if known.low is None or known.high is None:
        return Reason(
            "scale_of_categories",
            f"{known.label} gives categories, not a score. Leave the score empty.",
            field,
        )
    if not known.low <= score <= known.high:
        return Reason(
            "score_out_of_range",
            f"{known.label} goes from {known.low:g} to {known.high:g}. Enter a score between them.",
            field,
        )
    if known.whole and score != int(score):
        return Reason("score_not_whole", f"{known.label} has whole points only. Enter a whole number.", field)
    return None


def treatment_dates_fit(
    started_on: date | None, stopped_on: date | None, reason_stopped: str, today: date
) -> Iterable[Reason]:
    """Neither day is in the future, the order holds, and what is still taken has no last day."""
    found = [
        not_in_the_future(started_on, today, "started_on", "The first day"),
        not_in_the_future(stopped_on, today, "stopped_on", "The last day"),
        in_this_order(started_on, stopped_on, "stopped_on", "The treatment"),
    ]
    if reason_stopped == "ongoing" and stopped_on is not None:
        found.append(
            Reason(
                "still_taken",
                "It is still taken, so there is no last day. Clear one of the two.",
                "stopped_on",
            )
        )
    return [r for r in found if r]


def weeks_fit_dates(
    weeks: int | None, started_on: date | None, stopped_on: date | None, today: date
) -> Reason | None:
    """Weeks at an adequate dose cannot be more than the weeks between the first and the last day."""
    if weeks is None or started_on is None:
        return None
    if weeks * 7 > ((stopped_on or today) - started_on).days + 7:
        return Reason(
            "weeks_too_many",
            "That is more weeks than lie between the two days. Correct the weeks, or a day.",
            "weeks_adequate",
        )
    return None


def owner_can_work_cases(permissions: Collection[str]) -> Reason | None:
    """`permissions` are those of the owner's roles: whoever owns a case must be able to see it and work its tasks."""
    if {"cases.see", "cases.work_tasks"} <= set(permissions):
        return None
    return Reason(
        "owner_cannot_work", "This colleague's role does not work cases. Choose somebody else.", "owner"
    )


def days_of_a_grant(days: int) -> Reason | None:
    if 1 <= days <= 90:
        return None
    return Reason(
        "grant_days", "Access is given for 1 to 90 days; it can be given again. Enter such a number.", "days"
    )


# What is asked for without a diagnosis to treat; no plan pays for it, and no organization here contests that.
WITHOUT_MEDICAL_PURPOSE = frozenset({"wellness", "recreation"})


def purpose_is_stated(purpose: str) -> Reason | None:
    """Every case says what the treatment is for: without it nothing can be asked of a plan."""
    return None if purpose else Reason("purpose_missing", "Say what the treatment is for.", "purpose")


def inside_scope(treatment: str, purpose: str, scope: Collection[str] | None) -> Reason | None:
    """Whether this is work the organization does: a treatment of its scope, for a medical purpose.

    `scope` are the keys of the treatments it helps with; None means that it has not narrowed them.
    """
    if purpose in WITHOUT_MEDICAL_PURPOSE:
        return Reason(
            "outside_scope_purpose",
            "This is not asked for a medical purpose. Decline it with the reason, and say where the person can turn.",
            "purpose",
        )
    if scope is not None and treatment and treatment not in scope:
        return Reason(
            "outside_scope_treatment",
            "Your organization does not help with this treatment. Decline it with the reason, and say where the person"
            " can turn.",
            "treatment",
        )
    return None


def inquiry_is_inside_scope(inquiry: Any, facts: Facts) -> Reason | None:
    """`facts["outside_scope"]` is the Reason of `inside_scope`, or None."""
    found: Reason | None = facts.get("outside_scope")
    return found


def declining_has_a_reason(inquiry: Any, facts: Facts) -> Reason | None:
    if facts["changes"].get("declined_because"):
        return None
    return Reason("reason_missing", "Choose why this is declined.", "declined_because")


def declining_names_where_to_turn(inquiry: Any, facts: Facts) -> Reason | None:
    """Nobody is sent away without a place to ask next."""
    if facts["changes"].get("referred_to"):
        return None
    return Reason("referral_missing", "Say where this person can turn instead.", "referred_to")


def a_duplicate_names_the_other(case: Any, facts: Facts) -> Reason | None:
    """`facts["duplicate_named"]` is true when the case is linked as the duplicate of another one."""
    if facts["changes"].get("outcome") != "duplicate" or facts.get("duplicate_named"):
        return None
    return Reason(
        "duplicate_unnamed", "Say on the page “Related cases” which case this is a duplicate of.", "outcome"
    )


def triage_rank(urgency: str, safety_concern: str) -> int:
    """The order of a queue by triage: 0 emergency, 1 a safety concern, 2 urgent, 3 everything else."""
    if urgency == "emergency":
        return 0
    if safety_concern == "yes":
        return 1
    return 2 if urgency == "urgent" else 3


def network_is_verified(checked_on: date | None, on: date, days: int) -> Reason | None:
    """The network was looked up at most `days` days before the day `on`; a later look counts too."""
    if checked_on is None:
        return Reason(
            "network_unchecked",
            "Nobody has checked whether the provider is in the plan's network. Check it, and record what was found.",
        )
    if (on - checked_on).days > days:
        return Reason(
            "network_check_old",
            f"The network was checked on {checked_on:%m/%d/%Y}, more than {days} days before. Check it again.",
        )
    return None


def referral_covers(referrals: Iterable[tuple[date, date]], first: date, last: date) -> Reason | None:
    """One referral, as (first day, last day), is valid on every day from `first` to `last`."""
    known = list(referrals)
    if any(start <= first and last <= end for start, end in known):
        return None
    if not known:
        return Reason("referral_missing", "The plan wants a referral, and none is recorded. Record it.")
    days = f"{first:%m/%d/%Y}" if first == last else f"{first:%m/%d/%Y} to {last:%m/%d/%Y}"
    return Reason(
        "referral_not_valid", f"No referral is valid for all days of the service ({days}). Record a new one."
    )


def team_days_fit(from_on: date, until_on: date | None, today: date) -> Iterable[Reason]:
    """Somebody stands on a team from a day on, at most until a day that is not over."""
    if until_on is not None and until_on < from_on:
        yield Reason(
            "ends_before_start", "The last day is before the first. Correct one of the two.", "until_on"
        )
    elif until_on is not None and until_on < today:
        yield Reason("already_over", "These days are over. Enter a last day from today on.", "until_on")


# What the part in a team asks of somebody's roles, and the words for lacking it.
_PARTS = {
    "backup": ("cases.change", "A backup works the case: choose a navigator or a supervisor."),
    "supervisor": ("cases.assign", "Choose a supervisor."),
    "clinician": ("appeals.peer_to_peer", "Choose somebody who holds peer-to-peer calls."),
    "interpreter": ("cases.see", "This colleague's role opens no case. Choose somebody else."),
}


def fits_the_part(part: str, permissions: Collection[str]) -> Iterable[Reason]:
    """`permissions` are those of the roles of whoever is to be named for the part."""
    needed, words = _PARTS[part]
    if not {"cases.see", needed} <= set(permissions):
        yield Reason("role_does_not_fit", words, "member")
