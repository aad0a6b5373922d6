"""What is asked of a plan in writing (claim file, plan documents, the patient's records) has the time of its regime's rule, ends
with what came, and stands late under *Payer overdue* with the letter that demands it. A regime without a rule has no clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.blocks import Bullets, Heading, Paragraph, blocks_from_data
from appeals.commands.demands import write_demand
from appeals.commands.document_requests import (
    correct_document_request,
    receive_documents,
    request_documents,
    withdraw_document_request,
)
from appeals.models import Deadline, DocumentRequest
from appeals.queries.clocks import day_at, spoken
from appeals.queries.queue import Filters, listed, planned
from appeals.queries.standing import awaited
from appeals.reminders import send_reminder, to_remind
from cases.models import Communication, Task
from tests.appeals.climbing import ERISA, FEHB, MEDICAID, MEDICARE_ADVANTAGE, NEW_YORK, codes, moment
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def refused(climb):
    """A self-funded plan under ERISA refused two items."""
    climb.answer(ERISA | {"levels": "1"})
    climb.consent("release")
    climb.ask()
    climb.refuse(reference_number="REF-1")
    return climb


def ask(climb, asked="claim_file", **more):
    return request_documents(
        **{
            "actor": climb.who,
            "case": climb.case,
            "asked": asked,
            "details": "The claim file, and the criteria that were used.",
            "denial": climb.denial,
            "channel": "fax",
            "address": "555 010 0199",
            "sent_at": moment("2026-04-02"),
            "at": moment("2026-04-02", 15),
        }
        | more
    )


def clocks(climb):
    rows = (
        Deadline.objects.filter(case=climb.case, clock="documents")
        .exclude(status="superseded")
        .order_by("id")
    )
    return [(d.due_on.isoformat(), d.rule, d.side, d.status) for d in rows]


@pytest.mark.parametrize(
    ("answers", "asked", "wanted"),
    [
        # 29 U.S.C. 1024(b)(4), 1132(c)(1): 30 days; April 2 + 30. 45 CFR 147.136(b)(2)(ii)(F)(2): 10. 45 CFR 164.524(b)(2): 30.
        (ERISA, "claim_file", [("2026-05-02", "documents.plan", "payer", "running")]),
        (ERISA, "plan_documents", [("2026-05-02", "documents.plan", "payer", "running")]),
        (ERISA, "explanation", [("2026-04-12", "documents.explanation", "payer", "running")]),
        (ERISA, "records", [("2026-05-02", "documents.records_access", "payer", "running")]),
        (MEDICARE_ADVANTAGE, "claim_file", [("2026-05-02", "documents.records_access", "payer", "running")]),
        (MEDICAID, "records", [("2026-05-02", "documents.records_access", "payer", "running")]),
        (MEDICARE_ADVANTAGE, "plan_documents", []),
        (MEDICAID, "explanation", []),
        (FEHB, "plan_documents", []),
    ],
)
def test_each_request_has_the_time_of_its_regimes_rule_and_never_another_ones(climb, answers, asked, wanted):
    climb.answer(answers)
    climb.consent("release")
    climb.ask()
    climb.refuse()
    ask(climb, asked)
    assert clocks(climb) == wanted


def test_while_the_rules_are_not_settled_only_what_all_of_them_say_is_a_date(climb):
    climb.answer({"program": "commercial", "sponsor": "private_employer"})
    climb.consent("release")
    climb.ask()
    climb.refuse()
    ask(climb, "records")
    assert clocks(climb) == [("2026-05-02", "documents.records_access", "payer", "running")]


def test_a_letter_by_mail_counts_from_when_it_arrived_and_a_correction_keeps_the_old_date(refused):
    row = ask(refused, channel="mail", address="PO Box 9, Salem OR")
    assert clocks(refused) == []
    assert Task.objects.filter(case=refused.case, code=f"no_post:{row.pk}", status="open").exists()
    for day in ("2026-04-06", "2026-04-08"):
        correct_document_request(
            actor=refused.who, request=row, received_at=moment(day), extended_on=None, at=moment("2026-04-10")
        )
    rows = Deadline.objects.filter(case=refused.case, clock="documents").order_by("id")
    assert [(d.due_on.isoformat(), d.status) for d in rows] == [
        ("2026-05-06", "superseded"),
        ("2026-05-08", "running"),
    ]


def test_a_notice_that_it_takes_longer_counts_where_the_rule_allows_one(refused):
    """45 CFR 164.524(b)(2)(ii): 30 days more, announced within the first 30. 1132(c)(1) knows no such thing."""
    for asked in ("records", "plan_documents"):
        correct_document_request(
            actor=refused.who,
            request=ask(refused, asked),
            received_at=moment("2026-04-02"),
            extended_on=date(2026, 4, 20),
            at=moment("2026-04-21"),
        )
    assert [(day, rule) for day, rule, _, _ in clocks(refused)] == [
        ("2026-06-01", "documents.records_access"),
        ("2026-05-02", "documents.plan"),
    ]


@pytest.mark.parametrize(("on", "status"), [("2026-05-02", "met"), ("2026-05-03", "missed")])
def test_the_clock_ends_with_what_came(refused, on, status):
    row = ask(refused)
    receive_documents(
        actor=refused.who, request=row, answered_at=moment(on), note="By mail.", at=moment("2026-06-01")
    )
    assert clocks(refused) == [("2026-05-02", "documents.plan", "payer", status)]
    with pytest.raises(WrongState):
        withdraw_document_request(actor=refused.who, request=row, reason="No.", at=moment("2026-06-01"))


def test_what_was_taken_back_ends_its_clock_and_is_kept(refused):
    row = ask(refused)
    withdraw_document_request(
        actor=refused.who, request=row, reason="Sent to the wrong plan.", at=moment("2026-04-03")
    )
    row.refresh_from_db()
    assert (clocks(refused)[0][-1], row.withdrawn_reason) == ("ended", "Sent to the wrong plan.")


def test_it_is_in_the_log_of_contacts_the_accounting_and_the_trail(refused):
    row = ask(refused)
    entry = Communication.objects.get(source=f"document_request:{row.pk}")
    assert (entry.direction, entry.party, entry.summary) == (
        "out",
        "payer",
        "Asked for: the claim file and the criteria.",
    )
    verbs = list(Event.objects.filter(kind="verb", subject_id=row.pk).values_list("verb", flat=True))
    assert "documents_requested" in verbs
    assert Event.objects.filter(verb="disclosed").exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"asked": "everything"}, ["asked_missing"]),
        ({"channel": "phone"}, ["channel_missing"]),
        ({"address": " "}, ["address_missing"]),
        ({"sent_at": None}, ["sent_missing"]),
        ({"sent_at": moment("2026-04-03")}, ["in_future"]),
        ({"received_at": moment("2026-04-01")}, ["received_before_sent"]),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(refused, given, code):
    with pytest.raises(Refused) as problem:
        ask(refused, **given)
    assert (codes(problem), DocumentRequest.objects.count()) == (code, 0)


def test_what_came_has_its_paper_or_a_word_and_whoever_may_not_file_asks_for_nothing(refused):
    row = ask(refused)
    with pytest.raises(Refused) as problem:
        receive_documents(
            actor=refused.who, request=row, answered_at=moment("2026-04-01"), at=moment("2026-06-01")
        )
    assert set(codes(problem)) == {"before_sent", "document_missing"}
    with pytest.raises(NotAllowed):
        ask(refused, actor=refused.cast.ines)


LAST = datetime(2026, 5, 2, 23, 59, tzinfo=NEW_YORK)


def late_cases(climb, at):
    with planned(filters := Filters(overdue="plan")):
        return list(
            listed(climb.cast.sam, filters, day_at(at, "America/New_York")).values_list("pk", flat=True)
        )


def test_from_the_first_minute_the_case_is_late_and_the_demand_is_filled_from_the_record(refused):
    ask(refused)
    first = LAST + timedelta(minutes=1)
    assert (late_cases(refused, LAST), late_cases(refused, first)) == ([], [refused.case.pk])
    row = Deadline.objects.get(case=refused.case, clock="documents")
    made = write_demand(actor=refused.who, case=refused.case, deadline=row, kind="documents", at=first)
    plan, patient = refused.case.coverage.payer.name, refused.case.patient.full_name
    found = blocks_from_data(made.draft["blocks"])
    assert made.draft["recipient"] == [plan, "Attention: Plan administrator, request for documents"]
    assert found[:2] == (
        Paragraph(
            f"We write on behalf of {patient}. The request for the claim file and the criteria was sent on April 2, 2026 by fax."
            " What was asked for has not reached us."
        ),
        Paragraph("We asked for: The claim file, and the criteria that were used."),
    )
    assert Bullets(tuple(spoken(line) for line in row.arithmetic)) in found
    assert Paragraph("Under this rule a court may order a penalty for each day.") in found
    assert Heading("What follows") in found
    assert any("(29 U.S.C. 1024(b)(4), 1132(c)(1))" in b.text for b in found if isinstance(b, Paragraph))


def test_a_complaint_says_what_was_asked_for_and_that_it_was_not_sent(refused):
    ask(refused)
    row = Deadline.objects.get(case=refused.case, clock="documents")
    made = write_demand(
        actor=refused.who,
        case=refused.case,
        deadline=row,
        kind="complaint",
        agency="ebsa",
        at=moment("2026-05-04"),
    )
    told = [b.text for b in blocks_from_data(made.draft["blocks"]) if isinstance(b, Paragraph)]
    assert told[0].endswith("was asked for documents in writing and did not send them.")


def test_a_late_document_says_nothing_about_the_decision_that_is_awaited(refused):
    """What is proposed next, and what the patient reads, speak of the decision."""
    ask(refused)
    refused.file(1, "2026-05-20")
    running = Deadline.objects.filter(case=refused.case, status="running")
    assert [d.clock for d in awaited(running, delivery=False, at_level=False)] == ["decision"]


def test_a_navigator_asks_on_the_page_sees_the_date_and_records_what_came(refused, sign_in):
    nora, case = sign_in("nora"), refused.case
    new = address("documents_new", case)
    assert f'href="{new}"' in nora.get(address("case", case)).content.decode()
    sent = {"asked": "claim_file", "details": "All of it.", "channel": "fax", "address": "555 010 0199"}
    assert nora.post(new, sent).status_code == 422
    answer = nora.post(new, sent | {"sent_at": "2026-04-02T14:00", "denial": str(refused.denial.public_id)})
    row = DocumentRequest.objects.get()
    there = address("documents", case, row)
    assert (answer.status_code, answer.url) == (302, there)
    shown = words(nora.get(there))
    assert "29 U.S.C. 1024(b)(4), 1132(c)(1)" in shown
    named = f"Asked for: {row.get_asked_display().lower()}"
    assert f"<title>{named} · Recourse</title>" in nora.get(there).content.decode()
    assert "<title>Ask for documents · Recourse</title>" in nora.get(new).content.decode()
    assert "Demand the documents" in words(nora.get(reverse("appeals:today")))
    assert "Demand the documents" in words(nora.get(address("late", case)))
    arrived = nora.post(address("documents_arrival", case, row), {"received_at": "2026-04-03T09:00"})
    assert (arrived.status_code, clocks(refused)[0][0]) == (302, "2026-05-03")
    came = nora.post(
        address("documents_came", case, row), {"answered_at": "2026-05-04T09:00", "note": "By mail."}
    )
    assert (came.status_code, clocks(refused)[0][-1]) == (302, "missed")
    assert "By mail." in words(nora.get(there))
    assert len(own_statements(nora, there)) <= 12


def test_what_somebody_else_recorded_meanwhile_is_not_written_over(refused, sign_in):
    nora, row = sign_in("nora"), ask(refused)
    there = address("documents_arrival", refused.case, row)
    seen = nora.get(there).context["form"]["version"].value()
    correct_document_request(
        actor=refused.who,
        request=row,
        received_at=moment("2026-04-03"),
        extended_on=None,
        at=moment("2026-04-03", 16),
    )
    late = nora.post(there, {"extended_on": "2026-04-20", "version": seen})
    row.refresh_from_db()
    assert (late.status_code, row.received_at, row.extended_on) == (409, moment("2026-04-03"), None)
    again = nora.get(there).context["form"]["version"].value()
    both = {"received_at": "2026-04-03T14:00", "extended_on": "2026-04-20", "version": again}
    assert nora.post(there, both).status_code == 302
    row.refresh_from_db()
    assert (row.received_at, row.extended_on) == (moment("2026-04-03"), date(2026, 4, 20))


def test_two_that_are_late_on_one_day_are_told_each(refused):
    ask(refused)
    ask(refused, asked="plan_documents")
    late = moment("2026-05-06", 18)
    told = [bool(send_reminder(row.pk, late)) for row in to_remind(late) if row.clock == "documents"]
    assert (told, to_remind(late)) == ([True, True], [])
