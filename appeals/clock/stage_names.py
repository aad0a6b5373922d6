"""Finds the stage that a key names in other words than the rule data does: the same words in another order, or a
word for which the field has two. Never by likeness: a word too many or too few is another key.
"""

from __future__ import annotations

from collections.abc import Mapping

from appeals.regimes import book
from appeals.regimes.shapes import Regime, Stage

Words = tuple[tuple[str, ...], tuple[str, ...]]

SAME_PHRASES: dict[str, str] = {
    "pre_service": "preservice",
    "post_service": "postservice",
    "non_expedited": "standard",
    "nonexpedited": "standard",
    "non_contract": "noncontract",
    "organization_determination": "org_determination",
    "prior_authorization": "pa",
    "prior_auth": "pa",
    "peer_to_peer": "p2p",
    "state_fair_hearing": "sfh",
    "fair_hearing": "sfh",
    "mco_appeal": "plan_appeal",
    "alj_hearing": "alj",
    "administrative_law_judge": "alj",
    "medicare_appeals_council": "council",
    "appeals_council": "council",
    "dab_council": "council",
    "council_review": "council",
    "federal_district_court": "federal_court",
    "us_district_court": "federal_court",
    "opm_disputed_claims": "opm",
    "opm_disputed_claim": "opm",
    "opm_review": "opm",
    "veterans_court": "cavc",
    "additional_info": "additional_information",
}
SAME_WORDS: dict[str, str] = {
    "urgent": "expedited",
    "exigent": "expedited",
    "request": "filing",
    "resolution": "decision",
}
"""Words of one meaning in the key of a stage, whatever the regime."""
ANSWERED = frozenset(("decision", "filing"))
"""Words that say whose clock a key means; without one, what is called standard may be either."""


def meant(regime: Regime, key: str) -> Stage | None:
    """The one stage of the regime that the key can mean; None where it means none, or one of several.

    What is called standard is the clock that says nothing, where no other is called standard.
    """
    kept = book().memo
    memo = ("stage_words", regime.key)
    if memo not in kept:
        kept[memo] = _by_words(regime)
    names: Mapping[Words, Stage | None] = kept[memo]
    words = words_of(key)
    if words in names:
        return names[words]
    if "standard" not in words[0] or not ANSWERED.intersection(words[0]):
        return None
    return names.get((tuple(word for word in words[0] if word != "standard"), words[1]))


def words_of(key: str) -> Words:
    """The words of a key whatever their order, and its numbers in theirs."""
    text = f"_{key}_"
    for one, other in SAME_PHRASES.items():
        text = text.replace(f"_{one}_", f"_{other}_")
    words = [SAME_WORDS.get(word, word) for word in text.strip("_").split("_")]
    return tuple(sorted(w for w in words if not w.isdigit())), tuple(w for w in words if w.isdigit())


def _by_words(regime: Regime) -> dict[Words, Stage | None]:
    found: dict[Words, Stage | None] = {}
    for stage in regime.stages.values():
        for name in (stage.key, *stage.aliases):
            words = words_of(name)
            found[words] = stage if found.get(words, stage) is stage else None
    return found
