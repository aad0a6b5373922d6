"""What a letter of appeal says, from the rows of its level: facts for the draft, letterhead, recipient, exhibits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from advocacy.tenancy.models import Organization
from appeals.blocks import Block, blocks_from_data
from appeals.facts import History
from appeals.letterhead import Letterhead
from appeals.letters import (
    AppealFacts,
    CitedCriterion,
    Letter,
    RefusalReason,
    Standing,
    TriedTreatment,
    appeal_re_lines,
)
from appeals.models import Appeal, DenialReason, Exhibit, ItemOutcome
from appeals.queries.beside import opened_by
from appeals.queries.call_sheet import scores_of, weeks_of
from appeals.queries.drafts import exhibit_label, letter_before
from appeals.queries.letter_blocks import blocks_in_use
from appeals.queries.ways import answers_the_denial, next_step_of
from appeals.refusals import label_of_refusal
from appeals.rungs import Rung
from cases.codes import label_of
from cases.models import Case, FailedTreatment
from cases.typesetting import long_date

SALUTATION = "To the appeals department:"
CLOSING = "Sincerely,"
OUTSIDE = frozenset({"external", "hearing", "council"})
"""Kinds of levels that somebody else than the plan decides."""
OFFICES = frozenset({"review_contractor", "judge", "council", "state_agency", "opm", "defense_health_agency"})
"""Deciders that are written to directly, and never through the plan."""


def letterhead_of(organization: Organization) -> Letterhead:
    """The organization that writes."""
    return Letterhead(
        name=organization.name,
        address_lines=tuple(line.strip() for line in organization.address.splitlines() if line.strip()),
        phone=organization.phone,
        fax=organization.fax,
        email=organization.reply_email,
    )


def recipient_of(case: Case, appeal: Appeal, rung: Rung) -> tuple[str, ...]:
    """Who the letter goes to: what the decision before it says, of the first level what the denial letter says.

    The denial's address is that of the first appeal: no later step goes there. An external review may be asked for through
    the plan (45 CFR 147.136(d)(2)); a hearing, a council or an agency is addressed by itself.
    """
    denial, first = appeal.denial, answers_the_denial(appeal)
    lines = [case.coverage.payer.name, f"Attention: {rung.title}"]
    if rung.decider in OFFICES and not first:
        lines = [rung.title]
    if said := next_step_of(appeal):
        lines += [line.strip() for line in said.get("mail", "").splitlines() if line.strip()]
        return (*lines, f"Fax {said['fax']}") if "fax" in said else tuple(lines)
    if not first:
        return tuple(lines)
    lines += [line.strip() for line in denial.send_to_address.splitlines() if line.strip()]
    if denial.send_to_fax:
        lines.append(f"Fax {denial.send_to_fax}")
    return tuple(lines)


def appeal_facts(case: Case, appeal: Appeal, history: History) -> AppealFacts:
    """Everything the draft may say, from what is recorded; nothing is added."""
    denial = appeal.denial
    reasons = DenialReason.objects.filter(denial=denial).order_by("-is_primary", "id")
    heading = heading_facts(case, appeal, history)
    return replace(
        heading,
        before=heading.before and replace(heading.before, argument=_argument(appeal)),
        reasons=tuple(RefusalReason(label_of_refusal(r.reason), r.words) for r in reasons),
        criteria=(CitedCriterion(denial.criteria),) if denial.criteria else (),
        treatments=tuple(_treatments(case)),
        blocks=blocks_in_use(),
    )


def heading_facts(case: Case, appeal: Appeal, history: History) -> AppealFacts:
    """What stands above a letter, from rows that are loaded: no statement. The body of a letter is in its draft."""
    denial = appeal.denial
    refused = history.refused.get(denial.pk, frozenset())
    items = [item for item in history.items if item.pk in refused]
    return AppealFacts(
        patient_name=case.patient.full_name,
        service=case.get_treatment_display(),
        writer="representative",
        member_id=case.coverage.member_id,
        group_number=case.coverage.group_number,
        reference_number=denial.reference_number,
        codes=tuple(item.code for item in sorted(items, key=lambda i: i.position)),
        diagnosis=_diagnosis(case.diagnosis_codes),
        denied_on=denial.notice_on,
        silent_since=denial.silent_from,
        level=_words(history.rung(appeal)),
        decided_by=case.coverage.payer.name if history.rung(appeal).kind in OUTSIDE else "",
        before=_before(appeal, history),
        expedited=appeal.is_expedited,
        expedited_grounds=appeal.expedited_reason,
        at_once=_at_once(appeal, history),
        blocks=(),
    )


def letter_of(case: Case, appeal: Appeal, facts: AppealFacts, exhibits: Iterable[Exhibit]) -> Letter:
    """The letter as it would go out now; the draft holds its body, date, recipient and signer."""
    draft = appeal.draft or {}
    enclosures = tuple(f"{exhibit_label(e.position)}: {e.title}" for e in exhibits)
    return Letter(
        letterhead=letterhead_of(case.organization),
        date=date.fromisoformat(draft["dated"]),
        recipient=tuple(draft["recipient"]),
        salutation=SALUTATION,
        body=blocks_from_data(draft["blocks"]),
        closing=CLOSING,
        signer_name=draft["signer"],
        signer_title=case.organization.name,
        re=appeal_re_lines(facts),
        enclosures=enclosures,
    )


def _at_once(appeal: Appeal, history: History) -> str:
    """Why this letter does not wait for the decision of a level that is open: from the record, with the law that allows it."""
    beside, opening = history.beside(appeal), opened_by(history, appeal)
    if beside is None or opening is None or not appeal.stands_at_once or appeal.beside_on is None:
        return ""
    what, day = _words(history.rung(beside)), long_date(appeal.beside_on, "en")
    law = "; ".join(rule.citation for rule in opening.rules)
    if appeal.beside_basis == Appeal.Basis.WAIVED:
        waived = f"That the {what} ends first was waived by {appeal.beside_by} on {day} ({law})."
        return waived if appeal.beside_by else ""
    filed = history.day(beside.filed_at)
    asked = f"was asked for on {long_date(filed, 'en')}" if filed else "is asked for"
    said = f" {appeal.beside_by} certified on {day} that even the time of an expedited decision is too long."
    both = f"An expedited {what} {asked}, and this review is asked for at the same time ({law})."
    return both + (said if appeal.beside_by else "")


def _before(appeal: Appeal, history: History) -> Standing | None:
    """The level before, and what became of the denial on it."""
    previous = history.previous(appeal)
    decision = history.decisions.get(previous.pk) if previous else None
    if previous is None or decision is None:
        return None
    fell = {ItemOutcome.Outcome.OVERTURNED, ItemOutcome.Outcome.PARTLY}
    calls = (c for c in history.peer_to_peers if c.denial_id == appeal.denial_id and c.status == "held")
    return Standing(
        level=_words(history.rung(previous)),
        decided_on=None if decision.is_deemed else decision.notice_on or history.day(decision.decided_at),
        upheld=not any(o.decision_id == decision.pk and o.outcome in fell for o in history.outcomes),
        calls=tuple(day for call in calls if (day := history.day(call.held_at))),
        reasons=tuple(decision.reasons_quoted.splitlines()),
    )


def _argument(appeal: Appeal) -> tuple[Block, ...]:
    """The body of the letter of the level before, as it was last written."""
    before = letter_before(appeal)
    return before.body if before else ()


def _words(rung: Rung) -> str:
    """The level in the middle of a sentence: "internal appeal", "request for external review"."""
    title = rung.title.split(",")[0]
    plain = title[:1].lower() + title[1:]
    if rung.kind == "council":
        return f"request for review by the {title}"
    return f"request for {plain}" if rung.kind in ("external", "hearing") else plain


def _diagnosis(codes: Iterable[str]) -> str:
    return ", ".join(f"{code} ({label})" if (label := label_of(code)) else code for code in codes)


def _treatments(case: Case) -> Iterable[TriedTreatment]:
    for row in FailedTreatment.objects.filter(case=case).order_by("started_on", "id"):
        yield TriedTreatment(
            name=row.name,
            drug_class=row.drug_class,
            dose=f"{row.dose.normalize():f} {row.dose_unit}".strip() if row.dose is not None else "",
            dates=_days(row.started_on, row.stopped_on),
            response=row.get_response_display(),
            reason_stopped=row.get_reason_stopped_display(),
            weeks=weeks_of(row),
            scores=scores_of(row),
        )


def _days(started: date | None, stopped: date | None) -> str:
    """ "March 1, 2026 to June 1, 2026", or the one of the two days that is recorded, in the letter's own style."""
    first, last = (long_date(day, "en") if day else "" for day in (started, stopped))
    if first and last:
        return f"{first} to {last}"
    return f"from {first}" if first else f"until {last}" if last else ""
