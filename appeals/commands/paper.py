"""What a letter of appeal says, from the rows of its level: facts for the draft, letterhead, recipient, exhibits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from advocacy.tenancy.models import Organization
from appeals.blocks import blocks_from_data
from appeals.facts import History
from appeals.letterhead import Letterhead
from appeals.letters import (
    AppealFacts,
    CitedCriterion,
    Letter,
    RefusalReason,
    TriedTreatment,
    appeal_re_lines,
)
from appeals.models import Appeal, DenialReason, Exhibit
from appeals.queries.drafts import exhibit_label
from appeals.queries.letter_blocks import blocks_in_use
from appeals.refusals import label_of_refusal
from appeals.rungs import Rung
from cases.codes import label_of
from cases.models import Case, FailedTreatment

SALUTATION = "To the appeals department:"
CLOSING = "Sincerely,"


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
    """Who the letter goes to, as far as the denial letter says it."""
    denial = appeal.denial
    lines = [case.coverage.payer.name, f"Attention: {rung.title}"]
    lines += [line.strip() for line in denial.send_to_address.splitlines() if line.strip()]
    if denial.send_to_fax:
        lines.append(f"Fax {denial.send_to_fax}")
    return tuple(lines)


def appeal_facts(case: Case, appeal: Appeal, history: History) -> AppealFacts:
    """Everything the draft may say, from what is recorded; nothing is added."""
    denial = appeal.denial
    reasons = DenialReason.objects.filter(denial=denial).order_by("-is_primary", "id")
    return replace(
        heading_facts(case, appeal, history),
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
        reference_number=denial.reference_number,
        codes=tuple(item.code for item in sorted(items, key=lambda i: i.position)),
        diagnosis=_diagnosis(case.diagnosis_codes),
        denied_on=_denied_on(appeal, history),
        level=_words(history.rung(appeal)),
        expedited=appeal.is_expedited,
        expedited_grounds=appeal.expedited_reason,
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


def _denied_on(appeal: Appeal, history: History) -> date | None:
    """The notice this level answers: the decision of the level before, else the denial."""
    decision = history.decisions.get(appeal.previous_id) if appeal.previous_id else None
    if decision is not None and decision.notice_on:
        return decision.notice_on
    return appeal.denial.notice_on


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
        days = [d.isoformat() if d else "" for d in (row.started_on, row.stopped_on)]
        yield TriedTreatment(
            name=row.name,
            drug_class=row.drug_class,
            dose=f"{row.dose.normalize():f} {row.dose_unit}".strip() if row.dose is not None else "",
            dates=" to ".join(d for d in days if d),
            response=row.get_response_display(),
            reason_stopped=row.get_reason_stopped_display(),
        )
