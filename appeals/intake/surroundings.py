"""A proposal with the words around it, as the objections to it see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from appeals.intake.asides import in_quotation
from appeals.intake.layout import Page, Sentence
from appeals.intake.proposal import Proposal
from appeals.intake.topics import Topic, topics


@dataclass(frozen=True)
class Place:
    """A proposal with the words around it: its label, its sentence and its paragraph or item up to it."""

    proposal: Proposal
    page: Page
    sentence: Sentence | None
    label: str
    item: str
    grievance: bool
    initials: frozenset[str]
    letter: str
    above: str
    written: date | None

    def topics(self, text: str) -> tuple[Topic, ...]:
        return topics(text, grievance=self.grievance)

    @property
    def heading(self) -> str:
        return self.sentence.heading if self.sentence else ""

    @property
    def head(self) -> str:
        """The nearest head of the sentence: one run into its paragraph, or the line over it."""
        return self.heading.split(" / ")[-1]

    @property
    def names_initials(self) -> bool:
        """Whether the item names, by its initials, an office that the letter introduced elsewhere."""
        return any(re.search(rf"\b{re.escape(one)}\b", self.item) for one in self.initials)


def told_elsewhere(place: Place) -> bool:
    """Words between quotation marks, or after `for example`, are not said of this case."""
    sentence = place.sentence
    if sentence is None:
        return False
    at = sentence.text.find(re.sub(r"\s+", " ", place.proposal.words))
    return at > 0 and (
        in_quotation(sentence.text, at)
        or re.search(
            r"\b(?:for example|for instance|e\.g\.),?[^.;]{0,60}$", sentence.text[:at], re.IGNORECASE
        )
        is not None
    )
