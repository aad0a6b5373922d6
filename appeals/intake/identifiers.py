"""The numbers by which a letter names its member, its case, the group and the policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from appeals.intake.dates import date_at_start
from appeals.intake.labels import ANY_LABEL, HOLDER, Found, Value, beside, best, every_value, label
from appeals.intake.layout import Page
from appeals.intake.own_labels import MEMBER, REFERENCE, named_then, quoted
from appeals.intake.proposal import Proposal
from cases.codes import all_codes

_NUMBER: Final = r"(?:\s?(?:number|numbers|num\.?|no\.?|nr\.?|#|ID|I\.D\.))"
_MEMBER: Final = (
    label(
        rf"{HOLDER}(?:\s(?:identification|identity|card))?{_NUMBER}(?:{_NUMBER})?|"
        rf"{HOLDER}\sidentification|{HOLDER}\s?#"
    ),
    label(rf"(?:medicaid|recipient|health plan|insurance|your){_NUMBER}(?:{_NUMBER})?", 1),
    label(
        r"(?<=with )ID|(?<=under )ID|(?<=under member )ID|(?<=enrolled as )(?:member )?(?=[A-Z0-9-]*\d{3})", 1
    ),
    label(
        r"(?:n[u\u00fa]mero|n\.?[o\u00ba]|no\.|ID) (?:de )?(?:identificaci[o\u00f3]n )?(?:del? )?(?:afiliado|"
        r"miembro|asegurado|beneficiario|socio)|"
        r"(?:ID|identificaci[o\u00f3]n) (?:de |del )?(?:afiliado|miembro|asegurado)|n[u\u00fa]mero de identificaci[o\u00f3]n",
        1,
    ),
    label(
        r"\AID on (?:the |your )?card|(?:child's )?plan ID|\A(?:RIN|MBI|CIN)(?=\Z|\s*:)|\Acertificate(?=\s?:)",
        2,
    ),
    label(
        r"(?<=\()member(?=\s[A-Z0-9-]*\d{3})|"
        r"(?:member |health plan )?identification (?:number|no\.?|#)|ID (?:card )?(?:number|no\.?|#)|ID#|"
        r"identification(?=\s*:)",
        1,
    ),
)
_BARE_ID: Final = label(r"ID", 2, opens=True)
_ID_WITHOUT_COLON: Final = label(r"\AID(?=\s[A-Z0-9-]*\d{3})", 2)
_LONE_ID: Final = label(r"\AID", 4)
_MEMBER_ITSELF: Final = label(r"\A(?:member|enrollee|subscriber)(?=\s?:)", 3)
_MEMBER_ID_AFTER_NAME: Final = label(r"(?<=[,;(] |.[,;(])ID", 1)
_REFERENCE: Final = (
    label(rf"(?:our\s|your\s)?(?:reference|ref\.?){_NUMBER}|(?:our\s|your\s)?ref(?:erence)?\.?(?=\s*:)"),
    label(
        rf"case{_NUMBER}(?:{_NUMBER})?|case(?=\s*:)|\Acase(?=\Z)|n[u\u00fa]mero (?:de|del) (?:caso|referencia|"
        rf"aviso)|(?:caso|referencia)(?=\s*:)",
        1,
    ),
    label(rf"(?:request|notice|determination|denial|decision|review|appeal|certification){_NUMBER}", 2),
    label(
        rf"appeal\s(?:file|case)(?:{_NUMBER})?(?=\s*:)|inquiry\sfile(?=\s*:)|coverage\srequest(?=\Z|\s*:)|"
        rf"predetermination(?:{_NUMBER})?(?=\s*:)|\A(?:PA|UR|UM)\s?(?:case|file|request|#|number|no\.?)(?=\Z|\s*[:#]|\s)|"
        r"(?:our|your)\sfile(?=\s(?:on|for)\sthis\s(?:decision|request|case)\sis\b)",
        2,
    ),
    label(rf"(?:case\s)?tracking{_NUMBER}|tracking(?=\s*:)", 3),
    label(
        rf"claim{_NUMBER}(?:{_NUMBER})?|claim(?=\s*:)|\Aclaim(?=\Z)|ICN(?:\s?#)?(?=\s*:|\s)|"
        rf"n[u\u00fa]mero de reclamaci[o\u00f3]n",
        4,
    ),
    label(rf"control{_NUMBER}|control(?=\s*:)", 5),
    label(
        rf"(?:inquiry|file|transaction|document control|action|organization determination|coverage determination|"
        rf"exception request|service request){_NUMBER}|(?:our|your) file(?=\s*:)|"
        r"(?:your\s|our\s)?(?:inquiry|service request|auth(?:orization)? request|request|organization determination|"
        r"coverage determination|determination|notice)(?=\s*:)|\Arequest(?=\Z)",
        6,
    ),
    label(
        r"(?:\A|(?<=: ))(?:reference|request|notice|claim|inquiry|service request|determination|case)"
        r"(?=\s(?![A-V]?\d{5}\Z|20\d\d\Z)[A-Z0-9/-]*\d[A-Z0-9/-]*\d[A-Z0-9/-]*\d[A-Z0-9/-]*\Z)",
        7,
    ),
    label(
        r"(?:our file|your file|our ref\.?|your ref\.?|ref\.|case|reference|request|claim|determination|"
        r"appeal|inquiry|notice|pend reference)"
        r"(?=\s(?![A-V]?\d{5}\b(?!-)|20\d\d\b(?!-\d+-[A-Z]))[A-Z]{0,6}[A-Z0-9/-]*\d[A-Z0-9/-]*\d[A-Z0-9/-]*\d)|"
        r"(?:logged|recorded|registered|entered|tracked) (?:as|under)(?=\s[A-Z0-9/-]*\d)",
        7,
    ),
    label(
        rf"(?:(?:(?:prior\s)?|pre)auth(?:orization)?|pre-?cert(?:ification)?)(?:{_NUMBER}|\srequest(?:{_NUMBER})?|\sref(?:erence)?\.?(?:{_NUMBER})?)(?=\s*[:#]|\s|\Z)|(?:pre)?auth(?:orization)?(?:{_NUMBER})",
        8,
    ),
    label(rf"letter{_NUMBER}", 9),
)
_GROUP: Final = (
    label(
        rf"(?:employer\s)?group{_NUMBER}(?:{_NUMBER})?|group(?:/account)?(?=\s*:)|\Agroup(?=\s\S*\d\S*\Z)|"
        rf"n[u\u00fa]mero de grupo|grupo(?=\s*:)"
    ),
    label(r"(?:employer\s)?group(?=\s[A-Z0-9-]*\d[A-Z0-9-]*\d)", 1),
)
_POLICY: Final = (label(rf"policy{_NUMBER}|policy(?=\s*:)"), label(r"\Apolicy(?=\s\S+\Z)", 1))

_GROUP_ALONE: Final = (label(r"\A(?:employer\s)?group(?=\Z)"),)
_POLICY_ALONE: Final = (label(r"\Apolicy(?=\Z)"),)


def identifiers(pages: Sequence[Page]) -> Iterator[Proposal]:
    """Member id, reference, group and policy number where they stand beside their labels."""
    member = every_value(pages, _MEMBER, _identifier(fewest_digits=3)) or list(_bare_member_ids(pages))
    if not member:
        member = every_value(pages, MEMBER, _identifier(fewest_digits=5)) or list(named_then(pages))
    yield from best("member_id", member)
    reference = every_value(pages, _REFERENCE, _identifier(fewest_digits=3), barred=_NOT_REFERENCE)
    reference = reference or list(_in_subject(pages)) or every_value(pages, REFERENCE, _case_number)
    yield from best("reference_number", reference or list(quoted(pages)))
    for fact, labels, alone, barred in (
        ("group_number", _GROUP, _GROUP_ALONE, _NOT_GROUP),
        ("policy_number", _POLICY, _POLICY_ALONE, _NOT_POLICY),
    ):
        found = every_value(pages, labels, _short_number, barred=barred)
        yield from best(fact, found or every_value(pages, alone, _whole_number, barred=barred))


_SUBJECT: Final = re.compile(
    r"(?:subject|re|regarding|asunto)\s?:.*\((?P<id>(?=[A-Z0-9-]*\d[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z0-9]+(?:-[A-Z0-9]+)+)\)",
    re.IGNORECASE,
)


def _in_subject(pages: Sequence[Page]) -> Iterator[Found]:
    """A number in brackets at the end of the subject line."""
    for page in pages:
        for row in page.rows:
            match = _SUBJECT.match(page.plain, row[0].start, row[-1].end) if row else None
            if match:
                yield Found(0, match["id"], page, *match.span("id"))


_NOT_REFERENCE: Final = re.compile(
    r"\b(?:prior|previous|auth|call|phone|conversation|message|document|form|check|account|page|mail|cross|authorization|approval|drug|"
    r"guideline|policy|legal|court|"
    r"print|batch|internal|corrected|original|replaced|of|x-?ray|action|"
    r"premium|payment)\s*$|\b(?:diagnos[ie]s|dx|codes?|charges?) (?:\w+ ){0,3}$|"
    r"\b(?:paid|same|duplicates?|match\w*)\b[^.;:]{0,40}$|"
    r"\b(?:earlier|previous|prior|first|last|former|another|other|approved|approval)\b[^.;:]{0,60}$",
    re.IGNORECASE,
)
_NOT_GROUP: Final = re.compile(
    r"\b(?!(?:Employer|Plan|Your|Subscriber|Member|Policy|Account|Insured|Sponsor)\s)(?-i:[A-Z][a-z]+)\s$|"
    r"\b(?:medical|provider|age|drug|peer|work|diagnosis|related|physician|this|the|a|blood)\s*$",
    re.IGNORECASE,
)
_NOT_POLICY: Final = re.compile(
    r"\b(?:medical|clinical|coverage|payment|reimbursement|drug|pharmacy|privacy|utilization|"
    r"review|our|company|dental|procedure)\s*$",
    re.IGNORECASE,
)


def _identifier(fewest_digits: int) -> Callable[[str], Value | None]:
    def read(text: str) -> Value | None:
        return _read_identifier(text, fewest_digits)

    return read


def _case_number(text: str) -> Value | None:
    """A number beside a label of a house's own: of five digits at least, and no date."""
    return _read_identifier(text, 5)


_NOUGHTS: Final = re.compile(r"[0xX]{4,}")
_CODE_OF_ANOTHER_KIND: Final = re.compile(r"[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}|(?:CO|PR|OA|PI)-\d{1,3}")
"""A diagnosis or an adjustment code numbers no case."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9'./-]|\*(?=\w))*")
_PHONE: Final = re.compile(r"(?:1-)?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}")


def _read_identifier(text: str, fewest_digits: int) -> Value | None:
    lead = re.match(r"[\"'(\s]*", text)
    begin = lead.end() if lead else 0
    ends: list[int] = []
    position = begin
    whole = False
    while True:
        token = _TOKEN.match(text, position)
        lettered = bool(ends) and text[begin : ends[-1]].isalpha()
        if token is None or not _may_join(token[0].rstrip(".'/-"), text, token, first=not ends or lettered):
            break
        ends.append(position + len(token[0].rstrip(".'/-")))
        whole = not text[ends[-1] :].strip(" \"').,;")
        if ends[-1] != token.end() or text[token.end() : token.end() + 1] != " ":
            break
        position = token.end() + 1
    while ends and not re.search(r"\d", text[(ends[-2] + 1 if len(ends) > 1 else begin) : ends[-1]]):
        ends.pop()  # a last word without a digit belongs to what follows
    if not ends:
        return None
    end = ends[-1] if whole or ends[0] - begin < 8 else ends[0]
    check = re.match(r" [A-Z](?=\s*$)", text[end:])
    if check and end == ends[-1] and not re.search(r"[A-Z]$", text[begin:end]):
        end += check.end()  # a check letter at the end of the line, as in `55 9012 X`
    value = text[begin:end]
    digits = sum(character.isdigit() for character in value)
    if _CODE_OF_ANOTHER_KIND.fullmatch(value) or _NOUGHTS.fullmatch(value) or value in all_codes():
        return None
    if digits < fewest_digits or len(value) < 4 or len(value) > 40 or _PHONE.fullmatch(value):
        return None
    if re.match(r"\s*(?:and|&|or|,)\s*[A-Z0-9-]*\d{2}[\w-]*(?![\w/])", text[end:]):
        return None  # two numbers under one label: which of them is meant is not said
    if re.match(
        r"\s*(?:days?|months?|hours?|calendar|business|percent|%|mg|units?|weeks?|visits?|of\s\d)", text[end:]
    ):
        return None
    return begin, end, value


def _may_join(token: str, text: str, match: re.Match[str], *, first: bool) -> bool:
    """Whether a word can be part of an identifier (`TMK`, `7730`, `FW-26-0099-A`)."""
    if not token or date_at_start(text[match.start() :]) is not None:
        return False
    if re.search(r"\d", token):
        return (
            first
            or (len(token) <= 8 and "/" not in token and not re.fullmatch(r"[A-V]?\d{5}|\d+\.\d\d", token))
            or (re.fullmatch(r"\d{5}", token) is not None)
        )
    upper = (
        token.isupper()
        and len(token) <= (8 if re.search(r"['-]", token) else 5)
        and not ANY_LABEL.fullmatch(token)
    )
    return upper and re.match(r" [A-Z0-9'-]*\d", text[match.end() : match.end() + 12]) is not None


def _short_number(text: str) -> Value | None:
    match = re.match(r"[\"'\s]*([A-Z0-9][A-Z0-9-]{2,19})(?![\w/.])", text)
    if not match or sum(character.isdigit() for character in match[1]) < 2 or date_at_start(text):
        return None
    value = match[1].rstrip("-")
    return match.start(1), match.start(1) + len(value), value


def _whole_number(text: str) -> Value | None:
    """A short number that fills its cell: a bare `Policy` may stand over a title as well."""
    value = _short_number(text)
    return value if value and not text[value[1] :].strip(" .,") and re.search(r"-|[A-Z]", value[2]) else None


_OTHER_PARTY: Final = re.compile(
    r"\b(?:tax|provider|prescriber|physician|doctor|facility|claim|case|group|plan|payer|employer|reviewer|spouse|"
    r"pharmacy|account|check)\b",
    re.IGNORECASE,
)
_NAMED_WITH_ID: Final = re.compile(
    rf"(?:re:?\s*)?(?:patient|member|enrollee)\s?:?\s[A-Z][\w'. -]{{3,40}}?[,;(]\s?(?=(?:{HOLDER}\s)?ID\b)",
    re.IGNORECASE,
)


def _bare_member_ids(pages: Sequence[Page]) -> Iterator[Found]:
    """A plain `ID:` counts in a row, or right under a row, that names the member, or when nobody else is named there."""
    read = _identifier(fewest_digits=4)
    for page in pages:
        for number, row in enumerate(page.rows):
            near = page.rows[number] + (page.rows[number - 1] if number else ())
            ours = any(re.match(rf"{HOLDER}|patient|name", cell.text, re.IGNORECASE) for cell in near)
            for cell in row:
                named = _NAMED_WITH_ID.match(cell.text)
                if named:
                    yield from beside(page, cell, _MEMBER_ID_AFTER_NAME, read, barred=None)
                elif re.match(r"ID\b", cell.text) and ours:
                    yield from beside(page, cell, _BARE_ID, _identifier(3), barred=None)
                    yield from beside(page, cell, _ID_WITHOUT_COLON, _identifier(3), barred=None)
                elif re.match(r"ID\b", cell.text) and not any(
                    _OTHER_PARTY.search(other.text) for other in row[:1]
                ):
                    yield from beside(page, cell, _LONE_ID, read, barred=None)
                elif re.match(r"(?:member|enrollee|subscriber)\s?:", cell.text, re.IGNORECASE):
                    yield from beside(page, cell, _MEMBER_ITSELF, read, barred=None)
