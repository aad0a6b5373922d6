"""A member's dates in their calendar: RFC 5545, nothing of a patient, and an address that opens only while it stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.people.calendar_feeds import make_feed
from advocacy.people.models import CalendarFeed, Membership
from appeals import ics
from appeals.models import Deadline, PeerToPeer
from cases.models import Case
from tests.appeals.scenes import away, clock, denied, new_case
from tests.guards.test_routes import visitor
from tests.standing import prepared

AT = timezone.now()
TODAY = AT.date()


@prepared
def address(cast):
    """Nora's, with a day, an hour, an answer that is awaited, and a case that is not hers."""
    nora, nils = cast.members["nora"], cast.members["nils"]
    case = new_case(1, at=AT, owner=nora)
    clock(case, due_on=TODAY + timedelta(days=9), at=AT)
    clock(
        new_case(2, at=AT, owner=nora), due_on=TODAY + timedelta(days=2), due_at=AT + timedelta(days=2), at=AT
    )
    clock(new_case(3, at=AT, owner=nora), due_on=TODAY + timedelta(days=4), at=AT, side="payer")
    clock(new_case(4, at=AT, owner=nils), due_on=TODAY + timedelta(days=3), at=AT)
    made = make_feed(actor=cast.nora, at=AT)
    return made.address[made.address.index("/calendar/") :]


def unfolded(body: bytes) -> list[str]:
    return body.decode().replace("\r\n ", "").split("\r\n")


def summaries(address, **headers):
    answer = Client().get(address, **headers)
    assert answer.status_code == 200
    return [line.removeprefix("SUMMARY:") for line in unfolded(answer.content) if line.startswith("SUMMARY")]


OURS = "Deadline: Internal appeal: last day to file"


# -- the format -----------------------------------------------------------------------------------------------
def test_a_day_and_a_moment_as_the_standard_writes_them():
    stamp = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    day = ics.Event(
        "a@b", "One; two, three\\four", "First\nsecond", "https://x.example/1", stamp, date(2026, 12, 31)
    )
    hour = ics.Event(
        "c@d", "Hour", "", "https://x.example/2", stamp, date(2026, 3, 3), stamp + timedelta(days=1)
    )
    body = ics.calendar("Dates", [day, hour])
    assert body.endswith(b"END:VCALENDAR\r\n") and b"\n" not in body.replace(b"\r\n", b"")
    assert unfolded(body)[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Recourse//Dates//EN"]
    told = [line for line in unfolded(body) if line.startswith(("DT", "SUMMARY", "DESC", "UID"))]
    assert told == [
        "UID:a@b",
        "DTSTAMP:20260302T093000Z",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "SUMMARY:One\\; two\\, three\\\\four",
        "DESCRIPTION:First\\nsecond",
        "UID:c@d",
        "DTSTAMP:20260302T093000Z",
        "DTSTART:20260303T093000Z",
        "SUMMARY:Hour",
        "DESCRIPTION:",
    ]


def said(text: str) -> list[str]:
    """The physical lines of a calendar whose one date is called so; each is decoded apart."""
    stamp = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    body = ics.calendar("Dates", [ics.Event("a@b", text, text, "https://x.example/1", stamp, stamp.date())])
    lines = body.removesuffix(b"\r\n").split(b"\r\n")
    assert max(map(len, lines)) <= 75
    return [line.decode() for line in lines]


@pytest.mark.parametrize(
    "text", ["a" * 300, "é" * 120, "SUMMARY:" + "日本" * 40, "👩‍⚕️" * 30, "x" * 60, "x" * 68, " x" * 60]
)
def test_a_line_is_folded_behind_75_octets_and_never_inside_a_character(text):
    whole = "\r\n".join(said(text)).replace("\r\n ", "").split("\r\n")
    assert [line for line in whole if line.startswith(("SUMMARY:", "DESC"))] == [
        f"SUMMARY:{text}",
        f"DESCRIPTION:{text}",
    ]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_what_is_said_begins_no_line_of_its_own(end):
    lines = said(f"One{end}ATTENDEE:mailto:x@y.example{end} BEGIN:VALARM")
    told = r"One\nATTENDEE:mailto:x@y.example\n BEGIN:VALARM"
    assert [line for line in lines if line.startswith("SUMMARY")] == [f"SUMMARY:{told}"]
    assert [line for line in lines if line.lstrip().startswith(("ATTENDEE", "BEGIN"))] == [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
    ]


# -- the address ----------------------------------------------------------------------------------------------
def test_the_address_tells_the_dates_of_ones_own_cases_and_nothing_of_a_patient(cast, address):
    answer = Client().get(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert summaries(address) == [OURS, "Answer due: Decision on the request", OURS]
    text = "\n".join(unfolded(answer.content))
    cases = Case.objects.filter(owner=cast.members["nora"]).select_related("patient", "coverage__payer")
    for case in cases:
        known = (case.reference, case.patient.family_name, case.patient.given_name, case.coverage.payer.name)
        assert [word for word in known if word in text] == []
    assert text.count("/admin/cases/") == 6  # the address of each, and once more in its words
    event = Event.objects.filter(kind="read").order_by("-id")[0]
    assert (event.actor, len(event.case_ids)) == (cast.nora.key, 3)


def test_a_date_keeps_its_name_from_one_look_to_the_next(cast, address):
    def uids():
        return [line for line in unfolded(Client().get(address).content) if line.startswith("UID")]

    rows = Deadline.objects.filter(case__owner=cast.members["nora"]).order_by("due_on", "id")
    assert uids() == uids() == [f"UID:{row.public_id}@recourse" for row in rows]


def test_what_did_not_change_is_not_sent_again(cast, address):
    tag = Client().get(address).headers["ETag"]
    reads = Event.objects.filter(kind="read").count()
    again = Client().get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert Event.objects.filter(kind="read").count() == reads
    clock(new_case(9, at=AT, owner=cast.members["nora"]), due_on=TODAY, at=AT)
    assert Client().get(address, headers={"If-None-Match": tag}).status_code == 200


def test_whoever_covers_reads_the_colleagues_dates_and_a_restricted_case_only_its_own_people(cast, address):
    away(cast.members["nils"], cast.members["nora"], at=AT)
    assert len(summaries(address)) == 4
    Case.objects.filter(owner=cast.members["nils"]).update(is_restricted=True)
    assert len(summaries(address)) == 3


def test_the_window_of_a_call_is_no_deadline_and_a_closed_case_has_no_dates(cast, address):
    case = Case.objects.get(reference="HB-2026-1001")
    denial = denied(case, at=AT, confirmed_by=cast.users["nora"])
    call = PeerToPeer.objects.create(case=case, denial=denial, opened_at=AT)
    clock(case, due_on=TODAY + timedelta(days=1), at=AT, peer_to_peer=call)
    assert summaries(address)[0] == "Peer-to-peer window closes"
    Case.objects.filter(owner=cast.members["nora"]).update(status="closed", closed_at=AT, outcome="moot")
    assert summaries(address) == []


@pytest.mark.parametrize("how", ["left", "inactive", "roles", "revoked", "expired", "new", "other", "closed"])
def test_an_address_that_is_over_opens_nothing(cast, address, how):
    nora = cast.members["nora"]
    assert Client().get(address).status_code == 200
    if how == "left":
        Membership.objects.filter(pk=nora.pk).update(ended_at=timezone.now())
    elif how == "inactive":
        nora.user.is_active = False
        nora.user.save(update_fields=["is_active"])
    elif how == "roles":
        Membership.objects.filter(pk=nora.pk).update(roles=["analyst"])
    elif how == "revoked":
        visitor(cast.users["nora"]).post(reverse("appeals:own_notices"), {"act": "revoke"})
    elif how == "expired":
        long_ago = AT - timedelta(days=400)
        CalendarFeed.objects.update(made_at=long_ago, expires_at=long_ago + timedelta(days=365))
    elif how == "new":
        make_feed(actor=cast.nora, at=AT)
    elif how == "closed":
        cast.harbor.closed_at = AT
        cast.harbor.save(update_fields=["closed_at"])
    else:
        address = "/calendar/" + "A" * 43 + ".ics"
    answer = Client().get(address)
    assert (answer.status_code, b"VEVENT" in answer.content) == (404, False)


def test_the_page_shows_the_address_once_and_keeps_its_hash_only(cast):
    nora, page = visitor(cast.users["nora"]), reverse("appeals:own_notices")
    shown = nora.post(page, {"act": "make"})
    assert shown.status_code == 201
    token = shown.content.decode().partition("/calendar/")[2].partition(".ics")[0]
    assert len(token) == 43
    row = CalendarFeed.objects.get()
    assert token.encode() not in bytes(row.token_hash)
    assert token not in nora.get(page).content.decode()
    assert list(Event.objects.filter(verb="calendar_made").values_list("actor", flat=True)) == [cast.nora.key]
    assert visitor(cast.users["anna"]).get(page).status_code == 403
