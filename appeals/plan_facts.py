"""Facts of one plan that a clock takes and no letter has to hold: the page that asks for them, and which of them count.

Pure: no Django. Each fact is kept with its source, like an answer to a coverage question, in the same table. Doubt is
resolved early for the patient and late for the payer, so what somebody merely says never lengthens the patient's time and
never shortens the payer's: for that a fact has to be read in the letter or the plan document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from advocacy.errors import Reason
from appeals.regimes import book
from appeals.regimes.classifier import Answer, Classification

DAYS, DAY, CHOICE = "days", "day", "choice"
READ = frozenset({"letter", "plan_document"})
"""Sources in which a fact can be read."""
FROM_PAYER = READ | {"payer_call"}
PLAN_WINDOW, HEARING_WINDOW = "plan_window_days", "window_days"
RATING_PERIOD, PROCESS, PRIOR = "rating_period_start", "process", "prior_authorization"
STATE_HEARING = "state_hearing_days"
FILED_WHEN = "filed_when"
WINDOWS = {"first_appeal_days": "internal_appeal_1", "external_review_days": "external_review"}
"""The plan's own windows that only argue, and the level whose time each is."""
COMMERCIAL = (
    "erisa_self_funded",
    "fully_insured_group",
    "individual_aca",
    "nonfederal_governmental_self_funded",
    "church_self_funded",
    "grandfathered",
)
FIRST_RATING_PERIOD = date(2017, 7, 1)
"""From rating periods that begin then the rule has clocks for plans: 42 CFR 438.3(t) and 81 FR 27498."""
SHORTER_SINCE = date(2026, 1, 1)
"""42 CFR 438.210(d)(1): 7 days instead of 14 for rating periods that begin in 2026 or later."""


@dataclass(frozen=True)
class PlanFact:
    """One fact: `kind` says what its value is (a count of days, a day, or one of `choices`). `least` and `most` are bounds
    of a count; `regimes` are the sets of rules whose clocks take it.
    """

    key: str
    text: str
    why: str
    kind: str
    citation: str
    regimes: tuple[str, ...]
    least: int = 0
    most: int = 0
    choices: Mapping[str, str] | None = None
    caution: str = ""


PLAN_FACTS = (
    PlanFact(
        PLAN_WINDOW,
        "How many days does the plan give for a second internal appeal?",
        "No law sets this number. Without it only a day that the letter states can be worked to.",
        DAYS,
        "29 CFR 2560.503-1(c)(2)",
        (
            "erisa_self_funded",
            "fully_insured_group",
            "nonfederal_governmental_self_funded",
            "church_self_funded",
            "grandfathered",
        ),
        least=1,
        most=730,
        caution="Of several numbers the smallest counts. An earlier day in the letter still goes in front.",
    ),
    PlanFact(
        HEARING_WINDOW,
        "How many days does the state give to ask for a fair hearing?",
        "The state sets 90 to 120 days from the date of the plan's notice. Until it is known, the dates use 90.",
        DAYS,
        "42 CFR 438.408(f)(2)",
        ("medicaid_managed_care", "chip"),
        least=90,
        most=120,
        caution="More than 90 days count only when read in the letter or the plan document. Of several the smallest counts.",
    ),
    PlanFact(
        STATE_HEARING,
        "How many days does the state Medicaid agency give to ask for a hearing?",
        "The state sets the number, never more than 90 from the day the notice is mailed. Without it only a day that the"
        " letter states can be worked to.",
        DAYS,
        "42 CFR 431.221(d)",
        ("medicaid_ffs",),
        least=1,
        most=90,
        caution="Of several numbers the smallest counts. An earlier day in the letter still goes in front.",
    ),
    PlanFact(
        RATING_PERIOD,
        "On which day did the plan's present rating period begin?",
        "Plans whose rating period began before 2026 have 14 days to decide a request, later ones 7.",
        DAY,
        "42 CFR 438.210(d)(1)",
        ("medicaid_managed_care", "chip"),
        caution="A day in 2026 or later shortens the plan's time only when the plan, its letter or its document gives it.",
    ),
    PlanFact(
        PROCESS,
        "Which process carries out the external review?",
        "An act of the program may move the last day of one process and not of another.",
        CHOICE,
        "45 CFR 147.136(d); 29 CFR 2590.715-2719(d)",
        (
            "erisa_self_funded",
            "fully_insured_group",
            "individual_aca",
            "nonfederal_governmental_self_funded",
            "church_self_funded",
        ),
        choices={
            "private_iro": "A review organization that the plan contracts",
            "hhs_administered": "The process that HHS administers",
            "state": "The state's own process",
        },
        caution="It counts only when read in the letter or the plan document, and where the state's law has that process.",
    ),
    PlanFact(
        PRIOR,
        "Does the plan ask for prior authorization for this treatment?",
        "From 2026 a plan has 7 days where it asks for prior authorization, and 14 where it does not.",
        CHOICE,
        "42 CFR 422.568(b)(1)",
        ("medicare_advantage",),
        choices={"yes": "Yes", "no": "No"},
        caution="Without an answer the dates use 7 days. One source that says no gives the plan 14.",
    ),
    PlanFact(
        "first_appeal_days",
        "How many days does the plan give for the first internal appeal?",
        "A plan may give more than the 180 days of the law. What it gives beyond them only argues a late filing.",
        DAYS,
        "29 CFR 2560.503-1(h)(3)(i)",
        COMMERCIAL,
        least=1,
        most=730,
        caution="It counts only when read in the letter or the plan document. The date to work to never moves by it.",
    ),
    PlanFact(
        "external_review_days",
        "How many days does the plan give to ask for external review?",
        "A plan may give more than the law. What it gives beyond it only argues a late request.",
        DAYS,
        "45 CFR 147.136(d)(2)(i); 29 CFR 2590.715-2719(d)(2)(i)",
        COMMERCIAL,
        least=1,
        most=730,
        caution="It counts only when read in the letter or the plan document. The date to work to never moves by it.",
    ),
    PlanFact(
        FILED_WHEN,
        "When does the plan count an appeal as filed?",
        "The law on claims does not say whether sending is enough. Until it is read, work as if it had to arrive.",
        CHOICE,
        "29 CFR 2560.503-1(h)",
        COMMERCIAL,
        choices={"arrival": "When it arrives", "sending": "When it is sent"},
        caution="It counts only when read in the letter or the plan document. No date moves by it.",
    ),
)
BY_KEY: Mapping[str, PlanFact] = {fact.key: fact for fact in PLAN_FACTS}


def is_plan_fact(key: str) -> bool:
    """Whether a kept answer is a fact of the plan, and so no answer to a coverage question."""
    return key in BY_KEY


def value_reason(key: str, value: str, today: date) -> Reason | None:
    """Why a value cannot be; `today` is the day where the patient is."""
    fact = BY_KEY.get(key)
    if fact is None:
        return Reason("fact_unknown", "Choose a fact from the list.", "fact")
    if fact.kind == DAYS:
        if value.isascii() and value.isdecimal() and fact.least <= int(value[:6]) <= fact.most:
            return None
        words = f"Enter a number of days from {fact.least} to {fact.most}."
        return Reason("days_impossible", words, "value")
    if fact.kind == CHOICE:
        if value in (fact.choices or {}):
            return None
        return Reason("value_unknown", "Choose one of the answers.", "value")
    try:
        day = date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        return Reason("day_missing", "Enter a day.", "value")
    if not FIRST_RATING_PERIOD <= day <= today:
        return Reason(
            "day_impossible", "Enter a day between July 1, 2017 and today: the period that runs now.", "value"
        )
    return None


def proof_reasons(source: str, page: int | None, quote: str) -> list[Reason]:
    """What is lacking of the proof of a fact that was read: its page, and the words that say it."""
    if source not in READ:
        return []
    found = []
    if page is None or page < 1:
        found.append(Reason("page_missing", "Enter the page on which it stands.", "page"))
    if not quote.strip():
        found.append(Reason("quote_missing", "Quote the words that say it.", "quote"))
    return found


def applicable(found: Classification) -> tuple[PlanFact, ...]:
    """The facts that a clock of any kind of coverage that may apply takes."""
    return tuple(f for f in PLAN_FACTS if set(f.regimes) & set(found.candidates))


def disagreeing(said: Iterable[Answer], found: Classification) -> tuple[PlanFact, ...]:
    """Facts that matter here and of which two sources say different things."""
    values: dict[str, set[str]] = {}
    for row in said:
        values.setdefault(row.question, set()).add(row.value)
    return tuple(f for f in applicable(found) if len(values.get(f.key, ())) > 1)


def counted(said: Iterable[Answer], state: str | None) -> dict[str, Any]:
    """The values that clocks take, by the name of the fact in `appeals.clock.facts.Facts`.

    `state` is the state of issue (two letters) or None. Of numbers that disagree the one counts that is earlier for the
    patient, or later for the payer.
    """
    by_key: dict[str, list[Answer]] = {}
    for row in said:
        by_key.setdefault(row.question, []).append(row)
    found: dict[str, Any] = {}
    if rows := by_key.get(PLAN_WINDOW):
        found["plan_window_days"] = min(int(r.value) for r in rows)
    hearing = [
        int(r.value)
        for r in by_key.get(HEARING_WINDOW, ())
        if r.source in READ or int(r.value) == BY_KEY[HEARING_WINDOW].least
    ]
    if hearing:
        found["window_days"] = min(hearing)
    elif rows := by_key.get(STATE_HEARING):
        found["window_days"] = min(int(r.value) for r in rows)
    periods = [
        day
        for r in by_key.get(RATING_PERIOD, ())
        if (day := date.fromisoformat(r.value)) < SHORTER_SINCE or r.source in FROM_PAYER
    ]
    if periods:
        found["rating_period_start"] = min(periods)
    processes = {r.value for r in by_key.get(PROCESS, ()) if r.source in READ}
    if len(processes) == 1 and _has(state, process := processes.pop()):
        found["process"] = process
    if any(r.value == "no" for r in by_key.get(PRIOR, ())):
        found["service"] = "no_prior_authorization"
    return found


def argued(said: Iterable[Answer]) -> dict[str, Any]:
    """What was read of the plan's own time to file, by key: it argues a later day, and moves none. Of windows that disagree the
    shortest, of ways to count as filed the arrival.
    """
    rows = [row for row in said if row.source in READ]
    found: dict[str, Any] = {}
    for key in WINDOWS:
        if days := [int(row.value) for row in rows if row.question == key]:
            found[key] = min(days)
    if ways := {row.value for row in rows if row.question == FILED_WHEN}:
        found[FILED_WHEN] = "arrival" if "arrival" in ways else "sending"
    return found


def _has(state: str | None, process: str) -> bool:
    """Whether the law of the state knows the process; where no state is known, nothing speaks against it."""
    if state is None:
        return True
    law = book().states[state]
    return process in law.filing_stages if law.filing_stages else process == law.process
