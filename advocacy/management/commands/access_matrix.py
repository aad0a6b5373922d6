"""Print who may do what, and on which rows. Its output is docs/permissions.md, by equality."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand

from advocacy.access.permissions import Permission
from advocacy.access.policy import described
from advocacy.access.roles import PORTAL_ROLES, ROLES, RoleDescription
from advocacy.access.scopes import GRANT_SCOPES, SCOPES, GrantScope
from advocacy.people.rules import APART

PRINTED = "*Printed by `manage.py access_matrix`; edit the tables in `advocacy/access` and run `manage.py print_docs`.*"


def matrix() -> Iterator[str]:
    """The whole text, paragraph by paragraph."""
    yield "# Who may do what"
    yield PRINTED
    yield from members()
    yield from rows()
    yield from grants()
    yield from operator()
    yield from emergency()
    yield from portal()
    yield from machines()


def printed() -> str:
    return "\n\n".join(matrix()) + "\n"


OF_PORTAL = {p for role in PORTAL_ROLES.values() for p in role.permissions}


def members() -> Iterator[str]:
    yield said_of(ROLES.values())
    yield crossed(ROLES, (p for p in Permission if p not in OF_PORTAL))
    yield (
        "A role says whether at all; the policies below say on which rows. Invisible answers 404, as if it were not there."
    )
    yield "Roles that nobody holds together, neither a person nor a machine:"
    yield "\n".join(
        f"- {ROLES[one].title} with {', '.join(ROLES[role].title for role in ROLES if role in others)}"
        for one, others in APART
    )
    yield (
        "Nobody decides on their own request and nobody gives themselves roles, a longer stay, access to a case, or a"
        " patient's portal: one rule (`advocacy/access/duties.py`), and a CHECK in every table that holds both people."
    )


def rows() -> Iterator[str]:
    yield "## On which rows"
    yield "Of the own organization only, which the database enforces whatever a policy says."
    lines = ["| Rows | Read with | Which |", "|---|---|---|"]
    lines += [f"| `{model}` | `{see}` | {which} |" for model, see, which in described()]
    yield "\n".join(lines)


def grants() -> Iterator[str]:
    yield "## Dated access to one case"
    yield (
        "Given to one colleague with a reason and a last day by whoever holds `cases.grant`, never to oneself. It is over at"
        " the very next read after its day, after it was ended, after the patient's release ended or was withdrawn, after the"
        " case was closed, or after the colleague left, whatever the rows still say."
    )
    lines = ["| Scope | Sentence | Allows |", "|---|---|---|"]
    for scope, said in GRANT_SCOPES.items():
        lines.append(f"| `{scope}` | {said.sentence} | {listed(said.permissions)} |")
    yield "\n".join(lines)


def operator() -> Iterator[str]:
    yield "## The platform's operator"
    yield (
        "Whoever runs the installation holds none of these permissions: an account without a membership opens no page of the"
        " desk, no look-up and no address of the API. `manage.py break_glass` opens one patient's record to a superuser's account"
        " for at most four hours, told and reviewed as below; in production `manage.py shell` and `dbshell` want it too."
    )


def emergency() -> Iterator[str]:
    yield "## Emergency access"
    yield (
        "Whoever holds `cases.break_glass` opens one patient's record and cases, by reference, with a reason, for at most four"
        " hours. It rests on no consent and reads only: "
        + listed(GRANT_SCOPES[GrantScope.VIEW].permissions)
        + ". Supervisors and"
        " privacy officers get a mail at once (never a patient's name), the owner of each open case a task; a banner stands on"
        " every page while it runs; somebody else, who holds `cases.review_glass`, reviews it."
    )


def portal() -> Iterator[str]:
    yield "## In the patient's portal"
    yield said_of(PORTAL_ROLES.values())
    yield crossed(PORTAL_ROLES, (p for p in Permission if p in OF_PORTAL))
    yield (
        "A representative holds those of their scope only. No member holds any of these, and nobody in the portal holds any of"
        " the others. Rows: the patient's own; a representative reaches no restricted case."
    )


def machines() -> Iterator[str]:
    yield "## Machines at the API"
    yield "A machine holds roles; its scopes only take away. It is on no team, is given no dated access and keeps no members."
    lines = ["| Scope | Sentence | Lets through |", "|---|---|---|"]
    lines += [
        f"| `{scope}` | {said.sentence} | {listed(said.permissions)} |" for scope, said in SCOPES.items()
    ]
    yield "\n".join(lines)


def said_of(roles: Iterable[RoleDescription]) -> str:
    return "\n".join(f"- **{role.title}**: {role.sentence}" for role in roles)


def crossed(roles: Mapping[Any, RoleDescription], permissions: Iterable[Permission]) -> str:
    lines = [
        "| Permission | " + " | ".join(role.title for role in roles.values()) + " |",
        "|---|" + ":-:|" * len(roles),
    ]
    for permission in permissions:
        marks = ["x" if permission in role.permissions else "" for role in roles.values()]
        lines.append(f"| `{permission}` | " + " | ".join(marks) + " |")
    return "\n".join(lines)


def listed(permissions: Iterable[Permission]) -> str:
    return ", ".join(f"`{p}`" for p in sorted(permissions))


class Command(BaseCommand):
    help = (
        "Print who may do what, and on which rows: roles, dated access, the operator, the portal, machines."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(printed(), ending="")
