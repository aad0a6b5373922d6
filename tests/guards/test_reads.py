"""Whoever sees patient data leaves one read event; and no patient data stands where it would stay: addresses, titles, mails,
log records, cookies, jobs.

When one of these fails for a new page: the view lacks `saw(request, "read_page", cases=[...], patients=[...])`, or it shows
no patient data and is listed in SHOWS_NO_PATIENT with its reason.
"""

from __future__ import annotations

import logging
import re

import pytest
from django.urls import reverse
from django_q.models import OrmQ

from advocacy.background.models import Job
from appeals.reminders import to_remind
from tests.guards.addresses import names
from tests.guards.test_routes import visitor
from tests.guards.visits import PAGES, reads_of, visit, visit_again
from tests.guards.world import PRIVATE

MOST_STATEMENTS = 12
# Pages without anything of a patient, each with its reason.
SHOWS_NO_PATIENT = {
    "cases:offers_received": "organizations and days",
    "appeals:own_notices": "one's own secret address",
    "appeals:board": "counts by colleague; each opens a list",
    "people:absences": "colleagues and days",
    "people:absence_end": "a colleague",
    "background:jobs": "ids of jobs, our own words, moments",
    "cases:break_glass": "an empty form; whoever has emergency access sees their own there, and that is a read",
    "cases:search": "an empty field; what it finds is another page",
    "people:patient_new": "an empty form; likely duplicates are shown by a POST",
    "people:member_end": "a colleague, and counts",
    "people:member_sign_in": "a colleague, their second factors, and a count",
    "people:proof": "a field for a code",
    "people:sessions": "one's own browsers",
    "people:invitations": "colleagues who are invited",
    "people:invitation_new": "a colleague",
    "people:leavers": "colleagues, and counts",
    "people:machines": "machines of the organization",
    "people:machine_new": "an empty form",
    "people:sign_in_provider": "the organization's own sign-in",
    "cases:organization": "the organization itself",
    "cases:task_template": "a template",
    "appeals:setup": "the organization itself, and counts",
    "appeals:setup_letter": "a sample about nobody",
    "appeals:templates": "templates",
    "appeals:letter_block": "a template",
    "appeals:own_dates": "the organization's own rules and the colleagues who set them",
    "appeals:own_date_new": "an empty form",
    "appeals:service_targets": "the organization's own targets and the colleagues who set them",
    "appeals:service_target_new": "an empty form",
    "appeals:targets_month": "counts; each opens a list",
    "reporting:figures": "counts; each opens a list",
}
# A GET of these only leads elsewhere.
LEADS_ELSEWHERE = {
    "appeals:bulk_assign": "a GET goes back to the queue",
    "home": "the first page this person may open",
}
# What the page shows besides the case in its address, as rows of the world.
LISTS = {
    "appeals:checks",
    "appeals:share",
    "cases:intake",
    "appeals:today",
    "appeals:queue",
    "appeals:targets_counted",
    "appeals:targets_due",
    "appeals:trails",
    "cases:related",
    "cases:restricted",
    "cases:search_results",
    "people:draft",
    "reporting:figures_list",
}
# Pages of what another organization offers: our read event names the offer, theirs the case (tests/cases/test_offers.py).
OF_ANOTHER = {
    "cases:offer_received",
    "cases:offer_received_file",
    "cases:offer_accept",
    "cases:offer_decline",
}
# Pages about who works a case: its reference, never its patient.
REFERENCE_ONLY = {
    "cases:access",
    "cases:assign",
    "cases:restrict",
    "cases:grant_end",
    "cases:team",
    "cases:team_new",
    "cases:team_end",
}


def test_a_page_costs_at_most_twelve_statements(world):
    """Of the full Harbor. Four of them are who asks and what they reach, and one is the read event.

    What only a first look does (a message becomes read, changed counts are masked) comes on top of it, once.
    """
    dear = [route for route in PAGES if visit(world, route).statements > MOST_STATEMENTS]
    again = {route.name: visit_again(world, route).statements for route in dear}
    assert {name: told for name, told in again.items() if told > MOST_STATEMENTS} == {}


@pytest.mark.parametrize("name", names(PAGES))
def test_one_read_event_for_one_page(world, name):
    route = next(r for r in PAGES if r.name == name)
    seen = visit(world, route)
    if name in LEADS_ELSEWHERE:
        assert seen.status == 302
        return
    assert seen.status == 200, seen.content.decode(errors="replace")[-800:]
    events = seen.events
    if name in SHOWS_NO_PATIENT:
        assert events == []
        return
    assert len(events) == 1, "Call saw(request, ...) in this view"
    (event,) = events
    assert event.verb.startswith("read_")
    assert event.actor.startswith("user:")
    if name in LISTS:
        return
    if name in OF_ANOTHER:
        assert event.data["offer"] == str(world.rows["received_id"].public_id)
        assert (event.case_ids, event.patient_ids) == ([], [])
        return
    stage = next(
        (c for c in (world.rows, world.earlier) if str(c["case_id"].public_id) in world.address(route)), None
    )
    case = stage["case_id"] if stage else world.closed if name == "appeals:reopen" else world.rows["case_id"]
    if "case_id" in route.rows:
        assert event.case_ids == [case.pk]
        assert event.patient_ids == ([] if name in REFERENCE_ONLY else [case.patient_id])
    else:
        assert event.patient_ids == [case.patient_id]


def test_lists_name_every_case_they_show(world):
    nora = visitor(world.cast.users["nora"])
    shown = {world.rows["case_id"].pk, world.earlier["case_id"].pk}
    (event,) = reads_of(nora.get(reverse("appeals:queue")))
    assert set(event.case_ids) == shown
    assert set(event.patient_ids) == {world.rows["patient_id"].pk, world.earlier["patient_id"].pk}
    (event,) = reads_of(nora.get(reverse("appeals:today")))
    assert set(event.case_ids) <= shown
    answer = nora.post(reverse("cases:search"), {"q": "Okonkwo"}, follow=True)
    (event,) = reads_of(answer)
    assert (event.verb, event.case_ids) == ("read_search", [world.earlier["case_id"].pk])


def test_a_page_that_is_not_there_is_no_read(world):
    answer = visitor(world.cast.users["mia"]).get(
        reverse("appeals:case", args=[world.rows["case_id"].public_id])
    )
    assert (answer.status_code, reads_of(answer)) == (404, [])


def test_likely_duplicates_that_were_shown_are_read(world):
    answer = visitor(world.cast.users["nora"]).post(
        reverse("people:patient_new"),
        {
            "given_name": "Dana",
            "family_name": "Whitlok",
            "birth_date": "1984-05-17",
            "language": "en",
            "time_zone": "America/New_York",
            "contacts-TOTAL_FORMS": "0",
            "contacts-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 422
    (event,) = reads_of(answer)
    assert world.rows["patient_id"].pk in event.patient_ids


def private_in(text: str) -> list[str]:
    return [word for word in PRIVATE if word in text]


def test_no_patient_data_in_addresses_titles_cookies_and_headers(world):
    """Every page, every link and form on it: an address is kept by browsers, proxies and logs."""
    found = []
    for route in PAGES:
        seen = visit(world, route)
        headers = "\n".join(f"{k}: {v}" for k, v in seen.headers.items())
        title = links = ""
        if seen.status == 200 and seen.is_page:
            text = seen.text
            title = "".join(re.findall(r"<title>(.*?)</title>", text, re.S))
            assert title.strip(), route.name
            links = "\n".join(re.findall(r'(?:href|src|action|data-[a-z-]*url)="([^"]*)"', text))
        places = {
            "address": seen.url,
            "title": title,
            "link": links,
            "header": headers,
            "cookie": seen.cookies,
        }
        found += [(route.name, place, private_in(text)) for place, text in places.items() if private_in(text)]
    assert found == []


def test_no_patient_data_in_log_records(world, caplog):
    """Pages that work, pages that are not there, and forms that are refused."""
    caplog.set_level(logging.INFO)
    said = [line for route in PAGES for line in visit(world, route).logged]
    mia = visitor(world.cast.users["mia"])
    mia.get(reverse("appeals:case", args=[world.rows["case_id"].public_id]))
    visitor(world.cast.users["nora"]).post(
        reverse("cases:call_new", args=[world.rows["case_id"].public_id]),
        {"person": "Zebulon Quark", "summary": "the dog howls at the fax", "minutes": "many"},
    )
    said += [(r.name, r.getMessage()) for r in caplog.records]
    assert [(name, private_in(line)) for name, line in said if private_in(line)] == []


def test_no_patient_data_in_jobs(world):
    """Making the world asked for jobs: letters to read, facts to propose."""
    jobs = list(Job.objects.all())
    assert {j.name for j in jobs} >= {"cases.read_document"}
    kept = "\n".join([str((j.name, j.arguments, j.reason)) for j in jobs])
    queued = "\n".join(str(q.task) for q in OrmQ.objects.all())
    assert (private_in(kept), private_in(queued)) == ([], [])
    assert all(isinstance(v, int) for j in jobs for v in j.arguments.values())


def test_no_patient_data_in_mails(world, mailoutbox):
    from datetime import datetime, time, timedelta

    from appeals.models import Deadline
    from appeals.reminders import send_reminder

    sent = 0
    for row in Deadline.objects.filter(status="running", side="claimant"):
        at = datetime.combine(
            row.due_on - timedelta(days=3), time(15), tzinfo=world.cast.case.opened_at.tzinfo
        )
        sent += len(send_reminder(row.pk, at))
        to_remind(at)
    assert sent > 0
    assert len(mailoutbox) > 0
    text = "\n".join(f"{m.subject}\n{m.body}\n{m.extra_headers}\n{m.attachments}" for m in mailoutbox)
    assert private_in(text) == []
