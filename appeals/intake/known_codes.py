"""Codes that stand without a label: only those the product knows, and only where nothing else could be meant.

A code of a letter and four digits, or a diagnosis with its dot, says by itself what it is. Five digits say so only
beside another known code, or at the head of a statement's line of amounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from appeals.intake.layout import Page, Sentence
from appeals.intake.proposal import MEDIUM, Proposal
from cases.codes import CPT, HCPCS, ICD_10_CM, all_codes

_FREE: Final = re.compile(
    r"(?<![\w./#$*-])(?P<code>\d{5}|[A-V]\d{4}|[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4})(?:-(?:[A-Z]{2}|\d{2})\b)?"
    r"(?![\w-]|[.,/]\d)"
)
_ELSE: Final = re.compile(
    r"(?:\b(?:box|drawer|zip|suite|ste|room|form|check|account|acct|union|local|unit|page|policy|section|guideline|rule|"
    r"part|version|article|chapter|item|table|invoice|serial|pin|bin|pcn|reg|permit|id|ext|extension|dept|department|number|"
    r"no)\b\W*)$",
    re.IGNORECASE,
)
_STATE: Final = re.compile(r"\b[A-Z]{2}\s{1,3}$")
_ANOTHER: Final = re.compile(
    r"\b(?:if|could|would|might|unless|example|instead|rather|alternative|covers|only|criteria|such as|like|"
    r"(?:members?|patients?|people|adults) with|indicated|history|previous(?:ly)?|earlier|last year|another|other than|"
    r"different|is on our|payable|available|may be|can be|not (?:requested|billed|part|affected|reviewed))\b|"
    r"\b(?:approved|paid|allowed|covered|certified)\s*:",
    re.IGNORECASE,
)
_ELSEWHERE: Final = re.compile(
    r"\b(?:how to|glossary|words|terms|definitions?|example|about|rights?|appeals?|history|help|what codes|other)\b",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(r"(?<![\d.])\$?\d{1,3}(?:,\d{3})*\.\d\d(?!\d)")
_LINE_OPENING: Final = re.compile(
    r"(?:(?:line|ln|item|service)\s?)?(?:\d{1,2}[.):]?\s+)?(?:[\d/-]{8,10}\s+)?(?P<code>\d{5}|[A-V]\d{4})(?![\w.,/])",
    re.IGNORECASE,
)


def known_codes(page: Page, texts: Sequence[Sentence]) -> Iterator[Proposal]:
    """Procedure and diagnosis codes of one page that need no label; `texts` are its sentences and rows."""
    yield from _statement_lines(page)
    for text in texts:
        if _ANOTHER.search(text.text) or _ELSEWHERE.search(text.heading):
            continue
        found = [match for match in _FREE.finditer(text.text) if _known(match["code"])]
        codes = {match["code"] for match in found}
        if not re.search(r"[A-Za-z]{3}", _FREE.sub("", text.text)):
            continue  # a code alone, without a word that tells what it is about
        refused = -1
        for match in found:
            before = text.text[: match.start()]
            follows_refused = refused >= 0 and not re.search(r"[A-Za-z]", text.text[refused : match.start()])
            barred = _ELSE.search(before[-24:]) or (_STATE.search(before) and match["code"].isdigit())
            if barred or follows_refused:
                refused = match.end()
                continue
            if re.match(r"\s*(?:to|through|thru|-)\s*[A-V]?\d{4,5}\b", text.text[match.end() :]):
                continue  # a range of codes does not say which of them was asked for
            if match["code"].isdigit() and len(codes) < 2:
                continue
            fact = _known(match["code"])
            if not re.search(r"\b(?:not|paid|approved|allowed|covered)\s*$", before):
                yield text.proposal(fact, match["code"], match.span("code"), MEDIUM)


@cache
def _known(code: str) -> str:
    """The fact a known code gives; empty for any other word."""
    known = all_codes().get(code)
    if known is None:
        return ""
    return {CPT: "procedure_code", HCPCS: "procedure_code", ICD_10_CM: "diagnosis_code"}.get(known.system, "")


def _statement_lines(page: Page) -> Iterator[Proposal]:
    """`2  96365  650.00  0.00`: the code that opens a line with two amounts or more."""
    for row in page.rows:
        if not row:
            continue
        line = page.plain[row[0].start : row[-1].end]
        match = _LINE_OPENING.match(line)
        if match and _known(match["code"].upper()) and len(_MONEY.findall(line)) >= 1:
            if len(_MONEY.findall(line)) == 1 and not re.search(r"\b(?:denied|CO|PR|OA|PI)\b", line):
                continue
            start = row[0].start + match.start("code")
            code = match["code"].upper()
            yield page.proposal("procedure_code", code, start, start + len(code), MEDIUM)
