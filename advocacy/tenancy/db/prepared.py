"""What was prepared stays prepared when something is rolled back.

psycopg forgets every prepared statement at each rollback, to a savepoint too: a table that was made in what is undone might be
made anew, and the server would look for the old one. A running program makes no tables; for it, one refused command had the
server read and plan every statement of the connection again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from psycopg import Connection, pq
from psycopg._preparing import Prepare, PrepareManager

_CHANGES = re.compile(rb"(?:CREATE|ALTER|DROP|DO|DISCARD ALL|DEALLOCATE ALL)\b").match
_FORGETS = re.compile(rb"(?:ALTER|DROP|DISCARD ALL|DEALLOCATE ALL)\b").match


class StaysPrepared(PrepareManager):
    """As psycopg's, but a rollback is nothing to it unless tables may have been made since the statements were last forgotten."""

    changed = False

    def _should_discard(self, prep: Prepare, results: Sequence[Any], *more: Any) -> bool:
        told = [r.command_status or b"" for r in results if r.status == pq.ExecStatus.COMMAND_OK]
        self.changed |= any(map(_CHANGES, told))
        if any(map(_FORGETS, told)) or b"ROLLBACK" in told:
            return self.clear()
        return False

    def clear(self) -> bool:
        """Asked at the end of what was rolled back, too."""
        if not self.changed:
            return False
        self.changed = False
        return super().clear()


def keep_prepared(connection: Connection[Any]) -> None:
    """Have a connection keep its statements over rollbacks. One that comes from a pool may have some already: they stay."""
    connection._prepared.__class__ = StaysPrepared
