"""Keys of organizations: made once, wrapped by a master, renewed, destroyed; other processes notice by themselves."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import subprocess
import sys
import threading

import pytest
from cryptography.exceptions import InvalidTag

from advocacy.keyfile import Keys
from advocacy.local_state import CHECKOUT
from advocacy.tenancy import keystore as module
from advocacy.tenancy.keystore import CannotOpen, KeysDestroyed, KeyStore, NotPrepared

KEYS = Keys(django="x", field_id="k1", field=os.urandom(32), index=os.urandom(32))
SERVICE = """
import base64, hashlib, pathlib, sys
sys.path.insert(0, {checkout!r})
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
folder, (verb, label, *master) = pathlib.Path({folder!r}), sys.argv[1:]
own = folder / label.partition("/")[0]
if verb == "forget":
    own.unlink(missing_ok=True)
    raise SystemExit
if verb == "wrap" and not own.exists():
    own.write_bytes(AESGCM.generate_key(bit_length=256))
cipher, data = AESGCM(own.read_bytes()), base64.b64decode(sys.stdin.read())
if verb == "wrap":
    print("service-key", base64.b64encode(bytes(12) + cipher.encrypt(bytes(12), data, label.encode())).decode())
else:
    print(base64.b64encode(cipher.decrypt(data[:12], data[12:], label.encode())).decode())
"""


@pytest.fixture
def store(tmp_path):
    return KeyStore(tmp_path / "keys", KEYS)


@pytest.fixture
def at_once(monkeypatch):
    """A process looks for changes at every value instead of every two seconds."""
    monkeypatch.setattr(module, "LOOK_AGAIN", -1.0)


def again(store: KeyStore, **changes) -> KeyStore:
    """Another process with the same folder."""
    return KeyStore(store.folder, dataclasses.replace(KEYS, **changes))


def sealed(store: KeyStore, organization: int, plain: bytes = b"Dana") -> tuple[str, bytes]:
    keys = store.of(organization)
    return keys.current, keys.cipher.encrypt(bytes(12), plain, None)


def test_each_organization_has_keys_of_its_own_and_every_process_the_same(store):
    one, other = store.of(7), store.of(8)
    assert again(store).of(7).keys == one.keys
    assert set(one.keys.values()).isdisjoint(other.keys.values()) and one.index != other.index
    text = (store.folder / "7.json").read_text()
    for key in one.keys.values():
        assert base64.b64encode(key).decode() not in text and key.hex() not in text
    assert {oct(p.stat().st_mode & 0o777) for p in store.folder.glob("*.json")} == {"0o600"}
    assert oct(store.folder.stat().st_mode & 0o777) == "0o700"


def test_of_many_at_once_the_first_one_s_keys_win(tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(KeyStore(tmp_path, KEYS).of(3).keys)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12 and all(keys == found[0] for keys in found)
    assert [p.name for p in tmp_path.iterdir()] == ["3.json"]


def test_a_renewed_key_seals_and_the_older_one_still_opens(store, at_once):
    other = again(store)
    before, value = sealed(other, 7)
    new = store.renew(7)
    assert (other.of(7).current, store.of(7).current) == (new, new) and new != before
    assert other.cipher(7, before).decrypt(bytes(12), value, None) == b"Dana"


def test_a_key_that_another_process_just_made_is_looked_for_at_once(store):
    other = again(store)
    other.of(7)
    store.renew(7)
    name, value = sealed(store, 7)
    assert other.cipher(7, name).decrypt(bytes(12), value, None) == b"Dana"
    with pytest.raises(CannotOpen, match="not configured"):
        other.cipher(7, "9none")


def test_destroyed_keys_open_nothing_and_seal_nothing_in_any_process(store, at_once):
    other, copy = again(store), (store.folder / "7.json")
    other.of(7)
    size = copy.stat().st_size
    held = copy.open("rb")
    store.destroy(7)
    for process in (store, other, again(store)):
        with pytest.raises(KeysDestroyed):
            process.of(7)
        assert process.is_destroyed(7) and not process.is_destroyed(8)
    assert held.read() == bytes(size)  # what lay there is overwritten, not only unlinked
    assert "wrapped" not in copy.read_text()
    store.destroy(7)
    [told] = store.listed()
    assert (told.keys, told.destroyed_at != "") == ((), True)


def test_a_new_master_wraps_anew_and_the_older_is_needed_no_more(store):
    name, value = sealed(store, 7)
    fresh = os.urandom(32)
    both = again(store, field_id="k2", field=fresh, retired={"k1": KEYS.field})
    assert (both.rewrap(7), both.rewrap(7)) == (2, 0)
    alone = again(store, field_id="k2", field=fresh)
    assert alone.cipher(7, name).decrypt(bytes(12), value, None) == b"Dana"
    assert alone.listed()[0].masters == ("k2",)
    with pytest.raises(CannotOpen, match="wrapped by k2"):
        again(store).of(7)
    with pytest.raises(CannotOpen, match="does not open"):
        again(store, field_id="k2", field=os.urandom(32)).of(7)


def test_a_key_moved_to_another_organization_does_not_open(store):
    store.of(7)
    moved = json.loads((store.folder / "7.json").read_text()) | {"organization": 8}
    (store.folder / "8.json").write_text(json.dumps(moved))
    with pytest.raises(CannotOpen):
        store.of(8)
    (store.folder / "9.json").write_text((store.folder / "7.json").read_text())
    with pytest.raises(CannotOpen, match="another's"):
        store.of(9)


def test_in_production_keys_are_made_only_where_they_were_prepared(tmp_path):
    """A volume that is not mounted is an empty folder: new keys in it would open nothing of before."""
    strict = KeyStore(tmp_path / "keys", KEYS, strict=True)
    with pytest.raises(NotPrepared):
        strict.of(7)
    strict.prepare()
    strict.prepare()
    name = strict.of(7).current
    (strict.folder / "7.json").rename(tmp_path / "7.json")
    strict._held[7].look_at = 0.0
    with pytest.raises(CannotOpen, match="not there any more"):
        strict.of(7)
    (tmp_path / "7.json").rename(strict.folder / "7.json")
    assert strict.of(7).current == name


def test_a_copy_holds_the_same_and_forgets_what_was_destroyed(store, tmp_path):
    store.of(7)
    store.of(8)
    kept = tmp_path / "copy"
    assert store.copy_to(kept) == 2
    assert store.copy_to(kept) == 0
    assert KeyStore(kept, KEYS).of(7).keys == store.of(7).keys
    held = (kept / "7.json").open("rb")
    size = (kept / "7.json").stat().st_size
    store.destroy(7)
    assert store.copy_to(kept) == 1
    assert held.read() == bytes(size)
    with pytest.raises(KeysDestroyed):
        KeyStore(kept, KEYS).of(7)


def test_a_folder_that_is_not_mounted_takes_nothing_from_the_copy(store, tmp_path):
    store.of(7)
    kept = tmp_path / "copy"
    store.copy_to(kept)
    before = (kept / "7.json").read_bytes()
    for strict in (True, False):
        with pytest.raises(CannotOpen, match="Nothing was copied"):
            KeyStore(tmp_path / "unmounted", KEYS, strict=strict).copy_to(kept)
    assert (kept / "7.json").read_bytes() == before


def test_destroying_that_was_broken_off_is_finished_by_the_next_run(store, tmp_path):
    store.of(7)
    refusing = KeyStore(store.folder, KEYS, program="/bin/false")
    with pytest.raises(CannotOpen, match="refused to forget"):
        refusing.destroy(7)
    assert not store.is_destroyed(7)  # so that the service is asked again
    path = store.folder / "7.json"
    path.write_bytes(bytes(path.stat().st_size))  # and here it ended between the zeros and the note
    assert (again(store).is_destroyed(7), [one.destroyed_at for one in store.listed()]) == (True, ["unknown"])
    with pytest.raises(KeysDestroyed):
        again(store).of(7)
    with pytest.raises(CannotOpen, match="refused to forget"):
        refusing.destroy(7)
    store.destroy(7)
    assert json.loads(path.read_text())["destroyed_at"] != "unknown"


def test_a_key_management_service_wraps_behind_a_program(tmp_path):
    """A program of the operator's, here one with a key of its own for each organization, which `forget` destroys."""
    held, program = tmp_path / "service", tmp_path / "service.py"
    held.mkdir()
    program.write_text(SERVICE.format(folder=str(held), checkout=str(CHECKOUT)))
    command = f"{sys.executable} {program}"
    own = KeyStore(tmp_path / "keys", KEYS)
    name, value = sealed(own, 7)
    store = KeyStore(tmp_path / "keys", KEYS, program=command)
    assert store.rewrap(7) == 2  # from the installation's own master to the service
    assert store.listed()[0].masters == ("kms:service-key",)
    assert store.cipher(7, name).decrypt(bytes(12), value, None) == b"Dana"
    with pytest.raises(CannotOpen, match="kms:service-key"):
        again(store).of(7)
    older = tmp_path / "older"
    store.copy_to(older)
    store.destroy(7)
    with pytest.raises(
        CannotOpen, match="refused to unwrap"
    ):  # a copy that was forgotten somewhere opens nothing
        KeyStore(older, KEYS, program=command).of(7)
    with pytest.raises(CannotOpen, match="FileNotFoundError"):
        KeyStore(tmp_path / "none", KEYS, program="/nowhere/service").of(1)


def test_a_damaged_file_is_told_and_never_made_anew(store):
    store.of(7)
    (store.folder / "7.json").write_text("{")
    with pytest.raises(CannotOpen, match="cannot be read"):
        again(store).of(7)
    assert (store.folder / "7.json").read_text() == "{"


def test_production_names_the_folder_of_its_keys(tmp_path):
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    given = {k: v for k, v in os.environ.items() if not k.startswith("RECOURSE_")} | {
        "RECOURSE_PRODUCTION": "1",
        "RECOURSE_LOCAL_DIR": str(tmp_path),
        "RECOURSE_SECRET_KEY": "x" * 60,
        "RECOURSE_FIELD_KEY": key,
        "RECOURSE_INDEX_KEY": key,
    }
    command = [sys.executable, "-c", "import advocacy.settings"]
    done = subprocess.run(command, cwd=CHECKOUT, env=given, capture_output=True, text=True, check=False)
    assert "RECOURSE_KEYSTORE" in done.stderr.splitlines()[-1]


def test_a_value_sealed_for_one_is_no_value_of_another(store):
    name, value = sealed(store, 7)
    with pytest.raises((CannotOpen, InvalidTag)):
        store.cipher(8, name).decrypt(bytes(12), value, None)
