"""After a decision the patient's choice is recorded: who advised, who agreed and how, and why."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.tenancy.scope import scoped_to
from appeals.commands.levels import decline_level
from appeals.models import AuthorizationRequest, Choice, Decision, PeerToPeer, RequestItem
from appeals.queries.choices import choice_of_level
from tests.appeals.choosing import choice, choose
from tests.appeals.climbing import ERISA, codes, moment
from tests.appeals.visiting import address, days_ago, own_statements, words
from tests.standing import prepared

AT = moment("2026-04-09")


@prepared
def refused(climb):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    return climb


def test_a_choice_is_kept_with_who_advised_who_agreed_and_why(refused):
    row = choose(refused.who, refused.denial, "appeal", at=AT, why="She wants to go on.")
    assert (row.kind, row.decision, row.superseded_at) == ("appeal", None, None)
    assert (row.advised_by, row.agreed_by, row.agreed_way, row.agreed_on, row.why) == (
        "Dr. Osei, treating psychiatrist",
        "patient",
        "call",
        date(2026, 4, 8),
        "She wants to go on.",
    )
    [event] = Event.objects.filter(verb="choice_recorded")
    assert event.data == {"kind": "appeal", "agreed_by": "patient", "again": False}
    assert "Osei" not in str([(e.data, e.reason) for e in Event.objects.filter(kind="verb")])
    assert choice_of_level(refused.level(1)) == row


def test_a_later_choice_takes_the_place_of_an_earlier_one(refused):
    first = choose(refused.who, refused.denial, "appeal", at=AT)
    second = choose(refused.who, refused.denial, "not_to_appeal", at=AT)
    first.refresh_from_db()
    assert (first.superseded_at, second.superseded_at) == (AT, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Choice.objects.filter(pk=first.pk).update(superseded_at=None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": ""}, ["kind_missing"]),
        ({"kind": "peer_to_peer"}, ["no_call"]),
        ({"advised_by": " ", "why": ""}, ["advised_by_missing", "why_missing"]),
        ({"agreed_by": "", "agreed_way": ""}, ["agreed_by_missing", "agreed_way_missing"]),
        ({"agreed_by": "guardian"}, ["agreed_name_missing"]),
        ({"agreed_on": None}, ["agreed_on_missing"]),
        ({"agreed_on": date(2026, 3, 23)}, ["agreed_too_early"]),
        ({"agreed_on": date(2026, 4, 10)}, ["in_future"]),
        ({"why": "x" * 2001}, ["too_long"]),
    ],
)
def test_what_is_missing_is_refused_with_every_reason(refused, given, expected):
    with pytest.raises(Refused) as caught:
        choose(refused.who, refused.denial, **({"kind": "appeal"} | given), at=AT)
    assert codes(caught) == expected
    assert Choice.objects.count() == 0


def test_nothing_is_chosen_before_the_denial_is_confirmed(climb):
    climb.ask()
    climb.refuse(confirmed=None)
    with pytest.raises(Refused) as caught:
        choose(climb.who, climb.denial, "appeal", at=moment("2026-04-10"))
    assert codes(caught) == ["denial_unconfirmed"]


def test_a_call_is_chosen_while_one_is_open(climb):
    climb.ask()
    climb.refuse(peer_to_peer_until=date(2026, 4, 20))
    assert PeerToPeer.objects.count() == 1
    assert choose(climb.who, climb.denial, "peer_to_peer", at=AT).kind == "peer_to_peer"


def test_resubmitting_drafts_a_request_linked_to_the_refused_one(refused):
    row = choose(refused.who, refused.denial, "resubmit", at=AT)
    made = row.request
    assert (made.status, made.follows, made.renews, made.timing) == (
        "drafting",
        refused.request,
        None,
        "pre_service",
    )
    items = RequestItem.objects.filter(request=made).order_by("position")
    assert [(i.code, i.units, i.sessions) for i in items] == [
        (i.code, i.units, i.sessions) for i in refused.items
    ]
    again = choose(refused.who, refused.denial, "resubmit", at=AT, why="Said once more.")
    assert again.request == made
    assert AuthorizationRequest.objects.filter(follows=refused.request).count() == 1


def test_a_level_is_left_unused_only_as_the_patient_chose(refused):
    level = refused.level(1)
    for kind in ("", "appeal"):
        if kind:
            choose(refused.who, refused.denial, kind, at=AT)
        with pytest.raises(Refused) as caught:
            decline_level(actor=refused.who, appeal=level, reason="As she wishes.", at=AT)
        assert codes(caught) == ["choice_missing"]
    choose(refused.who, refused.denial, "not_to_appeal", at=AT)
    decline_level(actor=refused.who, appeal=level, reason="As she wishes.", at=AT)
    assert refused.level(1).status == "declined"


def test_each_level_has_a_choice_of_its_own(refused):
    choose(refused.who, refused.denial, "not_to_appeal", at=AT)
    refused.file(1, "2026-04-10")
    refused.decide(1, "2026-05-08", "2026-05-11")
    second = refused.level(2)
    assert choice_of_level(second) is None
    with pytest.raises(Refused) as caught:
        decline_level(actor=refused.who, appeal=second, reason="As she wishes.", at=moment("2026-05-12"))
    assert codes(caught) == ["choice_missing"]
    decision = Decision.objects.get()
    row = choose(
        refused.who,
        refused.denial,
        "other_payment",
        decision=decision,
        at=moment("2026-05-12"),
        agreed_on=date(2026, 5, 12),
    )
    assert choice_of_level(refused.level(2)) == row
    decline_level(actor=refused.who, appeal=second, reason="As she wishes.", at=moment("2026-05-12"))


def test_nothing_is_chosen_after_everything_was_overturned(refused):
    refused.file(1, "2026-04-10")
    refused.decide(1, "2026-05-08", "2026-05-11", outcome="overturned")
    with pytest.raises(Refused) as caught:
        choose(
            refused.who,
            refused.denial,
            "appeal",
            decision=Decision.objects.get(),
            at=moment("2026-05-12"),
            agreed_on=date(2026, 5, 12),
        )
    assert codes(caught) == ["nothing_refused"]


def test_who_files_records_it_and_nobody_else(refused):
    for who in ("clara", "ines", "petra"):
        with pytest.raises(NotAllowed):
            choose(getattr(refused.cast, who), refused.denial, "appeal", at=AT)
    with scoped_to(refused.cast.meadow.pk), pytest.raises(NotFound):
        choose(refused.cast.mia, refused.denial, "appeal", at=AT)


def typed(**given):
    values = {
        name: getattr(choice("appeal"), name)
        for name in ("kind", "advised_by", "agreed_by", "agreed_way", "agreed_name", "why")
    }
    return values | {"agreed_on": days_ago(0)} | given


@prepared
def fresh(climb):
    """A denial of last week."""
    climb.answer(ERISA)
    climb.ask(days_ago(20))
    climb.refuse(days_ago(8), days_ago(6), confirmed=days_ago(5))
    return climb


def test_the_case_proposes_it_shows_it_and_has_it_in_its_timeline(fresh, sign_in):
    nora = sign_in("nora")
    case = address("case", fresh.case)
    url = address("denial_choice", fresh.case, fresh.denial)
    page = nora.get(case)
    assert (page.context["found"].action.code, page.context["actions"][0]["url"]) == ("record_choice", url)
    assert "Record the choice" in words(page)
    assert nora.get(url).status_code == 200
    refused = nora.post(url, typed(advised_by=""))
    assert refused.status_code == 422 and "advised_by" in refused.context["form"].errors
    assert nora.post(url, typed()).status_code == 302
    page = nora.get(case)
    assert page.context["found"].action.code == "write_appeal"
    text = words(page)
    assert "Dr. Osei, treating psychiatrist" in text and "The patient's choice: appeal" in text.replace(
        "&#x27;", "'"
    )
    assert len(own_statements(nora, case)) <= 12
    assert nora.get(url).context["form"].initial["why"] == "Dana is tired of it."


def test_not_to_appeal_leads_to_the_end_of_the_level_and_resubmitting_to_the_new_request(fresh, sign_in):
    nora = sign_in("nora")
    url = address("denial_choice", fresh.case, fresh.denial)
    level = address("level", fresh.case, fresh.level(1))
    ended = nora.post(f"{level}end/decline/", {"reason": "Her wish."})
    assert ended.status_code == 422 and url in ended.content.decode()
    nora.post(url, typed(kind="not_to_appeal"))
    assert nora.get(address("case", fresh.case)).context["found"].action.code == "end_level"
    nora.post(url, typed(kind="resubmit"))
    made = AuthorizationRequest.objects.get(follows=fresh.request)
    found = nora.get(address("case", fresh.case)).context["found"]
    assert (found.action.code, found.action.args[1]) == ("send_request", made.public_id)
    assert "The earlier request" in words(nora.get(address("request", fresh.case, made)))
    assert "A corrected request" in words(nora.get(address("request", fresh.case, fresh.request)))


def test_after_a_decision_the_choice_has_its_page(fresh, sign_in):
    fresh.file(1, days_ago(5))
    fresh.decide(1, days_ago(3), days_ago(2), typed=days_ago(1))
    nora = sign_in("nora")
    url = address("level_choice", fresh.case, fresh.level(1))
    assert nora.get(address("case", fresh.case)).context["actions"][0]["url"] == url
    assert nora.post(url, typed(kind="other_treatment")).status_code == 302
    assert Choice.objects.get().decision == Decision.objects.get()
    assert nora.get(address("level_choice", fresh.case, fresh.level(2))).status_code == 404
    assert timezone.now() >= Choice.objects.get().recorded_at
