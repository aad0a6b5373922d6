"""What the words around a place of a letter are about: the appeal to this plan, or one of the many things beside it.

The readers look each for their own fact. This module knows none of them: it names what is spoken of, so that
`objections.py` can hold every proposal against it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from appeals.intake.layout import Page, Sentence, begins_item
from appeals.intake.proceedings import BACK_REFERENCE

OWN: Final = "own"
OFFICES: Final = frozenset({"external", "agency", "hearing", "court"})
"""What another office than the payer decides."""
SOFT: Final = frozenset({"help", "records", "earlier", "request", "claim"})
"""What a paragraph on the appeal may speak of by the way."""

_AGENCY: Final = (
    r"(?:(?:insurance|state) (?:department|division|commissioner|bureau|agency|regulator|board)|"
    r"(?:the |state )(?:department|division|bureau|commission|authority|agency|board|regulator)(?:'s)?(?! (?:manager|chair))|"
    r"(?:department|division|bureau|office|commission|board|agency|administration) (?:of|for) (?!trustees|directors|the plan)"
    r"(?:the )?(?:\w+ ){0,4}?(?:insurance|health|human|medicaid|commissioner|managed|financial|consumer|social|labor|"
    r"appeals|hearings|administrative|civil|personnel|ombuds\w+|services|affairs|benefits?)|"
    r"(?:the )?state's|"
    r"commissioner|regulators?|attorney general|ombuds\w+|consumer (?:assistance|advoca\w+|services? (?:division|bureau|"
    r"section))|"
    r"legal (?:aid|services|help)|advocacy (?:center|program|group)|health (?:care )?authority|medicare rights|"
    r"1-800-medicare|ebsa|employee benefits security|OPM|personnel management|CMS|"
    r"(?:quality )?improvement organization|foundation|patient advoca\w+|(?:insurance |health |federal )marketplace|"
    r"marketplace appeals?|(?:health|insurance|state|federal) exchange|"
    r"appeals center|insurance assistance|public benefits|government|state (?:appeals?|office|unit|medicaid|health|insurance))"
)
_TOPICS: Final = (
    (
        "appeals_unit",  # one office for both, which is the payer's
        r"(?:complaints?|grievances?) (?:and|&|or|/) (?:\w+ )?appeals?|appeals?,? (?:(?:and|&|or|/) )?(?:complaints?|"
        r"grievances?)"
        r"(?:,? (?:and|&|or|/) (?:complaints?|grievances?|appeals?))?",
    ),
    (
        "external",
        r"external|outside (?:review\w*|doctors?|experts?|(?:of )?(?:the|our|your) (?:plan|company|organization))|"
        r"(?:someone|anyone|somebody|doctors?|people|reviewers?) (?:from )?outside|going (?:outside|beyond|past)|"
        r"independent(?:ly)?(?! (?:practice|pharmac|lab))|IRO|IURO|URO|IRE|QIO|QIC|IMR|neutral|impartial|"
        r"do(?:es)? not work for (?:us|the plan)|third[- ]party review\w*",
    ),
    (
        "hearing",
        r"(?:fair |state |administrative )?(?<!hard of )hearings?(?! (?:impaired|impairment|loss|aids?))|"
        r"administrative law|law judge|judge|ALJ|OAH|DOAH",
    ),
    (
        "court",
        r"courts?|lawsuit|suits?|civil action|sue|suing|arbitrat\w+|litigat\w+|going to law|502\(a\)",
    ),
    ("agency", _AGENCY),
    (
        "provider",
        r"(?:providers?|practitioners?|physicians?|prescribers?|facilit(?:y|ies)|hospitals?|doctors?|clinics?|"
        r"clinicians?)'?s?,? "
        r"(?:payment |claims? |service |only )?"
        r"(?:appeals?|disputes?|reconsiderations?|resolutions?|relations|inquir\w+|portal|lines?|services|only)|"
        r"(?:for|to) (?:our )?(?:network |participating |contracted )?(?:providers|facilities|hospitals|billing offices)|"
        r"providers? who|(?:participating|contracted|network) (?:providers?|facilit\w+)|billing offices?",
    ),
    (
        "peer",
        r"(?:peer|doctor|physician|clinician)[- ]to[- ](?:peer|doctor|physician|clinician)|p2p|"
        r"between (?:physicians|doctors|clinicians)|(?:physician|doctor|clinician)'?s? (?:discussion|conversation|call)|"
        r"(?:speak|talk|discuss|call|conversation|discussion)\b[^.;:]{0,40}\b(?:medical director|reviewing|reviewer)|"
        r"discuss (?:the|this) case|talk it over",
    ),
    (
        "continuation",
        r"keep(?:ing)? (?:your|getting|the|up|on|what|these|this)|stay(?:ing)? on|(?:go|stay|remain) (?:on )?as (?:they|"
        r"it|is|now)|continu\w+ (?:of |to (?:get|receive|have) |getting |"
        r"receiving )?(?:your |the |these |"
        r"those |any |my )?(?:benefits?|services?|care|visits?|treatments?|coverage|sessions?|hours|help|therapy|infusions?)|"
        r"(?:benefits?|services?|care|visits?|treatments?|coverage|sessions?) (?:to |will |can |may |that )?(?:continu\w+|"
        r"go on|stay|"
        r"remain|keep going)|continuation|aid (?:paid )?pending|(?:can |will )?stay the same|same level|unchanged|"
        r"without a break|"
        r"(?:go|goes|going) on (?:during|while|until)|already (?:under way|being given)|ongoing (?:care|treatment|services?)|"
        r"while (?:you|we|your|the|it|this) (?:\w+ ){0,3}(?:wait|decide|appeal|pending|decided)",
    ),
    (
        "records",
        r"cop(?:y|ies)(?! of (?:this|the|your|that) (?:notice|letter|page|statement|decision|denial|form|EOB|"
        r"explanation))|(?:case|claim|whole|entire|your|our|the) file|file room|(?<!for your )records?(?! (?:show|do|did|"
        r"that|we|indicate))|"
        r"documents? (?:relevant|services|room|used)|papers|"
        r"scanning|(?:additional|more|further|missing|new|medical|clinical) (?:information|notes|records|documents|"
        r"documentation)|"
        r"free of charge|at no cost",
    ),
    (
        "complaint",
        r"grievances?(?! (?:and|&|or|/) appeals?)(?! (?:committee|unit|department|panel|desk|team|coordinator)s?\b)|"
        r"(?<!appeals and )(?<!appeals & )(?<!appeal and )complain\w*"
        r"(?! (?:and|&|or|/) appeals?)|discriminat\w+|civil rights|1557|fraud|privacy|quality of (?:your )?care|hotline|"
        r"treated (?:\w+ ){0,2}(?:differently|unfairly|badly|poorly|wrongly)|race, color|equity|rude",
    ),
    (
        "claim",
        r"corrected (?:claims?|bills?)|(?:payment|billing) disputes?|(?:surprise|balance) bill(?:s|ing)?|"
        r"receipts|reimburse\w*|re-?submi\w+|"
        r"claims? (?:address|department|submission|filing|mailing)|timely filing|"
        r"new claims?|refunds?|overpa\w+|other insurance|coordination of benefits|subrogation|collections?|premiums?|"
        r"enroll(?:ment|ing)|COBRA|tax credits?|open enrollment|EDI|special enrollment",
    ),
    (
        "request",
        r"(?:a |another |different )?new (?:(?:coverage |prior |drug )+)?(?:requests?|authorizations?|order|prescription)|"
        r"exceptions?(?= (?:requests?|form|process|team|unit|line|fax))|(?:formulary|tiering|an?) exceptions?|"
        r"coverage (?:determinations?|decisions?)|prior auth\w* (?:fax|requests?|line|unit|department)|another request|"
        r"different (?:drug|request)|utilization management|(?<!appeal )(?<!appeals )intake",
    ),
    (
        "help",
        r"(?:member|customer|subscriber|enrollee) (?:services?|care|support|relations|advocates?|experience)|interpret\w+|"
        r"languages?|translat\w+|large print|braille|questions?|spanish|espa\w+|llame|nurse line|crisis|"
        r"act (?:for you|on your behalf)|represent(?:s|ing) you|name (?:someone|somebody|a person|a representative)|"
        r"another employer|other plans?|headquarters|corporate|sales|care coordinat\w+|case manage\w+",
    ),
    (
        "earlier",
        r"(?:first|original|initial|earlier|previous|prior(?! (?:auth|appr|cert))|former|old|last|superseded) "
        r"(?:letters?|notices?|decisions?|denials?|determinations?|requests?|statements?|claims?|case|authorizations?|"
        r"approvals?)|"
        r"(?:that|those) (?:letters?|notices?)|used to be|formerly|supersede[sd]?|for example|for instance|as an example|"
        r"sample",
    ),
    (
        OWN,
        r"appeal\w*|reconsider\w*|redetermin\w*|apela\w*|disagree\w*|do(?:n't| not) (?:agree|like (?:our|this|the))|"
        r"look (?:at (?:it|this) )?again|second look|dispute|contest\w*|challeng\w+|object(?:ion)?|change our (?:mind|"
        r"decision)|"
        r"(?:is|are|was|were|we|be) (?:wrong|mistaken)|mistake|review (?:of|by|committee|board|panel)(?= )|"
        r"(?:request|ask for|requests? for|seek|asking for|file|want) (?:an? |the |this |your |"
        r"our )?(?:\w+ ){0,2}?reviews?(?:ed)?|"
        r"have (?:this|it|our decision) reviewed|reviews? of (?:this|our|the)|internal review|level (?:1|one|i)|first[- ]level",
    ),
)
_ALL: Final = re.compile("|".join(rf"(?P<{name}>\b(?:{words})\b)" for name, words in _TOPICS), re.IGNORECASE)
_DEFINED: Final = re.compile(
    r"\((?:the )?[\"']?(?P<short>(?!HMO|PPO|EPO|POS|PDP|TTY|SNP)[A-Z][A-Z&-]{2,9})[\"']?\)"
)
_ABSORBED: Final = re.compile(r"(?:'s)?(?:,?\s[\w&/-]+){0,3}?\s?", re.IGNORECASE)
_OFFICE_OF_APPEALS: Final = re.compile(
    r"(?:office|board|bureau|division) of (?:\w+ )?(?:and |& )?$", re.IGNORECASE
)


_NOT_TOUCHED: Final = re.compile(
    r"\b(?:do(?:es)?|will) not (?:\w+ ){0,2}?(?:use up|affect|change|give up|lose|waive|limit|end|take away)\b[^.;]{0,60}",
    re.IGNORECASE,
)
"""`This does not use up your right to external review` speaks of it by the way."""
_WEB_PATH: Final = re.compile(r"(?<![\w@.-])[\w@-]{1,60}(?:\.[\w-]{1,60}){1,6}(?:/\S{0,200})?")


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


@dataclass(frozen=True)
class Topic:
    """A topic named at a place of a text."""

    start: int
    end: int
    name: str

    @property
    def is_own(self) -> bool:
        return self.name == OWN


def topics(text: str, *, grievance: bool = False) -> tuple[Topic, ...]:
    """The topics that a text names, in order. `grievance`: the letter calls the appeal a grievance."""
    return _topics(text, grievance)


@lru_cache(maxsize=512)
def _topics(text: str, grievance: bool) -> tuple[Topic, ...]:
    blank = _NOT_TOUCHED.sub(_spaces, _WEB_PATH.sub(_spaces, BACK_REFERENCE.sub(_spaces, text)))
    if grievance:
        blank = re.sub(r"\bgrievance", "appealing", blank, flags=re.IGNORECASE)
    found: list[Topic] = []
    for match in _ALL.finditer(blank):
        name = OWN if match.lastgroup in (None, "appeals_unit") else match.lastgroup
        last = found[-1] if found else None
        if (
            name == OWN
            and last is not None
            and last.name in OFFICES | {"provider"}
            and _ABSORBED.fullmatch(blank, last.end, match.start())
            and not re.search(r"\b(?:after|before|until|and|or|to|you)\b", blank[last.end : match.start()])
        ):
            found[-1] = Topic(
                last.start, match.end(), last.name
            )  # `External Appeals`, `the State's appeal unit`
        elif name == OWN and _OFFICE_OF_APPEALS.search(blank[: match.start()]):
            found.append(Topic(match.start(), match.end(), "agency"))
        else:
            found.append(Topic(match.start(), match.end(), name))
    return tuple(found)


def agency_initials(pages: Sequence[Page]) -> frozenset[str]:
    """The initials by which a letter calls another office after it has named it: `Department of Insurance (DOI)`."""
    return frozenset(
        short["short"]
        for page in pages
        for short in _DEFINED.finditer(page.plain)
        if any(
            one.name in OFFICES
            for one in topics(re.sub(r"\s+", " ", page.plain[max(0, short.start() - 90) : short.start()]))[
                -1:
            ]
        )
    )


_MOST_ROWS: Final = 14
_REACH: Final = 700


def item_before(page: Page, place: int) -> str:
    """The paragraph or item of a list up to a place, in one line."""
    row = page.plain.count("\n", 0, place)
    first = row
    while (
        first > 0
        and page.rows[first - 1]
        and row - first < _MOST_ROWS
        and not (page.rows[first] and begins_item(page.rows[first][0].text))
    ):
        first -= 1
    begin = max(page.line_starts[first], place - _REACH)
    return re.sub(r"\s+", " ", page.plain[begin:place])


def lead_in(page: Page, place: int) -> str:
    """What leads in the item that a place stands in: the lines over it in its paragraph, and the paragraph before."""
    row = page.plain.count("\n", 0, place)
    while row > 0 and page.rows[row - 1] and not (page.rows[row] and begins_item(page.rows[row][0].text)):
        row -= 1
    begin, gaps = row, 0
    while begin > 0 and row - begin < _MOST_ROWS and gaps < 2:
        begin -= 1
        gaps += not page.rows[begin] and bool(page.rows[begin + 1])
    return " ".join(cell.text for cells in page.rows[begin:row] for cell in cells)[-_REACH:]


_LABEL_END: Final = re.compile(r"[.;!?|]\s|\d{3}[-. ]\d{4}\W|\s{3,}|\n\s*\n")


def label_before(page: Page, place: int, reach: int = 90) -> str:
    """The words right before a place: from the last end of a sentence, cell or number."""
    before = page.plain[max(0, place - reach) : place]
    ends = [mark.end() for mark in _LABEL_END.finditer(before) if before[mark.end() :].strip()]
    return re.sub(r"\s+", " ", before[ends[-1] if ends else 0 :])


_COLUMN_ROWS: Final = 4


def column_before(page: Page, place: int) -> str:
    """The words of a place's own cell and of the cells right over it, from the last end of a sentence or an item."""
    row = page.plain.count("\n", 0, place)
    mine = next((cell for cell in reversed(page.rows[row]) if cell.start <= place), None)
    if mine is None:
        return ""
    text, top = page.plain[mine.start : place], mine.text
    for cells in reversed(page.rows[max(0, row - _COLUMN_ROWS) : row]):
        over = next((cell for cell in cells if abs(cell.column - mine.column) <= 3), None)
        if over is None or begins_item(top) or over.text.endswith((".", ":", ";", "?", "!")):
            break
        text, top = f"{over.text} {text}", over.text
    return re.split(r"(?<=[a-z)\d])[.;!?]\s", text)[-1]


def sentence_at(page: Page, start: int, end: int) -> Sentence | None:
    """The sentence in which words stand: the last one that holds their first character, or one between."""
    for sentence in page.sentences:
        if sentence.places[0] <= start <= sentence.places[-1] and (start in sentence.places):
            return sentence
    return next((one for one in page.sentences if start <= one.places[0] < end), None)
