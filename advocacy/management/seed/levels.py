"""The steps of a story after the denial: the appeal is written, filed, received, decided, and the case is closed."""

from __future__ import annotations

import io
import re
from datetime import timedelta

from advocacy.management.seed import papers
from advocacy.management.seed.begin import tried_before
from advocacy.management.seed.delivered import carried_out
from advocacy.management.seed.life import Days, Life, Step
from advocacy.management.seed.plans import OFFICES, filled
from advocacy.management.seed.said import tell_the_patient
from advocacy.management.seed.teamwork import choose_unless_chosen, no_longer_pursued
from appeals.commands.decisions import decide_appeal, deem_decided, return_level
from appeals.commands.levels import (
    add_proof,
    decline_level,
    file_appeal,
    file_orally,
    lapse_level,
    receive_appeal,
    record_forwarding,
    save_draft,
    set_exhibits,
    set_expedited,
    start_draft,
    withdraw_appeal,
)
from appeals.commands.peer_to_peers import miss_call
from appeals.commands.requests import AuthorizationInput, record_authorization
from appeals.commands.stage_work import STAGE
from appeals.models import Appeal, Filing, ItemOutcome, PeerToPeer
from appeals.queries.drafts import draft_text
from appeals.queries.in_question import items_in_question
from appeals.sample_letters import text_as_pdf
from cases.commands.cases import close_case
from cases.commands.communications import keep_promise, log_communication
from cases.commands.costs import record_cost
from cases.commands.documents import add_version
from cases.commands.tasks import cancel_task, finish_task, tick_items
from cases.models import Communication, Cost, Task

_GAP = re.compile(r"\[\[.*?\]\]", re.DOTALL)
_ANSWER = (
    "The record answers this. Doses, dates and weeks of every earlier treatment are in the medication history, and the"
    " scores of the last months show the course. The treating clinician explains in the letter of medical necessity why"
    " this treatment was asked for."
)
_TITLES = {
    "necessity": ("medical_necessity", "Letter of medical necessity"),
    "history": ("medication_history", "Medication history"),
    "scores": ("rating_scale", "Rating scale scores"),
    "visit": ("clinical_note", "Visit note"),
}


def gathered(ago: int, *keys: str) -> Step:
    """Papers of the clinic come in: necessity, history, scores (these three unless others are named) or visit."""

    def step(life: Life) -> Days:
        yield ago
        name, matter = life.story.person.full_name, life.matter
        assert matter is not None
        on = life.at.date()
        for key in keys or ("necessity", "history", "scores"):
            if key == "history":
                text = papers.history(name, _rows(life), on)
            else:
                text = {"necessity": papers.necessity, "scores": papers.scores, "visit": papers.visit_note}[
                    key
                ](name, matter, on)
            kind, title = _TITLES[key]
            life.upload(key, kind, title, text_as_pdf(text), f"{key}.pdf")

    return step


def better_copy(ago: int, key: str) -> Step:
    """A paper comes again, with the newest page: version 2 of the same document."""

    def step(life: Life) -> Days:
        yield ago
        matter = life.matter
        assert matter is not None
        text = papers.scores(life.story.person.full_name, matter, life.at.date())
        data = io.BytesIO(text_as_pdf(text))
        life.do(add_version, document=life.papers[key], filename=f"{key}-2.pdf", stream=data)
        life.work_off()

    return step


def _rows(life: Life) -> list[tuple[str, str, str, str, str]]:
    rows = []
    for tried in tried_before(life):
        first = life.day(life.story.begins + 30 * tried.months)
        last = first + timedelta(weeks=tried.weeks)
        dose = f"{tried.dose} {tried.unit}".strip() or "-"
        rows.append((tried.name, dose, f"{first:%m/%Y} - {last:%m/%Y}", tried.response, tried.stopped))
    return rows


def written(ago: int, *, ready: bool = False, ticked: int = 3) -> Step:
    """The letter is begun from the record and its exhibits are chosen; `ready` fills the open places as a person would.

    Of the checklist that came with the level the first `ticked` lines are done, after the decision below was read.
    """

    def step(life: Life) -> Days:
        yield ago
        level = life.level
        exhibits = [
            key
            for key in ("denial", "decision", "necessity", "history", "scores", "visit")
            if key in life.papers
        ]
        task = Task.objects.get(case=life.case_row, code=f"{STAGE}level:{level.pk}")
        first = task.waits_for
        if first is not None and first.status == "open":
            lines = [line["key"] for line in first.checklist or []]
            first = life.do(tick_items, task=first, ticked=lines)
            life.do(finish_task, task=first, note="Read with the patient.")
        life.do(start_draft, appeal=level)
        life.do(
            set_exhibits,
            appeal=life.level,
            versions=[(life.version(key), "") for key in exhibits],
        )
        lines = [line["key"] for line in task.checklist or []]
        if lines[:ticked]:
            life.do(tick_items, task=task, ticked=lines[:ticked])
        if ready:
            _fill(life)

    return step


def _fill(life: Life) -> None:
    text = _GAP.sub(_ANSWER, draft_text(life.level))
    on = life.at.astimezone(life.standing.zone).date()
    office = None if life.answers_denial else where_it_goes(life)["mail"].split(", ", 1)
    life.do(save_draft, appeal=life.level, text=text, dated=on, recipient=office)


def urgent(ago: int) -> Step:
    """The level is asked to be decided urgently, on the clinician's word."""

    def step(life: Life) -> Days:
        yield ago
        reason = "The treating clinician certifies that waiting could seriously harm the patient."
        life.do(set_expedited, appeal=life.level, is_expedited=True, reason=reason)

    return step


def filed(ago: int, *, channel: str = "fax", received: int | None = None, late_because: str = "") -> Step:
    """The packet is frozen and sent; its proof is kept; `received` is when the other side had it."""

    def step(life: Life) -> Days:
        yield ago
        if not life.level.draft:
            yield from written(ago, ticked=9)(life)
        _fill(life)
        choose_unless_chosen(life, "appeal")
        address = where_it_goes(life)[channel]
        filing = life.do(
            file_appeal,
            appeal=life.level,
            channel=channel,
            address=address,
            filed_at=life.at,
            good_cause=late_because,
        )
        sent_with_proof(life, filing, address)
        if received is not None:
            yield from arrived(received)(life)

    return step


def where_it_goes(life: Life) -> dict[str, str]:
    """Where a level goes, by channel: the first as the denial says, a later one to the office that decides it."""
    denial, plan = life.refusal, life.story.plan
    if life.answers_denial:
        return {
            "fax": f"Fax {denial.send_to_fax or plan.fax}",
            "mail": denial.send_to_address or plan.payer,
            "portal": denial.send_to_portal or f"Member portal of {plan.payer}",
        }
    office, fax, box = OFFICES[life.history.rung(life.level).decider]
    name = office.format(payer=plan.payer)
    return {"fax": f"{name}, fax {fax}", "mail": f"{name}, {box}", "portal": f"Portal of {name}"}


def written_from_the_record(life: Life) -> None:
    """The papers of the clinic are there, and the letter is begun from the record with its exhibits and filled."""
    if "necessity" not in life.papers:
        life.take(gathered(life.ago))
    if not life.level.draft:
        life.take(written(life.ago, ticked=9))
    _fill(life)


def sent_with_proof(life: Life, filing: Filing, address: str) -> None:
    """What went out is proven, and the work on the packet is done."""
    _prove(life, filing, address)
    _finish_packet(life)


def _prove(life: Life, filing: Filing, address: str) -> None:
    report = papers.fax_report(address, filing.page_count, life.at.date())
    document = life.upload("proof", "proof", "Proof of sending", report.encode(), "report.txt")
    life.do(add_proof, filing=filing, document=document, note=f"Confirmation {filled('######', life.luck)}")


def _finish_packet(life: Life) -> None:
    for task in Task.objects.filter(case=life.case_row, code=f"packet:{life.level.pk}", status="open"):
        open_lines = [line["key"] for line in task.checklist or [] if not line.get("done")]
        if open_lines:
            task = life.do(tick_items, task=task, ticked=open_lines)
        life.do(finish_task, task=task, note="Sent.")


def filed_by_phone(ago: int, *, person: str = "Appeals line") -> Step:
    """The level is opened by a call, which is logged and frozen."""

    def step(life: Life) -> Days:
        yield ago
        choose_unless_chosen(life, "appeal")
        call = life.do(
            log_communication,
            case=life.case,
            party="payer",
            person=person,
            happened_at=life.at,
            minutes=19,
            reference_number=filled("C-########", life.luck),
            summary="Asked for the appeal, and that the visits go on while it is decided. Both were taken down.",
        )
        life.do(file_orally, appeal=life.level, communication=call)
        life.work_off()

    return step


def arrived(ago: int) -> Step:
    """The other side confirms when it had the appeal (or the forwarded file)."""

    def step(life: Life) -> Days:
        yield ago
        level = life.level
        start = level.filed_at or level.forwarded_at
        at = life.moment(ago, 11)
        life.do(receive_appeal, appeal=level, received_at=max(at, start) if start else at)

    return step


def forwarded(ago: int) -> Step:
    """The plan sends the file on by itself."""

    def step(life: Life) -> Days:
        yield ago
        life.do(record_forwarding, appeal=life.level, forwarded_at=life.moment(ago))

    return step


def decided(
    notice: int,
    outcome: str,
    *,
    received: int | None = None,
    stated: int | None = None,
    reviewer: str = "",
    letter: bool = True,
    recorded: int | None = None,
    authorized: bool = True,
) -> Step:
    """The decision of the level: upheld, partly or overturned for every item; what was won comes with an authorization, unless
    the plan is yet to give one."""

    def step(life: Life) -> Days:
        yield recorded if recorded is not None else min(notice, received if received is not None else notice)
        story, matter, level = life.story, life.matter, life.level
        assert matter is not None
        history = life.history
        wanted = items_in_question(history, level)
        paper = None
        if letter:
            title = history.rung(level).title
            text = papers.decision(
                story.plan, story.person.full_name, life.reference, life.day(notice), outcome, title, reviewer
            )
            paper = life.upload(
                "decision", "decision_letter", f"Decision: {title}", text_as_pdf(text), "decision.pdf"
            )
        start = level.received_at or level.filed_at or level.forwarded_at
        at = life.moment(notice, 9)
        count = matter.sessions if outcome == "overturned" else max(matter.sessions // 2, 1)
        given = AuthorizationInput(
            filled("AUTH-######", life.luck), count, None, life.day(notice), life.day(notice - 120), paper
        )
        life.do(
            decide_appeal,
            appeal=level,
            decided_at=max(at, start) if start else at,
            notice_on=life.day(notice),
            sent_on=life.day(notice),
            received_on=life.day(received) if received is not None else None,
            received_evidence="postmark" if received is not None else "none",
            stated_deadline_on=life.day(stated) if stated is not None else None,
            outcomes={str(item.public_id): outcome for item in life.items if item.pk in wanted},
            letter=paper,
            summary=f"The letter says: {outcome}.",
            authorization=given if authorized and outcome in ("overturned", "partly") else None,
        )
        if outcome in ("overturned", "partly"):
            count_money(life, count)
        tell_the_patient(life, "won" if outcome == "overturned" else "told")

    return step


def taken_up_again(ago: int, note: str) -> Step:
    """Whoever decided last reopens their own decision; what was decided stands, and is decided anew beside it."""

    def step(life: Life) -> Days:
        yield ago
        latest = Appeal.objects.filter(case=life.case, status="decided").order_by("-decided_at")[0]
        life.do(
            return_level,
            appeal=latest,
            why=Appeal.Returned.REOPENING,
            returned_at=life.moment(ago),
            received_at=None,
            note=note,
        )

    return step


def silence(ago: int) -> Step:
    """The time to decide has passed: the case goes on without a decision."""

    def step(life: Life) -> Days:
        yield ago
        life.do(deem_decided, appeal=life.level)

    return step


def lapsed(ago: int) -> Step:
    def step(life: Life) -> Days:
        yield ago
        life.do(lapse_level, appeal=life.level, reason="The patient decided too late; nothing was filed.")

    return step


def given_up(ago: int, reason: str) -> Step:
    """An open level is not pursued, or a filed one is withdrawn."""

    def step(life: Life) -> Days:
        yield ago
        command = withdraw_appeal
        if life.level.status in ("open", "drafting"):
            command = decline_level
            no_longer_pursued(life, life.level)
        life.do(command, appeal=life.level, reason=reason)

    return step


def count_money(life: Life, sessions: int) -> None:
    matter = life.matter
    assert matter is not None
    savings, obtained, words = papers.shared_savings(matter, sessions)
    for kind, amount in (("patient_savings", savings), ("plan_dollars", obtained)):
        life.do(record_cost, case=life.case, kind=kind, amount=amount, certainty="actual", basis=words)


def closed(ago: int, outcome: str, note: str = "") -> Step:
    """What is still open is settled, and the case is closed."""

    def step(life: Life) -> Days:
        yield ago
        for call in PeerToPeer.objects.filter(case=life.case_row, status__in=["offered", "scheduled"]):
            life.do(miss_call, call=call, reason="No longer needed.")
        if life.denial is not None and life.level.status in ("open", "drafting"):
            no_longer_pursued(life, life.level)
            life.do(decline_level, appeal=life.level, reason="The patient does not wish to go on.")
        won = ItemOutcome.objects.filter(case=life.case_row, outcome__in=["overturned", "partly"]).exists()
        counted = Cost.objects.filter(case=life.case_row, kind="patient_savings").exists()
        if won and not counted and life.matter is not None:
            count_money(life, life.matter.sessions)
        carried_out(life)
        _settle(life)
        life.do(close_case, case=life.case, outcome=outcome, note=note)

    return step


def _settle(life: Life) -> None:
    for talk in Communication.objects.filter(
        case=life.case_row, promised_by__isnull=False, promise_kept=None
    ):
        life.do(keep_promise, communication=talk, kept=True)
    for task in Task.objects.filter(case=life.case_row, status__in=["open", "held"]).order_by("id"):
        lines = [line["key"] for line in task.checklist or [] if not line.get("done")]
        waits = task.waits_for is not None and task.waits_for.status in ("open", "held")
        if task.status == "open" and not task.code and not lines and not waits:
            life.do(finish_task, task=task, note="Done.")
        else:
            life.do(cancel_task, task=task, reason="The case is closed.")


def authorized(ago: int, *, sessions: int = 0) -> Step:
    """What was won in a call comes in writing, with its number."""

    def step(life: Life) -> Days:
        yield ago
        from_day = life.day(ago)
        count = sessions or (life.matter.sessions if life.matter else 1)
        number = filled("AUTH-######", life.luck)
        text = papers.approval(
            life.story.plan,
            life.story.person.full_name,
            number,
            count,
            from_day,
            from_day + timedelta(days=120),
            from_day,
        )
        letter = life.upload(
            "approval", "approval_letter", "Approval letter", text_as_pdf(text), "approval.pdf"
        )
        life.do(
            record_authorization,
            request=life.asked,
            given=AuthorizationInput(number, count, None, from_day, from_day + timedelta(days=120), letter),
        )

    return step
