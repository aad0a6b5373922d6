"""Put the schedules of all regular jobs in place: reminders hourly, wake-ups, the nightly check. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from advocacy.background.queue import install_schedules


class Command(BaseCommand):
    help = "Puts the schedules of all regular jobs in place. The worker does the same when it starts; repeating it is safe."

    def handle(self, *args: Any, **options: Any) -> None:
        for name in install_schedules():
            self.stdout.write(name)
