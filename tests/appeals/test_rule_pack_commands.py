"""The commands of rule packs: what differs, writing and checking one, starting with one, computing by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from appeals.regimes import packs
from tests.appeals.test_rule_packs import APPEAL, LATE_JULY, SEED, key_text, rule


@pytest.fixture
def pack() -> packs.Pack:
    return packs.pack_of()


def ran(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*args, **options, stdout=out)
    return out.getvalue()


def test_diff_rules_says_what_moves(pack: packs.Pack, tmp_path: Path) -> None:
    old, new, rows = (tmp_path / f"{name}.json" for name in ("old", "new", "rows"))
    rule(pack, "claims.appeal_1.filing")["text"] = "The claimant has 180 days."
    new.write_text(packs.written(pack))
    rule(pack, "claims.appeal_1.filing")["calculation"]["n"] = 170
    rule(pack, "claims.appeal_1.filing")["text"] = "Another sentence about it."
    old.write_text(packs.written(pack))
    rows.write_text(json.dumps({"vectors": [APPEAL, LATE_JULY]}))
    assert ran("diff_rules", str(old), str(new), vectors=rows).splitlines() == [
        'rule claims.appeal_1.filing v1: calculation was {"anchor": "receipt", "n": 170, "op": "add_days", '
        '"presume_receipt_days": 0, "roll": "none"}, is {"anchor": "receipt", "n": 180, "op": "add_days", '
        '"presume_receipt_days": 0, "roll": "none"}.',
        '(no date) rule claims.appeal_1.filing v1: text was "Another sentence about it.", is "The claimant has 180 days.".',
        "a: deadline 2026-09-01 -> 2026-09-11; safe_date 2026-09-01 -> 2026-09-11",
        "2 differences, 1 of which may move a date.",
        "1 rows have other dates.",
    ]
    found = json.loads(ran("diff_rules", str(old), str(new), vectors=rows, as_json=True))
    assert [d["name"] for d in found["differences"]] == ["claims.appeal_1.filing v1"] * 2
    assert [row["id"] for row in found["moved"]] == ["a"]


def test_diff_rules_refuses_what_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read") as refused:
        call_command("diff_rules", str(tmp_path / "absent.json"))
    assert refused.value.returncode == 2


def test_a_pack_is_written_signed_and_checked(tmp_path: Path, settings: Any) -> None:
    private, public = (line.split(": ")[1] for line in ran("rule_pack", new_key=True).splitlines())
    key, file = tmp_path / "key", tmp_path / "pack.json"
    key.write_text(private)
    assert "signed by r7" in ran("rule_pack", write=file, sign=key, key_id="r7")
    settings.RULE_KEYS = f"r7:{public}"
    assert "Signed by r7." in ran("rule_pack", check=file)
    settings.RULE_KEYS = ""
    with pytest.raises(CommandError, match="does not count here"):
        call_command("rule_pack", check=file)
    assert "51 states" in ran("rule_pack")


@pytest.mark.long
def test_a_process_starts_with_a_signed_pack_and_with_no_other(pack: packs.Pack, tmp_path: Path) -> None:
    rule(pack, "claims.appeal_1.filing")["calculation"]["n"] = 190
    file, rows = tmp_path / "pack.json", tmp_path / "rows.json"
    rows.write_text(json.dumps({"vectors": [APPEAL]}))
    root = Path(django_settings.BASE_DIR)
    command = [sys.executable, str(root / "manage.py"), "compute_deadlines", str(rows)]
    environment = {**os.environ, "RECOURSE_RULE_PACK": str(file), "RECOURSE_RULE_KEYS": f"r1:{key_text()}"}
    file.write_text(packs.written(pack))
    bare = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (bare.returncode != 0, "RECOURSE_RULE_PACK: The pack is not signed." in bare.stderr) == (
        True,
        True,
    )
    file.write_text(packs.written(packs.signed(pack, "r1", SEED)))
    whole = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert whole.stdout.startswith("a: 2026-09-21 ")


def test_compute_deadlines_by_another_pack_and_as_known_on_a_day(pack: packs.Pack, tmp_path: Path) -> None:
    rows, other = tmp_path / "rows.json", tmp_path / "pack.json"
    rows.write_text(json.dumps({"vectors": [LATE_JULY]}))
    rule(pack, "external_review.filing_hhs")["calculation"]["n"] = 5
    other.write_text(packs.written(pack))
    assert ran("compute_deadlines", str(rows)).startswith("hhs: 2026-10-02 ")
    assert ran("compute_deadlines", str(rows), known_on=date(2026, 7, 30)).startswith("hhs: 2026-07-16 ")
    assert ran("compute_deadlines", str(rows), rules=other).startswith("hhs: 2026-08-17 ")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("compute_deadlines", str(rows), rules=tmp_path / "absent.json")
