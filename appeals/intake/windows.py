"""The other time limits of a letter: the payer's own, the call between doctors, the next level, continued care."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.asides import called_appeal, grievance_is_appeal
from appeals.intake.dates import find_dates
from appeals.intake.layout import Page, Sentence
from appeals.intake.limits import Limit, clause_before, limits_of, with_lead
from appeals.intake.proceedings import stands_in_appeal
from appeals.intake.proposal import HIGH, MEDIUM, Proposal
from appeals.intake.subjects import APPEAL, DENIED_LIMIT, NEXT_LEVEL, PEERS, WITH_DOCTOR


def other_windows(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The payer's own times, the call with a reviewer, the next level, and the day to ask that care goes on."""
    sentences = [sentence for page in pages for sentence in page.sentences]
    sentences = [called_appeal(one) for one in sentences] if grievance_is_appeal(pages) else sentences
    limits = [limit for sentence in sentences for limit in limits_of(sentence)]
    yield from _agreed(
        "standard_decision_days", [one for one in limits if _is_standard_decision(one, limits)], HIGH
    )
    yield from _expedited(limits, sentences)
    yield from _agreed("p2p_window_days", [one for one in limits if _is_call(one)], HIGH)
    yield from _call_by(sentences)
    yield from _agreed("external_review_window", [one for one in limits if _is_external(one)], HIGH)
    yield from _continuation(sentences)


def _agreed(fact: str, limits: Sequence[Limit], confidence: str) -> Iterator[Proposal]:
    """The value on which all limits of a kind agree, as a count with its unit; nothing when they differ."""
    if len({(limit.count, limit.unit) for limit in limits}) == 1:
        one = limits[0]
        value = f"{one.count} {one.unit}"
        yield one.sentence.proposal(fact, value, with_lead(one), confidence, one.figure)


def _has_another(limit: Limit, limits: Sequence[Limit], kind: str) -> bool:
    """Whether its sentence gives another limit for a kind of case, such as `7 days for a Part B drug`."""
    beside = [
        one
        for one in limits
        if one.sentence is limit.sentence
        and one.figure != limit.figure
        and (one.unit == "hour") == (limit.unit == "hour")
    ]
    return any(re.search(kind, limit.sentence.text[one.figure[1] :][:40], re.IGNORECASE) for one in beside)


_READERS_TIME: Final = re.compile(
    r"\b(?:gives?|allows?|grants?|lets?)\s+(?:you|members?|the (?:member|patient))\s+(?:(?:up to|at least|only|just)\s+)?$",
    re.IGNORECASE,
)


def _is_standard_decision(limit: Limit, limits: Sequence[Limit]) -> bool:
    sentence = limit.sentence
    if re.search(
        r"\b(?:grievances?|complaints?|letters|calls|acknowledg\w*|(?:last|past|previous) \d+|good cause|more time|"
        r"longer)\b(?! than)",
        sentence.text,
        re.IGNORECASE,
    ):
        return False
    if _FOR_OTHERS.search(_around(limit)) or _has_another(limit, limits, r"\bdrugs?\b"):
        return False
    if _READERS_TIME.search(sentence.text[: limit.figure[0]]):
        return False
    if (
        limit.unit == "hour"
        or limit.owner != "decide"
        or NEXT_LEVEL.search(
            sentence.text if _STANDARD.search(sentence.text) else f"{sentence.heading} {sentence.text}"
        )
    ):
        return False
    if re.search(
        r"(?<!non-)\b(?:fast|urgent|expedited)\b", sentence.text, re.IGNORECASE
    ) or DENIED_LIMIT.search(clause_before(limit)):
        return False
    if (
        not re.search(r"\bbecause (?:this|yours|it) is\b", sentence.text, re.IGNORECASE)
        and re.search(
            r"\bpaid|\bpay(?:ment)?\b|\bpart b drug\b|\bmoney (?:back|you)\b|\bspent\b|\b(?:reimburs|refund)\w*",
            sentence.text[max(0, limit.span[0] - 140) : limit.span[1] + 60],
            re.IGNORECASE,
        )
        and not re.search(r"\b(?:post-?service|after-service|appeals of)\b", sentence.text, re.IGNORECASE)
    ):
        nearer = re.split(r"[(;]", sentence.text[: limit.span[0]])
        if len(nearer) > 1 or not re.search(r"\(", sentence.text[limit.span[1] :]):
            return False
    if APPEAL.search(f"{sentence.heading} {sentence.text} {sentence.before}"):
        return True
    return _WE_DECIDE.match(sentence.text) is not None and stands_in_appeal(sentence.page, sentence.places[0])


_FOR_OTHERS: Final = re.compile(
    r"^\W*(?:all )?other appeals\b|\b(?:for|of|on|about) (?:all |any |most )?other (?:\w+ )?"
    r"(?:care|services?|drugs?|items?|requests?|appeals?|cases?|benefits?)\b",
    re.IGNORECASE,
)
"""`For other medical care ...` is not said of this case."""


def _around(limit: Limit) -> str:
    """The part of the sentence, up to brackets and semicolons, in which a limit stands."""
    text = limit.sentence.text
    begin = max(text.rfind(mark, 0, limit.figure[0]) for mark in "(;") + 1
    ends = [place for mark in ");" if (place := text.find(mark, limit.figure[1])) >= 0]
    return text[begin : min(ends, default=len(text))]


def _expedited(limits: Sequence[Limit], sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """Whether a fast appeal is offered, and in how many hours it is decided."""
    quick = re.compile(
        r"\b(?:fast(?:er)?|urgent(?:ly)?|expedited|expedite|rush|quick(?:ly)?|hurry|jeopardi[sz]e)\b",
        re.IGNORECASE,
    )
    refused = re.compile(r"\b(?:not|cannot|no|n't)\b", re.IGNORECASE)
    hours = [
        limit
        for limit in limits
        if limit.unit == "hour"
        and limit.owner == "decide"
        and quick.search(f"{limit.sentence.heading} {limit.sentence.before} {limit.sentence.text}")
        and not NEXT_LEVEL.search(f"{limit.sentence.heading} {limit.sentence.text}")
        and not re.search(r"\bnot\b(?! (?:later|more) than)", limit.sentence.text)
        and not re.search(
            r"\bexception requests?\b|\bcoverage decisions?\b", limit.sentence.text, re.IGNORECASE
        )
        and not _has_another(limit, limits, r"\bdrugs?\b")
    ]
    distinct = {limit.count for limit in hours}
    if len(distinct) == 1:
        one = hours[0]
        yield one.sentence.proposal("expedited_hours", str(one.count), with_lead(one), HIGH, one.figure)
    offered = re.compile(
        r"\b(?:may|can|ask|request|call)\b[^.]{0,90}\b(?:fast|urgent|expedited)[\w-]*\s(?:appeal|"
        r"review|decision|reconsideration|redetermination)|\bask for (?:a |an )?(?:fast|urgent|"
        r"expedited)\b",
        re.IGNORECASE,
    )
    for sentence in sentences:
        match = offered.search(sentence.text)
        if (
            match
            and not refused.search(match[0])
            and not re.search(r"\bnot (?:available|apply|offered)|\bdo(?:es)? not\b", sentence.text)
            and not NEXT_LEVEL.search(sentence.text)
        ):
            yield sentence.proposal("expedited_available", "yes", match.span(), HIGH)
            return
    if len(distinct) == 1:
        yield hours[0].sentence.proposal(
            "expedited_available", "yes", with_lead(hours[0]), MEDIUM, hours[0].figure
        )


_DOCTOR: Final = re.compile(
    r"\b(?:doctors?|providers?|physicians?|prescribers?|clinicians?|dr)\b", re.IGNORECASE
)


def _of_peers(sentence: Sentence) -> bool:
    """Whether a sentence, its heading or the words it goes on with tell of a talk between doctors."""
    own = f"{sentence.heading.split(' / ')[-1]} . {sentence.text}"
    goes_on = re.match(r"\W*(?:call|available|the offer|it)\b", sentence.text, re.IGNORECASE)
    around = f"{own} . {sentence.before}" if goes_on else own
    found = PEERS.search(around) or WITH_DOCTOR.search(around)
    return found is not None and (re.search(r"\bto\b|-to-", found[0]) or _DOCTOR.search(around)) is not None


def _is_call(limit: Limit) -> bool:
    text = limit.sentence.text
    return (
        _of_peers(limit.sentence)
        and limit.owner in ("other", "file", "")
        and limit.unit in ("calendar_day", "business_day")
        and not re.search(r"\bnot\b", clause_before(limit))
        and not re.search(r"\bappeal\b", text)
    )


def _call_by(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    for sentence in sentences:
        if not _of_peers(sentence):
            continue
        for printed in find_dates(sentence.text):
            lead = re.search(
                r"\b(?:by|on or before|no later than|not later than|until|through|"
                r"(?:closes|ends) (?:at the end of the day )?on)\s$",
                sentence.text[: printed.start],
                re.IGNORECASE,
            )
            if lead and not re.search(r"\bappeal\b|\bnot\b(?! later)", sentence.text):
                yield sentence.proposal(
                    "p2p_window_end",
                    printed.day.isoformat(),
                    (lead.start(), printed.end),
                    HIGH,
                    (printed.start, printed.end),
                )
                return


_STANDARD: Final = re.compile(r"\bstandard (?:\w+ )?appeals?\b", re.IGNORECASE)
_WE_DECIDE: Final = re.compile(
    r"\W*(?:we|standard|decision|the panel|the committee|someone new|you will (?:get|have))\b", re.IGNORECASE
)
_GOVERNMENT: Final = re.compile(
    r"\bhearings?\b|\bindependent review entity\b|\bIRE\b|\bjudge\b|\bMedicaid\b|\bOPM\b|\bcouncil\b",
    re.IGNORECASE,
)
"""What Medicare, Medicaid and the federal employees' program have instead of an external review."""


def _is_external(limit: Limit) -> bool:
    sentence = limit.sentence
    around = f"{sentence.heading} {sentence.text} {sentence.before}"
    kind = re.search(
        r"\bexternal\b|\bindependent (?:\w+ )?(?:review(?! entity)|organization|doctor)|\bI?U?RO\b|\boutside review",
        around,
        re.IGNORECASE,
    )
    asks = limit.owner == "file" or (not limit.owner and limit.anchor == "later_level")
    return (
        bool(kind)
        and not _GOVERNMENT.search(f"{sentence.heading} {sentence.text}")
        and asks
        and limit.unit != "hour"
        and (
            limit.anchor == "later_level"
            or re.search(r"\bafter (?:our|the|your) (?:final|internal|appeal)", sentence.text, re.IGNORECASE)
            is not None
        )
        and not DENIED_LIMIT.search(clause_before(limit))
        and not re.search(r"\bsecond[- ]level\b", sentence.text, re.IGNORECASE)
        and not re.search(r"\bexpedited\b", _around(limit), re.IGNORECASE)
    )


_OR_LATER: Final = re.compile(r"[^.;(]{0,8}\bor\b[^.;]{0,80}\bwhichever\b", re.IGNORECASE)
"""A second day behind the first, of which only the later (or the earlier) counts: neither is the day by itself."""


def _continuation(sentences: Sequence[Sentence]) -> Iterator[Proposal]:
    """The day by which the patient must ask to keep services going."""
    found: list[Proposal] = []
    keep = re.compile(
        r"\bkeep (?:your|getting|the)\b|\bcontinu\w+ (?:of )?(?:your |the )?(?:benefits|services|care|"
        r"visits|treatment)\b",
        re.IGNORECASE,
    )
    for sentence in sentences:
        if not keep.search(sentence.text):
            continue
        for printed in find_dates(sentence.text):
            lead = re.search(
                r"\b(?:on or before|by|no later than|not later than)\s$",
                sentence.text[: printed.start],
                re.IGNORECASE,
            )
            if (
                lead
                and re.search(
                    r"\bask\b|\brequest\b|\bappeal\b", sentence.text[: printed.start], re.IGNORECASE
                )
                and not re.search(r"\bnot\b(?! later)", sentence.text[: printed.start])
                and not _OR_LATER.match(sentence.text, printed.end)
            ):
                found.append(
                    sentence.proposal(
                        "continuation_request_by",
                        printed.day.isoformat(),
                        (lead.start(), printed.end),
                        HIGH,
                        (printed.start, printed.end),
                    )
                )
    if len({one.value for one in found}) == 1:
        yield found[0]
