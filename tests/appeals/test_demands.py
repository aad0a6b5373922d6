"""Payer overdue: from the first minute, with what follows from it, letters filled from the record, and frozen when sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import Refused, WrongState
from appeals.blocks import Bullets, Heading, Paragraph, Table, blocks_from_data
from appeals.commands.approvals import answer_letter, ask_approval
from appeals.commands.demand_facts import agencies_of
from appeals.commands.demands import preview_demand, save_demand, send_demand, write_demand
from appeals.demand_letters import ASKS_ALSO, FOLLOWS_FROM, About, cure_letter
from appeals.models import Appeal, Demand, LetterApproval
from appeals.queries.clocks import spoken
from appeals.queries.history import load_history
from appeals.regimes import book
from appeals.regulators import agencies, agencies_for
from cases.commands.documents import open_version
from cases.models import Communication
from tests.appeals.climbing import ERISA, INSURED, MEDICAID, MEDICARE_ADVANTAGE, NEW_YORK, codes, moment
from tests.appeals.visiting import address, days_ago, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def waiting(climb):
    """A request that the plan has had since March 17, 2026, and has not answered."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    return climb


def last_minute(deadline) -> datetime:
    """The last minute in which the other side is in time."""
    return datetime.combine(deadline.due_on, datetime.max.time(), tzinfo=NEW_YORK).replace(microsecond=0)


def first_minute(deadline) -> datetime:
    return last_minute(deadline) + timedelta(seconds=1)


def write(climb, kind="overdue", at=None, **more):
    row = climb.row("decision")
    return write_demand(
        actor=climb.who, case=climb.case, deadline=row, kind=kind, at=at or first_minute(row), **more
    )


def send(climb, demand, **more):
    return send_demand(
        actor=climb.who,
        demand=demand,
        **{
            "channel": "fax",
            "address": "555 010 0199",
            "sent_at": moment("2026-06-01"),
            "at": moment("2026-06-01", 15),
        }
        | more,
    )


def blocks(demand):
    return blocks_from_data(demand.draft["blocks"])


def part(demand, heading):
    """The blocks under one heading, to the next."""
    found = list(blocks(demand))
    at = found.index(Heading(heading)) + 1
    end = next((n for n in range(at, len(found)) if isinstance(found[n], Heading)), len(found))
    return found[at:end]


def test_a_demand_is_written_from_the_first_minute_after_the_time_and_not_before(waiting):
    row = waiting.row("decision")
    with pytest.raises(Refused) as early:
        write(waiting, at=last_minute(row))
    assert codes(early) == ["not_overdue"]
    made = write(waiting)
    assert (made.kind, made.deadline_id, made.sent_at, made.draft["dated"]) == (
        "overdue",
        row.pk,
        None,
        (row.due_on + timedelta(days=1)).isoformat(),
    )


def test_the_letter_holds_rule_citation_facts_dates_and_arithmetic(waiting):
    made, row = write(waiting), waiting.row("decision")
    opening = blocks(made)[0]
    assert isinstance(opening, Paragraph)
    name = waiting.case.patient.full_name
    assert opening.text == (
        f"We write on behalf of {name}. The request for authorization was received on March 17, 2026. No decision has reached us."
    )
    (law,) = part(made, "What the law says")
    assert law.text.endswith(f"({row.citation})")
    assert "2560.503-1" in law.text
    counted, ended = part(made, "How the time is counted")
    assert counted == Bullets(tuple(spoken(line) for line in row.arithmetic))
    assert ended.text.startswith(f"The time of {waiting.case.coverage.payer.name} to decide ended on ")
    assert "over by one day" in ended.text
    asked = part(made, "What we ask")
    assert asked[-1] == Paragraph(
        "Without an answer we will ask U.S. Department of Labor, Employee Benefits Security Administration to look into this"
        " delay."
    )


def test_every_consequence_of_the_rule_data_has_its_words_in_a_letter():
    assert set(FOLLOWS_FROM) == set(book().if_missed)
    assert set(ASKS_ALSO) <= set(book().if_missed)


def test_what_follows_is_said_as_the_rule_has_it(waiting):
    row = waiting.row("decision")
    assert part(write(waiting), "What follows") == [Paragraph(FOLLOWS_FROM[row.if_missed])]


@pytest.mark.parametrize(
    ("answers", "state", "first"),
    [
        (ERISA, None, "ebsa"),
        (INSURED, "CO", "insurance:CO"),
        (MEDICARE_ADVANTAGE, None, "cms_medicare"),
    ],
)
def test_the_complaint_goes_to_whoever_oversees_this_coverage(climb, answers, state, first):
    climb.answer(answers | ({"state_of_issue": state} if state else {}))
    climb.ask()
    history = load_history(climb.fresh())
    assert agencies_of(history, climb.row("decision"))[0].key == first


def test_of_unsettled_coverage_every_agency_that_may_be_the_one_is_named():
    both = agencies_for(["erisa_self_funded", "fully_insured_group"], "CO")
    assert [agency.key for agency in both] == ["ebsa", "insurance:CO"]
    assert agencies_for(["fully_insured_group"], None) == (agencies()["ebsa"],)
    assert agencies_for(["church_self_funded"], "CO") == ()


def test_every_regime_and_state_of_the_rule_data_is_answered_for():
    known = agencies()
    states = set(book().states)
    assert {key.split(":")[1] for key in known if key.startswith("insurance:")} == states
    assert {key.split(":")[1] for key in known if key.startswith("medicaid:")} == states
    silent = {key for key in book().regimes if not agencies_for([key], "CA")}
    assert silent == {"church_self_funded", "va_champva", "workers_comp", "unknown"}
    assert [a.key for a in known.values() if not (a.name and a.why and a.citation)] == []


def test_a_complaint_tells_the_agency_and_that_a_demand_went_out(waiting):
    send(waiting, write(waiting))
    made = write(waiting, "complaint", agency="ebsa", at=moment("2026-06-02"))
    assert made.draft["recipient"] == [
        "U.S. Department of Labor, Employee Benefits Security Administration",
        "200 Constitution Avenue NW",
        "Washington, DC 20210",
    ]
    assert blocks(made)[1].text.endswith("We demanded the decision in writing on June 1, 2026.")
    with pytest.raises(Refused) as elsewhere:
        write(waiting, "complaint", agency="insurance:CO")
    assert codes(elsewhere) == ["agency_unknown"]


def test_an_address_that_was_not_seen_at_its_source_is_checked_by_a_person_first(waiting):
    made = write(waiting, "complaint", agency="ebsa")
    asked = {"channel": "mail", "address": "200 Constitution Avenue NW, Washington"}
    with pytest.raises(Refused) as unchecked:
        send(waiting, made, **asked)
    assert codes(unchecked) == ["address_not_checked"]
    sent = send(waiting, made, **asked, address_checked=True)
    told = Event.objects.filter(verb="disclosed", subject_table="cases_case").order_by("-id").first()
    assert (told.data["kind"], told.data["agency"], told.data["party"]) == ("complaint", "ebsa", "other")
    assert sent.sent_at == moment("2026-06-01")


def test_what_was_sent_is_frozen_logged_and_accounted_for(waiting):
    made = write(waiting)
    shown = preview_demand(actor=waiting.who, demand=made)
    sent = send(waiting, made, expected_sha256=shown.sha256, proof_note="fax report 7")
    assert open_version(waiting.who, sent.document_version).read() == shown.pdf
    entry = Communication.objects.get(source=f"demand:{sent.pk}")
    assert (entry.channel, entry.party, entry.happened_at) == ("fax", "payer", moment("2026-06-01"))
    told = Event.objects.filter(verb="disclosed").order_by("-id").first()
    assert (told.data["door"], told.data["basis"], told.data["sha256"]) == (
        "filing",
        "authorization",
        shown.sha256,
    )
    with pytest.raises(WrongState):
        send(waiting, sent)
    with pytest.raises(WrongState):
        save_demand(actor=waiting.who, demand=sent, text="Other words.", at=moment("2026-06-02"))


def test_a_letter_changed_since_it_was_looked_at_is_not_sent(waiting):
    made = write(waiting)
    shown = preview_demand(actor=waiting.who, demand=made)
    save_demand(actor=waiting.who, demand=made, text="Please decide.", at=moment("2026-06-01"))
    with pytest.raises(Refused) as changed:
        send(waiting, made, expected_sha256=shown.sha256)
    assert codes(changed) == ["file_changed"]


def test_every_reason_against_sending_is_told_at_once(waiting):
    made = write(waiting, text="Decide. [[Say since when.]]")
    with pytest.raises(Refused) as refused:
        send(waiting, made, channel="", address="", sent_at=None)
    assert codes(refused) == ["letter_gap", "channel_missing", "address_missing", "sent_missing"]


def test_once_the_answer_is_recorded_the_letter_does_not_go_out(waiting):
    made = write(waiting)
    waiting.refuse("2026-03-24", "2026-03-27")
    with pytest.raises(Refused) as late:
        send(waiting, made)
    assert codes(late) == ["date_moved"]


def test_one_draft_of_a_kind_stands_for_a_date(waiting):
    write(waiting)
    with pytest.raises(Refused) as again:
        write(waiting)
    assert codes(again) == ["demand_drafted"]


def test_the_patient_is_asked_where_the_organization_asks_for_it(waiting):
    waiting.cast.harbor.letters_need_patient_approval = True
    waiting.cast.harbor.save(update_fields=["letters_need_patient_approval"])
    made = write(waiting)
    with pytest.raises(Refused) as unasked:
        send(waiting, made)
    assert codes(unasked) == ["letter_not_approved"]
    asked = ask_approval(actor=waiting.who, appeal=made, at=moment("2026-05-30"))
    answer_letter(actor=waiting.who, approval=asked, approved=True, method="phone", at=moment("2026-05-31"))
    save_demand(actor=waiting.who, demand=made, text="Please decide.", at=moment("2026-05-31"))
    assert LetterApproval.objects.get(pk=asked.pk).superseded_at is not None
    again = ask_approval(actor=waiting.who, appeal=made, at=moment("2026-05-31"))
    answer_letter(
        actor=waiting.who, approval=again, approved=True, method="phone", at=moment("2026-05-31", 15)
    )
    assert send(waiting, made).sha256


def test_a_level_that_is_late_is_demanded_in_its_own_name(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10", proof_note="fax report 12")
    row = climb.row("decision", 1)
    made = write_demand(actor=climb.who, case=climb.case, deadline=row, kind="overdue", at=first_minute(row))
    assert blocks(made)[0].text.endswith(
        "The internal appeal was sent on April 10, 2026 by fax (fax report 12). No decision has reached us."
    )
    assert (
        "Confirm in writing that the internal steps count as exhausted." in part(made, "What we ask")[0].items
    )


def test_a_time_that_ends_within_a_day_is_told_as_people_write_it(climb):
    climb.answer(ERISA)
    climb.ask(is_urgent=True, urgency_certified_by="Dr. Osei")
    row = climb.row("decision")
    made = write_demand(actor=climb.who, case=climb.case, deadline=row, kind="overdue", at=first_minute(row))
    _counted, ended = part(made, "How the time is counted")
    assert " at 10:00 AM (UTC-0" in ended.text, ended.text


def test_of_a_medicaid_plan_the_state_agency_is_asked_without_an_address_made_up(climb):
    climb.answer(MEDICAID | {"state_of_issue": "OR"})
    climb.ask()
    history = load_history(climb.fresh())
    (agency,) = agencies_of(history, climb.row("decision"))
    assert (agency.key, agency.address, agency.is_sure) == ("medicaid:OR", (), False)


@dataclass(frozen=True)
class Lack:
    code: str
    citation: str
    sentence: str
    effect: str


LACKS = (
    Lack("no_reviewer", "29 CFR 2560.503-1(h)(3)(iv)", "It does not name the expert who advised.", ""),
    Lack(
        "no_deadline",
        "29 CFR 2560.503-1(g)(1)(iv)",
        "It states no time to appeal.",
        "The time may not have begun.",
    ),
)


def test_a_demand_to_mend_a_notice_names_each_lack_with_its_law_and_effect():
    about = About("Dana", "Timberline", "Ketamine")
    body = list(cure_letter(about, date(2026, 3, 24), LACKS))
    assert body[1] == Table(
        ("What the notice lacks", "Where the law asks for it"),
        tuple((lack.sentence, lack.citation) for lack in LACKS),
    )
    assert body[2:5] == [
        Heading("What follows"),
        Bullets(("The time may not have begun.",)),
        Paragraph("All rights that follow from this are reserved."),
    ]
    assert body[-1].items[-1] == "Count the time to appeal from the day on which that notice arrives."
    harmless = list(cure_letter(about, None, LACKS[:1]))
    assert Heading("What follows") not in harmless and len(harmless[-1].items) == 2
    assert cure_letter(about, None, ())[1].text.startswith("[[")


# -- on screen ---------------------------------------------------------------------------------------------


@prepared
def overdue(climb):
    """A level filed so long ago that its decision is late today."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(140))
    climb.refuse(days_ago(120), days_ago(117), confirmed=days_ago(116))
    climb.file(1, days_ago(110))
    return climb


def test_one_click_leads_from_today_to_the_filled_letter(overdue, sign_in):
    nora, row = sign_in("nora"), overdue.row("decision", 1)
    late, new = (
        address("late", overdue.case),
        reverse("appeals:demand_new", args=[overdue.case.public_id, row.public_id, "overdue"]),
    )
    today = nora.get(reverse("appeals:today")).content.decode()
    assert (f'href="{new}"' in today, f'href="{late}"' in today) == (True, True)
    assert "count as exhausted" in words(nora.get(reverse("appeals:today")))
    page = nora.get(new)
    assert (page.status_code, Demand.objects.count()) == (200, 0)
    form = page.context["form"]
    assert row.citation in form["text"].value()
    typed = {name: form[name].value() for name in ("recipient", "text")} | {"dated": form["dated"].value()}
    answer = nora.post(new, typed)
    made = Demand.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, address("demand", overdue.case, made))
    assert nora.get(new).headers["Location"] == address("demand", overdue.case, made)


def test_the_page_of_what_is_overdue_holds_law_letters_and_the_next_level(overdue, sign_in):
    nora, level = sign_in("nora"), Appeal.objects.get()
    page = nora.get(address("late", overdue.case))
    body = page.content.decode()
    assert address("level_deem", overdue.case, level) in body
    assert "no legal or medical advice" in words(page)
    assert "Complain to: U.S. Department of Labor" in words(page)
    assert len(own_statements(nora, address("late", overdue.case))) <= 12
    without = sign_in("clara").get(address("late", overdue.case)).content.decode()
    assert (
        address("level_deem", overdue.case, level) in without,
        address("level", overdue.case, level) in without,
    ) == (
        False,
        True,
    )


def test_it_is_sent_as_the_pages_that_were_shown(overdue, sign_in):
    nora, row = sign_in("nora"), overdue.row("decision", 1)
    made = write_demand(
        actor=overdue.who, case=overdue.case, deadline=row, kind="overdue", at=datetime.now(NEW_YORK)
    )
    url = address("demand_send", overdue.case, made)
    page = nora.get(url)
    pages = nora.get(address("demand_preview", overdue.case, made))
    assert pages.headers["Content-Type"] == "application/pdf"
    form = page.context["form"]
    answer = nora.post(
        url,
        {
            "expected_sha256": form["expected_sha256"].value(),
            "channel": "fax",
            "address": "555 010 0199",
            "sent_at": (datetime.now(NEW_YORK)).strftime("%Y-%m-%dT%H:%M"),
        },
    )
    assert answer.status_code == 302, words(answer)
    sent = nora.get(address("demand", overdue.case, made))
    assert ("Frozen" in words(sent), Demand.objects.get().page_count) == (True, 2)
