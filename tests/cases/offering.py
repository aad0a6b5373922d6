"""What tests of offers share: Harbor's case that may be offered to Meadow, and Meadow's browser."""

from __future__ import annotations

import io

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from advocacy.errors import Refused
from advocacy.people.models import Consent
from advocacy.tenancy.scope import _apply, _scope, scoped_to
from cases.commands.cases import record_failed_treatment
from cases.commands.documents import upload_document
from cases.commands.offers import revoke_offer
from cases.models import CaseOffer, DocumentVersion
from cases.queries.offers import offers_to_us
from tests.guards.test_routes import visitor
from tests.guards.world_team import names, offered
from tests.standing import prepared

NOTE, LETTER = b"The note that is shared.", b"The letter that stays."


@prepared
def ready(cast, own_vault):
    """A case with something tried before and two documents, and a release that names Meadow."""
    record_failed_treatment(
        actor=cast.nora,
        case=cast.case,
        name="sertraline",
        reason_stopped="ineffective",
        weeks_adequate=9,
        at=timezone.now(),
    )
    for title, data in (("Visit note", NOTE), ("Denial letter", LETTER)):
        upload_document(
            actor=cast.nora,
            case=cast.case,
            kind="clinical_note",
            title=title,
            filename="paper.txt",
            stream=io.BytesIO(data),
            at=timezone.now(),
        )
    names(cast.nora, cast.case.patient, cast.meadow)
    return cast


def consent_of(cast) -> Consent:
    return Consent.objects.filter(patient=cast.case.patient).order_by("pk")[0]


def paper(title: str) -> DocumentVersion:
    return next(v for v in DocumentVersion.objects.select_related("document") if v.document.title == title)


def offer(cast, **given) -> CaseOffer:
    given = {"consent": consent_of(cast).public_id} | given
    return offered(given.pop("actor", cast.nora), cast.case, cast.meadow, **given)


def at_meadow(cast):
    return scoped_to(cast.meadow.pk, actor=cast.mia.key, actor_label=cast.mia.label)


def codes(act) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [r.code for r in refused.value.reasons]


def visit(cast, method: str, name: str, *args, who: str = "mia", data=None):
    """One request by a browser of its own, outside any scope."""
    client: Client = visitor(cast.users[who])
    outside = _scope.set(None)
    try:
        return getattr(client, method)(reverse(f"cases:{name}", args=args), data or {})
    finally:
        _scope.reset(outside)
        _apply()


def reads(cast, made: CaseOffer) -> bool:
    """Whether Meadow reads it now: its page, the list, its document's place and its bytes all say the same."""
    page = visit(cast, "get", "offer_received", made.public_id).status_code
    file = visit(
        cast, "get", "offer_received_file", made.public_id, paper("Visit note").public_id
    ).status_code
    with at_meadow(cast), connection.cursor() as cursor:
        listed = [one.offer for one in offers_to_us()] == [made.public_id]
        cursor.execute("SELECT count(*) FROM search.offered_papers(%s)", [made.public_id])
        places = cursor.fetchone()[0]
    found = (page, file, listed, places)
    assert found in {(200, 200, True, 1), (404, 404, False, 0)}
    return page == 200


def taken_back(cast, made):
    revoke_offer(actor=cast.nora, offer=made, at=timezone.now())
