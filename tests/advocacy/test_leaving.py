"""Leaving: everything open is counted, handed on or ended in one act; what is left behind is found every night."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy import registries
from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.errors import Refused, WrongState
from advocacy.people.drafts import save_draft, save_search
from advocacy.people.leaving import end_membership, leavers_with_things, may_receive, owned_by
from advocacy.people.models import Absence, Membership, Patient
from advocacy.people.models import BrowserSession as Session
from advocacy.tenancy.scope import tenant_models
from cases.commands.access import give_grant
from cases.commands.tasks import hold_task, open_task
from cases.models import Case, CaseTeamMember, Coverage, Task
from tests.cast import NOW, release
from tests.standing import prepared

KINDS = {"drafts", "searches", "cases", "restricted_cases", "tasks", "grants"}


def another(like: Case, reference: str, owner: Membership) -> Case:
    """A case of a patient of its own, at the payer and provider of `like`."""
    patient = Patient.objects.create(
        reference=f"{reference}-P",
        given_name="Ola",
        family_name="Berg",
        birth_date=date(1980, 1, 2),
        registered_at=NOW,
        state="OR",
    )
    coverage = Coverage.objects.create(patient=patient, payer=like.coverage.payer, member_id=reference)
    return Case.objects.create(
        reference=reference,
        patient=patient,
        coverage=coverage,
        provider=like.provider,
        treatment="iv_ketamine",
        diagnosis_codes=["F33.2"],
        procedure_codes=["J3490"],
        owner=owner,
        opened_at=NOW,
        last_touched_at=NOW,
    )


@prepared
def full(cast):
    """Nora with two cases and a restricted one, tasks on each, access to one of Nils', a draft and a search."""
    nora, nils = cast.members["nora"], cast.members["nils"]
    at = timezone.now()
    another(cast.case, "HB-2026-0002", nora)
    secret = another(cast.case, "HB-2026-0003", nora)
    Case.objects.filter(pk=secret.pk).update(is_restricted=True)
    for case in Case.objects.filter(owner=nora):
        open_task(actor=cast.nora, case=case, title="Call the plan", owner=nora, at=at)
    held = Task.objects.filter(case=cast.case).get()
    hold_task(actor=cast.nora, task=held, until=at + timedelta(days=5), reason="waiting", at=at)
    theirs = another(cast.case, "HB-2026-0004", nils)
    release(theirs.patient)
    give_grant(actor=cast.sam, case=theirs, user=cast.users["nora"], reason="cover", at=at)
    save_draft(actor=cast.nora, key="patient:new", fields={"given_name": ["X"]}, at=at)
    save_search(actor=cast.nora, query={"q": "Berg"}, at=at)
    return cast


def counts(member) -> dict[str, int]:
    return {thing.kind.key: thing.count for thing in owned_by(member) if thing.kind.key in KINDS}


NOTHING = {"drafts": 0, "searches": 0, "cases": 0, "restricted_cases": 0, "tasks": 0, "grants": 0}


def test_everything_is_handed_on_or_ended_in_one_act(full, client):
    nora, nils, sam = (full.members[k] for k in ("nora", "nils", "sam"))
    client.force_login(full.users["nora"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert Session.objects.count() == 1
    assert counts(nora) == {
        "drafts": 1,
        "searches": 1,
        "cases": 2,
        "restricted_cases": 1,
        "tasks": 3,
        "grants": 1,
    }
    end_membership(
        actor=full.olga,
        member=nora,
        receivers={"cases": [nils, sam], "restricted_cases": [sam], "tasks": [nils]},
        at=timezone.now(),
    )
    assert counts(nora) == NOTHING
    assert leavers_with_things(timezone.now()) == []
    owners = dict(Case.objects.values_list("reference", "owner__user__name"))
    assert owners == {
        "HB-2026-0001": "Nils Navigator",
        "HB-2026-0002": "Sam Supervisor",
        "HB-2026-0003": "Sam Supervisor",
        "HB-2026-0004": "Nils Navigator",
    }
    tasks = dict(Task.objects.values_list("case__reference", "owner__user__name"))
    # A task of a restricted case goes where its case went: nobody else may see it.
    assert tasks == {
        "HB-2026-0001": "Nils Navigator",
        "HB-2026-0002": "Nils Navigator",
        "HB-2026-0003": "Sam Supervisor",
    }
    held = Task.objects.get(case=full.case)
    assert (held.status, held.hold_reason) == ("held", "waiting")
    assert Session.objects.count() == 0
    assert client.get("/admin/today/").status_code == 302
    moved = Event.objects.get(verb="member_ended").data["moved"]
    assert {k: v for k, v in moved.items() if k in KINDS} == {
        "drafts": 1,
        "searches": 1,
        "cases": 2,
        "restricted_cases": 1,
        "tasks": 3,
        "grants": 1,
    }
    with pytest.raises(WrongState):
        end_membership(actor=full.olga, member=nora, receivers={}, at=timezone.now())


def test_a_restricted_case_needs_a_name_and_a_receiver_must_be_fit(full):
    nora, anna = full.members["nora"], full.members["anna"]
    for receivers, code in (
        ({}, "needs_owner"),
        ({"restricted_cases": [anna]}, "receiver_unfit"),
        ({"restricted_cases": [nora]}, "receiver_unfit"),
    ):
        with pytest.raises(Refused) as refused:
            end_membership(actor=full.olga, member=nora, receivers=receivers, at=timezone.now())
        assert [r.code for r in refused.value.reasons] == [code]
    assert counts(nora)["cases"] == 2
    assert Membership.objects.get(pk=nora.pk).ended_at is None
    kinds = {kind.key: kind for kind in registries.re_homing}
    assert [str(m.user) for m in may_receive(kinds["cases"], nora)] == ["Nils Navigator", "Sam Supervisor"]


def test_the_pages_of_keeping_an_organization_cost_the_same_however_much_there_is(full, sign_in):
    olga = sign_in("olga")
    urls = [
        reverse("people:member_end", args=[full.members["nora"].public_id]),
        reverse("people:leavers"),
        reverse("people:invitations"),
        reverse("appeals:setup"),
        reverse("appeals:templates"),
        reverse("cases:organization"),
    ]
    costs = {}
    for url in urls:
        olga.get(url)
        with CaptureQueriesContext(connection) as counted:
            assert olga.get(url).status_code == 200
        costs[url] = len([q for q in counted.captured_queries if "SAVEPOINT" not in q["sql"]])
    assert {url: cost for url, cost in costs.items() if cost > 12} == {}


def test_the_last_admin_does_not_leave(cast):
    with pytest.raises(Refused) as refused:
        end_membership(actor=cast.olga, member=cast.members["olga"], receivers={}, at=NOW)
    assert [r.code for r in refused.value.reasons] == ["last_admin"]


def test_the_guided_page_counts_shows_and_does(full, sign_in):
    olga = sign_in("olga")
    nora, nils = full.members["nora"], full.members["nils"]
    url = reverse("people:member_end", args=[nora.public_id])
    page = olga.get(url).content.decode()
    for private in ("Dana", "Whitlock", "HB-2026", "Berg", "Call the plan"):
        assert private not in page
    assert "Open cases" in page and "Restricted cases" in page
    missing = olga.post(url, {"to_cases": "nobody", "to_tasks": "nobody", "look": "1"})
    assert (missing.status_code, list(missing.context["form"].errors)) == (422, ["to_restricted_cases"])
    typed = {
        "to_cases": "everybody",
        "to_restricted_cases": str(nils.public_id),
        "to_tasks": str(nils.public_id),
    }
    foreign = olga.post(url, typed | {"to_cases": str(full.members["mia"].public_id), "confirm": "1"})
    assert (foreign.status_code, list(foreign.context["form"].errors)) == (422, ["to_cases"])
    shown = olga.post(url, typed | {"look": "1"})
    assert shown.status_code == 200
    assert "Open cases: 2: 1 to Nils Navigator, 1 to Sam Supervisor." in shown.context["preview"]
    assert Membership.objects.get(pk=nora.pk).ended_at is None
    assert olga.post(url, typed | {"confirm": "1"}).status_code == 302
    assert counts(nora) == NOTHING
    assert olga.get(url).status_code == 302
    assert sign_in("nora").get("/admin/patients/new/").status_code == 403


def test_the_nightly_check_ends_what_ran_out_and_finds_what_is_left(cast, mailoutbox, sign_in):
    member = cast.members["nora"]
    Membership.objects.filter(pk=member.pk).update(until=timezone.now() - timedelta(hours=1))
    job = queue.enqueue("people.check_leavers")
    assert queue.run(cast.harbor.pk, job.pk) == "done"
    member.refresh_from_db()
    assert member.ended_at == member.until
    (leaver,) = leavers_with_things(timezone.now())
    assert (leaver.member, {t.kind.key: t.count for t in leaver.things}) == (member, {"cases": 1})
    assert [m.to for m in mailoutbox] == [["sam@harbor.example"]]
    assert "Dana" not in mailoutbox[0].body and "/admin/leavers/" in mailoutbox[0].body
    again = queue.enqueue("people.check_leavers")
    assert queue.run(cast.harbor.pk, again.pk) == "done"
    assert len(mailoutbox) == 1
    for who in ("sam", "olga"):
        page = sign_in(who).get("/admin/leavers/").content.decode()
        assert "Nora Navigator" in page and "Open cases" in page and "HB-2026" not in page
    assert sign_in("nils").get("/admin/leavers/").status_code == 403
    still = reverse("people:member_end", args=[cast.members["nils"].public_id])
    assert sign_in("sam").get(still).status_code == 403
    # Handing on works for somebody who has gone already.
    url = reverse("people:member_end", args=[member.public_id])
    # Also by whoever assigns work; ending a membership is for who keeps the members.
    answer = sign_in("sam").post(url, {"to_cases": str(cast.members["nils"].public_id), "confirm": "1"})
    assert answer.status_code == 302
    assert leavers_with_things(timezone.now()) == []


def test_every_reference_to_an_owner_is_found_by_the_check(cast):
    """A planted orphan of each kind that names a member."""
    left = cast.members["nils"]
    task = open_task(actor=cast.nora, case=cast.case, title="Call", owner=left, at=timezone.now())
    Membership.objects.filter(pk=left.pk).update(ended_at=timezone.now())
    (leaver,) = leavers_with_things(timezone.now())
    assert {t.kind.key: t.count for t in leaver.things} == {"tasks": 1}
    Task.objects.filter(pk=task.pk).update(status="done")
    assert leavers_with_things(timezone.now()) == []


def absence(member, cover) -> Absence:
    today = timezone.localdate()
    return Absence.objects.create(
        member=member, cover=cover, from_on=today, until_on=today + timedelta(days=5), recorded_at=NOW
    )


def test_absences_covers_and_places_on_teams_go_too(cast):
    nora, nils, sam = (cast.members[k] for k in ("nora", "nils", "sam"))
    own, theirs, other = absence(nora, sam), absence(nils, nora), absence(sam, nora)
    place = CaseTeamMember.objects.create(
        case=cast.case, role="backup", member=nora, from_on=NOW.date(), named_at=NOW
    )
    at = timezone.now()
    end_membership(actor=cast.olga, member=nora, receivers={"cases": [nils], "covers": [sam]}, at=at)
    for row in (own, theirs, other, place):
        row.refresh_from_db()
    assert (own.ended_at, theirs.cover, other.ended_at, place.ended_at) == (at, sam, at, at)
    assert leavers_with_things(at) == []


def test_every_table_that_names_a_member_is_re_homed_or_listed_here():
    """A new reference to a membership: say in a `ReHoming` what becomes of it, or here why nothing does."""
    stays = {
        "appeals.Reminder.member": "history: who was told of a date; nothing more goes to a leaver",
        "cases.CaseTeamMember.member": "teams",
        "cases.Case.owner": "cases",
        "cases.Inquiry.owner": "inquiries",
        "cases.Task.owner": "tasks",
        "people.Absence.cover": "covers",
        "people.Absence.member": "absences",
        "people.CalendarFeed.member": "history: opens nothing from then on, since whose it is is asked at every read",
        "people.DailyDigest.member": "history: what they chose; nobody who left is written to",
        "people.Invitation.member": "history: who came of an invitation",
        "people.RoleTerm.member": "history: when a role of theirs was to end; whoever left has no role",
    }
    found = {
        f"{model._meta.label}.{field.name}"
        for model in tenant_models()
        for field in model._meta.local_fields
        if field.related_model is Membership
    }
    assert found == set(stays)
    keys = {kind.key for kind in registries.re_homing}
    assert {key for key in stays.values() if ":" not in key} <= keys
