"""How hard a text is to read: the school grade of English, the ease of Spanish. Small on purpose; no dictionary.

English: Flesch-Kincaid grade level (Kincaid et al., 1975). Spanish: the perspicuity index of Szigriszt-Pazos (1993) on the
INFLESZ scale (Barrio-Cantalejo et al., 2008), where 65 and more is "quite easy" - what a reader of about the seventh grade
takes in - and 80 and more "very easy".
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

SPANISH_EASY = 65.0
ENGLISH_GRADE = 7.0
FEWEST_WORDS = 4

_BLOCKS = {
    "p",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "dt",
    "dd",
    "label",
    "legend",
    "button",
    "td",
    "th",
    "caption",
    "div",
    "section",
}
_BLOCKS |= {"form", "ul", "ol", "main", "footer", "summary", "option", "span", "strong", "address", "br"}
_SKIPPED = {"script", "style", "template", "article", "cite"}
"""An <article> holds what somebody wrote, as they wrote it: a letter to approve, a message. A <cite> names a law."""
_INLINE_KEPT = {"a", "em", "b", "i", "code"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class _Text(HTMLParser):
    """The blocks of text inside <main>, each for itself; fields that somebody types into are no text of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self.inside = 0
        self.skipping = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.inside += tag == "main"
        self.skipping += tag in _SKIPPED
        if tag in _BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "main"
        self.skipping -= tag in _SKIPPED
        if tag in _BLOCKS:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if self.inside and not self.skipping:
            self.blocks[-1] += data


def sentences_of(html: str) -> list[str]:
    """The sentences of a page's main part. Labels and names of fewer than four words are no sentences."""
    parser = _Text()
    parser.feed(html)
    found = []
    for block in parser.blocks:
        for sentence in re.split(r"(?<=[.!?:])\s+", " ".join(block.split())):
            if len(_WORD.findall(sentence)) >= FEWEST_WORDS:
                found.append(sentence)
    return found


def syllables_english(word: str) -> int:
    """Groups of vowels, without the silent e at the end."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", plain))
    if plain.endswith("e") and not plain.endswith(("le", "ee", "ye")) and groups > 1:
        groups -= 1
    if re.search(r"[^aeiouydt]ed$", plain) and groups > 1:
        groups -= 1
    return max(groups, 1)


def syllables_spanish(word: str) -> int:
    """Strong vowels, each for itself; a weak one counts where it stands alone or carries the accent."""
    plain = re.sub(r"(?<=[qg])u(?=[eiéí])", "", word.lower())
    plain = re.sub(r"y$", "i", plain)
    return max(len(re.findall(r"[aeoáéóíú]|[iuü]+(?![aeoáéó])", _joined(plain))), 1)


def _joined(word: str) -> str:
    """Weak vowels beside a strong one belong to its syllable."""
    word = re.sub(r"[iuü](?=[aeoáéó])", "", word)
    return re.sub(r"(?<=[aeoáéó])[iuü]", "", word)


def grade(sentences: list[str]) -> float:
    """The Flesch-Kincaid grade of English sentences; 0 for none."""
    words = [w for s in sentences for w in _WORD.findall(s)]
    if not words:
        return 0.0
    syllables = sum(map(syllables_english, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def ease(sentences: list[str]) -> float:
    """The index of Szigriszt-Pazos of Spanish sentences, 0 hard to 100 easy; 100 for none."""
    words = [w for s in sentences for w in _WORD.findall(s)]
    if not words:
        return 100.0
    syllables = sum(map(syllables_spanish, words))
    return 206.835 - 62.3 * syllables / len(words) - len(words) / len(sentences)


def too_hard(html: str, language: str) -> str:
    """ "" for a page that is easy enough in its language, else how hard it is and its longest sentence."""
    sentences = sentences_of(html)
    if language == "es":
        value = ease(sentences)
        hard = value < SPANISH_EASY
    else:
        value = grade(sentences)
        hard = value > ENGLISH_GRADE
    return f"{language} {value:.1f}: {max(sentences, key=len)}" if hard else ""
