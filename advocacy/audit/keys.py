"""The public keys that seals and anchors are signed with, as everybody may have them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from advocacy.keyfile import Keys


def published(keys: Keys) -> list[dict[str, Any]]:
    """Every public key whose signatures count: id, algorithm, key in URL-safe base64, fingerprint to read aloud, whether it
    signs now.
    """
    return [
        {
            "id": key_id,
            "algorithm": "Ed25519",
            "public": base64.urlsafe_b64encode(key).decode(),
            "fingerprint": fingerprint(key),
            "signs": key_id == keys.seal_id,
        }
        for key_id, key in sorted(keys.seal_public.items())
    ]


def fingerprint(key: bytes) -> str:
    """The first half of its SHA-256 in groups of four."""
    digest = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(digest[place : place + 4] for place in range(0, 32, 4))
