"""Choosing a way to the payer on a form: a button fills channel and address, on the server, and keeps what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.forms import BaseForm
from django.http import QueryDict

from advocacy.errors import NotFound
from advocacy.web import ActorRequest
from cases.queries.ways import Way

USE = "use"


def picked_way(request: ActorRequest, ways: Sequence[Way]) -> Way | None:
    """The way whose button was pressed, or None. Raises NotFound for one that is not offered."""
    key = request.POST.get(USE)
    if key is None:
        return None
    found = next((way for way in ways if way.key == key), None)
    if found is None:
        raise NotFound("way")
    return found


def filled(request: ActorRequest, way: Way | None, **fields: str) -> QueryDict | None:
    """What was typed, with the picked way in its `fields` (name of the field to attribute of the way); None for a GET."""
    if request.method != "POST":
        return None
    if way is None:
        return request.POST
    data = request.POST.copy()
    for name, attribute in fields.items():
        data[name] = attribute
    return data


def follow_channel(form: BaseForm, ways: Sequence[Way], *, channel: str, address: str) -> None:
    """After a refusal: an address that a way filled in for another channel gives way to the one kept for the chosen channel.

    Where none is kept the field comes back empty. What a person typed stays.
    """
    there, chosen = str(form[address].value() or "").strip(), form[channel].value()
    if not form.has_error(address) or all(
        way.channel == chosen or way.address.strip() != there for way in ways
    ):
        return
    posted: Any = form.data
    typed = posted.copy()
    typed[form.add_prefix(address)] = next((way.address for way in ways if way.channel == chosen), "")
    form.data = typed


def shown_ways(
    ways: Sequence[Way], form: BaseForm, *, channel: str, address: str, codes: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Ways for `components/ways.html`: which one stands in the form's fields now. `codes`: the form's word for a channel."""
    there = (str(form[channel].value() or ""), str(form[address].value() or "").strip())
    return [
        {
            "key": way.key,
            "channel": way.channel_words,
            "address": way.address,
            "purpose": way.purpose_words,
            "source": way.source,
            "stands": there == ((codes or {}).get(way.channel, way.channel), way.address.strip()),
        }
        for way in ways
    ]
