"""What the plan says before anything is asked of it: benefits, the network, a referral."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import NotFound, Reason, Refused, WrongState
from advocacy.people.rules import day_in
from cases import benefits, rules
from cases.commands.cases import must_be_open
from cases.commands.communications import log_sent
from cases.commands.search_text import index_case
from cases.commands.tasks import open_task
from cases.commands.touch import touch
from cases.models import (
    BenefitAnswer,
    BenefitCheck,
    Case,
    Communication,
    Document,
    NetworkCheck,
    Provider,
    Referral,
    Task,
)
from cases.models.benefits import BenefitSource
from cases.workflow import CaseStatus

CLOCK_SKEW = timedelta(minutes=5)
FOLLOW_UP = "benefits_follow_up"
REFERRAL_ENDS = "referral_ends"
LOGGED_FOR = "benefit_check:"
"""In front of a check's key: what its entry of the log stands for."""
ON_FORM = "answer_"
"""In front of a question's key: the name of the field that its reason belongs to."""


def record_benefits(
    *,
    actor: Actor,
    case: Case,
    answers: Mapping[str, str],
    source: str,
    asked_at: datetime,
    representative: str = "",
    reference_number: str = "",
    document: Document | None = None,
    follow_up_on: date | None = None,
    at: datetime,
) -> BenefitCheck:
    """Keep what the plan answered on one occasion: question to answer, a key or what was typed (see `benefits.said`).

    Of each question about the case's coverage the answer given last (by `asked_at`) stands; nothing is overwritten. An
    answer about the network is a network check as well. For what they would not say a task asks again. A call stands in the
    log as one entry for all its answers. Raises NotAllowed, NotFound, WrongState (closed), Refused with every reason.
    """
    require(actor, Permission.CHECK_BENEFITS, case)
    _same_case(case, document)
    with transaction.atomic():
        row = _locked(case)
        stands = {a.question: a for a in _standing(row)}
        found, reasons = _read(answers, {key: a.value for key, a in stands.items()})
        reasons += _wrong_with_occasion(row, source, asked_at, representative, follow_up_on, at)
        if reasons:
            raise Refused(reasons)
        check = BenefitCheck.objects.create(
            case=row,
            coverage_id=row.coverage_id,
            source=source,
            representative=representative.strip(),
            reference_number=reference_number.strip(),
            document=document,
            asked_at=asked_at,
            follow_up_on=follow_up_on,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        late = {key for key in found if key in stands and stands[key].check_made.asked_at > asked_at}
        gives_way = [stands[key].pk for key in found if key in stands and key not in late]
        BenefitAnswer.objects.filter(pk__in=gives_way).update(superseded_at=at)
        BenefitAnswer.objects.bulk_create(
            BenefitAnswer(
                case=row,
                coverage_id=row.coverage_id,
                check_made=check,
                question=key,
                value=said.value,
                words=said.words,
                amount=said.amount,
                superseded_at=at if key in late else None,
            )
            for key, said in found.items()
        )
        logged = _log_call(actor, check, found, at) if source == BenefitSource.CALL else {}
        record(
            "benefits_checked",
            subject=check,
            detail={"source": source, "questions": sorted(found)} | logged,
        )
        network = found.get("network")
        if network and network.value != benefits.WOULD_NOT_SAY:
            _write_network(
                actor,
                row,
                status=network.value,
                source=source,
                said_by=representative.strip(),
                reference_number=reference_number.strip(),
                checked_on=day_in(row.patient.time_zone, asked_at),
                document=document,
                logged=logged,
                at=at,
            )
        _ask_again(actor, row, found, follow_up_on, at)
        touch(row, at)
    return check


def record_network(
    *,
    actor: Actor,
    case: Case,
    status: str,
    source: str,
    checked_on: date,
    network_name: str = "",
    said_by: str = "",
    reference_number: str = "",
    effective_on: date | None = None,
    document: Document | None = None,
    at: datetime,
) -> NetworkCheck:
    """Keep whether the case's provider is in the network of its coverage, as of `checked_on` (a day where the patient is).

    Raises NotAllowed, NotFound, WrongState (closed), Refused with every reason.
    """
    require(actor, Permission.CHECK_BENEFITS, case)
    _same_case(case, document)
    today = day_in(case.patient.time_zone, at)
    reasons = [
        None if status in NetworkCheck.Status.values else Reason("status_unknown", "Choose one.", "status"),
        None
        if source in NetworkCheck.Source.values
        else Reason("source_unknown", "Say where this is known from.", "source"),
        rules.not_in_the_future(checked_on, today, "checked_on", "The day of the check"),
    ]
    _refuse_if(reasons)
    with transaction.atomic():
        row = _locked(case)
        made = _write_network(
            actor,
            row,
            status=status,
            source=source,
            network_name=network_name.strip(),
            said_by=said_by.strip(),
            reference_number=reference_number.strip(),
            checked_on=checked_on,
            effective_on=effective_on,
            document=document,
            at=at,
        )
        touch(row, at)
    return made


def record_referral(
    *,
    actor: Actor,
    case: Case,
    valid_from: date,
    valid_until: date,
    from_provider: Provider | None = None,
    from_name: str = "",
    to_provider: Provider | None = None,
    number: str = "",
    visits: int | None = None,
    document: Document | None = None,
    at: datetime,
) -> Referral:
    """Record a referral to the case's provider (or another one), valid on all days from first to last.

    One that ends soon opens its task at once. Raises NotAllowed, NotFound, WrongState (closed), Refused.
    """
    require(actor, Permission.CHECK_BENEFITS, case)
    _same_case(case, document)
    for provider in (from_provider, to_provider):
        if provider is not None and provider.organization_id != case.organization_id:
            raise NotFound("provider")
    reasons = [rules.in_this_order(valid_from, valid_until, "valid_until", "The referral")]
    if from_provider is None and not from_name.strip():
        reasons.append(Reason("referrer_missing", "Say who refers.", "from_name"))
    if visits is not None and visits < 1:
        reasons.append(Reason("visits_impossible", "Enter how many visits are allowed.", "visits"))
    _refuse_if(reasons)
    with transaction.atomic():
        row = _locked(case)
        made = Referral.objects.create(
            case=row,
            from_provider=from_provider,
            from_name=from_name.strip(),
            to_provider=to_provider or row.provider,
            number=number.strip(),
            valid_from=valid_from,
            valid_until=valid_until,
            visits=visits,
            document=document,
            recorded_at=at,
            recorded_by_id=actor.user_id,
        )
        record("referral_recorded", subject=made, detail={"from": valid_from, "until": valid_until})
        _watch(actor, made, at)
        touch(row, at)
    return made


def end_referral(*, actor: Actor, referral: Referral, reason: str, at: datetime) -> Referral:
    """The referral does not hold any more (taken back, or recorded by mistake). Raises WrongState, Refused."""
    require(actor, Permission.CHECK_BENEFITS, referral)
    if not reason.strip():
        raise Refused([Reason("reason_missing", "Say why it does not hold any more.", "reason")])
    with transaction.atomic():
        row = Referral.objects.select_for_update(of=("self",)).select_related("case").get(pk=referral.pk)
        must_be_open(row.case)
        if row.ended_at is not None:
            raise WrongState("end", "ended", "This referral was ended already.")
        row.ended_at, row.end_reason = at, reason.strip()
        row.save(update_fields=["ended_at", "end_reason"])
        record("referral_ended", subject=row)
        touch(row.case, at)
    return row


def watch_referrals(*, actor: Actor, at: datetime) -> int:
    """Open a task for every referral of an open case that ends soon; how many were looked at. Running it again adds none.

    One that a later referral to the same provider takes over from opens nothing.
    """
    last = (at + timedelta(days=benefits.window("referral_days").days + 1)).date()
    ending = Referral.objects.filter(
        case__status=CaseStatus.OPEN,
        ended_at=None,
        valid_until__lte=last,
        valid_until__gte=(at - timedelta(days=1)).date(),
    )
    count = 0
    for referral in ending.select_related("case__patient", "case__owner").order_by("valid_until", "pk"):
        with transaction.atomic():
            _watch(actor, referral, at)
        count += 1
    return count


def _watch(actor: Actor, referral: Referral, at: datetime) -> None:
    case = referral.case
    today = day_in(case.patient.time_zone, at)
    left = (referral.valid_until - today).days
    if not 0 <= left <= benefits.window("referral_days").days:
        return
    later = Referral.objects.filter(
        case=case, to_provider_id=referral.to_provider_id, ended_at=None, valid_until__gt=referral.valid_until
    )
    if later.exists():
        return
    code = f"{REFERRAL_ENDS}:{referral.pk}"
    if Task.objects.filter(case=case, code=code).exists():
        return  # once, although somebody has finished it: the referral still ends
    open_task(
        actor=actor,
        case=case,
        title=f"The referral ends on {referral.valid_until:%b} {referral.valid_until.day}: ask for a new one",
        detail="Services after its last day are not covered by it. Ask the clinician who refers for the next one.",
        due_on=max(today, referral.valid_until - timedelta(days=7)),
        code=code,
        opened_by=Task.OpenedBy.RULE,
        at=at,
    )


def _ask_again(
    actor: Actor, case: Case, found: Mapping[str, Any], follow_up_on: date | None, at: datetime
) -> None:
    unsaid = [key for key, said in found.items() if said.value == benefits.WOULD_NOT_SAY]
    if not unsaid:
        return
    today = day_in(case.patient.time_zone, at)
    known = benefits.benefit_questions()
    open_task(
        actor=actor,
        case=case,
        title="Ask the plan again what it would not say",
        detail="\n".join(known[key].words for key in known if key in unsaid),
        due_on=follow_up_on or today + timedelta(days=benefits.window("follow_up_days").days),
        code=FOLLOW_UP,
        opened_by=Task.OpenedBy.RULE,
        at=at,
    )


def _log_call(
    actor: Actor, check: BenefitCheck, found: Mapping[str, benefits.Said], at: datetime
) -> dict[str, int]:
    """One entry of the log for the call, with all that was answered; which entry, for the trail."""
    known = benefits.benefit_questions()
    lines = [
        f"{known[key].words} {benefits.in_words(known[key], found[key])}" for key in known if key in found
    ]
    entry = log_sent(
        actor=actor,
        case=check.case,
        source=f"{LOGGED_FOR}{check.pk}",
        channel=Communication.Channel.CALL,
        party=Communication.With.PAYER,
        person=check.representative,
        reference_number=check.reference_number,
        summary="\n".join(["Benefit check.", *lines]),
        sent_at=check.asked_at,
        at=at,
    )
    check.communication = entry
    check.save(update_fields=["communication"])
    if entry.reference_number:
        index_case(check.case)
    return {"communication": entry.pk}


def _write_network(
    actor: Actor, case: Case, *, at: datetime, logged: Mapping[str, int] | None = None, **values: Any
) -> NetworkCheck:
    made = NetworkCheck.objects.create(
        case=case,
        provider_id=case.provider_id,
        coverage_id=case.coverage_id,
        recorded_at=at,
        checked_by_id=actor.user_id,
        **values,
    )
    detail = {"status": made.status, "source": made.source} | dict(logged or {})
    record("network_checked", subject=made, detail=detail)
    return made


def _standing(case: Case) -> list[BenefitAnswer]:
    rows = BenefitAnswer.objects.filter(case=case, coverage_id=case.coverage_id, superseded_at=None)
    return list(rows.select_related("check_made"))


def _read(
    answers: Mapping[str, str], standing: Mapping[str, str]
) -> tuple[dict[str, benefits.Said], list[Reason]]:
    """The answers as values, and every reason against one; a question that does not come up takes none."""
    known = benefits.benefit_questions()
    found: dict[str, benefits.Said] = {}
    reasons: list[Reason] = []
    for key, given in answers.items():
        if not given.strip():
            continue
        if key not in known:
            reasons.append(Reason("question_unknown", "Choose a question from the list."))
            continue
        read = benefits.said(known[key], given)
        if isinstance(read, Reason):
            reasons.append(replace(read, field=f"{ON_FORM}{key}"))
        else:
            found[key] = read
    together = {**standing, **{key: said.value for key, said in found.items()}}
    for key in found:
        if not benefits.comes_up(known[key], together):
            reasons.append(
                Reason(
                    "question_not_asked",
                    "This question does not come up with the other answers. Leave it empty.",
                    f"{ON_FORM}{key}",
                )
            )
    if not found and not reasons:
        reasons.append(Reason("answers_missing", "Answer at least one question."))
    return found, reasons


def _wrong_with_occasion(
    case: Case,
    source: str,
    asked_at: datetime,
    representative: str,
    follow_up_on: date | None,
    at: datetime,
) -> list[Reason]:
    found = []
    if source not in BenefitSource.values:
        found.append(Reason("source_unknown", "Say where this is known from.", "source"))
    if source == BenefitSource.CALL and not representative.strip():
        found.append(
            Reason(
                "representative_missing",
                "Write down who at the plan said it. If they gave no name, write that.",
                "representative",
            )
        )
    if asked_at > at + CLOCK_SKEW:
        found.append(
            Reason("in_future", "This moment is in the future. Enter when it really happened.", "asked_at")
        )
    if follow_up_on is not None and follow_up_on < day_in(case.patient.time_zone, at):
        found.append(Reason("due_past", "That day has passed. Choose today or a later day.", "follow_up_on"))
    return found


def _same_case(case: Case, document: Document | None) -> None:
    if document is not None and document.case_id != case.pk:
        raise NotFound("document")


def _locked(case: Case) -> Case:
    """The open case, locked, so that of two people recording at once one comes after the other."""
    row = (
        Case.objects.select_for_update(of=("self",))
        .select_related("patient", "provider", "owner")
        .get(pk=case.pk)
    )
    must_be_open(row)
    return row


def _refuse_if(found: list[Reason | None]) -> None:
    reasons = [r for r in found if r]
    if reasons:
        raise Refused(reasons)
