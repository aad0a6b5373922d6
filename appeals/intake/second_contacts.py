"""The second reading of where an appeal goes: what stands directly before and after a number or an address.

A label is read word by word. It may name the appeal, a way of sending (`fax it to`) and the limit to send it; any other
word makes it the label of something else: `Dental claims fax`, `Employer's benefits office, fax`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.layout import Page
from appeals.intake.own_offices import names_appeals_itself
from appeals.intake.proposal import Proposal
from appeals.intake.telephones import PHONE, QUICK
from appeals.intake.topics import OFFICES, column_before, item_before, label_before, sentence_at, topics

PHONES: Final = frozenset({"send_to_phone", "appeal_phone"})
WRITTEN: Final = frozenset({"send_to_fax", "send_to_fax_expedited", "send_to_mail", "send_to_portal"})
_NOT_BESIDE: Final = OFFICES | {"provider", "peer", "complaint", "claim", "request"}
"""What the block of an appeal's address speaks of in no word; of records, help and care that goes on it may."""
_MOST_ROWS: Final = 6


def _value_at(page: Page, proposal: Proposal) -> int:
    """Where the value itself begins: a telephone number's words may begin with `fax`."""
    number = (
        PHONE.search(page.plain, proposal.start, proposal.end) if proposal.fact != "send_to_mail" else None
    )
    return number.start() if number else proposal.start


_BEFORE: Final = re.compile(r".*\b[A-Z]{2},? {1,3}\d{5}(?:-\d{4})?\b|\S+\.\w+/\S*|\([^()]*\)")
"""An address, a web page or a bracket before a value is no part of its label."""
_REACH: Final = 90
_PLAIN: Final = frozenset(
    re.findall(
        r"\S+",
        """
    a address after below receiving getting time afternoon again also an and any
    anytime appeal's are arrive ask asking at attention attn be before begun box
    business by calendar call called calling calls can claimant claimant's contact copy date day days decided decision
    deliver delivery dial do doctor either electronic electronically en envelope enrollee escriba envie expedited
    explanation f facsimile fast fastest fax faxed faxing file filed filing floor following for form free from fx get
    getting go goes hand have her here his hour hours how hundred i if in instead internal internet is it its later letter
    limit line mail mailed mailing may me means member method mobile months must nights no not notice number numbers of on
    one online only or orally our over page patient person phone phoned physician plan please por portal post prescriber
    provider put quick reach received receive receives receipt receiving regular request requested requests representative
    review rights rush same send sent should sign site so speak standard start statement submit submitted summary t tell
    telephone telephoned tel than that the their them then there these this to toll toll-free tollfree too tty up upload
    urgent us use using via voice want way ways we web website week weekdays weeks when where will with within working
    write writing written you your eighty ninety sixty thirty one twenty five seven al correo electr\xf3nico f\xedsico
    faxes facsimiles machine telefax transmit transmitted taken accepted they e-fax ll\xe1menos llame mande o p tel\xe9fono
        """,
    )
)
"""What a label of a way to send may say beside the appeal: ways, limits, and who may appeal."""
_OF_APPEALS: Final = re.compile(
    r"(?:appeal|reconsider|redetermin|griev|complain|review|disput|disagree|apela|object|contest|challeng)\w*|desk|unit|"
    r"department|dept|committee|board|team|office|coordinators?|trustees|panel|answers|look|apt|suite|ste",
    re.IGNORECASE,
)
_SECOND: Final = re.compile(
    r"\b(?:second|2nd|third|next|final|later|voluntary|last)[- ](?:level|step|stage|appeals?)\b|\blevel (?:2|two|ii|3|three)\b",
    re.IGNORECASE,
)
"""A second step; in a letter that decides an appeal it is the next one."""
_LATER: Final = re.compile(
    r"\bafter (?:our|the|this|that|your|an?|we) (?:\w+ ){0,3}(?:decision|appeal|answer|review|decided?|denial)\b|"
    r"\b(?:authorized|personal|appointed) representative\b|"
    r"\brepresentative (?:form|unit|desk|department)\b|\bdental\b|\bvision\b",
    re.IGNORECASE,
)
"""What follows the appeal, who may speak for the member, and what is appealed elsewhere."""
_PAST: Final = re.compile(r"\b(?:were|was|had been|used to be|have been)\b", re.IGNORECASE)
_NOT_TO_FILE: Final = re.compile(
    r"\b(?:check|status|track|follow|learn|forms?|questions?|information|understand|copy|copies|help)\b",
    re.IGNORECASE,
)
_THEN: Final = re.compile(r",? (?:\(TTY[^()]*\)?,? )?(?:for|if|about|with|to) (?P<what>[^.;,()]{3,50})")
_WHOSE: Final = re.compile(
    r" ?\((?![^()]*\b(?:appeals?|standard|urgent|fast|expedited|fax|TTY|toll|free|24)\b)[^()]*\b(?:only|plans?|members?|for|"
    r"advice|line|claims?|records)\b",
    re.IGNORECASE,
)


def _label(page: Page, at: int) -> str:
    """The words right before a value, without an address or a web page before them."""
    label = label_before(page, at, _REACH)
    if len(label) >= _REACH - 2 or (at > _REACH and page.plain[at - _REACH - 1 : at - _REACH + 1].isalnum()):
        label = label.partition(" ")[2] if len(label) >= _REACH - 12 else label
    row = page.rows[page.plain.count("\n", 0, at)]
    if len(row) > 1 and row[0].end < at:
        column = column_before(page, at)
        if len(column) <= _LONGEST_COLUMN and column.endswith(label[-6:]) and len(column) > len(label):
            label = column  # the words over a cell of another column go on in it
    return _BEFORE.sub(" ", label)


_LONGEST_COLUMN: Final = 160


def _sentence_before(page: Page, at: int) -> str:
    """What the sentence of a value says before it."""
    sentence = sentence_at(page, at, at + 1)
    if sentence is None:
        return ""
    return sentence.text[: next((number for number, place in enumerate(sentence.places) if place >= at), 0)]


def _other_words(label: str, *, own: bool) -> bool:
    """Whether a label holds words that belong to no appeal and no way of sending; a name may stand beside the appeal."""
    for word in re.findall(r"(?<!\w)[^\W\d_][\w'-]*", label):
        if word.lower() in _PLAIN or _OF_APPEALS.fullmatch(word):
            continue
        if not (own and word[0].isupper()):
            return True
    return False


def _says_whose(page: Page, end: int) -> bool:
    """Whether a bracket after a value keeps it for some: `(vision plan only)`."""
    return _WHOSE.match(page.plain, end) is not None


def _is_of_another_step(page: Page, proposal: Proposal, said: str, *, first: bool) -> bool:
    """Whether a value is said to be of a later step, of the past, or of some members only."""
    at = _value_at(page, proposal)
    before = "" if _in_row_of_fax(page, at) else re.sub(r"\([^()]*\)", " ", _sentence_before(page, at))
    around = f"{before} . {said}"
    if proposal.fact == "send_to_mail":
        around = f"{around} . {proposal.value}"
    later = _LATER.search(around) or (first and _SECOND.search(around))
    return bool(later) or _PAST.search(said) is not None or _says_whose(page, proposal.end)


def _in_row_of_fax(page: Page, at: int) -> bool:
    """Whether a number stands beside a cell that says no more than `Fax`: what a column reads before it is of other rows."""
    row = page.rows[page.plain.count("\n", 0, at)]
    return len(row) > 1 and row[0].end <= at and _FAX_ONLY.fullmatch(row[0].text) is not None


_FAX_ONLY: Final = re.compile(r"\W*(?:by )?(?:fax|facsimile)\W*", re.IGNORECASE)


def _last_topic(text: str, grievance: bool) -> str:
    found = topics(text, grievance=grievance)
    return found[-1].name if found else ""


def goes_to_appeals(page: Page, proposal: Proposal, *, grievance: bool, first: bool) -> bool:
    """Whether an address or a fax is the appeal's: by its own words, its label, its item or its whole block.

    `first`: the letter decides no appeal, so that the next step is the first one.
    """
    at = _value_at(page, proposal)
    said = _label(page, at)
    label = _last_topic(said, grievance)
    if proposal.fact == "send_to_fax_expedited" and _HOW_LONG.search(page.plain, max(0, at - 80), at):
        return False
    if "fax" in proposal.fact and _in_lost_columns(page, proposal, at):
        return False
    if _is_of_another_step(page, proposal, said, first=first):
        return False
    if not _names_appeals(proposal, said, grievance) and _other_words(
        said, own="own" in {one.name for one in topics(said, grievance=grievance)}
    ):
        return False
    if proposal.fact == "send_to_mail":
        named = {one.name for one in topics(_one_line(proposal.value), grievance=grievance)}
        if named - {"help"}:
            return named <= {"own", "help"} or (label == "own" and named == {"complaint"})
    if label:
        return label == "own"
    after = topics(_after(page, proposal.end), grievance=grievance)
    if after and after[0].is_own:
        return True
    item = topics(item_before(page, at), grievance=grievance)
    if item and (item[-1].is_own or _only_appeals({one.name for one in item})):
        return True
    top, bottom = _block(page, page.plain.count("\n", 0, at))
    whole = _one_line(page.plain[page.line_starts[top] : page.rows[bottom][-1].end])
    names = {one.name for one in topics(whole, grievance=grievance)}
    if _only_appeals(names):
        return True
    if proposal.fact == "send_to_portal" and not item and _PATH.search(proposal.value):
        return not names & _NOT_BESIDE
    return not names & _NOT_BESIDE and _last_topic(_over(page, top), grievance) == "own"


def _names_appeals(proposal: Proposal, said: str, grievance: bool) -> bool:
    """Whether an address names the office of appeals itself, and the words before it name nothing else."""
    if proposal.fact == "send_to_portal":
        return names_appeals_itself(proposal) and {one.name for one in topics(said, grievance=grievance)} <= {
            "own",
            "help",
        }
    if proposal.fact != "send_to_mail":
        return False
    inside = {one.name for one in topics(_one_line(proposal.value), grievance=grievance)}
    before = {one.name for one in topics(said, grievance=grievance)}
    return inside == {"own"} and before <= {"own", "help"}


_NAME_THEN_FAX: Final = re.compile(
    r"(?!(?:Standard|Regular|Routine|Written|Option|Fax)\b)(?:[A-Z][\w.'&]*,? |\d+ ){2,5}(?i:fax|facsimile):? ?"
)
"""The end of another column before a fax: `Appeals Department Fax `, `Appeals, Mail Stop 12 fax `."""


def _in_lost_columns(page: Page, proposal: Proposal, at: int) -> bool:
    """Whether a fax stands after other words in its cell, in a block with a second fax and words of urgency.

    So it looks where two columns, one for standard and one for urgent appeals, have lost the gap between them.
    """
    row = page.plain.count("\n", 0, at)
    cell = next((one for one in reversed(page.rows[row]) if one.start <= at), None)
    if cell is None or not _NAME_THEN_FAX.fullmatch(page.plain[cell.start : at]):
        return False
    top, bottom = _block(page, row)
    whole = page.plain[page.line_starts[top] : page.rows[bottom][-1].end]
    faxes = {re.sub(r"\D", "", one[1])[-10:] for one in _FAXES_IN.finditer(whole)}
    return len(faxes) > 1 and QUICK.search(whole) is not None


_FAXES_IN: Final = re.compile(
    r"\b(?:fax|facsimile)\b[^\d\n]{0,12}((?:1[-. ])?\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4})", re.IGNORECASE
)
_HOW_LONG: Final = re.compile(
    rf"{QUICK.pattern}(?:[^.;]|\.{{2,}}){{0,40}}\b\d+ (?:hours|days|calendar days|business days)\b"
    r"(?![^\n]*\b(?:appeals?|urgent|expedited)\b)[^;]{0,50}\Z",
    re.IGNORECASE,
)
"""How long an urgent appeal takes, said right before a number: the number need not be for urgent ones."""


def _only_appeals(names: set[str]) -> bool:
    """Whether words speak of the appeal and of no other office or proceeding."""
    return "own" in names and not names & _NOT_BESIDE


def _after(page: Page, end: int) -> str:
    """The words right after a value in its sentence: `Attention: Appeals`."""
    return re.split(r"[.;|]|\n\s*\n|\d{3}", page.plain[end : end + 45])[0]


_PATH: Final = re.compile(r"appeal|grievance|reconsider|redetermin", re.IGNORECASE)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _block(page: Page, row: int) -> tuple[int, int]:
    """The first and the last row with words of the lines around one that no blank line parts."""
    first = last = row
    while first > 0 and not _is_blank(page, first - 1):
        first -= 1
    while last + 1 < len(page.rows) and not _is_blank(page, last + 1):
        last += 1
    while not page.rows[last]:
        last -= 1
    while not page.rows[first]:
        first += 1
    return first, last


def _is_blank(page: Page, row: int) -> bool:
    """Whether a row holds nothing at all; a line drawn across a box does not part what stands in it."""
    if page.rows[row]:
        return False
    begin = page.line_starts[row]
    end = page.line_starts[row + 1] if row + 1 < len(page.line_starts) else len(page.plain)
    return not page.plain[begin:end].strip(" |\n")


def _over(page: Page, first: int) -> str:
    """The last rows before a block, which may lead it in."""
    end = first
    while end > 0 and not page.rows[end - 1]:
        end -= 1
    begin = end
    while begin > 0 and page.rows[begin - 1] and end - begin <= _MOST_ROWS:
        begin -= 1
    return " ".join(cell.text for cells in page.rows[begin:end] for cell in cells)


def is_for_calling(
    page: Page, phone: Proposal, kept: Sequence[Proposal], *, grievance: bool, first: bool
) -> bool:
    """A telephone is the appeal's where its label says so, or where it stands in one list with the appeal's fax or address."""
    at = _value_at(page, phone)
    said = _label(page, at)
    label = _last_topic(said, grievance)
    helps = phone.fact == "appeal_phone" and label == "own"
    asks = re.sub(r"\bhelp\b", "", said, flags=re.IGNORECASE) if helps else said
    if _NOT_TO_FILE.search(asks) or _is_of_another_step(page, phone, said, first=first):
        return False
    if _other_words(asks, own="own" in {one.name for one in topics(said, grievance=grievance)}):
        return False
    following = _one_line(page.plain[phone.end : phone.end + 90])
    if _FORM_COMES.match(following):
        return False
    then = _THEN.match(following[:60])
    if then and _last_topic(then["what"], grievance) != "own":
        return False
    if label:
        return label == "own"
    row = page.plain.count("\n", 0, at)
    top, bottom = _block(page, row)
    for other in kept:
        if other.fact not in WRITTEN or page.number != other.page:
            continue
        rows = {page.plain.count("\n", 0, place) for place in (other.start, other.end - 1)}
        if any(top <= one <= bottom and abs(one - row) <= _MOST_ROWS for one in rows):
            return True
    cell = next((one for one in reversed(page.rows[row]) if one.start <= at), None)
    bare = cell is not None and _WAY.fullmatch(page.plain[cell.start : at]) is not None
    names = {
        one.name
        for one in topics(
            _one_line(page.plain[page.line_starts[top] : page.rows[bottom][-1].end]), grievance=grievance
        )
    }
    return bare and _only_appeals(names) and "help" not in names


_FORM_COMES: Final = re.compile(
    r"(?: ?\([^()]*\))?,? (?:and|then) we (?:will|can|shall) (?:e?mail|send|fax|give|get) you\b",
    re.IGNORECASE,
)
"""A number that brings something to the caller: `Call ... and we will mail you the form`."""
_WAY: Final = re.compile(r"\W*(?:by )?(?:(?:tele)?phone|tel|call|voice)?\W*", re.IGNORECASE)
"""A row of a list of ways to reach one office: `Phone: `, `> Call `."""

_SMALL: Final = frozenset(
    ["of", "and", "the", "for", "at", "de", "la", "del", "los", "las", "y", "c", "o", "to", "attn", "on"]
)
_WORD: Final = re.compile(r"(?<![\w'-])[A-Za-z][\w'&]*")
_NO_PLACE: Final = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)(?:days?)?|call|fax|phone|telephone|questions?|refunds?|hours|tty|write|"
    r"attach|include|send|benefits office|human resources|legal aid)\b",
    re.IGNORECASE,
)


def is_whole(proposal: Proposal) -> bool:
    """Whether an address reads as one and nothing else: names, one street or box, one town; other facts always do."""
    if proposal.fact != "send_to_mail":
        return True
    value = _one_line(proposal.value)
    if _NO_PLACE.search(value) or any(
        word[0].islower() and word not in _SMALL for word in _WORD.findall(value)
    ):
        return False
    return len(re.findall(r"\b[A-Z]{2} \d{5}", value)) <= 1 and len(re.findall(r"\bBox\b", value)) <= 1
