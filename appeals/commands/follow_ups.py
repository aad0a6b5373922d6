"""Work that dates and levels ask for: tasks opened by rule, once each, and ended when what they asked is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from advocacy.access.policy import Actor, system_actor
from appeals.clock.arithmetic import words_of
from appeals.commands.checks import today_of
from appeals.dues import RUNNING, Due, day_of
from appeals.facts import History
from appeals.models import Appeal
from appeals.queries.history import COURT_TASK
from appeals.queries.ladder import AWAITING, BEFORE_FILING, Ladder, court_of
from appeals.queries.owed import WON_AT_LEVEL, WON_IN_CALL, Owed, owed_of
from appeals.queries.service_targets import chase_day
from appeals.regimes import book
from appeals.rungs import may_ask_exceptions
from cases.commands.raised import Raised, raise_tasks
from cases.commands.tasks import ENDED, open_task, settle_task
from cases.commands.touch import touch
from cases.models import Case, Task
from cases.workflow import CaseStatus

RULE = "dates"
SOON = timedelta(days=5)
NO_WINDOW, NO_ARRIVAL, NO_NOTICE = "no_window:", "no_arrival:", "no_notice:"
ASK_EXCEPTION = "ask_exception:"
NO_POST, PLAN_FACT = "no_post:", "plan_fact:"
TITLES = {
    "ask_regime": "Find out which kind of coverage this is",
    "ask_funding": "Find out: insured or self-funded?",
    "ask_sponsor": "Find out through whom the coverage is held",
    "ask_plan_kind": "Find out whether the plan is grandfathered or short-term",
    "ask_medicaid_delivery": "Find out: a Medicaid plan, or the state itself?",
    "ask_benefit": "Find out: medical or pharmacy benefit?",
    "ask_state_of_issue": "Find the state in which the policy was issued",
    "resolve_contradiction": "Two sources about the coverage disagree",
    "confirm_state_window": "Confirm the window of the state's external review",
    "work_to_letter": "Work to the date in the letter",
}


@dataclass(frozen=True)
class Wanted:
    title: str
    detail: str
    due_on: date


def program_of(case: Case) -> Actor:
    """The program itself, doing what a rule asks for in the case's organization."""
    assert case.organization_id is not None
    return system_actor(case.organization_id, RULE)


def ask(
    case: Case,
    *,
    code: str,
    title: str,
    detail: str,
    due_on: date | None,
    at: datetime,
    opened_by: Task.OpenedBy = Task.OpenedBy.RULE,
    template: str = "",
) -> Task | None:
    """Open a task by rule or stage unless one with this code is open; nothing on a closed case.

    Titles hold no patient data.
    """
    if case.status == CaseStatus.CLOSED:
        return None
    return open_task(
        actor=program_of(case),
        case=case,
        title=title,
        detail=detail,
        due_on=due_on,
        code=code,
        template=template,
        opened_by=opened_by,
        at=at,
    )


def settle(case: Case, code: str, *, at: datetime, note: str) -> None:
    """End the open task with this code, when there is one."""
    task = Task.objects.filter(case=case, code=code).exclude(status__in=ENDED).first()
    if task is not None:
        settle_task(actor=program_of(case), task=task, reason=note, at=at)


def raised(case: Case, wanted: Sequence[Raised], at: datetime) -> list[Task]:
    """Open tasks of a case that its command has locked, and of whose codes none is open (`raise_tasks`); that is work on it."""
    tasks = raise_tasks(wanted, at)
    if tasks:
        touch(case, at)
    return tasks


def ask_what_dates_need(
    case: Case, history: History, ladder: Ladder, tasks: Iterable[Task], at: datetime
) -> None:
    """Open the tasks that unknown, contradictory or missing facts ask for, and end those that are answered. `tasks` are all
    of the case that have a code.

    What a person finished or cancelled stays ended while it is asked in the same circumstances, though the fact is still
    missing: they have looked, and said so. It opens again when the circumstances are others (another denial or level, other
    words of the rule), or when it was answered in between.
    """
    if case.status == CaseStatus.CLOSED:
        return
    found = what_dates_need(case, history, ladder, tasks, at)
    asked = [
        Raised(
            case,
            code,
            want.title,
            want.detail,
            _work_day(case, code, at) or want.due_on,
            circumstances=key,
        )
        for code, want, task, key in found
        if task is None and want is not None
    ]
    raised(case, asked, at)
    for _, want, task, key in found:
        if task is None:
            continue
        if want is not None or task.status in ENDED:
            _remember(task, key)
        else:
            settle_task(
                actor=program_of(case), task=task, reason="What this asked for has been recorded.", at=at
            )


def what_dates_need(
    case: Case, history: History, ladder: Ladder, tasks: Iterable[Task], at: datetime
) -> list[tuple[str, Wanted | None, Task | None, str]]:
    """What `ask_what_dates_need` has to do, given all tasks of the case that have a code; nothing is written.

    Code, what is wanted, the task there is, the circumstances to keep: without a task one is opened; one that is no longer
    wanted is ended; else its circumstances are noted.
    """
    wanted = _wanted(case, history, ladder, at)
    ours = [t for t in tasks if _is_ours(t.code)]
    standing = {t.code: t for t in ours if t.status not in ENDED}
    looked_at = {(t.code, t.circumstances) for t in ours if t.status in ENDED}
    found: list[tuple[str, Wanted | None, Task | None, str]] = []
    for code, want in wanted.items():
        key = _circumstances(history, code, want)
        task = standing.get(code)
        if (task is None and (code, key) not in looked_at) or (
            task is not None and task.circumstances != key
        ):
            found.append((code, want, task, key))
    return found + [
        (t.code, None, t, "")
        for t in ours
        if t.code not in wanted and (t.status not in ENDED or t.circumstances)
    ]


def _work_day(case: Case, code: str, at: datetime) -> date | None:
    """The organization's own day to ask the plan for what was won; None for other tasks, and without such a target."""
    if not code.startswith((WON_IN_CALL, WON_AT_LEVEL)):
        return None
    return chase_day(today_of(case, at))


def _circumstances(history: History, code: str, want: Wanted) -> str:
    """A fingerprint of what a task is asked in: its words, and the confirmed denials and the levels there are."""
    denials = [d.pk for d in history.denials if d.confirmed_at is not None]
    levels = [] if ":" in code else [a.pk for a in history.appeals]
    return hashlib.sha256(repr((code, want.detail, denials, levels)).encode()).hexdigest()


def _remember(task: Task, circumstances: str) -> None:
    task.circumstances = circumstances
    task.save(update_fields=["circumstances"])


def consider_court(history: History, last: Appeal, at: datetime) -> None:
    """Above the last level stands a court: no level of ours, but somebody has to think of a lawyer in time."""
    beyond = court_of(history, last)
    due = beyond[1].due if beyond else None
    words = "Every level before a court has been used. Consider referring the patient to an attorney."
    if due is not None:
        words += f" The window that is known ends on {words_of(due)}."
    elif beyond is not None and beyond[1].error is not None:
        words += f" Its window is not known yet: {beyond[1].error.message}"
    soon = today_of(history.case, at) + SOON
    ask(
        history.case,
        code=f"{COURT_TASK}{last.pk}",
        title="Consider a court: attorney referral",
        detail=words,
        due_on=min(soon, day_of(due, history.zone) or soon),
        opened_by=Task.OpenedBy.STAGE,
        at=at,
    )


def _wanted(case: Case, history: History, ladder: Ladder, at: datetime) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    due_on = today_of(case, at) + SOON
    under_way = bool(history.denials) or any(r.status != "drafting" for r in history.requests)
    if under_way or history.answered:
        for task in history.classification.tasks:
            # Of several possible kinds of coverage none is recognized yet: there is no letter's regime to work to.
            if task.code == "work_to_letter" and history.classification.regime is None:
                continue
            found[task.code] = Wanted(
                TITLES.get(task.code, "Answer a question about the coverage"), task.text, due_on
            )
    for fact in history.plan_disagreements if under_way else ():
        found[f"{PLAN_FACT}{fact.key}"] = Wanted(
            "Two sources about the plan disagree",
            f"{fact.text} Find out which is right, and take the other back. {fact.caution}",
            due_on,
        )
    for due in ladder.requests:
        if _turns_on_exception(history, due):
            found[f"{ASK_EXCEPTION}{due.subject_id}"] = Wanted(
                "Find out: does the request ask for an exception?",
                "A request for an exception (to the drug plan's list, a tier or a limit on use) waits up to 14 days for the"
                " prescriber's supporting statement. Until it is known, the plan is not called late. Ask the prescriber or the"
                " plan, and record it with the request; record when the plan had the statement.",
                min(due_on, day_of(due.due, history.zone) or due_on),
            )
    for due in ladder.documents:
        if _lacks(due, "missing_documents_requested"):
            found[f"{NO_POST}{due.subject_id}"] = Wanted(
                "Record when the request for documents arrived",
                f"{due.title}: the time starts when the request arrived. Look at the proof of delivery, or ask.",
                due_on,
            )
    for owed in owed_of(history):
        code = f"{WON_IN_CALL if owed.in_call else WON_AT_LEVEL}{owed.of.pk}"
        found[code] = _delivery_wanted(owed, due_on)
    for level in ladder.levels:
        if level.appeal is None:
            continue
        if level.appeal.status in BEFORE_FILING and level.filing is not None and level.filing.due is None:
            why = level.filing.error.message if level.filing.error else ""
            found[f"{NO_WINDOW}{level.appeal.pk}"] = Wanted(
                "Find the last day to file",
                f"{level.rung.title}: no date can be computed. {why} Until it is known, file as early as you can.",
                due_on,
            )
        if _lacks(level.effectuation, "missing_reversal_received"):
            found[f"{NO_NOTICE}{level.appeal.pk}"] = Wanted(
                "Find out when the plan had the decision",
                f"{level.rung.title}: the plan lost, and its time to carry it out runs from when it had the decision. Ask the"
                " plan, or send it the decision with proof.",
                due_on,
            )
        if level.appeal.status in AWAITING and _lacks(level.decision, "missing_received"):
            found[f"{NO_ARRIVAL}{level.appeal.pk}"] = Wanted(
                "Record when the appeal arrived",
                f"{level.rung.title}: the time to decide starts when it arrived. Look at the proof of delivery, or ask.",
                due_on,
            )
    return found


def _turns_on_exception(history: History, due: Due) -> bool:
    """Whether the payer's time may be longer because nobody knows if an exception is asked for."""
    longer = due.status == RUNNING and "longer_time_possible" in {flag.code for flag in due.flags}
    return (
        longer
        and may_ask_exceptions(history.classification)
        and not history.request(due.subject_id).exception
    )


def _delivery_wanted(owed: Owed, due_on: date) -> Wanted:
    if owed.in_call:
        return Wanted(
            "Follow up what was won in the peer-to-peer",
            "No rule known here gives the plan a time to carry out what it gave way on in a call. Ask for it in writing, with"
            " the authorization number; work to the day its letter names, and record what it delivers.",
            due_on,
        )
    rule = f"{owed.words} ({owed.citation})" if owed.citation else owed.words
    tell = (
        ""
        if owed.had
        else " Find out, too, when the plan had the decision, or send it the decision with proof."
    )
    return Wanted(
        "Follow up what the plan owes by the decision",
        f"{owed.title}: the plan lost, and what was won is not recorded as delivered. {rule} Ask for it in writing, and record"
        f" what it delivers.{tell}",
        due_on,
    )


def _lacks(due: Due | None, code: str) -> bool:
    return due is not None and due.status == RUNNING and due.error is not None and due.error.code == code


def _is_ours(code: str) -> bool:
    return code in book().tasks or code.startswith(
        ("ask_", NO_WINDOW, NO_ARRIVAL, NO_NOTICE, NO_POST, PLAN_FACT, WON_IN_CALL, WON_AT_LEVEL)
    )
