"""Whether a drug plan is asked for an exception, where it becomes known after the request went out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import WrongState
from appeals.commands.checks import exception_reasons, locked_case_of, refuse
from appeals.commands.deadlines import follow_act
from appeals.models import AuthorizationRequest
from appeals.workflow import REQUEST


def record_exception(
    *, actor: Actor, request: AuthorizationRequest, exception: str, at: datetime
) -> AuthorizationRequest:
    """Record for which exception the plan is asked (`AuthorizationRequest.ExceptionAsked`, or "" where nobody knows): its time
    runs from the prescriber's statement then (42 CFR 423.568(b), 423.572(a)).

    Raises WrongState when the request has ended, Refused.
    """
    require(actor, Permission.REQUEST_AUTHORIZATION, request)
    refuse(exception_reasons(exception))
    with transaction.atomic():
        case = locked_case_of(request)
        row = AuthorizationRequest.objects.select_for_update().get(pk=request.pk)
        if row.status in REQUEST.final:
            raise WrongState(
                "record_exception", row.status, "This has ended: nothing moves its clock any more."
            )
        row.exception, row.version = exception, row.version + 1
        row.save(update_fields=["exception", "version"])
        record("exception_recorded", subject=row, detail={"kind": exception})
        follow_act(case, at)
    return row
