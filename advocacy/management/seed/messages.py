"""The steps of a story in which somebody writes: messages in the patient's portal, what is asked of the patient, meetings."""

from __future__ import annotations

from datetime import timedelta

from advocacy.access.policy import Actor, Portal
from advocacy.management.seed.life import Days, Life, Step
from advocacy.people.models import PortalAccess
from advocacy.tenancy.scope import scope_with
from appeals.commands.approvals import answer_letter, ask_approval
from appeals.models import LetterApproval
from appeals.sample_letters import text_as_pdf
from cases.commands.communications import log_communication
from cases.commands.messages import read_messages, send_message
from cases.commands.tasks import finish_task, open_task
from cases.models import Task


def wrote(ago: int, body: str) -> Step:
    """The patient writes in the portal, having read what is there."""

    def step(life: Life) -> Days:
        yield ago
        access = PortalAccess.objects.get(patient=life.patient, kind="patient", ended_at=None)
        actor = Actor(
            key=f"user:{access.user_id}",
            label=f"Patient {life.case.patient.reference}",
            organization_id=life.standing.organization.pk,
            user_id=access.user_id,
            portal=Portal(access.pk, access.patient_id, access.kind, frozenset(access.scope)),
        )
        with scope_with(actor=actor.key, actor_label=actor.label, at=life.at):
            read_messages(actor=actor, case=life.case, at=life.at)
            send_message(actor=actor, case=life.case, body=body, at=life.at)

    return step


def written_to(ago: int, body: str, *papers: str) -> Step:
    """We write to the patient, with papers of the case; the patient is told at the next hour for it."""

    def step(life: Life) -> Days:
        yield ago
        with_it = [life.papers[key] for key in papers]
        life.do(send_message, case=life.case, body=body, attachments=with_it)

    return step


def to_approve(ago: int) -> Step:
    """The patient is asked to approve the letter as it stands, and told that there is one."""

    def step(life: Life) -> Days:
        yield ago
        life.do(ask_approval, appeal=life.level)

    return step


def said_yes_on_paper(ago: int) -> Step:
    """The patient's yes came by post; whoever was to tell the patient has done so."""

    def step(life: Life) -> Days:
        yield ago + 1
        asked = LetterApproval.objects.get(appeal=life.level, superseded_at=None)
        for task in Task.objects.filter(case=life.case_row, code="tell_patient:letter", status="open"):
            life.do(finish_task, task=task, note="The letter went to the patient by post.")
        yield ago
        words = "Signed on the copy that came back by post."
        life.do(answer_letter, approval=asked, approved=True, words=words, method="paper")

    return step


def asked_of_patient(ago: int, title: str, words: str, *, due: int) -> Step:
    """Something the patient has to do, due in so many days from today."""

    def step(life: Life) -> Days:
        yield ago
        day = life.today + timedelta(days=due)
        life.do(
            open_task,
            case=life.case,
            title=title,
            due_on=day,
            waits_on_patient=True,
            asked_of_patient=words,
        )

    return step


def met(ago: int, person: str, summary: str, paper: str, text: str) -> Step:
    """A meeting, with the paper that came out of it."""

    def step(life: Life) -> Days:
        yield ago
        record = life.upload("meeting", "other", paper, text_as_pdf(text), "meeting.pdf")
        life.do(
            log_communication,
            case=life.case,
            channel="meeting",
            direction="out",
            party="provider",
            person=person,
            happened_at=life.at,
            minutes=40,
            summary=summary,
            attachments=[record],
        )

    return step
