"""Where the name of an organization begins and ends in a letter, and whether it has a word of its own.

A letterhead is stacked, set in columns and wrapped, so a piece of a name looks like a name: `HEALTH ASSURANCE CO.` under
`KEYSTONE HOLLOW`, `the Trust Fund`, `Benefit Partners` beside the `A` that begins the next line. A name stands whole where
punctuation, a word that no name holds or the edge of its block closes it on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from appeals.intake.layout import Cell, Page, Sentence

_KINDS: Final = frozenset(
    [
        "a", "an", "the", "our", "your", "this", "of", "and", "for", "&", "to", "by", "on", "at", "in", "y", "de", "del",
        "la", "administration", "administrations", "administrative", "administrator", "administrators", "admin", "agent",
        "alliance", "assurance", "association", "authority", "basic", "benefit", "benefits", "board", "bronze", "bureau",
        "business", "care", "carrier", "carriers", "casualty", "choice", "chip", "claim", "claims", "classic", "co",
        "commercial", "committee", "community", "company", "complete", "contract", "cooperative", "co-op", "corp",
        "corporation", "coverage", "dental", "department", "division", "drug", "dual", "d-snp", "employee", "employees",
        "employer", "employers", "enrollee", "epo", "essential", "essentials", "exchange", "family", "fund", "funds",
        "gold", "group", "health", "healthcare", "hmo", "hmo-pos", "hospital", "inc", "incorporated", "indemnity",
        "independent", "individual", "insurance", "insured", "insurer", "insurers", "international", "life", "limited",
        "llc", "llp", "ltd", "managed", "management", "marketplace", "medicaid", "medical", "medicare", "medi-cal",
        "member", "members", "mutual", "network", "office", "option", "options", "organization", "part", "participant",
        "participants", "party", "partner", "partners", "payer", "pbm", "pdp", "pharmacy", "plan", "plans", "platinum",
        "plus", "policy", "pos", "ppo", "preferred", "premier", "prescription", "program", "programs", "provider",
        "providers", "retiree", "review", "reviewer", "reviewers", "reviews", "rx", "saver", "script", "select", "senior",
        "service", "services", "silver", "snp", "solution", "solutions", "sponsor", "standard", "supervisor", "system",
        "systems", "third", "third-party", "tpa", "trust", "trustee", "trustees", "trusts", "utilization", "value",
        "vision", "welfare", "well", "wellness", "worker", "workers", "advantage", "agency", "delegated", "professional",
        "union", "local", "corporate", "customer", "appeal", "appeals", "grievance", "grievances", "decision", "letter",
        "notice", "unit", "team",
    ]
)  # fmt: skip
"""Words that say what somebody is and not who."""
_OFFICE_OF: Final = re.compile(
    r"(?:the )?(?:\w+ )?(?:office|department|bureau|division|centers?|committee|trustees|commissioner|secretary|director|"
    r"officer|president|manager|reviewer) (?:of|for)\b|(?:the )?(?:board|plans|members|participants|customers) of\b|"
    r".*\b(?:its|their|affiliat\w+|subsidiar\w+|companies|family of|and the)\b|"
    r".*\b(?:department|bureau|commission(?:er)?|ombudsman|security administration|hearings|authorities)\b",
    re.IGNORECASE,
)


def has_own_word(name: str) -> bool:
    """Whether a name has a word of its own: `Third Party Administrator` or `the Trust Fund` says what somebody is, not who."""
    return any(
        word not in _KINDS and (len(word) > 1 or word.isdigit())
        for word in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.sub(r"'s?\b", "", name.casefold()))
    )


def is_office(name: str) -> bool:
    """Whether a name is an office's, an agency's or several's: `Office of the Fund`, `and Its Plans`."""
    return _OFFICE_OF.match(name) is not None


_LOOSE_END: Final = re.compile(
    r"(?:\s(?:A|An|AN|The|THE|Of|OF|For|FOR|And|AND|By|BY|of|for|and|the|&|[B-Z]))+$"
)


def without_loose_end(name: str) -> str:
    """A name without the article, the preposition or the one letter that the next line or sentence begins with."""
    return _LOOSE_END.sub("", name)


@dataclass(frozen=True)
class Spot:
    """One place where a letter prints a name."""

    page: Page
    start: int
    end: int

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.plain[self.start : self.end])


def spots(pages: Sequence[Page], name: str) -> Iterator[Spot]:
    """Every place where the letter prints a name, on one line or over two."""
    words = r"(?: |[ ]*\n[ ]*)".join(re.escape(word) for word in name.split())
    if not words:
        return
    pattern = re.compile(rf"(?<![\w&]){words}(?!\w)", re.IGNORECASE)
    for page in pages:
        for match in pattern.finditer(page.plain):
            yield Spot(page, *match.span())


def ends_like_a_name(name: str) -> bool:
    """Whether a name ends with a word of its kind, with a place or with a bracket: `Health Plan`, `Mutual of Ohio`, `(HMO)`."""
    words = name.casefold().rstrip(".").split()
    return words[-1] in _KINDS or " of " in name.casefold() or name.endswith((")", "s'"))


def changes_case(name: str) -> bool:
    """Whether words in capitals and words in mixed letters meet in a name: two columns or lines that ran into one."""
    words = re.findall(r"[A-Za-z]{4,}", name)
    capital = [word for word in words if word.isupper()]
    return len(capital) > 1 and len(capital) < len(words)


def stands_whole(pages: Sequence[Page], name: str) -> bool:
    """Whether the letter prints a name at least once with nothing beside it that may belong to it."""
    return any(not _open_left(one) and not _open_right(one) for one in spots(pages, name)) or any(
        _is_whole_over_rows(sentence, name) for page in pages for sentence in page.sentences
    )


def _is_whole_over_rows(sentence: Sentence, name: str) -> bool:
    """Whether a sentence in a column of its own, `for Northgate / Health Plan`, closes a name that goes over two rows."""
    at = sentence.text.casefold().find(name.casefold())
    if (
        at < 0
        or len(
            frozenset(sentence.page.plain.count("\n", 0, sentence.places[at + k]) for k in (0, len(name) - 1))
        )
        == 1
    ):
        return False
    before, after = sentence.text[:at], sentence.text[at + len(name) :]
    return before.strip() != "" and not _begins(before) and not _goes_on(after)


def fullest(pages: Sequence[Page], name: str) -> Spot | None:
    """The one longer name that the letter prints whole in running text and of which this name is the beginning or the end."""
    found: dict[str, Spot] = {}
    for one in spots(pages, name):
        longer = _stretched(one)
        if (
            (longer.start, longer.end) != (one.start, one.end)
            and "  " not in longer.page.plain[longer.start : longer.end].replace("\n", " ").strip()
            and has_own_word(longer.text)
            and not is_office(longer.text)
            and len(longer.text.split()) <= _LONGEST
            and not _open_left(longer)
            and not _open_right(longer)
        ):
            key = longer.text.casefold().rstrip(".")
            if key not in found or found[key].text.isupper():
                found[key] = longer
    return next(iter(found.values())) if len(found) == 1 else None


_LONGEST: Final = 10
_BEFORE: Final = re.compile(r"(?:^|(?<=[\s(/\"]))(?P<word>[A-Za-z&][\w'&.-]*) $")
_AFTER: Final = re.compile(r" (?P<word>[A-Za-z&][\w'&-]*\.?)(?P<rest>[^\n]*)")
_OPENERS: Final = frozenset(
    [
        "dear", "hi", "hello", "contact", "call", "write", "ask", "tell", "mail", "fax", "email", "send", "visit", "to",
        "from", "for", "at", "by", "on", "under", "with", "the", "a", "an", "your", "our", "this", "that", "if", "when",
        "since", "because", "while", "as", "in", "is", "was", "are", "has", "have", "had", "of", "or", "and", "not", "no",
        "mr", "mrs", "ms", "dr", "re", "through", "via", "per", "about", "although", "after", "before", "during", "until",
        "unless", "however", "therefore", "we", "you", "he", "she", "they", "it", "its", "their", "his", "her", "both",
        "either", "any", "each", "please", "attn", "attention", "c/o", "care", "cc", "issued", "underwritten", "insured",
        "administered", "sponsored", "provided", "offered", "plan", "payer", "insurer", "carrier", "issuer",
        "administrator", "member", "subscriber", "patient", "enrollee", "name", "notify", "use", "which", "who", "where",
        "every", "monday", "tuesday", "wednesday", "thursday", "friday", "only", "here", "there", "these", "those",
        "and/or",
    ]
)  # fmt: skip
"""Words with a capital that stand before a name and are no part of it: they open a sentence, a line or a label."""
_OFFICES: Final = frozenset(
    [
        "a", "an", "the", "we", "you", "your", "our", "this", "these", "if", "when", "it", "january", "february", "march",
        "april", "may", "june", "july", "august", "september", "october", "november", "december", "mr", "mrs", "ms", "dr",
        "appeals", "appeal", "member", "members", "customer", "claims", "claim", "grievance", "grievances", "utilization",
        "department", "dept", "unit", "division", "office", "p.o.", "p.o", "po", "box", "attn", "attention", "id",
        "number", "no", "date", "notice", "explanation", "denial", "decision", "determination", "statement", "medical",
        "director", "subscriber", "participant", "patient", "enrollee", "provider", "providers", "reference", "case",
        "group", "phone", "fax", "tel", "telephone", "tty", "toll", "www", "page", "dated", "mailed", "re", "dear",
        "sincerely", "precertification", "prior", "authorization", "board", "trustees", "administrator", "clinical",
        "behavioral", "enrollment", "correspondence", "website", "medically", "please", "for", "is", "and", "or",
        "quality", "care", "managed", "individual", "precert", "special", "specialty", "drug", "coverage", "review",
        "reviews", "internal", "external",
    ]
)  # fmt: skip
"""Words with a capital that stand after a name and are no part of it: an office, a label, the next sentence."""
_CLOSED: Final = re.compile(
    r"(?:\b(?:inc|co|corp|ltd|llc|company|corporation|incorporated)\b\.?|\((?:HMO|PPO|PDP|HMO-POS|[A-Z]+ D-SNP|EPO|POS)\))$",
    re.IGNORECASE,
)
"""How a company's or a product's name ends for good."""
_OF_EMPLOYEES: Final = re.compile(r"\b(?:plan|fund|trust|program)\b\W*$", re.IGNORECASE)


def _open_left(spot: Spot) -> bool:
    """Whether what stands before a name may be its beginning."""
    line = spot.page.plain.rfind("\n", 0, spot.start) + 1
    lead = spot.page.plain[line : spot.start]
    inline = _BEFORE.search(lead)
    if lead.strip() and not inline:
        return False
    if inline:
        return _begins(lead)
    cell, above = _cell_at(spot), _beside(spot, -1)
    if above is None:
        return False
    if cell and _is_prose(above.text):
        return _begins(f"{above.text} ")
    return _is_stacked(above.text) and not _CLOSED.search(above.text)


def _begins(lead: str) -> bool:
    """Whether the last word before a name may belong to it."""
    found = _BEFORE.search(lead)
    if found is None:
        return False
    word = found["word"]
    if word == "&" or re.fullmatch(r"(?:St|Mt|Ft)\.", word):
        return True
    if word in ("and", "AND"):
        earlier = _BEFORE.search(lead[: found.start("word")])
        return earlier is not None and earlier["word"][0].isupper() and not earlier["word"].endswith(".")
    if word[0].islower() or word.endswith((".", ":")):
        return False
    return word.casefold().removesuffix("'s") not in _OPENERS


def _open_right(spot: Spot) -> bool:
    """Whether what stands after a name may be its end."""
    plain = spot.page.plain
    end = plain.find("\n", spot.end)
    rest = plain[spot.end : end if end >= 0 else None]
    if re.match(r"-\w", rest):
        return True
    if rest.strip() and (re.match(r"\s{2,}", rest) is None):
        return _goes_on(rest)
    below = _beside(spot, 1)
    if below is None or rest.strip(" ")[:1] in tuple(".,;:"):
        return False
    cell = _cell_at(spot)
    if cell and _is_prose(cell.text) and cell.end == spot.end:
        first = below.text.split()[0].casefold().rstrip(".,")
        return _goes_on(f" {below.text}") and (_is_prose(below.text) or first in _KINDS)
    if re.match(r"(?:&|and|of)\s", below.text):
        return True
    if not _is_stacked(below.text):
        return False
    return not _CLOSED.search(spot.text) or _OF_EMPLOYEES.search(below.text) is not None


def _goes_on(rest: str) -> bool:
    """Whether the words after a name may belong to it."""
    found = _AFTER.match(rest)
    if found is None:
        return False
    word, more = found["word"], found["rest"]
    if word == "&":
        return True
    if word in ("of", "OF", "and", "AND", "y", "del", "de"):
        following = re.match(r"\s(?:the\s)?(?P<word>[A-Z][\w'-]*)", more)
        if following is None:
            return False
        return word.lower() != "and" or following["word"].casefold() in _KINDS
    if word[0].islower():
        return False
    return word.casefold() not in _OFFICES and word.casefold().rstrip(".") not in _OFFICES


_PART: Final = re.compile(
    r"(?:&\s)?[A-Z][\w'&.-]*(?:,?\s(?:[A-Z][\w'&.-]*|of|the|and|for|&|(?<=Local )\d+|(?<=LOCAL )\d+|"
    r"(?<=No\. )\d+|(?<=NO\. )\d+))*(?:\s\([A-Z][A-Z /-]+\))?[.,]?"
)
_NO_PART: Final = re.compile(
    r"\b(?:notice|denial|determinations?|explanation|statement|important|page|form|dear|department|dept|coverage|"
    r"decisions?|utilization|your|you|we|our|bill|confidential|customer|account|letter|request|provider|"
    r"(?:member|consumer|clinical|pharmacy|enrollee|participant) services?|"
    r"review(?!\s(?:group|organization|services|associates|partners))|"
    r"clinic|unit|division|office|desk|team|committee|panel|section|correspondence|operations|"
    r"enrollment|integrity|precertification|authorizations?|appeals?|grievances?|copy|fax|street|avenue|road|drive|suite|"
    r"floor|box|blvd|way|lane|plaza|parkway|highway|mail|subscriber|patient|enrollee|claimant|reviews|date|"
    r"cover sheet|remittance|advice|adverse|reconsideration|redetermination|managed|director)\b|"
    r",\s(?!inc|llc|ltd|corp|co\b)[A-Za-z]+$|\d{5}|^(?:A|An|The|Serving|Individual|Medicare|Medicaid|"
    r"From|To|By|On|For|In|Re|Mr|Mrs|Ms|Dr|FEHB|Federal Employees|acting|administered|underwritten|agent|your|our|"
    r"(?:(?:claims?|third[- ]party|plan|contract) )*administrator)\b",
    re.IGNORECASE,
)


def _is_stacked(text: str) -> bool:
    """Whether a line of a letterhead is only words of a name, so that it may be the other half of one."""
    first = re.split(r"\s{2,}", text)[0]
    return _PART.fullmatch(first) is not None and _NO_PART.search(first) is None


def _is_prose(text: str) -> bool:
    return len([word for word in re.findall(r"\b[a-z]{2,}\b", text) if word not in _KINDS]) > 1


def _cell_at(spot: Spot) -> Cell | None:
    row = spot.page.plain.count("\n", 0, spot.start)
    return next((cell for cell in spot.page.rows[row] if cell.start <= spot.start < cell.end), None)


def _beside(spot: Spot, step: int) -> Cell | None:
    """The cell of the row right above (-1) or below (1) a name that stands in its column or, alone in its row, in its middle."""
    place = spot.start if step < 0 else spot.end - 1
    row = spot.page.plain.count("\n", 0, place)
    other = row + step
    if not 0 <= other < len(spot.page.rows):
        return None
    mine = next((cell for cell in spot.page.rows[row] if cell.start <= place < cell.end), None)
    if step > 0 and mine and _is_labelled(spot.page, mine, other):
        return None
    column = max(spot.start - spot.page.line_starts[row], mine.column if mine else 0)
    for cell in spot.page.rows[other]:
        near = min(abs(cell.column - column), abs(cell.column - mine.column) if mine else 99)
        middle = abs(2 * cell.column + len(cell.text) - 2 * column - (spot.end - spot.start))
        if near <= _NEAR or middle <= 2 * _NEAR:
            return cell
    return None


_NEAR: Final = 3
_LABELS: Final = re.compile(
    r"\b(?:plan|payer|insurer|carrier|issuer|administrator|administered by|company|fund|coverage|network|sponsor)\b\W*$",
    re.IGNORECASE,
)


def _is_labelled(page: Page, cell: Cell, other: int) -> bool:
    """Whether a cell is the value of a label to its left and the other row has a label of its own there."""
    row, next_row = page.rows[cell.row], page.rows[other]
    return (
        len(row) > 1 < len(next_row)
        and cell is row[1]
        and _LABELS.search(row[0].text) is not None
        and abs(row[0].column - next_row[0].column) <= _NEAR
        and next_row[0].column + _NEAR < cell.column
    )


def _stretched(spot: Spot) -> Spot:
    """A name with the words of the same run before and after it on its line or, in running text, on the next."""
    start, end = spot.start, spot.end
    flat = _flat(spot.page)
    for _ in range(_LONGEST):
        found = _BEFORE.search(flat[max(0, start - 60) : start])
        if found is None or not (
            _begins(flat[max(0, start - 60) : start]) or (start < spot.start and _links(flat, start))
        ):
            break
        start -= len(flat[max(0, start - 60) : start]) - found.start("word")
    for _ in range(_LONGEST):
        rest = flat[end : end + 60]
        if not _goes_on(rest):
            break
        link = re.match(r" (?:of|and|OF|AND|&|y|del|de)(?: (?:the|THE))?(?= )", rest)
        after = _AFTER.match(flat[end + (link.end() if link else 0) : end + 90])
        if after is None:
            break
        end += (link.end() if link else 0) + after.end("word")
    return Spot(spot.page, start, end)


def _links(flat: str, start: int) -> bool:
    """Whether `of` or `and` before a run joins it to another capital word."""
    return re.search(r"[A-Z][\w'-]*\s(?:of|and|&)\s$", flat[max(0, start - 60) : start]) is not None


@lru_cache(maxsize=8)
def _flat(page: Page) -> str:
    """The page's text with the single line ends of running text as spaces; letterheads keep theirs."""
    letters = list(page.plain)
    for number, start in enumerate(page.line_starts[1:], start=1):
        above, row = page.rows[number - 1], page.rows[number]
        if len(above) == 1 == len(row) and _is_prose(above[0].text) and row[0].column == above[0].column == 0:
            letters[start - 1] = " "
    return "".join(letters)
