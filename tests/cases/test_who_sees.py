"""Who can see a case, and why: the list says what the policy answers, before and after each way in and each way of ending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import Actor, visible
from advocacy.people.models import (
    BreakGlass,
    Consent,
    MachineClient,
    Membership,
    PortalAccess,
    RoleTerm,
    User,
)
from advocacy.people.portal_access import portal_accesses_of, portal_actor
from advocacy.people.queries import actor_of, memberships_of
from advocacy.people.rules import day_in
from cases.commands import access
from cases.commands import cases as commands
from cases.commands.break_glass import break_glass
from cases.commands.team import end_on_team, name_on_team
from cases.models import Case, CaseGrant, CaseTeamMember
from cases.queries.who_sees import COLLEAGUE, MACHINE, PATIENTS_SIDE, who_sees
from tests.cast import Cast, make_member, release
from tests.machines import let_in

ALL = ["clara", "ines", "nils", "nora", "petra", "sam"]
SIDE = ["patient", "representative"]


def opens(actor: Actor, case: Case) -> bool:
    return Case.objects.filter(visible(actor, Case), pk=case.pk).exists()


def answered(cast: Cast) -> tuple[list[str], list[str], list[str]]:
    """Whom the policy lets see the case: every member that ever was, every access to the portal, every machine."""
    members = [
        key
        for key, user in cast.users.items()
        if any(
            opens(actor_of(user, live), cast.case)
            for live in memberships_of(user.pk)
            if live.organization_id == cast.harbor.pk
        )
    ]
    side = [
        live.kind
        for user in User.objects.filter(pk__in=PortalAccess.objects.values("user"))
        for live in portal_accesses_of(user.pk)
        if opens(portal_actor(user, live), cast.case)
    ]
    machines = [
        row.purpose
        for row in MachineClient.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
        if opens(
            Actor(
                key=f"machine:{row.pk}",
                label="",
                organization_id=row.organization_id,
                roles=frozenset(row.roles),
                scopes=frozenset(row.scopes),
            ),
            cast.case,
        )
    ]
    return sorted(members), sorted(side), sorted(machines)


def listed(cast: Cast) -> tuple[list[str], list[str], list[str]]:
    """What the list says of the same; every line has a reason."""
    cast.case.refresh_from_db()
    found = who_sees(cast.case, timezone.now())
    assert all(seer.ways for seer in found.seers)
    people = {f"user:{user.pk}": key for key, user in cast.users.items()}
    return (
        sorted(people[seer.key] for seer in found.of(COLLEAGUE)),
        sorted(seer.ways[0].rule for seer in found.of(PATIENTS_SIDE)),
        sorted(seer.name for seer in found.of(MACHINE)),
    )


@pytest.fixture
def full(cast, quick_hash):
    """Harbor's case: Nils on its team, Cody (who keeps members) and Anna let in, a portal with a helper, two machines."""
    now, today = timezone.now(), day_in(cast.case.patient.time_zone, timezone.now())
    cast.users["cody"], cast.members["cody"] = make_member(
        cast.harbor, "cody", "Cody Colleague", ["organization_admin"]
    )
    patient = cast.case.patient
    release(patient)
    consent = release(patient, kind="representation", expires_on=today + timedelta(days=60))
    name_on_team(
        actor=cast.sam, case=cast.case, role="backup", member=cast.members["nils"], from_on=today, at=now
    )
    for who, scope in (("cody", "edit"), ("anna", "view")):
        give = {"case": cast.case, "user": cast.users[who], "scope": scope, "reason": f"why {who}", "at": now}
        access.give_grant(actor=cast.sam, **give)
    for kind, scope, basis in (("patient", ["status"], None), ("representative", ["letters"], consent)):
        PortalAccess.objects.create(
            user=User.objects.create(email=f"{kind}@side.example"),
            patient=patient,
            kind=kind,
            scope=scope,
            name="" if basis is None else "Rosalind Quillfeather",
            consent=basis,
            starts_at=now - timedelta(days=1),
            expires_at=None if basis is None else now + timedelta(days=50),
        )
    let_in(cast.olga, cast.harbor, scopes=["cases:read"], purpose="Reads cases")
    let_in(cast.olga, cast.harbor, scopes=["figures:read"], roles=["analyst"], purpose="Reads figures")
    return cast


def restricted(cast: Cast) -> None:
    access.restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=timezone.now())


def closed(cast: Cast) -> None:
    Case.objects.filter(pk=cast.case.pk).update(status="closed", outcome="covered", closed_at=timezone.now())


def given_to_nils(cast: Cast) -> None:
    commands.assign_case(actor=cast.sam, case=cast.case, owner=cast.members["nils"], at=timezone.now())


def off_the_team(cast: Cast) -> None:
    end_on_team(actor=cast.sam, entry=CaseTeamMember.objects.get(), at=timezone.now())


def team_day_over(cast: Cast) -> None:
    CaseTeamMember.objects.update(from_on=date(2026, 1, 5), until_on=date(2026, 1, 6))


def grant_ended(cast: Cast) -> None:
    grant = CaseGrant.objects.get(user=cast.users["cody"])
    access.end_grant(actor=cast.sam, grant=grant, at=timezone.now())


def grants_day_over(cast: Cast) -> None:
    past = timezone.now() - timedelta(days=2)
    CaseGrant.objects.update(granted_at=past, expires_at=past + timedelta(days=1))


def release_withdrawn(cast: Cast) -> None:
    Consent.objects.filter(kind="release").update(revoked_at=timezone.now())


def release_ran_out(cast: Cast) -> None:
    Consent.objects.filter(kind="release").update(expires_on=date(2026, 3, 17))


def everybody_left(cast: Cast) -> None:
    Membership.objects.exclude(user=cast.users["sam"]).update(ended_at=timezone.now())


def stay_over(cast: Cast) -> None:
    keys = [cast.members[k].pk for k in ("nora", "cody")]
    Membership.objects.filter(pk__in=keys).update(until=timezone.now() - timedelta(seconds=1))


def role_lost(cast: Cast) -> None:
    Membership.objects.filter(pk=cast.members["nora"].pk).update(roles=["analyst"])


def role_ran_out(cast: Cast) -> None:
    past = timezone.now() - timedelta(days=2)
    RoleTerm.objects.create(
        member=cast.members["nora"], role="navigator", given_at=past, until=past + timedelta(days=1)
    )


def emergency(cast: Cast) -> None:
    reason = "She called from the bridge."
    break_glass(actor=cast.ines, reference=cast.case.reference, reason=reason, at=timezone.now())


def emergency_ended(cast: Cast) -> None:
    BreakGlass.objects.update(ended_at=timezone.now())


def emergency_hours_over(cast: Cast) -> None:
    past = timezone.now() - timedelta(hours=3)
    BreakGlass.objects.update(opened_at=past, expires_at=past + timedelta(hours=1))


def helper_withdrawn(cast: Cast) -> None:
    Consent.objects.filter(kind="representation").update(revoked_at=timezone.now())


def helper_ran_out(cast: Cast) -> None:
    PortalAccess.objects.filter(kind="representative").update(expires_at=timezone.now())


def portal_ended(cast: Cast) -> None:
    PortalAccess.objects.update(ended_at=timezone.now())


def machines_over(cast: Cast) -> None:
    past = timezone.now() - timedelta(days=2)
    MachineClient.objects.update(issued_at=past, expires_at=past + timedelta(days=1))


def machine_revoked(cast: Cast) -> None:
    MachineClient.objects.update(revoked_at=timezone.now())


READERS = ["Reads cases"]
# What happens, one thing after the other, and who sees the case then.
LIVES: dict[tuple[Callable[[Cast], None], ...], tuple[list[str], list[str], list[str]]] = {
    (): (sorted([*ALL, "anna", "cody"]), SIDE, READERS),
    (grant_ended,): (sorted([*ALL, "anna"]), SIDE, READERS),
    (grants_day_over,): (ALL, SIDE, READERS),
    (release_withdrawn,): (ALL, SIDE, READERS),
    (release_ran_out,): (ALL, SIDE, READERS),
    (closed,): (ALL, SIDE, READERS),
    (everybody_left,): (["sam"], SIDE, READERS),
    (stay_over,): (sorted({*ALL, "anna"} - {"nora"}), SIDE, READERS),
    (role_lost,): (sorted({*ALL, "anna", "cody"} - {"nora"}), SIDE, READERS),
    (role_ran_out,): (sorted({*ALL, "anna", "cody"} - {"nora"}), SIDE, READERS),
    (helper_withdrawn,): (sorted([*ALL, "anna", "cody"]), ["patient"], READERS),
    (helper_ran_out,): (sorted([*ALL, "anna", "cody"]), ["patient"], READERS),
    (portal_ended,): (sorted([*ALL, "anna", "cody"]), [], READERS),
    (machines_over,): (sorted([*ALL, "anna", "cody"]), SIDE, []),
    (machine_revoked,): (sorted([*ALL, "anna", "cody"]), SIDE, []),
    (restricted,): (["anna", "cody", "nils", "nora"], ["patient"], []),
    (restricted, grant_ended): (["anna", "nils", "nora"], ["patient"], []),
    (restricted, release_withdrawn): (["nils", "nora"], ["patient"], []),
    (restricted, off_the_team): (["anna", "cody", "nora"], ["patient"], []),
    (restricted, team_day_over): (["anna", "cody", "nora"], ["patient"], []),
    (restricted, given_to_nils): (["anna", "cody", "nils"], ["patient"], []),
    (restricted, role_ran_out): (["anna", "cody", "nils"], ["patient"], []),
    (restricted, emergency): (["anna", "cody", "ines", "nils", "nora"], ["patient"], []),
    (restricted, emergency, closed): (["ines", "nils", "nora"], ["patient"], []),
    (restricted, emergency, emergency_ended): (["anna", "cody", "nils", "nora"], ["patient"], []),
    (restricted, emergency, emergency_hours_over): (["anna", "cody", "nils", "nora"], ["patient"], []),
    (restricted, emergency, everybody_left): ([], ["patient"], []),
    (restricted, role_lost): (["anna", "cody", "nils"], ["patient"], []),
    (restricted, closed): (["nils", "nora"], ["patient"], []),
    (restricted, everybody_left): ([], ["patient"], []),
}


def test_the_list_is_what_the_policy_answers_after_whatever_happened(full):
    wrong = {}
    for life, expected in LIVES.items():
        with transaction.atomic():
            for happens in life:
                happens(full)
            found = listed(full)
            if not found == expected == answered(full):
                wrong[tuple(h.__name__ for h in life)] = (found, answered(full), expected)
            transaction.set_rollback(True)
    assert wrong == {}


def test_each_line_names_the_rule_its_end_and_the_reason(full):
    restricted(full)
    full.case.refresh_from_db()
    found = who_sees(full.case, timezone.now())
    grant = CaseGrant.objects.get(user=full.users["cody"])
    assert {s.name: [(w.rule, w.text, w.until, w.why) for w in s.ways] for s in found.of(COLLEAGUE)} == {
        "Anna Analyst": [
            (
                "grant",
                "Dated access (read), given by Sam Supervisor.",
                CaseGrant.objects.get(user=full.users["anna"]).expires_at,
                "why anna",
            )
        ],
        "Cody Colleague": [
            ("grant", "Dated access (edit), given by Sam Supervisor.", grant.expires_at, "why cody")
        ],
        "Nils Navigator": [("team", "On the team: Backup.", None, "")],
        "Nora Navigator": [("owner", "Owns the case.", None, "")],
    }
    assert found.administrators == ("Sam Supervisor",)


def test_the_page_is_for_whoever_answers_for_access_or_reads_the_trail(full, sign_in):
    url = reverse("cases:who_sees", args=[full.case.public_id])
    assert {who: sign_in(who).get(url).status_code for who in ("sam", "petra", "nora", "cody", "olga")} == {
        "sam": 200,
        "petra": 200,
        "nora": 404,
        "cody": 404,
        "olga": 404,
    }
    page = sign_in("petra").get(url).content.decode()
    assert "why cody" in page and "Rosalind Quillfeather" in page and "Reads cases" in page
    assert url in sign_in("sam").get(reverse("cases:access", args=[full.case.public_id])).content.decode()
    assert url in sign_in("petra").get(reverse("appeals:trail", args=[full.case.public_id])).content.decode()
    restricted(full)
    page = sign_in("sam").get(url).content.decode()
    assert ("Rosalind" in page, "Whitlock" in page, "Nora Navigator" in page) == (False, False, True)
    assert sign_in("petra").get(url).status_code == 404
