"""What the patient's portal shows about the record itself: who looked, who helps, what was allowed, and all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from advocacy.access.policy import Actor, visible
from advocacy.access.roles import Role
from advocacy.audit.models import Event
from advocacy.audit.trail import about
from advocacy.errors import NotFound
from advocacy.people.consent_words import said_in_their_language
from advocacy.people.models import Consent, Membership, Patient, PortalAccess
from advocacy.people.policies import standing_on
from advocacy.people.rules import day_in
from cases.models import Case

SIZE = 300
"""Looks read at a time: an open page asks several times a minute, so they are told by day and person."""


@dataclass(frozen=True)
class Look:
    """One person on one day (a day where the patient lives): how often, and who they are to the patient."""

    day: date
    who: str
    role: str
    times: int


@dataclass(frozen=True)
class Looks:
    rows: tuple[Look, ...]
    after: str


@dataclass(frozen=True)
class Helper:
    """Somebody whom the patient let in. `state` is "live", "over" (its day has passed) or "ended"."""

    public_id: UUID
    name: str
    relation: str
    parts: tuple[str, ...]
    until: datetime | None
    state: str


@dataclass(frozen=True)
class Allowed:
    public_id: UUID
    kind_code: str
    kind: str
    text: str
    signed_on: date
    expires_on: date | None
    revoked_at: datetime | None
    stands: bool
    is_not_whole: bool
    """Signed on a form that lacks what the law asks for."""
    is_only_oral: bool
    """Said and not signed, where it has to be signed."""


def own_patient(actor: Actor) -> Patient:
    """The patient of the portal this actor came into. Raises NotFound for anybody else."""
    assert actor.portal is not None
    found = Patient.objects.filter(visible(actor, Patient), pk=actor.portal.patient_id).first()
    if found is None:
        raise NotFound("patient")
    return found


def own_cases(actor: Actor) -> list[int]:
    """Primary keys of the patient's cases, for the note of what was shown."""
    return list(Case.objects.filter(visible(actor, Case)).values_list("pk", flat=True))


def looks(actor: Actor, patient: Patient, cases: list[int], after: int | None = None) -> Looks:
    """Who else opened something of this patient, newest first, by day and person. Three statements at most."""
    events = Event.objects.filter(about(cases=cases, patients=[patient.pk]), kind=Event.Kind.READ).exclude(
        actor=actor.key
    )
    if after is not None:
        events = events.filter(pk__lt=after)
    found = list(events.order_by("-pk").values_list("pk", "at", "actor", "actor_label")[: SIZE + 1])
    more, found = len(found) > SIZE, found[:SIZE]
    members = _members({actor_key for _pk, _at, actor_key, _label in found})
    helpers = {
        f"user:{access.user_id}": access.name
        for access in PortalAccess.objects.filter(patient=patient)
        if access.name
    }
    zone = ZoneInfo(patient.time_zone)
    counted: dict[tuple[date, str, str], int] = {}
    for _pk, at, key, label in found:
        who, role = _who(key, label, members, helpers)
        place = (at.astimezone(zone).date(), who, role)
        counted[place] = counted.get(place, 0) + 1
    rows = tuple(Look(day, who, role, times) for (day, who, role), times in counted.items())
    return Looks(rows, str(found[-1][0]) if more else "")


def _members(keys: set[str]) -> dict[str, frozenset[str]]:
    """The roles of the members among the actors, by their key in the trail."""
    users = [int(key[5:]) for key in keys if key.startswith("user:") and key[5:].isdigit()]
    rows = Membership.objects.filter(user_id__in=users).values_list("user_id", "roles")
    return {f"user:{user}": frozenset(roles) for user, roles in rows}


def _who(
    key: str, label: str, members: dict[str, frozenset[str]], helpers: dict[str, str]
) -> tuple[str, str]:
    if key.startswith("system:"):
        return _("Our computer"), _("It checks days and sends mails.")
    if key.startswith("organization:"):
        return label, _("Another organization. You let us show it your case.")
    if key.startswith("machine:"):
        return _("A program we use"), _("It reads or adds papers for us.")
    if key in helpers:
        return helpers[key], _("Helps you")
    titles = {
        Role.INTAKE: _("Takes in new cases"),
        Role.NAVIGATOR: _("Navigator"),
        Role.CLINICIAN: _("Doctor or nurse of our team"),
        Role.SUPERVISOR: _("Leads the team"),
        Role.PRIVACY_OFFICER: _("Checks who looks"),
    }
    held = members.get(key, frozenset())
    return label, next((title for role, title in reversed(titles.items()) if role in held), "")


def helpers_of(actor: Actor, patient: Patient, at: datetime) -> tuple[Helper, ...]:
    """Everybody the patient ever let in, those who may come in now first. One statement."""
    words = {
        "status": _("where my case stands"),
        "documents": _("my papers"),
        "letters": _("letters in my name"),
        "messages": _("my messages"),
    }
    rows = PortalAccess.objects.filter(visible(actor, PortalAccess), patient=patient, kind="representative")
    today = day_in(patient.time_zone, at)
    standing = set(Consent.objects.filter(standing_on(today), patient=patient).values_list("pk", flat=True))
    found = []
    for row in rows.order_by("-pk"):
        over = (row.expires_at is not None and row.expires_at <= at) or (
            row.consent_id is not None and row.consent_id not in standing
        )
        state = "ended" if row.ended_at is not None else "over" if over else "live"
        parts = tuple(words[part] for part in row.scope if part in words)
        found.append(Helper(row.public_id, row.name, row.relation, parts, row.expires_at, state))
    return tuple(sorted(found, key=lambda helper: helper.state != "live"))


def allowed_by(actor: Actor, patient: Patient, at: datetime) -> tuple[Allowed, ...]:
    """Every consent, those that stand first, newest first. One statement."""
    today = day_in(patient.time_zone, at)
    names = {
        Consent.Kind.RELEASE: _("We may get and send your health records"),
        Consent.Kind.SHARING: _("Another organization may have your case"),
        Consent.Kind.REPRESENTATION: _("Somebody may act for you"),
        Consent.Kind.CONTACT: _("We may write to you and call you"),
    }
    found = []
    for row in Consent.objects.filter(visible(actor, Consent), patient=patient).order_by("-signed_on", "-pk"):
        name = names[Consent.Kind(row.kind)]
        found.append(
            Allowed(
                row.public_id,
                row.kind,
                name,
                said_in_their_language(row.scope),
                row.signed_on,
                row.expires_on,
                row.revoked_at,
                row.stands_on(today),
                bool(row.lacks),
                row.is_only_oral,
            )
        )
    return tuple(sorted(found, key=lambda consent: not consent.stands))
