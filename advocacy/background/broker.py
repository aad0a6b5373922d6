"""Two lines of jobs in the one table of the queue: what somebody waits for, and behind it what the clock asked for."""

from __future__ import annotations

from time import sleep
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf

LATER = f"{Conf.CLUSTER_NAME}:later"
TURNS = 4


class TwoLines(ORM):
    """The library's broker over two keys. After `TURNS` jobs of the first line one of the second has its turn, so that a
    busy day delays the clock's work and never stops it."""

    _turns = 0

    def queue_size(self) -> int:
        """How many jobs wait in both lines."""
        return self._waiting().filter(key__in=(self.list_key, LATER)).count()

    def lock_size(self) -> int:
        """How many jobs of both lines are with a worker."""
        return self.get_connection().filter(key__in=(self.list_key, LATER), lock__gt=timezone.now()).count()

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The next job as (key, package), locked for this worker; None after a short sleep when both lines are empty."""
        lines = [self.list_key, LATER]
        if self._turns >= TURNS:
            lines.reverse()
        for line in lines:
            taken = self._take(line)
            if taken:
                self._turns = 0 if line == LATER else self._turns + 1
                return taken
        sleep(Conf.POLL)
        return None

    def _take(self, line: str) -> list[tuple[int, str]]:
        rows = self._waiting().filter(key=line).order_by("pk")[: Conf.BULK]
        # Of two workers that saw the same row, one still finds it with the lock it saw.
        return [
            (row.pk, row.payload)
            for row in rows
            if self.get_connection().filter(pk=row.pk, lock=row.lock).update(lock=self.timeout(row))
        ]

    def _waiting(self) -> Any:
        return self.get_connection().filter(lock__lte=timezone.now())
