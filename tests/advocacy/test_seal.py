"""Sealing by the clock: what waits, who is told, where heads go, what the pages and commands say."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as shipped
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from advocacy.audit import verifier
from advocacy.audit.seal import leaf_key_of
from advocacy.audit.trail import record, sealed_until
from advocacy.background import queue, sealing
from advocacy.tenancy.scope import scoped_to
from deploy.make_secrets import public_key
from tests.terminal import BY_OPERATOR

pytest_plugins = ("tests.terminal",)

VECTORS = json.loads((Path(__file__).parent / "trail_vectors.json").read_text())
VERIFIER = Path(verifier.__file__)


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def quiet(cast):
    """The cast with everything sealed that made it."""
    sealing.seal_all()
    return cast


def seals(cast) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, cardinality(ids) FROM audit.seal ORDER BY seq")
        return cursor.fetchall()


def test_a_round_seals_every_organization_and_a_second_finds_nothing(cast):
    before = {w.organization_id: w.events for w in sealing.what_waits()}
    assert set(before) == {cast.harbor.pk, cast.meadow.pk} and min(before.values()) > 3
    assert sealing.seal_all() == sum(before.values())
    assert (sealing.what_waits(), sealing.seal_all()) == ([], 0)
    assert seals(cast) == [(1, before[cast.harbor.pk])]
    with scoped_to(cast.meadow.pk):
        assert seals(cast) == [(1, before[cast.meadow.pk])]


def test_a_seal_of_few_events_follows_another(quiet, monkeypatch):
    monkeypatch.setattr("advocacy.audit.seal.MOST", 2)
    for _ in range(5):
        record("case_restricted", subject=quiet.case)
    assert sealing.seal_all() == 5
    assert [count for _seq, count in seals(quiet)][1:] == [2, 2, 1]
    assert re.match(r"harbor: Valid: \d+ events in 4 seals", said("verify_audit", "harbor"))


def test_a_round_does_not_chase_those_who_write_meanwhile(quiet):
    """Each seal here is answered with another act: the round ends all the same, and the next one has those acts."""
    for _ in range(3):
        record("case_restricted", subject=quiet.case)

    def writing(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if "audit.add_seal" in sql:
            record("case_restricted", subject=quiet.case)
        return answer

    with connection.execute_wrapper(writing):
        assert sealing.seal_all() == 3
    assert [w.events for w in sealing.what_waits()] == [1]


def test_rounds_are_scheduled_once_for_the_whole_installation():
    assert {name: queue._schedule[name] for name in queue._rounds} == {
        "audit.seal": timedelta(minutes=1),
        "audit.anchor": timedelta(hours=1),
        "audit.witness": timedelta(days=1),
        "audit.watch": timedelta(minutes=5),
    }


def test_the_worker_seals_by_the_clock(cast):
    queue.install_schedules()
    planned = Schedule.objects.get(name="recourse:audit.seal")
    assert (planned.func, planned.minutes) == ("advocacy.background.queue.run_round", 1)
    queue.run_round("audit.seal")
    assert sealing.what_waits() == []


def test_without_a_key_nothing_is_sealed_and_nothing_breaks(cast, operator, settings, caplog):
    settings.KEYS = shipped.KEYS.__class__(
        **{**vars(shipped.KEYS), "seal": None, "leaf": None, "seal_public": {}}
    )
    queue.run_round("audit.seal")
    assert seals(cast) == []
    with pytest.raises(CommandError, match="RECOURSE_SEAL_KEY"):
        said("seal_trail")
    with pytest.raises(CommandError, match="RECOURSE_LEAF_KEY"):
        said("export_trail", "harbor", "/nowhere/x", "--reason", "x", *BY_OPERATOR)


def test_the_trail_page_says_up_to_when_it_is_sealed(cast, sign_in):
    petra, url = sign_in("petra"), f"/admin/cases/{cast.case.public_id}/trail/"
    assert "Nothing of this trail is sealed yet." in petra.get(url).content.decode()
    sealing.seal_all()
    for address in (url, "/admin/trails/"):
        text = petra.get(address).content.decode()
        assert re.search(r"Sealed up to \w{3} \d+, \d{4}, \d+:\d\d [AP]M: what was written before", text)
        assert "waits for its seal" not in text


def test_how_far_it_is_sealed_and_since_when_it_waits_too_long(quiet):
    now = timezone.now()
    assert sealed_until(now).late_since is None and now - sealed_until(now).until < timedelta(minutes=1)
    record("case_restricted", subject=quiet.case)
    found = sealed_until(now + timedelta(minutes=14))
    assert (found.late_since, found.until <= timezone.now()) == (None, True)
    late = sealed_until(now + timedelta(minutes=16))
    assert late.late_since is not None and abs(late.late_since - now) < timedelta(minutes=1)


def test_who_is_alarmed_when_it_waits_too_long(quiet, settings, mailoutbox, tmp_path):
    settings.ALARM_MAIL, settings.ANCHOR_DIR = ["ops@recourse.example"], tmp_path
    cache.clear()
    record("case_restricted", subject=quiet.case)
    assert sealing.late(timezone.now()) == ["No anchor was laid down by folder yet."]
    told = sealing.late(timezone.now() + timedelta(minutes=20))
    assert [sentence.partition(" since")[0] for sentence in told] == [
        "An event has waited for its seal",
        "No anchor was laid down by folder yet.",
    ]
    queue.run_round("audit.watch")
    queue.run_round("audit.watch")
    assert [(m.to, m.subject) for m in mailoutbox] == [
        (["ops@recourse.example"], "The trail needs somebody to look")
    ]
    said("seal_trail", "--anchor")
    assert sealing.late(timezone.now()) == []
    assert len(sealing.late(timezone.now() + timedelta(hours=27))) == 1


def test_heads_are_laid_down_in_the_folder_and_with_the_witness(quiet, settings, mailoutbox, tmp_path):
    settings.ANCHOR_DIR, settings.ANCHOR_MAIL = tmp_path, ["witness@other.example"]
    assert said("seal_trail", "--anchor").splitlines() == [
        "0 events were sealed.",
        "Heads were laid down: folder, mail.",
    ]
    queue.run_round("audit.anchor")
    (file,) = tmp_path.iterdir()
    assert len(file.read_text().splitlines()) == 2
    (mail,) = mailoutbox
    assert (mail.to, "Dana" in mail.body) == (["witness@other.example"], False)
    saved = tmp_path / "mail.txt"
    saved.write_text(mail.message().get_payload(decode=True).decode())
    ring = verifier.Ring(shipped.KEYS.seal_public)
    held = verifier.read_anchors(verifier.anchor_lines([saved]), ring)
    assert {a.organization for a in held} == {str(quiet.harbor.public_id), str(quiet.meadow.public_id)}
    text = said("verify_audit", "--anchors", str(tmp_path))
    assert text.count("It agrees with the anchor of") == 2


def test_a_trail_that_is_not_what_the_folder_holds_raises_the_alarm_and_no_anchor(
    quiet, settings, mailoutbox, tmp_path
):
    """As after a backup was put back: the newest statement is of a seal that is not there."""
    settings.ANCHOR_DIR, settings.ALARM_MAIL = tmp_path, ["ops@recourse.example"]
    cache.clear()
    said("seal_trail", "--anchor")
    (file,) = tmp_path.iterdir()
    kept = json.loads(file.read_text())
    ahead = [[o, seq + 1, head, through] for o, seq, head, through in kept["heads"]]
    signature = Ed25519PrivateKey.from_private_bytes(shipped.KEYS.seal).sign(
        verifier.anchor_to_sign(kept["at"], kept["key"], "", [tuple(h) for h in ahead])
    )
    file.write_text(json.dumps(kept | {"heads": ahead, "signature": signature.hex()}) + "\n")
    queue.run_round("audit.anchor")
    assert len(file.read_text().splitlines()) == 1
    assert [m.subject for m in mailoutbox] == ["The trail needs somebody to look"]
    assert str(quiet.harbor.public_id) in mailoutbox[0].body
    with pytest.raises(SystemExit):
        said("verify_audit")
    assert "folder" in said("seal_trail", "--restored", "the disk was lost")
    assert said("verify_audit").count("1 older anchors do not count") == 2


def test_a_folder_that_is_not_there_raises_the_alarm(quiet, settings, mailoutbox, tmp_path):
    settings.ANCHOR_DIR, settings.ALARM_MAIL = tmp_path / "gone", ["ops@recourse.example"]
    cache.clear()
    queue.run_round("audit.anchor")
    assert "could not be laid down (FileNotFoundError)" in mailoutbox[0].body


def test_an_exported_bundle_is_checked_by_the_verifier_alone(quiet, operator, tmp_path):
    """Its own interpreter, isolated: nothing of ours but the one file, and no Django."""
    bundle, keys = tmp_path / "trail.jsonl.gz", tmp_path / "keys.json"
    record("case_restricted", subject=quiet.case, reason="Dana Whitlock asked for it")
    assert "events in 1 seals" in said(
        "export_trail", "harbor", str(bundle), "--reason", "For the reviewer", *BY_OPERATOR
    )
    assert oct(bundle.stat().st_mode & 0o777) == "0o600"
    answer = Client().get("/.well-known/recourse-seal-keys.json")
    keys.write_bytes(answer.content)
    alone = tmp_path / "verifier.py"
    alone.write_text(VERIFIER.read_text())
    ran = subprocess.run(
        [sys.executable, "-I", str(alone), str(bundle), "--keys", str(keys)],
        cwd=tmp_path,
        text=True,
        capture_output=True,
    )
    assert (ran.returncode, ran.stdout.partition(":")[0]) == (0, "Valid"), ran.stderr
    assert "2 newer events wait for their seal" in ran.stdout
    other = json.loads(keys.read_text())
    other["keys"][0]["public"] = base64.urlsafe_b64encode(bytes(32)).decode()
    keys.write_text(json.dumps(other))
    assert verifier.main([str(bundle), "--keys", str(keys)]) == 1
    assert verifier.main([str(keys)]) == 2
    with pytest.raises(CommandError, match="exists"):
        said("export_trail", "harbor", str(bundle), "--reason", "Again", *BY_OPERATOR)


def test_the_verifier_needs_the_standard_library_and_one_more():
    named = set(re.findall(r"^(?:from|import) (\w+)", VERIFIER.read_text(), re.MULTILINE))
    assert named - sys.stdlib_module_names - {"__future__"} == {"cryptography"}


def test_the_format_is_what_it_was():
    """Vectors made once: whoever changes the format makes older bundles unreadable, and gives it a new number."""
    key = bytes.fromhex(VECTORS["leaf_key"])
    leaves = [
        verifier.leaf_of(key, verifier.prefixed([VECTORS["organization"]]), row) for row in VECTORS["rows"]
    ]
    assert [leaf.hex() for leaf in leaves] == VECTORS["leaves"]
    ids = [row[0] for row in VECTORS["rows"]]
    assert verifier.root_of(ids, b"".join(leaves)).hex() == VECTORS["root"]
    seal = verifier.seal_of(VECTORS["seal"])
    assert verifier.head_of(seal).hex() == VECTORS["seal"]["head"]
    ring = verifier.Ring({"s1": bytes.fromhex(VECTORS["public"])})
    check = verifier.Check(VECTORS["organization"], key, ring)
    check.seal(seal, {row[0]: row for row in VECTORS["rows"]})
    verdict = check.end(waiting=[], gone=[], strays=[], given=9)
    assert (verdict.events, verdict.seals) == (3, 1)


def test_public_keys_are_published_and_private_ones_are_not(client, db):
    told = client.get("/.well-known/recourse-seal-keys.json").json()
    (key,) = told["keys"]
    own = shipped.KEYS.seal
    assert (key["id"], key["algorithm"], key["signs"]) == ("s1", "Ed25519", True)
    assert key["public"] == public_key(base64.urlsafe_b64encode(own).decode())
    assert re.fullmatch(r"([0-9a-f]{4} ){7}[0-9a-f]{4}", key["fingerprint"])
    assert base64.urlsafe_b64encode(own).decode() not in json.dumps(told)
    assert said("seal_trail", "--keys").startswith(f"s1:{key['public']}  {key['fingerprint']}  signs now")


def test_each_organization_has_a_leaf_key_of_its_own(cast):
    keys = {leaf_key_of(shipped.KEYS, str(o.public_id)) for o in (cast.harbor, cast.meadow)}
    assert (len(keys), {len(key) for key in keys}) == (2, {32})


def test_after_a_new_key_older_seals_are_still_checked(quiet, settings):
    """What the manual says: the older public key stays on the list, the new one signs."""
    fresh = dict(re.findall(r"(\S.*): (\S+)", said("seal_trail", "--new-key")))
    seed = base64.urlsafe_b64decode(fresh["RECOURSE_SEAL_KEY"])
    public = base64.urlsafe_b64decode(fresh["its public key"])
    own = shipped.KEYS
    settings.KEYS = own.__class__(
        **{**vars(own), "seal": seed, "seal_id": "s2", "seal_public": {**own.seal_public, "s2": public}}
    )
    record("case_restricted", subject=quiet.case)
    sealing.seal_all()
    assert "events in 2 seals are as they were sealed" in said("verify_audit", "harbor")
    settings.KEYS = own.__class__(**{**vars(settings.KEYS), "seal_public": {"s2": public}})
    with pytest.raises(SystemExit):
        said("verify_audit", "harbor")
