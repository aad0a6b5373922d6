"""A minimal valid row of any tenant model, for guard tests that must visit every table.

Values come from the field's type; what a constraint demands beyond that is listed in SPECIAL. Rows it hangs on are made
too, in the same scope, once per `Maker`.
"""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

from allauth.idp.oidc.models import Client
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models

from advocacy.people.models import User
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import TenantModel, current_organization_id
from cases.models import Case

DAY = datetime.date(2026, 3, 2)
MOMENT = datetime.datetime(2026, 3, 2, 16, 0, tzinfo=datetime.UTC)

SPECIAL: dict[str, Any] = {
    "cases.Blob.sha256": "a" * 64,
    "appeals.OwnDateRule.days": 10,
    "appeals.ServiceTarget.span": 2,
    "appeals.Filing.sha256": "b" * 64,
    "cases.Attestation.sha256": "d" * 64,
    "cases.ClinicLink.expires_at": MOMENT + datetime.timedelta(days=1),
    "people.CalendarFeed.expires_at": MOMENT + datetime.timedelta(days=365),
    "people.MachineClient.expires_at": MOMENT + datetime.timedelta(days=90),
    "cases.CallTime.minutes": 15,
    "reporting.ReferenceDetermination.year": 2011,
    "reporting.ReferenceDetermination.is_overturned": True,
    "reporting.CountedRow.is_restricted": False,
    "reporting.CountedCell.is_restricted": False,
    "appeals.LetterApproval.digest": "c" * 64,
    "appeals.GrantedAuthorization.sessions": 6,
    "appeals.Proposal.span": [0, 4],
    "cases.CaseOffer.expires_at": MOMENT + datetime.timedelta(days=14),
    "cases.ReceivedOffer.answer": "declined",
    "cases.CaseTeamMember.role": "interpreter",
    "cases.CaseGrant.expires_at": MOMENT + datetime.timedelta(days=14),
    "people.SignInProvider.retired_at": MOMENT,
    "people.RoleTerm.until": MOMENT + datetime.timedelta(days=14),
    "people.BreakGlass.expires_at": MOMENT + datetime.timedelta(hours=1),
}
# Nullable references of which the database wants exactly one.
# References that must not name the row that another one names.
ANOTHER = {"people.Absence.cover"}
ONE_OF = {
    "appeals.ClockEvent": "request",
    "appeals.Demand": "deadline",
    "appeals.Effectuation": "appeal",
    "appeals.ItemOutcome": "decision",
    "appeals.LetterApproval": "appeal",
    "appeals.StepOverride": "appeal",
}


class Maker:
    """Makes rows in the current scope. `row(model)` gives one that exists, or makes it; `fresh(model, ...)` a new one."""

    def __init__(self) -> None:
        self.made: dict[type[models.Model], models.Model] = {}
        self.count = 0

    def row(self, model: type[models.Model]) -> models.Model:
        if model not in self.made:
            self.made[model] = model._default_manager.first() or self.fresh(model)
        return self.made[model]

    def fresh(self, model: type[models.Model], **given: Any) -> models.Model:
        self.count += 1
        values = {}
        for field in model._meta.local_concrete_fields:
            if field.name in given or self.may_stay_empty(model, field):
                continue
            if (
                given
                and ONE_OF.get(model._meta.label) == field.name
                and self.alternatives(model) & set(given)
            ):
                continue
            values[field.name] = self.value(model, field)
        return model._default_manager.create(**values, **given)

    def alternatives(self, model: type[models.Model]) -> set[str]:
        return {f.name for f in model._meta.local_fields if isinstance(f, models.ForeignKey) and f.null} - {
            "authorization",
            "document",
            "document_version",
            "asked_by",
            "decided_by",
        }

    def may_stay_empty(self, model: type[models.Model], field: models.Field) -> bool:
        label = f"{model._meta.label}.{field.name}"
        if label in SPECIAL or ONE_OF.get(model._meta.label) == field.name:
            return False
        return (
            field.primary_key
            or field.null
            or field.has_default()
            or field.name == "organization"
            or field.blank
        )

    def value(self, model: type[models.Model], field: models.Field) -> Any:
        label = f"{model._meta.label}.{field.name}"
        if label in SPECIAL:
            return SPECIAL[label]
        if label == "cases.CaseLink.other":
            return self.fresh(Case)
        if label == "appeals.ServiceTarget.in_force_from":
            return DAY + datetime.timedelta(days=self.count)
        if label == "cases.Provider.npi":
            return f"2{self.count:09}"
        if isinstance(field, models.ForeignKey):
            return self.fresh(field.related_model) if label in ANOTHER else self.related(field.related_model)
        if field.choices:
            return field.choices[0][0]
        if hasattr(field, "context_of"):
            return (
                DAY
                if "Date" in type(field).__name__
                else {"k": 1}
                if "JSON" in type(field).__name__
                else "words"
            )
        if isinstance(field, ArrayField):
            return ["x"]
        if isinstance(field, models.DateTimeField):
            return MOMENT
        if isinstance(field, models.DateField):
            return DAY
        if isinstance(field, models.DecimalField):
            return Decimal("1")
        if isinstance(field, models.UUIDField):
            return uuid.uuid4()
        if isinstance(field, models.IntegerField):
            return self.count
        if isinstance(field, models.BinaryField):
            return b"x"
        return f"v{self.count}"[: field.max_length or 10]

    def related(self, model: type[models.Model]) -> models.Model:
        if model is User:
            return User.objects.create(email=f"u{User.objects.count()}-{self.count}@example.org", name="U")
        if model is Organization:
            return Organization.objects.exclude(pk=current_organization_id()).order_by("pk")[0]
        if model is Client:
            return Client.objects.create(name="machine", grant_types="client_credentials", secret="")
        if model is Permission:
            case = ContentType.objects.get_for_model(Case)
            return Permission.objects.get_or_create(
                codename="view_case", content_type=case, defaults={"name": "Can view case"}
            )[0]
        assert issubclass(model, TenantModel)
        return self.row(model)
