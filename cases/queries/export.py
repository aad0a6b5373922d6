"""What the matter holds about one patient, for the patient: rows in plain words, and every document in its newest version.

Left out: notes the team writes for itself, and what only serves its own work (tasks that ask nothing of the patient, the
search text, access of colleagues, links between cases), and letters that may be somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from advocacy.people.export import Enclosed, Section, of_cases
from advocacy.people.models import Patient
from cases.models import (
    Attachment,
    Attestation,
    BenefitAnswer,
    BenefitCheck,
    Blob,
    CallTime,
    Case,
    CaseTeamMember,
    ClinicAsk,
    Communication,
    Cost,
    Coverage,
    Document,
    DocumentVersion,
    FailedTreatment,
    Inquiry,
    NetworkCheck,
    Note,
    PatientNotice,
    Referral,
    Task,
    Triage,
)
from cases.queries.accounting import holds_something_back

KEPT_BACK = "psychotherapy"
"""What is in no document that goes along: notes of psychotherapy (45 CFR 164.524(a)(1)(i))."""
withheld: list[Callable[[Patient], set[int]]] = []
"""Of a patient, the documents that do not go along because they may be somebody else's; the apps above fill it when ready."""
KNOWN = tuple(party for party in Communication.With.values if party != Communication.With.OTHER)
"""With whom entries of the log go along while something is held back from the patient (cases/suspensions.py): a call with an
agency about it stands there as one with somebody else. What went along with such an entry stays back with it, unless the portal
shows it."""
Opener = Callable[[Blob], Iterable[bytes]]
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "text/plain": "txt"}


def _went_along_with_others(patient: Patient) -> QuerySet[Attachment, Any]:
    """Documents that went along with entries of the log with someone else: a report itself, where one was sent."""
    sent = Attachment.objects.filter(case__patient=patient, communication__party=Communication.With.OTHER)
    return sent.values("version__document_id")


def matter_of(patient: Patient, open_blob: Opener) -> Iterator[Section | Enclosed]:
    """`open_blob` opens a stored blob for reading in pieces (the vault's door, which stands above)."""
    others = {pk for of_others in withheld for pk in of_others(patient)}
    own = Document.objects.filter(case__patient=patient).exclude(special__contains=[KEPT_BACK])
    own = own.exclude(pk__in=others)
    told = {"party__in": KNOWN} if holds_something_back(patient, timezone.now()) else {}
    if told:
        own = own.exclude(for_patient=False, pk__in=_went_along_with_others(patient))
    for key, title, of_patient in (
        ("coverages", _("Your plans"), Coverage),
        ("cases", _("Your cases"), Case),
        ("inquiries", _("What you asked us for"), Inquiry),
    ):
        rows = of_patient._default_manager.filter(patient=patient).order_by("id")
        yield Section(key, title, of_patient, list(rows))
    for key, title, model, more in (
        ("failed_treatments", _("What you tried before"), FailedTreatment, {}),
        ("documents", _("Documents"), Document, {"pk__in": own.values("pk")}),
        ("document_versions", _("Files"), DocumentVersion, {"document__in": own}),
        ("communications", _("Calls, letters and messages"), Communication, told),
        (
            "attachments",
            _("What went along with them"),
            Attachment,
            {"version__document__in": own} | {f"communication__{field}": of for field, of in told.items()},
        ),
        ("notes", _("Notes for you"), Note, {"for_patient": True}),
        ("asked", _("What we asked you for"), Task, {"waits_on_patient": True}),
        ("costs", _("Money"), Cost, {}),
        ("benefit_checks", _("What we asked your plan"), BenefitCheck, {}),
        ("benefit_answers", _("What your plan said"), BenefitAnswer, {}),
        ("network_checks", _("Is your doctor in the plan"), NetworkCheck, {}),
        ("referrals", _("Referrals"), Referral, {}),
        ("triages", _("How urgent it was"), Triage, {}),
        ("notices", _("Mails we sent you"), PatientNotice, {}),
        ("team", _("Who works for you"), CaseTeamMember, {}),
        ("clinic_asks", _("What we asked your doctor"), ClinicAsk, {}),
        ("clinic_statements", _("What your doctor signed"), Attestation, {}),
        ("clinic_call_times", _("When your doctor can talk"), CallTime, {}),
    ):
        yield Section(key, title, model, of_cases(model, patient, **more))
    versions = DocumentVersion.objects.filter(document__in=own)
    versions = versions.select_related("blob", "document")
    newest = {version.document_id: version for version in versions.order_by("document_id", "number")}
    for place, version in enumerate(newest.values(), start=1):
        ending = ENDINGS.get(version.content_type, "bin")
        name = f"documents/{place:03d}-{version.document.kind}.{ending}"
        yield Enclosed(name, open_blob(version.blob))
