"""Addresses of pages by name, for rows that are made of data."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from appeals.next_action import Proposal
from appeals.queries.clocks import Day, day_at
from appeals.queries.queue import Filters


def link(name: str, *ids: Any, **query: str) -> str:
    """The address of a page, with a query string of the values that are not empty."""
    kept = {k: v for k, v in query.items() if v}
    if ids and all(type(one) is UUID for one in ids):
        address = _shape(name, len(ids), get_script_prefix()).format(*ids)
    else:
        address = reverse(name, args=ids)
    return address + (f"?{urlencode(kept)}" if kept else "")


@lru_cache(maxsize=512)
def _shape(name: str, count: int, _prefix: str) -> str:
    """The address of a page of public ids, with a place for each: a long list has a hundred addresses of a few shapes."""
    ids = [UUID(int=number) for number in range(count)]
    address = reverse(name, args=ids).replace("{", "{{").replace("}", "}}")
    for number, one in enumerate(ids):
        address = address.replace(str(one), f"{{{number}}}")
    return address


def queue_link(filters: Filters, **more: str) -> str:
    """The queue with these filters; more query values behind them."""
    text = "&".join(
        part for part in (filters.query_string(), urlencode({k: v for k, v in more.items() if v})) if part
    )
    return reverse("appeals:queue") + (f"?{text}" if text else "")


def action_link(action: Proposal | None) -> dict[str, str]:
    """The proposed next action as the work row shows it; empty without one."""
    if action is None:
        return {"action": "", "action_url": ""}
    return {"action": action.label, "action_url": link(action.url_name, *action.args)}


def triage_shown(case: Any) -> list[dict[str, str]]:
    """What the latest triage says, as badges; nothing for a standard case without a concern."""
    badges = []
    if case.urgency == "emergency":
        badges.append({"text": "Emergency", "tone": "bad"})
    elif case.is_urgent:
        badges.append({"text": "Urgent", "tone": "warn"})
    if case.safety_concern == "yes":
        badges.append({"text": "Safety concern", "tone": "bad"})
    return badges


def day_of(request: HttpRequest) -> Day:
    """The moment of the request and the day it is where the organization works."""
    return day_at(request.at, request.organization.time_zone)  # type: ignore[attr-defined]
