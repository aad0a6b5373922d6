"""Diagnosis, procedure and drug codes of the field, and provider numbers; pure Python, no Django.

A code that is not in `data/codes.json` is not wrong: the file holds the codes of this field, not the whole code sets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_DATA: Final = Path(__file__).parent / "data"

ICD_10_CM: Final = "ICD-10-CM"
CPT: Final = "CPT"
HCPCS: Final = "HCPCS"

_FORMATS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        ICD_10_CM: re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?"),
        CPT: re.compile(r"[0-9]{4}[0-9FTUM]"),
        HCPCS: re.compile(r"[A-V][0-9]{4}"),
    }
)
_NDC: Final = re.compile(
    r"[0-9]{4}-[0-9]{4}-[0-9]{2}|[0-9]{5}-[0-9]{3}-[0-9]{2}|[0-9]{5}-[0-9]{4}-[0-9]{1,2}|[0-9]{11}"
)
_NPI_PREFIX: Final = "80840"


@dataclass(frozen=True)
class Code:
    """One code with our own label; an empty start or end means that it is not recorded."""

    system: str
    code: str
    label: str
    valid_from: date | None
    valid_to: date | None
    confidence: str


@dataclass(frozen=True)
class Scale:
    """A rating scale: lowest and highest score (None for a scale of categories) and the lower bound of each band."""

    key: str
    label: str
    low: float | None
    high: float | None
    whole: bool
    bands: tuple[tuple[float, str], ...]
    confidence: str


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_DATA / name).read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def all_codes() -> Mapping[str, Code]:
    """Every code of `data/codes.json` by its number as printed (`F33.2`, `96365`, `J3490`)."""
    rows = (
        Code(
            system=row["system"],
            code=row["code"],
            label=row["label"],
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            confidence=row["confidence"],
        )
        for row in _load("codes.json")["codes"]
    )
    return MappingProxyType({row.code: row for row in rows})


@lru_cache(maxsize=1)
def all_scales() -> Mapping[str, Scale]:
    """Every rating scale of `data/scales.json` by its key."""
    rows = (
        Scale(
            key=row["key"],
            label=row["label"],
            low=row["low"],
            high=row["high"],
            whole=row["whole"],
            bands=tuple((band["from"], band["label"]) for band in row["bands"]),
            confidence=row["confidence"],
        )
        for row in _load("scales.json")["scales"]
    )
    return MappingProxyType({row.key: row for row in rows})


def normalized(code: str) -> str:
    """A code as it is kept: upper case without outer or inner spaces."""
    return re.sub(r"\s+", "", code).upper()


def label_of(code: str) -> str | None:
    """Our label of a code, or None for a code that is not in the file."""
    known = all_codes().get(normalized(code))
    return known.label if known else None


def system_of(code: str) -> str | None:
    """`ICD-10-CM`, `CPT` or `HCPCS`: from the file, else the one format that fits; None if none or several fit."""
    wanted = normalized(code)
    known = all_codes().get(wanted)
    if known:
        return known.system
    fitting = [system for system, pattern in _FORMATS.items() if pattern.fullmatch(wanted)]
    return fitting[0] if len(fitting) == 1 else None


def well_formed(code: str, system: str) -> bool:
    """Whether the code has the shape of that system; a good shape does not prove that the code exists.

    Raises KeyError for an unknown system.
    """
    return _FORMATS[system].fullmatch(normalized(code)) is not None


def ndc_well_formed(ndc: str) -> bool:
    """Whether this is a National Drug Code: 4-4-2, 5-3-2, 5-4-1 or 5-4-2 with hyphens, or 11 digits without."""
    return _NDC.fullmatch(ndc.strip()) is not None


def valid_on(code: str, on: date) -> bool | None:
    """Whether a code may be used for a service on that day (the service date decides); None for an unknown code."""
    known = all_codes().get(normalized(code))
    if known is None:
        return None
    after_start = known.valid_from is None or on >= known.valid_from
    before_end = known.valid_to is None or on <= known.valid_to
    return after_start and before_end


def npi_is_valid(npi: str) -> bool:
    """Whether ten digits, beginning with 1 or 2, carry the right check digit (Luhn over `80840` and the number).

    Rule: 45 CFR 162.406 and the NPI check-digit specification. A right digit does not prove that the number is assigned.
    """
    if not re.fullmatch(r"[12][0-9]{9}", npi, flags=re.ASCII):
        return False
    total = 0
    for place, digit in enumerate(reversed(_NPI_PREFIX + npi)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
