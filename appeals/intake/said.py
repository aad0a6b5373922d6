"""A proposal with the letter it was read in: what its sentence, its row and its heading say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from appeals.intake.layout import Page, Sentence
from appeals.intake.proposal import Proposal
from appeals.intake.topics import sentence_at


@dataclass(frozen=True)
class Said:
    """A proposal with the letter it was read in."""

    pages: Sequence[Page]
    proposal: Proposal

    @property
    def page(self) -> Page:
        return self.pages[self.proposal.page - 1]

    @cached_property
    def sentence(self) -> Sentence | None:
        return sentence_at(self.page, self.proposal.start, self.proposal.end)

    @cached_property
    def row(self) -> int:
        return self.page.plain.count("\n", 0, self.proposal.start)

    @cached_property
    def line(self) -> str:
        """The rows in which the words of the proposal stand."""
        last = self.page.plain.find("\n", self.proposal.end)
        return self.page.plain[self.page.line_starts[self.row] : last if last >= 0 else None].strip()

    @cached_property
    def text(self) -> str:
        """The sentence of the proposal, or its rows where it stands in none."""
        return self.sentence.text if self.sentence else self.line

    @cached_property
    def heading(self) -> str:
        return self.sentence.heading.split(" / ")[-1] if self.sentence else ""

    @cached_property
    def before(self) -> str:
        """What the sentence says before the words of the proposal."""
        if self.sentence is None:
            return ""
        places = self.sentence.places
        at = next((number for number, place in enumerate(places) if place >= self.proposal.start), 0)
        return self.sentence.text[:at]

    @cached_property
    def outside_brackets(self) -> str:
        """The sentence without brackets that do not hold the words of the proposal themselves."""
        words = re.sub(r"\s+", " ", self.proposal.words)[:20]
        return re.sub(r"\([^()]*\)", lambda match: match[0] if words in match[0] else " ", self.text)
