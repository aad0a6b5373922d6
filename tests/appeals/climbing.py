"""A case climbs its ladder by commands, in simulated months: every moment is given, and `at` is the moment of typing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from advocacy.people.commands import record_consent
from appeals.commands.answers import record_answer
from appeals.commands.decisions import decide_appeal
from appeals.commands.denials import DenialInput, ReasonInput, confirm_denial, record_denial
from appeals.commands.levels import file_appeal, receive_appeal, record_forwarding, save_draft
from appeals.commands.requests import ItemInput, draft_request, receive_request
from appeals.models import Appeal, AuthorizationRequest, Deadline, Denial, Filing, RequestItem
from cases.commands.costs import record_cost
from cases.models import Case, Task
from tests.cast import Cast
from tests.factories.readiness import PLACE, benefits_checked
from tests.standing import prepared

NEW_YORK = ZoneInfo("America/New_York")

ERISA = {
    "program": "commercial",
    "sponsor": "private_employer",
    "funding": "self_funded",
    "plan_kind": "ordinary",
}
INSURED = ERISA | {"funding": "insured"}
INDIVIDUAL = INSURED | {"sponsor": "individual"}
MEDICARE_ADVANTAGE = {"program": "medicare_advantage", "benefit": "medical"}
MEDICAID = {"program": "medicaid", "medicaid_delivery": "plan"}
FEHB = {"program": "fehb_pshb"}
OWN_FORMS = {
    "medicare_advantage": "cms_1696",
    "medicare_part_d": "cms_1696",
    "medicare_original": "cms_1696",
    "fehb_pshb": "written_consent",
}
"""Programs that take no other signed words for an appointment, and the form that the patient signs there."""


def moment(day: str, hour: int = 14) -> datetime:
    """An hour of a day where the patient is."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=NEW_YORK).replace(hour=hour)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass
class Climb:
    cast: Cast
    case: Case
    request: AuthorizationRequest | None = None
    denial: Denial | None = None
    items: list[RequestItem] = field(default_factory=list)

    @property
    def who(self) -> Any:
        return self.cast.nora

    def answer(self, answers: dict[str, str], *, source: str = "card", on: str = "2026-03-16") -> None:
        for question, value in answers.items():
            record_answer(
                actor=self.who, case=self.case, question=question, value=value, source=source, at=moment(on)
            )
        if form := OWN_FORMS.get(answers.get("program", "")):
            self.consent("representation", instrument=form, on=on)

    def consent(self, *kinds: str, on: str = "2026-03-16", instrument: str = "") -> None:
        for kind in kinds or ("release", "representation"):
            record_consent(
                actor=self.who,
                patient=self.case.patient,
                kind=kind,
                scope="everything",
                method="paper",
                instrument=instrument,
                signed_on=date.fromisoformat(on),
                expires_event="the end of the case",
                at=moment(on),
            )

    def ask(self, received: str | None = "2026-03-17", **fields: Any) -> AuthorizationRequest:
        """A request of two items, received by the payer at ten in the morning; the plan was asked about benefits before."""
        if not self.case.benefit_checks.exists():
            benefits_checked(self.who, self.case, moment(received or "2026-03-17", 8))
        made = draft_request(
            actor=self.who,
            case=self.case,
            channel="fax",
            place_of_service=PLACE,
            items=[ItemInput("96365", Decimal(6), sessions=6), ItemInput("J3490", Decimal(60))],
            at=moment(received or "2026-03-17", 9),
            **fields,
        )
        if received:
            receive_request(
                actor=self.who, request=made, received_at=moment(received, 10), at=moment(received, 11)
            )
        self.request = made
        self.items = list(RequestItem.objects.filter(request=made).order_by("position"))
        return made

    def refuse(
        self,
        notice: str | None = "2026-03-24",
        received: str | None = "2026-03-27",
        *,
        confirmed: str | None = "2026-03-30",
        items: Sequence[RequestItem] | None = None,
        **facts: Any,
    ) -> Denial:
        """A denial of all items (or the given ones), with certified mail as proof of its receipt."""
        assert self.request is not None
        fields = {
            "received_evidence": "certified" if received else "none",
            "send_to_fax": "555 010 0199",
        } | facts
        self.denial = record_denial(
            actor=self.who,
            request=self.request,
            letter=None,
            fields=DenialInput(notice_on=day(notice), received_on=day(received), **fields),
            items=[i.public_id for i in (self.items if items is None else items)],
            reasons=[ReasonInput("medical_necessity", "It is not medically necessary.", is_primary=True)],
            at=moment(confirmed or "2026-04-10", 9),
        )
        if confirmed:
            confirm_denial(actor=self.who, denial=self.denial, at=moment(confirmed))
        return self.denial

    def to_the_hearing(self) -> None:
        """Medicare Advantage, refused by the plan and by the independent entity: the hearing before a judge stands open."""
        self.answer(MEDICARE_ADVANTAGE)
        self.ask()
        self.refuse()
        self.file(1, "2026-04-10")
        self.decide(1, "2026-04-24", "2026-04-27")
        self.forward(2, "2026-04-28")
        self.receive(2, "2026-04-30")
        self.decide(2, "2026-05-20", "2026-05-22")

    def to_the_council(self) -> None:
        """The judge upheld the refusal of both items too; the Council is asked."""
        self.to_the_hearing()
        self.stake()
        self.file(3, "2026-06-15")
        self.decide(3, "2026-08-20", "2026-08-24")
        self.file(4, "2026-09-10", channel="portal")

    def stake(self, amount: str = "4800", on: str = "2026-04-02") -> None:
        """The money at stake, in US dollars."""
        record_cost(
            actor=self.who,
            case=self.case,
            kind="at_stake",
            amount=Decimal(amount),
            certainty="estimate",
            basis="Price list of the clinic.",
            at=moment(on),
        )

    def level(self, position: int) -> Appeal:
        return Appeal.objects.get(case=self.case, position=position)

    @property
    def positions(self) -> list[tuple[int, str, str]]:
        rows = Appeal.objects.filter(case=self.case).order_by("position")
        return [(a.position, a.level, a.status) for a in rows]

    def file(self, position: int, filed: str, *, channel: str = "fax", **fields: Any) -> Filing:
        level = self.level(position)
        if not level.draft:
            save_draft(actor=self.who, appeal=level, text="Please reverse the decision.", at=moment(filed, 9))
        return file_appeal(
            actor=self.who,
            appeal=level,
            **{
                "channel": channel,
                "address": "PO Box 9, Salem OR" if channel == "mail" else "555 010 0199",
                "filed_at": moment(filed),
                "at": moment(filed, 15),
            }
            | fields,
        )

    def forward(self, position: int, on: str) -> None:
        record_forwarding(
            actor=self.who, appeal=self.level(position), forwarded_at=moment(on), at=moment(on, 15)
        )

    def receive(self, position: int, on: str) -> None:
        receive_appeal(actor=self.who, appeal=self.level(position), received_at=moment(on), at=moment(on, 15))

    def decide(
        self,
        position: int,
        notice: str,
        received: str | None = None,
        *,
        outcome: str = "upheld",
        typed: str | None = None,
        **fields: Any,
    ) -> Any:
        """One outcome for every item in question; typed in on the day of receipt unless told otherwise."""
        outcomes = fields.pop("outcomes", {i.public_id: outcome for i in self.items})
        return decide_appeal(
            actor=self.who,
            appeal=self.level(position),
            decided_at=moment(notice),
            notice_on=day(notice),
            received_on=day(received),
            received_evidence="certified" if received else "none",
            outcomes=outcomes,
            at=moment(typed or received or notice, 16),
            **fields,
        )

    def date(self, clock: str, position: int | None = None) -> tuple[str, str | None, str]:
        """(day in front, statutory day, status) of the standing row of a clock: of a level, or of the request."""
        row = self.row(clock, position)
        return (row.due_on.isoformat(), row.statutory_on and row.statutory_on.isoformat(), row.status)

    def row(self, clock: str, position: int | None = None) -> Deadline:
        rows = Deadline.objects.filter(case=self.case, clock=clock).exclude(status="superseded")
        rows = rows.filter(appeal__position=position) if position else rows.filter(appeal=None)
        return rows.get()

    def tasks(self) -> list[str]:
        """Codes of the open tasks a rule opened, a level's number in them replaced by its position; not those of stages."""
        codes = []
        for code in (
            Task.objects.filter(case=self.case, status="open")
            .exclude(code="")
            .exclude(code__startswith="stage:")
            .values_list("code", flat=True)
        ):
            name, _, pk = code.partition(":")
            codes.append(
                f"{name}:{Appeal.objects.get(pk=pk).position}" if pk and name not in OF_CALLS else name
            )
        return sorted(codes)

    def fresh(self) -> Case:
        return Case.objects.get(pk=self.case.pk)


OF_CALLS = frozenset({"peer_to_peer_in_writing", "won_in_call"})


def codes(caught: Any) -> list[str]:
    """The codes of the reasons of a refusal, in their order."""
    return [reason.code for reason in caught.value.reasons]


@prepared
def climb(cast, own_vault):
    """A case of Harbor with both consents, and a vault of its own."""
    found = Climb(cast, cast.case)
    found.consent()
    return found
