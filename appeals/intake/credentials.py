"""The closed vocabulary of a reviewer's credentials: degrees, titles, specialties, certification and license."""

from __future__ import annotations

import re
from typing import Final

_DEGREES: Final = re.findall(
    r"\S+", "md do pharmd phd psyd rn np pmhnp rph pa-c fasa facs facp mph lcsw bcba"
)
_TITLES: Final = re.findall(
    r"\S+",
    "physician doctor pharmacist psychiatrist psychologist pediatrician anesthesiologist neurologist neurosurgeon oncologist "
    "cardiologist rheumatologist gastroenterologist otolaryngologist endocrinologist dermatologist physiatrist surgeon "
    "internist specialist reviewer nurse director diplomate",
)
_SPECIALTIES: Final = re.findall(
    r"\S+",
    "psychiatry psychology neurology neurosurgery neuropsychology anesthesiology anesthesia pediatrics rheumatology "
    "gastroenterology oncology hematology cardiology dermatology endocrinology nephrology urology ophthalmology "
    "otolaryngology orthopedics radiology pathology immunology allergy pulmonology geriatrics obstetrics gynecology "
    "surgery medicine rehabilitation pharmacy pain internal family emergency preventive occupational physical sleep "
    "palliative critical care addiction child adolescent adult geriatric general clinical forensic community behavioral "
    "developmental developmental-behavioral health mental interventional orthopedic pediatric medical infectious disease "
    "diseases plan",
)
_CERTIFIED: Final = re.findall(
    r"\S+",
    "board boards certified board-certified certification american license licensed licensure active current",
)
_JOINTS: Final = frozenset(("a", "an", "the", "and", "in", "of", "by", "with", "who", "is", "holding", "&"))
_WORDS: Final = frozenset((*_DEGREES, *_TITLES, *_SPECIALTIES, *_CERTIFIED, *_JOINTS))
_WORD: Final = re.compile(r"[^\s,;:()/]+")
_LICENSE: Final = re.compile(
    r"licensed\s+in\s+[A-Z][a-z]+(?:\s[A-Z][a-z]+)?|(?:[A-Z][a-z]+\s+){1,2}licensed?\b(?:\s[A-Z]{2}[\w-]*\d)?"
)
"""A state beside the word license, and the license's number."""


def within_vocabulary(said: str) -> str:
    """As much of credentials as is said in words of degrees, specialties and licenses; what runs on is cut off."""
    end = position = 0
    while word := _WORD.search(said, position):
        plain = word[0].casefold().replace(".", "")
        state = _LICENSE.match(said, word.start())
        after_license = re.search(r"\blicensed\s+in\s+(?:[A-Z][a-z]+\s?|,\s|and\s)*$", said[: word.start()])
        if state or (after_license and word[0][0].isupper()):
            position = end = state.end() if state else word.end()
        elif plain in _WORDS:
            position = word.end()
            end = end if plain in _JOINTS else position
        else:
            break
    cut = said[:end].rstrip(" ,")
    return cut + ")" if cut.count("(") > cut.count(")") and said[len(cut) :].startswith(")") else cut
