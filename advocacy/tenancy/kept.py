"""A statement whose text the ORM makes once, and which is sent with the values of each request.

Making the text of a long statement takes longer than many a statement itself. It is made here with stand-ins for what a
request brings (who asks, the moment, the organization), and each stand-in leaves its place among the values. Nothing of any
request or organization is kept; what cannot be told from a stand-in fails when the text is made, not later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from psycopg.types.numeric import Int8

from advocacy.tenancy.scope import OutsideScope, compiled_for, current_organization_id
from advocacy.tenancy.together import Written, written

ORGANIZATION = -7_001
NEAR = dt.timedelta(days=400)
"""A day or a moment that is so near to a stand-in was reckoned from it."""

Place = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Kept:
    """`text` with a place for each of its values; a place takes the values of a request by name."""

    text: str
    places: tuple[Place, ...]

    def params(self, values: Mapping[str, Any]) -> list[Any]:
        """What goes to the places, in the current scope, with a value for the name of each stand-in. Raises OutsideScope."""
        organization = current_organization_id()
        if organization is None:
            raise OutsideScope("A tenant table is read outside scoped_to().")
        given = {**values, "organization": organization}
        return [place(given) for place in self.places]

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Send it. Raises OutsideScope."""
        params = self.params(values)
        with connection.cursor() as cursor:
            cursor.execute(self.text, params)
            return list(cursor.fetchall())


@dataclass(frozen=True)
class KeptRows:
    """The same for querysets that go out in one statement (`together.fetched`)."""

    parts: tuple[tuple[str, type[models.Model], Kept], ...]

    def written(self, values: Mapping[str, Any]) -> dict[str, Written]:
        """Each with its values, in the current scope. Raises OutsideScope."""
        return {key: Written(model, one.text, tuple(one.params(values))) for key, model, one in self.parts}


def kept_rows(
    make: Callable[[], Mapping[str, models.QuerySet[Any]]], stand_ins: Mapping[str, Any]
) -> KeptRows:
    """The texts of all that `make` makes of the stand-ins, under their keys; see `kept`."""
    known = {**stand_ins, "organization": ORGANIZATION}
    with compiled_for(ORGANIZATION):
        told = {key: written(rows) for key, rows in make().items()}
    return KeptRows(
        tuple(
            (key, one.model, Kept(one.text, tuple(_place(value, known) for value in one.params)))
            for key, one in told.items()
        )
    )


def kept(make: Callable[[], models.QuerySet[Any, Any]], stand_ins: Mapping[str, Any]) -> Kept:
    """The text of the queryset that `make` makes of the stand-ins: negative integers, lists of one such, days and moments.

    Days must be more than 800 days from each other, and so must moments. Other values have to be codes or small counts.
    """
    known = {**stand_ins, "organization": ORGANIZATION}
    with compiled_for(ORGANIZATION):
        text, params = make().query.sql_with_params()
    return Kept(text, tuple(_place(value, known) for value in params))


def _place(value: Any, known: Mapping[str, Any]) -> Place:
    for name, stand_in in known.items():
        if isinstance(stand_in, dt.date):
            if type(value) is type(stand_in) and abs(value - stand_in) <= NEAR:
                return _reckoned(name, value - stand_in)
        elif type(value) is not bool and value == stand_in:
            return _given(name, type(value))
    if value is None or value == [] or isinstance(value, str | bool):
        return lambda _values: value
    if isinstance(value, int) and 0 <= value < 1_000:
        return lambda _values: value
    raise TypeError(f"{value!r} comes from none of the stand-ins {sorted(known)}.")


def _reckoned(name: str, later: dt.timedelta) -> Place:
    return lambda values: values[name] + later


def _given(name: str, kind: type[Any]) -> Place:
    """As the ORM would have handed it on: an integer goes in the width of its column, whatever it is."""
    if kind is list:
        return lambda values: [Int8(key) for key in values[name]]
    return lambda values: kind(values[name])
