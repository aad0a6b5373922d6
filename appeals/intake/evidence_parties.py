"""What is enough evidence that a name is the payer's, the administrator's or the patient's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from appeals.intake.names import (
    changes_case,
    ends_like_a_name,
    has_own_word,
    is_office,
    stands_whole,
)
from appeals.intake.own_names import begins_with_label, heads_another_plan
from appeals.intake.proposal import Proposal
from appeals.intake.said import Said

_OFFICE: Final = re.compile(
    r"\b(?:departments?|dept|teams?|desk|unit|division|decisions?|notices?|third|party|dental|vision|"
    r"pharmacy benefits?|managed care program|operations|correspondence|review(?:s|ers?)?|"
    r"management|behavioral network|clinical|prescription drug plans)\b|^(?:\w ){3}",
    re.IGNORECASE,
)
"""Words of an office, a title or another line of business, which no payer's name that was proposed truly held."""
_PROGRAM: Final = re.compile(
    r"(?:[A-Z][\w.-]+ )?(?:medi-?cal|medicaid|medicare|chip)(?: (?:managed care|program|advantage|plan))*",
    re.IGNORECASE,
)
_COMPANY: Final = re.compile(
    r"\b(?:plans?|insurance|assurance|mutual|fund|trust|health(?:care)?|hmo|ppo|pdp|company|corp\w*|inc|care|medicare|"
    r"advantage|rx|indemnity|casualty|cooperative|association|blue|salud|medicaid|network)\b",
    re.IGNORECASE,
)
_HOLDS: Final = re.compile(
    r"\b(?:plan|payer|insurer|carrier|issuer|company|underwritten by|insured by|issued by|administrator (?:for|of)|"
    r"on behalf of|for|administers|administering|insures|offered by|provided by|coverage|member of)\b",
    re.IGNORECASE,
)
_FEW: Final = 6


def _times(said: Said, name: str) -> int:
    """How often a letter prints the first two words of a name."""
    first = " ".join(name.lower().split()[:2])
    return sum(" ".join(page.plain.lower().split()).count(first) for page in said.pages)


_TITLE: Final = re.compile(
    r"\b(?:notice|explanation|statement|page|important|denial|decision|determination|copy|fax|bill|confidential)\b|^\W*$",
    re.IGNORECASE,
)


def _rows_above(said: Said) -> int:
    return sum(1 for cells in said.page.rows[: said.row] if cells and not _TITLE.search(cells[0].text))


_BORNE_BY: Final = re.compile(
    r"\b(?:underwritten|insured|issued|offered|provided) by\s+(?:the\s+)?(?P<name>[A-Z][\w'&.-]*(?:\s[A-Z&][\w'&.-]*)+)"
)


_YOUR_PLAN: Final = re.compile(
    r"(?m)^\W*(?:your|the|patient's|member's) plan:\s+(?P<name>[A-Z][\w'&.-]*(?:\s[A-Z&][\w'&.-]*)+)"
)


def _another_bears(said: Said, name: str) -> bool:
    """Whether the letter says that a company of another name underwrites, insures or is the plan: which of the two pays?"""
    own = re.findall(r"\w+", name.lower())
    found = [
        re.findall(r"\w+", one["name"].lower())
        for page in said.pages
        for pattern in (_BORNE_BY, _YOUR_PLAN)
        for one in pattern.finditer(page.plain)
    ]
    return any(one[:2] != own[:2] and _COMPANY.search(" ".join(one)) for one in found)


_SERVES: Final = re.compile(
    r"\b(?:(?:for|to) (?:the )?(?:members|enrollees|participants) of|on behalf of|acts? for|acting for|delegated (?:to us )?by|"
    r"contract(?:s|ed|or)? (?:with|for|of)|manag(?:es|ing) [\w ]{1,60}? for)\s+(?:the\s+)?"
    r"(?P<name>[A-Z][\w'&.-]*(?:\s[A-Z&][\w'&.-]*)+)"
    r"|\b[Yy]our (?:own )?(?:(?:health|benefit|medical|drug|insurance) )?(?:plan|insurer|carrier|company)(?: is|,)\s+(?:the\s+)?"
    r"(?P<plan>[A-Z][\w'&.-]*(?:\s[A-Z&][\w'&.-]*)+)"
    r"|(?P<asks>[A-Z][\w'&.-]*(?:\s[A-Z&][\w'&.-]*)+) (?:asks|hires|pays|uses|engages|retains|"
    r"contracts with|delegates to|"
    r"(?:has |have )?(?:asked|hired|engaged|used|retained|contracted with|delegated [\w ]{0,30}to)) us\b"
)


_FOR_A_PLAN: Final = re.compile(
    r"\W*(?:\w+ ){0,4}?for:?\s+(?:the\s+)?(?:members of\s+)?(?P<name>[A-Z][\w'&.-]*(?:\s[A-Z&][\w'&.-]*)+)"
)
"""The head of a vendor's letter: `OSIERBROOK RX | for Quillfeather Health`."""
_HEAD_ROWS: Final = 8


def _serves_another(said: Said, name: str) -> bool:
    """Whether the letter says that whoever writes it works for the members or the plan of a company of another name."""
    own = re.findall(r"\w+", name.lower().removeprefix("the "))[:2]
    found = [
        one["name"] or one["plan"] or one["asks"]
        for page in said.pages
        for one in _SERVES.finditer(page.plain)
    ]
    head = [cells for cells in said.pages[0].rows if cells][:_HEAD_ROWS]
    found += [one["name"] for cells in head for cell in cells if (one := _FOR_A_PLAN.match(cell.text))]
    return any(
        re.findall(r"\w+", one.lower().removeprefix("the "))[:2] != own and _COMPANY.search(one)
        for one in found
    )


_ANOTHER_PAYER: Final = re.compile(
    r"(?<![\w-])(?P<name>(?:[A-Z][\w'-]*,? |& |of ){1,7}?(?:Health Plans?|HEALTH PLANS?|Insurance Co(?:mpany|rporation|rp\.|\.)|"
    r"INSURANCE CO(?:MPANY|RPORATION|RP\.|\.)|Assurance Company|(?:Benefit|Medical|Welfare|Care|Employees'?) Plan|"
    r"(?:BENEFIT|MEDICAL|WELFARE|CARE|EMPLOYEES'?) PLAN|(?:Health|Benefits?|Welfare|Medical) (?:Trust|Fund)|"
    r"(?:HEALTH|BENEFITS?|WELFARE|MEDICAL) (?:TRUST|FUND)|"
    r"Mutual|MUTUAL|\((?:HMO|PPO|PDP|HMO-POS|[A-Z]+ D-SNP)\)))(?![\w-])"
)
_RUNS_PLANS: Final = re.compile(
    r"\bself[- ](?:funded|insured)\b|\badministrative services only\b|\bis not an insur(?:er|ance company)\b|"
    r"\bon behalf of (?:your|an?) (?:own )?(?:(?:health|benefit|medical|group|employer's|employer) )*plan\b|"
    r"\b(?:your|the) employer (?:funds|pays|bears)\b",
    re.IGNORECASE,
)
_ADDRESSED: Final = re.compile(r"\b(?:you|your|our)\b", re.IGNORECASE)
_BEARS_ITSELF: Final = re.compile(r"\b(?:plan|trust|fund|association)\b", re.IGNORECASE)


def _another_may_pay(said: Said, name: str) -> bool:
    """Whether the letter prints another payer's name too, or says that whoever writes only runs somebody's plan."""
    own = frozenset(re.findall(r"\w+", name.casefold()))
    letter = "\n".join(re.sub(r"(?<=\w)\n(?=\w)", " ", page.plain) for page in said.pages)
    if _RUNS_PLANS.search(letter) and not _BEARS_ITSELF.search(name):
        return True
    return any(
        has_own_word(one["name"])
        and _ADDRESSED.search(one["name"]) is None
        and not any(has_own_word(word) and word in own for word in re.findall(r"\w+", one["name"].casefold()))
        for one in _ANOTHER_PAYER.finditer(letter)
    )


def _is_cut(said: Said) -> bool:
    """Whether a letterhead in capitals goes on from the row above: `CANNERY WORKERS LOCAL 1812 / HEALTH BENEFIT TRUST`."""
    above = said.page.rows[said.row - 1] if said.row else ()
    if len(above) != 1 or len(said.page.rows[said.row]) != 1 or not said.line.isupper():
        return False
    return above[0].text.isupper() and not _TITLE.search(above[0].text) and not _COMPANY.search(above[0].text)


def _printed_otherwise(said: Said, name: str) -> bool:
    """Whether a letterhead in capitals was put in letters that the letter itself does not print so: `PrairieGold`."""
    printed: dict[str, set[str]] = {}
    for page in said.pages:
        for word in _WORD.findall(page.plain):
            printed.setdefault(word.lower(), set()).add(word)
    return any(
        bool(
            mixed := {one for one in printed.get(word.lower(), ()) if not one.isupper() and not one.islower()}
        )
        and word not in mixed
        for word in _WORD.findall(re.sub(r"\([^()]*\)", "", name))
        if not word.islower() and not word.isupper()
    )


_WORD: Final = re.compile(r"[\w'-]+")


def _is_a_name(said: Said) -> bool:
    """Whether a name has a word of its own, is no office's nor two names, and stands whole in the letter at least once."""
    name = said.proposal.value
    return (
        has_own_word(name)
        and not is_office(name)
        and not changes_case(name)
        and stands_whole(said.pages, name)
    )


_PROGRAM_BEHIND: Final = re.compile(r" (?:Medicaid Managed Care|Managed Care|Medicaid)$", re.IGNORECASE)
"""The kind of coverage from the next column behind a name that stands elsewhere without it."""


def names_payer(said: Said, every: Sequence[Proposal]) -> bool:
    """A company's name that a label or `on behalf of` makes the plan's, or a letterhead that comes back in the letter."""
    name = said.proposal.value
    if not _is_a_name(said) or _OFFICE.search(name) or _PROGRAM.fullmatch(name) or not _COMPANY.search(name):
        return False
    if not ends_like_a_name(name) and _times(said, name) == 1:
        return False
    short = _PROGRAM_BEHIND.sub("", name)
    if short != name:
        letter = " ".join(" ".join(page.plain.split()) for page in said.pages).casefold()
        if letter.count(short.casefold()) > letter.count(name.casefold()):
            return False
    if _another_bears(said, name) or _printed_otherwise(said, name):
        return False
    lead = said.page.plain[max(0, said.proposal.start - 40) : said.proposal.start].split("\n")[-1]
    if (
        _HOLDS.search(f"{lead} {said.proposal.words.removesuffix(name)}")
        and len(said.proposal.words) > len(name) + 3
    ):
        return not heads_another_plan(said)
    if _serves_another(said, name) or _is_cut(said) or _another_may_pay(said, name):
        return False
    return _times(said, name) > 1 or (said.proposal.page == 1 and _rows_above(said) == 0)


_ADMINISTERS: Final = re.compile(
    r"\b(?:administer(?:ed|s|ing)?|administrat(?:ors?|ion|ive)|TPA|on behalf of|claims? (?:services|payor)|c/o)\b",
    re.IGNORECASE,
)


def names_administrator(said: Said, every: Sequence[Proposal]) -> bool:
    """A company that the letter says administers the plan: in its own words, its row or the one under it."""
    name = said.proposal.value
    payer = next((one.value for one in every if one.fact == "payer"), "")
    if len(name.split()) < 2 or re.search(
        r"^third[- ]party$|\bdental\b|\bvision\b|third-party$", name, re.IGNORECASE
    ):
        return False
    if not _is_a_name(said) or not payer or name.lower().split()[:2] == payer.lower().split()[:2]:
        return False
    rows = [cells for cells in said.page.rows[said.row : said.row + 3] if cells]
    around = " ".join(cell.text for cells in rows[:2] for cell in cells)
    return _ADMINISTERS.search(around.replace(name, " ") if name in around else around) is not None


_NO_PERSON: Final = re.compile(
    r"\b(?:determinations?|appeals?|decisions?|coverage|services?|department|claims?|plan|health|notice|see|below|above|file|"
    r"same|foods?|company|inc|llc|corp|group|policy|self|gold|silver|bronze|ppo|hmo|"
    r"beneficiary|subscriber|policy\s?holder|member|patient|enrollee|participant|insured|recipient|claimant|dependent|guardian)\b",
    re.IGNORECASE,
)
_LABEL_BEHIND: Final = re.compile(r"[a-z] (?!(?:I{1,3}|IV|MD|DO|JR|SR|RN)$)[A-Z]{2,5}$")
"""The label of the next column behind a name: `Isadora Wetherby RIN`."""
_ANOTHER: Final = re.compile(
    r"\b(?:subscriber|policy\s?holder|employee|insured|guardian|parent|representative|attention|attn|provider|prescriber)\b",
    re.IGNORECASE,
)
_PATIENT: Final = re.compile(
    r"\b(?:patient|child|dependent|claimant|member|enrollee|beneficiary|participant)\b", re.IGNORECASE
)


_PARENT_OF: Final = re.compile(
    r"\b(?:parents?|guardian)(?:\(s\))?(?: or (?:legal )?(?:guardian|parent))? of:?\s*$", re.IGNORECASE
)


_INDENT: Final = 5
_REST: Final = re.compile(r"[A-Z][a-z'-]+(?: [A-Z][a-z'-]+){0,2}")


def _goes_on_below(said: Said, name: str) -> bool:
    """Whether one more piece of a name stands alone right under the value of a label: `Maria Elena / Ortiz Vega`."""
    below = said.page.rows[said.row + 1] if said.row + 1 < len(said.page.rows) else ()
    row = said.page.rows[said.row]
    return (
        len(below) == 1
        and len(row) > 0
        and below[0].column > row[0].column + _INDENT
        and _REST.fullmatch(below[0].text) is not None
        and _NO_PERSON.search(below[0].text) is None
        and row[-1].end == said.proposal.end
    )


_CALLED: Final = re.compile(
    r"\b(?i:(?:our|your|the) (?:member|patient|enrollee)|re: employee|patient),?:?\s+"
    r"(?P<name>[A-Z][a-z'-]+(?: [A-Z]\.?)?(?: [A-Z][a-z'-]+)+)"
)
_GREETS_TWO: Final = re.compile(r"(?m)^\s*(?:Dear|Hello)\b(?P<who>[^\n:,]* (?:and|&) [A-Z][a-z][^\n:,]*)")


def _somebody_else(said: Said, name: str) -> bool:
    """Whether the letter calls somebody else its patient, or greets two, where only the address gives this name."""
    own = frozenset(re.findall(r"\w+", name.casefold()))
    letter = "\n".join(page.plain for page in said.pages)
    greeted = _GREETS_TWO.search(letter)
    if greeted and name.split()[0].casefold() in greeted["who"].casefold().split():
        return True
    return any(
        not own & frozenset(re.findall(r"\w+", one["name"].casefold()))
        and _NO_PERSON.search(one["name"]) is None
        for one in _CALLED.finditer(letter)
    )


_SUBSCRIBES: Final = re.compile(
    r"\b(?:subscriber|policy\s?holder|employee|insured|enrollee|contract holder|participant)\b", re.IGNORECASE
)
_PATIENT_ONLY: Final = re.compile(r"\b(?:patient|child|dependent|claimant)\b", re.IGNORECASE)
_GREETED: Final = re.compile(
    r"(?m)^\s*(?:Dear|Hello|Hi)\s+(?!Dr\b|Doctor|Provider|Parent|Guardian|Member|Sir|Madam|Participant|Prescriber|Colleague|"
    r"Enrollee|Patient|Subscriber|the\b|Family)(?P<who>[^\n:,]{2,60})"
)
_OF_FAMILY: Final = re.compile(
    r"(?m)^\W*(?:family member|dependent|patient|child|spouse|covered person|person treated)\b|\bfamily member\b|"
    r"\bis for (?:her|him|them)\b|\byour (?:wife|husband|spouse|son|daughter|child|ward)\b|\bself plus one\b|"
    r"\bself and family\b",
    re.IGNORECASE,
)
_SAME: Final = re.compile(r"\b(?:patient|relationship)\W+(?:self|same|subscriber)\b", re.IGNORECASE)
_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx"})


def _same_name(letter: str, name: str) -> bool:
    """Whether the letter says that whoever is enrolled is the patient: `Patient: self`, or the same name beside it."""
    return (
        _SAME.search(letter) is not None
        or re.search(
            rf"(?i)\b(?:patient|person treated|covered person)(?: name)?\W{{1,12}}{re.escape(name)}", letter
        )
        is not None
    )


def _under_other_head(said: Said) -> bool:
    """Whether the head over a name's cell is of whoever is enrolled, in a row of heads that has one of the patient too."""
    row, above = said.page.rows[said.row], said.page.rows[said.row - 1] if said.row else ()
    if len(row) < 2 or len(row) != len(above):
        return False
    place = next(
        (number for number, cell in enumerate(row) if cell.start <= said.proposal.start < cell.end), None
    )
    if place is None or not any(_PATIENT_ONLY.search(cell.text) for cell in above):
        return False
    return _SUBSCRIBES.search(above[place].text) is not None and not _PATIENT_ONLY.search(above[place].text)


_NEXT_NAME: Final = re.compile(
    r" (?P<first>[A-Z][a-z'-]+)(?: [A-Z]\.)? (?P<last>[A-Z][a-z'-]+)\s*(?:\n|\r|$)"
)


def _runs_into_a_name(said: Said) -> bool:
    """Whether another name follows in the same row without a gap: two columns of a text that has lost its gaps."""
    rest = _NEXT_NAME.match(f"{said.page.plain[said.proposal.end : said.proposal.end + 60]}\n")
    return rest is not None and not _NO_PERSON.search(rest[0]) and not _ANY_WORD.search(rest[0])


_ANY_WORD: Final = re.compile(
    r"\b(?:ID|DOB|Date|Birth|Case|Number|Reference|Request|Type|Sex|Age|Phone|Provider|Doctor|Relationship|Level|Days?|Drive|Street|"
    r"Road|Avenue|Lane|Court|Suite)\b",
    re.IGNORECASE,
)


def _enrolled_by(said: Said, name: str) -> bool:
    """Whether a name is only that of whoever is enrolled: the letter greets another, or says whose enrollment it is."""
    letter = "\n".join(page.plain for page in said.pages)
    under = re.search(
        rf"\b(?:under|through|on|of)\s+{re.escape(name)}'s\s", " ".join(letter.split()), re.IGNORECASE
    )
    label = re.split(r"\s{3,}|[|;,]", said.page.plain[said.page.line_starts[said.row] : said.proposal.end])[
        -1
    ]
    label = f"{label} {said.proposal.words}"
    if said.page.plain[said.page.line_starts[said.row] : said.proposal.start].rstrip().endswith("/"):
        return False  # `Patient / enrollee`
    if under or _under_other_head(said):
        return True
    if _SUBSCRIBES.search(label) and not _PATIENT_ONLY.search(label) and _OF_FAMILY.search(letter):
        return not _same_name(letter, name)
    greeted = _GREETED.search(letter)
    if re.search(r"\brepresentative (?:for|of)\b|\bappointed representative\b", letter, re.IGNORECASE):
        return False
    if not greeted or _PATIENT_ONLY.search(label) or not _SUBSCRIBES.search(label):
        return False
    own = set(re.findall(r"[\w'-]+", name.casefold()))
    who = [word for word in re.findall(r"[\w'-]+", greeted["who"].casefold()) if word not in _TITLES]
    return bool(who) and who[-1] not in own and who[0] not in own


def names_patient(said: Said, every: Sequence[Proposal]) -> bool:
    """A person's name beside a label of the patient, or one that the letter prints or greets a second time."""
    name = said.proposal.value
    if _NO_PERSON.search(name) or _LABEL_BEHIND.search(name) or _goes_on_below(said, name):
        return False
    if begins_with_label(name):
        return False
    if said.proposal.words.casefold() == name.casefold() and _somebody_else(said, name):
        return False
    if _enrolled_by(said, name) or _runs_into_a_name(said):
        return False
    column = said.proposal.start - said.page.line_starts[said.row]
    line = said.line.split(name)[0] if name in said.line else said.line
    letter = "\n".join(page.plain for page in said.pages)
    labels = set(re.findall(r"(?im)^\W*(patient|child|dependent)(?:'s)?(?: name)?[ .:]", letter))
    label = re.split(r"\s{3,}|[|;,]", line[:120].rstrip())[-1]
    if _ANOTHER.search(label) and (labels or not _PATIENT.search(label)):
        return (
            not labels
            and _times(said, name) > 0
            and re.search(r"\bdependent|\bchild\b", letter, re.IGNORECASE) is None
        )
    above = " ".join(cell.text for cell in said.page.rows[said.row - 1]) if said.row else ""
    over = [
        cell.text
        for cell in (said.page.rows[said.row - 1] if said.row else ())
        if abs(cell.start - said.page.line_starts[cell.row] - column) <= 2
    ]
    if any(_PATIENT.search(one) for one in over) or _PARENT_OF.search(f"{above} {label}"):
        return True
    if (
        _PATIENT.search(said.proposal.words)
        or _PATIENT.search(label)
        or re.search(r"\b(?:re|name|to)\b", label, re.IGNORECASE)
    ):
        return True
    if _SPOKEN_FOR.search(letter):
        return False
    return (
        len(re.findall(rf"\b{re.escape(name.split()[-1])}\b", letter, re.IGNORECASE)) > 1
        or _OWN.search(letter) is not None
    )


_SPOKEN_FOR: Final = re.compile(
    r"\b(?:guardian|conservator|parents?|estate|on behalf of|power of attorney|(?:authorized|personal|"
    r"appointed) representative "
    r"(?:for|of)|your (?:child|son|daughter|spouse|wife|husband|dependent|mother|father)|(?:his|her|their) (?:health|"
    r"condition|doctor|plan|"
    r"treatment|request|visits|care)|the (?:patient|child)'s)\b",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"\byour (?:\w+ )?(?:request|doctor|treatment|claim|condition|provider|prescriber|drug|visits|infusions?|member|appeal)\b",
    re.IGNORECASE,
)
