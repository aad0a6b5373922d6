"""Checks an exported trail without the program that made it: one file, Python's standard library and `cryptography`.

    python verifier.py trail.jsonl.gz [--keys recourse-seal-keys.json] [--anchors FILE_OR_FOLDER ...]

Says that every event is as it was when it was sealed, or names the first that is not. Exit code: 0 valid, 1 not, 2 unreadable.

Fetch the public keys from the installation's /.well-known/recourse-seal-keys.json (and compare them with those you kept), and
the anchors from the witness who got them. Without anchors nobody can see that the end of a trail was cut off, or that the
whole database was set back to an older state; without keys of your own you only know that one and the same key signed.

What is sealed (all lengths are four bytes, most significant first; NULL is the length ff ff ff ff and nothing):

    payload = "recourse.event/1" and, each after its length, the organization's public id and the FIELDS as UTF-8
    leaf    = HMAC-SHA-256(leaf key of the organization, payload); 32 zero bytes: the event was gone before it was sealed
    node    = SHA-256(00 id leaf), the id in eight bytes; above two nodes SHA-256(01 left right); an odd one goes up as it is
    head    = SHA-256("recourse.seal/1" and, each after its length: organization, seq, count, root, head of the seal before,
              sealed at, key id, SHA-256("recourse.leaf-key/1" leaf key)); numbers as decimal text, moments as microseconds
    signed  = Ed25519("recourse.seal/1:" head)
    anchor  = Ed25519("recourse.anchor/1:" SHA-256(each after its length: at, key id, why restored, and for each organization
              in order of its id: id, seq, head, highest event id))
    pruned  = Ed25519("recourse.prune/1:" SHA-256(each after its length: organization, up to which seal, at, key id)): the
              events of these seals may be gone, all or some; the seals stay, and what is there of them has to agree
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import hmac
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = (
    "kind", "at", "recorded_at", "xid", "actor", "actor_label", "request_id", "reason", "verb",
    "subject_table", "subject_id", "case_ids", "patient_ids", "data",
)  # fmt: skip
HASHES = ("leaves", "leaf_check", "root", "previous", "head", "signature")
PLAIN = ("organization", "seq", "sealed_at", "key_id")
EVENT, SEAL, ANCHOR = b"recourse.event/1", b"recourse.seal/1", b"recourse.anchor/1"
LEAF_KEY, BUNDLE, PRUNE = b"recourse.leaf-key/1", "recourse.trail/1", b"recourse.prune/1"
NOTHING = bytes(32)
NULL = b"\xff\xff\xff\xff"

Row = Sequence[Any]
"""An event: its id, then FIELDS, each text or None."""


class Broken(Exception):
    """The trail is not what was sealed. `kind` is one of edited, deleted, reordered, cut, resealed, spliced, restored, added."""

    def __init__(self, kind: str, sentence: str, seal: int | None = None, event: int | None = None) -> None:
        super().__init__(sentence)
        self.kind, self.sentence, self.seal, self.event = kind, sentence, seal, event


class Unreadable(Exception):
    """It is no bundle, no list of keys or no anchor; the message says which."""


@dataclass(frozen=True)
class Seal:
    """One seal as it is stored. `sealed_at` in microseconds since 1970, UTC; hashes as bytes; `leaves` 32 bytes an event."""

    organization: str
    seq: int
    ids: tuple[int, ...]
    leaves: bytes
    leaf_check: bytes
    root: bytes
    previous: bytes
    head: bytes
    sealed_at: int
    key_id: str
    signature: bytes


@dataclass(frozen=True)
class Anchor:
    """What a witness holds of one organization: up to which seal it went, its head, the highest event id, and when.

    `restored`: why the operator declared, with the key, that an older backup was put back; anchors before it may disagree.
    """

    organization: str
    seq: int
    head: bytes
    through: int
    at: int
    restored: str = ""


@dataclass(frozen=True)
class Verdict:
    """A valid trail: what was checked, what waits for its seal, the last anchor it agrees with, anchors a restore made void."""

    organization: str
    seals: int
    events: int
    waiting: int
    anchored: Anchor | None
    void: int
    pruned: int = 0

    def __str__(self) -> str:
        told = [f"Valid: {self.events:,} events in {self.seals:,} seals are as they were sealed."]
        say = told.append
        if self.pruned:
            say(f"{self.pruned:,} of them were pruned, as their operator signed; their hashes hold.")
        if self.waiting:
            say(f"{self.waiting:,} newer events wait for their seal: nothing is proved about them yet.")
        if self.anchored is None:
            say("No anchor was compared: a trail cut off at its end, or set back, would look the same.")
        else:
            say(f"It agrees with the anchor of {moment(self.anchored.at)} at seal {self.anchored.seq}.")
        if self.void:
            say(
                f"{self.void:,} older anchors do not count: their operator declared that a backup was restored."
            )
        return " ".join(told)


def moment(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def prefixed(values: Iterable[str | bytes | int | None]) -> bytes:
    """Each value after its length in four bytes; numbers as decimal text, None as the length ff ff ff ff."""
    parts = []
    for value in values:
        if value is None:
            parts.append(NULL)
            continue
        raw = value if isinstance(value, bytes) else str(value).encode()
        parts += (len(raw).to_bytes(4, "big"), raw)
    return b"".join(parts)


def leaf_of(leaf_key: bytes, organization: bytes, row: Row) -> bytes:
    """The keyed hash of one event. `organization` is its public id as `prefixed` writes it."""
    parts = [EVENT, organization]
    for value in row[1:]:
        if value is None:
            parts.append(NULL)
        else:
            raw = value.encode()
            parts += (len(raw).to_bytes(4, "big"), raw)
    return hmac.digest(leaf_key, b"".join(parts), "sha256")


def root_of(ids: Sequence[int], leaves: bytes) -> bytes:
    """The root of the Merkle tree over ids and leaves, in their order."""
    level = [
        hashlib.sha256(b"\0" + number.to_bytes(8, "big") + leaves[32 * place : 32 * place + 32]).digest()
        for place, number in enumerate(ids)
    ]
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0] if level else NOTHING


def leaf_check_of(leaf_key: bytes) -> bytes:
    return hashlib.sha256(LEAF_KEY + leaf_key).digest()


def head_of(seal: Seal, *, seq: int | None = None) -> bytes:
    """What is signed of a seal, from its fields (`seq`: as if it stood in another place)."""
    place = seal.seq if seq is None else seq
    counted = (seal.organization, place, len(seal.ids), seal.root, seal.previous, seal.sealed_at)
    return hashlib.sha256(SEAL + prefixed((*counted, seal.key_id, seal.leaf_check))).digest()


def to_sign(head: bytes, what: bytes = SEAL) -> bytes:
    return what + b":" + head


def anchor_to_sign(at: int, key_id: str, restored: str, heads: Iterable[tuple[str, int, str, int]]) -> bytes:
    """`heads`: organization, seq, head in hex, highest event id."""
    said = prefixed((at, key_id, restored)) + b"".join(prefixed(head) for head in sorted(heads))
    return ANCHOR + b":" + hashlib.sha256(said).digest()


@dataclass
class Ring:
    """Public keys by their ids, 32 bytes each."""

    keys: Mapping[str, bytes]
    _loaded: dict[str, Ed25519PublicKey] = field(default_factory=dict)

    def signed(self, key_id: str, signature: bytes, said: bytes) -> bool:
        if key_id not in self.keys:
            return False
        if key_id not in self._loaded:
            self._loaded[key_id] = Ed25519PublicKey.from_public_bytes(self.keys[key_id])
        try:
            self._loaded[key_id].verify(signature, said)
        except InvalidSignature:
            return False
        return True


class Check:
    """Seal after seal, in order. Raises Broken at the first thing that is not as it was sealed."""

    def __init__(
        self, organization: str, leaf_key: bytes, ring: Ring, anchors: Iterable[Anchor] = (), gone: Any = None
    ) -> None:
        """`gone`: up to which seal events were pruned, when, under which key, the signature in hex; or None."""
        if len(leaf_key) != 32:
            raise Unreadable("A leaf key has 32 bytes.")
        self.organization, self.leaf_key, self.ring = organization, leaf_key, ring
        self.prefix = prefixed([organization])
        self.anchors, self.before = standing(a for a in anchors if a.organization == organization)
        self.seq, self.head, self.events, self.void, self.pruned, self.through = 0, NOTHING, 0, 0, 0, 0
        self.anchored: Anchor | None = None
        if gone is not None:
            self.through, at, key_id, signature = gone
            said = to_sign(hashlib.sha256(prefixed((organization, self.through, at, key_id))).digest(), PRUNE)
            if not ring.signed(key_id, bytes.fromhex(signature), said):
                raise Broken("resealed", "The statement of what was pruned was made without the key.")

    def seal(self, seal: Seal, rows: Mapping[int, Row]) -> None:
        """`rows`: the events there are of those the seal names, by id."""
        self._place(seal)
        leaves = [seal.leaves[at : at + 32] for at in range(0, len(seal.leaves), 32)]
        for number, leaf in zip(seal.ids, leaves, strict=True):
            self._event(seal.seq, number, leaf, rows.get(number), leaves)
        self.seq, self.head = seal.seq, seal.head
        self.events += len(seal.ids)

    def _place(self, seal: Seal) -> None:
        """Is it the next one, of this organization, and signed as it stands?"""
        n = self.seq + 1
        if seal.seq != n:
            raise Broken("deleted", f"Seal {n} is missing; the next one there is {seal.seq}.", n)
        if seal.organization != self.organization:
            raise Broken("spliced", f"Seal {n} is one of another organization ({seal.organization}).", n)
        if seal.key_id not in self.ring.keys:
            raise Broken("resealed", f"Seal {n} is signed by a key that is not published ({seal.key_id}).", n)
        signed = self.ring.signed(seal.key_id, seal.signature, to_sign(seal.head))
        if not signed:
            raise Broken(
                "resealed", f"The signature of seal {n} does not hold: it was made without the key.", n
            )
        if head_of(seal) != seal.head:
            if any(head_of(seal, seq=other) == seal.head for other in range(max(1, n - 1000), n + 1000)):
                raise Broken("reordered", f"Seal {n} was signed for another place in the trail.", n)
            raise Broken("resealed", f"Seal {n} does not say what was signed.", n)
        if seal.previous != self.head:
            raise Broken("restored", f"Seal {n} does not follow seal {n - 1}: they are of two histories.", n)
        if len(seal.leaves) != 32 * len(seal.ids) or root_of(seal.ids, seal.leaves) != seal.root:
            raise Broken("resealed", f"The ids and hashes of seal {n} are not those that were signed.", n)
        if seal.leaf_check != leaf_check_of(self.leaf_key):
            raise Unreadable(f"Seal {n} was made with another leaf key than the one given.")
        for anchor in self.anchors.pop(n, ()):
            if anchor.head != seal.head:
                raise Broken(
                    "restored",
                    f"Seal {n} is another one than the witness has held since {moment(anchor.at)}: "
                    "an older state was put back and went on.",
                    n,
                )
            self.anchored = anchor
        self.void += sum(anchor.head != seal.head for anchor in self.before.pop(n, ()))

    def _event(self, n: int, number: int, leaf: bytes, row: Row | None, leaves: list[bytes]) -> None:
        if leaf == NOTHING:
            raise Broken("deleted", f"Event {number} was gone before seal {n} was made.", n, number)
        if row is None and n <= self.through:
            self.pruned += 1
            return
        if row is None:
            raise Broken("deleted", f"Event {number} of seal {n} is not there any more.", n, number)
        found = leaf_of(self.leaf_key, self.prefix, row)
        if found != leaf:
            if found in leaves:
                raise Broken("reordered", f"Event {number} of seal {n} stands in another's place.", n, number)
            raise Broken("edited", f"Event {number} of seal {n} is not what was sealed.", n, number)

    def end(
        self, *, waiting: Sequence[int], gone: Sequence[int], strays: Sequence[int], given: int
    ) -> Verdict:
        """After the last seal. `waiting`: event ids that wait for a seal; `gone`: those of them that are not there; `strays`:
        events in no seal that do not wait; `given`: the highest id the table of events has given out, to any organization.
        """
        for _seq, (anchor, *_more) in sorted(self.anchors.items(), reverse=True):
            what = f"The trail ends at seal {self.seq}; the witness holds seal {anchor.seq} since {moment(anchor.at)}: "
            if given < anchor.through:
                raise Broken("restored", what + "an older backup was put back.", self.seq + 1)
            raise Broken("cut", what + "its end was cut off.", self.seq + 1)
        if gone:
            raise Broken("deleted", f"Event {gone[0]} waits for its seal and is not there.", None, gone[0])
        if strays:
            raise Broken(
                "added", f"Event {strays[0]} is in no seal and does not wait for one.", None, strays[0]
            )
        void = self.void + sum(len(held) for held in self.before.values())
        return Verdict(
            self.organization, self.seq, self.events, len(waiting), self.anchored, void, self.pruned
        )


def standing(anchors: Iterable[Anchor]) -> tuple[dict[int, list[Anchor]], dict[int, list[Anchor]]]:
    """Anchors of one organization by seal: those that have to agree, and those from before the last declared restore, which may
    disagree (the declaration itself has to agree, and its head stands for all seals before it).
    """
    firm: dict[int, list[Anchor]] = {}
    before: dict[int, list[Anchor]] = {}
    for anchor in sorted(anchors, key=lambda a: a.at):
        if anchor.restored:
            for seq, held in firm.items():
                before.setdefault(seq, []).extend(held)
            firm = {}
        firm.setdefault(anchor.seq, []).append(anchor)
    return firm, before


# --- Files ---


def read_keys(text: str) -> dict[str, bytes]:
    """The published list of keys. Raises Unreadable."""
    try:
        found = {key["id"]: base64.urlsafe_b64decode(key["public"]) for key in json.loads(text)["keys"]}
    except (ValueError, KeyError, TypeError):
        raise Unreadable("This is no list of seal keys.") from None
    if any(len(key) != 32 for key in found.values()):
        raise Unreadable("A public key has 32 bytes.")
    return found


def anchor_lines(paths: Iterable[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every anchor in these files, and in the files of these folders, with where it stands. A saved mail is read too: lines
    that are no anchor are passed by.
    """
    for path in paths:
        for file in sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]:
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if line.startswith("{") and ANCHOR.decode() in line:
                    try:
                        yield f"{file.name}, line {number}", json.loads(line)
                    except ValueError:
                        raise Unreadable(f"{file.name}, line {number} is no whole anchor.") from None


def read_anchors(lines: Iterable[tuple[str, dict[str, Any]]], ring: Ring) -> list[Anchor]:
    """Signed statements, as `anchor_lines` gives them. Raises Unreadable for one that is damaged or signed by nobody known."""
    found = []
    for where, told in lines:
        try:
            heads = [(str(o), int(seq), str(head), int(through)) for o, seq, head, through in told["heads"]]
            said = anchor_to_sign(int(told["at"]), told["key"], told.get("restored", ""), heads)
            signature = bytes.fromhex(told["signature"])
        except (ValueError, KeyError, TypeError):
            raise Unreadable(f"{where} is no whole anchor.") from None
        if not ring.signed(told["key"], signature, said):
            raise Unreadable(f"{where}: the signature of this anchor does not hold.")
        found += [
            Anchor(o, seq, bytes.fromhex(head), through, int(told["at"]), told.get("restored", ""))
            for o, seq, head, through in heads
        ]
    return found


def told_of(seal: Seal) -> dict[str, Any]:
    """A seal as a bundle holds it."""
    plain = {name: getattr(seal, name) for name in PLAIN}
    return plain | {"ids": list(seal.ids)} | {name: getattr(seal, name).hex() for name in HASHES}


def seal_of(told: Mapping[str, Any]) -> Seal:
    values: dict[str, Any] = {name: told[name] for name in PLAIN}
    values |= {name: bytes.fromhex(told[name]) for name in HASHES}
    return Seal(ids=tuple(told["ids"]), **values)


def lines_of(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        for line in file:
            yield json.loads(line)


def verify(path: Path, keys: Mapping[str, bytes] | None = None, anchors: Iterable[Path] = ()) -> Verdict:
    """Check a bundle. Raises Broken, or Unreadable."""
    try:
        lines = lines_of(path)
        first = next(lines, None)
        if not isinstance(first, dict) or first.get("format") != BUNDLE:
            raise Unreadable("This is no bundle of a trail.")
        ring = Ring(read_keys(json.dumps(first)) if keys is None else keys)
        check = Check(
            first["organization"],
            bytes.fromhex(first["leaf_key"]),
            ring,
            read_anchors(anchor_lines(anchors), ring),
            first.get("pruned"),
        )
        seal: Seal | None = None
        rows: dict[int, Row] = {}
        for line in lines:
            if isinstance(line, list):
                rows[line[0]] = line
                continue
            if seal is not None:
                check.seal(seal, rows)
            if "end" in line:
                end = line["end"]
                return check.end(**{name: end[name] for name in ("waiting", "gone", "strays", "given")})
            seal, rows = seal_of(line["seal"]), {}
        raise Unreadable("The bundle ends in the middle: export it again.")
    except (ValueError, KeyError, TypeError, EOFError, OSError) as problem:
        raise Unreadable(f"The bundle cannot be read ({type(problem).__name__}).") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported trail.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--keys", type=Path, help="The published public keys; left out: those in the bundle.")
    parser.add_argument("--anchors", type=Path, nargs="*", default=[], help="What the witness holds.")
    given = parser.parse_args(arguments)
    try:
        keys = None if given.keys is None else read_keys(given.keys.read_text())
        verdict = verify(given.bundle, keys, given.anchors)
    except Broken as problem:
        sys.stdout.write(f"NOT VALID ({problem.kind}): {problem.sentence}\n")
        return 1
    except (Unreadable, OSError) as problem:
        sys.stdout.write(f"Could not be checked: {problem}\n")
        return 2
    sys.stdout.write(f"{verdict}\n")
    if keys is None:
        sys.stdout.write("The keys are those of the bundle: compare them with the published ones.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
