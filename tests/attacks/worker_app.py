"""Makes the broken job known to a worker of the tests."""

from __future__ import annotations

from django.apps import AppConfig


class Careless(AppConfig):
    name = "tests.attacks"
    label = "careless"

    def ready(self) -> None:
        from advocacy.background import queue
        from tests.attacks.broken import told_by_its_failure

        queue.job("test.broken")(told_by_its_failure)
