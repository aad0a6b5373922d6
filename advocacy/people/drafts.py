"""What somebody typed, kept sealed: forms not yet sent, and searches under an opaque id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from advocacy.access.policy import Actor
from advocacy.errors import NotFound, Reason, Refused
from advocacy.people.models import Draft, SavedSearch

LARGEST = 200_000
SEARCHES_KEPT_DAYS = 7


def save_draft(*, actor: Actor, key: str, fields: Mapping[str, Sequence[str]], at: datetime) -> Draft:
    """Keep what is typed into the form `key`, in place of what was kept before. Only its author reads it.

    Raises NotFound for an actor without a user, Refused for a key or a text that no form of ours can have made.
    """
    if actor.user_id is None:
        raise NotFound("draft")
    kept = {name: [str(v) for v in values] for name, values in fields.items()}
    if not key.isprintable() or not 0 < len(key) <= 120:
        raise Refused(
            [Reason("draft_key", "This form has no name to keep its words under. Open its page again.")]
        )
    if sum(len(v) for values in kept.values() for v in values) > LARGEST:
        raise Refused(
            [Reason("draft_too_long", "This text is too long to be kept. Send the form, or shorten it.")]
        )
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(user_id=actor.user_id, key=key).first()
        if draft is None:
            return Draft.objects.create(user_id=actor.user_id, key=key, fields=kept, saved_at=at)
        draft.fields, draft.saved_at = kept, at
        draft.save(update_fields=["fields", "saved_at"])
    return draft


def end_draft(*, actor: Actor, key: str) -> None:
    """The form was sent (or given up): nothing of it is kept. Does nothing when there is no draft."""
    if actor.user_id is not None:
        Draft.objects.filter(user_id=actor.user_id, key=key).delete()


def discard_draft(*, actor: Actor, public_id: UUID) -> None:
    """Give up one form of one's own. Raises NotFound."""
    mine = Draft.objects.filter(user_id=actor.user_id or 0, public_id=public_id)
    if not mine.delete()[0]:
        raise NotFound("draft")


def save_search(*, actor: Actor, query: Mapping[str, Any], at: datetime) -> SavedSearch:
    """Keep a search under an opaque id, so that no address holds a name. Searches of this person older than a week go."""
    if actor.user_id is None:
        raise NotFound("search")
    SavedSearch.objects.filter(
        user_id=actor.user_id, made_at__lt=at - timedelta(days=SEARCHES_KEPT_DAYS)
    ).delete()
    return SavedSearch.objects.create(user_id=actor.user_id, query=dict(query), made_at=at)
