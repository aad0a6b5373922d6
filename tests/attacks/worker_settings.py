"""The settings of a worker that also knows the broken job. Only for tests/attacks/test_roads.py."""

from __future__ import annotations

from advocacy.settings import *  # noqa: F403
from advocacy.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.attacks.worker_app.Careless"]
