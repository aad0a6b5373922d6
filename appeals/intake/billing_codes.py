"""Procedure and diagnosis codes, drug codes, adjustment and remark codes, and provider numbers.

Five digits alone are a ZIP code as often as a procedure: they count only after a label, or under a column head.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.known_codes import known_codes
from appeals.intake.layout import Cell, Page, Sentence
from appeals.intake.proposal import HIGH, MEDIUM, Proposal
from cases.codes import CPT, HCPCS, ICD_10_CM, all_codes, npi_is_valid

_CODE: Final = r"(?:\d{5}|[A-V]\d{4}|\d{4}[FTU])"
_AFTER_CODE: Final = r"(?:-(?:[A-Z]{2}|\d{2}|[A-Z]\d)\b)?(?!\w|\.\d|-\d|-[A-Z])"
_CHAIN_GAP: Final = (
    r"(?:\s*\([^()]{1,60}\))?(?:\s*[x\u00d7]\s?\d{1,4}(?:\s*(?:units?|each))?|\s+\d{1,4}\s*units?)?"
    r"\s*(?:[,;/&+]|\band\b|\bplus\b|\bwith\b|\||\s)\s*(?:and\s+)?(?:(?:CPT|HCPCS|code|codes)\b[:#\s]*)*"
)
_PROCEDURE_LABEL: Final = re.compile(
    r"\b(?:(?:CPT|HCPCS)(?:\s?[/&]\s?(?:CPT|HCPCS)|\sor\s(?:CPT|"
    r"HCPCS))?(?:\s(?:procedure\s)?codes?)?|(?:procedure|service|billing|treatment|drug|proc)\.?\s"
    r"codes?(?:\(s\))?(?:\s(?:requested|billed|denied|reviewed))?(?:\s?\((?:CPT|"
    r"HCPCS)(?:\s?/\s?HCPCS)?\))?|codes?(?:\(s\))?(?:\s(?:requested|billed|denied|reviewed|"
    r"submitted|under review))?|procedures?)"
    r"\s*(?:no\.?|number|numbers|#)?\s*(?:[:#=|-]|\bis\b|\bare\b)?\s*(?=[\dA-V])",
    re.IGNORECASE,
)
_OTHER_CODES: Final = re.compile(
    r"\b(?:diagnosis|dx|icd|zip|postal|area|reason|remark|denial|adjustment|group|status|plan|bin|"
    r"access|promo|form|revenue|"
    r"language|security|verification|pos|type|product|tax|bar|batch|edit|message|explanation)\W*$",
    re.IGNORECASE,
)
_FIRST_CODE: Final = re.compile(rf"(?P<code>{_CODE}){_AFTER_CODE}")
_NEXT_CODE: Final = re.compile(rf"{_CHAIN_GAP}(?P<code>{_CODE}){_AFTER_CODE}", re.IGNORECASE)
_LETTER_CODE: Final = re.compile(r"\((?:code\s)?(?P<code>[A-V]\d{4})\)")
_NOT_THIS: Final = re.compile(
    r"\b(?:instead|rather than|in place of|replaced|replaces|formerly|previously|for example|"
    r"such as|e\.g\.|alternative|"
    r"similar|unlike|other than|except|was(?:n't| not) (?:requested|billed|reviewed|part)|"
    r"not (?:requested|billed|reviewed|part|under review|"
    r"denied|refused|affected|included|subject)|did not (?:deny|review|refuse)|"
    r"do(?:es)? not (?:apply|need|require|cover this letter)|"
    r"(?:is|are|was|were|have|has been|had been) (?:already |also |still )?(?:approved|paid|"
    r"covered|authorized|allowed)|we (?:already |also |have |did )?(?:approved|approve|paid|cover|"
    r"will pay|"
    r"have approved)|approved only|covered only|covered for|approved for|only for|limited to|"
    r"must be billed|should be billed|"
    r"bill(?:ed)? (?:as|under)|to use|not a denial|do not (?:use|bill|submit|resend|send)|must not|cannot use|"
    r"old code|history of|rule[- ]?out|ruled out|requires? a diagnosis|eligible diagnos|"
    r"qualifying)\b",
    re.IGNORECASE,
)
_DIAGNOSIS: Final = r"[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?"
_DIAGNOSIS_LABEL: Final = re.compile(
    r"\b(?:(?:health problem|condition)(?=\s?:)|diagnos[ie]s(?:\s(?:codes?|reported|submitted|"
    r"given|billed|listed))*|dx(?:\scodes?)?|ICD-?\s?10(?:-CM)?(?:\s(?:diagnosis\s)?codes?)?)"
    r"\s*(?:\((?:ICD-?10(?:-CM)?|codes?)\))?\s*(?:[:#=|-]|\bis\b|"
    r"\bare\b)?\s*(?:ICD-?\s?10(?:-CM)?\s*(?:codes?)?\s*[:#]?\s*)?",
    re.IGNORECASE,
)
_FIRST_DIAGNOSIS: Final = re.compile(rf"(?P<code>{_DIAGNOSIS})(?![\w-]|\.\d)", re.IGNORECASE)
_NEXT_DIAGNOSIS: Final = re.compile(
    rf"(?:\s*\([^()]{{1,80}}\)|\s+[A-Za-z][a-z][A-Za-z ,-]{{2,90}}?)?\s*(?:[,;/&+|]|\band\b|"
    rf"\s)\s*(?:and\s+)?(?P<code>{_DIAGNOSIS})(?![\w-]|\.\d)"
)
_NAMED_DIAGNOSIS: Final = re.compile(rf"\(?(?P<code>{_DIAGNOSIS})(?![\w-]|\.\d)\)?")
_NOT_DIAGNOSIS: Final = re.compile(
    r"\b(?:section|policy|guideline|rule|part|form|page|version|article|chapter|item|table|room|"
    r"suite|unit)\s*$",
    re.IGNORECASE,
)
_NDC_LABEL: Final = re.compile(
    r"\bNDC(?:\s?(?:number|no\.?|code|#))?\s*[:#]?\s*(?P<ndc>\d{4,5}-\d{3,4}-\d{1,2}|"
    r"\d{11})(?![\w-])",
    re.IGNORECASE,
)
_CARC: Final = re.compile(
    r"(?<![\w-])(?:CO|PR|OA|PI|CR)[- ]?(?P<code>[1-9]\d{0,2}|[ABDPWY]\d{1,2})(?![\w-]|\.\d)"
)
_CARC_LABEL: Final = re.compile(
    r"\b(?:CARC|claim adjustment reason codes?|adjustment reason codes?|"
    r"adjustment codes?)\s*[:#]?\s*(?:CO|PR|OA|PI|CR)?-?(?P<code>[1-9]\d{0,2}|"
    r"[ABDPWY]\d{1,2})(?![\w-]|\.\d)",
    re.IGNORECASE,
)
_RARC: Final = re.compile(r"(?<![\w-])(?P<code>MA?\d{1,3}|N\d{1,3})(?![\w-]|\.\d)")
_RARC_LABEL: Final = re.compile(
    r"\b(?:RARC|remark codes?|remittance advice remark codes?)\s*[:#]?\s*(?P<code>MA?\d{1,3}|"
    r"N\d{1,3})(?![\w-]|\.\d)",
    re.IGNORECASE,
)
_COLUMN: Final = re.compile(
    r"(?:CPT|HCPCS|CPT/HCPCS|procedure|proc\.?|service|billing)?\s?(?:code|CPT|HCPCS)s?", re.IGNORECASE
)


def billing_codes(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Procedure, diagnosis and drug codes, and the adjustment and remark codes of a statement."""
    for page in pages:
        yield from _procedures(page)
        yield from _diagnoses(page)
        for text in _texts(page):
            for match in _NDC_LABEL.finditer(text.text):
                yield text.proposal("ndc", match["ndc"], match.span(), HIGH)
        yield from known_codes(page, [text for text in _texts(page) if not _NOT_THIS.search(text.text)])
        yield from _adjustments(page)


def _texts(page: Page) -> tuple[Sentence, ...]:
    """The page's sentences and, because a label and its value stand in two cells, its rows."""
    rows = (_row_sentence(page, row) for row in page.rows if len(row) > 1)
    return (*page.sentences, *rows)


def _row_sentence(page: Page, row: Sequence[Cell]) -> Sentence:
    text = ""
    places: list[int] = []
    for cell in row:
        if text:
            text += " | " if not text.endswith(":") else " "
            places.extend([places[-1] + 1] * (len(text) - len(places)))
        text += cell.text
        places.extend(range(cell.start, cell.end))
    return Sentence(page, text, tuple(places), "", "", row[0].row)


def _procedures(page: Page) -> Iterator[Proposal]:
    yield from _column_of_codes(page)
    for text in _texts(page):
        if _NOT_THIS.search(text.text) and not re.search(r"\bnot (?:been )?approved\b", text.text):
            continue
        done = 0
        for label in _PROCEDURE_LABEL.finditer(text.text):
            if label.start() < done:
                continue  # a label inside a list of codes that has been read
            if _OTHER_CODES.search(text.text[: label.start()]) or re.search(
                r"\bnot\s*$", text.text[: label.start()]
            ):
                continue
            for proposal in _chain(
                text, label.start(), label.end(), _FIRST_CODE, _NEXT_CODE, "procedure_code"
            ):
                yield proposal
                done = bisect_left(text.places, proposal.end)
        for match in _LETTER_CODE.finditer(text.text):
            if match["code"] in all_codes():
                yield text.proposal("procedure_code", match["code"], match.span("code"), HIGH)


def _chain(
    text: Sentence, start: int, end: int, first: re.Pattern[str], following: re.Pattern[str], fact: str
) -> Iterator[Proposal]:
    """The codes that follow a label one after the other, with units or descriptions in brackets between them."""
    match = first.match(text.text, end)
    begin = start
    while match:
        code = match["code"].upper()
        if fact == "procedure_code" and not _is_procedure(code):
            return
        if re.match(r"\s*(?:-|to|through|thru)\s*\d{5}\b", text.text[match.end() :]):
            return  # a range of codes does not say which of them was asked for
        if fact == "diagnosis_code":
            code = _dotted(code)
        yield text.proposal(fact, code, (begin, match.end("code")), HIGH, match.span("code"))
        match = following.match(text.text, match.end())
        begin = match.start("code") if match else 0


def _is_procedure(code: str) -> bool:
    known = all_codes().get(code)
    return known is None or known.system in (CPT, HCPCS)


def _dotted(code: str) -> str:
    if "." in code or len(code) == 3:
        return code
    return f"{code[:3]}.{code[3:]}"


def _column_of_codes(page: Page) -> Iterator[Proposal]:
    """Codes that stand under a column head such as `Code` in a table of services."""
    for number, row in enumerate(page.rows):
        heads = [cell for cell in row if _COLUMN.fullmatch(cell.text)]
        if not heads or len(row) < 2:
            plain = [
                match
                for cell in row
                for match in re.finditer(
                    r"\bCode\b(?= {1,8}(?:Units|Qty|Charged|Description|Amount))", cell.text
                )
            ]
            if not plain:
                continue
        gap = 0
        for below in page.rows[number + 1 :]:
            gap = 0 if below else gap + 1
            if gap > 1 or (
                len(below) == 1 and not re.match(rf"\d{{0,2}}\s*(?:\S+\s)?{_CODE}\b", below[0].text)
            ):
                break
            yield from _row_code(page, below)


def _row_code(page: Page, row: Sequence[Cell]) -> Iterator[Proposal]:
    """The one code of a table row: alone in its cell, or after a line number and a date."""
    found = [
        (cell.start + match.start("code"), match["code"])
        for cell in row
        if (
            match := re.match(
                rf"(?:(?:\d{{1,2}}\s+)?(?:[\d/-]{{8,10}}\s+)?)?(?P<code>{_CODE}){_AFTER_CODE}(?=$|\s)",
                cell.text,
            )
        )
        and not re.match(r"[\d,]*\.\d\d", cell.text)
    ]
    for start, code in found[:1]:
        if _is_procedure(code):
            yield page.proposal("procedure_code", code, start, start + len(code), HIGH)


def _diagnoses(page: Page) -> Iterator[Proposal]:
    for text in _texts(page):
        if _NOT_THIS.search(text.text) and not re.search(r"\bnot (?:been )?approved\b", text.text):
            continue
        if re.search(
            r"\b(?:does|do|did|is|are|was) not\b[^.;]{0,40}\bdiagnos|\bno diagnosis\b|"
            r"\bwithout a diagnosis",
            text.text,
            re.IGNORECASE,
        ):
            continue
        done = 0
        for label in _DIAGNOSIS_LABEL.finditer(text.text):
            if label.start() < done:
                continue
            rest = text.text[label.end() :]
            words = re.match(r"(?:[A-Za-z][a-z]+[ ,-]+){1,9}\(?(?=[A-TV-Z]\d)", rest)
            end = label.end() + (words.end() if words and not re.search(r"\bnot\b|\bor\b", words[0]) else 0)
            if _FIRST_DIAGNOSIS.match(text.text, end) and _credible(text.text, end):
                for proposal in _chain(
                    text, label.start(), end, _FIRST_DIAGNOSIS, _NEXT_DIAGNOSIS, "diagnosis_code"
                ):
                    yield proposal
                    done = bisect_left(text.places, proposal.end)
        for match in _NAMED_DIAGNOSIS.finditer(text.text):
            known = all_codes().get(match["code"])
            free = not re.search(r"[\w./-]$", text.text[: match.start()]) and not _NOT_DIAGNOSIS.search(
                text.text[: match.start()]
            )
            if (
                known
                and known.system == ICD_10_CM
                and "." in match["code"]
                and match[0].startswith("(")
                and free
            ):
                yield text.proposal("diagnosis_code", match["code"], match.span("code"), MEDIUM)


def _credible(text: str, at: int) -> bool:
    """A code with a dot, or one that is known without its dot; `A123` alone could be anything."""
    match = _FIRST_DIAGNOSIS.match(text, at)
    if match is None:
        return False
    code = match["code"].upper()
    return "." in code or _dotted(code) in all_codes() or code in all_codes()


def _adjustments(page: Page) -> Iterator[Proposal]:
    for row in page.rows:
        if not row:
            continue
        text = page.plain[row[0].start : row[-1].end]
        base = row[0].start
        reasons = [match for match in _CARC.finditer(text) if _is_line_of_statement(text, match)]
        for match in reasons or list(_CARC_LABEL.finditer(text)):
            yield page.proposal("carc", match["code"].upper(), base + match.start(), base + match.end(), HIGH)
        if reasons:
            remarks = [match for match in _RARC.finditer(text) if match.start() > reasons[0].end()]
        else:
            remarks = list(_RARC_LABEL.finditer(text))
        for match in remarks:
            yield page.proposal("rarc", match["code"].upper(), base + match.start(), base + match.end(), HIGH)


def _is_line_of_statement(text: str, match: re.Match[str]) -> bool:
    """Whether the row is a line of a statement: `CO 80202` is Colorado and `PR-197` beside amounts is a code."""
    return (
        re.search(r"\d\.\d\d\b", text) is not None
        or re.search(r"\b(?:adjust|carc|reason code|denial code)", text, re.IGNORECASE) is not None
    )


_NPI: Final = re.compile(
    r"\bNPI\b(?:\s?(?:number|no\.?|#))?\s*(?:[:#=(]|\bis\b)?\s*(?P<npi>\d{10})(?!\d|-)", re.IGNORECASE
)
_ASKED: Final = re.compile(
    r"\b(?:request(?:ing|ed by)|order(?:ing|ed by)|prescrib\w*|treating|referring|your (?:doctor|"
    r"provider|physician|prescriber)|received a request from)\b",
    re.IGNORECASE,
)
_BILLED: Final = re.compile(r"\b(?:billing|rendering|servicing|performing|provider)\b", re.IGNORECASE)
_PAYER_SIDE: Final = re.compile(
    r"\b(?:medical director|review(?:er|ed|ing)|our|facility|hospital|pharmacy|lab|plan|peer|"
    r"payer|decided|pay-to|group|organization)\b",
    re.IGNORECASE,
)


def provider_number(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The NPI of the provider who asked: by the words beside it, or because it is the only one in the letter."""
    ranked: list[tuple[int, Proposal]] = []
    for page in pages:
        for row in page.rows:
            if not row:
                continue
            base = row[0].start
            text = page.plain[base : row[-1].end]
            previous = 0
            for match in _NPI.finditer(text):
                if npi_is_valid(match["npi"]):
                    around = text[previous : match.start()]
                    if not re.search(r"[A-Za-z]{3}", around) and row[0].row:
                        around = " ".join(cell.text for cell in page.rows[row[0].row - 1]) + around
                    found = page.proposal(
                        "provider_npi", match["npi"], base + match.start(), base + match.end(), HIGH
                    )
                    ranked.append((_rank(around), found))
                previous = match.end()
        for sentence in page.sentences:
            for match in _NPI.finditer(sentence.text):
                found = sentence.proposal("provider_npi", match["npi"], match.span(), HIGH, match.span("npi"))
                if "\n" in found.words and npi_is_valid(
                    match["npi"]
                ):  # a row shows the others with their labels
                    ranked.append((_rank(sentence.text[: match.start()]), found))
    for rank in (0, 1, 2):
        values = [proposal for standing, proposal in ranked if standing == rank]
        if values:
            if len({proposal.value for proposal in values}) == 1:
                yield values[0]
            return


def _rank(around: str) -> int:
    """0 the provider who asked, 1 a provider who billed, 2 nobody named, 3 somebody on the payer's side or a building."""
    asked = list(_ASKED.finditer(around))
    against = list(_PAYER_SIDE.finditer(around))
    if against and (not asked or against[-1].start() > asked[-1].end()):
        return 3
    if asked:
        return 0
    return 1 if _BILLED.search(around) else 2
