"""One level of appeal as its page shows it: both sides' clocks, what is ready to go out, what went out, what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound, Reason
from advocacy.people.models import Consent
from advocacy.tenancy.together import fetched
from appeals.at_once import Opening
from appeals.blocks import blocks_from_data, cited_and_left_out, unfilled_gaps
from appeals.dues import RUNNING
from appeals.facts import History
from appeals.models import (
    STANDS,
    Appeal,
    ClockEvent,
    Decision,
    Denial,
    Exhibit,
    Filing,
    GrantedAuthorization,
    ItemOutcome,
    LetterApproval,
    RequestItem,
    StepOverride,
)
from appeals.queries.beside import filing_lacks, not_at_once_now, opened_by, openings_of
from appeals.queries.choices import choice_for, standing_choices
from appeals.queries.clocks import Day
from appeals.queries.doubtful import doubtful_letters
from appeals.queries.drafts import exhibit_label, exhibit_set_aside
from appeals.queries.in_question import items_in_question
from appeals.queries.ladder import AWAITING, BEFORE_FILING, Standing, ladder_from
from appeals.queries.lookup import consent_among, get_appeal, get_filing
from appeals.queries.owed import OwedLine, owed_lines
from appeals.queries.plan_facts_page import FactUsed, facts_used
from appeals.queries.reopenings import reopenings
from appeals.queries.representation import FilerShown, filer_choices, filer_shown, who_may_not
from appeals.queries.request_page import ItemShown, item_shown
from appeals.queries.shown_dues import Card, card_of, history_rows
from appeals.queries.steps import history_from
from appeals.rungs import Rung, rung_after
from cases.models import Case, Communication, Cost, Document, DocumentVersion


@dataclass(frozen=True)
class ExhibitShown:
    label: str
    title: str
    version: UUID


@dataclass(frozen=True)
class LevelPage:
    """`clocks` are ours first. `filers` are the choices of who files. `outcomes` are (item, words, tone). `missing` is what
    has to be there before filing. `letter` is the document of the decision, where there is one that the reader may see.
    """

    appeal: Appeal
    rung: Rung
    clocks: tuple[Card, ...]
    plan_facts: tuple[FactUsed, ...]
    window_passed: bool
    decision_overdue: bool
    items: tuple[ItemShown, ...]
    exhibits: tuple[ExhibitShown, ...]
    missing: tuple[Reason, ...]
    filer: FilerShown
    filers: list[tuple[str, str]]
    filing: Filing | None
    decision: Decision | None
    letter: UUID | None
    outcomes: tuple[tuple[str, str, str], ...]
    events: tuple[ClockEvent, ...]
    grants: tuple[GrantedAuthorization, ...]
    choice: Any
    previous: tuple[str, UUID] | None
    following: tuple[str, UUID] | None
    reopens: tuple[str, UUID] | None
    again: tuple[str, UUID] | None
    beside: tuple[str, UUID] | None = None
    at_once: tuple[tuple[str, UUID], ...] = ()
    settled_by: tuple[str, UUID] | None = None
    opened_by: Opening | None = None
    may_open: bool = False
    not_at_once: tuple[Reason, ...] = ()
    reopenings: tuple[Card, ...] = ()
    owed: tuple[OwedLine, ...] = ()
    after_silence: Rung | None = None

    @property
    def at_once_live(self) -> bool:
        """Whether a level stands beside this one already."""
        return any(reason.code == "open_already" for reason in self.not_at_once)

    @property
    def nothing_above(self) -> bool:
        """Whether above this level stands none that anybody could open beside it."""
        return any(reason.code == "no_level_to_open" for reason in self.not_at_once)

    @property
    def is_won(self) -> bool:
        """Whether something was decided here against the plan, wholly or partly."""
        return any(tone in ("good", "warn") for _item, _words, tone in self.outcomes)

    @property
    def has_below(self) -> bool:
        """Whether there is a level that this one may send the case back to."""
        return self.appeal.previous_id is not None or self.appeal.position > 1

    @property
    def is_before(self) -> bool:
        return self.appeal.status in BEFORE_FILING

    @property
    def is_awaiting(self) -> bool:
        return self.appeal.status in AWAITING


def get_level(actor: Actor, case: Case, public_id: UUID) -> Appeal:
    """A level of this case. Raises NotFound when absent or invisible."""
    appeal = get_appeal(actor, public_id)
    if appeal.case_id != case.pk:
        raise NotFound("level")
    return appeal


def filing_of_case(actor: Actor, case: Case, public_id: UUID) -> Filing:
    """A filing of this case with its frozen version. Raises NotFound when absent or invisible."""
    filing = get_filing(actor, public_id)
    if filing.case_id != case.pk:
        raise NotFound("filing")
    return filing


_TONES = {"overturned": "good", "partly": "warn", "upheld": "bad"}


def level_page(
    actor: Actor, case: Case, appeal: Appeal, day: Day, *, asks_approval: bool = False
) -> LevelPage:
    """One statement beside the case's own. `asks_approval`: the organization wants the patient's yes to a letter."""
    rows = fetched(
        history_rows(case)
        | {
            "exhibits": Exhibit.objects.filter(appeal_id=appeal.pk).order_by("position"),
            "versions": DocumentVersion.objects.filter(
                pk__in=Exhibit.objects.filter(appeal_id=appeal.pk).values("document_version_id")
            )
            .defer("pages")
            .order_by("id"),
            "aside": Denial.objects.filter(case_id=case.pk).exclude(STANDS).order_by("id"),
            "consents": Consent.objects.filter(patient_id=case.patient_id, revoked_at=None).order_by("id"),
            "overrides": StepOverride.objects.filter(appeal_id=appeal.pk, used_at=None).order_by("id"),
            "choices": standing_choices([case.pk]),
            "at_stake": Cost.objects.filter(case_id=case.pk, kind=Cost.Kind.AT_STAKE, superseded_at=None),
            "approvals": LetterApproval.objects.filter(appeal_id=appeal.pk, superseded_at=None),
            "letters": Document.objects.filter(
                visible(actor, Document),
                pk__in=Decision.objects.filter(appeal_id=appeal.pk).values("letter_id"),
            ).order_by("id"),
            "grants": GrantedAuthorization.objects.filter(request_id=appeal.denial.request_id).order_by(
                "granted_at", "id"
            ),
        }
    )
    history = history_from(case, rows)
    rung = history.rung(appeal)
    is_open = appeal.status in BEFORE_FILING | AWAITING
    standing = next(
        s for s in ladder_from(history).levels if s.appeal is not None and s.appeal.pk == appeal.pk
    )
    clocks = _clocks(standing, day)
    against = not_at_once_now(history, appeal, rows["overrides"], day.today)
    asked = items_in_question(history, appeal)
    decision = history.decisions.get(appeal.pk)
    versions = {v.pk: v for v in rows["versions"]}
    exhibits = tuple(
        ExhibitShown(exhibit_label(e.position), e.title, versions[e.document_version_id].public_id)
        for e in rows["exhibits"]
    )
    aside = {d.letter_id for d in rows["aside"]} - {d.letter_id for d in history.denials}
    filing_card = next((c for c in clocks if c.running and c.whose == "ours"), None)
    decision_card = card_of(standing.decision, day) if standing.decision else None
    last_day = standing.filing.last_day if standing.filing else None
    return LevelPage(
        appeal=appeal,
        rung=rung,
        clocks=clocks,
        plan_facts=facts_used(case, rows["answers"]),
        window_passed=bool(
            filing_card and appeal.status in BEFORE_FILING and last_day and last_day < day.today
        ),
        decision_overdue=bool(decision_card and decision_card.overdue),
        items=tuple(item_shown(i) for i in history.items if i.pk in asked),
        exhibits=exhibits,
        missing=tuple(
            [
                *_lacks_beside(history, appeal),
                *_missing(history, appeal, exhibits, rows["consents"], day.today),
                *_set_aside(
                    appeal,
                    [e for e in rows["exhibits"] if versions[e.document_version_id].document_id in aside],
                ),
                *_amount_lacks(appeal, rung, rows["at_stake"], day.today),
                *(_not_approved(appeal, rung, rows["approvals"]) if asks_approval else ()),
            ]
        ),
        filer=filer_shown(history, appeal),
        filers=filer_choices(history, appeal),
        filing=history.filings.get(appeal.pk),
        decision=decision,
        letter=next((d.public_id for d in rows["letters"]), None),
        outcomes=_outcomes(decision, rows["outcomes"], history.items),
        events=tuple(e for e in history.events if e.appeal_id == appeal.pk),
        grants=tuple(rows["grants"]),
        choice=choice_for(rows["choices"], appeal),
        previous=_named(history, history.previous(appeal)),
        following=_named(history, next((a for a in history.appeals if a.previous_id == appeal.pk), None)),
        reopens=_named(history, next((a for a in history.appeals if a.pk == appeal.reopens_id), None)),
        again=_named(history, next((a for a in history.appeals if a.reopens_id == appeal.pk), None)),
        beside=_named(history, history.beside(appeal)),
        at_once=tuple(
            named
            for a in history.appeals
            if a.beside_id == appeal.pk and (named := _named(history, a)) is not None
        ),
        settled_by=_named(history, next((a for a in history.appeals if a.pk == appeal.settled_by_id), None)),
        opened_by=opened_by(history, appeal),
        may_open=is_open and (bool(openings_of(history, appeal, day.today)) or not against),
        not_at_once=against if is_open else (),
        reopenings=reopenings(history, day, appeal=appeal) if case.status == "open" else (),
        owed=owed_lines(history, day, of=appeal),
        after_silence=rung_after(history.classification, history.levels, rung, deemed=True),
    )


def _clocks(standing: Standing, day: Day) -> tuple[Card, ...]:
    found = (
        standing.filing,
        standing.completion,
        standing.continuation,
        standing.forwarding,
        standing.decision,
        standing.effectuation,
    )
    # One that is over and never had a date has nothing left to compute.
    return tuple(card_of(due, day) for due in found if due and (due.due or due.status == RUNNING))


def _named(history: Any, appeal: Appeal | None) -> tuple[str, UUID] | None:
    return (history.rung(appeal).title, appeal.public_id) if appeal is not None else None


def _outcomes(
    decision: Decision | None, outcomes: Iterable[ItemOutcome], items: Iterable[RequestItem]
) -> tuple[tuple[str, str, str], ...]:
    if decision is None:
        return ()
    known = {item.pk: item_shown(item).name for item in items}
    return tuple(
        (known[o.item_id], o.get_outcome_display(), _TONES.get(o.outcome, ""))
        for o in outcomes
        if o.decision_id == decision.pk
    )


def _missing(
    history: History, appeal: Appeal, exhibits: tuple[ExhibitShown, ...], consents: list[Consent], on: date
) -> Iterable[Reason]:
    """What a filing will ask for, said before it is asked. The command decides; this is a list to work through."""
    if appeal.status not in BEFORE_FILING or not history.rung(appeal).may_be_filed:
        return
    if not appeal.draft:
        yield Reason("letter_missing", "The letter is not written yet.", "level_draft")
    else:
        blocks = blocks_from_data(appeal.draft["blocks"])
        gaps = unfilled_gaps(blocks)
        if gaps:
            count = f"{len(gaps)} open places" if len(gaps) > 1 else "an open place"
            yield Reason("letter_gap", f"The letter still has {count}.", "level_draft")
        for cited in cited_and_left_out(blocks, (e.label for e in exhibits)):
            yield Reason(cited.code, cited.message, "level_exhibits")
    if not exhibits:
        yield Reason(
            "exhibits_missing", "No exhibit is chosen: the denial letter should go along.", "level_exhibits"
        )
    if not consent_among(consents, Consent.Kind.RELEASE, on):
        yield Reason(
            "consent_missing",
            "There is no standing consent of the patient to send health information.",
            "patient",
        )
    appointed = [c for c in consents if c.kind == Consent.Kind.REPRESENTATION]
    yield from who_may_not(history, appeal, appointed, on, field="patient")


def _lacks_beside(history: History, appeal: Appeal) -> Iterable[Reason]:
    """What a level that was opened at once waits for: the other one is filed first."""
    if appeal.status in BEFORE_FILING:
        yield from (Reason(r.code, r.message, "beside") for r in filing_lacks(history, appeal, None))


def _set_aside(appeal: Appeal, aside: Iterable[Exhibit]) -> Iterable[Reason]:
    """Exhibits that are the letter of a denial that was set aside."""
    if appeal.status in BEFORE_FILING:
        for exhibit in aside:
            yield exhibit_set_aside(exhibit.position, "level_exhibits")


def _amount_lacks(appeal: Appeal, rung: Rung, at_stake: list[Cost], on: date) -> Iterable[Reason]:
    """The amount in dispute, where a level asks for one: by the figure of the year in which it would be filed now."""
    if appeal.status not in BEFORE_FILING or not rung.may_be_filed:
        return
    lacks = rung.amount_lacks(at_stake[0].amount if at_stake else None, on.year)
    if lacks is not None:
        yield Reason(
            lacks.code, f"{lacks.message} Or say when you file why it is met all the same.", "cost_new"
        )


def _not_approved(appeal: Appeal, rung: Rung, asked: list[LetterApproval]) -> Iterable[Reason]:
    """Whether the patient said yes to the letter. Editing it ends an earlier yes."""
    if appeal.status not in BEFORE_FILING or not rung.may_be_filed or not appeal.draft:
        return
    if any(a.answer == "approved" for a in asked):
        return
    text = "The patient has to approve the letter."
    if asked:
        text = (
            "The patient asked for a change of the letter."
            if asked[0].answer
            else "The patient was asked to approve the letter and has not answered."
        )
    yield Reason("letter_not_approved", text, "level_approval")


@dataclass(frozen=True)
class FilingAsks:
    """Whether filing a level asks for an amount in dispute, under any set of rules that may apply, and who may file it."""

    amount: bool
    filers: list[tuple[str, str]]


def filing_asks(actor: Actor, case: Case, appeal: Appeal) -> FilingAsks:
    """What the form of a filing has to ask for at this level."""
    history = history_from(case, fetched(history_rows(case)))
    amount = any(level.amount is not None for level in history.rung(appeal).levels)
    return FilingAsks(amount, filer_choices(history, appeal))


# -- the pages around it -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Choosable:
    """A document that could go along: its newest version, and its place and title where it is chosen already."""

    key: str
    name: str
    kind: str
    place: int | None
    title: str


def choosable_exhibits(actor: Actor, case: Case, appeal: Appeal) -> tuple[Choosable, ...]:
    """The newest version of every document of the case. While nothing was chosen, the denial letter is proposed first, and
    after it the letter of the decision that a later level contests.

    Filed packets and proofs of sending are left out: they are not evidence for this level. So is the letter of a denial that
    was set aside; that of one which nobody has confirmed says so, since it may be another person's.
    """
    left_out = [Document.Kind.FILING, Document.Kind.PROOF, Document.Kind.CONSENT, Document.Kind.MEMBER_CARD]
    documents = Document.objects.filter(visible(actor, Document), case=case).exclude(kind__in=left_out)
    documents = documents.exclude(
        kind=Document.Kind.APPEAL_LETTER, is_frozen=True
    )  # what the patient was asked about
    aside, unsure = doubtful_letters(case)
    documents = documents.exclude(pk__in=aside)
    newest: dict[int, DocumentVersion] = {}
    versions = DocumentVersion.objects.filter(document__in=documents).select_related("document")
    for version in versions.defer("pages").order_by("document_id", "number"):
        newest[version.document_id] = version
    chosen = {
        e.document_version_id: e
        for e in Exhibit.objects.filter(appeal=appeal).select_related("document_version__document")
    }
    for pinned in chosen.values():  # an older version that was chosen stays choosable beside the newer one
        newest.setdefault(-pinned.document_version_id, pinned.document_version)
    rows = {v.pk: v for v in newest.values()}
    decided = Decision.objects.filter(appeal_id=appeal.previous_id) if appeal.previous_id else ()
    letters = [appeal.denial.letter_id, *(d.letter_id for d in decided)]
    proposed = {letter: place for place, letter in enumerate((x for x in letters if x), start=1)}
    dated = _dates_of_letters(case)
    found = []
    for version in rows.values():
        exhibit = chosen.get(version.pk)
        found.append(
            Choosable(
                str(version.public_id),
                _named_version(version, dated.get(version.document_id)),
                version.document.get_kind_display() + (UNSURE if version.document_id in unsure else ""),
                exhibit.position if exhibit else (None if chosen else proposed.get(version.document_id)),
                exhibit.title if exhibit else version.document.title,
            )
        )
    return tuple(sorted(found, key=lambda c: (c.place is None, c.place or 0, c.kind, c.name)))


UNSURE = " · not confirmed: look whether it is this patient's"


def _dates_of_letters(case: Case) -> dict[int, date]:
    """The date that stands on the letter of a denial or a decision, by its document."""
    said: Any = {"letter__isnull": False, "notice_on__isnull": False}
    rows = fetched(
        {
            model.__name__: model.objects.filter(case=case, **said)
            .only("letter_id", "notice_on")
            .order_by("id")
            for model in (Denial, Decision)
        }
    )
    return {row.letter_id: row.notice_on for found in rows.values() for row in found}


def _named_version(version: DocumentVersion, dated: date | None) -> str:
    """Its document's title, the letter's own date (else the day it came), and which version it is: two letters of one title
    stay apart."""
    came = timezone.localtime(version.uploaded_at)
    on = f"dated {dated:%b} {dated.day}, {dated.year}" if dated else f"{came:%b} {came.day}, {came.year}"
    number = f", version {version.number}" if version.number > 1 else ""
    return f"{version.document.title} ({on}{number})"


def calls_of(actor: Actor, case: Case) -> list[Communication]:
    """The logged phone calls of a case, newest first."""
    seen = Communication.objects.filter(visible(actor, Communication), case=case, superseded_at=None)
    return list(seen.filter(channel=Communication.Channel.CALL).order_by("-happened_at", "-id")[:50])
