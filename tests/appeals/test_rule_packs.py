"""Rules as a pack: its schema and its signature, what differs between two, and what could be known on a day."""

from __future__ import annotations

import copy
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appeals.clock.facts import Facts
from appeals.clock.vectors import read_vectors, results_of
from appeals.regimes import amount_in_controversy, book, install, known_on, packs, shipped, using
from appeals.regimes.differences import Difference, differences
from appeals.regimes.names import FACTS

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
VECTORS = Path(__file__).parent / "vectors"
LATE_JULY = {
    "id": "hhs",
    "regime": "individual_aca",
    "stage": "external_review_filing_hhs_administered",
    "inputs": {"receipt_date": "2026-03-16", "process": "hhs_administered"},
}
APPEAL = {
    "id": "a",
    "regime": "erisa_self_funded",
    "stage": "internal_appeal_1",
    "inputs": {"receipt_date": "2026-03-15"},
}


@pytest.fixture
def pack() -> packs.Pack:
    return copy.deepcopy(packs.pack_of())


@pytest.fixture
def as_shipped() -> Iterator[None]:
    yield
    install(None)


def rule(pack: packs.Pack, name: str) -> dict[str, Any]:
    return [r for r in pack["regimes"]["rules"] if r["id"] == name][-1]


# -- schema and signature ------------------------------------------------------------------------------------------------
def test_the_rules_that_come_with_the_program_fit_the_schema(pack: packs.Pack) -> None:
    assert packs.problems_of_shape(pack) == ()
    assert packs.loaded(pack).book == shipped()


FAULTS = (
    ("actor", "judge", "judge"),
    ("confidence", "sure", "sure"),
    ("in_force_from", "January", "does not match"),
    ("calculation", {"op": "guess"}, "guess"),
    ("calculation", {"op": "add_days", "anchor": "received"}, "'n' is a required property"),
    (
        "calculation",
        {"op": "add_months", "n": 4, "anchor": "receipt", "roll": "none"},
        "'month_rule' is a required",
    ),
    ("known_from", "2026-01-01", "published"),
    ("citation", "", "too short"),
    ("cited_in", "x", "Additional properties"),
)


def test_a_rule_of_another_shape_is_refused_at_its_place(pack: packs.Pack) -> None:
    for n, (name, value, _) in enumerate(FAULTS):
        pack["regimes"]["rules"][n][name] = value
    found = packs.problems_of_shape(pack)
    for n, (_, _, says) in enumerate(FAULTS):
        assert any(p.startswith(f"regimes/rules/{n}") and says in p for p in found), (n, found)
    with pytest.raises(packs.BadPack, match=r"does not fit its schema\. regimes/rules/0/actor"):
        packs.loaded(pack)


def test_what_a_schema_cannot_say_is_refused_too(pack: packs.Pack) -> None:
    pack["regimes"]["regimes"][0]["requests"][0]["stage"] = "nowhere"
    with pytest.raises(packs.BadPack, match=r"contradicts itself.*nowhere"):
        packs.loaded(pack)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda p: rule(p, "claims.appeal_1.filing")["calculation"].update(anchor="reciept"),
            r"unknown facts \['reciept'\]",
        ),
        (
            lambda p: rule(p, "claims.appeal_1.filing")["calculation"].update(presume_days=5),
            r"does not know \['presume_days'\]",
        ),
        (
            lambda p: rule(p, "claims.appeal_1.filing").update(picked_by=["noticed"]),
            r"unknown facts \['noticed'\]",
        ),
        (
            lambda p: rule(p, "claims.appeal_1.filing").update(requires={"level": [1]}),
            r"unknown facts \['level'\]",
        ),
        (
            lambda p: rule(p, "medicaid.hearing.filing")["calculation"].update(n_from="window"),
            r"unknown facts \['window'\]",
        ),
        (
            lambda p: rule(p, "external_review.preliminary_review")["calculation"].update(calendar="texas"),
            "calendar texas",
        ),
        (
            lambda p: rule(p, "part_d.coverage.standard").update(then=[{"name": "x", "op": "guess"}]),
            "unknown operations",
        ),
        (
            lambda p: p["regimes"]["regimes"][0]["requests"][0]["when"].update(timely=True),
            r"unknown facts \['timely'\]",
        ),
        (lambda p: p["regimes"]["chronology"].append(["sent", "came", "No."]), r"unknown ones \['came'\]"),
        (lambda p: p["overrides"]["overrides"][0]["scope"].update(rules=["nowhere"]), "unknown rules"),
    ],
)
def test_a_name_that_means_nothing_is_refused(pack: packs.Pack, change: Any, told: str) -> None:
    changed = copy.deepcopy(pack)
    change(changed)
    with pytest.raises(packs.BadPack, match=told):
        packs.loaded(changed)


def test_a_rule_may_count_from_what_a_clock_knows_and_from_nothing_else() -> None:
    assert set(Facts.__dataclass_fields__) == FACTS


def test_a_state_cannot_say_since_when_its_rule_is_known(pack: packs.Pack) -> None:
    pack["states"]["default"] |= {"known_from": "2026-01-01", "published": "somewhere"}
    with pytest.raises(packs.BadPack, match="known_from"):
        packs.loaded(pack)


def test_a_pack_counts_only_with_a_signature_that_counts(pack: packs.Pack) -> None:
    keys = {"r1": PUBLIC}
    with pytest.raises(packs.BadPack, match="not signed"):
        packs.loaded(pack, keys)
    signed = packs.signed(pack, "r1", SEED)
    assert packs.signer_of(signed, keys) == "r1"
    with pytest.raises(packs.BadPack, match="does not count here"):
        packs.signer_of(packs.signed(pack, "r2", SEED), keys)
    with pytest.raises(packs.BadPack, match="changed after it was signed"):
        packs.signer_of(signed, {"r1": bytes(31) + b"\x01"})
    rule(signed, "claims.appeal_1.filing")["calculation"]["n"] = 190
    with pytest.raises(packs.BadPack, match="changed after it was signed"):
        packs.loaded(signed, keys)


def test_the_signature_is_over_contents_and_not_over_blanks_or_order(
    pack: packs.Pack, tmp_path: Path
) -> None:
    signed = packs.signed(pack, "r1", SEED)
    file = tmp_path / "pack.json"
    file.write_text(json.dumps(dict(reversed(signed.items())), indent=7))
    assert packs.read(file, {"r1": PUBLIC}).signed_by == "r1"
    assert packs.read(file).book == shipped()


def test_the_bytes_that_are_signed_are_these() -> None:
    """A pack signed by one release has to be checked by the next."""
    pack = {"b": ["§", 1], "a": None, "signature": {"key": "r1"}}
    assert packs.canonical(pack) == '{"a":null,"b":["§",1]}'.encode()
    assert packs.written({"b": "§", "a": 1}) == '{\n "a": 1,\n "b": "§"\n}\n'


@pytest.mark.parametrize("value", ["A" * 81, "§" * 88, "A" * 88])
def test_a_signature_that_is_none_is_refused(pack: packs.Pack, value: str) -> None:
    signed = {**pack, "signature": {"key": "r1", "value": value}}
    for key in (PUBLIC, bytes(5)):
        with pytest.raises(packs.BadPack, match="changed after it was signed"):
            packs.signer_of(signed, {"r1": key})


def test_a_day_that_there_is_not_is_refused(pack: packs.Pack) -> None:
    rule(pack, "claims.appeal_1.filing")["in_force_from"] = "2026-02-30"
    with pytest.raises(packs.BadPack, match="contradicts itself"):
        packs.loaded(pack)


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "is not JSON"), ("[" * 200_000, "is not JSON"), ("[]", "does not fit"), ("{}", "does not fit")],
    ids=["nothing", "too deep", "a list", "an object"],
)
def test_what_is_no_pack_is_refused(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "pack.json"
    file.write_text(content)
    with pytest.raises(packs.BadPack, match=says):
        packs.read(file)
    with pytest.raises(packs.BadPack, match="cannot be read"):
        packs.read(tmp_path / "absent.json")


@pytest.mark.parametrize(
    "text",
    ["r1:short", "r1", "r1:" + "!" * 44, *(f"r1:{urlsafe_b64encode(bytes(n)).decode()}" for n in (31, 33))],
)
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(packs.BadPack, match="not 32 bytes"):
        packs.public_keys(text)


def test_an_installed_pack_is_computed_with(pack: packs.Pack, tmp_path: Path, as_shipped: None) -> None:
    rule(pack, "claims.appeal_1.filing")["calculation"]["n"] = 190
    file = tmp_path / "pack.json"
    file.write_text(packs.written(packs.signed(pack, "r1", SEED)))
    with pytest.raises(packs.BadPack):
        packs.install_signed(str(file), "")
    assert results_of([APPEAL])[0]["deadline"] == "2026-09-11"
    packs.install_signed(str(file), f"r1:{key_text()}")
    assert results_of([APPEAL])[0]["deadline"] == "2026-09-21"
    with using(shipped()):
        assert results_of([APPEAL])[0]["deadline"] == "2026-09-11"


def key_text() -> str:
    return urlsafe_b64encode(PUBLIC).decode()


# -- what differs ----------------------------------------------------------------------------------------------------------
def test_nothing_differs_from_itself(pack: packs.Pack) -> None:
    assert differences(pack, packs.pack_of()) == ()


def test_every_difference_is_named_with_both_values(pack: packs.Pack) -> None:
    new = copy.deepcopy(pack)
    rule(new, "claims.appeal_1.filing")["calculation"]["n"] = 190
    rule(new, "claims.appeal_1.filing")["text"] = "The claimant has at least 190 days."
    new["states"]["states"][0]["agency"] = "Another department"
    new["overrides"]["overrides"] = new["overrides"]["overrides"][:1]
    new["regimes"]["rules"].append({**rule(new, "va.court.filing"), "id": "va.new"})
    found = {(d.what, d.name, d.field, d.kind, d.moves_dates) for d in differences(pack, new)}
    assert found == {
        ("rule", "claims.appeal_1.filing v1", "calculation", "changed", True),
        ("rule", "claims.appeal_1.filing v1", "text", "changed", False),
        ("rule", "va.new v1", "", "added", True),
        ("state", "AL", "agency", "changed", False),
        ("override", "covid_outbreak_period", "", "removed", True),
    }
    (agency,) = [d.sentence for d in differences(pack, new) if d.what == "state"]
    assert agency == 'state AL: agency was "HHS-administered process", is "Another department".'


def test_a_sentence_that_changed_is_a_difference_in_either_direction(pack: packs.Pack) -> None:
    new = copy.deepcopy(pack)
    new["regimes"]["if_missed"]["deemed_exhaustion"] = "zzz"
    for old, then in ((pack, new), (new, pack)):
        (found,) = differences(old, then)
        assert (found.what, found.name, found.moves_dates) == ("consequence", "deemed_exhaustion", False)
        assert (found.before, found.after) == tuple(
            p["regimes"]["if_missed"]["deemed_exhaustion"] for p in (old, then)
        )


def test_values_are_told_in_the_order_of_their_names_and_in_their_own_letters() -> None:
    told = Difference("changed", "rule", "x v1", "scope", {"b": 1, "a": "§"}, None).sentence
    assert told == 'rule x v1: scope was {"a": "§", "b": 1}, is null.'


def test_a_long_value_is_told_by_its_beginning() -> None:
    whole, long = "a" * 238, "b" * 239
    told = Difference("changed", "rule", "x v1", "text", whole, long).sentence
    assert told == f'rule x v1: text was "{whole}", is "{"b" * 236}....'


def test_no_part_of_the_rules_changes_unseen(pack: packs.Pack) -> None:
    about = {"schema", "as_of", "confidence", "applies_to"}
    parts = [(part, name) for part in packs.PARTS for name in pack[part] if name not in about]
    unseen = []
    for part, name in parts:
        new = copy.deepcopy(pack)
        value = new[part][name]
        value.pop(0) if isinstance(value, list) else value.pop(next(iter(value)))
        if not any(d.moves_dates for d in differences(pack, new)):
            unseen.append((part, name))
    assert unseen == []
    new = copy.deepcopy(pack)
    new["regimes"]["regimes"][0]["ladder"].reverse()
    new["regimes"]["regimes"][0]["max_levels"] = 9
    assert {(d.what, d.field, d.moves_dates) for d in differences(pack, new)} == {
        ("order", "value", True),
        ("regime", "max_levels", True),
    }


# -- what was known ----------------------------------------------------------------------------------------------------
def computed(row: dict[str, Any], day: str) -> dict[str, Any]:
    with using(known_on(date.fromisoformat(day))):
        return results_of([row])[0]


def test_an_act_counts_from_the_day_it_was_announced() -> None:
    """CMS's notice of July 31, 2026: until then nobody could know that July 16 would become October 2."""
    before, after = computed(LATE_JULY, "2026-07-30"), computed(LATE_JULY, "2026-07-31")
    assert (before["deadline"], "original_deadline" in before) == ("2026-07-16", False)
    assert (after["deadline"], after["original_deadline"]) == ("2026-10-02", "2026-07-16")
    assert before["safe_date"] == after["safe_date"] == "2026-07-16"
    # 85 FR 26351, May 4, 2020: the outbreak period is left out, a year less a day of it, and 180 days follow.
    spring = {**APPEAL, "inputs": {"receipt_date": "2020-03-15"}}
    told = [computed(spring, day)["deadline"] for day in ("2020-05-03", "2020-05-04")]
    assert told == ["2020-09-11", "2021-09-10"]


@pytest.mark.parametrize(
    ("regime", "stage", "inputs", "day", "before", "after"),
    [
        # 89 FR 8758, February 8, 2024: seven days from 2026; until it was published, fourteen without an end.
        (
            "medicare_advantage", "org_determination_pa_standard", {"received_date": "2026-02-09"},
            ("2024-02-07", "2024-02-08"), "2026-02-23", "2026-02-16",
        ),
        (
            "medicaid_managed_care", "service_authorization_standard",
            {"received_date": "2026-02-09", "rating_period_start": "2026-01-01"},
            ("2024-02-07", "2024-02-08"), "2026-02-23", "2026-02-16",
        ),
        # 89 FR 30448, April 23, 2024: from 2025 the days count from receipt, presumed five days after the notice.
        (
            "medicare_advantage", "reconsideration_filing", {"notice_date": "2026-01-30"},
            ("2024-04-22", "2024-04-23"), "2026-03-31", "2026-04-05",
        ),
    ],
)  # fmt: skip
def test_a_law_counts_from_the_day_it_was_published(
    regime: str, stage: str, inputs: dict[str, Any], day: tuple[str, str], before: str, after: str
) -> None:
    row = {"id": 1, "regime": regime, "stage": stage, "inputs": inputs}
    assert [computed(row, d)["deadline"] for d in day] == [before, after]


def test_a_step_that_no_law_knew_has_no_date() -> None:
    row = {
        "id": 1,
        "regime": "medicaid_ffs",
        "stage": "prior_authorization_standard",
        "inputs": {"received_date": "2026-03-02"},
    }
    assert computed(row, "2024-02-07")["error"].startswith(
        "On that day no rule for this step could be known."
    )
    assert computed(row, "2024-02-08")["deadline"] == "2026-03-09"


def test_each_version_ends_where_the_next_one_that_is_known_begins() -> None:
    """Of three versions the middle one is published last: until then the first goes on to the third."""
    (one,) = shipped().rules["claims.appeal_1.filing"]
    starts = [date(2001, 1, 1), date(2002, 1, 1), date(2003, 1, 1)]
    ends = [date(2001, 12, 31), date(2002, 12, 31), date(2003, 12, 31)]
    published = [None, date(2006, 1, 1), None]
    versions = tuple(
        replace(one, version=n, in_force_from=start, in_force_to=end, known_from=known)
        for n, (start, end, known) in enumerate(zip(starts, ends, published, strict=True), start=1)
    )
    among = replace(shipped(), rules={one.id: versions})
    kept = known_on(date(2005, 1, 1), among).rules[one.id]
    assert [(r.version, r.in_force_to) for r in kept] == [(1, date(2002, 12, 31)), (3, date(2003, 12, 31))]


def test_an_amount_is_known_when_its_notice_is_published() -> None:
    with using(known_on(date(2026, 9, 15))):
        assert amount_in_controversy("hearing", 2027) is None
        assert amount_in_controversy("tricare_hearing", 2027)["tricare_hearing"] == 300
    with using(known_on(date(2026, 9, 16))):
        assert amount_in_controversy("hearing", 2027)["hearing"] == 200


def test_what_is_known_now_is_everything() -> None:
    rows = read_vectors(VECTORS / "deadlines.json")
    with using(known_on(date(2026, 12, 31))):
        then = results_of(rows)
    assert then == results_of(rows)
    assert book() is shipped()


def test_every_law_is_published_before_it_binds() -> None:
    rules = [r for versions in shipped().rules.values() for r in versions if r.known_from]
    assert {r.id for r in rules} >= {"ma.org_determination.pa_standard", "ma.reconsideration.filing"}
    assert [r.id for r in rules if r.known_from > r.in_force_from] == []
