"""The pictures of the README, from the demonstration as it was seeded: alone, and only when asked for.

RECOURSE_SCREENSHOTS=1 pytest tests/journeys/test_pictures.py
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image

from tests.journeys.conftest import SCREENS

SCREENSHOTS = Path(settings.BASE_DIR) / "docs" / "screens"
COLORS = 96
"""A page has few colors: with a palette of so many a picture looks the same and is a third of the size."""
DESK = {
    "sam": ("today", "queue", "board", "case", "denial", "level", "filed", "patient", "trail"),
    "olga": ("set-up", "members"),
    "ines": ("intake", "intake-step"),
}
PORTAL = {
    "portal-home": ("dana.37@mailbox.example", "/portal/"),
    "portal-record": ("dana.37@mailbox.example", "/portal/record/"),
    "portal-documents": ("dana.37@mailbox.example", "/portal/papers/"),
    "portal-home-spanish": ("teodora.26@mailbox.example", "/portal/"),
}

on_request = pytest.mark.skipif(
    os.environ.get("RECOURSE_SCREENSHOTS") != "1", reason="Pictures of the README: on request"
)


def take(desk: Any, name: str, screen: str) -> None:
    """What fits on the screen, from the top, into docs/screens."""
    desk.page.wait_for_load_state("networkidle")
    desk.page.set_viewport_size(SCREENS[screen])
    desk.page.evaluate("window.scrollTo(0, 0)")
    picture = Image.open(io.BytesIO(desk.page.screenshot())).convert("RGB")
    few = picture.quantize(COLORS, dither=Image.Dither.NONE)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    few.save(SCREENSHOTS / f"{name}-{screen}.png", optimize=True)


@on_request
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("who", DESK)
def test_pictures_of_the_desk(at_desk, served, who, screen):
    """Each main page, from the demonstration's own cases."""
    places = served.shell("from tests.journeys.prepared import to_be_pictured; result = to_be_pictured()")
    desk = at_desk(f"{who}@harbor.example", screen=screen)
    for name in DESK[who]:
        assert desk.go(places[name]) == 200, name
        take(desk, name, screen)


@on_request
@pytest.mark.parametrize("screen", SCREENS)
def test_pictures_of_the_doors(at_phone, at_door, served, screen):
    """The sign-ins, the portal in both languages, and what a clinic sees."""
    for name, (email, path) in PORTAL.items():
        phone = at_phone(email, screen=screen)
        assert phone.go(path) == 200, name
        take(phone, name, screen)
    door = at_door("somebody", screen=screen)
    clinic = served.shell("from tests.journeys.prepared import clinic_link; result = clinic_link()")
    for name, path in (
        ("sign-in", "/accounts/login/"),
        ("portal-sign-in", "/portal/sign-in/"),
        ("clinic", clinic),
    ):
        assert door.go(path) == 200, name
        take(door, name, screen)
