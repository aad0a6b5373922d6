"""A user is global; a membership makes somebody act in one organization, with roles, for a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from advocacy.tenancy.isolation import SameOrganization, tenant_key
from advocacy.tenancy.scope import TenantModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. `is_superuser` is never consulted for patient data."""

    public_id = models.UUIDField(default=uuid7, editable=False, unique=True)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        default=False, help_text="May enter the desk at all; memberships say what is seen."
    )
    shortcuts = models.BooleanField(
        default=True, help_text="Single-key shortcuts on desk pages (WCAG 2.1.4)."
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name


class Team(TenantModel):
    name = models.CharField(max_length=80)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="people_team_name")]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """Live from `starts_at` until `ended_at` (aware; exclusive).

    `until` is set ahead (a temporary colleague): from then on nothing opens, whether or not the nightly check has ended it.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    roles = ArrayField(models.CharField(max_length=30))
    team = tenant_key("people.Team", null=True, blank=True, related_name="members")
    starts_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            SameOrganization("team"),
            models.UniqueConstraint(
                fields=["organization", "user"], condition=Q(ended_at=None), name="people_membership_one_live"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("starts_at")),
                name="people_membership_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"

    def works_at(self, at: datetime) -> bool:
        """Whether the membership is not over at `at`."""
        return self.ended_at is None and (self.until is None or self.until > at)
