"""What an act asks of the policy is a text made once for many: the same text, and the same values, as the ORM makes for one."""

from __future__ import annotations

from contextvars import Context
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.access.policy import PARTS, Actor, Part, _question, _rows_by, declared
from advocacy.access.statements import NOBODYS
from advocacy.tenancy.scope import OutsideScope
from cases.models import Case
from tests.cast import Cast

PERMISSIONS = (Permission.SEE_CASES, Permission.ASSIGN_CASE, Permission.UPLOAD_DOCUMENT)
PEOPLE = ("nora", "sam", "anna")
BY_ROLE, BY_EXCEPTION = PARTS


def at_no_moment(text: str, params: Any) -> tuple[str, list[Any]]:
    return text, ["now" if isinstance(p, datetime) else p for p in params]


def for_one(part: Part, actor: Actor, permission: Permission, model: Any) -> tuple[str, list[Any]]:
    """What the ORM makes of the policy for this actor and the row 7."""
    rows = _rows_by(part, actor, permission, model, 7).order_by().values("pk")[:1]
    try:
        return at_no_moment(*rows.query.sql_with_params())
    except EmptyResultSet:
        return NOBODYS.sql, []


@pytest.mark.parametrize("label", sorted(declared()))
def test_the_text_for_many_is_the_text_for_one(cast: Cast, label: str):
    model = apps.get_model(label)
    for who in (getattr(cast, name) for name in PEOPLE):
        for permission in PERMISSIONS:
            for part in PARTS:
                asked = _question(part, who, permission, model)
                mine = at_no_moment(asked.sql, asked.of(who, 7))
                assert mine == for_one(part, who, permission, model), (who.key, permission)


def test_two_with_the_same_roles_share_a_text_and_each_is_asked_by_their_own_key(cast: Cast):
    asked = {_question(BY_ROLE, who, Permission.SEE_CASES, Case) for who in (cast.nora, cast.nils)}
    (one,) = asked
    keys = {cast.nora.membership_id, cast.nils.membership_id}
    assert [keys & {*one.of(who, 7)} for who in (cast.nora, cast.nils)] == [
        {cast.nora.membership_id},
        {cast.nils.membership_id},
    ]


def test_the_moment_is_that_of_the_asking(cast: Cast):
    asked = _question(BY_EXCEPTION, cast.nora, Permission.SEE_CASES, Case)
    before = timezone.now()
    moments = [p for p in asked.of(cast.nora, 7) if isinstance(p, datetime)]
    assert moments
    assert min(moments) >= before


def test_outside_an_organization_nothing_is_asked(cast: Cast):
    asked = _question(BY_ROLE, cast.nora, Permission.SEE_CASES, Case)
    with pytest.raises(OutsideScope):
        Context().run(asked.of, cast.nora, 7)
