"""Dated access is four conditions at once, asked at each read: the day, the release, the case, the membership."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import allows, visible
from advocacy.access.scopes import GRANT_SCOPES
from advocacy.errors import Refused
from advocacy.people.membership import change_member
from advocacy.people.models import Consent, Membership, Patient
from advocacy.people.queries import actor_of, memberships_of
from advocacy.people.rules import day_in
from cases.commands import access
from cases.commands import cases as commands
from cases.commands.access import restrict_case
from cases.commands.team import name_on_team
from cases.models import Case, CaseGrant
from tests.cast import NOW, Cast, make_member, release


def reads(cast: Cast) -> tuple[int, int]:
    """How many cases and patients Nils reaches."""
    return tuple(model.objects.filter(visible(cast.nils, model)).count() for model in (Case, Patient))


def uses(cast: Cast) -> set[Permission]:
    """What Nils may do on the case, of everything there is."""
    return {p for p in Permission if allows(cast.nils, p, cast.case)}


@pytest.fixture
def granted(cast):
    """Harbor's one case, restricted, and open to Nils for two weeks, as far as access ever goes."""
    now = timezone.now()
    release(cast.case.patient)
    access.restrict_case(actor=cast.sam, case=cast.case, reason="Asked for", at=now)
    assert reads(cast) == (0, 0)
    give = {"actor": cast.sam, "case": cast.case, "user": cast.users["nils"], "reason": "Cover", "at": now}
    for scope, said in GRANT_SCOPES.items():
        access.give_grant(scope=scope, **give)
        assert uses(cast) == said.permissions
    assert reads(cast) == (1, 1)
    return cast


def today(cast: Cast) -> date:
    return day_in(cast.case.patient.time_zone, timezone.now())


def its_day_has_come(cast: Cast) -> None:
    now = timezone.now()
    CaseGrant.objects.update(granted_at=now - timedelta(days=9), expires_at=now - timedelta(seconds=1))


def it_was_ended(cast: Cast) -> None:
    access.end_grant(actor=cast.sam, grant=CaseGrant.objects.get(ended_at=None), at=timezone.now())


def the_release_was_withdrawn(cast: Cast) -> None:
    Consent.objects.update(revoked_at=timezone.now())


def the_release_ran_out_yesterday(cast: Cast) -> None:
    Consent.objects.update(expires_on=today(cast) - timedelta(days=1))


def the_release_begins_tomorrow(cast: Cast) -> None:
    Consent.objects.update(signed_on=today(cast) + timedelta(days=1))


def what_stands_is_no_release(cast: Cast) -> None:
    Consent.objects.update(kind="representation")


def the_case_was_closed(cast: Cast) -> None:
    commands.close_case(
        actor=cast.nora, case=cast.case, outcome="covered", note="Needs no authorization.", at=timezone.now()
    )


def the_membership_ended(cast: Cast) -> None:
    """The actor was made before: the condition stands in the query, not in the sign-in alone."""
    Membership.objects.filter(pk=cast.members["nils"].pk).update(ended_at=timezone.now())


@pytest.mark.parametrize(
    "end",
    [
        its_day_has_come,
        it_was_ended,
        the_release_was_withdrawn,
        the_release_ran_out_yesterday,
        the_release_begins_tomorrow,
        what_stands_is_no_release,
        the_case_was_closed,
        the_membership_ended,
    ],
)
def test_dated_access_ends_at_the_next_read_when(granted, end: Callable[[Cast], None]):
    end(granted)
    assert (reads(granted), uses(granted)) == ((0, 0), set())


def test_a_release_stands_on_its_last_day_and_a_new_one_opens_again(granted):
    Consent.objects.update(expires_on=today(granted))
    assert reads(granted) == (1, 1)
    Consent.objects.update(revoked_at=timezone.now())
    assert reads(granted) == (0, 0)
    release(granted.case.patient)
    assert reads(granted) == (1, 1)


def test_the_day_of_a_release_is_the_day_where_the_patient_lives(granted):
    """Kiritimati and Niue are 25 hours apart: whatever the moment, they have different days."""
    ahead = day_in("Pacific/Kiritimati", timezone.now())
    Consent.objects.update(signed_on=ahead)
    for zone, seen in (("Pacific/Kiritimati", (1, 1)), ("Pacific/Niue", (0, 0))):
        Patient.objects.filter(pk=granted.case.patient_id).update(time_zone=zone)
        assert reads(granted) == seen


def test_dated_access_is_refused_with_every_reason_while_no_release_stands(cast):
    with pytest.raises(Refused) as refused:
        access.give_grant(
            actor=cast.sam, case=cast.case, user=cast.users["nils"], days=400, reason=" ", at=timezone.now()
        )
    assert {r.code for r in refused.value.reasons} == {"reason_missing", "grant_days", "release_missing"}
    assert CaseGrant.objects.count() == 0


def test_restricting_a_case_restricts_the_patients_other_open_cases(cast):
    """Each of them shows the same name."""
    second = Case.objects.create(
        reference="HB-2026-0099",
        patient=cast.case.patient,
        coverage=cast.case.coverage,
        provider=cast.case.provider,
        treatment="esketamine",
        diagnosis_codes=["F33.2"],
        procedure_codes=["G2083"],
        opened_at=NOW,
        last_touched_at=NOW,
    )
    with pytest.raises(Refused) as refused:
        restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=NOW)
    assert [r.code for r in refused.value.reasons] == ["other_case_needs_owner"]
    second.owner = cast.members["nils"]
    second.save(update_fields=["owner"])
    restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=NOW)
    assert list(
        Case.objects.filter(is_restricted=True).order_by("reference").values_list("reference", flat=True)
    ) == [
        "HB-2026-0001",
        "HB-2026-0099",
    ]


def test_nobody_gives_themselves_roles(cast):
    with pytest.raises(Refused) as refused:
        change_member(
            actor=cast.olga,
            member=cast.members["olga"],
            roles=["organization_admin", "supervisor"],
            team=None,
            at=NOW,
        )
    assert [r.code for r in refused.value.reasons] == ["own_roles"]


def test_nobody_lets_themselves_stay_longer(cast):
    until = timezone.now() + timedelta(days=5)
    Membership.objects.filter(pk=cast.members["olga"].pk).update(until=until)
    cast.members["olga"].refresh_from_db()

    def stay(last: datetime | None) -> list[str]:
        with pytest.raises(Refused) as refused:
            change_member(
                actor=cast.olga,
                member=cast.members["olga"],
                roles=["organization_admin"],
                team=None,
                until=last,
                at=timezone.now(),
            )
        return [r.code for r in refused.value.reasons]

    assert stay(None) == ["own_stay"]
    assert stay(until + timedelta(days=1)) == ["own_stay", "last_admin"]


def test_nobody_opens_a_restricted_case_to_themselves(cast):
    """Neither by dated access, nor by taking it, nor by naming themselves on its team; another supervisor does."""
    now, sam = timezone.now(), cast.members["sam"]
    release(cast.case.patient)
    access.restrict_case(actor=cast.sam, case=cast.case, reason="a threat", at=now)
    named = {"role": "backup", "from_on": today(cast), "at": now}

    def refused(act: Callable[[], object]) -> list[tuple[str, str | None]]:
        with pytest.raises(Refused) as found:
            act()
        return [(r.code, r.field) for r in found.value.reasons]

    give = {"case": cast.case, "user": cast.users["sam"], "reason": "curious", "at": now}
    assert [
        refused(lambda: access.give_grant(actor=cast.sam, **give)),
        refused(lambda: commands.assign_case(actor=cast.sam, case=cast.case, owner=sam, at=now)),
        refused(lambda: name_on_team(actor=cast.sam, case=cast.case, member=sam, **named)),
    ] == [[("own_grant", "colleague")], [("own_access", "owner")], [("own_access", "member")]]
    assert Case.objects.filter(visible(cast.sam, Case)).count() == 0
    user, _ = make_member(cast.harbor, "stella", "Stella Supervisor", ["supervisor"])
    stella = actor_of(user, memberships_of(user.pk)[0])
    access.give_grant(actor=stella, **give)
    assert Case.objects.filter(visible(cast.sam, Case)).count() == 1
    name_on_team(actor=stella, case=cast.case, member=sam, **named)
    commands.assign_case(actor=cast.sam, case=cast.case, owner=sam, at=now)
    assert Case.objects.get(pk=cast.case.pk).owner_id == sam.pk
