"""From the first day to the payer's answer: the case is opened, the plan is asked, and answers, asks back, is late or loses
a fax.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from advocacy.management.seed import papers
from advocacy.management.seed.begin import begin
from advocacy.management.seed.intake import place_of
from advocacy.management.seed.life import Course, Life
from advocacy.management.seed.matters import CLINICS
from advocacy.management.seed.plans import filled
from advocacy.management.seed.steps import asked, count_stake, extended, information, receipt, refused
from advocacy.management.seed.teamwork import sessions
from advocacy.management.seed.year.words import SAID, WHO, WRITTEN
from appeals.commands.clock_events import record_clock_event
from appeals.commands.denials import DenialInput, ReasonInput, confirm_denial, record_denial
from appeals.commands.exceptions import record_exception
from appeals.commands.requests import ItemInput, approve_request, draft_request, receive_request
from appeals.commands.silences import go_on_without_answer
from appeals.models import AuthorizationRequest, PeerToPeer
from appeals.queries.history import levels_completed
from appeals.sample_letters import text_as_pdf
from appeals.silence import meaning_of, opened_by_silence, opens_unless_denied
from cases.commands.communications import log_communication
from cases.models import Document

SENT_BY_CLINIC = "The clinic had sent it before the patient came to us."
LETTERS = 0.08
"""So many letters come as paper that is scanned in and read; of the others the facts are typed."""


def ask(life: Life) -> Iterator[date]:
    """Open the case and ask the plan; at the end the request is with the plan, of an exception mostly with the statement."""
    life.take(begin)
    life.owner = life.still_here(life.story.owner)
    life.house.note(f"plan: {life.story.plan.payer}")
    yield life.later(1, 5)
    if life.happens(0.3):
        yield from _ask_ourselves(life)
    else:
        _ask_by_clinic(life)
    if _may_be_exception(life):
        yield from _statement(life)


EXCEPTIONS = ("formulary", "formulary", "formulary", "utilization", "tiering", "none", "")
"""For what a drug plan is asked, in the proportions in which it comes up; of the last nobody knows."""


def _asks_drug_plan(life: Life) -> bool:
    return ("program", "medicare_part_d", "card") in life.story.plan.answers


def _may_be_exception(life: Life) -> bool:
    none = life.asked.exception == AuthorizationRequest.ExceptionAsked.NONE
    ahead = life.asked.timing != AuthorizationRequest.Timing.POST_SERVICE
    return _asks_drug_plan(life) and ahead and not none


def _statement(life: Life) -> Iterator[date]:
    """The prescriber's statement reaches the drug plan within days, after the fourteen it waits for, or never; where nobody
    knew that an exception was asked for, somebody finds out."""
    if life.happens(0.2):
        life.house.note("no statement")
        return
    yield life.later(15, 17) if life.happens(0.2) else life.later(1, 6)
    if not life.asked.exception:
        life.do(record_exception, request=life.asked, exception="formulary")
    life.house.note("prescriber's statement")
    life.do(
        record_clock_event,
        case=life.case,
        request=life.asked,
        kind="supporting_statement",
        occurred_at=life.at,
        note="The prescriber's letter on the drugs that were tried.",
    )


def _kind(life: Life) -> dict[str, Any]:
    """Whether care is still to come, runs or was given, and whether it is urgent."""
    throw = life.luck.random()
    timing = "concurrent" if throw < 0.12 else "post_service" if throw < 0.2 else "pre_service"
    kind = {"timing": timing, "urgent": timing != "post_service" and life.happens(0.12)}
    if timing != "post_service" and _asks_drug_plan(life):
        kind["exception"] = life.luck.choice(EXCEPTIONS)
    return kind


def _ask_by_clinic(life: Life) -> None:
    """The clinic had asked as its own: its request is written down with the day on which the payer had it."""
    matter, kind = life.matter, _kind(life)
    assert matter is not None
    life.reference = filled(life.story.plan.reference, life.luck)
    first = life.on + timedelta(days=-30 if kind["timing"] == "post_service" else 14)
    life.request = life.do(
        draft_request,
        case=life.case,
        timing=kind["timing"],
        benefit=matter.benefit,
        place_of_service=place_of(matter),
        exception=kind.get("exception", ""),
        is_urgent=kind["urgent"],
        urgency_certified_by=CLINICS[matter.clinic].signature if kind["urgent"] else "",
        channel=life.luck.choice(("fax", "portal", "mail")),
        items=[
            ItemInput(line.code, Decimal(line.each * line.sessions), line.sessions, line.frequency, first)
            for line in matter.lines[:2]
        ],
    )
    ago = timedelta(hours=3) if kind["urgent"] else timedelta(days=life.luck.randrange(1, 4))
    received = life.at - ago
    received -= timedelta(days=(received.date() - life.office_day(received.date())).days)
    life.do(
        receive_request,
        request=life.asked,
        received_at=received,
        reference_number=life.reference,
        evidence=life.luck.choice(WRITTEN["evidence"]),
        sent_by=AuthorizationRequest.Sender.PROVIDER,
        unready_reason=SENT_BY_CLINIC,
    )


def _ask_ourselves(life: Life) -> Iterator[date]:
    """We ask; now and then the fax is lost, and goes out again when somebody calls."""
    kind = _kind(life)
    life.take(asked(life.ago, channel="fax", **kind))
    yield life.later(1, 2) if kind["urgent"] else life.later(2, 6)
    if life.happens(0.3):
        life.house.note("lost fax")
        said_by_payer(life, "request lost")
        yield life.later(1, 3)
    life.take(receipt(life.ago))


def said_by_payer(life: Life, about: str) -> None:
    """A call with the payer is logged, in one of the ways in which such a call goes (`about` is a key of `SAID`)."""
    minutes = life.luck.randrange(6, 34)
    life.do(
        log_communication,
        case=life.case,
        party="payer",
        person=life.luck.choice(WHO),
        happened_at=life.at - timedelta(minutes=minutes),
        minutes=minutes,
        reference_number=filled("C-########", life.luck),
        summary=life.luck.choice(SAID[about]),
    )


def answer(life: Life) -> Iterator[date]:
    """The payer answers: in time, after asking back, or late. Yields until the answer lies on the desk; `life.denial` or
    `life.won` say which it was.
    """
    request = life.asked
    urgent = request.is_urgent
    if not urgent and life.happens(0.15):
        yield from _asks_back(life)
    due = life.date_of("decision", request_id=request.pk)
    told = life.later(0, 1) if urgent else life.later(3, 12)
    if due is not None:
        last = (due.due_on - life.on).days
        is_late = life.happens(0.18)
        told = life.on + timedelta(days=life.luck.randrange(0, max(last, 0) + 1))
        if is_late:
            life.house.note("late payer")
            told = due.due_on + timedelta(days=life.luck.randrange(2, 30))
    told = life.office_day(told, least=life.on)
    if due is not None and told > max(due.due_on, life.on):
        # Somebody notices that the payer is late, and asks.
        yield due.due_on + timedelta(days=2)
        if life.on < told:
            said_by_payer(life, "request late")
            if life.happens(0.3) and _never_answered(life):
                return
    found_late = life.luck.randrange(10, 31) if life.happens(0.1) else life.luck.randrange(0, 5)
    yield max(told, life.on) + timedelta(days=0 if urgent else found_late)
    if life.happens(0.22):
        _approved(life, told)
    else:
        yield from _refused(life, told)


def _never_answered(life: Life) -> bool:
    """The plan never answers: the level that its rule opens is gone to. Whether the rule opens one."""
    history = life.history
    meaning, done = meaning_of(history, life.asked), levels_completed(life.case)
    rung, _why = opened_by_silence(history.classification, history.levels, done, meaning)
    if rung is None or not opens_unless_denied(history, life.asked):
        return False
    life.denial = life.do(go_on_without_answer, request=life.asked).denial
    life.house.note("never answered")
    count_stake(life)
    return True


def _asks_back(life: Life) -> Iterator[date]:
    """The payer asks for more, or takes more time, in writing; what it asks for is sent, or not."""
    yield life.later(3, 6)
    yesterday = life.on - timedelta(days=1)
    had_it = (life.asked.received_at or life.at).astimezone(life.standing.zone).date()
    written = life.before(max(life.office_day(yesterday), min(had_it + timedelta(days=1), yesterday)))
    if life.happens(0.4):
        life.take(extended(written))
        life.house.note("extension")
        return
    life.take(information(written, None))
    life.house.note("information asked for")
    yield life.later(4, 25)
    if life.happens(0.85):
        life.do(
            record_clock_event,
            case=life.case,
            request=life.asked,
            kind="information_sent",
            occurred_at=life.at,
            note="Scores and pharmacy record by portal.",
        )
        yield life.later(1, 2)


def _told_at(life: Life, on: date) -> datetime:
    """A moment of that day that is not before the payer had the request, nor ahead."""
    request = life.asked
    start = request.received_at or request.submitted_at or life.at
    return min(max(life.in_zone(on, 9), start), life.at)


def _approved(life: Life, told: date) -> None:
    matter = life.matter
    assert matter is not None
    number, until = filled("AUTH-######", life.luck), life.on + timedelta(days=120)
    life.do(
        approve_request,
        request=life.asked,
        decided_at=_told_at(life, told),
        number=number,
        sessions=matter.sessions,
        units=None,
        valid_from=life.on,
        valid_until=until,
        document=_letter_of_approval(life, number, told, until) if life.house.thorough else None,
    )
    life.won = True
    life.house.note("approved")
    if life.happens(0.3):
        life.take(sessions(life.ago))


def _letter_of_approval(life: Life, number: str, told: date, until: date) -> Document:
    name, count = life.story.person.full_name, life.matter.sessions if life.matter else 1
    text = papers.approval(life.story.plan, name, number, count, life.on, until, min(told, life.on))
    return life.upload("approval", "approval_letter", "Approval letter", text_as_pdf(text), "approval.pdf")


def _refused(life: Life, told: date) -> Iterator[date]:
    """The letter: its facts are recorded, looked at by somebody, and confirmed then; until then no clock of ours runs."""
    request = life.asked
    start = (request.received_at or request.submitted_at or life.at).astimezone(life.standing.zone).date()
    notice = max(told, start)
    posted = notice + timedelta(days=life.luck.randrange(0, 4))
    received = min(life.office_day(posted, least=notice), life.on)
    stated = (
        notice + timedelta(days=life.luck.choice((30, 45, 60, 90, 180, 200))) if life.happens(0.4) else None
    )
    concurrent = request.timing == AuthorizationRequest.Timing.CONCURRENT
    effective = notice + timedelta(days=14) if concurrent else None
    if life.on_paper(LETTERS):
        life.house.note("letter read")
        letter = refused(
            life.before(notice),
            life.before(received),
            recorded=life.ago,
            effective=life.before(effective) if effective else None,
            stated=life.before(stated) if stated else None,
            call="left",
        )
        life.take(letter)
        return
    calls = life.happens(0.25)
    life.denial = life.do(
        record_denial,
        request=life.asked,
        letter=None,
        fields=DenialInput(
            notice_on=notice,
            sent_on=notice,
            sent_evidence="postmark",
            received_on=received,
            received_evidence=life.luck.choice(("postmark", "certified", "patient", "none")),
            effective_on=effective,
            reference_number=life.reference,
            stated_deadline_on=stated,
            send_to_fax=life.story.plan.fax,
            send_to_address=f"{life.story.plan.payer}, Appeals, PO Box 7100, Fairmont",
            appeal_phone=life.story.plan.phone,
            peer_to_peer_until=notice + timedelta(days=14) if calls else None,
            peer_to_peer_phone=life.story.plan.phone if calls else "",
        ),
        items=[item.public_id for item in life.items],
        reasons=[ReasonInput("medical_necessity", "It is not medically necessary.", is_primary=True)],
    )
    if life.happens(0.2):
        life.house.note("looked at later")
        yield life.later(1, 7)
    life.do(confirm_denial, denial=life.refusal)
    count_stake(life)
    life.call = PeerToPeer.objects.filter(denial=life.denial).first()


def course_until_answer(life: Life) -> Course:
    """The case up to the payer's answer."""
    yield from ask(life)
    yield life.later(0, 1) if life.asked.is_urgent else life.later(1, 3)
    yield from answer(life)
