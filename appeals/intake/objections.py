"""The last look at every proposal: is it about the thing it claims to be about?

The readers find facts by what speaks for them. This pass, which shares nothing with how they found them, looks only
for what speaks against: words of another proceeding, another office, another paper or another person nearer to the
value than its own, or dates and spans that cannot all be true. Whatever is objected to is not proposed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from appeals.intake.contact_scope import in_list_of_appeals
from appeals.intake.layout import Page
from appeals.intake.mistaken import (
    another_person,
    another_review,
    begun_above,
    for_some_only,
    hours_in_address,
    name_cut_off,
    not_relied_on,
    not_stated,
    of_another_paper,
    only_related,
    reviewer_asked,
    rival_funding,
    rival_program,
    runs_on,
)
from appeals.intake.own_offices import names_appeals_itself, stands_beside_appeals
from appeals.intake.plausibility import implausible
from appeals.intake.proposal import Proposal
from appeals.intake.subjects import PEERS, WITH_DOCTOR
from appeals.intake.surroundings import Place, told_elsewhere
from appeals.intake.telephones import PHONE, QUICK
from appeals.intake.topics import (
    OFFICES,
    SOFT,
    Topic,
    agency_initials,
    item_before,
    label_before,
    lead_in,
    sentence_at,
)


def unobjected(
    pages: Sequence[Page], proposals: Sequence[Proposal], *, grievance: bool
) -> tuple[Proposal, ...]:
    """The proposals to which nothing objects, in their order. `grievance`: the letter calls the appeal a grievance."""
    initials = agency_initials(pages)
    letter = "\n".join(page.plain for page in pages)
    written = next((date.fromisoformat(one.value) for one in proposals if one.fact == "notice_date"), None)
    kept: list[Proposal] = []
    doubted: list[Proposal] = []
    for proposal in proposals:
        page = pages[proposal.page - 1]
        place = Place(
            proposal,
            page,
            sentence_at(page, proposal.start, proposal.end),
            re.sub(r"\([^()]*\)", " ", label_before(page, _value_at(page, proposal))),
            item_before(page, _value_at(page, proposal)),
            grievance,
            initials,
            letter,
            lead_in(page, proposal.start),
            written,
        )
        against = [one for one in _OBJECTIONS.get(proposal.fact, ()) if one(place)]
        if not against:
            kept.append(proposal)
        elif against == [_of_another_office]:
            doubted.append(proposal)
    kept.extend(one for one in doubted if stands_beside_appeals(pages[one.page - 1], one, kept))
    wrong = implausible(pages, kept)
    chosen = {id(one) for one in kept if one.fact not in wrong}
    return tuple(one for one in proposals if id(one) in chosen)


def _value_at(page: Page, proposal: Proposal) -> int:
    """Where the value itself begins: a telephone number's words may begin with `fax`."""
    number = PHONE.search(page.plain, proposal.start, proposal.end)
    return number.start() if number and proposal.fact in _NUMBERS else proposal.start


_NUMBERS: Final = frozenset(
    {"send_to_fax", "send_to_fax_expedited", "send_to_phone", "appeal_phone", "p2p_phone"}
)


# Where an appeal goes


def _of_another_office(place: Place) -> bool:
    """An address or a number whose paragraph last spoke of another office, or of something else than the appeal."""
    label, item = place.topics(place.label), place.topics(place.item)
    heads = {topic.name for head in _heads(place) for topic in place.topics(head)}
    if names_appeals_itself(place.proposal) and not heads & OFFICES and not place.names_initials:
        return any(topic.name in OFFICES | {"provider", "records", "claim", "peer"} for topic in label)
    if place.names_initials or heads & OFFICES or (heads & _HEADS and "own" not in heads):
        return not _OUR_OWN.search(place.label)
    if place.proposal.fact == "send_to_mail":
        own_words = place.topics(re.sub(r"\s+", " ", place.proposal.words))
        if any(topic.name in OFFICES | {"records", "claim"} for topic in own_words):
            return True
        label = (*label, *(topic for topic in own_words if topic.is_own))
    if any(topic.name in OFFICES for topic in item):
        return not (_OUR_OWN.search(place.label) and item[-1].is_own)
    if label:
        return not label[-1].is_own
    return not _under_appeals(place, item)


_OUR_OWN: Final = re.compile(
    r"\b(?:our|plan|internal|level (?:1|one)|standard) (?:\w+ )?appeals?\b", re.IGNORECASE
)
_WAY: Final = re.compile(r"\W*(?:or )?(?:by|in) (?:fax|phone|telephone|mail|person)\b", re.IGNORECASE)
_SAYS: Final = re.compile(
    r"\b(?:you|your|we|our|if|may|can|must|days|within|is|are|was|will|help|please|need)\b", re.IGNORECASE
)


_REQUESTS: Final = re.compile(r"\b(?:your |the )?requests? (?:may|can|must|should)\b", re.IGNORECASE)
_WE_ANSWER: Final = re.compile(
    r"\bwe (?:will |must )?(?:answer|decide|reply|respond)\b[^.]*(?:\.|$)", re.IGNORECASE
)


def _under_appeals(place: Place, item: Sequence[Topic]) -> bool:
    """Whether the paragraph last spoke of the appeal, or says nothing itself and stands under words that do."""
    said = re.sub(r"\([^()]*\)", " ", place.item)
    last = re.split(r"(?<=[a-z)\d])[.?;]\s", said.rstrip())
    spoken = [found for part in last if (found := place.topics(part))]
    if spoken and not _WAY.match(place.label) and not _REQUESTS.search(place.label):
        names = {topic.name for topic in spoken[-1]}
        if "continuation" in names or ("own" not in names and spoken[-1][-1].name in SOFT):
            return False
    hard = [topic for topic in item if topic.name not in SOFT]
    if any(topic.is_own for topic in hard) and _WAY.match(place.label):
        hard = [topic for topic in hard if topic.name != "continuation"]  # it is asked for where one appeals
    if hard:
        return hard[-1].is_own
    after = place.topics(_rest(place))
    if after:
        return after[0].is_own
    page, start = place.page, place.proposal.start
    if in_list_of_appeals(page, page.plain.count("\n", 0, start)):
        return True
    if _SAYS.search(_WE_ANSWER.sub("", place.item)):
        return False
    above = [topic for topic in place.topics(place.above) if topic.name not in SOFT]
    return any(topic.is_own for topic in place.topics(place.head)) or (bool(above) and above[-1].is_own)


def _rest(place: Place) -> str:
    """What the sentence says right after a value: `call ... and ask for a fast appeal`."""
    after = place.page.plain[place.proposal.end : place.proposal.end + 45]
    return re.split(r"[.;,|]|\n\s*\n|\d{3}", re.sub(r"[ \t]*\n(?!\s*\n)", " ", after))[0]


def _named_own(label: Sequence[Topic]) -> bool:
    """Whether the words at a value name the appeal, and nothing else after it."""
    return bool(label) and label[-1].is_own and not any(topic.name in OFFICES for topic in label)


_LABEL_OF_NEXT: Final = re.compile(r"\s*[A-Z][\w -]{1,30}:")


def _not_quick(place: Place) -> bool:
    """A number for urgent appeals whose item, label and heading say nothing of urgency, or speak last of the standard."""
    after = place.page.plain[place.proposal.end : place.proposal.end + 40].split("\n")
    of_next = len(after) > 1 and _LABEL_OF_NEXT.match(after[1])
    around = f"{place.heading} . {place.item} . {after[0] if of_next else ' '.join(after)}"
    quick = list(QUICK.finditer(around)) or list(_HURRY.finditer(around))
    return not quick


_HURRY: Final = re.compile(
    r"\b(?:jeopardi\w+|serious(?:ly)?|waiting|(?:72|48|24) hours|can(?:no|')t wait|soon|right away)\b",
    re.IGNORECASE,
)


_KIND: Final = re.compile(
    r"\b(?:(?P<fax>fax|facsimile|fx|(?-i:F))|(?P<phone>phone|telephone|tel|call|voice|ph|(?-i:T)))\b[\W_]{0,4}(?:to |at )?\(?$",
    re.IGNORECASE,
)


def _wrong_kind(place: Place) -> bool:
    """A number right after a word that makes it a telephone where a fax is proposed, or a fax where a telephone is."""
    page, at = place.page, _value_at(place.page, place.proposal)
    named = _KIND.search(page.plain[max(0, at - 24) : at])
    return named is not None and named.lastgroup != ("fax" if "fax" in place.proposal.fact else "phone")


def _rival_number(place: Place) -> bool:
    """Another number of the same kind in the same item with no label of its own: nobody can say which is meant."""
    if _named_own(place.topics(place.label)):
        return False
    page, proposal = place.page, place.proposal
    end = page.plain.find("\n\n", proposal.end)
    rest = page.plain[proposal.end : min(end if end >= 0 else len(page.plain), proposal.end + 160)]
    same = re.match(r"[\s,]*(?:or|and|/)\s*(?:fax\s*)?(?P<other>[(\d][\d() .-]{9,})", rest)
    return same is not None and _digits(same["other"])[:10] != _digits(proposal.value)[-10:]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


_PURPOSE: Final = re.compile(
    r"(?:^|[.;:?!]\s+|\band )(?:(?:if you (?:want|need|wish|would like|prefer)|when you (?:want|need))\b|to|for|about|regarding|"
    r"with)\s(?P<what>(?:(?![.;:?!]\s|,\s*(?:please\s|you (?:may|can)\s)?(?:call|phone|fax|write|contact|send|mail)\b).)+),\s*"
    r"(?:please\s|you (?:may|can)\s|just\s)?(?:call|phone|telephone|dial|fax|write|contact|send|mail|reach|use|visit)\b[^.;]*$",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(
    r"\b(?:this|that|so|it|one|these|them)\b|^(?:the )?(?:fastest|quickest|best) ", re.IGNORECASE
)


_ASKED_FIRST: Final = re.compile(
    r"(?P<what>[^.;:?!|\n]{3,48})\?\s+(?:please )?(?:call|phone|fax|write|e-?mail|contact)\b[\w ]{0,16}\W*$",
    re.IGNORECASE,
)
_THEN_FOR: Final = re.compile(
    r"\s*(?:\([^()]*\))?,?\s(?:to|for|if you (?:want|need|would like)(?: to)?|with|about)\s(?P<what>[^.;,()]{3,60})",
    re.IGNORECASE,
)


def _for_another_purpose(place: Place) -> bool:
    """`Questions? Call ...`, `To name somebody who speaks for you, call ...`, `... for a copy`: not the appeal."""
    page, at, end = place.page, _value_at(place.page, place.proposal), place.proposal.end
    cell = re.split(r"\s{3,}", page.plain[max(0, at - 100) : at])[-1]
    asked = _ASKED_FIRST.search(cell)
    then = (
        _THEN_FOR.match(re.sub(r"\s+", " ", page.plain[end : end + 90]))
        if place.proposal.fact in _NUMBERS
        else None
    )
    for purpose in (asked, then):
        found = place.topics(purpose["what"]) if purpose else ()
        if found and not found[-1].is_own:
            return True
    return _purpose_before(place)


def _purpose_before(place: Place) -> bool:
    if place.sentence is None:
        return False
    told = re.sub(r"\s+", " ", place.proposal.words)
    number = place.page.plain[_value_at(place.page, place.proposal) : place.proposal.end]
    text = place.sentence.text
    at = text.find(re.sub(r"\s+", " ", number))
    before = text[: at if at >= 0 else max(text.find(told), 0)]
    purpose = _PURPOSE.search(f"{before}{'' if at >= 0 else told}")
    if purpose is None:
        return False
    what = purpose["what"]
    found = place.topics(what)
    if found:
        return not found[-1].is_own
    return not (_POINTS.search(what) or QUICK.search(what) or _HURRY.search(what))


def _named_elsewhere(place: Place) -> bool:
    """The same number stands elsewhere in the letter as that of another office."""
    letter, number = place.letter, place.proposal.value
    at = letter.find(number)
    while at >= 0:
        lead = re.split(r"[\n.;|]", letter[max(0, at - 60) : at])[-1]
        found = place.topics(lead)
        if found and found[-1].name in OFFICES | {"complaint", "provider", "records"}:
            return True
        at = letter.find(number, at + 1)
    return False


def _another_limit(own: frozenset[str], foreign: frozenset[str]) -> Callable[[Place], bool]:
    """An objection to a limit that is nearer to a foreign topic than to its own, by sentence, item and heading."""

    def objection(place: Place) -> bool:
        sentence, proposal = place.sentence, place.proposal
        if sentence is None:
            return False
        words = re.sub(r"\s+", " ", proposal.words)
        at = max(sentence.text.find(words), 0)
        span = (at, at + len(words))
        found = [one for one in place.topics(sentence.text) if one.name in own or one.name in foreign]
        if _foreign_item(place, own, foreign, found):
            return True
        if any(
            one.name in _STRICT & foreign and _same_clause(sentence.text, one.end, span[0]) for one in found
        ):
            return True
        if any(one.name in own and one.start >= span[0] - 1 and one.end <= span[1] + 1 for one in found):
            return False
        earlier = [one for one in found if one.end <= span[0] + 1]
        later = [one for one in found if one.start >= span[1] - 1]
        joined = later[:1] if later and _JOINED.fullmatch(sentence.text, span[1], later[0].start) else []
        if joined and joined[0].name in foreign:
            return not earlier or earlier[-1].name in foreign or span[0] - earlier[-1].end > _NEAR
        if earlier:
            return earlier[-1].name in foreign and not joined
        if later:
            return later[0].name in foreign
        if len(place.item.strip()) <= span[0] + 1 and any(
            one.name in own for one in place.topics(place.head)
        ):
            return False  # the first words under a head of their own
        before = [one for one in place.topics(sentence.before) if one.name in own or one.name in foreign]
        before = [one for one in before if one.name != "earlier"]
        return bool(before) and before[-1].name in foreign

    return objection


_STRICT: Final = frozenset({"external", "hearing", "court", "agency", "continuation"})
_PARTS: Final = re.compile(r"[.;:]\s|,? but |, and (?:you|we|your)\b")


def _same_clause(text: str, begin: int, end: int) -> bool:
    """Whether no clause ends between two places: such words and a limit after them belong together."""
    return begin <= end and _PARTS.search(text, begin, end) is None


_JOINED: Final = re.compile(r"[^.,;:]{0,60}")
"""What stands between a limit and the words it is for: `120 days to ask for a hearing`."""
_NEAR: Final = 12
_SHORT_HEAD: Final = 10
_POINTS_BACK: Final = re.compile(
    r"\b(?:us|for|about|do|ask|request|want|wish) (?:for )?(?:this|it|that|so|these|them|those)\b(?! (?:letter|notice|"
    r"decision|date|"
    r"denial|statement))|\bsuch (?:a )?request\b|\bthat wish\b",
    re.IGNORECASE,
)
_HEADS: Final = frozenset(
    {"external", "hearing", "court", "agency", "provider", "peer", "continuation", "records", "complaint"}
)


def _heads(place: Place) -> list[str]:
    """The line over a place, and the short first sentence of its paragraph or item."""
    opening = re.split(r"(?<=[a-zA-Z)][.?:])\s", place.item.strip(), maxsplit=1)
    short = len(opening) > 1 and len(opening[0].split()) <= _SHORT_HEAD
    return [head for head in (place.head, opening[0] if short else "") if head]


def _foreign_item(place: Place, own: frozenset[str], foreign: frozenset[str], found: Sequence[Topic]) -> bool:
    """Whether the head of the item is foreign, or the sentence points back to one before it that is."""
    sentence = place.sentence
    if sentence is None:
        return False
    for head in _heads(place):
        names = {one.name for one in place.topics(head)}
        if names & foreign & _HEADS and not names & own:
            return True
    before = [one for one in place.topics(sentence.before) if one.name in own or one.name in foreign]
    back = _POINTS_BACK.search(sentence.text)
    return (
        bool(before)
        and before[-1].name in foreign
        and back is not None
        and not any(one.start < back.start() for one in found)
    )


_BESIDE_APPEAL: Final = frozenset(
    {
        "external", "hearing", "court", "agency", "provider", "peer", "continuation", "records", "complaint", "claim",
        "request", "earlier",
    }
)  # fmt: skip
_APPEAL: Final = frozenset({"own"})
_not_the_appeals_limit = _another_limit(_APPEAL, _BESIDE_APPEAL)
_not_the_answers_limit = _another_limit(
    _APPEAL, _BESIDE_APPEAL - {"records", "continuation", "provider", "agency"}
)
_not_the_external_limit = _another_limit(
    frozenset({"external", "agency", "own"}), _BESIDE_APPEAL - {"external", "agency"}
)
_not_the_continuation = _another_limit(
    frozenset({"continuation", "own"}),
    frozenset({"external", "court", "peer", "records", "complaint", "claim"}),
)


def _not_of_peers(place: Place) -> bool:
    """A number or time of a talk between doctors whose own sentence speaks of another proceeding and not of it."""
    sentence = place.sentence
    if sentence is None:
        return False
    if PEERS.search(sentence.text) or WITH_DOCTOR.search(sentence.text):
        return False
    found = place.topics(sentence.text)
    return bool(found) and not any(one.name == "peer" for one in found)


_CONTACT: Final = (told_elsewhere, _for_another_purpose, _of_another_office, _named_elsewhere, _wrong_kind)
_OBJECTIONS: Final[dict[str, tuple[Callable[[Place], bool], ...]]] = {
    "send_to_fax": (*_CONTACT, _rival_number),
    "send_to_fax_expedited": (*_CONTACT, _not_quick, _rival_number),
    "send_to_phone": _CONTACT,
    "appeal_phone": _CONTACT,
    "send_to_mail": (
        told_elsewhere,
        name_cut_off,
        hours_in_address,
        _for_another_purpose,
        _of_another_office,
    ),
    "send_to_portal": (told_elsewhere, _for_another_purpose, _of_another_office),
    "p2p_phone": (told_elsewhere, _not_of_peers),
    "p2p_window_days": (told_elsewhere, _not_of_peers),
    "p2p_window_end": (told_elsewhere, _not_of_peers),
    "stated_deadline": (told_elsewhere, _not_the_appeals_limit),
    "stated_deadline_text": (told_elsewhere, _not_the_appeals_limit),
    "stated_deadline_date": (told_elsewhere, _not_the_appeals_limit),
    "receipt_rule": (told_elsewhere, _not_the_appeals_limit),
    "standard_decision_days": (told_elsewhere, _not_the_answers_limit),
    "expedited_hours": (told_elsewhere, _not_the_answers_limit),
    "expedited_available": (told_elsewhere, _not_the_answers_limit),
    "external_review_window": (told_elsewhere, _not_the_external_limit),
    "continuation_request_by": (told_elsewhere, _not_the_continuation),
    "member_id": (of_another_paper,),
    "reference_number": (of_another_paper,),
    "group_number": (of_another_paper,),
    "policy_number": (of_another_paper,),
    "patient_name": (runs_on, another_person),
    "reviewer_name": (runs_on, told_elsewhere, reviewer_asked, another_review),
    "reviewer_credentials": (told_elsewhere, another_review),
    "payer": (begun_above, only_related),
    "administrator": (runs_on, begun_above, only_related),
    "funding_cue": (told_elsewhere, rival_funding),
    "program_cue": (told_elsewhere, rival_program),
    "state_cue": (for_some_only,),
    "criteria": (not_relied_on,),
    "plan_provision": (not_relied_on,),
    "reason": (told_elsewhere, not_stated),
}
"""What may be objected to each fact; facts that stand in tables of codes are judged where they are read."""
