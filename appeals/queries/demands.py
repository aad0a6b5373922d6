"""Where the other side is late on a case: each missed date with what follows from it, and the letters about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from appeals.dues import DOCUMENTS, EFFECTUATION
from appeals.facts import History
from appeals.models import Deadline, Demand, Denial
from appeals.queries.clocks import CLAIMANT, Day, Due, due_of, is_over
from appeals.queries.history import load_history
from appeals.queries.ladder import AWAITING
from appeals.queries.owed import OwedLine, owed_lines
from appeals.regulators import Agency, agencies, agencies_for
from appeals.silence import opens_unless_denied
from cases.models import Case

_KINDS = {EFFECTUATION: Demand.Kind.CARRY_OUT, DOCUMENTS: Demand.Kind.DOCUMENTS}


def demand_kind(clock: str) -> str:
    """The kind of letter that demands what was missed by a clock."""
    return _KINDS.get(clock, Demand.Kind.OVERDUE)


@dataclass(frozen=True)
class LateDate:
    """One missed date. `level` is the level that may go on without a decision, where the law opens the next one; `owed` the level
    whose decision the plan has not carried out, `documents` the request for documents."""

    deadline: Deadline
    due: Due
    agencies: tuple[Agency, ...]
    letters: tuple[Demand, ...]
    level: UUID | None
    request: UUID | None
    owed: UUID | None = None
    documents: UUID | None = None
    goes_on: bool = False
    """Whether the rule of this missed answer to a request opens a level, and nobody has gone on yet."""

    @property
    def demand(self) -> str:
        """The kind of letter that demands what was missed."""
        return demand_kind(self.deadline.clock)


@dataclass(frozen=True)
class OwedShown:
    """What was won and is owed without a date, the denial a letter about it hangs on, the letters."""

    line: OwedLine
    denial: UUID
    letters: tuple[Demand, ...]

    @property
    def lines(self) -> tuple[OwedLine, ...]:
        return (self.line,)


@dataclass(frozen=True)
class LatePage:
    """`late` are the dates that are over and unanswered, `answered_late` those that were answered after their time; `others` the
    letters about notices, and about dates that were computed anew since. `owed` is what was won and has no date."""

    late: tuple[LateDate, ...]
    answered_late: tuple[LateDate, ...]
    others: tuple[Demand, ...]
    owed: tuple[OwedShown, ...] = ()


def late_page(actor: Actor, case: Case, day: Day) -> LatePage:
    """`day` is the moment where the patient is. Two statements, and one for the rules that apply."""
    rows = (
        Deadline.objects.filter(visible(actor, Deadline), case=case, peer_to_peer=None)
        .filter(status__in=[Deadline.Status.RUNNING, Deadline.Status.MISSED])
        .exclude(side=CLAIMANT)
        .select_related("appeal", "request", "document_request")
        .order_by("due_on", "id")
    )
    letters = list(
        Demand.objects.filter(visible(actor, Demand), case=case)
        .select_related("deadline", "denial")
        .order_by("-id")
    )
    history = load_history(case)
    found = history.classification
    shown: dict[str, list[LateDate]] = {"late": [], "answered": []}
    told: set[int] = set()
    for row in rows:
        answered = row.status == Deadline.Status.MISSED
        if not answered and not is_over(row, day):
            continue
        own = tuple(letter for letter in letters if letter.deadline_id == row.pk)
        told |= {letter.pk for letter in own}
        regimes = (row.regime,) if row.regime != "unknown" else found.candidates
        awaits = row.clock == "decision" and row.appeal is not None and row.appeal.status in AWAITING
        shown["answered" if answered else "late"].append(
            LateDate(
                row,
                due_of(row, day),
                agencies_for(regimes, found.state),
                own,
                row.appeal.public_id if awaits and row.appeal is not None else None,
                row.request.public_id if row.request is not None else None,
                row.appeal.public_id if row.appeal is not None and row.clock == EFFECTUATION else None,
                row.document_request.public_id if row.document_request is not None else None,
                not answered and _goes_on(row, history),
            )
        )
    owed = _owed(history, letters, day)
    told |= {letter.pk for shown_owed in owed for letter in shown_owed.letters}
    others = tuple(letter for letter in letters if letter.pk not in told)
    return LatePage(tuple(shown["late"]), tuple(shown["answered"]), others, owed)


def _goes_on(row: Deadline, history: History) -> bool:
    if row.request is None or row.clock != "decision":
        return False
    return opens_unless_denied(history, row.request)


def _owed(history: History, letters: Iterable[Demand], day: Day) -> tuple[OwedShown, ...]:
    denials = {d.pk: d.public_id for d in history.denials}
    return tuple(
        OwedShown(
            line,
            denials[line.owed.denial_id],
            tuple(
                letter
                for letter in letters
                if letter.denial_id == line.owed.denial_id and letter.kind == Demand.Kind.CARRY_OUT
            ),
        )
        for line in owed_lines(history, day)
        if line.owed.denial_id in denials
    )


def get_late_deadline(actor: Actor, case: Case, public_id: UUID) -> Deadline:
    """One date of the other side, with what it hangs on. Raises NotFound when absent, invisible or of another case."""
    found = (
        Deadline.objects.filter(visible(actor, Deadline), case=case, public_id=public_id, peer_to_peer=None)
        .exclude(side=CLAIMANT)
        .select_related("request", "appeal__denial", "document_request__denial")
        .first()
    )
    if found is None:
        raise NotFound("deadline")
    return found


def get_demand(actor: Actor, case: Case, public_id: UUID) -> Demand:
    """One letter with what it is about. Raises NotFound when absent, invisible or of another case."""
    found = (
        Demand.objects.filter(visible(actor, Demand), case=case, public_id=public_id)
        .select_related(
            "case",
            "deadline__request",
            "deadline__appeal__denial",
            "deadline__document_request__denial",
            "denial",
            "document_version__document",
            "sent_by",
        )
        .defer("document_version__pages")
        .first()
    )
    if found is None:
        raise NotFound("demand")
    return found


def draft_begun(actor: Actor, deadline: Deadline, kind: str, agency: str) -> Demand | None:
    """The letter of this kind about this date that is begun and not sent."""
    rows = Demand.objects.filter(visible(actor, Demand), deadline=deadline, kind=kind, agency=agency)
    return rows.filter(sent_at=None).first()


def begun_about(actor: Actor, denial: Denial, kind: str) -> Demand | None:
    """The letter of this kind about a denial that is begun and not sent."""
    rows = Demand.objects.filter(visible(actor, Demand), denial=denial, kind=kind)
    return rows.filter(sent_at=None).first()


def agency_named(key: str) -> Agency | None:
    """The agency of a complaint; None for any other letter."""
    return agencies().get(key)
