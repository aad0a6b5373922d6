"""Lines for COPY: one template per table, made from the model, so that a column nobody mentions gets the model's default."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models

from advocacy.tenancy import sealing

NULL = "\\N"
NONCES = 12 * 4096


def plain(value: Any) -> str:
    """A value as COPY reads it in text format."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


class Table:
    """`line % values` is one row; `values` are the named columns in their order."""

    def __init__(self, label: str, columns: str, **fixed: Any) -> None:
        model: Any = apps.get_model(label)
        self.name: str = model._meta.db_table
        named = columns.split()
        fields = {f.column: f for f in model._meta.local_concrete_fields}
        unknown = [c for c in [*named, *fixed] if c not in fields]
        if unknown:
            raise ValueError(f"{label} has no column {', '.join(unknown)}.")
        rest = {column: _default(field) for column, field in fields.items() if column not in named}
        rest |= {column: plain(value) for column, value in fixed.items()}
        lacking = [c for c, value in rest.items() if value is None]
        if lacking:
            raise ValueError(f"{label} needs a value for {', '.join(lacking)}.")
        constant = "\t".join(str(v).replace("%", "%%") for v in rest.values())
        self.line = "\t".join(["%s"] * len(named)) + (f"\t{constant}" if rest else "") + "\n"
        listed = ", ".join(f'"{column}"' for column in [*named, *rest])
        self.copy = f'COPY "{self.name}" ({listed}) FROM STDIN'


def _default(field: Any) -> str | None:
    """What the column holds when nobody says; None when somebody has to."""
    if field.has_default() and not isinstance(field, models.UUIDField):
        return plain(field.get_default())
    if field.null:
        return NULL
    if isinstance(field, models.DateTimeField) and field.auto_now_add:
        return plain(datetime.now(UTC))
    if field.blank and isinstance(field, models.CharField | models.TextField | models.BinaryField):
        return ""
    return None


def uid(ms: int, table: int, number: int) -> str:
    """A UUIDv7 of a moment (ms since 1970), different for every row: `number` is the row's id, `table` a code of 12 bits."""
    mixed = number * 0x9E3779B97F4A7C15 & 0x3FFFFFFFFFFFFFFF
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7{table:03x}-{0x8000 | mixed >> 48:04x}-{mixed & 0xFFFFFFFFFFFF:012x}"


class Sealer:
    """Seals values of one organization's rows exactly as the fields do, as text for COPY."""

    def __init__(self, organization_id: int) -> None:
        self.organization_id = organization_id
        keys = sealing.keystore().of(organization_id)
        self._encrypt, self._index_key = keys.cipher.encrypt, keys.index
        self._head = "\\\\x" + keys.prefix.hex()
        self._nonces, self._at = b"", NONCES

    def __call__(self, text: str, row: str, column: str) -> str:
        """`row` is its public id, `column` the table and the column, joined by a point."""
        at = self._at
        if at == NONCES:
            self._nonces, at = os.urandom(NONCES), 0
        nonce = self._nonces[at : at + 12]
        self._at = at + 12
        context = f"{self.organization_id}|{row}|{column}".encode()
        return self._head + (nonce + self._encrypt(nonce, text.encode(), context)).hex()

    def index(self, normal: str) -> str:
        """The blind index of a value that is normalized already."""
        return "\\\\x" + hmac.digest(self._index_key, normal.encode(), "sha256").hex()


class Calendar:
    """Days and moments around the day of the run, as text: `day(-3)` is three days ago."""

    REACH = 2_000

    def __init__(self, today: date) -> None:
        self.today = today
        self._days = [(today + timedelta(days=n)).isoformat() for n in range(-self.REACH, self.REACH)]
        midnight = datetime.combine(today, datetime.min.time(), tzinfo=UTC)
        self._ms = int(midnight.timestamp()) * 1000
        self.times = [f" {14 + n // 60:02d}:{n % 60:02d}:{n * 7 % 60:02d}+00" for n in range(420)]

    def day(self, offset: int) -> str:
        return self._days[offset + self.REACH]

    def ms(self, offset: int) -> int:
        return self._ms + offset * 86_400_000


def weighted(pairs: Iterable[tuple[Any, float]], size: int = 1_000) -> list[Any]:
    """A list of about `size` values in which each stands as often as its weight asks: one random index draws from it."""
    listed = list(pairs)
    total = sum(weight for _value, weight in listed)
    return [value for value, weight in listed for _ in range(max(1, round(weight * size / total)))]
