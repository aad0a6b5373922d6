"""What is enough evidence that a limit is the appeal's and that an address, a fax or a telephone takes appeals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.asides import decides_appeal
from appeals.intake.elsewhere import of_a_later_level
from appeals.intake.own_offices import for_all_appeals
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said

_APPEAL: Final = re.compile(
    r"\b(?:appeal\w*|apela\w*|redetermin\w*|reconsider\w*|grievances?|disagree\w*|dispute|contest\w*|challeng\w*|object\w*|"
    r"review(?:ed)?|second look|look again|look at (?:it|this) again|complain\w*|deadline|next steps?|rights)\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:external|outside review|independent|hearing|court|civil action|lawsuit|peer|doctor[- ]to[- ]doctor|"
    r"(?:providers?|clinicians?|physicians?|doctors?) only|only (?:the )?(?:ordering|treating) \w+|records only|"
    r"corrected claims?|"
    r"new (?:requests?|authorization)|civil rights|discriminat\w+|ombuds\w*|commissioner|department of|division of)\b",
    re.IGNORECASE,
)
_RECEIPT: Final = re.compile(
    r"\b(?:receiv\w+|receipt|reciba|recib\w+|get|gets|got|getting|reach\w*|arriv\w+|came|comes|deliver\w+|in your hands|"
    r"in hand|given|handed)\b",
    re.IGNORECASE,
)
_OF_DATE: Final = re.compile(
    r"\b(?:date|dated|fecha|printed|issued?|issuance|mail\w*|sent|postmark\w*|letter|notice|statement|decision|denial|"
    r"shown|above|written)\b",
    re.IGNORECASE,
)
_GOES_ON: Final = re.compile(
    r"\b(?:go(?:es)? on|going on|continu\w+|keep\w*|stays? the same|same (?:level|amount)|covered until|while (?:we|"
    r"you)|before we act|unchanged)\b",
    re.IGNORECASE,
)
_SPAN: Final = re.compile(
    r"\b(?P<count>\d{1,3})\W{0,2}(?:calendar |business |working )?days?\b", re.IGNORECASE
)
_FILES: Final = re.compile(
    r"\b(?:you (?:have|must|may|can)|file|filed|ask(?:ed)? for|submit\w*|must be|to appeal|appeal (?:within|by)|send)\b",
    re.IGNORECASE,
)


def _context(said: Said) -> str:
    sentence = said.sentence
    return f"{sentence.heading} . {sentence.before} . {sentence.text}" if sentence else said.line


_OF_PAPERS: Final = re.compile(
    r"(?:^|[.;,] )(?:(?:the|all|any|free|these) )?(?:copies|copy|records?|notes?|documents?|form|papers)\b[^.;]{0,40}\b"
    r"(?:is|are|was|were|will be|must be|should be|has to|have to|must|should) ",
    re.IGNORECASE,
)
"""A span in a sentence on copies or records: `Copies are sent within 45 days of this notice`."""


def is_limit_of_appeal(said: Said, every: Sequence[Proposal]) -> bool:
    """A limit in words on the appeal and on no other proceeding, whose event its own words name."""
    proposal = said.proposal
    if said.sentence is None or not _APPEAL.search(_context(said)) or _OF_PAPERS.search(said.text):
        return False
    if proposal.fact == "external_review_window":
        return _is_outside(said)
    if proposal.fact == "stated_deadline_date" and _GOES_ON.search(said.text):
        return False
    if proposal.fact == "stated_deadline":
        return "|" not in proposal.words and _anchored(said) and not _other_spans(said) and not _answers(said)
    if proposal.fact == "stated_deadline_text":
        return any(
            one.fact == "stated_deadline" and is_limit_of_appeal(Said(said.pages, one), every)
            for one in every
        ) and _is_one_piece(said)
    return True


_ANSWER_ROW: Final = re.compile(
    r"\W*(?:(?:our|standard|regular|written) )?(?:decision|answer|response|result)s?\b", re.IGNORECASE
)


def _answers(said: Said) -> bool:
    """Whether the row of a span is labelled as the answer's: `Decision   30 days after the grievance is received`."""
    lead = said.page.plain[said.page.line_starts[said.row] : said.proposal.start]
    return _ANSWER_ROW.fullmatch(lead.strip(" .:\t\r")) is not None


_STREET: Final = re.compile(
    r"\d [NSEW]?\.? ?(?:[A-Z][\w'-]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Way|"
    r"Court|Ct|Plaza|Parkway|Pkwy|Highway|Hwy|Circle|Place|Suite|Ste|Floor)\b|\bP\.? ?O\.? ?Box \d",
)
"""An address within a quotation comes from the column beside it."""


def _is_one_piece(said: Said) -> bool:
    """Words of one column: no gap of a table in any of their lines, no label of the next row and no second row's days."""
    if len({one["count"].lower() for one in _SPAN.finditer(" ".join(said.proposal.value.split()))}) > 1:
        return False
    if _STREET.search(said.proposal.value):
        return False
    lines = said.proposal.words.split("\n")
    return all(re.search(r"\S\s{3,}\S|\.{4}|\|", one.strip()) is None for one in lines) or len(lines) == 1


_NOT_THIS: Final = re.compile(
    r"\b(?:his|her|their|own|another|that|first|earlier|next|final) (?:own )?(?:notice|letter|decision|statement)\b",
    re.IGNORECASE,
)


def _anchored(said: Said) -> bool:
    anchor = said.proposal.value.partition(" after ")[2]
    words = re.sub(
        r"\s+",
        " ",
        said.proposal.words + said.page.plain[said.proposal.end : said.proposal.end + 30].split(".")[0],
    )
    if _NOT_THIS.search(words):
        return False
    if anchor == "receipt":
        return _RECEIPT.search(words) is not None
    if anchor in ("notice_date", "mailing"):
        return _OF_DATE.search(words) is not None and not _RECEIPT.search(said.proposal.words)
    return True


def _other_spans(said: Said) -> bool:
    """Whether another sentence gives the appeal another number of days."""
    own = said.proposal.value.split()[0]
    for page in said.pages:
        for sentence in page.sentences:
            if sentence is said.sentence or "ppeal" not in sentence.text.replace("PPEAL", "ppeal"):
                continue
            if _ELSEWHERE.search(f"{sentence.heading} {sentence.text}") or _NO_LIMIT.search(sentence.text):
                continue
            if not (re.search(r"\bappeal", sentence.text, re.IGNORECASE) and _FILES.search(sentence.text)):
                continue
            spans = {one["count"] for one in _SPAN.finditer(sentence.text)}
            if (
                spans
                and own not in spans
                and not _ANSWERS.search(sentence.text)
                and not _GOES_ON.search(sentence.text)
            ):
                return True
    return False


_NO_LIMIT: Final = re.compile(
    r"\b(?:date|day) (?:on|of) (?:the|our|your|that) (?:plan )?appeal (?:decision )?(?:letter|decision|answer|notice)\b|"
    r"\b(?:if|waiting(?: up to)?(?: for)?) \d+ (?:calendar )?days (?:could|is too|might|would)\b|\bwaiting (?:up to )?\d+ |"
    r"\b(?:does|do)(?: not|n't) (?:limit|have to appeal|apply to)\b|\bmoney back\b",
    re.IGNORECASE,
)

_OUTSIDE: Final = re.compile(
    r"\b(?:external|outside|independent)\W+(?:\w+\W+){0,3}?(?:review\w*|appeal|organization)|\bIRO\b|\bDIFS\b|\bexternal\b",
    re.IGNORECASE,
)
_NOT_OUTSIDE: Final = re.compile(
    r"\b(?:hearing|judge|entity|medicare|federal|court|we will|you will be told|decided? (?:within|in))\b",
    re.IGNORECASE,
)


def _is_outside(said: Said) -> bool:
    return _OUTSIDE.search(f"{said.heading} . {said.text}") is not None and not _NOT_OUTSIDE.search(said.text)


_ANSWERS: Final = re.compile(
    r"\b(?:answer\w*|deci[ds]\w*|repl\w+|respon\w+|resol\w+|writ(?:e|ten)|hear from us|let you know|tell you|notif\w+|"
    r"result|outcome|"
    r"determin\w+|takes?|review|standard|regular|complet\w+|turnaround|how (?:long|fast|soon))\b",
    re.IGNORECASE,
)
_OTHER_ANSWER: Final = re.compile(
    r"\b(?:money|pay(?:ment|ing)?|paid|reimburs\w+|meetings?|hearing|extension|extend|more time|part b|other (?:medical|"
    r"care)|independent|external|entity|"
    r"reviewer that|law gives|mailing|mail(?:ed)? date|later of|takes? effect|records|copies|peer|"
    r"after you (?:receive|get))\b|\(\d+ days\)",
    re.IGNORECASE,
)
_FAST: Final = re.compile(
    r"\b(?:fast|expedit\w+|urgent\w*|quick\w*|rush|hurr\w+|speed\w*|soon\w*|jeopard\w+|danger|harm\w*|emergency|"
    r"r[a\u00e1]pid\w+|sooner|wait\w*)\b",
    re.IGNORECASE,
)


_HEDGED: Final = re.compile(
    r"\b(?:sometimes|usually|often|most|about|may take|at each level)\b", re.IGNORECASE
)


def _other_times(said: Said) -> bool:
    """Whether the sentence of a time, or the row of its label, names another number of days or hedges."""
    own = said.proposal.value.split()[0]
    told = re.sub(
        r"\b(?:24|48|72) ?(?:\([^()]*\) )?hours\b", " ", f"{said.text} {said.line}", flags=re.IGNORECASE
    )
    spans = {one["count"] for one in _SPAN.finditer(told)}
    return _HEDGED.search(told) is not None or not spans <= {own}


def _of_a_review_outside(said: Said) -> bool:
    """Whether a time goes on with a sentence on the review outside, without a word on the appeal itself."""
    before = said.sentence.before if said.sentence else ""
    return (
        _OUTSIDE.search(before) is not None and re.search(r"\bappeals?\b", said.text, re.IGNORECASE) is None
    )


_SHORTEST: Final = 7
"""Days of the shortest standard decision on an appeal (Part D, 42 CFR 423.590(a)); fewer are a call back or a fast one."""


def answers_appeals(said: Said, every: Sequence[Proposal]) -> bool:
    """A time of an answer in words on answering appeals, where the letter gives no other of its kind."""
    proposal = said.proposal
    context = f"{_context(said)} {said.line}"
    if not _APPEAL.search(context) or _of_a_review_outside(said):
        return False
    if proposal.fact == "standard_decision_days" and (
        _other_times(said) or int(proposal.value.split()[0]) < _SHORTEST
    ):
        return False
    if proposal.fact == "standard_decision_days":
        return _ANSWERS.search(
            f"{said.text} {said.line} {said.heading}"
        ) is not None and not _OTHER_ANSWER.search(f"{said.proposal.words} {said.text}")
    if "expedited" in proposal.fact and _OF_REQUESTS.search(said.text) and not _FOR_APPEALS.search(said.text):
        return False
    if proposal.fact == "expedited_hours":
        return _FAST.search(context) is not None and not re.search(
            r"\b(?:external|independent|hearing|entity)\b", said.text, re.IGNORECASE
        )
    return _FAST.search(context) is not None


_OF_REQUESTS: Final = re.compile(
    r"\b(?:on|for|to|about) (?:an?|your|the|new) (?:\w+ )?(?:claim|request|exception|authorization|coverage (?:decision|"
    r"determination))s?\b",
    re.IGNORECASE,
)
_TAKES_NONE: Final = re.compile(
    r"\b(?:records?|chart|notes|copies|copy|clinicians?|providers?|peer|exceptions?|new requests?|questions?|"
    r"member services|customer|"
    r"pharmac\w+|claims?|refunds?|corrected|hearings?|external|independent|civil rights|discriminat\w+|department of|"
    r"division of|ombuds\w*|"
    r"error|mistake|certification|interpreter|help|status|forms?|no appeals?|not (?:an? )?appeals?|representative|"
    r"(?:your|the|case|claim|whole) file)\b",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}")
_BY: Final = re.compile(
    r"\W{0,3}(?:by|\(|is|is the) ?(?P<kind>fax|facsimile|voice|phone|telephone|mail)\b", re.IGNORECASE
)


_OF_ANOTHER_BODY: Final = re.compile(
    r"\binsurance (?:administration|commission\w*|division|bureau|board|department)\b|"
    r"\b(?:bureau|office|board|commission|secretary|superintendent) of (?:the )?"
    r"(?:insurance|managed|health|consumer|financial)\b|"
    r"\bcomplaints? (?:may|can|to|with)\b|\battorney general\b|"
    r"\b(?:if|when|once|should) (?:the|your|that|an|this|our) (?:first )?"
    r"(?:appeal|review|grievance|reconsideration|redetermination)(?: decision)? "
    r"(?:is|was|be|gets|has been) (?:also )?(?:denied|upheld|turned down|refused|lost|unfavorable|over|finished|not \w+)\b",
    re.IGNORECASE,
)
"""A sentence about whoever is asked after the plan's own appeal: a state's office, a complaint, a review of the answer."""


def goes_to_appeals(said: Said, every: Sequence[Proposal]) -> bool:
    """A way that its own cell, sentence or list gives to appeals, with no word of another office beside it."""
    proposal, page = said.proposal, said.page
    if _OF_ANOTHER_BODY.search(" ".join(said.text.split())):
        return False
    if of_a_later_level(said) and not decides_appeal(said.pages):
        return False
    if said.sentence and _OTHERS_ONLY.search(f"{said.sentence.before} . {said.text}"):
        return False
    if proposal.fact == "send_to_mail":
        return _is_address(said, every)
    after = _BY.match(page.plain, proposal.end)
    if after and ("fax" in proposal.fact) != (after["kind"].lower() in ("fax", "facsimile")):
        return False
    label = _own_label(said)
    if _TAKES_NONE.search(label):
        return False
    if _PROVIDERS_OWN.search(said.before[-_CLAUSE:]) and not _TO_PROVIDER.search(said.page.plain[:_HEAD]):
        return False
    if proposal.fact == "send_to_fax_expedited" and not _FAST.search(
        f"{said.heading} {page.plain[max(0, proposal.start - 400) : proposal.end]}"
        f"{(_IF_FAST.match(page.plain, proposal.end) or ('',))[0]}"
    ):
        return False
    if proposal.fact == "send_to_fax_expedited" and for_all_appeals(said, every):
        return False
    above = said.page.rows[said.row - 1] if said.row else ()
    if above and _PROVIDERS.search(above[-1].text[-40:]):
        return False
    if proposal.fact in ("send_to_phone", "appeal_phone"):
        return re.search(
            r"\bappeal|redeterm|reconsid|grievance|apela", label, re.IGNORECASE
        ) is not None or _in_list(said, every)
    if proposal.fact == "send_to_fax_expedited" and _PHONED.search(
        page.plain[proposal.end : proposal.end + 200]
    ):
        return False
    return _for_appeals(said) or _in_list(said, every)


_PROVIDERS: Final = re.compile(
    r"\b(?:provider|pharmacy|hospital|doctor|prescriber|facility)s?'? (?:appeals?|disputes?|"
    r"reconsiderations?|relations|services)\W*$",
    re.IGNORECASE,
)
_PROVIDERS_OWN: Final = re.compile(
    r"\b(?:hospital|facility|facilities|provider|doctor|physician|pharmacy|pharmacies|clinic|prescriber|practice)s?(?:'s?)? "
    r"(?:(?:who|that|may|can|must|own|own right|right|level|payment|claims?) )*(?:to )?(?:appeals?|"
    r"disputes?|reconsiderations?|disagrees?)\b",
    re.IGNORECASE,
)
_IF_FAST: Final = re.compile(r"\W{0,2}(?:if|when|for|in)\b[^.;(]{0,40}", re.IGNORECASE)
_OTHERS_ONLY: Final = re.compile(
    r"\banother plan\b|\bif you (?:live|lived|moved?) (?:in|outside|out of|to)\b", re.IGNORECASE
)
_TO_PROVIDER: Final = re.compile(
    r"\b(?:remittance|billing|Dear (?:Dr|Provider|Doctor)|provider (?:claim|notice|letter|notification|relations))\b",
    re.IGNORECASE,
)
_CLAUSE: Final = 160
_HEAD: Final = 700
_PHONED: Final = re.compile(
    r"\b(?:fast|expedited|urgent|rush)\s+\w+\s+(?:should|must|have to|need to|are to)\s+be\s+"
    r"(?:phoned|called|telephoned|made by)",
    re.IGNORECASE,
)
_FOR_APPEALS: Final = re.compile(r"\b(?:appeal|redeterm|reconsid|grievance|apela)", re.IGNORECASE)


def _for_appeals(said: Said) -> bool:
    """Whether the cell, the sentence, the head or the lead-in of a number names the appeal, and none of them another office."""
    page, start = said.page, said.proposal.start
    paragraph = re.split(r"\n\s*\n", page.plain[max(0, start - 600) : start])[-1]
    near = f"{said.heading} . {paragraph} . {said.text}"
    if _ELSEWHERE.search(f"{paragraph[-200:]} {said.text}"):
        return _FOR_APPEALS.search(_own_label(said)) is not None
    return _FOR_APPEALS.search(near) is not None


def _own_label(said: Said) -> str:
    """The words before a number in its cell or clause, and the few after it."""
    page, start = said.page, said.proposal.start
    number = _NUMBER.search(page.plain, start, said.proposal.end)
    at = number.start() if number else start
    before = re.split(r"[.;|?!]\s|\s{3,}|\n\s*\n|\d{3}[-. ]\d{4}", page.plain[max(0, at - 120) : at])[-1]
    after = re.split(
        r"[.;|\n]|\s{3,}|\d{3}[-. ]\d{4}", page.plain[said.proposal.end : said.proposal.end + 40]
    )[0]
    return f"{before} {after}"


_PLAIN: Final = frozenset(
    re.findall(
        r"\S+",
        """
        24 7 a also an and appeal appeals ask asking at be by call calling can dial either facsimile fax faxed
        file filed following free how in instead is it line may no number of on one or oral orally ph phone
        phoning please reach send standard start submit tel telephone tell to toll tollfree tty us use via
        voice ways web when where with you your
        """,
    )
)
_ROWS: Final = 3


def _in_list(said: Said, every: Sequence[Proposal]) -> bool:
    """Whether a number under a bare label stands in one list or sentence with the address or the fax for appeals."""
    label = re.sub(r"[\d() .-]{10,}", " ", _own_label(said))
    if not {one.lower() for one in re.findall(r"[A-Za-z]{2,}", label)} <= _PLAIN:
        return False
    context = f"{_context(said)} {said.page.plain[max(0, said.proposal.start - 600) : said.proposal.start]}"
    if not _FOR_APPEALS.search(context) or _ELSEWHERE.search(said.text):
        return False
    rows = {
        said.page.plain.count("\n", 0, place)
        for one in every
        if one.fact in ("send_to_fax", "send_to_mail", "send_to_portal", "send_to_phone")
        and one.page == said.proposal.page
        and one != said.proposal
        for place in (one.start, one.end)
    }
    return any(abs(row - said.row) <= _ROWS for row in rows)


_NO_ADDRESS: Final = re.compile(
    r"\b(?:letter|friday|monday|sunday|\d to \d|it goes|goes to|in care of|refunds?|recovery|department of|division of|"
    r"commissioner|who|you|your|phone|fax|urgent)\b|\d{3}-\d{4}",
    re.IGNORECASE,
)


_OTHER_COLUMN: Final = re.compile(
    r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b\d+ \d+ [A-Z][a-z]|\b(?:printed|issued|DOB|NPI|dated|born)\b|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, \d{4}|"
    r"(?<!box )(?<!code )(?<!stop )(?<!suite )(?<!room )\b(?!\d{5}-\d{4}\b)(?=[\w-]*\d{3})[A-Z\d]+-[A-Z\d]+(?:-[A-Z\d]+)*\b",
    re.IGNORECASE,
)
"""A date, a label or a number from the column beside an address, in a text that has lost its gaps."""


def _is_address(said: Said, every: Sequence[Proposal]) -> bool:
    """An address in clean lines of its own, named for appeals by itself or by the words that lead to it."""
    value = said.proposal.value
    patient = next((one.value for one in every if one.fact == "patient_name"), "")
    if (
        _NO_ADDRESS.search(value)
        or _OTHER_COLUMN.search(value)
        or (patient and patient in value)
        or not re.search(r"\d", value)
    ):
        return False
    if _begun_above(said) or not re.search(r"[^\W\d_]", value.split(",")[0]):
        return False
    before = said.page.plain[max(0, said.proposal.start - 500) : said.proposal.start]
    return (
        re.search(r"\b(?:appeal|redeterm|reconsid|grievance|apela)", f"{value} {before}", re.IGNORECASE)
        is not None
    )


_NAME_GOES_ON: Final = re.compile(r"\s(?!(?:Box|Suite|Fax|To|Mail|Address)\b)[A-Z][\w'&-]*$")
_FULL_ROW: Final = 50


def _begun_above(said: Said) -> bool:
    """Whether the row over an address in running text ends with a word of its name: `appeal to Cherokee / Bluff Appeals`."""
    cells = said.page.rows[said.row]
    above = said.page.rows[said.row - 1] if said.row else ()
    if not cells or cells[0].start != said.proposal.start or len(above) != 1:
        return False
    return len(above[0].text) > _FULL_ROW and _NAME_GOES_ON.search(above[0].text) is not None
