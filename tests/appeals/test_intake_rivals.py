"""Where a letter holds two of which one is meant and does not say which, the reader leaves both to be typed."""

from __future__ import annotations

import pytest

from appeals.intake import propose_facts

BODY = """
Date of this notice: March 9, 2026

We denied the request for ketamine infusions (CPT 96365) because they are not medically necessary.
You may appeal within 180 days after you receive this notice.
"""
OFFICE = "Send your appeal to:\nQuillfeather Appeals Unit, PO Box 12, Granby, CO 80499\nPhone: 503-555-0170\n"


def told(head: str, foot: str = "") -> dict[str, str]:
    return {one.fact: one.value for one in propose_facts([f"{head}\n{BODY}\n{foot}\n"])}


@pytest.mark.parametrize(
    ("head", "payer"),
    [
        ("QUILLFEATHER HEALTH PLAN", "Quillfeather Health Plan"),
        ("QUILLFEATHER HEALTH PLAN\nBenefits reviewed with Osierbrook Life Insurance Company", None),
        ("Idaho Medicaid Health Plan", None),
        (
            "Health plan: Quillfeather Health Plan\nPolicy: A-1\n\nOsierbrook Life Insurance Company reviews.",
            "Quillfeather Health Plan",
        ),
        (
            "QUILLFEATHER HEALTH PLAN\nAgent of record: Osierbrook Insurance Agency",
            "Quillfeather Health Plan",
        ),
        ("QUILLFEATHER HEALTH PLAN\ninsured and administered by Osierbrook Life and Health", None),
        ("QUILLFEATHER HEALTH PLAN\nRegulator: Oregon Division of Insurance", "Quillfeather Health Plan"),
    ],
)
def test_a_payer_beside_another_organization_needs_a_label(head: str, payer: str | None) -> None:
    assert told(head).get("payer") == payer


@pytest.mark.parametrize(
    ("head", "number"),
    [
        ("Case number: QF-26-0309-771", "QF-26-0309-771"),
        ("Case number: QF-26-0309-771\nClaim number: 88-4471-0026", None),
        ("Case number: QF-26-0309-771\nGroup number: 88-4471-0026", "QF-26-0309-771"),
        ("Case number: QF-26-0309-771\nPlan number: 88-4471-0026", "QF-26-0309-771"),
        ("Case number: QF-26-0309-771\nMail control 88-4471-0026", "QF-26-0309-771"),
        ("Case number: QF-26-0309-771 B.", None),
        ("We used National Coverage Determination 280.3 of Medicare.", None),
    ],
)
def test_a_number_beside_another_of_its_kind_is_left_open(head: str, number: str | None) -> None:
    assert told(head).get("reference_number") == number


def test_a_number_printed_again_is_the_one_of_this_case() -> None:
    head = "Case number: QF-26-0309-771\nClaim number: 88-4471-0026"
    assert told(head, "Write QF-26-0309-771 on every page.")["reference_number"] == "QF-26-0309-771"


@pytest.mark.parametrize(
    ("names", "patient"),
    [
        ("Member: Petra Ostrander\nDear Petra Ostrander:", "Petra Ostrander"),
        ("Member: Petra Ostrander\nServices of Claude Ostrander-Vega", None),
        ("Patient: Petra Ostrander\nSubscriber: Claude Ostrander-Vega", "Petra Ostrander"),
    ],
)
def test_of_two_persons_of_one_family_the_patient_is_the_one_called_so(
    names: str, patient: str | None
) -> None:
    assert told(names).get("patient_name") == patient


@pytest.mark.parametrize(
    ("foot", "fax"),
    [
        ("To appeal, fax 503-555-0177.", "503-555-0177"),
        ("To appeal:\nFax 503-555-0177\nFax 503-555-0178", None),
        ("Fax your appeal to 503-555-0177. Records only: fax 503-555-0178.", "503-555-0177"),
        (f"{OFFICE}Fax: 503-555-0177\n\nBills you paid: fax 503-555-0178", "503-555-0177"),
        (f"{OFFICE}Fax: 503-555-0177\n\n{OFFICE}Fax: 503-555-0178", None),
    ],
)
def test_of_two_faxes_one_must_be_called_the_one_for_appeals(foot: str, fax: str | None) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", foot).get("send_to_fax") == fax


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("To keep your care, ask for the appeal by March 19, 2026.", "2026-03-19"),
        (
            "To keep your care, ask for the appeal by March 19, 2026, or before March 25, 2026, whichever is later.",
            None,
        ),
    ],
)
def test_one_day_of_two_is_not_proposed(sentence: str, day: str | None) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", sentence).get("continuation_request_by") == day


def test_a_code_that_nothing_refuses_is_left_out_beside_one_that_is_refused() -> None:
    foot = "For the visits before this letter your clinic wrote the other code on its papers too, namely CPT 96413."
    codes = [one.value for one in propose_facts([BODY + foot]) if one.fact == "procedure_code"]
    assert codes == ["96365"]


@pytest.mark.parametrize(
    "sentence",
    [
        "In May the claim was denied because no prior authorization was on file.",
        "We do not say whether the infusions are experimental.",
        "Because your clinic is out of network, you may be billed for the difference.",
    ],
)
def test_a_reason_of_before_or_of_nobody_is_none(sentence: str) -> None:
    reasons = [one.value for one in propose_facts([BODY + sentence]) if one.fact == "reason"]
    assert reasons == ["medical_necessity"]


@pytest.mark.parametrize(
    ("sentence", "provision"),
    [
        ("Under the SPD, Section 7.4, benefits are limited to care that is necessary.", "SPD, Section 7.4"),
        (
            "Under the SPD, Section 7.4(c), benefits are limited to care that is necessary.",
            "SPD, Section 7.4(c)",
        ),
        ("A civil action may be brought within one year of the last answer (SPD, Section 12.2).", None),
    ],
)
def test_a_provision_on_what_comes_next_is_not_the_one_relied_on(
    sentence: str, provision: str | None
) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", sentence).get("plan_provision") == provision


def test_a_name_that_runs_into_the_next_column_is_left_out() -> None:
    head = "GREYLING BENEFIT PARTNERS Questions? Call us\nfor the Wolcott Stevedoring Group Health Plan Monday to Friday"
    assert "payer" not in told(head)


def test_a_number_of_the_family_beside_the_patients_own_is_left_open() -> None:
    sentence = "The subscriber's number is GSH0071-5529-00, and Marcellus has number GSH0071-5529-02, as the card says."
    assert "member_id" not in told("GABLES HEALTH PLAN", sentence)


def test_a_quoted_limit_is_not_cut_at_its_beginning() -> None:
    letter = BODY.replace("within 180 days after you receive", "on or before the 180th day after you receive")
    found = {one.fact: one.value for one in propose_facts([letter])}
    assert (found["stated_deadline"], found.get("stated_deadline_text")) == (
        "180 calendar_day after receipt",
        None,
    )


@pytest.mark.parametrize(
    ("foot", "codes"),
    [
        (
            "The paper that she sent to us with it lists the codes 96365 and J3490.\nPortland, OR 97299",
            ["96365", "J3490"],
        ),
        (
            "The paper that she sent to us with it lists the codes 96365 and J3490.\n"
            "In May the clinic sent us a bill with code 99213 on it too.",
            [],
        ),
    ],
)
def test_codes_that_stand_in_one_sentence_have_no_rival(foot: str, codes: list[str]) -> None:
    letter = BODY.replace(" (CPT 96365)", "")
    assert [one.value for one in propose_facts([letter + foot]) if one.fact == "procedure_code"] == codes


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("Decision made: March 6, 2026\nPrescriber's supporting statement: March 4, 2026", "2026-03-09"),
        ("Date of this letter: March 6, 2026", None),
    ],
)
def test_a_day_that_is_called_the_notices_has_only_days_of_papers_for_rivals(
    head: str, day: str | None
) -> None:
    assert told(head).get("notice_date") == day


@pytest.mark.parametrize(
    ("sentence", "limit"),
    [
        (
            "If waiting 30 days could harm you, you can ask for a fast appeal.",
            "180 calendar_day after receipt",
        ),
        ("You can ask for an appeal of this letter for 60 days.", None),
    ],
)
def test_days_of_waiting_are_no_second_limit(sentence: str, limit: str | None) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", sentence).get("stated_deadline") == limit


@pytest.mark.parametrize(
    ("lead", "address"),
    [
        ("Appeal to ", "Quillfeather Appeals Unit, 310 Basalt Way, Granby, CO 80499"),
        ("APPEAL CONTACTS Mail ", None),
        ("HOW TO APPEAL ", None),
    ],
)
def test_an_address_holds_no_heading_and_no_way_of_sending(lead: str, address: str | None) -> None:
    foot = f"{lead}Quillfeather Appeals Unit, 310 Basalt Way, Granby, CO 80499"
    assert told("QUILLFEATHER HEALTH PLAN", foot).get("send_to_mail") == address


def test_a_bare_number_names_no_guideline() -> None:
    sentence = "Therapy Coverage Guideline 12, table B, allows one infusion a week."
    assert "criteria" not in told("QUILLFEATHER HEALTH PLAN", sentence)


@pytest.mark.parametrize(
    ("label", "code"),
    [("Diagnosis codes sent by the provider:", "M54.16"), ("Diagnosis on the claim:", "U09.9")],
)
def test_a_diagnosis_on_the_claim_is_labelled(label: str, code: str) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", f"{label} {code}").get("diagnosis_code") == code


def test_how_long_a_fast_appeal_takes_makes_no_fax_the_fast_one() -> None:
    foot = "Fast appeals take 72 hours.\nFAX YOUR APPEAL 503-555-0177\nNew requests: fax 503-555-0178"
    assert "send_to_fax_expedited" not in told("QUILLFEATHER HEALTH PLAN", foot)


@pytest.mark.parametrize(
    ("who", "limit"),
    [
        ("you, by your doctor, or by somebody you name", "180 calendar_day after receipt"),
        ("you by June 1, 2026, or by the day your plan ends", None),
    ],
)
def test_who_may_appeal_makes_no_limit_depend_on_another(who: str, limit: str | None) -> None:
    letter = BODY.replace("You may appeal", f"An appeal may be filed by {who}")
    assert {one.fact: one.value for one in propose_facts([letter])}.get("stated_deadline") == limit


@pytest.mark.parametrize(
    ("table", "limit"),
    [
        (
            "YOUR APPEAL\nTime limit          65 calendar days after the date of this notice",
            "65 calendar_day after notice_date",
        ),
        ("EXTERNAL REVIEW\nTime limit          65 calendar days after the date of this notice", None),
        ("YOUR APPEAL\nTime limit          65 calendar days after our answer", None),
    ],
)
def test_a_limit_in_a_table_stands_beside_its_label(table: str, limit: str | None) -> None:
    rows = f"\n{table}\nOpen to             you, your prescriber\nPhone               503-555-0170\n"
    letter = BODY.replace("You may appeal within 180 days after you receive this notice.", rows)
    assert {one.fact: one.value for one in propose_facts([letter])}.get("stated_deadline") == limit


@pytest.mark.parametrize(
    ("line", "fax"),
    [
        ("Fax 503-555-0171 (appeals)", "503-555-0171"),
        ("Fax 503-555-0171 (all)", "503-555-0171"),
        ("Fax 503-555-0171 (enrollment papers)", None),
    ],
)
def test_what_stands_in_brackets_behind_a_fax_says_whose_it_is(line: str, fax: str | None) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", f"{OFFICE}{line}\n").get("send_to_fax") == fax


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Member identification no. 3308-B", "3308-B"),
        ("Reviewer. Psychiatrist, MD, licensed in Colorado, identification no. 3308-B.", None),
    ],
)
def test_a_number_beside_a_profession_is_no_members(line: str, number: str | None) -> None:
    assert told("QUILLFEATHER HEALTH PLAN", line).get("member_id") == number


@pytest.mark.parametrize(
    ("head", "payer"),
    [
        ("Plan: Quillfeather Health Plan", "Quillfeather Health Plan"),
        ("Plan Quillfeather Health Plan", None),
    ],
)
def test_a_payer_that_begins_with_its_label_is_left_open(head: str, payer: str | None) -> None:
    assert told(head).get("payer") == payer
