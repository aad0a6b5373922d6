"""Nobody decides on their own request: every table that names two users, and every command that asks the rule."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, models, transaction

from advocacy.people.models import User
from advocacy.tenancy.scope import tenant_models
from tests.factories.rows import MOMENT, Maker

# The one who decides or gives, and the one who asked or is given: the database refuses one user in both.
TWO_PEOPLE = {
    "appeals.OwnDateRule": ("confirmed_by", "proposed_by"),
    "cases.CaseGrant": ("granted_by", "user"),
    "appeals.StepOverride": ("decided_by", "asked_by"),
    "people.BreakGlass": ("reviewed_by", "user"),
    "people.LegalHold": ("lifted_by", "placed_by"),
    "people.PortalAccess": ("invited_by", "user"),
}
BESIDE = {
    "appeals.StepOverride": {"answer": "allowed", "decided_at": MOMENT},
    "people.BreakGlass": {"reviewed_at": MOMENT, "finding": "justified"},
    "people.LegalHold": {"lifted_at": MOMENT},
}
"""What a row of it with both people needs to be whole otherwise."""
# Tables that name two users who may be one, each with the reason.
ONE_MAY_BE_BOTH = {
    "appeals.Denial": "whoever typed a letter in holds it against its picture a second time",
    "appeals.LetterApproval": "the patient answers; a colleague writes down what was said on the phone",
    "cases.CaseOffer": "what was offered is taken back",
    "appeals.Effectuation": "what was recorded as delivered is taken back by whoever recorded it",
    "appeals.TreatmentSession": "a slip is voided by whoever made it",
    "cases.Communication": "logged, read and answered in the course of one conversation",
    "people.MachineClient": "what was issued is taken back",
    "appeals.ServiceTarget": "whoever set one ends it: no law, no patient and no access hangs on it",
}
# The commands that ask the rule. A new approval or decision stands here.
ASKED_BY = {
    "advocacy/people/holds.py": ["lift_hold"],
    "advocacy/people/membership.py": ["change_member"],
    "advocacy/people/portal_invitations.py": ["_to_oneself"],
    "appeals/commands/own_dates.py": ["confirm_own_date"],
    "appeals/commands/overrides.py": ["answer_override"],
    "cases/commands/access.py": ["give_grant"],
    "cases/commands/break_glass.py": ["review_glass"],
    "cases/commands/cases.py": ["assign_cases"],
    "cases/commands/received_offers.py": ["accept_offer", "decline_offer"],
    "cases/commands/team.py": ["name_on_team"],
}


def users_of(model: type[models.Model]) -> list[str]:
    return [
        f.name
        for f in model._meta.local_fields
        if isinstance(f, models.ForeignKey) and f.related_model is User
    ]


def test_every_table_that_names_two_users_says_whether_they_may_be_one():
    naming = {m._meta.label for m in tenant_models() if len(users_of(m)) > 1}
    assert naming == {*TWO_PEOPLE, *ONE_MAY_BE_BOTH}
    assert not set(TWO_PEOPLE) & set(ONE_MAY_BE_BOTH)


@pytest.mark.parametrize("label", TWO_PEOPLE)
def test_the_database_refuses_one_user_in_both(cast, label):
    model = next(m for m in tenant_models() if m._meta.label == label)
    both = dict.fromkeys(TWO_PEOPLE[label], cast.users["sam"])
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Maker().fresh(model, **both, **BESIDE.get(label, {}))
    assert "_two_people" in str(refused.value)


def test_every_decision_asks_the_one_rule():
    found: dict[str, list[str]] = {}
    for room in ("advocacy", "cases", "appeals"):
        for path in sorted((Path(settings.BASE_DIR) / room).rglob("*.py")):
            text = path.read_text()
            if "not_ones_own(" not in text or path.name == "duties.py":
                continue
            asking = [
                f.name
                for f in ast.walk(ast.parse(text))
                if isinstance(f, ast.FunctionDef)
                and any(isinstance(n, ast.Name) and n.id == "not_ones_own" for n in ast.walk(f))
            ]
            found[str(path.relative_to(settings.BASE_DIR))] = asking
    assert found == ASKED_BY
