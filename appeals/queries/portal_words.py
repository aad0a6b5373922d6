"""Where a case stands, in the words of the portal: one sentence, what comes next, what the patient can do. No statements here.

Short words and short sentences, in English and Spanish (tests/guards/test_reading.py measures them). `day` in a sentence is
a day where the patient lives: for the patient's side the earlier of safe and stated, for the other side the day after which
it is called late (`Deadline.due_on`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as mark

from appeals.queries.portal_helper_words import FOR_HELPER
from appeals.rungs import Rung


def day_words(day: date | datetime, today: date | None = None) -> str:
    """ "Tuesday, May 14" or "martes 14 de mayo"; a moment with its hour, a day of another year than `today` with its year."""
    # Translators: a format of Django's date filter.
    said = date_format(day, _("l, F j") if today is None or day.year == today.year else _("l, F j, Y"))
    if isinstance(day, datetime):
        return _("%(day)s at %(hour)s") % {"day": said, "hour": date_format(day, _("g:i A"))}
    return said


@dataclass(frozen=True)
class Place:
    """Where a case stands (`stage`, `status`, `clock` as in appeals.next_action.standing), with what its sentence needs.

    `kind` is who decides at the level in question: plan, external, hearing, council, or "" where that is not known.
    `today` is the day where the patient lives.
    """

    stage: str
    status: str
    clock: str = "none"
    kind: str = ""
    ours: date | datetime | None = None
    theirs: date | datetime | None = None
    call_on: date | datetime | None = None
    valid_until: date | None = None
    outcome: str = ""
    then: str = ""
    today: date | None = None


Pair = tuple[str, str]

# (stage, status, clock) -> the sentence and what comes next. The clock "*" stands for any; "none" for no date known.
SAID: dict[tuple[str, str, str], Pair] = {
    ("request", "none", "*"): (
        mark("We are getting your case ready."),
        mark("Next, we ask your plan to pay for your care. We need your papers first."),
    ),
    ("request", "drafting", "*"): (
        mark("We are writing to your plan to ask for your care."),
        mark("Next, the request goes out. Then your plan has to answer."),
    ),
    ("request", "submitted", "*"): (
        mark("Your plan has until %(theirs)s to answer."),
        mark("If the answer is no, or none comes, we can help you appeal."),
    ),
    ("request", "submitted", "none"): (
        mark("Your plan has our request."),
        mark("Next, we make sure it came in. Then we can tell you by when they must answer."),
    ),
    ("request", "submitted", "overdue"): (
        mark("Your plan had until %(theirs)s to answer. It is late."),
        mark("Next, we call your plan and ask for the answer."),
    ),
    ("request", "approved", "*"): (
        mark("Your plan said yes."),
        mark("Next, you can plan your visits. Ask us how many your plan will pay for."),
    ),
    ("request", "withdrawn", "*"): (
        mark("We took back the request to your plan."),
        mark("Next, we talk with you about what you want to do."),
    ),
    ("request", "denied", "*"): (
        mark("Your plan said no."),
        mark("Next, we read the letter and look for the last day to appeal."),
    ),
    ("denial", "unconfirmed", "*"): (
        mark("Your plan said no. We are reading the letter."),
        mark("Next, we check each date in it. Then we can tell you the last day to appeal."),
    ),
    ("denial", "confirmed", "*"): (
        mark("Your plan said no. We are looking at what you can do."),
        mark("Next, we find out which rules your plan has to follow."),
    ),
    ("call", "offered", "*"): (
        mark("Your plan said no. We have until %(ours)s to appeal."),
        mark("Next, your doctor may talk with your plan. If that does not help, we appeal."),
    ),
    ("call", "offered", "none"): (
        mark("Your plan said no. Your doctor may talk with your plan."),
        mark("Next, we set a time for the call. If it does not help, we can appeal."),
    ),
    ("call", "scheduled", "*"): (
        mark("Your doctor talks with your plan on %(call_on)s."),
        mark("If the plan still says no, we have until %(ours)s to appeal."),
    ),
    ("call", "scheduled", "none"): (
        mark("Your doctor talks with your plan on %(call_on)s."),
        mark("If the plan still says no, we can appeal."),
    ),
    ("level", "unchosen", "*"): (
        mark("The answer was no. There is time until %(ours)s to go on."),
        mark("Next, you choose. We help you to see what can be done."),
    ),
    ("level", "unchosen", "none"): (
        mark("The answer was no, or none came. You can go on."),
        mark("Next, you choose. We help you to see what can be done."),
    ),
    ("level", "open", "*"): (
        mark("The answer was no. We have until %(ours)s to appeal."),
        mark("Next, we write the appeal and send it out."),
    ),
    ("level", "open", "none"): (
        mark("We are getting your appeal ready."),
        mark("We have no sure last day yet. We work to send it soon."),
    ),
    ("level", "open", "overdue"): (
        mark("The last day to appeal was %(ours)s."),
        mark("Next, we look at whether it can still go out. Please call us."),
    ),
    ("level", "drafting", "*"): (
        mark("We are writing your appeal. It has to go out by %(ours)s."),
        mark("Next, it goes out. Then they have to answer."),
    ),
    ("level", "drafting", "none"): (
        mark("We are writing your appeal."),
        mark("We have no sure last day yet. We work to send it soon."),
    ),
    ("level", "awaits_plan", "*"): (
        mark("Your plan has until %(theirs)s to send your case to outside reviewers."),
        mark("Next, the reviewers decide. They do not work for your plan."),
    ),
    ("level", "awaits_plan", "none"): (
        mark("Your plan must send your case to outside reviewers."),
        mark("Next, the reviewers decide. They do not work for your plan."),
    ),
    ("level", "awaits_plan", "overdue"): (
        mark("Your plan had until %(theirs)s to send your case on. It is late."),
        mark("Next, we ask your plan to send it now."),
    ),
    ("level", "given_up", "*"): (
        mark("You chose not to go on with this appeal."),
        mark("You can still change your mind until %(ours)s. Call us if you do."),
    ),
    ("level", "given_up", "none"): (
        mark("You chose not to go on with this appeal."),
        mark("Call us if you change your mind."),
    ),
    ("court", "*", "*"): (
        mark("The answer is still no. What is left is a court."),
        mark("We do not go to court for you. A lawyer can tell you what to do and by when."),
    ),
    ("effectuation", "running", "*"): (
        mark("The answer is yes. Your plan has until %(theirs)s to do what was decided."),
        mark("Next, we make sure that it does."),
    ),
    ("effectuation", "running", "overdue"): (
        mark("The answer is yes. Your plan had until %(theirs)s to do what was decided. It is late."),
        mark("Next, we ask your plan to do it now."),
    ),
    ("effectuation", "running", "none"): (
        mark("The answer is yes. Your plan has to do what was decided."),
        mark("Next, we make sure that it does."),
    ),
    ("authorization", "running", "*"): (
        mark("Your plan said yes. It holds until %(valid_until)s."),
        mark("Next, you have your visits. We ask for more before the time runs out."),
    ),
    ("authorization", "renewal_due", "*"): (
        mark("Your plan said yes. It holds until %(valid_until)s."),
        mark("Next, we ask your plan to go on paying after that day."),
    ),
}
SAID |= {
    ("request", "received", clock): SAID["request", "submitted", clock] for clock in ("*", "none", "overdue")
}

# What is being written for a level that is no appeal to the plan: with a date, and without one.
ASKING: dict[str, tuple[str, str]] = {
    "external": (
        mark("We ask outside reviewers to decide. It has to go out by %(ours)s."),
        mark("We are getting your case ready for outside reviewers."),
    ),
    "hearing": (
        mark("We ask for a hearing with a judge. It has to go out by %(ours)s."),
        mark("We are getting your case ready for a hearing."),
    ),
    "council": (
        mark("We ask the appeals council to decide. It has to go out by %(ours)s."),
        mark("We are getting your case ready for the appeals council."),
    ),
}

# Who decides at a level that went out: with a date, without one, and late.
WAITING: dict[str, tuple[str, str, str]] = {
    "plan": (
        mark("Your plan has until %(theirs)s to answer."),
        mark("Your appeal is with your plan."),
        mark("Your plan had until %(theirs)s to answer. It is late."),
    ),
    "external": (
        mark("The outside reviewers have until %(theirs)s to decide."),
        mark("Your case is with outside reviewers."),
        mark("The outside reviewers had until %(theirs)s to decide. They are late."),
    ),
    "hearing": (
        mark("The judge has until %(theirs)s to decide."),
        mark("Your case waits for a hearing."),
        mark("The judge had until %(theirs)s to decide. The answer is late."),
    ),
    "council": (
        mark("The appeals council has until %(theirs)s to decide."),
        mark("Your case is with the appeals council."),
        mark("The appeals council had until %(theirs)s to decide. It is late."),
    ),
    "": (
        mark("They have until %(theirs)s to answer."),
        mark("Your appeal is on its way."),
        mark("They had until %(theirs)s to answer. They are late."),
    ),
}

# What can follow when the answer is no or none comes: by the kind of the level above.
THEN = {
    "plan": mark("If they do not, or if they say no, we can ask your plan to look again."),
    "external": mark("If they do not, or if they say no, we can ask outside reviewers to decide."),
    "forwarding": mark("If they say no, your plan must send your case to outside reviewers."),
    "fair_hearing": mark("If they do not, or if they say no, we can ask the state to decide."),
    "hearing": mark("If they say no, we can ask for a hearing with a judge."),
    "council": mark("If they say no, we can ask the appeals council."),
    "court": mark("If they say no, what is left is a court. We will talk with you about it."),
    "": mark("If they say no, we look at the next step with you."),
}

# How the last level ended, when no further one stands open.
ENDED: dict[str, Pair] = {
    "overturned": (
        mark("The answer is yes. The no was taken back."),
        mark("Next, we wait for the paper that says what your plan will pay."),
    ),
    "partly": (
        mark("The answer is yes for a part."),
        mark("Next, we talk with you about the rest."),
    ),
    "upheld": (
        mark("The answer is still no."),
        mark("Next, we talk with you about what is left."),
    ),
    "lapsed": (
        mark("The time to appeal has run out."),
        mark("Next, we talk with you about what is left."),
    ),
    "": (
        mark("The appeal has ended."),
        mark("Next, we talk with you about what you want to do."),
    ),
}

_NOTHING_MORE = mark("Nothing more is due. Call us if something new comes up.")
CLOSED: dict[str, Pair] = {
    "covered": (mark("Your case is closed. Your plan agreed to pay."), _NOTHING_MORE),
    "partly_covered": (mark("Your case is closed. Your plan agreed to pay for a part."), _NOTHING_MORE),
    "not_covered": (mark("Your case is closed. Your plan did not agree to pay."), _NOTHING_MORE),
    "other_payment": (mark("Your case is closed. Your care is paid in another way."), _NOTHING_MORE),
    "withdrawn": (mark("Your case is closed, as you asked."), _NOTHING_MORE),
    "moot": (mark("Your case is closed. It was no longer needed."), _NOTHING_MORE),
    "unreachable": (
        mark("Your case is closed. We could not reach you."),
        mark("Call us. Then we can see what is still open to you."),
    ),
    "": (mark("Your case is closed."), _NOTHING_MORE),
}


def words_of(place: Place, helped: str = "") -> Pair:
    """The sentence, and what happens next. Every place has words; without a known date they name none.

    `helped` is what the patient is called, where somebody reads who helps; empty for the patient.
    """
    sentence, after = _pair(place)
    if helped:
        sentence, after = FOR_HELPER.get(sentence, sentence), FOR_HELPER.get(after, after)
    days = {
        name: day_words(value, place.today)
        for name in ("ours", "theirs", "call_on", "valid_until")
        if (value := getattr(place, name)) is not None
    } | {"name": helped}
    return _(sentence) % days, _(after) % days


def _pair(place: Place) -> Pair:
    if place.stage == "closed":
        return CLOSED.get(place.outcome, CLOSED[""])
    if place.stage == "level" and place.status in {"filed", "forwarded", "returned", "received"}:
        dated, undated, late = WAITING[place.kind if place.kind in WAITING else ""]
        said = undated if place.theirs is None else late if place.clock == "overdue" else dated
        return said, THEN[place.then]
    if place.stage == "level" and place.status == "ended":
        return ENDED.get(place.outcome, ENDED[""])
    if place.stage == "level" and place.status == "drafting" and place.kind in ASKING:
        dated, undated = ASKING[place.kind]
        return (
            (undated, SAID["level", "drafting", "none"][1])
            if place.ours is None
            else (dated, SAID["level", "drafting", "*"][1])
        )
    status = place.status.partition("_")[0] if place.status.startswith("unchosen") else place.status
    clock = place.clock
    for pair in (SAID.get((place.stage, status, clock)), SAID.get((place.stage, status, "*"))):
        if pair is not None and _dated(pair, place):
            return pair
    without = SAID.get((place.stage, status, "none"))
    return without or SAID.get((place.stage, "*", "*")) or SAID["request", "none", "*"]


def _dated(pair: Pair, place: Place) -> bool:
    """Whether every day that these words name is known."""
    return all(
        getattr(place, name) is not None
        for name in ("ours", "theirs", "call_on", "valid_until")
        if any(f"%({name})s" in text for text in pair)
    )


def then_of(above: Rung | None) -> str:
    """The key of THEN for the level above."""
    if above is None:
        return ""
    if above.is_court:
        return "court"
    if above.opened_by == "forwarding":
        return "forwarding"
    if above.key == "state_fair_hearing":
        return "fair_hearing"
    return above.kind if above.kind in THEN else ""


# What the patient can do, at most three, by where the case stands; the first that fit. `links` lead to pages of the portal.
THINGS: dict[str, str] = {
    "choose": mark("Tell us if you want to go on."),
    "release": mark("Sign the form that lets us share your records."),
    "letter": mark("Send us each letter from your plan."),
    "envelope": mark("Keep each envelope. The day on it can count."),
    "doctor": mark("Ask your doctor's office to be ready for the call."),
    "worse": mark("Call us if you get worse. Then a faster answer may be possible."),
    "visits": mark("Set your visits before that day."),
    "late_letter": mark("Did a letter come? Tell us the day it came."),
    "questions": mark("Ask us if something is not clear."),
    "again": mark("Call us if your plan says no again."),
}
# The same in words for somebody who helps: what they can do for the patient. What only the patient can do is left out.
HELPER_THINGS: dict[str, str] = THINGS | {
    "choose": mark("Talk about whether to go on. Then tell us."),
    "letter": mark("Send us each letter from the plan."),
    "doctor": mark("Ask the doctor's office to be ready for the call."),
    "worse": mark("Call us if things get worse. Then a faster answer may be possible."),
    "visits": mark("Help to set the visits before that day."),
    "again": mark("Call us if the plan says no again."),
}
ONLY_THE_PATIENT = frozenset({"release"})
_OF_STAGE: dict[str, Sequence[str]] = {
    "request": ("release", "letter", "worse"),
    "denial": ("release", "letter", "envelope"),
    "call": ("doctor", "letter", "worse"),
    "level": ("release", "letter", "worse"),
    "court": ("questions", "letter"),
    "effectuation": ("letter", "questions"),
    "authorization": ("visits", "letter", "again"),
    "closed": ("again", "questions"),
}


def things_of(place: Place, *, released: bool, cannot: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Codes of THINGS: what can be done now. `released`: whether a consent to share records stands; `cannot`: what the
    reader has no way to do.
    """
    wanted = list(_OF_STAGE.get(place.stage, ("questions",)))
    if place.status.startswith("unchosen"):
        wanted.insert(0, "choose")
    if place.clock == "overdue" and place.stage in {"request", "level"} and place.theirs is not None:
        wanted.insert(0, "late_letter")
    if released:
        wanted = [code for code in wanted if code != "release"]
    wanted = [code for code in wanted if code not in cannot]
    if len(wanted) < 3 and "questions" not in wanted:
        wanted.append("questions")
    return tuple(wanted[:3])


STEPS = {
    "plan": mark("We appeal to your plan"),
    "external": mark("Outside reviewers decide"),
    "hearing": mark("A judge hears your case"),
    "council": mark("The appeals council decides"),
    "court": mark("A court, if you choose it"),
    "": mark("The next appeal"),
}


AGAIN = mark("We appeal to your plan again")


REQUEST, CALL = mark("We ask your plan"), mark("Your doctor talks with your plan")


def step_words(said: str, helped: str = "") -> str:
    """What a step is called, in the reader's language; `helped` as in `words_of`."""
    return _(FOR_HELPER.get(said, said) if helped else said) % {"name": helped}


def step_name(rung: Rung, *, again: bool, helped: str = "") -> str:
    """A level in plain words; `again` when it is not the first inside the plan; `helped` as in `words_of`."""
    kind = "court" if rung.is_court else rung.kind
    said = AGAIN if kind == "plan" and again else STEPS.get(kind, STEPS[""])
    return step_words(said, helped)


def state_words(state: str, tone: str) -> str:
    """How a step ended or stands: `state` and `tone` as in appeals.queries.steps.Step."""
    if state == "current":
        return _("We are here")
    if state == "done":
        return {"good": _("They said yes"), "bad": _("They said no"), "warn": _("Yes for a part")}.get(
            tone, _("Done")
        )
    if state == "closed":
        return _("Ended")
    return _("Only if we need it")


def as_values(texts: Sequence[str]) -> list[Any]:
    """Marked texts in the reader's language."""
    return [_(text) for text in texts]
