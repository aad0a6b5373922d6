"""A colleague's dated access to one case outside the role matrix."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from advocacy.access.duties import two_people
from advocacy.access.grants import Grant
from advocacy.access.scopes import GRANT_SCOPES, GrantScope
from advocacy.tenancy.isolation import SameOrganization, tenant_key


class CaseGrant(Grant):
    content_object = tenant_key("cases.Case", related_name="grants", on_delete=models.CASCADE)

    class Meta(Grant.Meta):
        constraints = [
            SameOrganization("content_object"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("granted_at")), name="cases_casegrant_ends"),
            two_people("granted_by", "user", name="cases_casegrant_two_people"),
        ]
        indexes = [models.Index(fields=["organization", "user", "expires_at"], name="cases_casegrant_user")]

    @property
    def scope(self) -> GrantScope:
        """How far it goes, from guardian's permission."""
        return next(s for s, said in GRANT_SCOPES.items() if said.codename == self.permission.codename)

    @property
    def scope_title(self) -> str:
        return GRANT_SCOPES[self.scope].title

    def __str__(self) -> str:
        return f"grant {self.pk}"
