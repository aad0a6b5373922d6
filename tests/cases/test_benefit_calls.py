"""A benefit check by a call stands in the one log: one entry for the call, linked to its answers, counted once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from advocacy.errors import Refused
from appeals.queries.case_page import case_page
from cases.commands.benefits import record_network
from cases.commands.communications import correct_communication
from cases.models import BenefitCheck, CaseSearch, Communication, NetworkCheck
from tests.cast import NOW
from tests.factories.readiness import PLAN_SAID, benefits_checked


def test_a_call_is_one_entry_however_many_answers(cast):
    check = benefits_checked(cast.nora, cast.case, NOW)
    entry = Communication.objects.get()
    assert (entry.channel, entry.direction, entry.party, entry.person) == (
        "call",
        "out",
        "payer",
        "Quentin Voss",
    )
    assert (entry.reference_number, entry.happened_at, entry.logged_by_id) == (
        "BV-2231",
        NOW,
        cast.nora.user_id,
    )
    assert (entry.source, check.communication) == (f"benefit_check:{check.pk}", entry)
    lines = entry.summary.splitlines()
    assert (lines[0], len(lines)) == ("Benefit check.", 1 + len(PLAN_SAID))
    assert any(line.endswith("$350.00") for line in lines)
    assert "bv2231" in CaseSearch.objects.get(case=cast.case).numbers
    assert NetworkCheck.objects.count() == 1


@pytest.mark.parametrize("source", ["portal", "document"])
def test_what_was_read_is_no_call(cast, source):
    check = benefits_checked(cast.nora, cast.case, NOW, source=source)
    assert (Communication.objects.count(), check.communication) == (0, None)


def test_a_refused_check_logs_nothing(cast):
    with pytest.raises(Refused):
        benefits_checked(cast.nora, cast.case, NOW, representative="")
    assert (Communication.objects.count(), BenefitCheck.objects.count()) == (0, 0)


def test_the_timeline_counts_the_call_once(cast):
    benefits_checked(cast.nora, cast.case, NOW)
    shown = case_page(cast.nora, cast.case.public_id, now=NOW + timedelta(hours=1)).timeline.entries
    assert [e.title for e in shown] == ["Phone call to payer (Quentin Voss)"]
    benefits_checked(cast.nora, cast.case, NOW + timedelta(days=1), source="portal", asked_at=NOW)
    record_network(
        actor=cast.nora, case=cast.case, status="in", source="directory", checked_on=NOW.date(), at=NOW
    )
    shown = case_page(cast.nora, cast.case.public_id, now=NOW + timedelta(days=2)).timeline.entries
    told = [e.title for e in shown]
    # What was read, and what was looked up, have no entry of the log: they are told as acts.
    assert (told.count("Phone call to payer (Quentin Voss)"), len(told)) == (1, 4)


def test_the_entry_and_the_answers_name_each_other(cast, sign_in):
    check = benefits_checked(cast.nora, cast.case, NOW)
    nora, key = sign_in("nora"), cast.case.public_id
    entry_url = reverse("cases:communication", args=[key, check.communication.public_id])
    answers_url = reverse("cases:benefits", args=[key])
    assert f'href="{answers_url}"' in nora.get(entry_url).content.decode()
    log = nora.get(reverse("cases:communications", args=[key])).content.decode()
    assert (log.count(f'href="{entry_url}"'), f'href="{answers_url}"' in log) == (1, True)
    page = nora.get(answers_url).content.decode()
    assert page.count(f'href="{entry_url}"') == len(PLAN_SAID)


def test_the_entry_is_mended_by_another_check_not_by_hand(cast):
    check = benefits_checked(cast.nora, cast.case, NOW)
    with pytest.raises(Refused) as refused:
        correct_communication(
            actor=cast.nora,
            communication=check.communication,
            reason="typo",
            channel="call",
            direction="out",
            party="payer",
            happened_at=NOW,
            summary="Otherwise.",
            at=NOW,
        )
    assert [r.code for r in refused.value.reasons] == ["made_by_program"]
