"""What is said of an offer without being asked: that it came, that it runs out soon, and to the side that offers how it ended.

Harbor offers (nora), Meadow receives (mia).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.background.models import Job
from advocacy.people.commands import revoke_consent
from advocacy.people.models import Membership
from cases.commands.offer_notices import RAN_OUT, REMIND_WITHIN, remind_of_offer, tell_of_offer
from cases.commands.received_offers import accept_offer, decline_offer
from cases.commands.tasks import finish_task
from cases.jobs import remind_of_offered_case, watch_offers
from cases.models import Case, CaseOffer, Task
from cases.queries.offers import NEWS, get_offered
from tests.cases.offering import at_meadow, offer, ready, taken_back
from tests.cast import make_member

__all__ = ["ready"]
pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NAMED = ("Dana", "Whitlock", "HB-2026-0001", "Harbor", "TMK")


def ends(made: CaseOffer, after: timedelta) -> None:
    """The offer runs out so long from now (or before, where that is negative)."""
    now = timezone.now()
    CaseOffer.objects.filter(pk=made.pk).update(offered_at=now - 15 * DAY, expires_at=now + after)


def asked_to_remind() -> list[dict]:
    return list(Job.objects.filter(name="cases.remind_of_offer").values_list("arguments", flat=True))


def test_whoever_may_take_it_over_is_told_that_an_offer_came_and_nothing_of_whom(ready, mailoutbox):
    made, now = offer(ready), timezone.now()
    with at_meadow(ready):
        (job,) = Job.objects.filter(name="cases.tell_of_offer")
        assert job.arguments == {"offer": made.pk}
        assert [tell_of_offer(actor=ready.mia, offer=made.pk, at=now) for _twice in "ab"] == [1, 0]
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (
        [ready.users["mia"].email],
        "A case is offered to your organization",
    )
    assert f"/admin/offers/{made.public_id}/" in mail.body
    assert [word for word in NAMED if word in mail.body + mail.subject] == []
    taken_back(ready, made)
    second = offer(ready)
    taken_back(ready, second)
    with at_meadow(ready):
        assert tell_of_offer(actor=ready.mia, offer=second.pk, at=now) == 0


def test_everybody_who_may_answer_is_reminded_once_before_it_runs_out_and_of_nobody(ready, mailoutbox):
    made = offer(ready)
    with at_meadow(ready):
        for key, roles, changed in (
            ("saul", ["supervisor"], {}),
            ("ada", ["analyst"], {}),
            ("lea", ["navigator"], {"ended_at": timezone.now()}),
            ("tom", ["navigator"], {"until": timezone.now()}),
        ):
            _user, member = make_member(ready.meadow, key, key.title(), roles)
            Membership.objects.filter(pk=member.pk).update(**changed)
        watch_offers()
        assert asked_to_remind() == []
    ends(made, REMIND_WITHIN - timedelta(minutes=1))
    with at_meadow(ready):
        for _twice in "ab":
            watch_offers()
            assert asked_to_remind() == [{"offer": made.pk}]
        remind_of_offered_case(offer=made.pk)
        assert remind_of_offer(actor=ready.mia, offer=made.pk, at=timezone.now()) == 0
        Job.objects.filter(name="cases.remind_of_offer").update(status=Job.Status.DONE)
        watch_offers()
        assert asked_to_remind() == [{"offer": made.pk}]
        acts = Event.objects.filter(verb="offer_reminded")
        assert [act.data for act in acts] == [{"offer": str(made.public_id)}]
    assert [mail.to for mail in mailoutbox] == [["mia@meadow.example"], ["saul@meadow.example"]]
    for mail in mailoutbox:
        assert mail.subject == "A case that is offered to your organization waits for an answer"
        assert f"/admin/offers/{made.public_id}/" in mail.body
        assert [word for word in NAMED if word in mail.body + mail.subject] == []


def taken_over(cast, made):
    with at_meadow(cast):
        accept_offer(actor=cast.mia, offered=get_offered(made.public_id), at=timezone.now())


def declined(cast, made):
    with at_meadow(cast):
        decline_offer(
            actor=cast.mia, offered=get_offered(made.public_id), because="No room", at=timezone.now()
        )


def release_withdrawn(cast, made):
    revoke_consent(actor=cast.nora, consent=made.consent, at=timezone.now())


def made_by_oneself(cast, made):
    """The one colleague who could answer works in both organizations and offered it."""
    CaseOffer.objects.filter(pk=made.pk).update(offered_by=cast.users["mia"])


@pytest.mark.parametrize("over", [taken_over, declined, taken_back, release_withdrawn, made_by_oneself])
def test_nobody_is_reminded_of_what_nobody_can_answer_any_more(ready, mailoutbox, over):
    made = offer(ready)
    ends(made, DAY)
    with at_meadow(ready):
        watch_offers()
        assert asked_to_remind() == [{"offer": made.pk}]
    over(ready, made)
    with at_meadow(ready):
        remind_of_offered_case(offer=made.pk)
        assert not Event.objects.filter(verb="offer_reminded").exists()
    assert mailoutbox == []


def told_at_harbor() -> list[tuple]:
    watch_offers()
    tasks = Task.objects.filter(code__startswith="offer:").order_by("pk")
    return [(t.case.reference, t.owner_id, t.title, t.status) for t in tasks]


def test_the_owner_of_the_case_learns_once_that_it_ran_out_without_an_answer(ready):
    made, nora = offer(ready), ready.members["nora"]
    assert told_at_harbor() == []
    ends(made, -timedelta(seconds=1))
    assert told_at_harbor() == told_at_harbor() == [("HB-2026-0001", nora.pk, RAN_OUT, "open")]
    task = Task.objects.get(code=f"offer:{made.pk}")
    assert "Meadow Coverage Project did not answer" in task.detail
    finish_task(actor=ready.nora, task=task, at=timezone.now())
    assert told_at_harbor() == [("HB-2026-0001", nora.pk, RAN_OUT, "done")]


def test_where_the_owner_has_left_it_waits_with_the_case(ready):
    ends(offer(ready), -DAY)
    Membership.objects.filter(pk=ready.members["nora"].pk).update(ended_at=timezone.now())
    assert told_at_harbor() == [("HB-2026-0001", None, RAN_OUT, "open")]


@pytest.mark.parametrize("over", [taken_back, "answered", "closed", "long ago"])
def test_of_an_offer_that_was_ended_otherwise_the_owner_hears_nothing(ready, over):
    made = offer(ready)
    ends(made, -NEWS if over == "long ago" else -DAY)
    if over == "answered":
        CaseOffer.objects.filter(pk=made.pk).update(answer="accepted", answered_at=timezone.now())
    elif over == "closed":
        Case.objects.update(status="closed", closed_at=timezone.now(), outcome="moot")
    elif over != "long ago":
        taken_back(ready, made)
    assert told_at_harbor() == []
