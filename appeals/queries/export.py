"""What the contest holds about one patient, for the patient. Left out: facts a program proposed and nobody confirmed,
and denials that were set aside or whose letter names somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from advocacy.people.export import Section, of_cases
from advocacy.people.models import Patient
from appeals.models import (
    STANDS,
    Answer,
    Appeal,
    AuthorizationRequest,
    Choice,
    ClockEvent,
    Deadline,
    Decision,
    Demand,
    Denial,
    DenialReason,
    DocumentRequest,
    Effectuation,
    Exhibit,
    Filing,
    GrantedAuthorization,
    ItemOutcome,
    LetterApproval,
    NoticeCheck,
    PeerToPeer,
    RequestItem,
    TreatmentSession,
)
from appeals.queries.doubtful import letters_of_others


def contest_of(patient: Patient) -> Iterator[Section]:
    kept = Denial.objects.filter(STANDS, case__patient=patient).exclude(letter__in=letters_of_others(patient))
    standing: dict[type[Model], dict[str, Any]] = {
        Denial: {"pk__in": kept.values("pk")},
        DenialReason: {"denial__in": kept},
        NoticeCheck: {"denial__in": kept},
    }
    for key, title, model in (
        ("requests", _("What we asked your plan to cover"), AuthorizationRequest),
        ("request_items", _("Each part of it"), RequestItem),
        ("authorizations", _("What your plan allowed"), GrantedAuthorization),
        ("sessions", _("Your treatments"), TreatmentSession),
        ("denials", _("When your plan said no, or did not answer"), Denial),
        ("denial_reasons", _("Why it said no"), DenialReason),
        ("notice_checks", _("What we checked in that letter"), NoticeCheck),
        ("peer_to_peers", _("Calls between doctors"), PeerToPeer),
        ("choices", _("What you chose then"), Choice),
        ("appeals", _("Steps we took"), Appeal),
        ("exhibits", _("What we sent along"), Exhibit),
        ("filings", _("What we sent"), Filing),
        ("demands", _("Letters to whoever was late"), Demand),
        ("letter_approvals", _("Letters we asked you about"), LetterApproval),
        ("decisions", _("What was decided"), Decision),
        ("item_outcomes", _("What became of each part"), ItemOutcome),
        ("effectuations", _("What your plan did after that"), Effectuation),
        ("document_requests", _("Papers we asked your plan for"), DocumentRequest),
        ("deadlines", _("Days that count"), Deadline),
        ("clock_events", _("What moved those days"), ClockEvent),
        ("coverage_answers", _("What we know of your plan"), Answer),
    ):
        yield Section(key, title, model, of_cases(model, patient, **standing.get(model, {})))
