"""Who refused: the payer and its administrator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.labels import Value, best, every_value, label
from appeals.intake.layout import Cell, Page, Sentence
from appeals.intake.named_plans import named_plans
from appeals.intake.proposal import HIGH, MEDIUM, Proposal

_WORD: Final = r"(?:[A-Z][\w'&.-]*|of|the|and|for|&)"
_ORGANIZATION: Final = (
    rf"[A-Z][\w'&.-]*(?:\s{_WORD}){{0,8}}(?:,\s(?:Inc|INC|LLC|Ltd|LTD|Corp|CORP|Co|CO)\b\.?)?"
    r"(?:\s\([A-Z][A-Z/ -]{1,14}\))?"
)
_PAYS: Final = re.compile(
    r"\b(?:health ?plans?|health ?care plan|(?:health|benefits?|welfare|medical|employee) plan|"
    r"insurance|assurance|mutual|advantage|medicaid|medicare|community (?:care|health|plan)|"
    r"hmo|ppo|pdp|hmo-pos|blue cross|blue shield|health (?:insurance|partners|alliance|choice|"
    r"options|net|trust|fund|system)|insurers?|casualty|rx|prescription|preferred|"
    r"family plan|managed care|indemnity|benefit fund|welfare fund|trust fund|health|care|healthcare|cooperative|"
    r"association|salud|trust)\b",
    re.IGNORECASE,
)
_ADMINISTERS: Final = re.compile(
    r"\b(?:administrators?|administrative services|third[- ]party administrator|TPA services|TPA|"
    r"benefit services|claims services|TPA services|benefits(?=$| (?:inc|llc))|"
    r"(?:rx|pharmacy|benefits?|utilization|care|health|medical|claims?|plan) (?:management|services?|solutions?|supervisors?)|"
    r"review (?:group|organization|services?|partners)|utilization review|reviewers?)\b",
    re.IGNORECASE,
)
_NOT_A_NAME: Final = re.compile(
    r"\b(?:notice|denial|determination|explanation|statement|appeal rights|this is not|important|"
    r"page|form|dear|department of|"
    r"coverage (?:determinations?|decision)|utilization|individual|your|we|our|you|bill|"
    r"confidential|customer|case|claim|review|services?(?! benefit)|program|account|letter|member|request|re|"
    r"provider|clinic|hospital|department|dept|unit|division|office|desk|team|committee|panel|section|center|coordination|correspondence|"
    r"operations|enrollment|integrity|precertification|authorizations?|appeals?|grievances?|decision|copy|fax|"
    r"pharmacy services)\b",
    re.IGNORECASE,
)
_PAYER_LABEL: Final = (
    label(
        r"(?:payer|insurer|carrier|insurance\scompany|health\splan|health\sinsurer|plan\sname|"
        r"name\sof\s(?:plan|insurer)|(?:beneficiary|member|enrollee|patient)'?s?\s(?:health\s)?plan|issuer|underwritten\sby|insured\sby|issued\sby)",
        0,
        opens=True,
    ),
)
_PLAN_LABEL: Final = (label(r"your\s(?:health\s)?plan", 0, opens=True), label(r"from|plan", 1, opens=True))
_ADMINISTRATOR_LABEL: Final = (
    label(
        r"(?:claims?\sadmin(?:istrator)?|plan\sadministrator|third[- ]party\sadministrator|administrator|"
        r"administered\sby|TPA)",
        0,
        opens=True,
    ),
)
_FOR_PLAN: Final = re.compile(
    rf"\b(?:(?i:claims? administrator|third[- ]party administrator|administrator|administered|"
    rf"on behalf|acting|agent)\s(?i:for|of|on behalf of)|(?i:administering|"
    rf"administers))\s(?:the\s)?(?P<plan>{_ORGANIZATION}?\s(?:"
    rf"(?:Employee|Employees'|Group|Welfare|Medical|Benefit|Benefits|Health)\s){{0,4}}(?:Plan|Trust|Fund))\b"
)
_BEHALF: Final = re.compile(
    rf"\b(?i:on behalf of|as agent for|for your health plan,)\s(?:the\s)?(?P<plan>{_ORGANIZATION})(?=$|[.,;)]|"
    rf"\s(?:to|for|under|with|has|we)\b)"
)
_REVIEWS_FOR: Final = re.compile(
    rf"\b(?:reviews?|review services|reviewing|(?:utilization|care|benefits?|pharmacy) management|(?:medical|claims?|"
    rf"utilization) review|services|managed|[Aa]gent|claims|(?i:benefits? managers?|managing (?:\w+ )?(?:benefits|care|claims)|"
    rf"delegate|contractor))\s(?i:for|of|on behalf of)\s(?:the\s)?(?P<plan>{_ORGANIZATION}?"
    rf"(?:,\s(?:Inc|LLC)\.?)?)(?=$|[.;)(]|,\s(?!Inc|LLC))"
)
_INSURES: Final = re.compile(
    rf"(?:^|(?<=[.;] ))(?P<plan>{_ORGANIZATION})\sis the (?:insurer|issuer|payer|plan sponsor's insurer)\b"
)
_ACCOUNT: Final = re.compile(
    rf"\b(?:your|You are (?:a member of|enrolled in|covered by)|"
    rf"member of)\s(?P<name>{_ORGANIZATION}?)\s(?:account|coverage|membership|member)\b"
)
_BY: Final = re.compile(
    rf"\b(?:is\s)?(?:[Aa]dministered|ADMINISTERED) by\s(?P<name>{_ORGANIZATION})(?=$|[.,;)]|\s(?:for|on behalf|under|"
    rf"and)\b)"
)
_ADMINISTERING: Final = re.compile(
    rf"(?:^|(?<=[.;] ))(?P<name>{_ORGANIZATION})\s(?:administers|is the (?:claims |third[- ]party |plan )?administrator|"
    rf"acts as (?:the )?(?:claims |third[- ]party |plan )?administrator)\b"
)
_AS_ADMINISTRATOR: Final = re.compile(
    rf"(?:^|(?<=[.;:] )|(?<=c/o )|(?<=by ))(?P<name>{_ORGANIZATION}?(?:\s(?:LLC|Inc\.?))?),?\s(?:(?:the|your|"
    rf"this|our)\s(?:[Pp]lan's\s)?|as\s(?:the\s)?|an?\s)?"
    rf"(?:[Cc]laims?\s|[Tt]hird[- ][Pp]arty\s|[Pp]lan\s|[Cc]ontract\s|[Bb]enefits?\s)*[Aa]dministrator\b"
)
_ISSUED_BY: Final = re.compile(
    rf"\b(?:(?:letter|notice|statement|decision) (?:is |was )?(?:issued|sent|written|prepared|made)(?: to you)?|"
    rf"(?:plan|policy|coverage|benefits) (?:is |are )?(?:provided|underwritten|insured|issued|offered)) by\s(?:the\s)?"
    rf"(?P<name>{_ORGANIZATION})(?=$|[.,;)]|\s(?:on|to|at|under|and|in|for)\b)"
)
_PROGRAM_ALONE: Final = re.compile(
    r"(?:state )?(?:medi-?cal|medicaid|medicare|chip|tricare|federal employees health benefits)"
    r"(?: (?:managed care|advantage|program|health|plans?|part [abcd]|benefits?))*(?: \([A-Z]+\))?",
    re.IGNORECASE,
)
"""A program under which many payers pay: the name of none of them."""
_TITLE: Final = re.compile(r"(?<=(?i:administrators))\s(?:Claims?|Plan|Contract|Benefits?|Third[- ]Party)$")
_COPY: Final = re.compile(r"\b(?:file|member|provider|patient) copy\b", re.IGNORECASE)
_HEAD: Final = 8


def payer_facts(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Payer and administrator; a plan that only a word such as `acting for` names, where nothing else names the payer."""
    if not pages:
        return
    found = list(_payer_facts(pages))
    yield from found
    if not any(one.fact == "payer" for one in found):
        yield from named_plans(pages)


def _payer_facts(pages: Sequence[Page]) -> Iterator[Proposal]:
    whole = "\n".join(page.plain for page in pages)
    administrators = list(
        best("administrator", every_value(pages, _ADMINISTRATOR_LABEL, _administrator_name))
    )
    plans = [found for page in pages for sentence in page.sentences for found in _plan_of(sentence)]
    plans = plans or [found for sentence in _head_lines(pages[0]) for found in _plan_of(sentence)]
    head = next(_head_name(pages[0], whole), None)
    labelled = list(
        best("payer", every_value(pages, _PAYER_LABEL, _name) or every_value(pages, _PLAN_LABEL, _payer_name))
    )
    told = _single(plans)
    if labelled:
        yield labelled[0]
    elif told:
        yield told
    elif issued := _single(
        [found for page in pages for sentence in page.sentences for found in _issued_by(sentence)]
    ):
        yield issued
    elif (
        head
        and not _ADMINISTERS.search(head.value)
        and not plans
        and not _administers_here(whole, head.value)
    ):
        yield head
    elif not head and not plans and (named_in := _single(list(_members_of(pages)))):
        yield named_in
    elif not head and not plans and (signed := _single(list(_signatures(pages[-1], whole)))):
        yield signed
    if administrators:
        yield administrators[0]
    else:
        named = [found for page in pages for sentence in page.sentences for found in _administered(sentence)]
        if _single(named):
            yield named[0]
        elif head and (
            not head.value.lower().startswith(told.value.lower())
            if told
            else _ADMINISTERS.search(head.value) and not _INSURER.search(head.value)
        ):
            yield Proposal("administrator", head.value, head.words, head.page, head.start, head.end, MEDIUM)


_INSURER: Final = re.compile(r"\b(?:service plan|health plan|insurance|assurance)\b", re.IGNORECASE)


def _head_lines(page: Page) -> Iterator[Sentence]:
    """The lines of the letterhead, each by itself."""
    for row in [row for row in page.rows if row][:_HEAD]:
        for cell in row:
            yield Sentence(page, cell.text, tuple(range(cell.start, cell.end)), "", "", cell.row)


def _single(proposals: Sequence[Proposal]) -> Proposal | None:
    return proposals[0] if len({one.value.lower() for one in proposals}) == 1 else None


def _administers_here(whole: str, name: str) -> bool:
    """Whether the letterhead says of itself that it only administers somebody else's plan."""
    return (
        re.search(
            rf"{re.escape(name)}[^.\n]{{0,60}}\b(?:administers|on behalf of|does not insure|"
            rf"claims administrator)",
            whole,
            re.IGNORECASE,
        )
        is not None
    )


_PLAN_ENDS: Final = re.compile(r"\b(?:Plan|Trust|Fund)$")


def _plan_of(sentence: Sentence) -> Iterator[Proposal]:
    for match in _FOR_PLAN.finditer(sentence.text):
        if not re.search(r"\bnot\b[^.]{0,30}$", sentence.text[: match.start()]):
            yield sentence.proposal(
                "payer", cased(match["plan"], sentence.page.plain), match.span(), HIGH, match.span("plan")
            )
    for pattern in (_BEHALF, _REVIEWS_FOR, _INSURES):
        for match in pattern.finditer(sentence.text):
            name = match["plan"]
            if (
                _PAYS.search(name)
                and len(name.split()) > 1
                and not (pattern is _BEHALF and _PLAN_ENDS.search(name))
                and not _NOT_A_NAME.search(name)
            ):
                yield sentence.proposal(
                    "payer", cased(name, sentence.page.plain), match.span(), MEDIUM, match.span("plan")
                )


def _administered(sentence: Sentence) -> Iterator[Proposal]:
    for match in (
        *_BY.finditer(sentence.text),
        *_ADMINISTERING.finditer(sentence.text),
        *(one for one in _AS_ADMINISTRATOR.finditer(sentence.text) if len(one["name"].split()) > 1),
    ):
        if not re.search(
            r"\b(?:not|formerly|previously|no longer)\b[^.]{0,30}$", sentence.text[: match.start()]
        ):
            yield sentence.proposal(
                "administrator",
                cased(_TITLE.sub("", match["name"]), sentence.page.plain),
                match.span(),
                HIGH,
                match.span("name"),
            )


def _issued_by(sentence: Sentence) -> Iterator[Proposal]:
    for match in _ISSUED_BY.finditer(sentence.text):
        if _PAYS.search(match["name"]) and not re.search(r"\b(?:not|formerly|previously)\b", sentence.text):
            name = cased(match["name"], sentence.page.plain)
            yield sentence.proposal("payer", name, match.span(), HIGH, match.span("name"))


def _members_of(pages: Sequence[Page]) -> Iterator[Proposal]:
    """`in your Verdant Path Health account`: the organization of which the reader is a member."""
    for page in pages:
        for sentence in page.sentences:
            for match in _ACCOUNT.finditer(sentence.text):
                if (
                    _PAYS.search(match["name"])
                    and len(match["name"].split()) > 1
                    and not _NOT_A_NAME.search(match["name"])
                ):
                    yield sentence.proposal(
                        "payer", cased(match["name"], page.plain), match.span("name"), MEDIUM
                    )


def _signatures(page: Page, whole: str) -> Iterator[Proposal]:
    """A payer's name among the lines under `Sincerely`."""
    closed = 0
    for row in page.rows:
        if row and re.match(
            r"(?:sincerely|respectfully|regards|kind regards|best regards|thank you),?$", row[0].text, re.I
        ):
            closed = 5
        elif row and closed:
            closed -= 1
            cell = row[0]
            if _reads_as_name(cell) and _PAYS.search(cell.text) and not _ADMINISTERS.search(cell.text):
                yield page.proposal("payer", cased(cell.text, whole), cell.start, cell.end, MEDIUM)


def _administrator_name(text: str) -> Value | None:
    """An administrator's name, which may hold words such as `Benefit Services`."""
    return _name(text, kept=_ADMINISTERS)


def _name(text: str, kept: re.Pattern[str] | None = None) -> Value | None:
    """An organization's name that fills its cell up to a bracket or a comma."""
    match = re.match(rf"(?:the\s)?(?P<name>{_ORGANIZATION})\s*(?=$|[,;(|.])", text)
    if (
        match is None
        or len(match["name"].split()) < 2
        or _NOT_A_NAME.search(kept.sub("", match["name"]) if kept else match["name"])
        or re.search(r"\d{3}", match["name"])
    ):
        return None
    return match.start("name"), match.end("name"), cased(match["name"], text)


def _payer_name(text: str) -> Value | None:
    """An organization's name that only a payer has; `Gold Choice PPO` names a product."""
    value = _name(text)
    company = (
        r"\b(?:health (?:care )?plan|insurance|assurance|mutual|community care|employee [\w ]*plan|company)\b"
    )
    return value if value and re.search(company, value[2], re.IGNORECASE) else None


def _head_name(page: Page, whole: str) -> Iterator[Proposal]:
    """The name at the head of the letter, when it reads as a payer's or comes back in the address for appeals."""
    seen = 0
    for row in page.rows:
        if not row:
            continue
        seen += 1
        if seen > _HEAD or re.match(r"dear\b", row[0].text, re.IGNORECASE):
            return
        cell = row[0]
        if (
            len(row) == 2
            and _NOT_A_NAME.search(cell.text)
            and _reads_as_name(row[1])
            and _PAYS.search(row[1].text)
        ):
            cell = row[1]  # the title of the letter stands first, the letterhead beside it
        twice = re.search(r"\s/\s", cell.text)
        if (
            twice and _PAYS.search(cell.text[: twice.start()]) and not _COPY.search(cell.text)
        ):  # the same name in two languages
            cell = Cell(
                cell.text[: twice.start()], cell.start, cell.start + twice.start(), cell.row, cell.column
            )
        program = re.search(r"\s\((?:Medicaid|Medicare|Marketplace|Commercial)\)$", cell.text)
        if program:
            cell = Cell(
                cell.text[: program.start()], cell.start, cell.start + program.start(), cell.row, cell.column
            )
        title = re.match(rf"{_ORGANIZATION}(?=,?\s\(?an?\s)", cell.text)
        if title and not _reads_as_name(cell):
            cell = Cell(title[0], cell.start, cell.start + title.end(), cell.row, cell.column)
        if _reads_as_name(cell):
            pays = _PAYS.search(cell.text) or _ADMINISTERS.search(cell.text)
            first_words = " ".join(cell.text.split()[:2])
            again = len(re.findall(re.escape(first_words), whole, re.IGNORECASE)) > 1
            if pays:
                confidence = HIGH if again or seen == 1 else MEDIUM
                yield page.proposal("payer", cased(cell.text, whole), cell.start, cell.end, confidence)
                return
            if not _is_a_person(cell.text, whole):
                return
        if seen == 1 and not _NOT_A_NAME.search(cell.text):
            continue


_RELATED: Final = re.compile(rf"\b(?:through|of|by|from|with|for)\s(?:the\s)?(?P<name>{_ORGANIZATION})$")


def organizations_in_head(page: Page, most: int) -> Iterator[str]:
    """Names in the first `most` rows, up to the greeting, that could be a payer's: alone or after `through`."""
    for row in [row for row in page.rows if row][:most]:
        if re.match(r"(?:dear|hello|hi|to whom)\b", row[0].text, re.IGNORECASE):
            return
        for cell in row:
            related = _RELATED.search(cell.text) if cell is row[0] else None
            name = related["name"] if related else cell.text
            told = _reads_as_name(cell) or (related is not None and not _NOT_A_NAME.search(name))
            if told and len(name.split()) > 1 and _PAYS.search(name) and not _PROGRAM_OF.fullmatch(name):
                yield name


_PROGRAM_OF: Final = re.compile(
    r"(?:[A-Z][\w.]+ ){0,3}(?:Medicaid|Medicare|CHIP|Marketplace)(?: Program)?", re.IGNORECASE
)


def _is_a_person(name: str, whole: str) -> bool:
    """Whether the letter greets this name, puts a person's label before it, or a street right under it."""
    return (
        re.search(
            rf"\b(?:dear|mr|mrs|ms|mx|patient|member|subscriber|enrollee|insured|name|to)\b(?:\sname)?[.:]?\s+{re.escape(name)}\b|"
            rf"^\s*{re.escape(name)}[^\n]*\n\s*(?:\d+\s[A-Z]|P\.?\s?O\.?\sBox)",
            whole,
            re.IGNORECASE | re.MULTILINE,
        )
        is not None
    )


_SUFFIX: Final = re.compile(r"\b(?:inc|llc|ltd|corp|co|company|the|and|of)\b", re.IGNORECASE)


def _is_two_names(text: str) -> bool:
    """Whether capital and mixed words follow each other: two lines of a letterhead that ran into one."""
    words = re.findall(r"[A-Za-z]{4,}", text)
    capital = [word for word in words if word.isupper()]
    return len(capital) > 1 and len(words) - len(capital) > 1


def _reads_as_name(cell: Cell) -> bool:
    return (
        re.fullmatch(rf"{_ORGANIZATION}", cell.text) is not None
        and 2 <= len(cell.text.split()) <= 9
        and not re.match(
            r"(?:claims? |plan |third[- ]party )?(?:administ|acting|agent|on behalf)",
            cell.text,
            re.IGNORECASE,
        )
        and not _NOT_A_NAME.search(_ADMINISTERS.sub("", cell.text))
        and not re.search(r"\d", cell.text)
        and not _PROGRAM_ALONE.fullmatch(cell.text)
        and not _is_two_names(cell.text)
        and re.search(r"[A-Za-z]{3}", _SUFFIX.sub("", _ADMINISTERS.sub("", cell.text))) is not None
    )


_KEPT_IN_CAPITALS: Final = frozenset(
    {"HMO", "PPO", "PDP", "EPO", "POS", "USA", "US", "TPA", "LLC", "LLP", "LP", "PBM", "IPA"}
)


def cased(name: str, whole: str) -> str:
    """A name in capitals as the letter writes it elsewhere in mixed case, or else with capital first letters."""
    name = re.sub(r"\s+", " ", name).strip(" ,")
    if not re.search(r"\b(?:inc|corp|co|ltd)\.$", name, re.IGNORECASE):
        name = name.rstrip(" ,.")
    if re.search(r", (?:Inc|Corp|Co|Ltd)$", name, re.IGNORECASE) and f"{name}." in whole:
        name += "."
    letters = re.sub(r"\([^)]*\)|[^A-Za-z]", "", name)
    if not letters.isupper():
        return name
    for match in re.finditer(re.escape(name), whole, re.IGNORECASE):
        if not re.sub(r"\([^)]*\)", "", match[0]).isupper():
            return match[0]
    words = []
    bracketed = 0
    for place, word in enumerate(name.split(" ")):
        bracketed += word.count("(")
        keep = bracketed > 0 or word.strip(".,") in _KEPT_IN_CAPITALS
        small = place > 0 and word in {"OF", "AND", "FOR", "THE", "DEL", "DE", "LAS", "LOS", "Y"}
        words.append(
            word
            if keep
            else word.lower()
            if small
            else re.sub(r"[A-Z]+", lambda part: part[0].capitalize(), word)
        )
        bracketed -= word.count(")")
    return " ".join(words).replace("'S", "'s")
