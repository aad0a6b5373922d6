"""A rule pack: regimes, states and overrides as one JSON document with a schema and a signature. No Django here.

The signature (Ed25519) is over the canonical bytes of everything else: keys sorted, no blanks, UTF-8. A folder with the three
files is a pack without a signature: what comes with the program is as trustworthy as the program.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jsonschema import Draft202012Validator

from appeals.regimes import DATA, PARTS, BadData, book_of, install, raw_of
from appeals.regimes.shapes import Book

SCHEMA = "recourse.rule-pack/1"
Pack = dict[str, Any]


class BadPack(ValueError):
    """The document is no rule pack that may be computed with; the message says why."""


@dataclass(frozen=True)
class Loaded:
    """A pack that holds together. `signed_by` is the id of the key whose signature was checked, "" where there is none."""

    book: Book
    pack: Pack
    signed_by: str


def pack_of(folder: Path = DATA) -> Pack:
    """The three files of a folder as one pack, unsigned."""
    raw = raw_of(folder)
    return {"schema": SCHEMA, "as_of": raw["regimes"]["as_of"], **raw}


def canonical(pack: Mapping[str, Any]) -> bytes:
    """The bytes that a signature is over: all of the pack but the signature itself."""
    rest = {k: v for k, v in pack.items() if k != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signed(pack: Pack, key_id: str, seed: bytes) -> Pack:
    """The pack with a signature by the key (32 bytes, Ed25519)."""
    value = Ed25519PrivateKey.from_private_bytes(seed).sign(canonical(pack))
    return {**pack, "signature": {"key": key_id, "value": base64.urlsafe_b64encode(value).decode()}}


def signer_of(pack: Mapping[str, Any], keys: Mapping[str, bytes]) -> str:
    """The id of the key that signed it. Raises BadPack for none, an unknown one, or bytes that were changed."""
    found = pack.get("signature")
    if found is None:
        raise BadPack("The pack is not signed.")
    if found["key"] not in keys:
        raise BadPack(f"The pack is signed by {found['key']!r}, whose signature does not count here.")
    try:
        value = base64.urlsafe_b64decode(found["value"])
        Ed25519PublicKey.from_public_bytes(keys[found["key"]]).verify(value, canonical(pack))
    except (InvalidSignature, ValueError):
        raise BadPack("The pack was changed after it was signed.") from None
    return str(found["key"])


def public_keys(text: str) -> dict[str, bytes]:
    """`id:key` pairs (URL-safe base64 of 32 bytes) between spaces. Raises BadPack for one that is none."""
    found = {}
    for pair in text.split():
        key_id, _, value = pair.partition(":")
        found[key_id] = key_of(value, key_id)
    return found


def key_of(text: str, name: str) -> bytes:
    """The 32 bytes of a key in URL-safe base64. Raises BadPack when it is none."""
    try:
        key = base64.urlsafe_b64decode(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadPack(f"The key {name!r} is not 32 bytes in URL-safe base64.")
    return key


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((DATA / "schema.json").read_text(encoding="utf-8")))


def problems_of_shape(pack: Any) -> tuple[str, ...]:
    """Where a document is not what the schema asks for, as sentences; none when it is."""
    return tuple(
        f"{'/'.join(str(p) for p in e.absolute_path) or 'the pack'}: {e.message[:200]}"
        for e in sorted(_validator().iter_errors(pack), key=lambda e: [str(p) for p in e.absolute_path])
    )


def loaded(pack: Any, keys: Mapping[str, bytes] | None = None) -> Loaded:
    """The book of a pack. With `keys` (public, by id) it must be signed by one of them. Raises BadPack."""
    if problems := problems_of_shape(pack):
        raise BadPack(f"The pack does not fit its schema. {problems[0]}")
    signer = signer_of(pack, keys) if keys is not None else ""
    try:
        return Loaded(book_of({name: pack[name] for name in PARTS}), pack, signer)
    except (BadData, KeyError, ValueError, TypeError) as problem:
        raise BadPack(f"The pack contradicts itself. {problem}") from problem


def read(path: Path, keys: Mapping[str, bytes] | None = None) -> Loaded:
    """Load a pack from a file, or from a folder with the three files. Raises BadPack with a sentence."""
    try:
        pack = pack_of(path) if path.is_dir() else json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadPack(f"{path} cannot be read: {problem.strerror}.") from problem
    except (ValueError, RecursionError) as problem:
        raise BadPack(f"{path} is not JSON.") from problem
    return loaded(pack, keys)


def install_signed(path: str, keys: str) -> None:
    """From now on this process computes with the pack at a path, signed by one of the public keys; an empty path leaves what
    comes with the program. Raises BadPack, and then nothing is changed.
    """
    if path:
        install(read(Path(path), public_keys(keys)).book)


def written(pack: Pack) -> str:
    """A pack as the text of a file."""
    return json.dumps(pack, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
