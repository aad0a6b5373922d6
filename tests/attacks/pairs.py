"""Every pair of route, verb, role, tenant and shape, met at least once: a cover of the whole matrix, chosen greedily.

What an address does not take is refused to anybody before it looks at who asks: such a verb is a pair with the route, and
with each role, tenant and shape, but what it says of a route and a role is nothing. The pair of route and role is met only
where it tells: by somebody of the organization, with a verb that the address takes, at the plain address.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

VERBS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")
OWN, OTHER = "own", "other"
TENANTS = (OWN, OTHER)
"""Whose the row is: of the organization of whoever asks, or of another one."""
PLAIN = ("list", "retrieve", "autocomplete")
"""The shape an address has by itself; the others are asked beside it, with what it takes."""
BESIDE = {"nested": {"GET", "POST"}, "filter": {"GET", "HEAD"}, "write": {"POST"}}
Pair = tuple[tuple[str, str], tuple[str, str]]


class Attack(NamedTuple):
    """One request: somebody with a role, a verb, an address, whose row it is, and in which shape it is asked for."""

    route: str
    role: str
    verb: str
    tenant: str
    shape: str


@dataclass(frozen=True)
class Address:
    """What can be asked of a route: the verbs it takes (of GET, HEAD and POST), and its shapes."""

    route: str
    takes: frozenset[str]
    shapes: tuple[str, ...]

    def attacks(self, roles: Sequence[str]) -> Iterator[Attack]:
        """All of the whole matrix."""
        for shape in self.shapes:
            for verb in VERBS:
                if shape in PLAIN or verb in BESIDE[shape] & self.takes:
                    for role in roles:
                        for tenant in TENANTS:
                            yield Attack(self.route, role, verb, tenant, shape)


def address(route: str, opens: tuple[str, str], plain: str, *, nested: bool = False) -> Address:
    """From the two columns of the table by hand."""
    takes = ({"GET", "HEAD"} if opens[0] != "-" else set()) | ({"POST"} if opens[1] != "-" else set())
    beside = ["nested"] if nested else []
    if plain != "autocomplete":
        beside += [shape for shape, verb in (("filter", "GET"), ("write", "POST")) if verb in takes]
    return Address(route, frozenset(takes), (plain, *beside))


def pairs(attack: Attack, takes: frozenset[str]) -> set[Pair]:
    """Those that this attack meets."""
    found = set(combinations(zip(Attack._fields, attack, strict=True), 2))
    if attack.verb not in takes:
        return {pair for pair in found if "verb" in (pair[0][0], pair[1][0])}
    if attack.tenant != OWN or attack.shape not in PLAIN:
        found.discard((("route", attack.route), ("role", attack.role)))
    return found


def whole(addresses: Iterable[Address], roles: Sequence[str]) -> dict[Attack, set[Pair]]:
    """Every attack there is, with the pairs it meets."""
    return {attack: pairs(attack, one.takes) for one in addresses for attack in one.attacks(roles)}


def cover(addresses: Iterable[Address], roles: Sequence[str]) -> list[Attack]:
    """Attacks that together meet every pair of the whole; the same ones every time."""
    order = random.Random(5)
    met: set[Pair] = set()
    chosen: list[Attack] = []
    everything = []

    def choose(attacks: list[tuple[Attack, set[Pair]]], missing: set[Pair]) -> None:
        missing -= met
        while missing:
            best, found = max(attacks, key=lambda each: 100 * len(each[1] & missing) + len(each[1] - met))
            chosen.append(best)
            met.update(found)
            missing -= found

    for one in addresses:
        attacks = list(whole([one], roles).items())
        order.shuffle(attacks)
        attacks.sort(
            key=lambda each: each[0].verb == "HEAD"
        )  # it tells no words; of equals the others come first
        everything += attacks
        choose(attacks, {pair for _, found in attacks for pair in found if pair[0][0] == "route"})
    choose(everything, {pair for _, found in everything for pair in found})
    return chosen
