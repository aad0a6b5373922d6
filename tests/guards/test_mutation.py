"""`make mutation` changes what it says, judges by the score it says, and explains nothing that is no longer there."""

from __future__ import annotations

import json
from collections import Counter

from tests.mutation import explained
from tests.mutation.__main__ import DATA, EXPLAINED, WANTED, score
from tests.mutation.judging import KILLED, SURVIVED, TESTS, TIMEOUT
from tests.mutation.mutants import DROPPED, ROOT, CodeMutant, RuleMutant
from tests.mutation.of_rules import of_rules

RAW = {
    name: json.loads((DATA / f"{name}.json").read_text("utf-8"))
    for name in ("regimes", "states", "overrides")
}


def test_every_mutant_of_the_rules_has_a_name_of_its_own_and_changes_something() -> None:
    found = of_rules(RAW)
    assert len({m.id for m in found}) == len(found) > 3_000
    assert [m.id for m in found if m.before == m.after] == []
    for mutant in found[::60]:
        assert mutant.of(RAW) != RAW, mutant.id


def test_every_rule_is_changed_in_its_span_its_anchor_and_its_first_day() -> None:
    changed = Counter((m.what, m.kind) for m in of_rules(RAW))
    for rule in RAW["regimes"]["rules"]:
        name = f"rule {rule['id']} v{rule['version']}"
        assert changed[name, "actor"] and changed[name, "in force"] >= 2, name
        only_stated = rule["calculation"].get("n_from", "some") is None
        assert only_stated or (
            changed[name, "anchor"] and changed[name, "span"] + changed[name, "condition"]
        ), name


def test_a_mutant_leaves_everything_else_as_it_is() -> None:
    before = json.dumps(RAW)
    dropped = RuleMutant("overrides", "act", "act", ("overrides", 0), "act", DROPPED)
    assert len(dropped.of(RAW)["overrides"]["overrides"]) == len(RAW["overrides"]["overrides"]) - 1
    assert json.dumps(RAW) == before
    text = "a = 1\nb = 2\n"
    assert CodeMutant("x.py", "Number", 2, 10, "2", "3").source(text) == "a = 1\nb = 3\n"
    assert CodeMutant("x.py", "Number", 2, 10, "2", "3").lines(text) == ("b = 2", "b = 3")


def test_what_is_explained_stands_there_with_a_reason() -> None:
    assert explained.stale(explained.entries()) == []
    assert [e for e in explained.entries() if len(str(e["why"])) < 40] == []
    page = (ROOT / "docs/mutation.md").read_text("utf-8")
    assert [e["why"] for e in explained.entries() if str(e["why"]) not in page] == []


def test_the_score_counts_what_is_not_explained() -> None:
    assert score({"all": 100, EXPLAINED: 20, KILLED: 75, TIMEOUT: 1, SURVIVED: 4}) == WANTED
    assert [file for file in TESTS if not (ROOT / file).is_file()] == []
