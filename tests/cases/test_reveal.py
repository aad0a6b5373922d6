"""A member id is whole for whoever works the case, masked for whoever reads it, and shown once for a reason."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of
from advocacy.people.step_up import PROVEN
from cases.commands.access import restrict_case
from cases.commands.break_glass import break_glass
from cases.models import Coverage
from cases.rules import masked
from tests.cast import PASSWORD

DOTS = "\u2022\u2022\u2022\u2022"
NUMBER, MASKED = "TMK 7730 41582 01", f"{DOTS} 8201"
WHY = "The plan asks which member this is about."


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (NUMBER, MASKED),
        ("AB-12 345.6", "\u2022\u2022\u2022\u2022 3456"),
        ("1234567", "\u2022\u2022\u2022\u2022"),
        ("", "\u2022\u2022\u2022\u2022"),
    ],
)
def test_the_last_four_of_a_number_that_has_twice_as_many(number, shown):
    assert masked(number) == shown


def numbers(client, cast) -> list[tuple[bool, bool]]:
    """On the patient's page and the case's: whether the number is there, and whether its mask is."""
    pages = [
        reverse("people:patient", args=[cast.case.patient.public_id]),
        reverse("appeals:case", args=[cast.case.public_id]),
    ]
    texts = [client.get(page).content.decode() for page in pages]
    return [(NUMBER in text, MASKED in text) for text in texts]


@pytest.mark.parametrize("who", ["ines", "nora", "clara", "sam"])
def test_whoever_works_the_case_sees_it(cast, sign_in, who):
    assert numbers(sign_in(who), cast) == [(True, False)] * 2


def test_whoever_only_reads_it_sees_the_last_four(cast, sign_in):
    assert numbers(sign_in("petra"), cast) == [(False, True)] * 2


def test_the_group_number_is_masked_with_it_and_shown_with_it(cast, sign_in):
    coverage = Coverage.objects.get(pk=cast.case.coverage_id)
    coverage.group_number = "GRP 0071 5523"
    coverage.save(update_fields=["group_number"])
    pages = [
        reverse("people:patient", args=[cast.case.patient.public_id]),
        reverse("appeals:case", args=[cast.case.public_id]),
    ]

    def seen(who: str) -> list[tuple[bool, bool]]:
        texts = [sign_in(who).get(page).content.decode() for page in pages]
        return [("GRP 0071 5523" in text, f"{DOTS} 5523" in text) for text in texts]

    assert (seen("nora"), seen("petra")) == ([(True, False)] * 2, [(False, True)] * 2)
    shown = sign_in("petra").post(
        reverse("cases:reveal", args=[cast.case.coverage.public_id]), {"reason": WHY}
    )
    assert "GRP 0071 5523" in shown.content.decode()
    event = Event.objects.get(verb="identifier_revealed")
    assert event.data == {"identifier": "member_id, group_number"}


def test_emergency_access_shows_the_last_four_too(cast, sign_in):
    restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=timezone.now())
    break_glass(
        actor=cast.nils, reference=cast.case.patient.reference, hours=1, reason=WHY, at=timezone.now()
    )
    assert numbers(sign_in("nils"), cast) == [(False, True)] * 2


def test_it_is_shown_once_after_a_reason_and_a_fresh_proof(cast, sign_in):
    petra = sign_in("petra")
    page = reverse("cases:reveal", args=[cast.case.coverage.public_id])
    session = petra.session
    session[PROVEN] = time.time() - 3600
    session.save()
    assert NUMBER not in petra.get(page).content.decode()
    assert petra.post(page, {"reason": " "}).status_code == 422
    asked = petra.post(page, {"reason": WHY})
    assert (asked.status_code, Event.objects.filter(verb="identifier_revealed").count()) == (303, 0)
    back = petra.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"]
    form = petra.get(back)
    assert (form.context["form"]["reason"].value(), NUMBER in form.content.decode()) == (WHY, False)
    shown = petra.post(back, {"reason": WHY})
    assert (shown.status_code, NUMBER in shown.content.decode()) == (201, True)
    assert "no-store" in shown.headers["Cache-Control"]
    assert NUMBER not in petra.get(page).content.decode()
    event = Event.objects.get(verb="identifier_revealed")
    assert (event.patient_ids, event.data) == ([cast.case.patient_id], {"identifier": "member_id"})
    assert (reason_of(event), WHY in event.reason) == (WHY, False)


def test_it_is_not_there_for_whoever_does_not_see_the_patient(cast, sign_in):
    page = reverse("cases:reveal", args=[cast.case.coverage.public_id])
    restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=timezone.now())
    for who in ("petra", "nils", "mia"):
        assert sign_in(who).post(page, {"reason": WHY}).status_code == 404
    assert Event.objects.filter(verb="identifier_revealed").count() == 0
