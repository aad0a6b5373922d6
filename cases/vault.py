"""Where the bytes of documents live: encrypted, content-addressed per organization, read as a stream.

No Django: the root folder and the keys are arguments.

One blob is one file, `<root>/<organization>/<aa>/<sha256>`:

    header    magic, key id, the wrapped data key, plain size, SHA-256 of the plain bytes
    segments  1 MiB of plain bytes each (the last may be shorter), AES-256-GCM, 16 bytes of tag each

Every blob has its own random data key, so a nonce can be the segment's number and a flag "this is the
last": the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015). Dropping, repeating or reordering
segments therefore fails to decrypt. The wrapped key is bound to organization, digest and size, so a blob
moved to another name or another organization fails too. The header carries the wrapped key, which makes a
blob complete in itself: storing the same bytes twice needs no look-up, and rotating a key-encryption key
rewrites headers only.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from advocacy.errors import Reason, Refused
from cases.content import HEAD_BYTES, ContentType, sniff

MEGABYTE = 1024 * 1024
SEGMENT_BYTES = MEGABYTE
TAG_BYTES = 16
_MAGIC = b"RCVAULT1"
_KEY_ID_BYTES = 32
_WRAPPED_BYTES = 12 + 32 + TAG_BYTES
_HEADER = struct.Struct(f">8s{_KEY_ID_BYTES}s{_WRAPPED_BYTES}sQ32s")
_INCOMING = ".incoming"


class Readable(Protocol):
    """Anything with `read(n) -> bytes`: an upload, an open file, a BytesIO."""

    def read(self, size: int, /) -> bytes: ...


class TooLarge(Refused):
    """The stream is longer than allowed. Raised while reading, before more than the limit was taken in."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        limit = f"{max_bytes // MEGABYTE} MB" if max_bytes >= MEGABYTE else f"{max_bytes:,} bytes"
        super().__init__(
            [
                Reason(
                    "document_too_large",
                    f"This file is larger than {limit}. Scan it in black and white at 200 dots per inch, "
                    "or split it into parts, and upload those.",
                    "file",
                )
            ]
        )


class VaultError(Exception):
    """A stored blob cannot be read. Never the fault of the person who asked: an operator must look."""


class BlobMissing(VaultError):
    """There is no file at this location."""


class UnknownKey(VaultError):
    """The blob is sealed under a key-encryption key that this installation does not have."""


class Corrupted(VaultError):
    """The file was changed, cut or moved. `segment` is the first bad one; None means the header."""

    def __init__(self, location: str, segment: int | None, detail: str) -> None:
        self.location, self.segment = location, segment
        where = "header" if segment is None else f"segment {segment}"
        super().__init__(f"{location}: {where}: {detail}")


@dataclass(frozen=True)
class Keyring:
    """Key-encryption keys by id (32 bytes each). New blobs use `current`; older ids stay readable until
    rewrapped.
    """

    current: str
    keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"the current key {self.current!r} is not in the ring")
        for key_id, key in self.keys.items():
            if not 0 < len(key_id.encode()) <= _KEY_ID_BYTES:
                raise ValueError(f"a key id has 1 to {_KEY_ID_BYTES} bytes, not {key_id!r}")
            if len(key) != 32:
                raise ValueError(f"key {key_id!r} has {len(key)} bytes; AES-256 needs 32")

    @classmethod
    def single(cls, *, key_id: str, kek: bytes) -> Keyring:
        """The usual ring: one key."""
        return cls(current=key_id, keys={key_id: kek})


@dataclass(frozen=True)
class Stored:
    """What the caller keeps about a blob. `location` is relative to the vault's root."""

    sha256: str
    size: int
    location: str
    wrapped_key: str
    """`<key id>:<base64>`, a copy of the header's; the header is what is read."""
    content_type: ContentType | None
    """By content; None when it is nothing we accept."""


class Blob:
    """One opened blob: iterate it for all its bytes, or read a range. Each segment is checked before a byte
    of it is given out.
    """

    def __init__(self, path: Path, location: str, data_key: bytes, size: int, sha256: str) -> None:
        self._path, self._cipher = path, AESGCM(data_key)
        self.location, self.size, self.sha256 = location, size, sha256

    def __iter__(self) -> Iterator[bytes]:
        return self.read_range(0, self.size)

    def read(self) -> bytes:
        """All of it, in memory; for small documents and for tests."""
        return b"".join(self)

    def read_range(self, start: int, end: int) -> Iterator[bytes]:
        """The plain bytes `start` (included) to `end` (excluded), at most a segment at a time.

        Raises ValueError at once for a range outside the blob, Corrupted while iterating.
        """
        if not 0 <= start <= end <= self.size:
            raise ValueError(f"range {start}-{end} is outside a blob of {self.size} bytes")
        return self._segments(start, end)

    def _segments(self, start: int, end: int) -> Iterator[bytes]:
        if start == end and self.size:
            return
        final = _segment_count(self.size) - 1
        with self._path.open("rb") as file:
            for number in range(start // SEGMENT_BYTES, max(end - 1, 0) // SEGMENT_BYTES + 1):
                file.seek(_HEADER.size + number * (SEGMENT_BYTES + TAG_BYTES))
                sealed = file.read(SEGMENT_BYTES + TAG_BYTES)
                try:
                    plain = self._cipher.decrypt(_nonce(number, last=number == final), sealed, _MAGIC)
                except InvalidTag:
                    raise Corrupted(self.location, number, "the bytes were changed") from None
                first = number * SEGMENT_BYTES
                piece = plain[max(start - first, 0) : end - first]
                if piece:
                    yield piece

    def verify(self) -> None:
        """Read everything and compare with the digest; for the nightly integrity check. Raises Corrupted."""
        digest = hashlib.sha256()
        for piece in self:
            digest.update(piece)
        if digest.hexdigest() != self.sha256:
            raise Corrupted(self.location, None, "the content does not have the recorded SHA-256")


class Vault:
    """A folder of blobs. Safe for several processes: a file appears under its name only when it is whole
    and on disk.
    """

    def __init__(self, root: Path, keyring: Keyring) -> None:
        self.root, self.keyring = root, keyring

    def store(
        self,
        stream: Readable,
        *,
        organization_id: UUID,
        max_bytes: int,
        declared_size: int | None = None,
    ) -> Stored:
        """Read `stream` to its end and keep it for this organization (its public id). Memory stays at about
        two segments.

        `declared_size`, when the door knows it, refuses an oversized upload before the first byte is read.
        Raises TooLarge; whatever is raised, no part of the upload stays behind.
        """
        if declared_size is not None and declared_size > max_bytes:
            raise TooLarge(max_bytes)
        incoming = self.root / str(organization_id) / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = incoming / secrets.token_hex(16)
        try:
            with temporary.open("xb") as file:
                temporary.chmod(0o600)
                data_key = AESGCM.generate_key(bit_length=256)
                digest, size, head = _seal_stream(stream, file, data_key, max_bytes)
                wrapped = self._wrap(data_key, organization_id, digest, size)
                file.seek(0)
                file.write(_header(self.keyring.current, wrapped, size, digest))
                file.flush()
                os.fsync(file.fileno())
            location = _location(organization_id, digest.hex())
            wrapped_key = self._settle(temporary, location, organization_id) or _label(
                self.keyring.current, wrapped
            )
        finally:
            temporary.unlink(missing_ok=True)
        return Stored(digest.hex(), size, location, wrapped_key, sniff(head))

    def _settle(self, temporary: Path, location: str, organization_id: UUID) -> str | None:
        """Move the finished file to its name; when a sound blob is there already, return that one's wrapped
        key instead.
        """
        final = self.root / location
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A file that does not open any more (damaged, or its key is gone) gives way to the good copy.
        with suppress(VaultError, FileNotFoundError):
            self.open(location, organization_id=organization_id)
            key_id, wrapped, _, _ = _read_header(final, location)
            os.utime(final)  # taken up again: young, whatever became of its first upload
            return _label(key_id, wrapped)
        temporary.replace(final)
        for folder in (final.parent, final.parent.parent):
            _sync_folder(folder)
        return None

    def open(self, location: str, *, organization_id: UUID) -> Blob:
        """Open a blob of this organization. Raises BlobMissing, UnknownKey, or Corrupted (header, or a cut
        file).
        """
        path = self._path(location, organization_id)
        key_id, wrapped, size, digest = _read_header(path, location)
        if Path(location).name != digest.hex():
            raise Corrupted(location, None, "the name is not the digest in the header")
        data_key = self._unwrap(key_id, wrapped, organization_id, digest, size, location)
        expected = _HEADER.size + size + _segment_count(size) * TAG_BYTES
        actual = path.stat().st_size
        if actual != expected:
            segment = (min(actual, expected) - _HEADER.size) // (SEGMENT_BYTES + TAG_BYTES)
            segment = min(segment, _segment_count(size) - 1) if actual < expected else _segment_count(size)
            raise Corrupted(location, segment, f"the file has {actual} bytes instead of {expected}")
        return Blob(path, location, data_key, size, digest.hex())

    def rewrap(self, location: str, *, organization_id: UUID) -> str:
        """Seal the data key under the current key-encryption key (key rotation); returns the new wrapped
        key.
        """
        self.open(location, organization_id=organization_id)
        path = self._path(location, organization_id)
        key_id, wrapped, size, digest = _read_header(path, location)
        if key_id == self.keyring.current:
            return _label(key_id, wrapped)
        data_key = self._unwrap(key_id, wrapped, organization_id, digest, size, location)
        wrapped = self._wrap(data_key, organization_id, digest, size)
        # The header is 140 bytes inside one disk block: written in one go and synced.
        with path.open("r+b") as file:
            file.write(_header(self.keyring.current, wrapped, size, digest))
            file.flush()
            os.fsync(file.fileno())
        return _label(self.keyring.current, wrapped)

    def delete(self, location: str, *, organization_id: UUID) -> None:
        """Remove a blob; raises BlobMissing. The caller must know that no row of the organization still
        points to it.
        """
        path = self._path(location, organization_id)
        try:
            path.unlink()
        except FileNotFoundError:
            raise BlobMissing(location) from None
        _sync_folder(path.parent)

    def locations(self, *, organization_id: UUID, older_than_seconds: float) -> list[str]:
        """Blobs of this organization that nobody wrote or took up for so long, sorted."""
        horizon = time.time() - older_than_seconds
        found = []
        for file in (self.root / str(organization_id)).glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                if len(file.name) == 64 and file.stat().st_mtime < horizon:
                    found.append(_location(organization_id, file.name))
        return sorted(found)

    def sweep_incoming(self, *, older_than_seconds: float, organization_id: UUID | None = None) -> int:
        """Remove what a killed process left half-written, of one organization or of all; returns how many files."""
        horizon = time.time() - older_than_seconds
        stale = [
            f
            for f in self.root.glob(f"{organization_id or '*'}/{_INCOMING}/*")
            if f.stat().st_mtime < horizon
        ]
        for file in stale:
            file.unlink(missing_ok=True)
        return len(stale)

    def _path(self, location: str, organization_id: UUID) -> Path:
        name = Path(location).name
        if location != _location(organization_id, name) or len(name) != 64:
            raise BlobMissing(location)
        return self.root / location

    def _wrap(self, data_key: bytes, organization_id: UUID, digest: bytes, size: int) -> bytes:
        nonce = secrets.token_bytes(12)
        cipher = AESGCM(self.keyring.keys[self.keyring.current])
        return nonce + cipher.encrypt(nonce, data_key, _key_context(organization_id, digest, size))

    def _unwrap(
        self, key_id: str, wrapped: bytes, organization_id: UUID, digest: bytes, size: int, location: str
    ) -> bytes:
        if key_id not in self.keyring.keys:
            raise UnknownKey(f"{location}: sealed under key {key_id!r}, which is not in the ring")
        cipher = AESGCM(self.keyring.keys[key_id])
        try:
            return cipher.decrypt(wrapped[:12], wrapped[12:], _key_context(organization_id, digest, size))
        except InvalidTag:
            raise Corrupted(location, None, "the data key does not open with this header and key") from None


def _seal_stream(
    stream: Readable, file: BinaryIO, data_key: bytes, max_bytes: int
) -> tuple[bytes, int, bytes]:
    """Write all segments after room for the header; returns digest, plain size and the first bytes."""
    cipher, digest = AESGCM(data_key), hashlib.sha256()
    file.write(bytes(_HEADER.size))
    head, size, number = b"", 0, 0
    segment = _read_segment(stream)
    while True:
        size += len(segment)
        if size > max_bytes:
            raise TooLarge(max_bytes)
        digest.update(segment)
        if number == 0:
            head = segment[:HEAD_BYTES]
        following = _read_segment(stream) if len(segment) == SEGMENT_BYTES else b""
        file.write(cipher.encrypt(_nonce(number, last=not following), segment, _MAGIC))
        if not following:
            return digest.digest(), size, head
        segment, number = following, number + 1


def _read_segment(stream: Readable) -> bytes:
    """Exactly one segment, or what is left: a network stream may answer in smaller pieces."""
    pieces: list[bytes] = []
    missing = SEGMENT_BYTES
    while missing and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _read_header(path: Path, location: str) -> tuple[str, bytes, int, bytes]:
    try:
        with path.open("rb") as file:
            raw = file.read(_HEADER.size)
    except FileNotFoundError:
        raise BlobMissing(location) from None
    if len(raw) < _HEADER.size or not raw.startswith(_MAGIC):
        raise Corrupted(location, None, "this is not a file of the vault")
    _, key_id, wrapped, size, digest = _HEADER.unpack(raw)
    return key_id.rstrip(b"\0").decode("utf-8", "replace"), wrapped, size, digest


def _header(key_id: str, wrapped: bytes, size: int, digest: bytes) -> bytes:
    return _HEADER.pack(_MAGIC, key_id.encode(), wrapped, size, digest)


def _label(key_id: str, wrapped: bytes) -> str:
    return f"{key_id}:{base64.b64encode(wrapped).decode()}"


def _location(organization_id: UUID, sha256: str) -> str:
    return f"{organization_id}/{sha256[:2]}/{sha256}"


def _key_context(organization_id: UUID, digest: bytes, size: int) -> bytes:
    return _MAGIC + organization_id.bytes + digest + struct.pack(">Q", size)


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">7xIB", number, last)


def _segment_count(size: int) -> int:
    return max(1, -(-size // SEGMENT_BYTES))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
