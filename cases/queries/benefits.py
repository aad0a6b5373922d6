"""What the plan said before the request, as its page shows it: each question with its standing and its earlier answers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from cases.benefits import BenefitQuestion, benefit_questions, comes_up, in_words, may_come_up
from cases.models import BenefitAnswer, Case, NetworkCheck, Referral


@dataclass(frozen=True)
class AnswerShown:
    """One answer in words, with its row and the check it was given in (joined: who recorded it)."""

    words: str
    answer: BenefitAnswer


@dataclass(frozen=True)
class QuestionShown:
    """`state` is open (needed, no answer), answered, optional, later (may come up) or left_out (does not come up).

    `others` are earlier answers that say something else: sources, or the plan itself, disagree.
    """

    question: BenefitQuestion
    state: str
    stands: AnswerShown | None
    others: tuple[AnswerShown, ...]


@dataclass(frozen=True)
class BenefitsPage:
    questions: tuple[QuestionShown, ...]
    networks: tuple[NetworkCheck, ...]
    referrals: tuple[Referral, ...]

    @property
    def left(self) -> int:
        """How many needed questions are open."""
        return sum(q.state == "open" for q in self.questions)


def benefits_page(actor: Actor, case: Case) -> BenefitsPage:
    """Everything about the case's present coverage. Three statements."""
    rows = BenefitAnswer.objects.filter(
        visible(actor, BenefitAnswer), case=case, coverage_id=case.coverage_id
    )
    answers = list(
        rows.select_related("check_made__recorded_by", "check_made__communication").order_by(
            "-check_made__asked_at", "-id"
        )
    )
    stands = {a.question: a for a in answers if a.superseded_at is None}
    values = {key: a.value for key, a in stands.items()}
    shown = []
    for question in benefit_questions().values():
        mine = [AnswerShown(in_words(question, a), a) for a in answers if a.question == question.key]
        standing = next((a for a in mine if a.answer.superseded_at is None), None)
        others = tuple(a for a in mine if standing and a is not standing and a.words != standing.words)
        shown.append(QuestionShown(question, _state(question, values), standing, others))
    networks = NetworkCheck.objects.filter(visible(actor, NetworkCheck), case=case)
    referrals = Referral.objects.filter(visible(actor, Referral), case=case)
    return BenefitsPage(
        tuple(shown),
        tuple(networks.select_related("provider", "checked_by").order_by("-checked_on", "-id")[:20]),
        tuple(referrals.select_related("from_provider", "to_provider").order_by("-valid_until", "-id")[:20]),
    )


def _state(question: BenefitQuestion, values: dict[str, str]) -> str:
    if comes_up(question, values):
        if question.key in values:
            return "answered"
        return "open" if question.needed else "optional"
    return "later" if may_come_up(question, values) else "left_out"


def get_referral(actor: Actor, case: Case, public_id: UUID) -> Referral:
    """A referral of this case. Raises NotFound when absent or invisible."""
    found = (
        Referral.objects.filter(visible(actor, Referral), case=case, public_id=public_id)
        .select_related("to_provider", "from_provider")
        .first()
    )
    if found is None:
        raise NotFound("referral")
    return found
