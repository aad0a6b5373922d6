"""Which people rows somebody reaches. A patient is visible with a case of theirs, or to whoever registers patients."""

from __future__ import annotations

from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, declare


def whole_organization(actor: Actor) -> Q:
    return Q()


def own(actor: Actor) -> Q:
    return Q(user_id=actor.user_id)


declare("people.Membership", see=Permission.SEE_MEMBERS, rows=whole_organization)
declare("people.Team", see=Permission.SEE_MEMBERS, rows=whole_organization)
declare("people.Draft", see=Permission.SEE_CASES, rows=own)
declare("people.SavedSearch", see=Permission.SEE_CASES, rows=own)
declare("people.PatientSearch", see=Permission.SEE_PATIENTS, rows=whole_organization)
