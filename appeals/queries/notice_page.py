"""A denial notice held against what the law asks of it: what each check finds, what a person decided, and what is a defect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from advocacy.errors import NotFound
from advocacy.tenancy.together import fetched
from appeals.models import Answer, Demand, Denial, DenialReason, NoticeCheck, Proposal
from appeals.notice_checks import (
    CANNOT_TELL,
    FOUND,
    NOT_FOUND,
    Defect,
    Finding,
    Notice,
    check_notice,
    defect_of,
    laws_of,
    notice_rules,
)
from appeals.queries.lookup import said_of
from appeals.regimes.classifier import Classification, classify
from cases.models import Case, DocumentVersion

LABELS = dict(NoticeCheck.Found.choices)
TONES = {NOT_FOUND: "warn", FOUND: "good", CANNOT_TELL: ""}


@dataclass(frozen=True)
class Shown:
    """One finding beside what a person decided about it (None: nobody yet)."""

    finding: Finding
    decision: NoticeCheck | None

    @property
    def label(self) -> str:
        if self.decision is None:
            return LABELS[self.finding.outcome]
        return "Defect, confirmed" if self.decision.answer == NoticeCheck.Answer.DEFECT else "No defect"

    @property
    def tone(self) -> str:
        if self.decision is None:
            return TONES[self.finding.outcome]
        return "bad" if self.decision.answer == NoticeCheck.Answer.DEFECT else "good"


@dataclass(frozen=True)
class NoticePage:
    """`open` waits for a person; `decided` was decided; `unsure` cannot be told from the letter; `found` stands in it.

    `letters` demand that this notice be mended, the latest first.
    """

    open: tuple[Shown, ...]
    decided: tuple[Shown, ...]
    unsure: tuple[Shown, ...]
    found: tuple[Shown, ...]
    letters: tuple[Demand, ...] = ()

    @property
    def has_defect(self) -> bool:
        """Whether a person confirmed that something is missing: then a notice that holds it may be demanded."""
        return any(
            s.decision is not None and s.decision.answer == NoticeCheck.Answer.DEFECT for s in self.decided
        )

    @property
    def is_begun(self) -> bool:
        return any(letter.sent_at is None for letter in self.letters)


def notice_page(
    case: Case,
    denial: Denial,
    version: DocumentVersion | None,
    proposals: Sequence[Proposal],
    reasons: Iterable[DenialReason],
) -> NoticePage | None:
    """The checks of a confirmed denial with a letter, in one statement; None for any other."""
    if denial.confirmed_at is None or version is None:
        return None
    rows = fetched(
        {
            "answers": Answer.objects.filter(case=case, superseded_at=None).order_by("answered_at", "id"),
            "decisions": NoticeCheck.objects.filter(denial=denial, superseded_at=None),
            "letters": Demand.objects.filter(denial=denial).order_by("-id"),
        }
    )
    decisions = {row.rule: row for row in rows["decisions"]}
    found = classify(said_of(case, tuple(rows["answers"])))
    notice = notice_from(denial, version, proposals, reasons, found)
    shown = [Shown(f, decisions.get(f.check.key)) for f in check_notice(notice)]
    undecided = [s for s in shown if s.decision is None]
    return NoticePage(
        open=tuple(s for s in undecided if s.finding.outcome == NOT_FOUND),
        decided=tuple(s for s in shown if s.decision is not None),
        unsure=tuple(s for s in undecided if s.finding.outcome == CANNOT_TELL),
        found=tuple(s for s in undecided if s.finding.outcome == FOUND),
        letters=tuple(rows["letters"]),
    )


def notice_from(
    denial: Denial,
    version: DocumentVersion,
    proposals: Sequence[Proposal],
    reasons: Iterable[DenialReason],
    found: Classification,
) -> Notice:
    """The letter's text, and what a person confirmed about it. Days and dates are those of the denial's row."""
    given = sorted(reasons, key=lambda r: not r.is_primary)
    request = denial.request
    return Notice(
        pages=tuple(version.pages or ()) if version.has_text else (),
        regimes=found.candidates,
        on=denial.notice_on or denial.sent_on or denial.received_on,
        state=found.state,
        timing=request.timing,
        reasons=frozenset(r.reason for r in given),
        reason_words=next((r.words for r in given if r.words), ""),
        urgent=request.is_urgent,
        reduction=denial.effective_on is not None,
        sent_on=denial.sent_on or denial.notice_on,
        effective_on=denial.effective_on,
        stated=next(
            (p.value for p in proposals if p.fact == "stated_deadline" and p.status != p.Status.REJECTED), ""
        ),
        stated_words=denial.stated_deadline_words,
        stated_on=denial.stated_deadline_on,
        send_to=denial.send_to_address,
    )


def finding_of(case: Case, denial: Denial, rule: str) -> Shown:
    """What one check finds in a confirmed denial's letter, with its standing decision. Raises NotFound where it does not apply.

    Without a letter, or where the check has nothing to look at, a person may still have read it: "cannot tell".
    """
    check = notice_rules().by_key.get(rule)
    if check is None or denial.confirmed_at is None:
        raise NotFound("check")
    version = None
    if denial.letter_id is not None:
        versions = DocumentVersion.objects.filter(document_id=denial.letter_id)
        version = versions.order_by("-number").first()
    found = classify(said_of(case))
    notice = Notice(pages=(), regimes=found.candidates, on=denial.notice_on, state=found.state)
    decision = NoticeCheck.objects.filter(denial=denial, rule=rule, superseded_at=None).first()
    if version is not None:
        proposals = list(
            Proposal.objects.filter(document_version=version, fact="stated_deadline").order_by("id")
        )
        notice = notice_from(denial, version, proposals, DenialReason.objects.filter(denial=denial), found)
        for finding in check_notice(notice):
            if finding.check.key == rule:
                return Shown(finding, decision)
    laws = laws_of(check, notice)
    if not laws:
        raise NotFound("check")
    because = "Nothing in the letter's text calls for this check, or there is no letter here."
    return Shown(Finding(check, CANNOT_TELL, laws, because=because), decision)


def confirmed_defects(denial: Denial) -> list[Defect]:
    """The defects of this notice that a person confirmed, in the order of the rules: for letters and arguments.

    One whose law does not govern the case any more (the coverage was found to be another) is left out. Each `effect` is
    arguable; none of them moves a date.
    """
    if denial.confirmed_at is None:
        return []
    standing: Any = NoticeCheck.objects.filter(
        denial=denial, answer=NoticeCheck.Answer.DEFECT, superseded_at=None
    )
    keys = set(standing.values_list("rule", flat=True))
    if not keys:
        return []
    found = classify(said_of(denial.case))
    on = denial.notice_on or denial.sent_on or denial.received_on
    notice = Notice(pages=(), regimes=found.candidates, on=on, state=found.state)
    governed = ((check, laws_of(check, notice)) for check in notice_rules().checks if check.key in keys)
    return [defect_of(check, laws) for check, laws in governed if laws]
