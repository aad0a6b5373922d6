"""The installation's secrets: from the environment, or from a 0600 file made at first run (development and demo only)."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured

# A variable that holds the path of a file -> the variable that the file's contents stand for: secrets need not be in the
# environment, where every child process and every crash report could read them.
SECRET_FILES = {
    "DATABASE_URL_FILE": "DATABASE_URL",
    "DATABASE_OWNER_URL_FILE": "DATABASE_OWNER_URL",
    "DATABASE_BACKUP_URL_FILE": "DATABASE_BACKUP_URL",
    "RECOURSE_SECRET_KEY_FILE": "RECOURSE_SECRET_KEY",
    "RECOURSE_FIELD_KEY_FILE": "RECOURSE_FIELD_KEY",
    "RECOURSE_RETIRED_KEYS_FILE": "RECOURSE_RETIRED_KEYS",
    "RECOURSE_INDEX_KEY_FILE": "RECOURSE_INDEX_KEY",
    "RECOURSE_SEAL_KEY_FILE": "RECOURSE_SEAL_KEY",
    "RECOURSE_LEAF_KEY_FILE": "RECOURSE_LEAF_KEY",
    "RECOURSE_SEAL_PUBLIC_KEYS_FILE": "RECOURSE_SEAL_PUBLIC_KEYS",
    "RECOURSE_METRICS_TOKEN_FILE": "RECOURSE_METRICS_TOKEN",
    "RECOURSE_SMTP_PASSWORD_FILE": "RECOURSE_SMTP_PASSWORD",
    "RECOURSE_TEXT_TOKEN_FILE": "RECOURSE_TEXT_TOKEN",
}


def with_secret_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, and what the files hold that it names; a variable that is set itself wins. Changes nothing.

    Raises ImproperlyConfigured for a file that is not there or cannot be read.
    """
    found = dict(environment)
    for variable, name in SECRET_FILES.items():
        path = environment.get(variable)
        if path and not environment.get(name):
            try:
                found[name] = Path(path).read_text().strip()
            except OSError as problem:
                raise ImproperlyConfigured(f"{variable}: {problem.strerror}.") from None
    return found


@dataclass(frozen=True)
class Keys:
    """`django` signs sessions; `field` (32 bytes) encrypts fields and wraps document keys; `index` (32 bytes) keys blind indexes.

    `field_id` goes in front of every ciphertext. `retired` keys, by id, still open what was sealed under them and seal
    nothing any more (`manage.py rotate_keys`). `seal` (32 bytes, Ed25519) signs the trail and `leaf` (32 bytes) keys the hashes
    of its events: only the worker needs them. `seal_public` are the keys whose signatures count, by id.
    """

    django: str
    field_id: str
    field: bytes
    index: bytes
    retired: Mapping[str, bytes] = made(default_factory=dict)
    seal_id: str = "s1"
    seal: bytes | None = made(default=None, repr=False)
    leaf: bytes | None = made(default=None, repr=False)
    seal_public: Mapping[str, bytes] = made(default_factory=dict)

    @property
    def ring(self) -> dict[str, bytes]:
        """Every field key by its id."""
        return {**self.retired, self.field_id: self.field}


def load_keys(*, environment: Mapping[str, str], path: Path, production: bool) -> Keys:
    """Return the keys. Raises ImproperlyConfigured in production when they come from the first-run file, also as copies."""
    names = ("RECOURSE_SECRET_KEY", "RECOURSE_FIELD_KEY", "RECOURSE_INDEX_KEY")
    if all(environment.get(n) for n in names):
        if production:
            _refuse_first_run_keys(environment, path)
        return Keys(
            django=environment[names[0]],
            field_id=environment.get("RECOURSE_FIELD_KEY_ID", "k1"),
            field=_key(environment[names[1]], names[1]),
            index=_key(environment[names[2]], names[2]),
            retired=_retired(environment),
            **_of_the_trail(environment, {}),
        )
    if production:
        missing = ", ".join(n for n in names if not environment.get(n))
        raise ImproperlyConfigured(f"Production takes its keys from the environment; missing: {missing}.")
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path.name} can be read by others; run: chmod 600 on it.")
    stored = _completed(path)
    return Keys(
        django=stored["django"],
        field_id=stored["field_id"],
        field=_key(stored["field"], "field"),
        index=_key(stored["index"], "index"),
        retired=_retired(environment),
        **_of_the_trail(environment, stored),
    )


def _of_the_trail(environment: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, Any]:
    """What seals the trail and what its signatures are checked with. Both private keys are there or neither; a process that
    only reads has neither.
    """
    seal, leaf = (
        environment.get(name) or stored.get(kept)
        for name, kept in (("RECOURSE_SEAL_KEY", "seal"), ("RECOURSE_LEAF_KEY", "leaf"))
    )
    if bool(seal) != bool(leaf):
        raise ImproperlyConfigured("RECOURSE_SEAL_KEY and RECOURSE_LEAF_KEY are set together or not at all.")
    key_id = environment.get("RECOURSE_SEAL_KEY_ID", "s1")
    public = _pairs(environment, "RECOURSE_SEAL_PUBLIC_KEYS")
    found: dict[str, Any] = {"seal_id": key_id, "seal_public": public}
    if seal and leaf:
        found |= {"seal": _key(seal, "RECOURSE_SEAL_KEY"), "leaf": _key(leaf, "RECOURSE_LEAF_KEY")}
        own = Ed25519PrivateKey.from_private_bytes(found["seal"]).public_key().public_bytes_raw()
        if public.get(key_id, own) != own:
            raise ImproperlyConfigured(f"RECOURSE_SEAL_PUBLIC_KEYS has another key as {key_id}.")
        found["seal_public"] = {**public, key_id: own}
    return found


def _completed(path: Path) -> dict[str, str]:
    """What the file holds; one made before there were seals gets its two keys added, the same ones for whoever starts at once."""
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        stored: dict[str, str] = json.loads(path.read_text())
        if missing := {"seal", "leaf"} - set(stored):
            stored |= {name: _fresh() for name in sorted(missing)}
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(stored, file)
            draft.replace(path)
    return stored


def _fresh() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _retired(environment: Mapping[str, str]) -> dict[str, bytes]:
    return _pairs(environment, "RECOURSE_RETIRED_KEYS")


def _pairs(environment: Mapping[str, str], name: str) -> dict[str, bytes]:
    """`id:key` pairs, between spaces or on lines of their own."""
    pairs = [pair.partition(":") for pair in environment.get(name, "").split()]
    return {key_id: _key(text, f"{name}: {key_id}") for key_id, _, text in pairs}


FIRST_RUN = {
    "RECOURSE_SECRET_KEY": "django",
    "RECOURSE_FIELD_KEY": "field",
    "RECOURSE_INDEX_KEY": "index",
    "RECOURSE_SEAL_KEY": "seal",
    "RECOURSE_LEAF_KEY": "leaf",
}


def _refuse_first_run_keys(environment: Mapping[str, str], path: Path) -> None:
    """A key that lay in a file beside the demo's data is no secret of a production server."""
    if not os.access(path, os.R_OK):
        return
    made = json.loads(path.read_text())
    for name, kept in FIRST_RUN.items():
        if environment.get(name) and environment[name] == made.get(kept):
            raise ImproperlyConfigured(
                f"{name} is the one of the first-run file; production needs keys of its own."
            )


def _key(text: str, name: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(f"{name} must be 32 bytes in URL-safe base64.")
    return key


def _make(path: Path) -> None:
    """Write the file whole or not at all; of several processes starting at once, the first one's keys win."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = {
        "django": secrets.token_urlsafe(48),
        "field_id": "k1",
        "field": _fresh(),
        "index": _fresh(),
        "seal": _fresh(),
        "leaf": _fresh(),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(fresh, file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
