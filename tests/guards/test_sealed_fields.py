"""Free text is sealed: every plain text column of a tenant table stands here with the reason why it names no patient.

A new text column is `SealedTextField`, or a code with `choices`, or a line in PLAIN. Lists and structured data count too.
Nothing that somebody types about a case stands here: what is typed and plain belongs to the organization's own look-ups.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from advocacy.tenancy.scope import tenant_models

COUNTED_BY = ["population", "month", "regime", "treatment", "stage", "reason", "code"]
CODE = "a code or key of our own data, checked against it, never free text"
LOOKUP = "a look-up row of the organization: a business, not a patient"
PUBLISHED = "published by a state: no person in it"
REFERENCE = "made by the program, shown instead of a name"
SEARCH = "search text: outside the trail, rebuilt by command"
OURS = "sentences the program makes from dates and the text of rules"
IDS = "primary keys of rows"

PLAIN = {
    "background.Job": {
        "name": CODE,
        "reason": "our own words, or the kind of an error; never an error's text",
        "arguments": IDS,
    },
    "people.Draft": {"key": CODE},
    "people.Patient": {"reference": REFERENCE, "state": CODE, "time_zone": CODE},
    "people.Consent": {"statements": CODE, "special": CODE, "lacks": CODE},
    "people.Membership": {"roles": CODE},
    "people.PortalAccess": {"scope": CODE},
    "people.PatientSearch": {
        "name": SEARCH,
        "sorted_name": SEARCH,
        "birth_date": SEARCH,
        "phones": SEARCH,
        "numbers": SEARCH,
    },
    "people.Team": {"name": LOOKUP},
    "people.Invitation": {"roles": CODE},
    "people.SetupTest": {"step": CODE},
    "people.MachineClient": {"purpose": "what a program is for: no person", "roles": CODE, "scopes": CODE},
    "people.SignInProvider": {
        "issuer": "the address of the organization's own provider",
        "client_id": "how that provider calls this installation",
        "domains": "e-mail domains of the organization",
        "strong_acr": CODE,
    },
    "cases.Case": {"reference": REFERENCE, "stage": CODE, "diagnosis_codes": CODE, "procedure_codes": CODE},
    "cases.FailedTreatment": {"scale": CODE},
    "cases.Payer": {"name": LOOKUP, "phone": LOOKUP, "fax": LOOKUP},
    "cases.PayerChannel": {"address": LOOKUP, "line_of_business": LOOKUP, "source": LOOKUP},
    "cases.OwnTaskTemplate": {"key": CODE, "title": LOOKUP, "detail": LOOKUP, "checklist": LOOKUP},
    "appeals.NoticeCheck": {"rule": CODE},
    "appeals.OwnDateRule": {"regime": CODE, "level": CODE, "reason": LOOKUP},
    "appeals.StepOverride": {"step": CODE},
    "appeals.OwnLetterBlock": {"key": CODE, "title": LOOKUP, "text": LOOKUP},
    "cases.Provider": {
        "name": LOOKUP,
        "credentials": LOOKUP,
        "specialty": LOOKUP,
        "facility": LOOKUP,
        "npi": LOOKUP,
        "phone": LOOKUP,
        "fax": LOOKUP,
    },
    "cases.Coverage": {"state_of_issue": CODE},
    "reporting.ReferenceDetermination": dict.fromkeys(
        [
            "reference",
            "diagnosis",
            "diagnosis_detail",
            "treatment",
            "treatment_detail",
            "type",
            "age",
            "gender",
        ],
        PUBLISHED,
    ),
    "reporting.CountedRow": dict.fromkeys(COUNTED_BY, CODE),
    "reporting.CountedCell": dict.fromkeys([*COUNTED_BY, "grain"], CODE),
    "cases.Blob": {"sha256": CODE, "location": CODE, "key_id": CODE},
    "cases.Document": {"sent_key": CODE, "special": CODE},
    "cases.WaitingPage": {"key": CODE, "content_type": CODE, "location": CODE},
    "appeals.LetterApproval": {"digest": CODE},
    "appeals.Demand": {"agency": CODE, "sha256": CODE},
    "cases.DocumentVersion": {
        "content_type": CODE,
        "text_note": "our own words about a file that cannot be read",
    },
    "cases.Communication": {"source": CODE},
    "cases.PatientNotice": {"about": CODE},
    "cases.CaseSearch": {"reference": SEARCH, "numbers": SEARCH},
    "cases.Task": {"code": CODE, "circumstances": CODE, "template": CODE},
    "cases.BenefitAnswer": {"question": CODE, "value": CODE},
    "cases.Inquiry": {"reference": REFERENCE, "reached": CODE},
    "cases.InquirySearch": {"reference": SEARCH, "name": SEARCH},
    "appeals.Answer": {"question": CODE, "value": CODE},
    "appeals.AuthorizationRequest": {"place_of_service": CODE},
    "appeals.RequestItem": {"code": CODE},
    "appeals.Appeal": {"regime": CODE, "level": CODE},
    "appeals.Filing": {"sha256": CODE},
    "cases.Attestation": {"sha256": CODE},
    "appeals.Deadline": {
        "own_reason": LOOKUP,
        "clock": CODE,
        "title": CODE,
        "regime": CODE,
        "rule": CODE,
        "rule_version": CODE,
        "citation": CODE,
        "confidence": CODE,
        "if_missed": CODE,
        "arithmetic": OURS,
        "flags": CODE,
    },
    "appeals.Decision": {"received_evidence": CODE},
    "appeals.DenialReason": {"reason": CODE},
    "appeals.Reminder": {"lead": OURS},
    "appeals.Finding": {"step": CODE},
    "appeals.Proposal": {"fact": CODE, "confidence": CODE},
    "appeals.TreatmentSession": {"place_of_service": CODE},
}


def plain_text_of(model: type[models.Model]) -> set[str]:
    return {
        field.name
        for field in model._meta.local_concrete_fields
        if (isinstance(field, models.CharField | models.TextField) and not field.choices)
        or isinstance(field, models.JSONField)
        or (
            isinstance(field, ArrayField)
            and isinstance(field.base_field, models.CharField | models.TextField)
        )
    }


def test_every_plain_text_column_has_its_reason():
    found = {model._meta.label: plain_text_of(model) for model in tenant_models()}
    assert {label: names for label, names in found.items() if names} == {
        label: set(reasons) for label, reasons in PLAIN.items()
    }
