"""Procedure codes: every code-shaped word of the letter, what speaks for it, and what the letter says of it.

Five digits alone are a ZIP code as often as a procedure. A word is a candidate only with evidence of its own: a label
before it, a column head over it, a service counted beside it, or a code the product knows in a sentence about services.
A code that the letter calls approved, paid, or an alternative is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appeals.intake.layout import Cell, Page, Sentence
from appeals.intake.numerals import SPELLED
from appeals.intake.proposal import HIGH, MEDIUM, Proposal
from appeals.intake.service_lines import asked_for, refused_lines
from appeals.intake.service_polarity import AGAINST, ELSE, FOR_US, OPEN, Mark, marks, verdict_at
from appeals.intake.tables import Table, tables
from cases.codes import CPT, HCPCS, all_codes

_CODE: Final = r"(?:\d{5}|[A-V]\d{4}|\d{4}[FTU])"
_SHAPE: Final = re.compile(
    rf"(?<![\w./#$*-])(?P<code>{_CODE})(?:-(?:[A-Z]{{2}}|\d{{2}}|[A-Z]\d)\b){{0,3}}(?!\w|\.\d|-\d|-[A-Z]|/\d|,\d{{3}}\b)"
)
_LABEL: Final = re.compile(
    r"\b(?:(?:CPT|HCPCS)(?:\s?[/&]\s?(?:CPT|HCPCS)|\sor\s(?:CPT|HCPCS))?(?:\s(?:procedure\s)?codes?)?|"
    r"(?:procedure|service|billing|treatment|drug|proc)\.?\scodes?(?:\(s\))?|codes?(?:\(s\))?|procedures?|services?|"
    r"c[o\u00f3]digos?(?:\sde\s(?:procedimiento|servicio))?|servicios?)"
    r"(?:\s(?:requested|billed|denied|reviewed|submitted|under review|asked for|at issue|"
    r"involved))?(?:\s?\((?:CPT|HCPCS)(?:\s?/\s?HCPCS)?\))?"
    r"\s*(?:no\.?|number|numbers|#)?\s*(?:[:#=|-]|\bis\b|\bare\b|\bwere\b)?\s*\(?(?:(?:CPT|HCPCS)\s(?:codes?\s)?)?(?=[\dA-V]\d{3})",
    re.IGNORECASE,
)
_OTHER_LABEL: Final = re.compile(
    r"\b(?:diagnosis|dx|icd|zip|postal|area|reason|remark|denial|adjustment|group|status|plan|bin|customer|member|"
    r"access|promo|form|revenue|language|security|verification|pos|type|product|tax|bar|batch|edit|message|explanation|not)\W*$",
    re.IGNORECASE,
)
_NO_CODE_BEFORE: Final = re.compile(
    r"(?:\b(?:box|drawer|zip|suite|ste|room|form|check|account|acct|union|local|unit|page|policy|section|guideline|rule|"
    r"part|version|article|chapter|item|table|invoice|serial|pin|bin|pcn|reg|permit|id|ext|extension|dept|department|number|"
    r"no|floor|bldg|building|badge|employee|reviewer|ref|reference|case|claim|group|zone)\b[\s.:#-]*|#\s?|\$\s?)$",
    re.IGNORECASE,
)
_STATE: Final = re.compile(r"\b[A-Z]{2}\s{1,3}$")
_LIST_GAP: Final = re.compile(
    r"(?:\s*\([^()]{1,60}\))?(?:\s*[x\u00d7]\s?\d{1,4}(?:\s*(?:units?|each))?|,?\s+\d{1,4}\s*(?:units?|visits?|sessions?)\b)?"
    r"\s*(?:[,;/&+]|\band\b|\bplus\b|\bwith\b|\by\b|\||\s)\s*(?:and\s+|y\s+)?(?:(?:CPT|HCPCS|code|codes)\b[:#\s]*)*"
)
_COUNTED_BEFORE: Final = re.compile(
    r"\b(?:denial|denied|coverage|authorization|approval|refusal) (?:of|for)\s$|"
    r"\b(?:therapy|infusion|injection|visits?|surgery|evaluation|sessions?|stimulation|imaging|MRI|study|test|procedure|treatment)\s$|"
    r"\b(?:sessions?|units?|visits?|hours?|infusions?|courses?|doses?|days?|injections?|treatments?|services?)\s(?:of|for|under|with)\s(?:code\s)?$|"
    rf"\b(?:{SPELLED}|\d{{1,3}})\s(?:of|x)\s$|"
    r"\b(?:billed|coded|submitted|reported|requested|asked for|claimed)\s(?:under|as|with|for|using)\s(?:codes?\s)?$",
    re.IGNORECASE,
)
_ASKED_BEFORE: Final = re.compile(
    r"\b(?:for|of|cover|covering|approve|authorize|den(?:y|ied)|requested|with|is|ordered|prescribed)\s(?:HCPCS\s|CPT\s)?$",
    re.IGNORECASE,
)
_COUNTED_AFTER: Final = re.compile(
    r"\s*(?:[x\u00d7]\s?\d{1,4}\b|[,(]?\s?\d{1,4}\s?(?:units?|hours?|visits?|sessions?|days?|times|doses|mg|mcg)\b)",
    re.IGNORECASE,
)
_NAMED_BEFORE: Final = re.compile(r"[A-Za-z]{3,}\S*\s\((?:code\s|HCPCS\s|CPT\s)?$", re.IGNORECASE)
_SERVICES: Final = re.compile(
    r"\b(?:infus\w+|inject\w+|therap\w+|treat\w+|visit\w*|session\w*|observation|drug|medicine|medication|service\w*|request\w*|"
    r"procedure\w*|program|care|outpatient|inpatient|bill\w*|authoriz\w*|cover\w*|den(?:y|ied)|charge\w*|units?|code\w*|provider|claim\w*|administ\w+|dx|diagnosis)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Candidate:
    code: str
    proposal: Proposal | None
    standing: str


def procedures(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Codes of the services the letter is about and does not grant, in the order of the letter's evidence."""
    found: list[_Candidate] = []
    for page in pages:
        in_tables = list(tables(page))
        for table in in_tables:
            found.extend(_of_table(page, table))
        taken = {row for table in in_tables for row in table.rows}
        for text in _texts(page, taken):
            found.extend(_of_text(text))
        found.extend(_opening_lines(page, taken))
        for code, place in refused_lines(page, taken):
            if is_procedure(code):
                words = page.proposal("procedure_code", code, place, place + len(code), MEDIUM)
                found.append(_Candidate(code, words, AGAINST))
    granted = {one.code for one in found if one.standing == FOR_US}
    refused = {one.code for one in found if one.standing == AGAINST}
    for one in found:
        if (
            one.proposal
            and one.standing not in (FOR_US, ELSE)
            and (one.code not in granted or one.code in refused)
        ):
            yield one.proposal


def _texts(page: Page, taken: set[int]) -> Iterator[Sentence]:
    """The page's sentences and, because a label and its value stand in two cells, its rows; no rows of tables."""
    for sentence in page.sentences:
        if not (sentence.rows and sentence.rows <= taken):
            yield sentence
    for row in page.rows:
        if len(row) > 1 and row[0].row not in taken:
            yield row_sentence(page, row)


def row_sentence(page: Page, row: Sequence[Cell]) -> Sentence:
    """A row's cells as one text, parted by bars, or by a space after a label."""
    text = ""
    places: list[int] = []
    for cell in row:
        if text:
            text += " | " if not text.endswith(":") else " "
            places.extend([places[-1] + 1] * (len(text) - len(places)))
        text += cell.text
        places.extend(range(cell.start, cell.end))
    return Sentence(page, text, tuple(places), "", "", row[0].row)


def is_procedure(code: str) -> bool:
    """Whether a code-shaped word may be a procedure: it is not known as anything else."""
    known = all_codes().get(code)
    return known is None or known.system in (CPT, HCPCS)


def is_known(code: str) -> bool:
    """Whether a word is a code of the reference data for a procedure, a drug or a supply."""
    known = all_codes().get(code)
    return known is not None and known.system in (CPT, HCPCS)


def _of_text(text: Sentence) -> Iterator[_Candidate]:
    shapes = [match for match in _SHAPE.finditer(text.text) if is_procedure(match["code"])]
    if not shapes:
        return
    labels = {
        match.end(): match.start()
        for match in _LABEL.finditer(text.text)
        if not _OTHER_LABEL.search(text.text[: match.start()])
    }
    told = marks(text.text, text.heading)
    previous: re.Match[str] | None = None
    credible_before = any_credible = False
    barred_end = -1
    known = {match["code"] for match in shapes if is_known(match["code"])}
    asked = {begin for begin, _ in asked_for(text.text)}
    for match in shapes:
        before = text.text[: match.start()]
        listed = (
            previous is not None and _LIST_GAP.fullmatch(text.text, previous.end(), match.start()) is not None
        )
        begin = labels.get(match.start())
        follows_barred = barred_end >= 0 and not re.search(r"[A-Za-z]", text.text[barred_end : match.start()])
        if begin is None and (_is_barred(text, match, before) or follows_barred):
            barred_end = match.end()
            previous, credible_before = None, False
            continue
        if re.match(r"\s*(?:-|to|through|thru)\s*[A-V]?\d{4,5}\b", text.text[match.end() :]):
            previous, credible_before = None, False
            continue  # a range of codes does not say which of them was asked for
        joined = any_credible and re.search(r"\b(?:with|and|plus)\s$", before) is not None
        named = begin is not None or (listed and credible_before) or joined or match.start() in asked
        strength = _strength(text, match, before, named, known, told)
        standing = verdict_at(_of_clause(text.text, told, match.start()), match.start(), match.end())
        if strength:
            span = (begin if begin is not None else match.start(), match.end("code"))
            found = text.proposal("procedure_code", match["code"], span, strength, match.span("code"))
            yield _Candidate(match["code"], found, standing)
        elif standing == FOR_US or (standing == AGAINST and match["code"].isdigit()):
            yield _Candidate(
                match["code"], None, standing
            )  # only tells of a code that has its evidence elsewhere
        previous, credible_before = match, bool(strength)
        any_credible = any_credible or credible_before


_CLAUSE_END: Final = re.compile(r";\s|,?\s(?:but|while|whereas|however)\s|,\sand\s(?=\d{5}|[A-V]\d{4})")


def _of_clause(text: str, told: Sequence[Mark], at: int) -> Sequence[Mark]:
    """The marks of the clause around a place; those of the whole sentence where the clause has none that decides."""
    ends = [mark.end() for mark in _CLAUSE_END.finditer(text)]
    begin = max((end for end in ends if end <= at), default=0)
    finish = min((end for end in ends if end > at), default=len(text))
    own = [mark for mark in told if mark.start < 0 or begin <= mark.start < finish]
    return own if any(mark.kind in (FOR_US, AGAINST) for mark in own) else told


def _is_barred(text: Sentence, match: re.Match[str], before: str) -> bool:
    if _NO_CODE_BEFORE.search(before[-24:]):
        return True
    if not match["code"].isdigit():
        return False
    return (
        bool(_STATE.search(before)) or re.search(r",\s(?:[A-Z][a-z]+\s)?[A-Z][a-z]+\s$", before) is not None
    )


def _strength(
    text: Sentence, match: re.Match[str], before: str, labelled: bool, known: set[str], told: Sequence[Mark]
) -> str:
    """How sure it is that a code-shaped word is a procedure; empty when nothing speaks for it."""
    if labelled:
        return HIGH
    code = match["code"]
    lettered = not code[0].isdigit()
    if _COUNTED_BEFORE.search(before) or (
        _COUNTED_AFTER.match(text.text, match.end()) and (lettered or not before.strip(" |*-"))
    ):
        return HIGH
    serves = _SERVICES.search(text.text) is not None
    if serves and re.match(r"\s?[x\u00d7]\s?\d{1,4}\b", text.text[match.end() :]):
        return HIGH
    if serves and lettered and _ASKED_BEFORE.search(before):
        return MEDIUM
    if (
        lettered
        and _NAMED_BEFORE.search(before)
        and text.text[match.end() : match.end() + 1] in (")", ",", ";")
    ):
        return HIGH if is_known(code) or serves else ""
    if not is_known(code) or not re.search(r"[A-Za-z]{3}", _SHAPE.sub("", text.text)):
        return ""
    if lettered or len(known) > 1:
        return MEDIUM
    return MEDIUM if told and serves else ""


def _of_table(page: Page, table: Table) -> Iterator[_Candidate]:
    for line in table.lines:
        column = table.code_column
        start = line.cell.start
        found = _SHAPE.search(line.cell.text)
        while found is not None and not is_procedure(found["code"]):
            found = _SHAPE.search(line.cell.text, found.end())
        if found is None or re.match(r"[\d,]*\.\d\d", line.cell.text) or column < 0:
            continue
        place = start + found.start("code")
        proposal = page.proposal("procedure_code", found["code"], place, place + len(found["code"]), HIGH)
        yield _Candidate(found["code"], proposal, line.standing)


_MONEY: Final = re.compile(r"(?<![\d.])\$?\d{1,3}(?:,\d{3})*\.\d\d(?!\d)")
_OPENING: Final = re.compile(
    r"(?:(?:line|ln|item|service)\s?)?(?:\d{1,2}[.):]?\s+)?(?:[\d/-]{8,10}\s+)?(?P<code>\d{5}|[A-V]\d{4})"
    r"(?:-(?:[A-Z]{2}|\d{2})\b)?(?!\w|\.\d|,\d|/)",
    re.IGNORECASE,
)


_PAID_AMOUNT: Final = re.compile(
    r"\b(?:(?:we|plan|amount) )?(?:paid|pays)[ :|.]{1,6}\$?(?P<amount>\d[\d,]*\.\d\d)", re.IGNORECASE
)
_NOT_PAID: Final = re.compile(
    r"\b(?:denied|(?:not|non-?) ?(?:covered|paid|allowed)[ :|.]{1,6}\$?(?!0+\.00)\d|(?:CO|PR|OA|PI)-?\d)",
    re.IGNORECASE,
)


def _opening_lines(page: Page, taken: set[int]) -> Iterator[_Candidate]:
    """`2  96365  650.00  0.00` without a column head: the code that opens a line with amounts."""
    for row in page.rows:
        if not row or row[0].row in taken:
            continue
        line = page.plain[row[0].start : row[-1].end]
        match = _OPENING.match(line)
        amounts = len(_MONEY.findall(line))
        if match is None or not is_procedure(match["code"].upper()) or not amounts:
            continue
        if amounts == 1 and not re.search(r"\b(?:denied|CO|PR|OA|PI)\b", line):
            continue
        if not is_known(match["code"].upper()) and amounts < 2:
            continue
        paid = _PAID_AMOUNT.search(line)
        standing = (
            FOR_US if paid and re.search(r"[1-9]", paid["amount"]) and not _NOT_PAID.search(line) else OPEN
        )
        start = row[0].start + match.start("code")
        code = match["code"].upper()
        found = page.proposal("procedure_code", code, start, start + len(code), MEDIUM)
        yield _Candidate(code, found, standing)
