"""Facts proposed from a letter, put where a person decides about them: into fields, beside what the case says, into marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from appeals.clock.calendar import add_business_days, add_months
from appeals.models import Proposal

# fact of the reader -> field of the denial. Of several facts of one field the first in this order fills it.
FIELD_OF: Mapping[str, str] = {
    "reference_number": "reference_number",
    "notice_date": "notice_on",
    "sent_date": "sent_on",
    "effective_date": "effective_on",
    "continuation_request_by": "continuation_stated_on",
    "stated_deadline_date": "stated_deadline_on",
    "stated_deadline_text": "stated_deadline_words",
    "stated_deadline": "stated_deadline_words",
    "criteria": "criteria",
    "reviewer_name": "reviewer",
    "reviewer_credentials": "reviewer",
    "send_to_mail": "send_to_address",
    "send_to_fax": "send_to_fax",
    "send_to_portal": "send_to_portal",
    "appeal_phone": "appeal_phone",
    "send_to_phone": "appeal_phone",
    "expedited_available": "expedited_offered",
    "expedited_hours": "expedited_hours",
    "p2p_window_days": "peer_to_peer_until",
    "p2p_phone": "peer_to_peer_phone",
}
DECISION_FIELD_OF: Mapping[str, str] = {
    "notice_date": "notice_on",
    "sent_date": "sent_on",
    "stated_deadline_date": "stated_deadline_on",
    "continuation_request_by": "continuation_stated_on",
}
"""fact of the reader -> field of a level's decision. Everything else such a letter says is shown beside it."""
JOINED = {"criteria": "; ", "reviewer": ", "}
DATES = {
    "notice_on",
    "sent_on",
    "effective_on",
    "continuation_stated_on",
    "stated_deadline_on",
    "peer_to_peer_until",
}
LABELS: Mapping[str, str] = {
    "reference_number": "Reference number",
    "stated_deadline_text": "Deadline in its words",
    "stated_deadline": "Deadline it states",
    "reviewer_name": "Who decided",
    "reviewer_credentials": "Who decided",
    "criteria": "Criterion or policy applied",
    "effective_date": "Takes effect on",
    "send_to_mail": "Send the next step to (address)",
    "send_to_fax": "Fax for the next step",
    "send_to_portal": "Portal for the next step",
    "send_to_phone": "Phone for the next step",
    "appeal_phone": "Phone for appeals",
    "expedited_available": "Urgent appeal offered",
    "expedited_hours": "Hours of an urgent appeal",
    "p2p_window_days": "Days for a peer-to-peer",
    "p2p_window_end": "Peer-to-peer until",
    "p2p_phone": "Phone for the peer-to-peer",
    "reason": "Reason given",
    "payer": "Payer",
    "administrator": "Plan administrator",
    "patient_name": "Patient",
    "member_id": "Member ID",
    "group_number": "Group number",
    "policy_number": "Policy number",
    "provider_npi": "Provider's NPI",
    "diagnosis_code": "Diagnosis",
    "procedure_code": "Code",
    "ndc": "Drug code (NDC)",
    "carc": "Adjustment reason code",
    "rarc": "Remark code",
    "plan_provision": "Plan provision",
    "request_received_date": "Request received by the payer",
    "send_to_fax_expedited": "Fax for urgent appeals",
    "continuation_request_by": "Ask by this day to keep the care going",
    "external_review_window": "Window for external review",
    "standard_decision_days": "Time to decide the appeal",
    "receipt_rule": "What counts as in time",
    "funding_cue": "Funding",
    "program_cue": "Program",
    "state_cue": "State of issue",
}
WORDS = {
    "must_receive": "It must arrive by then",
    "postmarked": "It must be postmarked by then",
    "high": "Clearly printed",
    "medium": "Check it",
}
UNITS = {"calendar_day": "calendar days", "business_day": "business days", "calendar_month": "months"}

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Proof:
    """The words of the letter that prove a value, where they stand, and how sure the reading is."""

    words: str
    page: int
    confidence: str

    @property
    def label(self) -> str:
        return WORDS.get(self.confidence, self.confidence)

    @property
    def tone(self) -> str:
        return "good" if self.confidence == "high" else "warn"


@dataclass(frozen=True)
class Compared:
    """A fact that the case knows too (or that has no field): `agrees` is None where there is nothing to compare."""

    key: str
    fact: str
    label: str
    letter: str
    case: str
    agrees: bool | None
    proof: Proof
    rejected: bool


@dataclass(frozen=True)
class Segment:
    """A run of the letter's text; `fact` names the field or fact that it proves, or is empty."""

    text: str
    fact: str


def count_from(day: date, span: str) -> date | None:
    """The last day of a span such as "14 calendar_day" or "4 calendar_month after receipt", counted from `day`."""
    found = re.match(r"(\d+) (calendar_day|business_day|calendar_month)\b", span)
    if found is None:
        return None
    n, unit = int(found[1]), found[2]
    if unit == "calendar_day":
        return day + timedelta(days=n)
    if unit == "calendar_month":
        return add_months(day, n, month_rule="clamp")
    return add_business_days(day, n, count_for="claimant")


def span_hint(proposals: Sequence[Proposal], notice: date | None, received: date | None) -> str:
    """A counted day beside a deadline that a letter gives as a span, or "". It is a hint: the letter names no day."""
    span = next((p.value for p in proposals if p.fact == "stated_deadline" and p.status != "rejected"), "")
    if not span:
        return ""
    base = received if "receipt" in span else notice
    words = span_in_words(span)
    day = count_from(base, span) if isinstance(base, date) else None
    if day is None or base is None:
        return f"The letter names no day, but a span: {words}."
    return (
        f"The letter names no day, but a span: {words}."
        f" Counted from {base:%B} {base.day}: {day:%B} {day.day}, {day.year}."
    )


def span_in_words(span: str) -> str:
    """ "60 calendar_day after notice" -> "60 calendar days after notice"."""
    for code, words in UNITS.items():
        span = span.replace(code, words)
    return span.replace("_", " ")


def shown_value(value: str) -> str:
    """A value as a person reads it: an ISO day in words, a span in words, anything else as it is."""
    if ISO_DAY.fullmatch(value):  # `fromisoformat` alone would take the ten digits of an NPI for a day
        day = date.fromisoformat(value)
        return f"{day:%b} {day.day}, {day.year}"
    return span_in_words(value) if re.match(r"\d+ [a-z]", value) else WORDS.get(value, value)


def _read(field: str, proposal: Proposal, notice: date | None) -> Any:
    """The value of one proposal as the field holds it; None when it gives none."""
    if proposal.fact == "p2p_window_days":
        return count_from(notice, proposal.value) if notice else None
    if field in DATES:
        return date.fromisoformat(proposal.value)
    if field == "expedited_offered":
        return {"yes": True, "no": False}.get(proposal.value)
    if field == "expedited_hours":
        return int(proposal.value) if proposal.value.isdigit() else None
    if proposal.fact == "stated_deadline":
        return span_in_words(proposal.value)
    return proposal.value


def proposed_values(
    proposals: Sequence[Proposal], fields: Mapping[str, str] = FIELD_OF
) -> dict[str, tuple[Any, tuple[Proposal, ...]]]:
    """Field -> (value to prefill, the proposals it comes from), rejected ones left out. `fields` maps fact to field."""
    live = [p for p in proposals if p.status != Proposal.Status.REJECTED and p.fact in fields]
    order = list(fields)
    live.sort(key=lambda p: order.index(p.fact))
    notice = next((date.fromisoformat(p.value) for p in live if p.fact == "notice_date"), None)
    found: dict[str, tuple[Any, tuple[Proposal, ...]]] = {}
    for proposal in live:
        field = fields[proposal.fact]
        value = _read(field, proposal, notice)
        if value is None:
            continue
        if field not in found:
            found[field] = (value, (proposal,))
        elif field in JOINED and str(value) not in str(found[field][0]):
            before, sources = found[field]
            found[field] = (f"{before}{JOINED[field]}{value}", (*sources, proposal))
        elif field not in JOINED:
            found[field] = (found[field][0], (*found[field][1], proposal))
    return found


def proof_of(proposal: Proposal) -> Proof:
    return Proof(" ".join(proposal.words.split()), proposal.page, proposal.confidence)


def marked_pages(pages: Sequence[str], proposals: Iterable[Proposal]) -> tuple[tuple[Segment, ...], ...]:
    """The text of each page in runs, the proposed words named by the field they fill. The text itself is unchanged."""
    by_page: dict[int, list[tuple[int, int, str]]] = {}
    for proposal in proposals:
        start, end = proposal.span
        name = mark_name(proposal)
        by_page.setdefault(proposal.page, []).append((start, end, name))
    return tuple(_segments(text, by_page.get(number, [])) for number, text in enumerate(pages, start=1))


def mark_name(proposal: Proposal) -> str:
    """What a mark is called: the field, a reason by its key, a code by itself, else the fact."""
    if proposal.fact == "reason":
        return f"reason_{proposal.value}"
    if proposal.fact == "procedure_code":
        return f"code_{proposal.value}"
    return FIELD_OF.get(proposal.fact, proposal.fact)


def _segments(text: str, spans: list[tuple[int, int, str]]) -> tuple[Segment, ...]:
    """Of overlapping spans the shorter one wins, so that a date inside a sentence keeps its own mark."""
    owner = [""] * len(text)
    for start, end, name in sorted(spans, key=lambda s: s[0] - s[1]):
        for at in range(max(start, 0), min(end, len(text))):
            owner[at] = name
    segments: list[Segment] = []
    begin = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or owner[at] != owner[begin]:
            segments.append(Segment(text[begin:at], owner[begin]))
            begin = at
    return tuple(segments)
