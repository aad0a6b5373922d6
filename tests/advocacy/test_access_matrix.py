"""Who may do what, as the program prints it: the document is its output, and it says all there is to say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Exists, Q

from advocacy.access.permissions import Permission
from advocacy.access.policy import declared, under
from advocacy.access.roles import PORTAL_ROLES, ROLES
from advocacy.access.scopes import GRANT_SCOPES, SCOPES
from cases.models import Case


def printed() -> str:
    out = io.StringIO()
    call_command("access_matrix", stdout=out)
    return out.getvalue()


def first_cells(text: str, heading: str) -> list[str]:
    """The first column of every table between this heading and the next."""
    part = text.partition(heading)[2].partition("\n## ")[0]
    lines = [line.split(" | ")[0].strip("| `") for line in part.splitlines() if line.startswith("| `")]
    return [line for line in lines if line]


def test_the_document_is_the_output_of_the_command():
    assert (Path(settings.BASE_DIR) / "docs" / "permissions.md").read_text() == printed()


def test_a_condition_that_cannot_be_asked_of_a_related_row_is_refused_and_not_left_out():
    own = Q(is_restricted=False) | ~Q(owner=7)
    assert under("case", own) == Q(case__is_restricted=False) | ~Q(case__owner=7)
    with pytest.raises(TypeError):
        under("case", own & Q(Exists(Case.objects.none())))


def test_every_permission_role_model_and_scope_is_in_it():
    text = printed()
    of_portal = {p for role in PORTAL_ROLES.values() for p in role.permissions}
    assert first_cells(text, "# Who may do what") == [p for p in Permission if p not in of_portal]
    assert first_cells(text, "## On which rows") == sorted(declared())
    assert first_cells(text, "## Dated access to one case") == list(GRANT_SCOPES)
    assert first_cells(text, "## In the patient's portal") == [p for p in Permission if p in of_portal]
    assert first_cells(text, "## Machines at the API") == list(SCOPES)
    for role in (*ROLES.values(), *PORTAL_ROLES.values()):
        assert f"- **{role.title}**: {role.sentence}\n" in text
