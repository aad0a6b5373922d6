"""The keys: from the environment, or from a private file of the first run that production refuses."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from advocacy.keyfile import load_keys

ROOT = Path(settings.BASE_DIR)


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def environment() -> dict[str, str]:
    return {
        "RECOURSE_SECRET_KEY": secrets.token_urlsafe(48),
        "RECOURSE_FIELD_KEY": key(),
        "RECOURSE_INDEX_KEY": key(),
    }


def test_the_first_run_makes_a_file_for_its_owner_only_and_keeps_it(tmp_path):
    path = tmp_path / "state" / "keys.json"
    first = load_keys(environment={}, path=path, production=False)
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert load_keys(environment={}, path=path, production=False) == first
    assert (len(first.field), len(first.index), first.field == first.index) == (32, 32, False)
    assert [p.name for p in path.parent.iterdir()] == ["keys.json"]


def test_of_many_first_runs_at_once_all_get_the_same_keys(tmp_path):
    program = (
        "import sys; from pathlib import Path; from advocacy.keyfile import load_keys;"
        "print(load_keys(environment={}, path=Path(sys.argv[1]), production=False).field.hex())"
    )

    def start(_: int) -> str:
        command = [sys.executable, "-c", program, str(tmp_path / "keys.json")]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_an_older_file_gets_the_keys_of_the_trail_once_and_keeps_the_others(tmp_path):
    path = tmp_path / "keys.json"
    load_keys(environment={}, path=path, production=False)
    older = {k: v for k, v in json.loads(path.read_text()).items() if k not in {"seal", "leaf"}}
    path.write_text(json.dumps(older))
    first = load_keys(environment={}, path=path, production=False)
    assert {k: json.loads(path.read_text())[k] for k in older} == older
    assert load_keys(environment={}, path=path, production=False) == first
    assert (len(first.seal), len(first.leaf), list(first.seal_public)) == (32, 32, ["s1"])
    assert (oct(path.stat().st_mode & 0o777), [p.name for p in tmp_path.iterdir()]) == (
        "0o600",
        ["keys.json"],
    )


def test_who_only_reads_the_trail_has_its_public_keys_and_who_seals_both_private_ones(tmp_path):
    kept = load_keys(environment={}, path=tmp_path / "keys.json", production=False)
    public = base64.urlsafe_b64encode(kept.seal_public["s1"]).decode()
    web = environment() | {"RECOURSE_SEAL_PUBLIC_KEYS": f"s1:{public} s0:{key()}"}
    keys = load_keys(environment=web, path=tmp_path / "none", production=True)
    assert (keys.seal, keys.leaf, sorted(keys.seal_public)) == (None, None, ["s0", "s1"])
    assert repr(kept.seal) not in repr(kept)
    with pytest.raises(ImproperlyConfigured, match="together or not at all"):
        load_keys(environment=web | {"RECOURSE_SEAL_KEY": key()}, path=tmp_path / "none", production=True)
    own = {"RECOURSE_SEAL_KEY": key(), "RECOURSE_LEAF_KEY": key()}
    with pytest.raises(ImproperlyConfigured, match="has another key as s1"):
        load_keys(environment=web | own, path=tmp_path / "none", production=True)
    worker = load_keys(
        environment=web | own | {"RECOURSE_SEAL_KEY_ID": "s2"}, path=tmp_path / "none", production=True
    )
    assert sorted(worker.seal_public) == ["s0", "s1", "s2"]


def test_a_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "keys.json"
    load_keys(environment={}, path=path, production=False)
    path.chmod(0o640)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        load_keys(environment={}, path=path, production=False)


def test_production_refuses_the_key_file_and_names_what_is_missing(tmp_path):
    path = tmp_path / "keys.json"
    load_keys(environment={}, path=path, production=False)
    before = json.loads(path.read_text())
    given = environment()
    for missing in given:
        partly = {k: v for k, v in given.items() if k != missing}
        with pytest.raises(ImproperlyConfigured, match=f"missing: {missing}\\."):
            load_keys(environment=partly, path=path, production=True)
    assert json.loads(path.read_text()) == before


def test_production_takes_its_keys_from_the_environment_and_writes_no_file(tmp_path):
    path = tmp_path / "keys.json"
    given = environment() | {"RECOURSE_FIELD_KEY_ID": "k7"}
    keys = load_keys(environment=given, path=path, production=True)
    assert (keys.django, keys.field_id) == (given["RECOURSE_SECRET_KEY"], "k7")
    assert keys.field == base64.urlsafe_b64decode(given["RECOURSE_FIELD_KEY"])
    assert not path.exists()


def test_production_refuses_keys_copied_from_the_first_run(tmp_path):
    path = tmp_path / "keys.json"
    load_keys(environment={}, path=path, production=False)
    made = json.loads(path.read_text())
    copied = environment() | {"RECOURSE_FIELD_KEY": made["field"]}
    with pytest.raises(ImproperlyConfigured, match="RECOURSE_FIELD_KEY is the one of the first-run file"):
        load_keys(environment=copied, path=path, production=True)


def test_a_key_of_another_length_is_refused(tmp_path):
    short = environment() | {"RECOURSE_INDEX_KEY": base64.urlsafe_b64encode(b"short").decode()}
    with pytest.raises(ImproperlyConfigured, match="RECOURSE_INDEX_KEY must be 32 bytes"):
        load_keys(environment=short, path=tmp_path / "keys.json", production=True)


def test_the_program_itself_does_not_start_in_production_without_keys(tmp_path):
    given = {k: v for k, v in os.environ.items() if k not in environment()}
    given |= {"RECOURSE_PRODUCTION": "1", "RECOURSE_LOCAL_DIR": str(tmp_path), "RECOURSE_HOSTS": "x.example"}
    command = [sys.executable, "manage.py", "check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=given)
    assert ended.returncode != 0
    assert "Production takes its keys from the environment" in ended.stderr
    assert list(tmp_path.iterdir()) == []
