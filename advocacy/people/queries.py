"""Who somebody is, where they work, which patients they may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q, QuerySet
from django.http import HttpRequest

from advocacy.access.disclosures import Authorization
from advocacy.access.policy import Actor, visible
from advocacy.errors import NotFound
from advocacy.people import rules
from advocacy.people.models import (
    Absence,
    Consent,
    Contact,
    Draft,
    Invitation,
    Membership,
    Patient,
    RoleTerm,
    SavedSearch,
    Team,
)
from advocacy.people.policies import standing_on
from advocacy.tenancy.models import Organization

SESSION_KEY = "organization"
PROVIDER_KEY = "came_by_provider"


@dataclass(frozen=True)
class LiveMembership:
    """One row of the definer function: a membership that is live now, with its organization."""

    membership_id: int
    organization: Organization
    roles: tuple[str, ...]
    team_id: int | None
    glass_until: datetime | None = None
    provider: UUID | None = None
    only_by_provider: bool = False

    @property
    def organization_id(self) -> int:
        return self.organization.pk

    @property
    def organization_public_id(self) -> UUID:
        return self.organization.public_id

    @property
    def organization_name(self) -> str:
        return self.organization.name


@dataclass(frozen=True)
class Resolved:
    """Who asks. `settings_written`: the statement that found out has told the database already (see tenancy.scope)."""

    actor: Actor | None
    organization: Organization | None
    memberships: tuple[LiveMembership, ...]
    settings_written: bool = False


NOBODY = Resolved(None, None, ())


def memberships_of(user_id: int) -> tuple[LiveMembership, ...]:
    """The user's live memberships in every organization, by organization name: the one read that crosses tenants.

    It goes through a definer function that returns nothing but these columns, since row-level security hides memberships
    until an organization is chosen.
    """
    found: Iterable[Any] = Organization.objects.raw(_MEMBERSHIPS, [user_id])
    return tuple(
        LiveMembership(
            row.membership_id,
            row,
            tuple(row.roles),
            row.team_id,
            row.glass_until,
            row.provider,
            row.only_by_provider,
        )
        for row in found
    )


_MEMBERSHIPS = """
SELECT o.*, m.membership_id, m.roles, m.team_id, m.glass_until, m.provider, m.only_by_provider
  FROM search.memberships_of(%s) WITH ORDINALITY m JOIN tenancy_organization o ON o.id = m.organization_id
 ORDER BY m.ordinality"""


_GLASS = """
SELECT o.*, g.glass_until
  FROM search.broken_glass_of(%s) WITH ORDINALITY g JOIN tenancy_organization o ON o.id = g.organization_id
 ORDER BY g.ordinality LIMIT 1"""


def resolve(request: HttpRequest) -> Resolved:
    """The signed-in user's actor in the organization chosen in the session (the first one when none is chosen)."""
    user: Any = request.user
    if not user.is_authenticated:
        return NOBODY
    came_by = provider_of_session(request)
    held = memberships_of(user.pk)
    memberships = _opened(held, came_by)
    if not memberships:
        request.asks_for_provider = bool(held) and not came_by  # type: ignore[attr-defined]
        return NOBODY if came_by else _in_emergency(user)
    chosen = request.session.get(SESSION_KEY)
    live = next((m for m in memberships if str(m.organization_public_id) == chosen), memberships[0])
    return Resolved(actor_of(user, live), live.organization, memberships)


def provider_of_session(request: HttpRequest) -> str:
    """The public id of the provider by which this very person signed in here; "" for whoever came by a passphrase."""
    mark: Any = request.session.get(PROVIDER_KEY)
    return str(mark["provider"]) if mark and mark["user"] == request.user.pk else ""


def _opened(memberships: tuple[LiveMembership, ...], came_by: str) -> tuple[LiveMembership, ...]:
    """An organization's provider opens that organization and no other; where it is the only way, nothing else does."""
    if came_by:
        return tuple(m for m in memberships if str(m.provider) == came_by)
    return tuple(m for m in memberships if not m.only_by_provider)


def _in_emergency(user: Any) -> Resolved:
    """Whoever runs the installation, while emergency access runs: an actor without any role, in that organization."""
    if not user.is_superuser:
        return NOBODY
    found: Any = Organization.objects.raw(_GLASS, [user.pk])
    place = next(iter(found), None)
    if place is None:
        return NOBODY
    actor = Actor(
        key=f"user:{user.pk}",
        label=f"{user} (operator)",
        organization_id=place.pk,
        user_id=user.pk,
        glass_until=place.glass_until,
    )
    return Resolved(actor, place, ())


def actor_of(user: Any, live: LiveMembership) -> Actor:
    return Actor(
        key=f"user:{user.pk}",
        label=str(user),
        organization_id=live.organization_id,
        user_id=user.pk,
        membership_id=live.membership_id,
        roles=frozenset(live.roles),
        team_ids=frozenset({live.team_id} if live.team_id else ()),
        glass_until=live.glass_until,
    )


def patients_visible_to(actor: Actor) -> QuerySet[Patient]:
    return Patient.objects.filter(visible(actor, Patient))


def get_patient(actor: Actor, public_id: UUID) -> Patient:
    """The patient. Raises NotFound when absent or invisible."""
    patient = patients_visible_to(actor).filter(public_id=public_id).first()
    if patient is None:
        raise NotFound("patient")
    return patient


def members_of_organization(*, live: bool = True) -> QuerySet[Membership]:
    """Members of the scope's organization by name; only live ones unless asked otherwise."""
    members = Membership.objects.select_related("user", "team").order_by("user__name", "id")
    return members.filter(ended_at=None) if live else members


def working_members(at: datetime) -> QuerySet[Membership]:
    """Memberships of whoever works here at `at`, whatever the rows still say: the job that writes down who has left, and takes
    roles away that have ended, runs once a day.
    """
    over = RoleTerm.objects.filter(member_id=OuterRef("pk"), ended_at=None, until__lte=at)
    live = Membership.objects.filter(ended_at=None, user__is_active=True)
    return live.filter(Q(until=None) | Q(until__gt=at)).annotate(
        roles_over=ArraySubquery(over.values("role"))
    )


def roles_now(member: Any) -> frozenset[str]:
    """The roles of one of `working_members` that have not ended."""
    return frozenset(member.roles) - frozenset(member.roles_over)


@dataclass(frozen=True)
class Likeness:
    """Somebody who may be the same person. `patient` is None, and `why` empty, when the record is not open to the actor."""

    patient: Patient | None
    why: tuple[str, ...]


CANDIDATES = 100


def likely_duplicates(
    actor: Actor,
    *,
    given_name: str,
    family_name: str,
    birth_date: date,
    phones: Iterable[str],
    other_than: Patient | None = None,
) -> tuple[Likeness, ...]:
    """Registered patients who may be this person, with the reasons; `phones` in any spelling.

    Patients the actor may not open count too, since a second record of one of them does the same harm.
    """
    name = rules.words(f"{given_name} {family_name}")
    new = rules.Known(name, birth_date, frozenset(rules.digits_of(p) for p in phones) - {""})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT patient_id, name, birth_date, phones FROM search.similar_patients(%s, %s, %s, %s::text[], %s)",
            [name, " ".join(sorted(name.split())), birth_date.isoformat(), sorted(new.phones), CANDIDATES],
        )
        candidates = cursor.fetchall()
    found = {
        pk: why
        for pk, known_name, born, known_phones in candidates
        if (other_than is None or pk != other_than.pk)
        and (
            why := rules.may_be_the_same_person(
                new, rules.Known(known_name, date.fromisoformat(born), frozenset(known_phones))
            )
        )
    }
    if not found:
        return ()
    seen = patients_visible_to(actor).in_bulk(list(found))
    return tuple(Likeness(seen[pk], why) if pk in seen else Likeness(None, ()) for pk, why in found.items())


def authorizations_of(about: Any, on: date | None, at: datetime | None) -> list[Authorization]:
    """The releases of health information that stand, of a patient or a row that has one, on the day `on` where the patient
    lives, or on the day of the moment `at`. For `advocacy.access.disclosures`.
    """
    patient: Patient = about if isinstance(about, Patient) else about.patient
    day = on
    if day is None:
        assert at is not None, "whether an authorization stands is a question of a day"
        day = rules.day_in(patient.time_zone, at)
    rows = standing_consents(patient, day).filter(kind__in=rules.AUTHORIZATIONS).order_by("-signed_on", "-pk")
    return [
        Authorization(row.pk, frozenset(row.special), by_name=row.kind == Consent.Kind.SHARING)
        for row in rows
    ]


def standing_consents(patient: Patient, on: date) -> QuerySet[Consent]:
    """Consents that stand on the day `on` (a day where the patient lives): signed, not expired, not withdrawn."""
    return Consent.objects.filter(standing_on(on), patient=patient).order_by("-signed_on", "-id")


def consents_of(patient: Patient) -> QuerySet[Consent]:
    """Every consent ever recorded, newest first."""
    return Consent.objects.filter(patient=patient).select_related("recorded_by").order_by("-signed_on", "-id")


def contacts_of(patient: Patient) -> QuerySet[Contact]:
    """Ways to reach the patient that are in use, the preferred one first."""
    return Contact.objects.filter(patient=patient, ended_at=None).order_by("-is_preferred", "-is_safe", "id")


def safe_numbers(patient: Patient) -> QuerySet[Contact]:
    """Numbers the patient said are safe to call, the preferred one first."""
    return contacts_of(patient).filter(is_safe=True, kind__in=[Contact.Kind.PHONE, Contact.Kind.TEXT])


def get_contact(actor: Actor, public_id: UUID) -> Contact:
    """The contact with its patient. Raises NotFound when absent or invisible."""
    found = (
        Contact.objects.filter(visible(actor, Contact), public_id=public_id).select_related("patient").first()
    )
    if found is None:
        raise NotFound("contact")
    return found


def get_consent(actor: Actor, public_id: UUID) -> Consent:
    """The consent with its patient. Raises NotFound when absent or invisible."""
    found = (
        Consent.objects.filter(visible(actor, Consent), public_id=public_id).select_related("patient").first()
    )
    if found is None:
        raise NotFound("consent")
    return found


def get_member(actor: Actor, public_id: UUID) -> Membership:
    """A live member of the organization, with the user. Raises NotFound."""
    found = members_of_organization().filter(visible(actor, Membership), public_id=public_id).first()
    if found is None:
        raise NotFound("member")
    return found


def end_of_day(organization: Organization, day: date | None) -> datetime | None:
    """The first moment after `day` where the organization is; None for None."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(organization.time_zone))


def invitations_open(actor: Actor) -> QuerySet[Invitation]:
    """Invitations neither accepted nor revoked, expired ones too; unordered, so that a list can page them by key."""
    return Invitation.objects.filter(
        visible(actor, Invitation), accepted_at=None, revoked_at=None
    ).select_related("team", "invited_by")


def get_invitation(actor: Actor, public_id: UUID) -> Invitation:
    """An invitation, whatever became of it. Raises NotFound."""
    found = Invitation.objects.filter(visible(actor, Invitation), public_id=public_id).first()
    if found is None:
        raise NotFound("invitation")
    return found


def get_any_member(actor: Actor, public_id: UUID) -> Membership:
    """A member of the organization, also one who left, with the user. Raises NotFound."""
    members = members_of_organization(live=False)
    found = members.filter(visible(actor, Membership), public_id=public_id).first()
    if found is None:
        raise NotFound("member")
    return found


def teams_of_organization() -> QuerySet[Team]:
    return Team.objects.filter(retired_at=None).order_by("name")


def draft_of(actor: Actor, key: str) -> dict[str, list[str]] | None:
    """What this person was typing into the form `key`, as lists of texts by field name; None when nothing is kept."""
    own = visible(actor, Draft) if actor.portal is None else Q(user_id=actor.user_id or 0)
    draft = Draft.objects.filter(own, key=key).first()
    return draft.fields if draft else None


def drafts_of(actor: Actor) -> list[Draft]:
    """Every form of this person's own that was not sent, newest first."""
    return list(Draft.objects.filter(visible(actor, Draft)).order_by("-saved_at", "-id")[:50])


def get_search(actor: Actor, public_id: UUID) -> SavedSearch:
    """A search of this person's own. Raises NotFound."""
    found = SavedSearch.objects.filter(visible(actor, SavedSearch), public_id=public_id).first()
    if found is None:
        raise NotFound("search")
    return found


def searched_words(actor: Actor, key: str, name: str) -> str:
    """What was typed as `name` in the search whose id an address carries as `key`; "" without a key.

    Raises NotFound for what is no id, and for somebody else's search.
    """
    if not key:
        return ""
    try:
        public_id = UUID(key)
    except ValueError:
        raise NotFound("search") from None
    return str(get_search(actor, public_id).query.get(name, ""))


def absences_within(first: date, last: date) -> QuerySet[Absence]:
    """Absences that run on one of these days (where the organization works) of members who did not leave."""
    return Absence.objects.filter(
        from_on__lte=last, until_on__gte=first, ended_at=None, member__ended_at=None
    )


def absences_on(day: date) -> QuerySet[Absence]:
    """Absences that run on `day` (a day where the organization works) of members who did not leave."""
    return absences_within(day, day)


def absent_now(day: date) -> dict[int, Absence]:
    """Who is away on `day`, by membership: the absence with the member and whoever covers."""
    rows = absences_on(day).select_related("member__user", "cover__user").order_by("id")
    return {row.member_id: row for row in rows}


def covered_by(actor: Actor, day: date) -> QuerySet[Absence]:
    """Absences for which the actor covers on `day`; for `.values("member_id")`."""
    return absences_on(day).filter(cover_id=actor.membership_id or 0)


def absences_from(actor: Actor, day: date) -> QuerySet[Absence]:
    """Absences that run on `day` or begin later, the earliest first."""
    return (
        Absence.objects.filter(
            visible(actor, Absence), until_on__gte=day, ended_at=None, member__ended_at=None
        )
        .select_related("member__user", "cover__user")
        .order_by("from_on", "id")
    )


def get_absence(actor: Actor, public_id: UUID) -> Absence:
    """The absence with the member and whoever covers. Raises NotFound when absent or invisible."""
    found = (
        Absence.objects.filter(visible(actor, Absence), public_id=public_id)
        .select_related("member__user", "cover__user")
        .first()
    )
    if found is None:
        raise NotFound("absence")
    return found
