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


LETTER = HEAD.format("August 4, 2026") + "CPT 90837 was denied because it is not medically necessary.\n\n"
RIGHT = "You may appeal within 180 days after you receive this letter.\n\n"


@pytest.mark.parametrize(
    "body",
    [
        "To choose a representative, complete the form and fax it to 614-555-0150.\n",
        "Fax appeals about dental care to 614-555-0150.\n",
        "Before January 1, 2026 appeals were faxed to 614-555-0150.\n",
        "APPEALS\nEmployer's benefits office: fax 614-555-0150\n",
        "APPEALS\nSecond-level appeals: fax 614-555-0150\n",
        "APPEALS\nMedicare members: fax 614-555-0150\n",
        "APPEALS\nFax: 614-555-0150 (vision plan only)\n",
    ],
)
def test_a_label_that_says_more_than_the_appeal_is_the_label_of_something_else(body: str) -> None:
    assert told(LETTER + RIGHT + body, "send_to_fax") == {}


@pytest.mark.parametrize(
    "body",
    [
        "If you disagree you can also write to: Acme Foods, Benefits Office, 44 Main Street, Dayton, OH 45402.\n",
        "Second level: Appeals Committee, PO Box 78, Dayton, OH 45401.\n",
        "After our decision: Ohio Review Office, Appeals Section, PO Box 79, Columbus, OH 43201.\n",
        "Return it to Thistledown Appeals, Authorized Representative Unit, PO Box 5, Dayton, OH 45401.\n",
    ],
)
def test_an_address_of_a_later_step_or_another_office_is_not_the_appeals(body: str) -> None:
    assert told(LETTER + RIGHT + body, "send_to_mail") == {}


@pytest.mark.parametrize(
    "body",
    [
        "Phone 614-555-0150 for a ride to your visits.\n",
        "To check on your appeal, call 614-555-0150.\n",
        "To ask for an appeal form, call 614-555-0150.\n",
    ],
)
def test_a_number_for_something_about_the_appeal_is_not_where_it_is_filed(body: str) -> None:
    assert told(LETTER + APPEAL + body, "send_to_phone", "appeal_phone") == {}


@pytest.mark.parametrize(
    "body",
    ["REQUEST DETAILS\nDate: July 20, 2026\n", "Signature: ____________   Date: August 9, 2026\n"],
)
def test_a_bare_date_below_the_greeting_dates_something_else(body: str) -> None:
    assert told(LETTER + body, "notice_date") in ({}, {"notice_date": "2026-08-04"})


@pytest.mark.parametrize(
    "body",
    [
        "Codes 97155 and 97156 stay as they are.\n",
        "You withdrew the request for CPT 97155.\n",
        "We are still reviewing CPT 97155.\n",
        "When you send the new request, use code 97155.\n",
        "Service         Code     Decision\nEvaluation      97155    Pending\n",
        "Proc     Charge    Not cov.   Plan pays   Rmk\n97155    120.00      0.00    96.00\n",
    ],
)
def test_a_code_that_is_open_paid_or_left_as_it_is_was_not_refused(body: str) -> None:
    codes = [one.value for one in propose_facts([LETTER + body]) if one.fact == "procedure_code"]
    assert codes == ["90837"]


@pytest.mark.parametrize(
    "body",
    [
        "Your mother has F20.9, according to the notes.\n",
        "A diagnosis of F84.0 is required by the policy.\n",
        "Diagnoses that qualify: F32.2, F33.2.\n",
    ],
)
def test_a_diagnosis_of_a_relative_or_of_a_rule_is_not_the_patients(body: str) -> None:
    assert told(LETTER + body, "diagnosis_code") == {}


@pytest.mark.parametrize(
    "body",
    [
        "Medical Policy 12: Experimental and Investigational Services\n",
        "Your doctor told us that the drug was not on the formulary of your last plan.\n",
        "Care without a diagnosis is excluded from coverage. You have one, so this exclusion is not met.\n",
    ],
)
def test_a_title_a_view_or_a_rule_taken_back_is_no_reason(body: str) -> None:
    reasons = [one.value for one in propose_facts([LETTER + body]) if one.fact == "reason"]
    assert reasons == ["medical_necessity"]


@pytest.mark.parametrize(
    "body",
    [
        "When you call the state, give them case number OH-2026-1122.\n",
        "To set up a peer-to-peer call use reference number P2P-88123.\n",
        "Fax confirmation number: 5512-99\nTracking number: 1Z999AA10123456784\n",
    ],
)
def test_a_number_of_another_proceeding_names_no_case(body: str) -> None:
    assert told(LETTER + body, "reference_number") == {}


def test_two_possible_payers_in_one_letterhead_give_none() -> None:
    head = "Lowe Health Partners\n12 Vine Street\nDayton, OH 45401\n\nThistledown Mutual Health\nAugust 4, 2026\n\n"
    assert told(head + "Dear Ana Ruiz:\n\nWe denied your request.\n", "payer") == {}


def test_a_span_that_is_not_the_answers_is_no_time_to_decide() -> None:
    filing = "You can appeal our decision within 180 calendar days after you receive this letter.\n"
    meeting = "The Trustees decide appeals at their meetings; you will hear from us within five days after the meeting.\n"
    assert told(HEAD.format("August 4, 2026") + filing + meeting, "standard_decision_days") == {}
    filing = "You can appeal within 180 calendar days after you receive this letter.\n"
    answer = "We will decide your appeal within 30 calendar days after we receive it.\n"
    assert told(HEAD.format("August 4, 2026") + filing + answer, "standard_decision_days") == {
        "standard_decision_days": "30 calendar_day"
    }


def test_a_ground_that_an_answer_to_an_appeal_takes_back_is_no_reason() -> None:
    letter = HEAD.replace("We denied your request.", "We reviewed your appeal and uphold the denial.").format(
        "May 4, 2026"
    )
    letter += (
        "In May the claim was denied because no prior authorization was on file. That ground is withdrawn. "
    )
    letter += "The claim remains denied because the treatment is investigational.\n"
    assert told(letter, "reason") == {"reason": "experimental_investigational"}
