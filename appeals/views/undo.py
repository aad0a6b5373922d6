"""What a supervisor may take back: the last assignment of several cases, kept in their own session for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from appeals.commands.sharing import Moved

UNDO = "assign_undo"
UNDO_FOR = timedelta(hours=24)


def keep_undo(request: HttpRequest, moved: Sequence[Moved], to_label: str, *, page: str) -> None:
    """Remember what was moved, ids only. `page` is where its undo leads back to ("queue" or "board")."""
    request.session[UNDO] = {
        "organization": request.organization.pk,  # type: ignore[attr-defined]
        "moves": [[str(m.case.public_id), m.before, m.to, m.version] for m in moved],
        "to_label": to_label,
        "until": (request.at + UNDO_FOR).isoformat(),  # type: ignore[attr-defined]
        "page": page,
    }


def standing_undo(request: HttpRequest) -> dict[str, Any] | None:
    """What may still be undone, for the undo bar; None when there is nothing, or its day is over."""
    kept = request.session.get(UNDO)
    if not kept or kept["organization"] != request.organization.pk:  # type: ignore[attr-defined]
        return None
    until = datetime.fromisoformat(kept["until"])
    if until <= request.at:  # type: ignore[attr-defined]
        return None
    count = len(kept["moves"])
    text = f"{count} case{'' if count == 1 else 's'} given to {kept['to_label']}."
    return {"text": text, "until": until}


def kept_moves(request: HttpRequest) -> list[tuple[UUID, int | None, int | None, int]]:
    """The moves of the standing undo: case, from whom, to whom, version."""
    return [(UUID(key), before, to, version) for key, before, to, version in request.session[UNDO]["moves"]]


def undo_page(request: HttpRequest) -> str:
    """The name of the page the undo leads back to."""
    return f"appeals:{request.session[UNDO].get('page', 'queue')}"


def forget_undo(request: HttpRequest) -> None:
    request.session.pop(UNDO, None)
