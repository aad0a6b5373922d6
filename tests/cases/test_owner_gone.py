"""A case is still with somebody who works here no more, since nobody has handed it on yet: what patients, clinics and rules bring
along goes through all the same, and its task waits with the case for whoever takes it over.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from advocacy.errors import Refused
from advocacy.people.models import Consent, Membership
from advocacy.people.portal_access import portal_accesses_of, portal_actor
from cases.commands.portal_record import take_consent_back
from cases.commands.tasks import open_task, reassign_task
from cases.commands.triage import triage_case
from cases.models import Case, Task
from tests.cast import release
from tests.portal import give_access

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["ended", "last day"])
def case(cast, request) -> Case:
    """Nora's, who left an hour ago: written down, or only her last day is over."""
    left = {("ended_at" if request.param == "ended" else "until"): timezone.now() - timedelta(hours=1)}
    Membership.objects.filter(pk=cast.members["nora"].pk).update(**left)
    return Case.objects.get(pk=cast.case.pk)


def owners() -> list[int | None]:
    return list(Task.objects.values_list("owner_id", flat=True))


def test_the_patient_takes_a_consent_back(case):
    access = give_access(case.patient, "dana@mail.example")
    dana = portal_actor(access.user, portal_accesses_of(access.user_id)[0])
    consent = release(case.patient)
    take_consent_back(actor=dana, consent=consent, at=timezone.now())
    assert (Consent.objects.get(pk=consent.pk).revoked_at is not None, owners()) == (True, [None])


def test_danger_is_recorded_and_asks_for_something(cast, case):
    triage_case(actor=cast.nils, case=case, urgency="emergency", safety_concern="yes", at=timezone.now())
    assert owners() == [None]


def test_what_a_rule_asks_for_is_nobodys_and_what_a_person_plans_names_somebody(cast, case):
    task = open_task(
        actor=cast.nils, case=case, title="Look", code="look", opened_by="rule", at=timezone.now()
    )
    assert task.owner is None
    with pytest.raises(Refused) as refused:
        open_task(actor=cast.nils, case=case, title="Look", at=timezone.now())
    assert [reason.code for reason in refused.value.reasons] == ["owner_gone"]


def test_nobody_is_given_a_task_by_an_old_list(cast, case):
    """The rows in hand were read while Nora still worked here."""
    read_before = cast.members["nora"]
    assert (read_before.ended_at, read_before.until) == (None, None)
    with pytest.raises(Refused) as opened:
        open_task(actor=cast.nils, case=case, title="Look", owner=read_before, at=timezone.now())
    task = open_task(actor=cast.nils, case=case, title="Look", owner=cast.members["nils"], at=timezone.now())
    with pytest.raises(Refused) as given:
        reassign_task(actor=cast.sam, task=task, owner=read_before, at=timezone.now())
    codes = [[reason.code for reason in refused.value.reasons] for refused in (opened, given)]
    assert codes == [["owner_gone"], ["owner_gone"]]
    assert owners() == [cast.members["nils"].pk]
