"""The steps of a story beside the contest: tasks, calls, notes, consents, access to the case."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from advocacy.management.seed.begin import open_matter
from advocacy.management.seed.color import NOTES, TALKS
from advocacy.management.seed.life import Days, Life, Step
from advocacy.management.seed.matters import Matter
from advocacy.management.seed.plans import filled
from advocacy.management.seed.said import minutes_of, words_of
from advocacy.people.commands import ContactInput, add_contact, end_contact, revoke_consent
from advocacy.people.models import Consent, Contact, User
from appeals.commands.answers import record_answer, withdraw_answer
from appeals.commands.plan_facts import record_plan_fact
from cases.commands.access import end_grant, give_grant, restrict_case
from cases.commands.cases import assign_case, reopen_case
from cases.commands.communications import keep_promise, log_communication, write_note
from cases.commands.registration import change_coverage
from cases.commands.tasks import (
    finish_task,
    hold_task,
    open_task,
    tick_items,
)
from cases.models import CaseGrant, Task


def talked(ago: int, key: str, *, kept: bool | None = None) -> Step:
    """A call or message, of the moment to which the calendar has come; its promise is kept, missed or (None) still open."""

    def step(life: Life) -> Days:
        yield ago
        talk = TALKS[key]
        person = talk.person or (life.patient.called if life.patient and talk.party == "patient" else "")
        entry = life.do(
            log_communication,
            case=life.case,
            channel=talk.channel,
            direction=talk.direction,
            party=talk.party,
            person=person,
            happened_at=life.at,
            minutes=minutes_of(life, key) if talk.channel == "call" else None,
            reference_number=filled("C-########", life.luck) if talk.party == "payer" else "",
            summary=words_of(life, key),
            promise=talk.promise,
            promised_by=life.day(ago - talk.days) if talk.promise else None,
        )
        if kept is not None and talk.promise:
            yield max(ago - talk.days, 0)
            life.do(keep_promise, communication=entry, kept=kept)

    return step


def noted(ago: int, key: str, *, for_patient: bool = False, by: str = "") -> Step:
    def step(life: Life) -> Days:
        yield ago
        life.do(write_note, by=by, case=life.case, body=NOTES[key], for_patient=for_patient)

    return step


def to_do(
    ago: int,
    title: str,
    *,
    due: int | None = None,
    template: str = "",
    ticked: int = 0,
    done: int | None = None,
) -> Step:
    """A task of the owner, due so many days from today (negative: overdue); `done` is the day it was finished."""

    def step(life: Life) -> Days:
        yield ago
        day = life.today + timedelta(days=due) if due is not None else None
        task = _of_the_stage(life, template) or life.do(
            open_task, case=life.case, title=title, template=template, due_on=day
        )
        lines = [line["key"] for line in task.checklist or []]
        tick = lines if done is not None else lines[:ticked]
        if tick:
            yield ago - 1
            task = life.do(tick_items, task=task, ticked=tick)
        if done is not None:
            yield done
            life.do(finish_task, task=task, note="Done.")

    return step


def _of_the_stage(life: Life, template: str) -> Task | None:
    """The open task that came with the stage from this template: nobody opens a second one."""
    opened = Task.objects.filter(case=life.case_row, template=template, status="open", opened_by="stage")
    return opened.order_by("-id").first() if template else None


def asleep(ago: int, title: str, reason: str, *, wakes_in: int = 0) -> Step:
    """A task put aside until a day (0: later today)."""

    def step(life: Life) -> Days:
        yield ago
        task = life.do(open_task, case=life.case, title=title)
        life.do(hold_task, task=task, until=_wake_up(life, wakes_in), reason=reason)

    return step


def _wake_up(life: Life, days: int) -> datetime:
    """Late in the afternoon of that day; today, when it is later already, in the last minute of the day."""
    zone = life.standing.zone
    day = life.today + timedelta(days=days)
    wish = datetime.combine(day, time(16, 30), tzinfo=zone)
    return wish if wish > life.now else datetime.combine(day, time(23, 59), tzinfo=zone)


def in_turn(ago: int, first: str, second: str) -> Step:
    """Two tasks of which the second waits for the first."""

    def step(life: Life) -> Days:
        yield ago
        task = life.do(open_task, case=life.case, title=first, due_on=life.today + timedelta(days=4))
        life.do(open_task, case=life.case, title=second, waits_for=task)

    return step


def left_for_the_desk(title: str) -> Step:
    """Intake leaves a task in the moment of opening; nobody has touched the case since."""

    def step(life: Life) -> Days:
        yield from ()
        life.do(
            open_task,
            by=life.intake,
            still=True,
            case=life.case,
            title=title,
            due_on=life.today + timedelta(days=2),
        )

    return step


def another(ago: int, matter: Matter, *, owner: str = "") -> Step:
    """A second case of the same patient."""

    def step(life: Life) -> Days:
        yield ago
        open_matter(life, matter, owner=owner)

    return step


def answered(ago: int, question: str, value: str, source: str) -> Step:
    def step(life: Life) -> Days:
        yield ago
        life.do(record_answer, case=life.case, question=question, value=value, source=source)

    return step


def plan_said(
    ago: int, fact: str, value: str, source: str, note: str, *, page: int | None = None, quote: str = ""
) -> Step:
    """A fact of the plan is recorded, with where it was read or who said it."""
    told: dict[str, Any] = {"fact": fact, "value": value, "source": source, "note": note}
    told |= {"page": page, "quote": quote}

    def step(life: Life) -> Days:
        yield ago
        life.do(record_plan_fact, case=life.case, **told)

    return step


def assigned(ago: int, who: str) -> Step:
    """The supervisor gives the case to somebody else."""

    def step(life: Life) -> Days:
        yield ago
        life.do(assign_case, by=life.supervisor, case=life.case, owner=life.member(who))

    return step


def restricted(ago: int, reason: str) -> Step:
    def step(life: Life) -> Days:
        yield ago
        life.do(restrict_case, by=life.supervisor, case=life.case, reason=reason)

    return step


def opened_to(ago: int, who: str, days: int, reason: str) -> Step:
    """A colleague may read the case for some days."""

    def step(life: Life) -> Days:
        yield ago
        member = life.member(who)
        assert member is not None
        user = User.objects.get(pk=member.user_id)
        life.do(give_grant, by=life.supervisor, case=life.case, user=user, days=days, reason=reason)

    return step


def release_withdrawn(ago: int) -> Step:
    """The patient takes the release of information back."""

    def step(life: Life) -> Days:
        yield ago
        consent = Consent.objects.filter(patient=life.patient, kind="release", revoked_at=None).first()
        assert consent is not None
        life.do(revoke_consent, consent=consent)

    return step


def put_aside(ago: int, code: str, reason: str, *, wakes_in: int) -> Step:
    """The task that a rule opened sleeps until a day."""

    def step(life: Life) -> Days:
        yield ago
        task = Task.objects.get(case=life.case_row, code=code, status="open")
        life.do(hold_task, task=task, until=_wake_up(life, wakes_in), reason=reason)

    return step


def closed_to(ago: int, who: str) -> Step:
    """A colleague's access ends before its day."""

    def step(life: Life) -> Days:
        yield ago
        member = life.member(who)
        assert member is not None
        grant = CaseGrant.objects.get(content_object=life.case_row, user_id=member.user_id, ended_at=None)
        life.do(end_grant, by=life.supervisor, grant=grant)

    return step


def reopened(ago: int, reason: str) -> Step:
    """The supervisor opens the closed case again."""

    def step(life: Life) -> Days:
        yield ago
        life.do(reopen_case, by=life.supervisor, case=life.case, reason=reason)

    return step


def reached_anew(ago: int, number: str) -> Step:
    """A new number in the place of the old one."""

    def step(life: Life) -> Days:
        yield ago
        old = Contact.objects.filter(patient=life.patient, ended_at=None, kind__in=["phone", "text"])[0]
        new = ContactInput("phone", number, is_safe=True, may_leave_message=True, is_preferred=True)
        life.do(add_contact, by=life.intake, patient=life.patient, contact=new)
        life.do(end_contact, by=life.intake, contact=old)

    return step


def misread(ago: int, question: str, value: str, source: str) -> Step:
    """An answer is taken down and, an hour later, taken back."""

    def step(life: Life) -> Days:
        yield ago
        answer = life.do(record_answer, case=life.case, question=question, value=value, source=source)
        life.do(withdraw_answer, answer=answer)

    return step


def plan_named(ago: int, plan_name: str) -> Step:
    """The plan document shows the plan's right name."""

    def step(life: Life) -> Days:
        yield ago
        coverage = life.coverage
        assert coverage is not None
        life.do(
            change_coverage,
            coverage=coverage,
            payer=coverage.payer,
            member_id=coverage.member_id,
            plan_name=plan_name,
            group_number=coverage.group_number,
            funding=coverage.funding,
            state_of_issue=coverage.state_of_issue,
            starts_on=coverage.starts_on,
            ends_on=coverage.ends_on,
        )

    return step
