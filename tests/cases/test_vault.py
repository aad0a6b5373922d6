"""The vault on real files: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.content import ContentType
from cases.vault import (
    SEGMENT_BYTES,
    Blob,
    BlobMissing,
    Corrupted,
    Keyring,
    Stored,
    TooLarge,
    UnknownKey,
    Vault,
)

HARBOR = UUID("01900000-0000-7000-8000-000000000001")
MEADOW = UUID("01900000-0000-7000-8000-000000000002")
KEK = bytes(range(32))
HEADER_BYTES = 140
SEALED = SEGMENT_BYTES + 16
BIG = 1_000_000_000


def _bytes(size: int) -> bytes:
    block = hashlib.sha256(b"seed").digest() * 1024
    return (block * (size // len(block) + 1))[:size]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", Keyring.single(key_id="k1", kek=KEK))


def _keep(vault: Vault, data: bytes, organization: UUID = HARBOR) -> Stored:
    return vault.store(io.BytesIO(data), organization_id=organization, max_bytes=BIG)


def _open(vault: Vault, stored: Stored, organization: UUID = HARBOR) -> Blob:
    return vault.open(stored.location, organization_id=organization)


def _files(vault: Vault) -> list[Path]:
    return sorted(p for p in vault.root.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    "size",
    [0, 1, 15, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 3 * SEGMENT_BYTES + 7],
)
def test_what_goes_in_comes_out(vault: Vault, size: int) -> None:
    data = _bytes(size)
    stored = _keep(vault, data)
    digest = hashlib.sha256(data).hexdigest()
    assert (stored.sha256, stored.size) == (digest, size)
    assert stored.location == f"{HARBOR}/{digest[:2]}/{digest}"
    blob = _open(vault, stored)
    assert (blob.read(), blob.size, blob.sha256) == (data, size, digest)
    blob.verify()
    assert _files(vault) == [vault.root / stored.location]


def test_a_reader_that_answers_in_small_pieces_is_read_to_its_end(vault: Vault) -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 70_001))

    data = _bytes(SEGMENT_BYTES + 5)
    stored = vault.store(Dripping(data), organization_id=HARBOR, max_bytes=BIG)
    assert _open(vault, stored).read() == data


def test_the_disk_holds_no_plain_text(vault: Vault) -> None:
    stored = _keep(vault, b"%PDF-1.7 Dana R. Whitlock TMK 7730 41582 01")
    raw = (vault.root / stored.location).read_bytes()
    assert b"Whitlock" not in raw
    assert b"%PDF" not in raw
    assert (vault.root / stored.location).stat().st_mode & 0o777 == 0o600
    assert stored.content_type is ContentType.PDF


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 0),
        (0, 1),
        (5, 5),
        (SEGMENT_BYTES - 1, SEGMENT_BYTES + 1),
        (SEGMENT_BYTES, 2 * SEGMENT_BYTES),
        (10, 2 * SEGMENT_BYTES + 50),
        (2 * SEGMENT_BYTES + 99, 2 * SEGMENT_BYTES + 100),
        (2 * SEGMENT_BYTES + 100, 2 * SEGMENT_BYTES + 100),
    ],
)
def test_a_range_is_the_slice(vault: Vault, start: int, end: int) -> None:
    data = _bytes(2 * SEGMENT_BYTES + 100)
    blob = _open(vault, _keep(vault, data))
    assert b"".join(blob.read_range(start, end)) == data[start:end]


@given(
    st.integers(0, 2 * SEGMENT_BYTES + 100),
    st.integers(0, 2 * SEGMENT_BYTES + 100),
)
@settings(max_examples=60)
def test_any_range_is_the_slice(tmp_path_factory: pytest.TempPathFactory, one: int, other: int) -> None:
    data = _bytes(2 * SEGMENT_BYTES + 100)
    root = tmp_path_factory.getbasetemp() / "ranges"
    vault = Vault(root, Keyring.single(key_id="k1", kek=KEK))
    start, end = sorted((one, other))
    assert b"".join(_open(vault, _keep(vault, data)).read_range(start, end)) == data[start:end]


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 12), (5, 4)])
def test_a_range_outside_the_blob_is_an_error_before_any_byte(vault: Vault, start: int, end: int) -> None:
    blob = _open(vault, _keep(vault, b"hello world"))
    with pytest.raises(ValueError, match="outside a blob of 11 bytes"):
        blob.read_range(start, end)


def test_the_same_bytes_twice_are_one_file(vault: Vault) -> None:
    first = _keep(vault, b"letter" * 1000)
    second = _keep(vault, b"letter" * 1000)
    assert first == second
    assert _files(vault) == [vault.root / first.location]


def test_the_same_bytes_of_two_organizations_are_two_files_with_two_keys(vault: Vault) -> None:
    harbor, meadow = _keep(vault, b"same"), _keep(vault, b"same", MEADOW)
    assert harbor.sha256 == meadow.sha256
    assert harbor.wrapped_key != meadow.wrapped_key
    assert len(_files(vault)) == 2
    with pytest.raises(BlobMissing):
        _open(vault, meadow, HARBOR)


def test_many_uploads_of_the_same_bytes_at_once_leave_one_sound_file(vault: Vault) -> None:
    data = _bytes(SEGMENT_BYTES + 3)
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: _keep(vault, data), range(16)))
    assert {s.location for s in stored} == {stored[0].location}
    assert _files(vault) == [vault.root / stored[0].location]
    assert _open(vault, stored[0]).read() == data


def test_a_damaged_file_is_healed_by_storing_the_bytes_again(vault: Vault) -> None:
    stored = _keep(vault, b"letter")
    (vault.root / stored.location).write_bytes(b"garbage")
    assert _open(vault, _keep(vault, b"letter")).read() == b"letter"


# Tampering: each change names the segment it was found in.


def _three_segments(vault: Vault) -> tuple[Stored, Path]:
    stored = _keep(vault, _bytes(2 * SEGMENT_BYTES + 500))
    return stored, vault.root / stored.location


@pytest.mark.parametrize("segment", [0, 1, 2])
@pytest.mark.parametrize("offset", [0, 400, -1])
def test_a_changed_byte_is_found_in_its_segment(vault: Vault, segment: int, offset: int) -> None:
    stored, path = _three_segments(vault)
    raw = bytearray(path.read_bytes())
    ends = [HEADER_BYTES + SEALED, HEADER_BYTES + 2 * SEALED, len(raw)]
    position = HEADER_BYTES + segment * SEALED + offset if offset >= 0 else ends[segment] - 1
    raw[position] ^= 1
    path.write_bytes(raw)
    with pytest.raises(Corrupted) as caught:
        _open(vault, stored).read()
    assert caught.value.segment == segment
    assert str(caught.value) == f"{stored.location}: segment {segment}: the bytes were changed"


def test_ranges_before_a_damaged_segment_stay_readable(vault: Vault) -> None:
    stored, path = _three_segments(vault)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    blob = _open(vault, stored)
    assert len(b"".join(blob.read_range(0, 2 * SEGMENT_BYTES))) == 2 * SEGMENT_BYTES
    with pytest.raises(Corrupted):
        list(blob.read_range(2 * SEGMENT_BYTES, blob.size))


@pytest.mark.parametrize(
    ("cut_to", "segment"),
    [
        (HEADER_BYTES + 2 * SEALED + 515, 2),
        (HEADER_BYTES + 2 * SEALED, 2),
        (HEADER_BYTES + SEALED, 1),
        (HEADER_BYTES + 3, 0),
        (HEADER_BYTES, 0),
        (HEADER_BYTES - 1, None),
        (0, None),
    ],
)
def test_a_cut_file_is_found_on_opening(vault: Vault, cut_to: int, segment: int | None) -> None:
    stored, path = _three_segments(vault)
    os.truncate(path, cut_to)
    with pytest.raises(Corrupted) as caught:
        _open(vault, stored)
    assert caught.value.segment == segment


def test_added_bytes_are_found_on_opening(vault: Vault) -> None:
    stored, path = _three_segments(vault)
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(Corrupted) as caught:
        _open(vault, stored)
    assert caught.value.segment == 3


def test_segments_in_another_order_are_found(vault: Vault) -> None:
    stored, path = _three_segments(vault)
    raw = path.read_bytes()
    header, first = raw[:HEADER_BYTES], raw[HEADER_BYTES : HEADER_BYTES + SEALED]
    second, rest = raw[HEADER_BYTES + SEALED : HEADER_BYTES + 2 * SEALED], raw[HEADER_BYTES + 2 * SEALED :]
    path.write_bytes(header + second + first + rest)
    with pytest.raises(Corrupted) as caught:
        _open(vault, stored).read()
    assert caught.value.segment == 0


def test_a_blob_under_another_blobs_name_is_found(vault: Vault) -> None:
    one, other = _keep(vault, b"approved"), _keep(vault, b"denied!!")
    shutil.copy(vault.root / other.location, vault.root / one.location)
    with pytest.raises(Corrupted, match="the name is not the digest"):
        _open(vault, one)


def test_segments_of_another_blob_are_found(vault: Vault) -> None:
    one, other = _keep(vault, b"approved"), _keep(vault, b"denied!!")
    raw, foreign = (vault.root / one.location).read_bytes(), (vault.root / other.location).read_bytes()
    (vault.root / one.location).write_bytes(raw[:HEADER_BYTES] + foreign[HEADER_BYTES:])
    with pytest.raises(Corrupted) as caught:
        _open(vault, one).read()
    assert caught.value.segment == 0


def test_a_blob_of_another_organization_does_not_open_under_ours(vault: Vault) -> None:
    harbor, meadow = _keep(vault, b"same"), _keep(vault, b"same", MEADOW)
    shutil.copy(vault.root / meadow.location, vault.root / harbor.location)
    with pytest.raises(Corrupted, match="data key does not open"):
        _open(vault, harbor)


@pytest.mark.parametrize("position", [0, 10, 50, 95, 105, 139])
def test_a_changed_header_is_found(vault: Vault, position: int) -> None:
    stored, path = _three_segments(vault)
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(raw)
    with pytest.raises((Corrupted, UnknownKey)):
        _open(vault, stored)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "../../etc/passwd",
        f"{MEADOW}/ab/{'ab' * 32}",
        f"{HARBOR}/../{MEADOW}/ab/{'ab' * 32}",
        f"{HARBOR}/ab/x",
    ],
)
def test_a_location_that_is_not_the_organizations_is_missing(vault: Vault, location: str) -> None:
    with pytest.raises(BlobMissing):
        vault.open(location, organization_id=HARBOR)


# Keys


def test_another_key_under_the_same_id_opens_nothing(vault: Vault) -> None:
    stored = _keep(vault, b"letter")
    with pytest.raises(Corrupted, match="data key does not open"):
        _open(Vault(vault.root, Keyring.single(key_id="k1", kek=bytes(32))), stored)


def test_a_missing_key_is_named(vault: Vault) -> None:
    stored = _keep(vault, b"letter")
    with pytest.raises(UnknownKey, match="'k1'"):
        _open(Vault(vault.root, Keyring.single(key_id="k2", kek=KEK)), stored)


def test_rotation_rewrites_the_header_and_leaves_the_content(vault: Vault) -> None:
    stored = _keep(vault, _bytes(SEGMENT_BYTES + 9))
    before = (vault.root / stored.location).read_bytes()
    both = Vault(vault.root, Keyring(current="k2", keys={"k1": KEK, "k2": bytes(32)}))
    wrapped = both.rewrap(stored.location, organization_id=HARBOR)
    assert wrapped.startswith("k2:")
    assert both.rewrap(stored.location, organization_id=HARBOR) == wrapped
    assert (vault.root / stored.location).read_bytes()[HEADER_BYTES:] == before[HEADER_BYTES:]
    only_new = Vault(vault.root, Keyring.single(key_id="k2", kek=bytes(32)))
    assert _open(only_new, stored).read() == _bytes(SEGMENT_BYTES + 9)
    with pytest.raises(UnknownKey):
        _open(vault, stored)


@pytest.mark.parametrize(
    ("current", "keys"),
    [("k2", {"k1": KEK}), ("k1", {"k1": b"short"}), ("", {"": KEK}), ("k" * 33, {"k" * 33: KEK})],
)
def test_a_ring_that_cannot_work_is_refused(current: str, keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError):
        Keyring(current=current, keys=keys)


# Limits and failures


class _Endless:
    """A stream that counts what was asked of it and never ends."""

    def __init__(self, break_after: int | None = None) -> None:
        self.given, self.break_after = 0, break_after

    def read(self, size: int, /) -> bytes:
        if self.break_after is not None and self.given >= self.break_after:
            raise ConnectionResetError("the browser went away")
        self.given += size
        return bytes(size)


def test_the_limit_is_met_while_reading_and_leaves_nothing(vault: Vault) -> None:
    stream = _Endless()
    with pytest.raises(TooLarge) as caught:
        vault.store(stream, organization_id=HARBOR, max_bytes=5 * SEGMENT_BYTES)
    assert stream.given <= 5 * SEGMENT_BYTES + 3 * SEGMENT_BYTES
    assert [(r.code, r.field) for r in caught.value.reasons] == [("document_too_large", "file")]
    assert caught.value.reasons[0].message.startswith("This file is larger than 5 MB.")
    assert _files(vault) == []


def test_exactly_the_limit_is_accepted(vault: Vault) -> None:
    data = _bytes(SEGMENT_BYTES)
    assert (
        vault.store(io.BytesIO(data), organization_id=HARBOR, max_bytes=SEGMENT_BYTES).size == SEGMENT_BYTES
    )
    with pytest.raises(TooLarge):
        vault.store(io.BytesIO(data + b"x"), organization_id=HARBOR, max_bytes=SEGMENT_BYTES)


def test_a_declared_size_is_refused_before_reading(vault: Vault) -> None:
    stream = _Endless()
    with pytest.raises(TooLarge):
        vault.store(stream, organization_id=HARBOR, max_bytes=25_000_000, declared_size=200_000_000)
    assert stream.given == 0


def test_a_broken_upload_leaves_nothing(vault: Vault) -> None:
    with pytest.raises(ConnectionResetError):
        vault.store(_Endless(break_after=3 * SEGMENT_BYTES), organization_id=HARBOR, max_bytes=BIG)
    assert _files(vault) == []


_FLAT = """
import io, resource, sys, tempfile
from pathlib import Path
from uuid import UUID
from cases.vault import Keyring, TooLarge, Vault
class Zeros:
    left = 200_000_000
    def read(self, size, /):
        size = min(size, self.left); self.left -= size
        return bytes(size)
vault = Vault(Path(tempfile.mkdtemp(dir=sys.argv[1])), Keyring.single(key_id="k", kek=bytes(32)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stored = vault.store(Zeros(), organization_id=UUID(int=1), max_bytes=200_000_000)
total = sum(len(piece) for piece in vault.open(stored.location, organization_id=UUID(int=1)))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(total, grown // 1024)
"""


def test_memory_stays_flat_for_200_megabytes(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", _FLAT, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(answer[0]) == 200_000_000
    assert int(answer[1]) < 24, "megabytes grown"


def test_a_killed_process_leaves_only_what_the_sweep_removes(vault: Vault) -> None:
    stored = _keep(vault, b"letter")
    half = vault.root / str(HARBOR) / ".incoming" / "dead"
    half.write_bytes(b"half")
    fresh = vault.root / str(HARBOR) / ".incoming" / "alive"
    fresh.write_bytes(b"half")
    old = time.time() - 7200
    os.utime(half, (old, old))
    assert vault.sweep_incoming(older_than_seconds=3600) == 1
    assert _files(vault) == sorted([fresh, vault.root / stored.location])


def test_delete_removes_and_says_when_there_is_nothing(vault: Vault) -> None:
    stored = _keep(vault, b"letter")
    vault.delete(stored.location, organization_id=HARBOR)
    assert _files(vault) == []
    with pytest.raises(BlobMissing):
        vault.delete(stored.location, organization_id=HARBOR)
    with pytest.raises(BlobMissing):
        _open(vault, stored)
