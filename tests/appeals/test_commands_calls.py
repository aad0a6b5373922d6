"""Filing by voice: the record of the call is the file that is frozen."""

from __future__ import annotations

import hashlib

import pytest

from advocacy.errors import Refused
from advocacy.tenancy.scope import scoped_to
from appeals.commands.drafts import set_expedited
from appeals.commands.filings import file_orally
from cases.commands.communications import log_communication
from cases.commands.documents import open_version
from tests.appeals.climbing import ERISA, MEDICARE_ADVANTAGE, Climb, codes, moment
from tests.standing import prepared


@prepared
def refused(climb):
    """Harbor's case with a confirmed denial under a self-funded plan of one level."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    return climb


def call(climb: Climb, channel: str = "call", **fields):
    return log_communication(
        **{
            "actor": climb.who,
            "case": climb.case,
            "channel": channel,
            "person": "Robin",
            "happened_at": moment("2026-04-10"),
            "reference_number": "C-9",
            "summary": "We appeal the denial and ask for an urgent decision.",
            "at": moment("2026-04-10", 15),
        }
        | fields
    )


# -- by voice -----------------------------------------------------------------------------------------------


def test_file_orally_freezes_the_record_of_the_call(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse(appeal_phone="555 010 0177")
    filing = file_orally(
        actor=climb.who, appeal=climb.level(1), communication=call(climb), at=moment("2026-04-10", 16)
    )
    data = open_version(climb.who, filing.document_version).read()
    assert (hashlib.sha256(data).hexdigest(), data[:5]) == (filing.sha256, b"%PDF-")
    assert (filing.is_oral, filing.channel, filing.address, filing.filed_at) == (
        True,
        "phone",
        "555 010 0177",
        moment("2026-04-10"),
    )
    assert climb.date("decision", 1) == ("2026-05-10", "2026-05-10", "running")


def test_file_orally_only_where_the_level_allows_it(refused):
    with pytest.raises(Refused) as caught:
        file_orally(
            actor=refused.who,
            appeal=refused.level(1),
            communication=call(refused),
            at=moment("2026-04-10", 16),
        )
    assert codes(caught) == ["not_orally"]
    set_expedited(
        actor=refused.who,
        appeal=refused.level(1),
        is_expedited=True,
        reason="Dr. Osei",
        at=moment("2026-04-10"),
    )
    file_orally(
        actor=refused.who, appeal=refused.level(1), communication=call(refused), at=moment("2026-04-10", 16)
    )
    assert refused.level(1).status == "filed"


def test_file_orally_refuses_what_is_no_call_of_this_case(climb):
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    with pytest.raises(Refused) as caught:
        file_orally(
            actor=climb.who,
            appeal=climb.level(1),
            communication=call(climb, "fax"),
            at=moment("2026-04-10", 16),
        )
    assert codes(caught) == ["not_a_call"]
    with scoped_to(climb.cast.meadow.pk):
        theirs = call(climb, actor=climb.cast.mia, case=climb.cast.meadow_case)
    with pytest.raises(Refused) as caught:
        file_orally(actor=climb.who, appeal=climb.level(1), communication=theirs, at=moment("2026-04-10", 16))
    assert codes(caught) == ["not_of_this_case"]
