"""The main job, from registration to the closed case, in a browser: what a navigator types, and what stands there then."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta

from appeals.sample_letters import scanned_pdf, text_as_pdf
from tests.journeys.acts import (
    NUMBERS,
    Desk,
    a_valid_npi,
    check_benefits,
    decide_level,
    family_name,
    file_level,
    register_patient,
    spelled_apart,
    write_letter,
)
from tests.journeys.story import answer_question, days_of_the_story, letter_of, noon, shown


def register(desk: Desk, family: str, member_id: str) -> None:
    """Step 1, up to the open case."""
    register_patient(
        desk,
        given="Dana",
        family=family,
        born=date(1984, 5, 17),
        Preferred_name="Dee",
        Time_zone="Eastern",
        State_of_residence="Iowa",
        Rules_for_reaching_the_patient_safely="Do not leave a message: the voicemail is shared.",
    )
    assert desk.heading.startswith("Dee")
    desk.follow("Add coverage")
    desk.choose("Payer", "Tamarack Benefit Administrators")
    desk.fill(Plan="Northgate Precision Tooling Employee Health Plan", Member_id=member_id)
    desk.fill(Group_number="NPT-2200")
    desk.choose("Funding", "Self-funded")
    desk.choose("State of issue", "Iowa")
    desk.press("Add coverage")


def test_from_the_denial_letter_to_the_closed_case(at_desk):
    nora = at_desk("nora@harbor.example")
    days, family = days_of_the_story(), family_name()
    member_id = f"TMK 7730 {spelled_apart(next(NUMBERS))} 01"
    register(nora, family, member_id)
    patient_page = nora.here

    # A typing slip in a second registration: the first record is shown before anything is saved.
    slip = family[:-2] + family[-1] + family[-2]
    register_patient(
        nora, given="Dana", family=slip, born=date(1984, 5, 17), refused=True, State_of_residence="Iowa"
    )
    assert "Is this one of these people?" in nora.text
    assert family in nora.text
    nora.follow(f"Dana {family}")
    assert nora.here == patient_page

    nora.follow("Record consent")
    nora.choose("What was allowed", "Release of health information")
    nora.choose("How", "Signed on paper")
    nora.fill(Signed_or_given_on=days["asked"], Or_the_event_it_ends_with="The end of this appeal")
    nora.fill(Scope="Records of the treatment, to and from the plan, for this appeal.")
    nora.press("Record consent")
    nora.follow("Record consent")
    nora.choose("What was allowed", "Appointment of representative")
    nora.choose("How", "Signed on paper")
    nora.choose(
        "An appointment: by which paper",
        "Designation of an authorized representative (the plan's form or ours)",
    )
    nora.fill(Signed_or_given_on=days["asked"])
    nora.press("Record consent")

    # The case, with a wrong NPI first: refused with a reason, and nothing typed is lost.
    nora.follow("Open a case")
    nora.choose("Treatment", "Ketamine, intravenous")
    nora.choose("Medical purpose", "To treat a diagnosed condition")
    nora.fill(Name=f"Amara {family}", Credentials="MD", Fax="515-555-0190")
    nora.type("Diagnoses", "F33.2")
    nora.type("Procedures", "96365, 96366, J3490")
    npi = a_valid_npi(next(NUMBERS))
    nora.type("NPI", npi[:-1] + str((int(npi[-1]) + 1) % 10))
    nora.press("Open case", refused=True)
    assert "NPI" in nora.reasons()
    assert nora.field("Name").input_value() == f"Amara {family}"
    nora.type("NPI", npi)
    nora.press("Open case")
    case_page = nora.here.partition("?")[0]
    assert "Dee" in nora.heading

    for name, kind, dose, weeks in (("sertraline", "SSRI", "200", "8"), ("bupropion", "NDRI", "300", "10")):
        nora.go(case_page)
        nora.follow("Failed treatment")
        nora.fill(Medicine_or_therapy=name, Class=kind, Highest_dose=dose, Unit="mg/day")
        nora.fill(First_day=days["asked"] - timedelta(days=300), Last_day=days["asked"] - timedelta(days=200))
        nora.type("Weeks at an adequate dose", weeks)
        nora.choose("Adequate trial", "Adequate dose and time")
        nora.choose("Response", "None")
        nora.choose("Why it ended", "It did not work well enough")
        nora.choose("Scale", "PHQ-9")
        nora.fill(Score_before="21", Score_after="19")
        nora.press("Record")
    assert "sertraline" in nora.text

    # Which rules apply: the card and the letter contradict each other until the plan document settles it.
    questions = case_page + "coverage-questions/"
    for question, answer, source in (
        ("program", "An employer's", "Member card"),
        ("sponsor", "A private employer", "Member card"),
        ("plan_kind", "None of these", "Member card"),
        ("levels", "One", "Plan document"),
    ):
        answer_question(nora, questions, question, answer, source)
    assert (
        nora.page.get_by_role("heading", name=re.compile("Self-funded group plan under ERISA")).count() == 1
    )
    answer_question(nora, questions, "funding", "An insurer", "Denial letter")
    assert "Sources disagree" in nora.text
    assert "More than one set of rules may apply" in nora.text
    nora.go(case_page)
    assert "Sources disagree" in nora.text
    answer_question(nora, questions, "funding", "The employer or trust", "Denial letter")
    assert "Sources disagree" not in nora.text

    # The request, and the payer's clock: 15 days, 29 CFR 2560.503-1(f)(2)(iii)(A).
    # Not before the plan was asked: the first try is refused with every reason and a link for each.
    nora.go(case_page)
    nora.follow("Record the request")
    nora.choose("Sent by", "Fax")
    nora.fill(Sent_on=noon(days["asked"], 9))
    nora.press("Save the request", refused=True)
    assert "The place of service is not chosen." in nora.reasons()
    assert "Not asked yet: Does the plan want an authorization" in nora.reasons()
    nora.go(case_page)
    check_benefits(nora, at=noon(days["asked"], 8))

    nora.go(case_page)
    nora.follow("Record the request")
    nora.choose("Place of service", "11")
    nora.page.get_by_label(re.compile("^Sessions")).first.fill("6")
    nora.choose("Sent by", "Fax")
    nora.type("Payer's reference number", "PA-26-0309-77142")
    nora.fill(Sent_on=noon(days["asked"], 9), Received_by_the_payer_on=noon(days["asked"], 10))
    nora.press("Save the request")
    assert nora.day_of("Decision on the authorization request") == str(days["asked"] + timedelta(days=15))
    assert "2560.503-1" in nora.due("Decision on the authorization request").inner_text()

    # The letter: read by the job, proposed with the words that prove it, and nothing runs before it is confirmed.
    nora.go(case_page)
    nora.follow("Record a denial")
    letter = text_as_pdf(letter_of(family, days, member_id, npi))
    nora.upload("The denial letter", "letter.pdf", letter)
    nora.press("Take the letter in")
    denial_page = nora.here
    assert "Not confirmed: no clock runs." in nora.text
    nora.until(
        lambda: nora.field("Payer's reference number").input_value() == "PA-26-0309-77142",
        "the reference number is proposed",
    )
    assert nora.field("Date on the notice").input_value() == str(days["notice"])
    assert nora.field("Fax for appeals").input_value() == "515-555-0142"
    assert "The letter and the case disagree" not in nora.text
    nora.page.get_by_text("What else the letter says").first.click()
    assert "Same" in nora.page.get_by_role("row", name=re.compile("^Member ID")).inner_text()
    assert nora.page.get_by_role("row", name=re.compile("^Payer")).count() >= 1
    for code in ("96365", "96366", "J3490"):
        assert nora.page.get_by_label(re.compile(rf"^{code}")).first.is_checked()
    assert nora.page.locator("main").get_by_text("The letter says").count() >= 3
    nora.type("Received on", days["received"])
    nora.choose("What proves the receipt", "Certified mail")
    nora.type("Sent on", days["notice"])
    nora.press("Save, and see which clocks start")
    assert nora.heading == "Confirm the denial"
    nora.go(case_page)
    assert "last day to file" not in nora.text
    nora.go(denial_page + "confirm/")
    nora.press("Confirm, and start these clocks")

    # The date: 180 days, safe from the notice and by law from the receipt, with rule, citation and arithmetic.
    nora.go(case_page)
    filing = "Internal appeal, first level: last day to file"
    assert nora.day_of(filing) == str(days["safe"])
    card = nora.due(filing)
    card.get_by_text("Why this date").click()
    words = card.inner_text()
    assert "29 CFR 2560.503-1" in words
    assert "180" in words
    assert nora.page.get_by_role("link", name=re.compile("^Internal appeal, first level")).count() >= 1
    nora.follow("Internal appeal, first level")
    level_page = nora.here
    card = nora.due(filing)
    assert shown(days["safe"]) in card.inner_text()
    assert shown(days["statutory"]) in card.inner_text()

    # A call note, and the peer-to-peer, which stops no clock.
    nora.go(case_page)
    nora.follow("Log a call")
    nora.fill(Who_you_spoke_with="Rita, provider line", Call_reference_number="C-88121")
    nora.fill(What_was_said="The file is complete.", What_they_promised="A copy of guideline BH-117")
    nora.type("Promised by", date.today() + timedelta(days=5))
    nora.press("Save")
    assert "C-88121" in nora.text
    nora.go(case_page)
    nora.page.locator("main").get_by_role("link", name=re.compile("Peer-to-peer", re.I)).first.click()
    nora.follow("Schedule the call")
    nora.type("The call will be on", noon(days["call"], 11))
    nora.press("Schedule it")
    nora.follow("Record the call")
    nora.fill(The_call_was_on=noon(days["call"], 11), What_was_said="They want doses and dates.")
    nora.type("Reviewer's name", "Dr. Okeke")
    nora.choose("How it ended", "Denial upheld")
    nora.press("Record the call")

    # Draft, exhibits, preview, filing.
    nora.go(level_page)
    nora.follow("Write the appeal")
    first_draft = nora.field("The letter").input_value()
    assert "sertraline" in first_draft
    nora.type("The letter", re.sub(r"\[\[.*?\]\]", "as the enclosed record shows", first_draft, flags=re.S))
    nora.type("Date of the letter", days["filed"])
    nora.press("Save, and choose the exhibits")
    nora.page.get_by_role("row").nth(1).get_by_role("checkbox").check()
    nora.press("Save, and look at the file")
    promised = re.search(r"SHA-256 ([0-9a-f]{64})", nora.text).group(1)
    preview = nora.page.request.get(
        nora.page.get_by_role("link", name="Open the pages by themselves").get_attribute("href")
    )
    assert hashlib.sha256(preview.body()).hexdigest() == promised
    nora.fill(Sent_on=noon(days["filed"]), Proof_of_sending="Fax report, 14 pages, OK")
    nora.press("File it")
    assert nora.heading == "What was filed"
    assert promised in nora.text
    assert "515-555-0142" in nora.text
    filed_page = nora.here

    # Those bytes open again unchanged, after the letter on the page has gone on living.
    file = nora.page.get_by_role("link", name="Open the file by itself").get_attribute("href")
    frozen = nora.page.request.get(file)
    assert hashlib.sha256(frozen.body()).hexdigest() == promised
    nora.go(level_page)
    assert nora.day_of("Internal appeal, first level: decision") == str(days["filed"] + timedelta(days=30))

    # Upheld: the next level opens with its own window of four months.
    decided = days["filed"] + timedelta(days=2)
    decide_level(
        nora,
        "Upheld (still refused)",
        at=noon(decided),
        notice=decided,
        received=decided + timedelta(days=1),
    )
    nora.follow("External review")
    external_page = nora.here
    assert "External review: last day to file" in nora.text
    assert "2590.715-2719" in nora.due("External review: last day to file").inner_text()
    write_letter(nora, "We ask for an external review.", dated=decided + timedelta(days=1))
    nora.go(external_page)
    file_level(nora, at=noon(decided + timedelta(days=1), 15))

    # Closing is refused with every reason while something is open.
    nora.go(case_page)
    nora.follow("Close the case")
    assert "External review has no decision" in nora.text
    assert "Record the money at stake" in nora.text
    nora.choose("How the case ended", "Covered")
    nora.press("Close the case", refused=True)
    assert "stand in the way" in nora.text

    # Overturned, item by item, with the authorization.
    nora.go(external_page)
    nora.follow("Record the decision")
    items = nora.page.get_by_role("group", name="What became of each item").locator("select")
    assert items.count() == 3
    items.nth(0).select_option(label="Overturned (now covered)")
    items.nth(1).select_option(label="Overturned (now covered)")
    items.nth(2).select_option(label="Partly overturned")
    won = decided + timedelta(days=2)
    nora.fill(Decided_on=noon(won, 9), Date_on_the_notice=won)
    nora.fill(Authorization_number=f"AU-{member_id[-8:]}", Sessions_allowed="6", Valid_from=won)
    nora.type("Valid until", won + timedelta(days=180))
    nora.press("Record the decision")
    assert "Partly overturned" in nora.text

    costs = case_page + "costs/new/"
    for kind, amount in (
        ("Money at stake", "4500"),
        ("Patient savings", "3900"),
        ("Plan dollars", "4100.50"),
    ):
        nora.go(costs)
        nora.choose("Which money", kind)
        nora.type("Amount", amount)
        nora.type("How the figure was found", "Six sessions at the clinic's price.")
        nora.press("Record")
    assert "$3,900.00" in nora.text
    assert "$4,100.50" in nora.text
    assert "$8,000.50" not in nora.text
    settle_what_is_open(nora, case_page)
    nora.go(case_page + "close/")
    assert "Nothing stands in the way. The case can be closed." in nora.text
    assert f"Authorization AU-{member_id[-8:]}: 6 of 6 sessions not recorded as held" in nora.text
    nora.choose("How the case ended", "Covered")
    nora.press("Close the case")
    assert "Closed: Covered" in nora.text

    # Meadow's navigator: none of it is there.
    mia = at_desk("mia@meadow.example")
    for path in (case_page, denial_page, level_page, filed_page, patient_page, case_page + "trail/"):
        assert mia.go(path) == 404
    assert family not in mia.page.content()

    # The supervisor's trail: who saw and changed what.
    sam = at_desk("sam@harbor.example")
    assert sam.go(case_page + "trail/") == 200
    for said in ("closed the case", "filed the appeal", "confirmed the facts of a denial"):
        older = 0
        while said not in sam.text and older < 20:
            sam.follow("Older")
            older += 1
        assert said in sam.text
    assert nora.complaints == []


def test_a_scanned_letter_is_typed_by_hand(at_desk, served):
    """No text to read: the picture stands beside empty fields, and what is typed starts the same clocks."""
    case = served.shell("from tests.journeys.prepared import asked; result = asked()")["case"]
    nora = at_desk("nora@harbor.example")
    nora.go(case)
    nora.follow("Record a denial")
    scan = scanned_pdf("erisa_preservice")
    nora.upload("The denial letter", "scan.pdf", scan)
    nora.press("Take the letter in")
    denial = nora.here
    nora.until(lambda: "This letter is a picture" in nora.text, "the job has looked for text")
    assert nora.page.get_by_title("The letter", exact=True).count() == 1
    assert nora.field("Payer's reference number").input_value() == ""
    for item in ("96365", "J3490"):
        nora.page.get_by_label(re.compile(rf"^{item}")).first.check()
    nora.page.get_by_text("Choose the reasons").click()
    nora.page.get_by_label(re.compile("^Called not medically necessary")).first.check()
    nora.fill(Date_on_the_notice=date(2026, 3, 24), Received_on=date(2026, 3, 27))
    nora.choose("What proves the receipt", "Certified mail")
    nora.fill(Fax_for_appeals="515-555-0142")
    nora.press("Save as a draft")
    assert "Not confirmed: no clock runs." in nora.text
    nora.press("Save, and see which clocks start")
    # 29 CFR 2560.503-1(h)(3)(i): 180 days; from the notice it is Sunday, September 20: the Friday before.
    assert nora.day_of("Internal appeal, first level: last day to file") == "2026-09-18"
    nora.press("Confirm, and start these clocks")
    assert nora.here == denial
    nora.go(case)
    assert nora.day_of("Internal appeal, first level: last day to file") == "2026-09-18"
    assert nora.complaints == []


def settle_what_is_open(desk: Desk, case_page: str) -> None:
    """Promises and tasks that are still open, each ended on its own page."""
    desk.go(case_page + "calls/")
    desk.press("It was kept")
    for _ in range(12):
        desk.go(case_page + "tasks/")
        tasks = desk.page.get_by_role("region", name="To do").get_by_role("article").get_by_role("link")
        if not tasks.count():
            return
        with desk.page.expect_navigation():
            tasks.first.click()
        desk.follow("Cancel")
        desk.type("Why it will not be done", "The case is won.")
        desk.press("Cancel the task")
