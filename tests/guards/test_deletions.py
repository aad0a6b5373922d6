"""Every way in which the program deletes anything stands here, with why it needs no legal hold, or that it asks for one.

What is part of a patient's record is kept by the database as well (`search.refuse_held`, tests/guards/test_tenant_tables.py).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from django.conf import settings

from advocacy import registries
from advocacy.people.holds import why_kept

ROOT = Path(settings.BASE_DIR)
DELETES = re.compile(r"\.delete\(|\bDELETE FROM|\brmtree\(|\.destroy\(|\bTRUNCATE\b(?! OR| ON)")

ASKS = "asks whether a hold stands before anything is done"
FILES = "a file that no row names, or that this process made a moment ago"
MACHINERY = "machinery: sessions, tokens, counters, jobs that are done"
TYPING = "what is replaced while somebody types; the trail keeps what stood there"
DRAFTS = "somebody's own unsent words and searches"
COUNTS = "kept counts and search text: made again from the rows"
LOCAL = "the local server of a demonstration or of tests"
SEALING = "the queue of the sealing job: the events stay"

# File -> (how many times, why).
DELETIONS = {
    "advocacy/audit/schema.sql": (2, SEALING + "; and audit.prune, whose command asks whether a hold stands"),
    "advocacy/background/cache.py": (1, MACHINERY),
    "advocacy/background/queue.py": (3, MACHINERY),
    "advocacy/embedded.py": (4, LOCAL),
    "advocacy/management/offboarding.py": (9, ASKS),
    "advocacy/management/commands/check_database.py": (1, "the words of a check: the serving role may not"),
    "advocacy/people/drafts.py": (3, DRAFTS),
    "advocacy/people/leaving.py": (3, DRAFTS),
    "advocacy/people/lockout.py": (1, MACHINERY),
    "advocacy/people/machines.py": (1, MACHINERY),
    "advocacy/people/refused_forms.py": (1, MACHINERY),
    "advocacy/people/sessions.py": (1, MACHINERY),
    "advocacy/people/views/sessions.py": (1, MACHINERY),
    "advocacy/people/step_up.py": (1, MACHINERY),
    "advocacy/postgres_programs.py": (2, LOCAL),
    "advocacy/reporting/counted.sql": (2, COUNTS),
    "appeals/commands/denials.py": (2, TYPING),
    "appeals/commands/drafts.py": (1, TYPING),
    "appeals/commands/requests.py": (1, TYPING),
    "appeals/commands/setup.py": (1, FILES),
    "cases/commands/papers.py": (
        3,
        "pages on their way from a phone, taken over into a document or never sent",
    ),
    "cases/commands/upkeep.py": (1, FILES),
}


def found() -> dict[str, int]:
    counted: Counter[str] = Counter()
    for folder in ("advocacy", "cases", "appeals"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".sql"} and "migrations" not in path.parts:
                counted[str(path.relative_to(ROOT))] = len(DELETES.findall(path.read_text()))
    return {name: count for name, count in counted.items() if count}


def test_every_deletion_is_known():
    assert found() == {name: count for name, (count, _why) in DELETIONS.items() if count}


def test_what_asks_for_a_hold_asks_the_registry():
    asking = [name for name, (_count, why) in DELETIONS.items() if why == ASKS]
    for name in (*asking, "advocacy/management/commands/prune_trail.py"):
        assert "holds_on_deletion" in (ROOT / name).read_text()
    assert asking == ["advocacy/management/offboarding.py"]
    assert why_kept in registries.holds_on_deletion


def test_keys_are_destroyed_by_off_boarding_only():
    callers = [
        str(path.relative_to(ROOT))
        for folder in ("advocacy", "cases", "appeals")
        for path in (ROOT / folder).rglob("*.py")
        if ".destroy(" in path.read_text()
    ]
    assert callers == ["advocacy/management/offboarding.py"]
