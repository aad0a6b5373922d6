"""The patient named in the letter, and who reviewed the request for the payer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from appeals.intake.labels import ANY_LABEL, HOLDER, Found, Value, best, every_value, label
from appeals.intake.layout import Page
from appeals.intake.proposal import MEDIUM, Proposal
from appeals.intake.spoken_for import above_the_number, greeted_by_family_name, spoken_for

_NAME: Final = (
    label(r"(?:patient|claimant)(?:'s)?(?:\sname)?", 0, opens=True),
    label(rf"{HOLDER}(?:\sname)?", 1, opens=True),
    label(r"(?:your\s)?name", 2, opens=True),
    label(r"to|for", 3, opens=True),
    label(r"\Apt\.?(?=\Z|\s*:)", 0),
    label(r"\A(?:covered person|person treated)(?=\Z|\s*:)", 0),
    label(r"\Adependent(?=\s*:)", 0),
    label(r"(?:nombre (?:del )?)?(?:paciente|afiliad[oa]|miembro|asegurad[oa])|nombre", 1, opens=True),
)
_NOT_PATIENT: Final = re.compile(
    r"\b(?:plan|provider|group|employer|drug|doctor|payer|facility|representative|file|user|"
    r"brand)\s*$",
    re.IGNORECASE,
)

_NAME_WORD: Final = (
    r"(?:[A-Z\u00c0-\u00de][a-z\u00df-\u00ff]+(?:['-][A-Z\u00c0-\u00de]?[a-z\u00df-\u00ff]+)*|[A-Z]'[A-Z][a-z]+|[A-Z][a-z]+[A-Z][a-z]+|[A-Z]\.?|"
    r"[A-Z]['A-Z-]*[A-Z])"
)
_NAME_TEXT: Final = re.compile(
    rf"{_NAME_WORD}(?:\s(?:de|la|del|van|von|der|den|da|dos|bin|"
    rf"{_NAME_WORD}))*\s(?:{_NAME_WORD})(?:,?\s(?:Jr|Sr|II|III|IV)\.?)?"
)
_CREDENTIAL: Final = re.compile(
    r"\b(?:MD|DO|NP|PA|PA-C|PMHNP|RN|PhD|PsyD|PharmD|LCSW|Dr|Doctor|Clinic|Hospital|Center|Health|"
    r"Plan|Insurance|Group|"
    r"Services?|Inc|LLC|Company|Department|Unit|Appeals?|Administrators?|Benefits?|Member|"
    r"Provider|Family|Parent|Guardian|"
    r"Estate|Psychiatry|Medicine|Care|Associates|Partners|Pharmacy|Yes|No|Whom|Number|Our|Your|"
    r"The|You|We|May|Has|Must|"
    r"Appeal|Rights|Copy|Only|Self|Spouse|Child|Dependent|Not|Applicable|On|Of|By|With|In|"
    r"Coverage|Determinations?|Redeterminations?|Reconsiderations?|Exceptions?|Decisions?|Denials?|Claims?|Reviews?|"
    r"Authorizations?|Utilization|Behalf|Operations|Correspondence|Grievances?|Enrollment|Notices?|Reference|Subject|Policy|"
    r"Coordinators?|Resolution|Management|Medicare|Medicaid|Rx|Program|Committee|Office|Desk|Team|Advantage|Mutual|"
    r"Cooperative|Network|Assurance|Trust|Fund)\b",
    re.IGNORECASE,
)


def _person_name(text: str) -> Value | None:
    """A person's name of two to five words that fills the cell, or stands before the next label."""
    lead = re.match(
        rf"(?:parent(?:/self| or guardian)?(?: of)?:\s*|(?:patient|claimant|consumer|customer|{HOLDER})\s+)?"
        r"(?:(?:mr|mrs|ms|miss|mx)\.?\s+)?",
        text,
        re.IGNORECASE,
    )
    begin = lead.end() if lead else 0
    words: list[str] = []
    for word in text[begin:].split(" "):
        bare = word.rstrip(",;")
        label = ANY_LABEL.fullmatch(bare.rstrip(":"))
        if not bare or bare.startswith("(") or (label and words):
            break
        words.append(word)
    name = " ".join(words).rstrip(",;")
    after = text[begin + len(name) :]
    last_first = re.fullmatch(
        rf"((?:(?:de|la|del|van|von|der)\s)*{_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}}),\s({_NAME_WORD}(?:\s{_NAME_WORD}){{0,2}})",
        name,
    )
    known = re.match(
        r",\s*(?:DOB|date of birth|born|(?:member |subscriber )?ID\b|member\b|age\b)", after, re.IGNORECASE
    )
    after = "" if known else after
    if (
        _CREDENTIAL.search(name)
        or re.match(r",?\s*(?:MD|DO|NP|PA|PMHNP|RN|PhD|PharmD)\b", after)
        or after.lstrip().startswith((",", "&", "/"))
    ):
        return None
    if last_first:
        return begin, begin + len(name), _as_name(f"{last_first[2]} {last_first[1]}")
    plain = _NAME_TEXT.fullmatch(name)
    if plain is None or not 2 <= len(name.split()) <= 5:
        return None
    if len([word for word in name.split() if len(word.strip(".")) > 1]) < 2:
        return None
    return begin, begin + len(name), _as_name(name)


def _as_name(name: str) -> str:
    """A name printed in capitals in the usual mixed case; other names as printed."""
    if not name.isupper():
        return name
    words = (re.sub(r"[A-Z]+", lambda part: part[0].capitalize(), word) for word in name.split())
    mixed = " ".join(words)
    mixed = re.sub(r"\bMc([a-z])(?=[a-z]{2})", lambda part: "Mc" + part[1].upper(), mixed)
    return re.sub(r"\b(?:Ii|Iii|Iv)\b", lambda part: part[0].upper(), mixed)


_GREETING: Final = re.compile(
    r"(?:dear|hello|hi)\s(?:(?P<title>dr|mr|mrs|ms|miss|mx)\.?\s)?(?P<name>[A-Z][\w'. -]{1,50}?)\s?[,:!]?$",
    re.IGNORECASE,
)
_STREET: Final = re.compile(
    r"(?:Rural Route|RR)\s\d|\d+[A-Za-z]?\s\S|P\.?\s?O\.?\s?Box\b|(?:Apt|Unit)\b", re.IGNORECASE
)
_OWN_ID: Final = re.compile(
    rf"(?:your\s)?(?:(?:{HOLDER}|medicaid|medicare|health plan)\s?(?:ID|#|no\b|number)|ID\s?(?:#|:|no\b|number))",
    re.IGNORECASE,
)
_SOMEBODY: Final = re.compile(r"\b(?:subscriber|policy\s?holder|dependent|attention|attn)\b", re.IGNORECASE)
_FOR_A_CHILD: Final = re.compile(
    r"\b(?:parent|guardian|your (?:child|son|daughter|dependent|spouse|wife|husband)|your patient|on behalf of your|"
    r"(?:authorized|appointed|personal) representative (?:for|of)|(?:named|appointed) you\b[^.]{0,40}\bto act)\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?:re:?\s+(?=\w+\s(?!\S+,))|\()?(?:to the )?(?:(?:parents?|guardian)"
    r"(?: or (?:legal )?guardian)?(?: or parent)? of:?\s+(?=[A-Z])|"
    r"(?P<plain>patient|member|enrollee|re:)\s(?=[A-Z][\w'-]+\s[^:]{2,40}(?:[,;(]|\sDOB\b)))",
    re.IGNORECASE,
)


_NAMED_BELOW: Final = re.compile(
    r"(?:to )?(?:the )?(?:parents?|guardian)(?: or (?:legal )?(?:guardian|parent))?(?:\(s\))? of:?",
    re.IGNORECASE,
)


def _named_without_colon(pages: Sequence[Page]) -> Iterator[Found]:
    """`Re: Patient Ana Ruiz, DOB ...` and `Parent or guardian of Ana Ruiz`."""
    for page in pages:
        for row in page.rows:
            for cell in row:
                if _NAMED_BELOW.fullmatch(cell.text):
                    under = page.below(cell)
                    named = _person_name(under.text) if under else None
                    if under and named and named[1] == len(under.text):
                        yield Found(0, named[2], page, under.start + named[0], under.start + named[1])
                    continue
                match = _NAMED.match(cell.text)
                value = _person_name(cell.text[match.end() :]) if match else None
                if (
                    match
                    and value
                    and (
                        not match["plain"]
                        or re.match(r",|\s(?:DOB|date of birth)\b", cell.text[match.end() + value[1] :], re.I)
                    )
                ):
                    start = cell.start + match.end()
                    yield Found(0, value[2], page, start + value[0], start + value[1])


def _addressee(page: Page) -> Iterator[Found]:
    """The person a letter is sent to, who is the patient when it greets the same name and speaks of nobody else."""
    if _FOR_A_CHILD.search(page.plain):
        return
    greetings = [
        match
        for row in page.rows
        for cell in row[:1]
        if (match := _GREETING.match(cell.text)) and (match["title"] or "").lower() != "dr"
    ]
    for number, row in enumerate(page.rows[:-1]):
        below = page.rows[number + 1]
        if not row or not below or abs(below[0].column - row[0].column) > 2:
            continue
        labelled = _OWN_ID.match(below[0].text)
        if not labelled and not _STREET.match(below[0].text):
            continue
        value = _person_name(row[0].text)
        if value is None or value[1] != len(row[0].text):
            continue
        last = value[2].split()[-1].lower()
        alone = not greetings and (labelled or not _SOMEBODY.search(page.plain))
        greeted = greetings[0]["name"].lower() if len(greetings) == 1 else ""
        first = value[2].split()[0].lower()
        if alone or (greeted and (greeted.split()[-1] == last or greeted == first)):
            yield Found(0, value[2], page, row[0].start + value[0], row[0].start + value[1])


_OWNER_OF_ID: Final = re.compile(rf",\s(?:{HOLDER})\s?(?:ID|#|no\b|number|identification)", re.IGNORECASE)


def _named_with_id(pages: Sequence[Page]) -> Iterator[Found]:
    """`Ana Ruiz, subscriber ID ...` at the start of a line."""
    for page in pages:
        for row in page.rows:
            match = re.match(rf"({_NAME_TEXT.pattern})(?=,)", row[0].text) if row else None
            if match and _OWNER_OF_ID.match(row[0].text, match.end()):
                value = _person_name(match[1])
                if value:
                    yield Found(0, value[2], page, row[0].start + value[0], row[0].start + value[1])


def _greeted_in_full(page: Page) -> Iterator[Found]:
    """`Dear Ana Ruiz,` where the letter names nobody else as the patient."""
    for row in page.rows:
        match = _GREETING.match(row[0].text) if row else None
        value = _person_name(match["name"]) if match and not match["title"] else None
        if match and value:
            start = row[0].start + match.start("name")
            yield Found(0, value[2], page, start + value[0], start + value[1])


def _greeted(pages: Sequence[Page]) -> Iterator[Found]:
    """The one full name of the letter that begins, or ends, with the name of a bare greeting (`Hi Ana,`)."""
    greetings = {
        match["name"].lower()
        for row in pages[0].rows
        for cell in row[:1]
        if (match := _GREETING.match(cell.text)) and not match["title"]
    }
    if len(greetings) != 1 or _FOR_A_CHILD.search(pages[0].plain):
        return
    name = next(iter(greetings))
    if " " in name:
        yield from _greeted_in_full(pages[0])
        return
    for page in pages:
        for row in page.rows:
            for cell in row:
                value = _person_name(cell.text)
                if (
                    value
                    and value[1] == len(cell.text)
                    and name in (value[2].lower(), value[2].split()[0].lower())
                ):
                    yield Found(0, value[2], page, cell.start + value[0], cell.start + value[1])


_DEPENDENT: Final = re.compile(
    r"\b(?:child|spouse|wife|husband|son|daughter|dependent|domestic partner)(?=[,)]| of\b)|"
    r"\bdependent(?:'s name)?\s?:|\brelation(?:ship)?\b[^\n]{0,16}\b(?:child|spouse|dependent|son|daughter|wife|husband)\b|"
    r"\bcovers (?:two|three|four|five|\d) people\b",
    re.IGNORECASE,
)


_RELATIVE: Final = re.compile(
    r"\byour (?:daughter|son|child|wife|husband|spouse|dependent)(?:'s)?\b(?! (?:can|may|to act))",
    re.IGNORECASE,
)
_POLICY_HOLDER: Final = re.compile(
    r"\W*(?:subscriber|policy\s?holder|insured|employee|card\s?holder|certificate|participant)\b",
    re.IGNORECASE,
)


def people(pages: Sequence[Page]) -> Iterator[Proposal]:
    """The patient's name, from a label that means the patient, or else from the address or the greeting of the letter."""
    found = [*every_value(pages, _NAME, _person_name, barred=_NOT_PATIENT), *_named_without_colon(pages)]
    found = found or list(spoken_for(pages, _person_name))
    if any(_DEPENDENT.search(page.plain) for page in pages):
        found = [one for one in found if one.rank == 0]  # who holds the policy need not be the patient
        yield from best("patient_name", found)
        return
    if any(_RELATIVE.search(page.plain) for page in pages):
        found = [one for one in found if not _POLICY_HOLDER.match(one.page.plain, one.start)]
        yield from best("patient_name", found)
        return
    if found or not pages:
        yield from best("patient_name", _undisputed(found))
        return
    for reader in (
        lambda: _addressee(pages[0]),
        lambda: _named_with_id(pages),
        lambda: _greeted(pages),
        lambda: _greeted_by_title(pages),
    ):
        second = list(reader())
        if second:
            yield from best("patient_name", second, MEDIUM)
            return


def _undisputed(found: Sequence[Found]) -> Sequence[Found]:
    """The names found; of a holder of the policy beside somebody else, only what a label of the patient says."""
    holders = [one for one in found if _POLICY_HOLDER.match(one.page.plain, one.start)]
    if all(_may_be_one(one.value, other.value) for one in holders for other in found):
        return found
    return [one for one in found if one.rank == 0]


def _may_be_one(name: str, other: str) -> bool:
    """Whether two names may be one person's: the same family name, and given names of which one begins the other."""
    mine, theirs = name.lower().replace(".", "").split(), other.lower().replace(".", "").split()
    given = (mine[0], theirs[0])
    return mine[-1] == theirs[-1] and (given[0].startswith(given[1]) or given[1].startswith(given[0]))


def _greeted_by_title(pages: Sequence[Page]) -> Iterator[Found]:
    """A full name that a greeting, or the member's number beside it, makes the member's, where nobody else is spoken of."""
    if any(_FOR_A_CHILD.search(page.plain) or _SOMEBODY.search(page.plain) for page in pages):
        return
    yield from list(greeted_by_family_name(pages, _person_name)) or above_the_number(pages, _person_name)
