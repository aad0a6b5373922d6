"""Emergency access: short, told at once, shown on every page, reviewed by somebody else; and the operator has nothing else."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import allows, system_actor, visible
from advocacy.access.scopes import GRANT_SCOPES, GrantScope
from advocacy.audit.models import Event
from advocacy.audit.trail import reason_of
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.models import BreakGlass, Consent, Membership, Patient, User
from advocacy.people.queries import actor_of, memberships_of
from cases.commands.access import restrict_case
from cases.commands.break_glass import TELL_JOB, break_glass, end_glass, review_glass, tell_of
from cases.commands.search_text import index_case
from cases.models import Case, Task
from cases.queries.search import search
from cases.queries.who_sees import who_sees
from tests.cast import PASSWORD, Cast

pytest_plugins = ("tests.terminal",)

WHY = "She called from the bridge; nobody else is in."


@pytest.fixture
def shut(cast):
    """Harbor's one case, restricted to Nora; no release stands."""
    index_case(cast.case)
    restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=timezone.now())
    return cast


def broken(cast: Cast, who: str = "nils", **given: Any) -> BreakGlass:
    values = {"reference": "hb-2026-0001 ", "hours": 2, "reason": WHY, "at": timezone.now()} | given
    return break_glass(actor=cast.actors[who], **values)


def now(cast: Cast, who: str = "nils") -> Any:
    """The actor as the next request makes it."""
    return actor_of(cast.users[who], memberships_of(cast.users[who].pk)[0])


def reads(cast: Cast, who: str = "nils") -> tuple[int, int, int]:
    """How many cases and patients somebody reaches at their next request, and how many cases the search finds."""
    actor = now(cast, who)
    return (
        Case.objects.filter(visible(actor, Case)).count(),
        Patient.objects.filter(visible(actor, Patient)).count(),
        len(search(actor, "HB-2026-0001").cases),
    )


def codes(act: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [r.code for r in refused.value.reasons]


def test_it_opens_for_reading_at_the_next_request_and_to_nobody_else(shut):
    assert reads(shut) == (0, 0, 0)
    glass = broken(shut)
    assert (glass.expires_at - glass.opened_at, glass.patient) == (timedelta(hours=2), shut.case.patient)
    assert reads(shut) == (1, 1, 1)
    assert {p for p in Permission if allows(now(shut), p, shut.case)} == GRANT_SCOPES[
        GrantScope.VIEW
    ].permissions
    assert (reads(shut, "ines"), reads(shut, "sam")) == ((0, 0, 0), (0, 0, 0))
    (event,) = Event.objects.filter(verb="glass_broken")
    assert (event.subject_table, event.patient_ids, reason_of(event)) == (
        "people_breakglass",
        [shut.case.patient_id],
        WHY,
    )
    assert WHY not in str(event.data)


def its_hours_are_over(cast: Cast, glass: BreakGlass) -> None:
    BreakGlass.objects.update(
        opened_at=timezone.now() - timedelta(hours=3), expires_at=timezone.now() - timedelta(seconds=1)
    )


def it_was_ended(cast: Cast, glass: BreakGlass) -> None:
    end_glass(actor=cast.nils, glass=glass, at=timezone.now())


def a_reviewer_ended_it(cast: Cast, glass: BreakGlass) -> None:
    end_glass(actor=cast.petra, glass=glass, at=timezone.now())


@pytest.mark.parametrize("end", [its_hours_are_over, it_was_ended, a_reviewer_ended_it])
def test_it_is_over_at_the_very_next_read(shut, end):
    glass = broken(shut)
    before = now(shut)
    end(shut, glass)
    assert reads(shut) == (0, 0, 0)
    # also for a request that began while it ran: the row is asked, not what the request found
    assert Case.objects.filter(visible(before, Case)).count() == 0
    with pytest.raises(WrongState):
        end_glass(actor=shut.nils, glass=glass, at=timezone.now())


def test_whoever_leaves_reads_nothing_more(shut):
    broken(shut)
    before = now(shut)
    Membership.objects.filter(pk=shut.members["nils"].pk).update(ended_at=timezone.now())
    assert Case.objects.filter(visible(before, Case)).count() == 0
    assert memberships_of(shut.users["nils"].pk) == ()


def test_it_is_refused_with_every_reason(shut):
    assert codes(lambda: broken(shut, reason="soon", hours=5, reference="HB-0")) == [
        "reason_missing",
        "hours",
        "reference_unknown",
    ]
    assert codes(lambda: broken(shut, "nora")) == ["open_already"]
    assert codes(lambda: broken(shut, reference="MD-2026-0001")) == ["reference_unknown"]
    for who in ("olga", "anna", "petra"):
        with pytest.raises(NotAllowed):
            broken(shut, who)
    assert BreakGlass.objects.count() == 0


def test_the_database_knows_no_long_one(shut):
    glass = broken(shut)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BreakGlass.objects.update(expires_at=glass.opened_at + timedelta(hours=4, seconds=1))
    assert "people_breakglass_is_short" in str(refused.value)


def test_supervisors_and_privacy_officers_are_told_at_once_and_once(shut):
    glass = broken(shut)
    assert Job.objects.get(name=TELL_JOB).arguments == {"glass": glass.pk}
    program = system_actor(shut.harbor.pk, "jobs")
    tell_of(actor=program, glass=glass.pk, at=timezone.now())
    tell_of(actor=program, glass=glass.pk, at=timezone.now())
    assert [m.to for m in mail.outbox] == [["petra@harbor.example"], ["sam@harbor.example"]]
    said = f"{mail.outbox[0].subject}\n{mail.outbox[0].body}"
    for word in ("Dana", "Whitlock", "1984", "TMK", "bridge", "ketamine"):
        assert word not in said
    assert "Nils Navigator" in said and shut.case.patient.reference in said
    assert [(t.title, t.owner_id, t.code) for t in Task.objects.all()] == [
        ("Emergency access was used: look at the trail", shut.members["nora"].pk, f"break_glass:{glass.pk}")
    ]
    Membership.objects.filter(user__in=[shut.users["sam"], shut.users["petra"]]).update(
        ended_at=timezone.now()
    )
    mail.outbox.clear()
    tell_of(actor=program, glass=broken(shut, "ines").pk, at=timezone.now())
    assert [m.to for m in mail.outbox] == [["olga@harbor.example"]]


def test_somebody_else_reviews_it_when_it_is_over(shut):
    glass = broken(shut, "clara")
    review = {"glass": glass, "finding": "justified", "review": "Called her back.", "at": timezone.now()}
    with pytest.raises(WrongState):
        review_glass(actor=shut.sam, **review)
    end_glass(actor=shut.clara, glass=glass, at=timezone.now())
    with pytest.raises(NotFound):
        review_glass(actor=shut.nora, **review)
    assert codes(lambda: review_glass(actor=shut.petra, **review | {"finding": "", "review": " "})) == [
        "finding_missing",
        "review_missing",
    ]
    own = broken(shut, "sam")
    end_glass(actor=shut.sam, glass=own, at=timezone.now())
    assert codes(lambda: review_glass(actor=shut.sam, **review | {"glass": own})) == ["own_review"]
    done = review_glass(actor=shut.sam, **review)
    assert (done.finding, done.review, done.reviewed_by_id) == (
        "justified",
        "Called her back.",
        shut.users["sam"].pk,
    )
    with pytest.raises(WrongState):
        review_glass(actor=shut.petra, **review)


def test_at_the_desk(shut, sign_in):
    nils = sign_in("nils")
    case = reverse("appeals:case", args=[shut.case.public_id])
    page, listed = reverse("cases:break_glass"), reverse("cases:glasses")
    assert (nils.get(case).status_code, nils.get(page).status_code, nils.get(listed).status_code) == (
        404,
        200,
        403,
    )
    typed = {"reference": "HB-2026-0001", "reason": WHY, "hours": "1"}
    assert nils.post(page, typed).status_code == 422
    sent = nils.post(page, typed | {"understood": "on"})
    assert (sent.status_code, sent.headers["Location"]) == (
        302,
        reverse("people:patient", args=[shut.case.patient.public_id]),
    )
    glass = BreakGlass.objects.get()
    shown = nils.get(case)
    assert shown.status_code == 200 and shown.context["acts"] == []
    assert "Emergency access runs" in shown.content.decode()
    today = nils.get(reverse("appeals:today")).content.decode()
    assert "Emergency access runs" in today
    ends = [re.findall(r"Until \d+:\d\d [AP]M \w+", text) for text in (shown.content.decode(), today)]
    assert len(ends[0]) == 1 and ends[0] == ends[1]  # one end, in one zone, which it names
    assert nils.post(reverse("cases:note_new", args=[shut.case.public_id]), {"body": "x"}).status_code == 403
    seers = {s.name: [(w.rule, w.why) for w in s.ways] for s in who_sees(shut.case, timezone.now()).seers}
    assert seers == {"Nils Navigator": [("emergency", WHY)], "Nora Navigator": [("owner", "")]}
    end, review = (reverse(f"cases:{n}", args=[glass.public_id]) for n in ("glass_end", "glass_review"))
    assert sign_in("ines").post(end).status_code == 404
    assert sign_in("nils").post(end).status_code == 302
    assert sign_in("nils").get(case).status_code == 404
    assert "Emergency access runs" not in sign_in("nils").get(page).content.decode()
    petra = sign_in("petra")
    assert f'href="{listed}"' in petra.get(reverse("appeals:trails")).content.decode()
    assert "To review" in petra.get(listed).content.decode()
    shown = petra.get(review)
    assert (shown.context["looks"] > 0, WHY in shown.content.decode()) == (True, True)
    assert petra.post(review, {"finding": "not_justified", "review": "Nora was in."}).status_code == 302
    assert "It was not needed" in petra.get(listed).content.decode()
    assert sign_in("nils").get(review).status_code == 404


@pytest.fixture
def operator(db, typed_there):
    typed_there(*[PASSWORD] * 5)
    return User.objects.create_user(
        "root@example.org", PASSWORD, name="Root", is_superuser=True, is_staff=True
    )


def as_operator(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def by_command(account: str = "root@example.org", **given: str) -> str:
    out = io.StringIO()
    values = {"organization": "harbor", "account": account, "reason": WHY, "hours": "1"} | given
    flags = [f"--{key}={value}" for key, value in values.items()]
    call_command("break_glass", "HB-2026-0001", *flags, stdout=out)
    return out.getvalue()


def test_the_operator_opens_a_patient_this_way_only(cast, operator):
    client = as_operator(operator)
    case = reverse("appeals:case", args=[cast.case.public_id])
    assert (client.get(case).status_code, client.get(reverse("appeals:queue")).status_code) == (403, 403)
    assert "Supervisors and privacy officers are being told." in by_command()
    glass = BreakGlass.objects.get()
    shown = client.get(case)
    assert (shown.status_code, "Emergency access runs" in shown.content.decode()) == (200, True)
    assert [s.name for s in who_sees(cast.case, timezone.now()).seers if s.ways[0].rule == "emergency"] == [
        "Root (operator)"
    ]
    assert (
        client.post(reverse("cases:note_new", args=[cast.case.public_id]), {"body": "x"}).status_code == 403
    )
    assert client.get(reverse("cases:access", args=[cast.case.public_id])).status_code == 404
    BreakGlass.objects.filter(pk=glass.pk).update(ended_at=timezone.now())
    assert client.get(case).status_code == 403
    (read,) = {e.actor_label for e in Event.objects.filter(actor=f"user:{operator.pk}", kind="read")}
    assert read == "Root (operator)"


def test_the_command_is_for_operators_and_says_why_not(cast, operator):
    for account, said in (
        ("nils@harbor.example", "no operator's"),
        ("nobody@example.org", "no such account"),
    ):
        with pytest.raises(CommandError, match=said):
            by_command(account)
    with pytest.raises(CommandError, match="no such organization"):
        by_command(organization="elsewhere")
    with pytest.raises(CommandError, match="Say what the emergency is"):
        by_command(reason="soon")
    assert BreakGlass.objects.count() == 0


@pytest.mark.parametrize("command", ["shell", "dbshell"])
def test_a_shell_in_production_wants_it_too(cast, operator, settings, monkeypatch, command):
    settings.PRODUCTION = True
    monkeypatch.setattr("django.core.management.commands.shell.Command.handle", lambda self, **o: "opened")
    monkeypatch.setattr("django.core.management.commands.dbshell.Command.handle", lambda self, **o: "opened")
    with pytest.raises(CommandError, match=r"manage\.py break_glass first"):
        call_command(command)
    by_command()
    glass = BreakGlass.objects.get()
    monkeypatch.setenv("RECOURSE_BREAK_GLASS", str(glass.public_id))
    call_command(command)
    BreakGlass.objects.filter(pk=glass.pk).update(ended_at=timezone.now())
    with pytest.raises(CommandError, match="does not run"):
        call_command(command)
    settings.PRODUCTION = False
    call_command(command)


def test_no_consent_and_no_open_case_is_asked(shut):
    assert Consent.objects.count() == 0
    Case.objects.update(status="closed", outcome="covered", closed_at=timezone.now())
    broken(shut)
    assert reads(shut) == (1, 1, 1)
