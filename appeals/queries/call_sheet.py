"""The sheet for a peer-to-peer: what the payer says, what the record shows, whom to call and until when."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from advocacy.access.policy import Actor
from advocacy.errors import NotFound
from advocacy.tenancy.together import fetched
from appeals.models import DenialItem, DenialReason, PeerToPeer, RequestItem
from appeals.queries.clocks import Day
from appeals.queries.ladder import ladder_from
from appeals.queries.lookup import get_peer_to_peer
from appeals.queries.request_page import ItemShown, item_shown
from appeals.queries.shown_dues import Card, card_of, history_rows
from appeals.queries.steps import history_from
from appeals.refusals import label_of_refusal, refusals
from cases.codes import all_scales, label_of
from cases.models import Case, FailedTreatment


@dataclass(frozen=True)
class Point:
    """One reason of the denial beside what answers it."""

    label: str
    payer_words: str
    evidence: tuple[str, ...]
    is_primary: bool


@dataclass(frozen=True)
class Tried:
    """One treatment before this request, in words; empty where the record does not say."""

    name: str
    dose: str
    dates: str
    adequacy: str
    response: str
    stopped: str
    scale: str
    detail: str


@dataclass(frozen=True)
class CallSheet:
    call: PeerToPeer
    window: Card | None
    points: tuple[Point, ...]
    items: tuple[ItemShown, ...]
    tried: tuple[Tried, ...]
    adequate: int
    diagnoses: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, str], ...]


def get_call(actor: Actor, case: Case, public_id: UUID) -> PeerToPeer:
    """A peer-to-peer of this case. Raises NotFound when absent or invisible."""
    call = get_peer_to_peer(actor, public_id)
    if call.case_id != case.pk:
        raise NotFound("peer-to-peer")
    return call


def _span(row: FailedTreatment) -> str:
    days = [f"{d:%b %Y}" if d else "?" for d in (row.started_on, row.stopped_on)]
    if row.started_on is None and row.stopped_on is None:
        return ""
    if row.reason_stopped == FailedTreatment.Stopped.ONGOING:
        days[1] = "now"
    return f"{days[0]} to {days[1]}"


def weeks_of(row: FailedTreatment) -> str:
    """ "8 weeks at an adequate dose"; empty where nobody recorded any."""
    weeks = row.weeks_adequate
    return f"{weeks} week{'' if weeks == 1 else 's'} at an adequate dose" if weeks else ""


def scores_of(row: FailedTreatment) -> str:
    """ "PHQ-9 21 to 19", or the one of the two scores that is recorded; empty without any."""
    scale = all_scales().get(row.scale)
    name = scale.label if scale else row.scale
    before, after = (
        f"{n.normalize():f}" if n is not None else "" for n in (row.score_before, row.score_after)
    )
    if before and after:
        return f"{name} {before} to {after}".strip()
    return f"{name} {before or after} {'before' if before else 'after'}".strip() if before or after else ""


def tried_of(row: FailedTreatment) -> Tried:
    """A failed treatment in the words of a letter or a sheet."""
    dose = f"{row.dose.normalize():f} {row.dose_unit}".strip() if row.dose is not None else ""
    weeks = f", {weeks_of(row)}" if row.weeks_adequate else ""
    return Tried(
        f"{row.name} ({row.drug_class})" if row.drug_class else row.name,
        dose,
        _span(row) + weeks,
        row.get_adequacy_display(),
        row.get_response_display(),
        row.get_reason_stopped_display(),
        scores_of(row),
        row.reason_detail,
    )


def points_of(reasons: list[DenialReason]) -> tuple[Point, ...]:
    """The reasons, the main one first."""
    known = refusals()
    ordered = sorted(reasons, key=lambda r: (not r.is_primary, r.pk))
    return tuple(
        Point(
            label_of_refusal(r.reason),
            r.words,
            known[r.reason].evidence if r.reason in known else (),
            r.is_primary,
        )
        for r in ordered
    )


def call_sheet(actor: Actor, case: Case, public_id: UUID, day: Day) -> CallSheet:
    """Two statements beside the case's own. Raises NotFound."""
    call = get_call(actor, case, public_id)
    rows = fetched(
        history_rows(case)
        | {
            "reasons": DenialReason.objects.filter(denial_id=call.denial_id).order_by("id"),
            "refused": RequestItem.objects.filter(
                pk__in=DenialItem.objects.filter(denial_id=call.denial_id).values("item_id")
            ).order_by("position"),
            "tried": FailedTreatment.objects.filter(case_id=case.pk).order_by("started_on", "id"),
        }
    )
    windows = ladder_from(history_from(case, rows)).peer_to_peers
    items = {item.pk: item_shown(item) for item in rows["refused"]}
    return CallSheet(
        call=call,
        window=next((card_of(due, day) for due in windows if due.subject_id == call.pk), None),
        points=points_of(rows["reasons"]),
        items=tuple(items.values()),
        tried=tuple(tried_of(row) for row in rows["tried"]),
        adequate=sum(row.adequacy == FailedTreatment.Adequacy.YES for row in rows["tried"]),
        diagnoses=tuple((code, label_of(code) or "") for code in case.diagnosis_codes),
        outcomes=tuple(
            (items[o.item_id].name, o.get_outcome_display())
            for o in rows["outcomes"]
            if o.peer_to_peer_id == call.pk and o.item_id in items
        ),
    )
