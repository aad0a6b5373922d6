"""From the refusal to the end: calls, choices, levels filed, forwarded, lost, late, forgotten, decided; the case is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from advocacy.management.seed.delivered import carried_out
from advocacy.management.seed.levels import (
    closed,
    count_money,
    decided,
    filed_by_phone,
    forwarded,
    sent_with_proof,
    silence,
    where_it_goes,
    written_from_the_record,
)
from advocacy.management.seed.life import Course, Life, next_workday
from advocacy.management.seed.plans import filled
from advocacy.management.seed.steps import call_held, call_set
from advocacy.management.seed.teamwork import choose_unless_chosen, record_the_choice
from advocacy.management.seed.year.asking import course_until_answer, said_by_payer
from advocacy.management.seed.year.documents import awaited_no_more, demanded, documents_asked_for
from advocacy.management.seed.year.words import WRITTEN
from advocacy.people.commands import record_consent, revoke_consent
from advocacy.people.consent_words import STANDARD
from advocacy.people.models import Consent
from appeals.commands.at_once import open_at_once
from appeals.commands.decisions import SILENCE_OPENS
from appeals.commands.denials import DenialInput, change_denial
from appeals.commands.effectuations import record_plan_notice
from appeals.commands.levels import (
    add_proof,
    decline_level,
    file_appeal,
    lapse_level,
    receive_appeal,
    save_draft,
    set_expedited,
    withdraw_appeal,
)
from appeals.commands.peer_to_peers import miss_call
from appeals.commands.requests import AuthorizationInput, record_authorization, withdraw_request
from appeals.models import Appeal, Denial, DenialItem, GrantedAuthorization, ItemOutcome
from appeals.queries.beside import GIVEN_UP, openings_of, standing_against
from appeals.queries.ladder import AWAITING, filing_of
from appeals.rungs import Rung
from cases.commands.cases import assign_case
from cases.commands.tasks import hold_task, open_task

LETTER = (
    "The record answers this. Doses, dates and weeks of every earlier treatment are in the medication history. Please reverse"
    " the decision."
)
ASKED_FOR = 0.2
"""In so many contests papers are asked for."""
LATE = "The person who had the case was away; the patient did nothing wrong."


def course_of(life: Life) -> Course:
    """Everything that happens to one case."""
    yield from course_until_answer(life)
    if life.denial is not None:
        yield from _call(life)
        if not life.won:
            yield from _contest(life)
    yield life.later(2, 15)
    _close(life)


def _call(life: Life) -> Iterator[date]:
    """The peer-to-peer, where the letter offers one and the clinician finds time."""
    call = life.call
    if call is None:
        return
    wanted = life.happens(0.5)
    yield life.later(1, 2)
    if not wanted or (call.window_ends_on and call.window_ends_on < life.on + timedelta(days=4)):
        if life.happens(0.6):
            life.do(miss_call, call=call, reason=life.luck.choice(WRITTEN["no call"]))
        return
    held = next_workday(life.on + timedelta(days=2))
    life.take(call_set(life.ago, life.before(held)))
    yield held + timedelta(days=1)
    outcome = life.luck.choice(("upheld", "upheld", "overturned", "more_information"))
    life.take(call_held(life.before(held), outcome))
    life.house.note(f"call {outcome}")
    if outcome == "overturned":
        _granted(life)
        count_money(life, life.matter.sessions if life.matter else 1)
        life.won = True


def _granted(life: Life) -> None:
    assert life.matter is not None
    last = life.on + timedelta(days=120)
    given = AuthorizationInput(filled("AUTH-######", life.luck), life.matter.sessions, None, life.on, last)
    life.do(record_authorization, request=life.asked, given=given)


def _contest(life: Life) -> Iterator[date]:
    """Level by level, until nothing is open."""
    if life.happens(0.08) and life.refusal.silent_from is None:
        yield from _late_proof(life)
    yield from documents_asked_for(life, ASKED_FOR)
    while (level := _open_level(life)) is not None:
        # Below a review that was opened at once, the level to go on with is not the last one.
        life.focus = level.pk if _is_below_a_review(life) else None
        rung = life.history.rung(level)
        if rung.may_be_filed:
            yield from _file(life, rung)
        else:
            yield life.later(4, 30)
            life.take(forwarded(life.ago))
            life.house.note("forwarded")
        if life.level.status in ("filed", "forwarded", "received"):
            if _may_run_at_once(life) and life.happens(0.7):
                yield from _at_once(life)
            else:
                yield from _decision(life, rung)
        if life.won:
            return


def _is_below_a_review(life: Life) -> bool:
    return Appeal.objects.filter(denial=life.denial, beside__isnull=False).exists()


def _open_level(life: Life) -> Appeal | None:
    levels = Appeal.objects.filter(denial=life.denial, status__in=["open", "drafting"])
    return levels.order_by("-position").first()


def _has_review_beside(life: Life) -> bool:
    return bool(openings_of(life.history, life.level, life.on))


def _may_run_at_once(life: Life) -> bool:
    history, level = life.history, life.level
    return level.is_expedited and not standing_against(history, level, life.on)


def _at_once(life: Life) -> Iterator[date]:
    """The external review is asked for beside the urgent appeal. One is decided first; what that settles is withdrawn."""
    appeal = life.level
    certified: dict[str, Any] = {"basis": "urgent", "said_by": "The treating clinician", "said_on": life.on}
    review = life.do(open_at_once, appeal=appeal, note="The course cannot be interrupted.", **certified)
    life.house.note("opened at once")
    life.focus = review.pk
    yield life.later(0, 1)
    yield from _send(life, life.history.rung(review))
    life.is_refused("open_already", open_at_once, appeal=Appeal.objects.get(pk=appeal.pk), **certified)
    pair = [appeal.pk, review.pk]
    for key in life.luck.sample(pair, 2):
        life.focus = key
        if life.level.status in AWAITING and life.level.settled_by_id is None:
            yield from _decision(life, life.history.rung(life.level))
    life.focus = None
    settled = Appeal.objects.filter(denial=life.denial, settled_by__isnull=False).exclude(status__in=GIVEN_UP)
    for level in settled.exclude(status="decided").order_by("-position"):
        life.do(withdraw_appeal, appeal=level, reason="Moot: the other decision came first.")
        life.house.note("settled by the other decision")


def _late_proof(life: Life) -> Iterator[date]:
    """The envelope turns up: the denial is corrected, and every date is counted again."""
    yield life.later(2, 9)
    denial = life.refusal
    received = min((denial.notice_on or life.on) + timedelta(days=5), life.on)
    names = (f for f in DenialInput.__dataclass_fields__ if f not in ("received_on", "received_evidence"))
    fields = DenialInput(
        **{name: getattr(denial, name) for name in names},
        received_on=received,
        received_evidence=Denial.Evidence.POSTMARK,
    )
    items = DenialItem.objects.filter(denial=denial).select_related("item").order_by("id")
    life.do(
        change_denial,
        denial=denial,
        letter=denial.letter,
        fields=fields,
        items=[row.item.public_id for row in items],
        reasons=[],
    )
    life.house.note("late proof of receipt")


# -- before a level goes out --------------------------------------------------------------------------------
def _file(life: Life, rung: Rung) -> Iterator[date]:
    """The level is filed, or left: the patient chooses not to go on, takes the consent back, or nobody acts."""
    throw = life.luck.random()
    if throw < 0.08:
        yield life.later(1, 10)
        record_the_choice(life, "not_to_appeal")
        life.do(decline_level, appeal=life.level, reason=life.luck.choice(WRITTEN["not pursued"]))
        life.house.note("not pursued")
    elif throw < 0.2:
        yield from _nobody_acts(life, rung)
    elif throw < 0.28:
        yield from _consent_withdrawn(life, rung)
    else:
        yield _day_to_file(life)
        yield from _send(life, rung)


def _day_to_file(life: Life) -> date:
    """Most file early, some in the last days."""
    due = life.date_of("filing", appeal_id=life.level.pk)
    if due is None or due.due_on <= life.on:
        return life.later(1, 3)
    left = (due.due_on - life.on).days
    if life.happens(0.25):
        return due.due_on - timedelta(days=life.luck.randrange(0, min(left, 4)))
    return life.on + timedelta(days=life.luck.randrange(1, min(left, 25) + 1))


def _last_day(life: Life) -> date | None:
    """The last arguable day to file the level, as the rules say today."""
    return filing_of(life.history, life.level).last_day


def _send(life: Life, rung: Rung) -> Iterator[date]:
    """The letter goes out, in writing or by phone; what proves it is kept; when it arrived is recorded, sooner or later."""
    level = life.level
    expedites = rung.kind in ("plan", "external") and life.asked.timing != "post_service"
    often = 0.3 if rung.kind == "plan" and _has_review_beside(life) else 0.08
    if expedites and not level.is_expedited and life.happens(often):
        reason = life.luck.choice(WRITTEN["urgent"])
        life.do(set_expedited, appeal=level, is_expedited=True, reason=reason)
        level = life.level
        life.house.note("expedited")
    last = _last_day(life)
    late = last is not None and last < life.on
    if rung.may_be_filed_orally(level.is_expedited) and not late and life.happens(0.35):
        life.take(filed_by_phone(life.ago))
        life.house.note("filed by phone")
        return
    choose_unless_chosen(life, "appeal")
    address = where_it_goes(life)
    if life.house.thorough:
        written_from_the_record(life)
    else:
        office = None if life.answers_denial else address["mail"].split(", ", 1)
        life.do(save_draft, appeal=level, text=LETTER, recipient=office)
    channel = life.luck.choice(("fax", "fax", "mail", "portal"))
    filing = life.do(
        file_appeal,
        appeal=life.level,
        channel=channel,
        address=address[channel],
        filed_at=life.at,
        good_cause=LATE if late else "",
        amount_reason="Several claims of the same course are taken together.",
    )
    if late:
        life.house.note("filed late")
    if life.house.thorough:
        sent_with_proof(life, filing, address[channel])
    if channel == "mail":
        yield life.later(3, 12)
        _arrived(life)
    elif channel == "fax" and life.happens(0.15):
        life.house.note("lost fax")
        if not life.house.thorough:
            life.do(add_proof, filing=filing, note="Fax report 48213, 3 pages, result OK.")
        yield life.later(4, 9)
        said_by_payer(life, "appeal lost")
        yield life.later(1, 3)
        _arrived(life)


def _arrived(life: Life) -> None:
    level = life.level
    start = level.filed_at or level.forwarded_at or life.at
    life.do(receive_appeal, appeal=level, received_at=max(life.at - timedelta(hours=2), start))


def _nobody_acts(life: Life, rung: Rung) -> Iterator[date]:
    """Nobody touches the level; its date passes; whoever supervises has been told, gives it to somebody else, who files late
    or records that the window passed.
    """
    due = life.date_of("filing", appeal_id=life.level.pk)
    yield (due.due_on if due else life.on) + timedelta(days=life.luck.randrange(3, 9))
    life.house.note("nobody acted")
    others = [key for key in life.house.workers(life.on) if key != life.owner]
    if others:
        chosen = life.luck.choice(others)
        life.do(assign_case, by=life.supervisor, case=life.case, owner=life.member(chosen))
        life.owner = chosen
    last = _last_day(life)
    if last is None or last >= life.on or life.happens(0.5):
        yield from _send(life, rung)
        return
    life.do(lapse_level, appeal=life.level, reason="Nobody filed in time.")
    life.house.note("lapsed")


def _consent_withdrawn(life: Life, rung: Rung) -> Iterator[date]:
    """The patient takes the release back: nothing goes out. Some sign again, and it does."""
    yield life.later(1, 5)
    for consent in Consent.objects.filter(patient=life.patient, kind="release", revoked_at=None):
        life.do(revoke_consent, consent=consent)
    life.house.note("consent withdrawn")
    choose_unless_chosen(life, "appeal")
    life.do(save_draft, appeal=life.level, text=LETTER)
    life.is_refused(
        "consent_missing",
        file_appeal,
        appeal=life.level,
        channel="fax",
        address=where_it_goes(life)["fax"],
        filed_at=life.at,
        good_cause=LATE,
        amount_reason="Several claims of the same course are taken together.",
    )
    yield life.later(3, 14)
    if life.happens(0.4):
        record_the_choice(life, "not_to_appeal")
        life.do(decline_level, appeal=life.level, reason="The patient does not want anything sent.")
        return
    life.do(
        record_consent,
        patient=life.patient,
        kind="release",
        scope=STANDARD["release"],
        method="electronic",
        signed_on=life.on,
        expires_on=life.on + timedelta(days=365),
    )
    yield from _send(life, rung)


# -- the decision -------------------------------------------------------------------------------------------
def _taken_back(life: Life) -> None:
    """Whoever changes plans takes everything back: the review that rests on an appeal before the appeal."""
    level = life.level
    above = Appeal.objects.filter(beside=level, status__in=AWAITING).order_by("-position")
    for one in (*above, level):
        life.do(withdraw_appeal, appeal=one, reason=life.luck.choice(WRITTEN["withdrawn"]))
    life.house.note("withdrawn")


def _decision(life: Life, rung: Rung) -> Iterator[date]:
    """Whoever decides does so in time, or late; where silence opens the next level, it may be used."""
    level = life.level
    if life.happens(0.04):
        yield life.later(2, 8)
        _taken_back(life)
        return
    if life.happens(0.15):
        _put_aside(life)
    due = life.date_of("decision", appeal_id=level.pk)
    told = life.later(10, 40)
    if due is not None:
        left = max((due.due_on - life.on).days, 0)
        told = life.on + timedelta(days=life.luck.randrange(min(left, 2), left + 1))
        if life.happens(0.22):
            life.house.note("late decision")
            yield due.due_on + timedelta(days=2)
            said_by_payer(life, "decision late")
            opens = bool(rung.levels) and set(rung.silence) <= SILENCE_OPENS
            if opens and life.happens(0.6):
                yield life.later(0, 4)
                life.take(silence(life.ago))
                life.house.note("silence opens the next level")
                return
            told = life.later(3, 30)
    told = life.office_day(told, least=life.on)
    yield told + timedelta(days=life.luck.randrange(0, 5))
    outcome = life.luck.choices(("overturned", "partly", "upheld"), (35, 10, 55))[0]
    owes = outcome == "overturned" and life.happens(0.3)
    paper = life.on_paper(0.05)
    life.take(decided(life.before(told), outcome, received=life.ago, letter=paper, authorized=not owes))
    life.house.note(outcome)
    life.won = outcome == "overturned"
    if owes:
        yield from _carried_out(life, rung, level)


def _carried_out(life: Life, rung: Rung, level: Appeal) -> Iterator[date]:
    """The plan lost and has yet to deliver: in time, or only after it was called late."""
    if rung.kind != "plan":
        yield life.later(1, 4)
        life.do(record_plan_notice, appeal=level, received_at=life.at)
    due = life.date_of("effectuation", appeal_id=level.pk)
    if due is not None and due.due_on > life.on and life.happens(0.4):
        yield due.due_on + timedelta(days=2)
        said_by_payer(life, "not carried out")
        if life.happens(0.5):
            demanded(life, life.date_of("effectuation", appeal_id=level.pk), "carry_out")
        life.house.note("carried out late")
    yield life.later(1, 9)
    if life.asked.timing == "post_service":
        carried_out(life)
    else:
        _granted(life)
    life.house.note("carried out")


def _put_aside(life: Life) -> None:
    """A task sleeps until a day, and wakes by itself."""
    task = life.do(open_task, case=life.case, title=life.luck.choice(WRITTEN["question"]))
    until = life.in_zone(life.later(3, 20), 9)
    life.do(hold_task, task=task, until=until, reason=life.luck.choice(WRITTEN["wait"]))
    life.house.note("put aside")


def _close(life: Life) -> None:
    """What is still open is settled, and the case is closed with what its record shows."""
    outcomes = ItemOutcome.objects.filter(case=life.case_row).order_by("decided_at", "id")
    last = dict(outcomes.values_list("item_id", "outcome"))
    if life.denial is None or "overturned" in last.values():
        outcome = "covered"
    elif GrantedAuthorization.objects.filter(case=life.case_row).exists():
        outcome = "partly_covered"
    else:
        outcome = "not_covered"
    awaited_no_more(life)
    if life.asked.status == "received" and life.history.answered_above(life.asked) is None:
        life.do(withdraw_request, request=life.asked, reason=life.luck.choice(WRITTEN["withdrawn"]))
    life.take(closed(life.ago, outcome))
    life.house.note(f"closed {outcome}")
