"""The second reading: a value stays only where the words directly beside it say what it is."""

from __future__ import annotations

import pytest

from appeals.intake import propose_facts

HEAD = "Thistledown Mutual Health\n{}\nMember: Ana Ruiz\nMember ID: TMH-553-20\n\nDear Ana Ruiz:\n\nWe denied your request.\n\n"
APPEAL = "You may appeal within 180 days after you receive this letter. Fax your appeal to 614-555-0113.\n\n"


def told(letter: str, *facts: str) -> dict[str, str]:
    return {one.fact: one.value for one in propose_facts([letter]) if one.fact in facts}


@pytest.mark.parametrize(
    "head", ["Appointment          July 10, 2026", "RECV   07/10/2026", "More records          07/10/2026"]
)
def test_a_date_under_a_label_of_its_own_is_not_the_letters(head: str) -> None:
    assert told(HEAD.format(head), "notice_date") == {}


def test_the_day_of_a_line_of_services_is_not_the_letters() -> None:
    lines = "LINE 1 ........ July 10, 2026\n  90837 psychotherapy   Charge $150.00   Paid $0.00\n"
    assert told(HEAD.format(lines), "notice_date") == {}


def test_a_number_for_calling_stands_in_the_list_of_the_appeals_office() -> None:
    ways = (
        "HOW TO APPEAL\n\n   Phone   614-555-0150\n   Fax     614-555-0113\n"
        "   Mail    Thistledown Appeals, PO Box 5, Dayton, OH 45401\n"
    )
    assert told(HEAD.format("August 4, 2026") + ways, "send_to_phone", "send_to_fax") == {
        "send_to_phone": "614-555-0150",
        "send_to_fax": "614-555-0113",
    }


def test_a_number_beside_no_way_of_appeal_is_not_where_one_appeals() -> None:
    body = f"{APPEAL}Pharmacies: call 614-555-0149. Members: call 614-555-0150, day and night.\n"
    assert told(HEAD.format("August 4, 2026") + body, "send_to_phone", "appeal_phone") == {}


def test_an_address_holds_nothing_but_an_address() -> None:
    body = (
        f"{APPEAL}   How?   Call    614-555-0150, Monday to Friday, 8 to 5\n"
        "          Write   Thistledown Appeals, PO Box 5, Dayton, OH 45401\n"
    )
    assert told(HEAD.format("August 4, 2026") + body, "send_to_mail") in (
        {},
        {"send_to_mail": "Thistledown Appeals, PO Box 5, Dayton, OH 45401"},
    )
