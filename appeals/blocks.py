"""The blocks a letter's body consists of, and their two other forms: JSON-able data, and text to edit. No
Django.

There is no markup in a block: a heading, list or table is a kind of block, and text is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from string import ascii_uppercase
from typing import Any

from advocacy.errors import Reason


@dataclass(frozen=True)
class Paragraph:
    """Running text; a line break in it is kept."""

    text: str


@dataclass(frozen=True)
class Heading:
    """The title of a part of the letter; one level only, as letters are short."""

    text: str


@dataclass(frozen=True)
class Quote:
    """Somebody else's words, as they wrote them."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list without order."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows under a head; every row has as many cells as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.head or any(len(row) != len(self.head) for row in self.rows):
            raise ValueError("every row of a table has as many cells as its head, at least one")


Block = Paragraph | Heading | Quote | Bullets | Table
_KINDS: dict[str, type[Any]] = {
    "paragraph": Paragraph,
    "heading": Heading,
    "quote": Quote,
    "bullets": Bullets,
    "table": Table,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def one_line(text: str) -> str:
    """The text with every run of white space made one space."""
    return " ".join(text.split())


# As data, for a column or an answer of the machine door


def blocks_as_data(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """JSON-able: `{"kind": "paragraph", "text": ...}` and so on; `blocks_from_data` is the way back."""
    return [{"kind": _NAMES[type(block)], **asdict(block)} for block in blocks]


def blocks_from_data(data: Iterable[Mapping[str, Any]]) -> tuple[Block, ...]:
    """Blocks from what `blocks_as_data` gave. Raises ValueError for anything else."""
    try:
        return tuple(
            _KINDS[item["kind"]](**{k: _frozen(v) for k, v in item.items() if k != "kind"}) for item in data
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is not the data of a letter: {error}") from None


def _frozen(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, str):
        return value
    raise TypeError("a letter consists of text")


# As text, for a person to edit in one field

_MARKS = ("# ", "- ", "> ", "|")


def blocks_as_text(blocks: Iterable[Block]) -> str:
    """The draft as a person edits it: `# heading`, `- item`, `> quotation`, `| cell | cell |`, else
    paragraphs.
    """
    return "\n\n".join(_as_text(block) for block in blocks)


def blocks_from_text(text: str) -> tuple[Block, ...]:
    """Blocks from edited text: an empty line ends a block, the first row of a table is its head, `\\`
    before a mark keeps it as text. Short rows are filled with empty cells; nothing typed is ever lost or an
    error.
    """
    blocks: list[Block] = []
    for chunk in re.split(r"\n[ ]*(?:\n[ ]*)+", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n ")):
        lines = [line.strip() for line in chunk.split("\n") if line.strip()]
        for mark, group in _runs(lines):
            blocks.append(_block(mark, group))
    return tuple(blocks)


def _as_text(block: Block) -> str:
    match block:
        case Heading(text):
            return f"# {one_line(text)}"
        case Quote(text):
            return "\n".join(f"> {line.strip()}" for line in text.split("\n") if line.strip())
        case Bullets(items):
            return "\n".join(f"- {one_line(item)}" for item in items)
        case Table(head, rows):
            return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in (head, *rows))
        case Paragraph(text):
            lines = [line.strip() for line in text.split("\n") if line.strip()]
            return "\n".join(f"\\{line}" if line.startswith((*_MARKS, "\\")) else line for line in lines)


def _cell(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _runs(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Neighboring lines of one kind, so that a list may stand right under its sentence."""
    runs: list[tuple[str, list[str]]] = []
    for line in lines:
        mark = next((m for m in _MARKS if line.startswith(m)), "")
        if runs and runs[-1][0] == mark and mark != "# ":
            runs[-1][1].append(line)
        else:
            runs.append((mark, [line]))
    return runs


def _block(mark: str, lines: list[str]) -> Block:
    if mark == "# ":
        return Heading(one_line(lines[0][2:]))
    if mark == "> ":
        return Quote("\n".join(line[2:].strip() for line in lines))
    if mark == "- ":
        return Bullets(tuple(one_line(line[2:]) for line in lines))
    if mark == "|":
        rows = [_cells(line) for line in lines]
        width = max(len(row) for row in rows)
        filled = [row + ("",) * (width - len(row)) for row in rows]
        return Table(filled[0], tuple(filled[1:]))
    return Paragraph("\n".join(_unmarked(line) for line in lines))


def _unmarked(line: str) -> str:
    return line[1:] if line.startswith("\\") and line[1:].startswith((*_MARKS, "\\")) else line


def _cells(line: str) -> tuple[str, ...]:
    inner = line[1:]
    cells = [one_line(cell) for cell in re.findall(r"((?:\\.|[^|\\]|\\$)*)(?:\||$)", inner)]
    if len(cells) > 1 and not cells[-1]:
        cells.pop()  # the empty match after the closing bar
    return tuple(re.sub(r"\\(.)", r"\1", cell) for cell in cells)


# What a draft still lacks

_GAP = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)


def gap(what_to_write: str) -> str:
    """A place in a draft that only a person can fill."""
    return f"[[{what_to_write}]]"


def unfilled_gaps(blocks: Iterable[Block]) -> tuple[Reason, ...]:
    """One Reason for each gap left in a draft; a letter that has any is not ready to be filed."""
    return tuple(
        Reason("letter_gap", f"The letter still has an open place: {' '.join(found.split())}", "body")
        for found in _GAP.findall(blocks_as_text(blocks).replace("\\|", "|"))
    )


# "Exhibit B", and each of "Exhibits A, B and C" and "Exhibits A to C"; not what is said to be somebody else's, nor the word "I"
# or "A" that begins what follows.
_AND = r"(?:, and |, or |, | and | or | & | to | through |[-\u2013])(?:(?<=\bH and )|(?![AI]\b [a-z]))"
_CITED = re.compile(
    rf"\b(?:Exhibit|EXHIBIT) (?P<one>[A-Z]{{1,2}}\b(?:{_AND}[A-Z]\b)*+)(?! (?:of|to|in) (?:the|your|its|their) )"
    rf"|\b(?:Exhibits|EXHIBITS) (?P<some>[A-Z]{{1,2}}\b(?:{_AND}[A-Z]{{1,2}}\b)*+)(?! (?:of|to|in) (?:the|your|its|their) )"
)
_LABELS = [first + second for first in ("", *ascii_uppercase) for second in ascii_uppercase]


def _named(listed: str) -> Iterator[str]:
    """The labels that a list names ("A, C to E"), those between the ends of a range included."""
    before, is_range = 0, False
    for word in re.findall(r"\b[A-Z]{1,2}\b|\b(?:to|through)\b|[-\u2013]", listed):
        if word not in _LABELS:
            is_range = True
            continue
        place = _LABELS.index(word)
        yield from _LABELS[before + 1 : place] if is_range else ()
        yield word
        before, is_range = place, False


def cited_exhibits(blocks: Iterable[Block]) -> tuple[str, ...]:
    """The labels ("Exhibit B") that a letter cites in its own words, each once, in order; what it quotes is not looked at."""
    own = blocks_as_text(block for block in blocks if not isinstance(block, Quote))
    found: dict[str, None] = {}
    for match in _CITED.finditer(" ".join(own.split())):
        for letters in _named(match["one"] or match["some"]):
            found[f"Exhibit {letters}"] = None
    return tuple(found)


def cited_and_left_out(blocks: Iterable[Block], along: Iterable[str]) -> tuple[Reason, ...]:
    """One Reason for each exhibit that a letter cites and that does not go along. `along` are the labels that do."""
    there = set(along)
    return tuple(
        Reason(
            "exhibit_not_along",
            f"The letter cites {label}, which does not go along. Choose it, or correct the letter (one that is not yours:"
            f" “{label} of your policy”).",
            "exhibits",
        )
        for label in cited_exhibits(blocks)
        if label not in there
    )
