"""What the contest holds about one patient, for the patient. Left out: facts a program proposed and nobody confirmed."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from advocacy.people.export import Section, of_cases
from advocacy.people.models import Patient
from appeals.models import (
    Answer,
    Appeal,
    AuthorizationRequest,
    Choice,
    ClockEvent,
    Deadline,
    Decision,
    Denial,
    DenialReason,
    Exhibit,
    Filing,
    GrantedAuthorization,
    ItemOutcome,
    LetterApproval,
    PeerToPeer,
    RequestItem,
    TreatmentSession,
)


def contest_of(patient: Patient) -> Iterator[Section]:
    for key, title, model in (
        ("requests", _("What we asked your plan to cover"), AuthorizationRequest),
        ("request_items", _("Each part of it"), RequestItem),
        ("authorizations", _("What your plan allowed"), GrantedAuthorization),
        ("sessions", _("Your treatments"), TreatmentSession),
        ("denials", _("When your plan said no"), Denial),
        ("denial_reasons", _("Why it said no"), DenialReason),
        ("peer_to_peers", _("Calls between doctors"), PeerToPeer),
        ("choices", _("What you chose then"), Choice),
        ("appeals", _("Steps we took"), Appeal),
        ("exhibits", _("What we sent along"), Exhibit),
        ("filings", _("What we sent"), Filing),
        ("letter_approvals", _("Letters we asked you about"), LetterApproval),
        ("decisions", _("What was decided"), Decision),
        ("item_outcomes", _("What became of each part"), ItemOutcome),
        ("deadlines", _("Days that count"), Deadline),
        ("clock_events", _("What moved those days"), ClockEvent),
        ("coverage_answers", _("What we know of your plan"), Answer),
    ):
        yield Section(key, title, model, of_cases(model, patient))
