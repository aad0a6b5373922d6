"""Anchors: signed statements of the newest seals, laid down where whoever holds the database host cannot reach. Without them the
end of a trail could be cut off, or the whole database set back, and every signature would still hold.

Places: a folder on a mounted second machine (RECOURSE_ANCHOR_DIR), a line a statement, appended; and a witness by e-mail
(RECOURSE_ANCHOR_MAIL). A statement holds public ids, numbers and hashes, nothing of what happened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from advocacy.audit.seal import EPOCH, Organization, heads, signature_of
from advocacy.audit.verifier import ANCHOR, Anchor, Ring, Unreadable, anchor_to_sign, read_anchors
from advocacy.keyfile import Keys


def statement(
    cursor: Any, organizations: Iterable[Organization], keys: Keys, *, at: datetime, restored: str = ""
) -> dict[str, Any]:
    """The newest seals of all of them, signed. `restored`: why an older backup was put back, which makes void what was anchored
    after its seals before. Raises seal.NoSealKey.
    """
    names = {o.pk: o.public_id for o in organizations}
    found = heads(cursor, [(pk, None) for pk in names])
    told = sorted((names[pk], seq, head.hex(), through) for pk, (seq, head, through) in found.items())
    moment = (at - EPOCH) // timedelta(microseconds=1)
    signature = signature_of(anchor_to_sign(moment, keys.seal_id, restored, told), keys)
    return {
        "format": ANCHOR.decode(),
        "at": moment,
        "key": keys.seal_id,
        "restored": restored,
        "heads": [list(head) for head in told],
        "signature": signature.hex(),
    }


def line_of(told: dict[str, Any]) -> str:
    """A statement as one line."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def lay_down(folder: Path, told: dict[str, Any], *, at: datetime) -> Path:
    """Append it to the month's file, on disk when this returns. Raises OSError where the place is not there."""
    path = folder / f"anchors-{at:%Y-%m}.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, (line_of(told) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    return path


def differing(cursor: Any, organizations: Iterable[Organization], keys: Keys, folder: Path) -> list[str]:
    """Public ids of organizations whose trail is not what the newest statement in the folder says: cut off, or set back.

    Raises verifier.Unreadable where that statement is damaged, OSError where the place is not there.
    """
    files = sorted(folder.glob("anchors-*.jsonl"))
    if not files:
        return []
    held = newest(read_anchors([(files[-1].name, _last_of(files[-1]))], Ring(keys.seal_public)))
    names = {o.public_id: o.pk for o in organizations}
    found = heads(cursor, [(names[public], anchor.seq) for public, anchor in held.items() if public in names])
    return sorted(
        public
        for public, anchor in held.items()
        if public in names and found.get(names[public], (0, b"", 0))[:2] != (anchor.seq, anchor.head)
    )


def _last_of(file: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(file.read_bytes().rstrip(b"\n").rpartition(b"\n")[2])
    except ValueError:
        raise Unreadable(f"The last line of {file.name} is no whole anchor.") from None
    return told


def newest(anchors: Iterable[Anchor]) -> dict[str, Anchor]:
    """The last one of each organization."""
    return {anchor.organization: anchor for anchor in sorted(anchors, key=lambda a: a.at)}
