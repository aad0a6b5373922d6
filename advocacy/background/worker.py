"""The worker process, and whether one is alive."""

from __future__ import annotations

from django_q.management.commands.qcluster import Command as Worker
from django_q.status import Stat

__all__ = ["Worker", "workers_alive"]


def workers_alive() -> int:
    """How many worker processes run now. Each cluster writes its state to the cache twice a second."""
    return sum(len(cluster.workers) for cluster in Stat.get_all())
