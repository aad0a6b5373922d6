"""`make security`: what is hidden takes as long as what is missing. Medians over 500 requests of each, one after the other.

No part of `make test`: on a busy machine only many requests in turns tell anything.
"""

from __future__ import annotations

import gc
import statistics
import time
import uuid

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.people.models import User
from advocacy.people.portal_codes import AfterAnswer
from advocacy.tenancy.scope import scoped_to
from cases.commands.access import restrict_case
from tests.attacks.siege import undone
from tests.cast import PASSWORD
from tests.conftest import HASHERS_AS_SHIPPED
from tests.guards.addresses import desk_routes
from tests.guards.test_routes import visitor
from tests.machines import meadows_machine
from tests.portal import come_in, give_access

REQUESTS = 500
SHARE, LEAST = 0.05, 0.0003
"""How far two medians may lie apart: a twentieth, or a third of a millisecond."""


def medians(one, other) -> tuple[float, float]:
    """Both in turns, each first as often as the other."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(REQUESTS):
        for which in (0, 1) if number % 2 else (1, 0):
            send = (one, other)[which]
            with undone():
                begun = time.perf_counter()
                send()
                times[which].append(time.perf_counter() - begun)
        if number % 100 == 0:
            gc.collect()
    return statistics.median(times[0]), statistics.median(times[1])


def alike(name: str, one, other) -> None:
    for _warm in range(20):
        with undone():
            one(), other()
    hidden, missing = medians(one, other)
    print(f"{name}: hidden {hidden * 1000:.2f} ms, missing {missing * 1000:.2f} ms")
    assert abs(hidden - missing) <= max(SHARE * missing, LEAST), (name, hidden, missing)


CASE_PAGES = ("appeals:case", "cases:documents", "appeals:level", "cases:document", "people:patient")


def addresses(world, name: str) -> tuple[str, str]:
    route = next(r for r in desk_routes() if r.name == name)
    return world.address(route), route.url({p: uuid.uuid4() for p in route.rows})


@pytest.mark.parametrize("name", CASE_PAGES)
def test_a_restricted_case(world, name):
    restrict_case(
        actor=world.cast.sam, case=world.rows["case_id"], reason="a colleague's sister", at=timezone.now()
    )
    nils = visitor(world.cast.users["nils"])
    hidden, missing = addresses(world, name)
    assert nils.get(hidden).status_code == nils.get(missing).status_code == 404
    alike(name, lambda: nils.get(hidden), lambda: nils.get(missing))


@pytest.mark.parametrize("name", CASE_PAGES)
def test_another_organizations_row(world, name):
    mia = visitor(world.cast.users["mia"])
    hidden, missing = addresses(world, name)
    alike(f"{name} of another organization", lambda: mia.get(hidden), lambda: mia.get(missing))


def test_the_api(world):
    machine = meadows_machine(world.cast, roles=["supervisor", "analyst"]).client
    hidden = reverse("api:case", args=[world.rows["case_id"].public_id])
    missing = reverse("api:case", args=[uuid.uuid4()])
    alike("api:case", lambda: machine.get(hidden), lambda: machine.get(missing))


def test_the_portal(world):
    with scoped_to(world.cast.meadow.pk, actor="system:test", actor_label="test"):
        give_access(world.cast.meadow_case.patient, "wren@mail.example")
    wren = come_in("wren@mail.example")
    hidden = reverse("portal:case", args=[world.rows["case_id"].public_id])
    missing = reverse("portal:case", args=[uuid.uuid4()])
    alike("portal:case", lambda: wren.get(hidden), lambda: wren.get(missing))


def test_asking_for_a_code(world, monkeypatch):
    """Somebody who has an access, and somebody nobody knows. The mail leaves after the answer, and is not timed."""
    monkeypatch.setattr(AfterAnswer, "close", HttpResponse.close)
    client = Client()

    def asking(email: str):
        def send() -> None:
            cache.clear()
            answer = client.post(reverse("portal:sign_in"), {"email": email})
            assert answer.status_code == 302

        return send

    alike("portal:sign_in", asking("dana@mail.example"), asking("nobody@mail.example"))


def test_a_wrong_passphrase(world, settings):
    """Of somebody who is there, and of somebody who is not: both are hashed, as slowly as the product hashes."""
    settings.ACCOUNT_RATE_LIMITS = {}
    settings.PASSWORD_HASHERS = HASHERS_AS_SHIPPED
    nora = world.cast.users["nora"]
    User.objects.filter(pk=nora.pk).update(password=make_password(PASSWORD))
    client = Client()

    def trying(email: str):
        def send() -> None:
            cache.clear()
            answer = client.post(reverse("account_login"), {"login": email, "password": "wrong words here"})
            assert answer.status_code == 200

        return send

    alike("account_login", trying(nora.email), trying("nobody@harbor.example"))
