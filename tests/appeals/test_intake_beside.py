"""What stands beside a fact and is somebody else's: who holds the policy, and the column beside."""

from __future__ import annotations

import pytest

from appeals.intake import propose_facts

BODY = """
Date of this notice: March 9, 2026

We denied the request for ketamine infusions (CPT 96365) because they are not medically necessary.
"""


def told(text: str) -> dict[str, str]:
    return {one.fact: one.value for one in propose_facts([text])}


@pytest.mark.parametrize(
    ("labels", "patient"),
    [
        ("For: Philippa Rourke\nInsured: Sean Rourke", None),
        ("Patient: Philippa Rourke\nInsured: Sean Rourke", "Philippa Rourke"),
        ("To: PHILIPPA ROURKE\nSubscriber: Philippa Rourke", "Philippa Rourke"),
        ("To: PHIL ROURKE\nSubscriber: Philippa Rourke", None),
        ("Insured: Sean Rourke", "Sean Rourke"),
    ],
)
def test_who_holds_the_policy_is_not_the_patient_beside_another_person(
    labels: str, patient: str | None
) -> None:
    assert told(f"{labels}\n{BODY}").get("patient_name") == patient


IN_COLUMNS = """
WHY                                           YOUR RIGHTS
The drug is not on our list of covered        You may appeal within 65 calendar
drugs, and your prescriber did not say        days of the date on this notice. We
why those that are on it would not help       answer in 7 calendar days, or in 72
you or would harm you.                        hours if you ask for a fast appeal.
Decided by Fabian Stroud,{gap}
PharmD.                                       Fax:    904-555-0165
                                              Mail:   Heron Point Appeals
                                                      PO Box 2299
                                                      Marsh Landing, FL 32998
"""


@pytest.mark.parametrize(
    ("gap", "fax", "urgent"),
    [("", "904-555-0165", None), ("                     FAST APPEALS", None, None)],
)
def test_the_only_fax_is_for_urgent_appeals_under_no_head(
    gap: str, fax: str | None, urgent: str | None
) -> None:
    found = told(BODY + IN_COLUMNS.replace("{gap}", gap))
    assert (found.get("send_to_fax"), found.get("send_to_fax_expedited")) == (fax, urgent)


def test_credentials_end_before_what_their_holder_did() -> None:
    found = told(
        f"{BODY}\nOur decision was made by Gerald Pruitt, MD, who is board certified in psychiatry and neurology "
        "and did not take part in any earlier review of your case.\n"
    )
    assert found["reviewer_credentials"] == "MD, who is board certified in psychiatry and neurology"
