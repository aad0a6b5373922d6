"""Places of service: the two-digit codes of professional claims that this field meets. Pure Python, no Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).parent / "data" / "places_of_service.json"


@cache
def places_of_service() -> Mapping[str, str]:
    """Our label by code ("11"), the most usual ones first."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return MappingProxyType({row["code"]: row["label"] for row in read["places"]})


def place_name(code: str) -> str:
    """ "11 · Office or clinic of the practice"; "" for no code."""
    label = places_of_service().get(code, "")
    return f"{code} · {label}" if label else code
