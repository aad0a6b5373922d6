"""An organization's own task templates, letter blocks and payer channels: added, changed, retired, never deleted."""

from __future__ import annotations

import pytest
from django.urls import reverse

from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from appeals.commands.letter_blocks import retire_letter_block, save_letter_block
from appeals.letters import AppealFacts, appeal_letter_blocks
from appeals.queries.letter_blocks import blocks_in_use
from cases.commands.tasks import open_task
from cases.commands.templates import retire_task_template, return_task_template, save_task_template
from cases.models import OwnTaskTemplate, PayerChannel
from cases.queries.templates import templates_in_use, templates_listed
from cases.task_templates import task_templates
from tests.cast import NOW


def test_packaged_ones_are_there_without_a_row(cast):
    assert templates_in_use() == task_templates()
    assert OwnTaskTemplate.objects.count() == 0


def test_an_own_version_keeps_the_keys_of_lines_that_stay(cast):
    packaged = task_templates()["gather_records"]
    lines = [packaged.checklist[1].label, "Ask the clinic for the consent form"]
    save_task_template(
        actor=cast.olga, key="gather_records", title="Gather records", due_days=3, checklist=lines, at=NOW
    )
    mine = templates_in_use()["gather_records"]
    assert (mine.title, mine.due_days, mine.checklist[0].key) == (
        "Gather records",
        3,
        packaged.checklist[1].key,
    )
    task = open_task(actor=cast.nora, case=cast.case, template="gather_records", at=NOW)
    assert (task.title, [line["label"] for line in task.checklist]) == ("Gather records", lines)
    with scoped_to(cast.meadow.pk):
        assert templates_in_use() == task_templates()


def test_a_retired_one_is_not_offered_and_a_rule_still_opens_it(cast):
    retire_task_template(actor=cast.olga, key="peer_to_peer", at=NOW)
    assert "peer_to_peer" not in templates_in_use()
    with pytest.raises(Refused):
        open_task(actor=cast.nora, case=cast.case, template="peer_to_peer", at=NOW)
    ruled = open_task(
        actor=cast.nora, case=cast.case, template="peer_to_peer", code="p2p", opened_by="rule", at=NOW
    )
    assert ruled.template == "peer_to_peer"
    with pytest.raises(WrongState):
        retire_task_template(actor=cast.olga, key="peer_to_peer", at=NOW)
    return_task_template(actor=cast.olga, key="peer_to_peer", at=NOW)
    assert "peer_to_peer" in templates_in_use()


def test_an_added_one_gets_a_key_of_its_own(cast):
    for _ in range(2):
        save_task_template(actor=cast.olga, title="Weekly call", due_days=7, checklist=["a", "a b"], at=NOW)
    own = [item.template.key for item in templates_listed() if item.own]
    assert own == ["own_weekly_call", "own_weekly_call_2"]
    with pytest.raises(NotAllowed):
        save_task_template(actor=cast.nora, title="X", due_days=7, at=NOW)
    with pytest.raises(NotFound):
        save_task_template(actor=cast.olga, key="none", title="X", due_days=7, at=NOW)
    with pytest.raises(Refused) as refused:
        save_task_template(actor=cast.olga, title=" ", due_days=0, at=NOW)
    assert [r.code for r in refused.value.reasons] == ["title_missing", "due_days"]


def words(blocks) -> list[str]:
    facts = AppealFacts("P", "the service", "representative", blocks=blocks)
    return [block.text for block in appeal_letter_blocks(facts) if hasattr(block, "text")]


def test_letter_blocks_stand_in_each_new_draft_until_retired(cast):
    assert any("decision in writing" in text for text in words(blocks_in_use()))
    save_letter_block(
        actor=cast.olga, title="Who we are", place="opening", text="We are a nonprofit.", at=NOW
    )
    retire_letter_block(actor=cast.olga, key="decision_in_writing", at=NOW)
    now = words(blocks_in_use())
    assert now[1] == "We are a nonprofit."
    assert not any("decision in writing" in text for text in now)


def test_the_pages_add_change_and_retire(cast, sign_in):
    olga = sign_in("olga")
    listed = reverse("appeals:templates")
    assert olga.get(listed).status_code == 200
    form = {"title": "Weekly call", "detail": "", "due_days": "7", "checklist": "One\n\nTwo\n"}
    assert olga.post(reverse("cases:task_template", args=["new"]), form).status_code == 302
    row = OwnTaskTemplate.objects.get()
    assert [line["label"] for line in row.checklist] == ["One", "Two"]
    assert "Weekly call" in olga.get(listed).content.decode()
    retire = reverse("cases:task_template_retire", args=[row.key])
    assert olga.post(retire).status_code == 302
    assert olga.post(retire).status_code == 409
    assert olga.post(retire, {"back": "1"}).status_code == 302
    block = {"title": "Thanks", "place": "closing", "text": "Thank you."}
    assert olga.post(reverse("appeals:letter_block", args=["new"]), block).status_code == 302
    assert olga.get(reverse("appeals:letter_block", args=["none-such"])).status_code == 404
    assert sign_in("nora").get(reverse("appeals:letter_block", args=["new"])).status_code == 403


def test_channels_are_kept_in_the_look_ups(cast, sign_in):
    olga = sign_in("olga")
    payer = cast.case.coverage.payer
    form = {
        "payer": str(payer.public_id),
        "purpose": "appeal",
        "way": "fax",
        "address": "555-010-0199",
        "line_of_business": "",
        "source": "Provider manual",
        "checked_on": "2026-03-01",
    }
    assert olga.post("/admin/cases/payerchannel/add/", form).status_code == 302
    channel = PayerChannel.objects.get()
    assert (channel.payer, channel.address) == (payer, "555-010-0199")
    change = f"/admin/cases/payerchannel/{channel.public_id}/change/"
    assert olga.post(change, form | {"address": ""}).status_code == 200
    assert olga.post(change, form | {"address": "555-010-0100"}).status_code == 302
    assert olga.post(f"/admin/cases/payerchannel/{channel.public_id}/delete/").status_code in (403, 404)
    listed = "/admin/cases/payerchannel/"
    action = {"action": "retire", "_selected_action": [str(channel.pk)]}
    assert olga.post(listed, action).status_code == 302
    channel.refresh_from_db()
    assert channel.retired_at is not None
    assert "555-010-0100" not in olga.get(listed).content.decode()
