"""The pictures of the README, from the demonstration as it was seeded: alone, and only when asked for.

RECOURSE_SCREENSHOTS=1 pytest tests/journeys/test_pictures.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.journeys.conftest import SCREENS

SCREENSHOTS = Path(settings.BASE_DIR) / "docs" / "screens"
SHOTS = ("today", "queue", "case", "denial", "level", "filed", "patient", "trail", "sign-in")


@pytest.mark.skipif(
    os.environ.get("RECOURSE_SCREENSHOTS") != "1", reason="Pictures of the README: on request"
)
def test_pictures_of_the_main_pages(at_desk, served):
    """Each main page at both widths, into docs/screens, from the demonstration's own cases."""
    places = served.shell("from tests.journeys.prepared import to_be_pictured; result = to_be_pictured()")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for screen, size in SCREENS.items():
        sam = at_desk("sam@harbor.example", screen=screen)
        for name in SHOTS:
            if name == "sign-in":
                sam.page.context.clear_cookies()
            assert sam.go(places[name]) == 200, name
            sam.page.wait_for_load_state("networkidle")
            sam.page.set_viewport_size(size)
            sam.page.evaluate("window.scrollTo(0, 0)")
            sam.page.screenshot(path=SCREENSHOTS / f"{name}-{screen}.png")
