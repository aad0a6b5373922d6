"""Days on screen that have to fit each other: a decision and its notice, a call and its last day, a letter before it is filed."""

from __future__ import annotations

import pytest

from appeals.models import Decision, PeerToPeer
from tests.appeals.climbing import ERISA
from tests.appeals.visiting import NEW_YORK, address, day, days_ago, minutes_ago, words

pytest_plugins = ("tests.appeals.climbing",)


@pytest.fixture
def nora(climb, sign_in):
    return sign_in("nora")


@pytest.fixture
def refused(climb):
    """A denial of fifty days ago that offers a call until five days ahead."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(60))
    climb.refuse(
        days_ago(50),
        days_ago(48),
        confirmed=days_ago(46),
        peer_to_peer_until=day(days_ago(-5)),
        peer_to_peer_phone="555 010 0144",
    )
    return climb


def test_the_date_on_the_notice_stands_for_a_decision_without_a_day(refused, nora):
    refused.file(1, days_ago(40))
    url = address("level_decide", refused.case, refused.level(1))
    page = nora.get(url)
    assert page.context["form"]["decided_at"].value() is None
    outcomes = {f"item_{item.public_id}": "upheld" for item in refused.items}
    typed = {"version": page.context["form"]["version"].value(), "decided_at": ""} | outcomes
    answer = nora.post(url, typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["decided_at"])
    late = nora.post(url, typed | {"decided_at": minutes_ago(5), "notice_on": days_ago(2)})
    assert late.context["form"].errors["decided_at"] == [
        "It cannot have been decided after the date on the notice."
    ]
    assert nora.post(url, typed | {"notice_on": days_ago(2)}).status_code == 302
    decided = Decision.objects.get().decided_at.astimezone(NEW_YORK)
    assert (decided.date(), decided.hour) == (day(days_ago(2)), 0)


def test_a_call_after_its_last_day_asks_whether_the_other_side_agreed(refused, nora):
    call = PeerToPeer.objects.get()
    url = address("peer_to_peer_schedule", refused.case, call)
    until = call.window_ends_on
    assert f"The letter offers the call until {until:%B} {until.day}, {until.year}." in words(nora.get(url))
    typed = {"scheduled_at": f"{days_ago(-9)}T10:00"}
    answer = nora.post(url, typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["after_window"])
    assert nora.post(url, typed | {"after_window": "on"}).status_code == 302
    sheet = address("peer_to_peer", refused.case, call)
    assert " Scheduled " in words(nora.get(sheet))
    held = {"held_at": minutes_ago(10), "outcome": "upheld", "summary": "No."}
    assert nora.post(address("peer_to_peer_hold", refused.case, call), held).status_code == 302
    text = words(nora.get(sheet))
    assert " Held " in text and " Scheduled " not in text


def test_the_file_page_says_what_lacks_before_anybody_presses(refused, nora):
    level = refused.level(1)
    draft = address("level_draft", refused.case, level)
    form = nora.get(draft).context["form"]
    typed = {name: form[name].value() for name in ("version", "recipient")}
    for dated, code in ((days_ago(51), "before the decision of"), (days_ago(-2), "not come yet")):
        answer = nora.post(draft, typed | {"dated": dated, "text": "Please."})
        assert code in answer.context["form"].errors["dated"][0]
    text = "See Exhibit B. [[Which page?]]"
    assert nora.post(draft, typed | {"dated": days_ago(1), "text": text}).status_code == 302
    page = nora.get(address("level_file", refused.case, level))
    assert [m["code"] for m in page.context["missing"]] == [
        "letter_gap",
        "exhibit_not_along",
        "exhibits_missing",
    ]
    assert "Before it can be filed: The letter still has an open place. Open the letter" in words(page)
