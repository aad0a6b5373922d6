"""While somebody is away: Today and the reminders of whoever covers, and who is proposed for new work."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from appeals.queries.queue import Filters, listed
from appeals.queries.today import today
from appeals.reminders import send_reminder
from cases.models import Case, CaseTeamMember
from tests.appeals.scenes import away, clock, new_case, task_of
from tests.appeals.test_today import here, now
from tests.appeals.visiting import words


def scene(cast):
    """Nora is away, Nils covers: a date of hers soon, one later, a task of hers on another's case, a restricted case."""
    at = now()
    nora, sam = cast.members["nora"], cast.members["sam"]
    soon = new_case(1, at=at, owner=nora)
    later = new_case(2, at=at, owner=nora)
    with_task = new_case(3, at=at, owner=sam)
    restricted = new_case(4, at=at, owner=nora, is_restricted=True)
    clock(soon, due_on=here(at).today + timedelta(days=3), at=at)
    clock(later, due_on=here(at).today + timedelta(days=40), at=at)
    clock(restricted, due_on=here(at).today + timedelta(days=3), at=at)
    task_of(with_task, at=at, owner=nora)
    return soon, later, with_task, restricted


def test_the_cover_sees_dates_and_tasks_of_whoever_is_away_and_whose_they_are(cast, sign_in):
    soon, _later, with_task, _restricted = scene(cast)
    at = now()
    assert "covering" not in {s.code for s in today(cast.nils, day=here(at))}
    row = away(cast.members["nora"], cast.members["nils"], at=at)
    [stack] = [s for s in today(cast.nils, day=here(at)) if s.code == "covering"]
    assert {(r.case.pk, r.covered) for r in stack.rows} == {
        (soon.pk, "Nora Navigator"),
        (with_task.pk, "Nora Navigator"),
    }
    assert stack.total == listed(cast.nils, Filters(work="covering"), here(at)).count() == 2
    text = words(sign_in("nils").get(reverse("appeals:today")))
    assert "Covering for a colleague (2)" in text and "covering for Nora Navigator" in text
    for who in ("sam", "nora"):
        assert "covering" not in {s.code for s in today(getattr(cast, who), day=here(at))}
    over = here(at + timedelta(days=(row.until_on - here(at).today).days + 1))
    assert "covering" not in {s.code for s in today(cast.nils, day=over)}


def test_a_restricted_case_is_covered_only_by_somebody_named_on_it(cast):
    *_others, restricted = scene(cast)
    at = now()
    away(cast.members["nora"], cast.members["nils"], at=at)
    assert restricted not in listed(cast.nils, Filters(work="covering"), here(at))
    CaseTeamMember.objects.create(
        case=restricted,
        role="backup",
        member=cast.members["nils"],
        from_on=here(at).today - timedelta(days=1),
        named_at=at,
    )
    assert restricted in listed(cast.nils, Filters(work="covering"), here(at))


def reminded(case: Case, on) -> tuple[str, ...]:
    row = case.deadlines.get()
    row.reminded = []
    row.save(update_fields=["reminded"])
    row.reminders.all().delete()
    return send_reminder(row.pk, on)


def test_reminders_go_to_the_cover_too(cast, mailoutbox):
    at = now()
    nora = cast.members["nora"]
    noon = timezone.now().replace(hour=17, minute=0)
    case = new_case(1, at=at - timedelta(days=5), owner=nora)
    hidden = new_case(2, at=at - timedelta(days=5), owner=nora, is_restricted=True)
    for one in (case, hidden):
        clock(one, due_on=here(noon).today + timedelta(days=3), at=at - timedelta(days=5))
    assert reminded(case, noon) == ("nora@harbor.example",)
    away(nora, cast.members["nils"], at=noon)
    assert reminded(case, noon) == ("nora@harbor.example", "nils@harbor.example")
    assert "a colleague you cover for" in mailoutbox[-1].body
    assert reminded(hidden, noon) == ("nora@harbor.example",)


def test_new_work_proposes_the_cover(cast, sign_in):
    at = now()
    nora, nils, sam = (cast.members[n] for n in ("nora", "nils", "sam"))
    case = new_case(1, at=at, owner=sam)
    away(nora, nils, at=at)
    client = sign_in("sam")
    url = reverse("cases:assign", args=[case.public_id])
    answer = client.post(url, {"owner": str(nora.public_id)})
    assert answer.status_code == 422
    assert "Nils Navigator covers" in words(answer)
    assert answer.context["form"]["owner"].value() == str(nils.public_id)
    assert Case.objects.get(pk=case.pk).owner == sam
    assert client.post(url, {"owner": str(nora.public_id), "all_the_same": "on"}).status_code == 302
    assert Case.objects.get(pk=case.pk).owner == nora
    assert client.get(url).context["form"].initial["owner"] == nils.public_id
    form = {"case": [str(case.public_id)], "owner": str(nora.public_id)}
    other = new_case(2, at=at, owner=sam)
    preview = client.post(reverse("appeals:bulk_assign"), form | {"case": [str(other.public_id)]})
    text = preview.content.decode()
    assert "give them to Nils Navigator instead" in text and str(nils.public_id) in text
    assert "(away until" in client.get(reverse("appeals:queue")).content.decode()
