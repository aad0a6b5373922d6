"""A value sealed as the program's fields seal it, without Django."""

from __future__ import annotations

import os
import uuid

from advocacy.tenancy.keystore import KeyStore


def sealed(store: KeyStore, organization: int, public_id: uuid.UUID, column: str, text: str) -> bytes:
    """`column` is the table and the column, joined by a point; `public_id` the row's."""
    keys, nonce = store.of(organization), os.urandom(12)
    context = f"{organization}|{public_id}|{column}".encode()
    return keys.prefix + nonce + keys.cipher.encrypt(nonce, text.encode(), context)
