"""Keys of each organization's own, wrapped by the installation's master key, in a folder outside the database (ADR 15).

    KEYSTORE/
      7.json     the keys of organization 7 (0: of the installation), each wrapped; or the moment they were destroyed

No dump and no backup of the database holds a key, wrapped or not: whoever destroys a file here destroys what was sealed under
it in rows, in the trail and in every older backup. Nothing here asks the database. A process keeps what it has unwrapped and
looks at the file again every two seconds, so that a new key and a destroyed one reach it without a restart.
"""

from __future__ import annotations

import base64
import fcntl
import hmac
import json
import os
import secrets
import shlex
import string
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from advocacy.keyfile import Keys

INSTALLATION: Final = 0
"""What belongs to no organization (second factors, forms kept at the door) is sealed under keys of this number."""
LOOK_AGAIN: Final = 2.0
"""Seconds after which a process looks whether an organization's file has changed."""
PREPARED: Final = "keystore.json"
UNKNOWN: Final = "unknown"
"""When keys were destroyed of which only the zeros are there."""
PROGRAM_SECONDS: Final = 20
PROGRAM: Final = "kms:"


class CannotOpen(RuntimeError):
    """A sealed value was altered, moved from another row, or sealed with a key this installation does not have."""


class KeysDestroyed(CannotOpen):
    """The organization was off-boarded: nothing of it can be sealed or opened any more."""


class NotPrepared(RuntimeError):
    """The folder of the keys is not the one that was prepared, so no first key is made in it."""


class Master(Protocol):
    """What wraps data keys: the key in the environment or a file, or a key management service behind a program."""

    def wrap(self, key: bytes, label: str) -> tuple[str, bytes]:
        """The id of the master key that was used, and the wrapped key. `label` is "organization/key"."""

    def unwrap(self, master: str, wrapped: bytes, label: str) -> bytes:
        """The key. Raises CannotOpen when the master is not there any more or the wrapped key was altered or moved."""

    def forget(self, organization_id: int) -> None:
        """Destroy whatever the master itself holds of one organization."""


class OwnMaster:
    """RECOURSE_FIELD_KEY, from the environment or a file, and the older ones of RECOURSE_RETIRED_KEYS."""

    def __init__(self, keys: Keys) -> None:
        self._current = keys.field_id
        self._ring = {
            name: AESGCM(hmac.digest(key, b"wraps data keys", "sha256")) for name, key in keys.ring.items()
        }

    def wrap(self, key: bytes, label: str) -> tuple[str, bytes]:
        nonce = os.urandom(12)
        return self._current, nonce + self._ring[self._current].encrypt(nonce, key, label.encode())

    def unwrap(self, master: str, wrapped: bytes, label: str) -> bytes:
        if master not in self._ring:
            raise CannotOpen(f"The data keys are wrapped by {master}, a master key that is not configured.")
        try:
            return self._ring[master].decrypt(wrapped[:12], wrapped[12:], label.encode())
        except InvalidTag:
            raise CannotOpen(f"The data key {label} does not open with the master key {master}.") from None

    def forget(self, organization_id: int) -> None:
        """It holds nothing of a single organization."""


class ProgramMaster:
    """A key management service, asked by a program of the operator's (RECOURSE_KMS):

        PROGRAM wrap LABEL                   key in base64 on stdin; prints MASTER-ID and the wrapped key in base64
        PROGRAM unwrap LABEL MASTER-ID       wrapped key in base64 on stdin; prints the key in base64
        PROGRAM forget ORGANIZATION          destroys what the service holds of one organization, if anything

    LABEL is "organization/key". Whatever was wrapped by the installation's own key before still opens by that.
    """

    def __init__(self, command: str, own: OwnMaster) -> None:
        self._command, self._own = shlex.split(command), own

    def wrap(self, key: bytes, label: str) -> tuple[str, bytes]:
        master, _, wrapped = self._ask(["wrap", label], key).partition(" ")
        return PROGRAM + master, base64.b64decode(wrapped)

    def unwrap(self, master: str, wrapped: bytes, label: str) -> bytes:
        if not master.startswith(PROGRAM):
            return self._own.unwrap(master, wrapped, label)
        return base64.b64decode(self._ask(["unwrap", label, master.removeprefix(PROGRAM)], wrapped))

    def forget(self, organization_id: int) -> None:
        self._ask(["forget", str(organization_id)], b"")

    def _ask(self, arguments: list[str], data: bytes) -> str:
        try:
            done = subprocess.run(  # noqa: S603  the operator's own program
                [*self._command, *arguments],
                input=base64.b64encode(data).decode(),
                capture_output=True,
                text=True,
                timeout=PROGRAM_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise CannotOpen(f"The key management program: {type(problem).__name__}.") from None
        if done.returncode:
            raise CannotOpen(f"The key management program refused to {arguments[0]} ({done.returncode}).")
        return done.stdout.strip()


@dataclass(frozen=True)
class DataKeys:
    """The keys of one organization, unwrapped. New values are sealed under `current`; every one of them opens what it sealed."""

    current: str
    prefix: bytes
    cipher: AESGCM
    ciphers: Mapping[str, AESGCM]
    keys: Mapping[str, bytes]
    index: bytes


@dataclass(frozen=True)
class Listed:
    """One organization's file as it lies there; nothing of it is secret. `destroyed_at` is ISO 8601."""

    organization_id: int
    current: str
    keys: tuple[str, ...]
    masters: tuple[str, ...]
    destroyed_at: str


@dataclass
class _Held:
    keys: DataKeys
    mark: tuple[int, int]
    look_at: float


def key_prefix(key_id: str) -> bytes:
    """How every value sealed under this key begins: the length of the id, and the id."""
    return bytes([len(key_id.encode())]) + key_id.encode()


class KeyStore:
    """The folder. Safe for several processes and threads. With `strict` a first key is made only in a folder that was prepared:
    a volume that is not mounted would else give every organization new keys, and nothing of before would open.
    """

    def __init__(self, folder: Path, keys: Keys, *, program: str = "", strict: bool = False) -> None:
        self.folder, self.installation = folder, keys
        own = OwnMaster(keys)
        self._master: Master = ProgramMaster(program, own) if program else own
        self._strict = strict
        self._held: dict[int, _Held] = {}

    # --- on the way of every value ---

    def of(self, organization_id: int) -> DataKeys:
        """The organization's keys; its first ones are made here. Raises CannotOpen, KeysDestroyed, NotPrepared."""
        held = self._held.get(organization_id)
        if held is None or held.look_at < time.monotonic():
            held = self._look(organization_id, held)
        return held.keys

    def cipher(self, organization_id: int, key_id: str) -> AESGCM:
        """What opens values sealed under this key. Raises CannotOpen for a key that is not the organization's."""
        found = self.of(organization_id).ciphers.get(key_id)
        if found is None:  # another process may have made it a moment ago
            found = self._look(organization_id, self._held.get(organization_id)).keys.ciphers.get(key_id)
        if found is None:
            raise CannotOpen("This value was sealed with a key that is not configured.")
        return found

    def _look(self, organization_id: int, held: _Held | None) -> _Held:
        path = self._path(organization_id)
        try:
            mark = _mark(path)
        except FileNotFoundError:
            if held is not None:
                raise CannotOpen(
                    f"The keys of organization {organization_id} are not there any more."
                ) from None
            self._begin(organization_id)
            mark = _mark(path)
        if held is None or held.mark != mark:
            self._held.pop(organization_id, None)
            held = _Held(self._unwrapped(self._stored(organization_id)), mark, 0.0)
            self._held[organization_id] = held
        held.look_at = time.monotonic() + LOOK_AGAIN
        return held

    def _unwrapped(self, stored: dict[str, Any]) -> DataKeys:
        number, current = stored["organization"], stored["current"]
        keys = {name: self._open(kept, f"{number}/{name}") for name, kept in stored["keys"].items()}
        ciphers = {name: AESGCM(key) for name, key in keys.items()}
        own = f"index:{number}:".encode() + self._open(stored["index"], f"{number}/index")
        index = hmac.digest(self.installation.index, own, "sha256")
        return DataKeys(current, key_prefix(current), ciphers[current], ciphers, keys, index)

    # --- what an operator does ---

    def prepare(self) -> None:
        """Mark the folder as the one keys are made in. Harmless to repeat."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.folder / PREPARED).exists():
            self._write(self.folder / PREPARED, {"format": 1, "prepared_at": _now()}, anew=False)

    def is_prepared(self) -> bool:
        return (self.folder / PREPARED).exists()

    def renew(self, organization_id: int) -> str:
        """Make a new key, which everything new is sealed under from now on; returns its id. Older ones still open."""
        self.of(organization_id)
        with self._changing():
            stored = self._stored(organization_id)
            name = _name(len(stored["keys"]) + 1)
            stored["keys"][name] = self._wrapped(os.urandom(32), f"{organization_id}/{name}")
            stored["current"] = name
            self._write(self._path(organization_id), stored)
        self._held.pop(organization_id, None)
        return name

    def rewrap(self, organization_id: int) -> int:
        """Wrap every key of the organization by the master of now; no data is touched. Returns how many were not."""
        with self._changing():
            stored = self._stored(organization_id)
            parts = {**stored["keys"], "index": stored["index"]}
            done = {
                name: self._wrapped(
                    self._open(kept, f"{organization_id}/{name}"), f"{organization_id}/{name}"
                )
                for name, kept in parts.items()
            }
            changed = sum(1 for name in parts if parts[name]["master"] != done[name]["master"])
            if changed:
                stored["index"] = done.pop("index")
                self._write(self._path(organization_id), stored | {"keys": done})
        return changed

    def destroy(self, organization_id: int) -> None:
        """Destroy the keys for good: the file is overwritten, and a note of when stays in its place.

        The master forgets first: until it has, the file says that there is something left to do.
        """
        path = self._path(organization_id)
        if not self.is_destroyed(organization_id) or _is_zeros(path):
            with self._changing():
                self._master.forget(organization_id)
                _overwrite(path)
                self._write(path, {"organization": organization_id, "destroyed_at": _now()})
        self._held.pop(organization_id, None)

    def is_destroyed(self, organization_id: int) -> bool:
        """Whether the organization was off-boarded. False for one that never had keys."""
        path = self._path(organization_id)
        return path.exists() and "destroyed_at" in _read(path)

    def listed(self) -> list[Listed]:
        """Every organization that has or had keys, by number."""
        numbers = sorted(int(p.stem) for p in self.folder.glob("*.json") if p.stem.isdigit())
        return [self._told(number) for number in numbers]

    def _told(self, number: int) -> Listed:
        stored = _read(self._path(number))
        keys = stored.get("keys", {})
        wrapped = [*keys.values(), *([stored["index"]] if keys else [])]
        masters = tuple(sorted({one["master"] for one in wrapped}))
        return Listed(number, stored.get("current", ""), tuple(keys), masters, stored.get("destroyed_at", ""))

    def copy_to(self, folder: Path) -> int:
        """Make another folder hold what this one does: keys that were destroyed here are destroyed there.

        Returns how many files were written. Raises CannotOpen, before anything is written, where the copy has files that are not
        here: an organization that left leaves a note, so a file that is missing is a folder that is not the right one.
        """
        if self._strict and not self.is_prepared():
            raise CannotOpen(
                f"{self.folder} was not prepared for keys, or is not what it was. Nothing was copied."
            )
        missing = {p.name for p in folder.glob("*.json")} - {p.name for p in self.folder.glob("*.json")}
        if missing:
            raise CannotOpen(
                f"{folder} holds {', '.join(sorted(missing))}, and {self.folder} does not. Nothing was copied."
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        written = 0
        with self._changing():
            for path in sorted(self.folder.glob("*.json")):
                if (folder / path.name).exists() and (folder / path.name).read_bytes() == path.read_bytes():
                    continue
                stored = _read(path)
                if "destroyed_at" in stored:
                    _overwrite(folder / path.name)
                self._write(folder / path.name, stored)
                written += 1
        return written

    # --- files ---

    def _path(self, organization_id: int) -> Path:
        return self.folder / f"{organization_id}.json"

    def _stored(self, organization_id: int) -> dict[str, Any]:
        stored = _read(self._path(organization_id))
        if stored["organization"] != organization_id:
            raise CannotOpen(f"The file of organization {organization_id} is another's.")
        if "destroyed_at" in stored:
            raise KeysDestroyed(f"The keys of organization {organization_id} were destroyed.")
        return stored

    def _begin(self, organization_id: int) -> None:
        """The first keys; of several processes at once the first one's win."""
        if self._strict and not self.is_prepared():
            raise NotPrepared(
                f"{self.folder} was not prepared for keys (manage.py data_keys prepare), or is not what it was."
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = _name(1)
        stored = {
            "organization": organization_id,
            "made_at": _now(),
            "current": name,
            "keys": {name: self._wrapped(os.urandom(32), f"{organization_id}/{name}")},
            "index": self._wrapped(os.urandom(32), f"{organization_id}/index"),
        }
        self._write(self._path(organization_id), stored, anew=False)

    def _wrapped(self, key: bytes, label: str) -> dict[str, str]:
        master, wrapped = self._master.wrap(key, label)
        return {"master": master, "wrapped": base64.b64encode(wrapped).decode()}

    def _open(self, kept: Mapping[str, str], label: str) -> bytes:
        return self._master.unwrap(kept["master"], base64.b64decode(kept["wrapped"]), label)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One at a time changes what is there."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, path: Path, content: Mapping[str, Any], *, anew: bool = True) -> None:
        """Whole and on disk, or not at all. Not `anew`: what is there already stays."""
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        try:
            if anew:
                draft.replace(path)
            else:
                os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _mark(path: Path) -> tuple[int, int]:
    """Changes whenever the file does: it is replaced and never written into."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _read(path: Path) -> dict[str, Any]:
    """Zeros are keys that were destroyed, before the note of it was written. Raises CannotOpen for a damaged file."""
    try:
        if _is_zeros(path):
            return {"organization": int(path.stem), "destroyed_at": UNKNOWN}
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise CannotOpen(f"There are no keys in {path.name}.") from None
    except ValueError:
        raise CannotOpen(f"The file of keys {path.name} cannot be read.") from None
    return found


def _is_zeros(path: Path) -> bool:
    data = path.read_bytes()
    return bool(data) and not data.strip(b"\0")


def _overwrite(path: Path) -> None:
    """Zeros in place of what it holds, on disk when this returns; nothing where it is not there."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _name(number: int) -> str:
    """The id of a new key: its number, and letters by which no other installation's is taken for it."""
    return f"{number}{''.join(secrets.choice(string.ascii_lowercase) for _ in range(4))}"
