"""A process for each organization: references are given out one at a time within one, so its own cases follow each other."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context

from django.db import connection, connections

PREPARED = 1_000
"""Statements that stay prepared: a year asks some seven hundred different ones, over and over."""
FEW = 500
"""Up to so many cases of one organization a statement is planned once: to plan it for its values costs more than that saves."""
GLANCE = 0.2
"""Seconds between two looks at how far they are."""


def make_ready(cases: int) -> None:
    """Set this process up for a year of so many cases."""
    # What was imported stays: looking through it for garbage again and again takes a quarter of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    connection.ensure_connection()
    connection.connection.prepared_max = PREPARED
    if cases <= FEW:
        connection.connection.execute("SET plan_cache_mode = force_generic_plan")


def side_by_side(
    slugs: Sequence[str], live: Callable[[str], bool], glance: Callable[[], None] = lambda: None
) -> bool:
    """Let each organization live in a process of its own; whether all of it held. `glance` is called now and then meanwhile."""
    connections.close_all()  # a forked process must not share the parent's connection
    context = get_context("fork")

    def run(slug: str) -> None:
        raise SystemExit(0 if live(slug) else 1)

    processes = [context.Process(target=run, args=(slug,), daemon=True) for slug in slugs]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        glance()
        time.sleep(GLANCE)
    return not any(process.exitcode for process in processes)
