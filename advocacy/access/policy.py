"""Who may, on which rows. A policy is a Q: the same definition lists the rows and decides about one.

Role matrix (may a supervisor do this at all?) AND a Q (on which rows?) OR an unexpired grant. Nothing declared means
nothing visible.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from advocacy.access.permissions import Permission
from advocacy.access.roles import permissions_of, portal_permissions_of
from advocacy.access.scopes import permissions_of_scopes
from advocacy.access.statements import MEMBER, PLACE, ROW, SOMEBODY, TEAM, Statement, made
from advocacy.errors import NotAllowed, NotFound

NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Portal:
    """The patient's side of an actor: which access they use, for which patient, as what, and for which parts."""

    access_id: int
    patient_id: int
    role: str
    scope: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Actor:
    """Somebody acting in one organization. `key` goes into the trail ("user:12"); a system actor has no user.

    With a `portal` it is a patient or a representative: roles of members then give nothing, and only what
    `declare_portal` opens is there for them. With `scopes` it is a machine: of what its roles give, only what they let
    through is left. `glass_until` is the end of emergency access that runs; the policies ask the rows again.
    """

    key: str
    label: str
    organization_id: int
    user_id: int | None = None
    membership_id: int | None = None
    roles: frozenset[str] = frozenset()
    team_ids: frozenset[int] = frozenset()
    permissions: frozenset[Permission] = field(init=False, default=frozenset())
    system: bool = False
    portal: Portal | None = None
    scopes: frozenset[str] | None = None
    glass_until: datetime | None = None

    def __post_init__(self) -> None:
        if self.portal is not None:
            granted = portal_permissions_of(self.portal.role, self.portal.scope)
        else:
            granted = frozenset(Permission) if self.system else permissions_of(self.roles)
        if self.scopes is not None:
            granted &= permissions_of_scopes(self.scopes)
        object.__setattr__(self, "permissions", granted)

    def may(self, permission: Permission) -> bool:
        """Whether a role of this actor holds the permission at all, on whatever rows."""
        return permission in self.permissions


def system_actor(organization_id: int, name: str) -> Actor:
    """The program itself, doing scheduled work for one organization."""
    return Actor(key=f"system:{name}", label="Recourse", organization_id=organization_id, system=True)


def likes_of(actor: Actor) -> tuple[Any, ...]:
    """What is the same of all members for whom the policy makes the same statements."""
    return (actor.roles, actor.user_id is None, actor.membership_id is None, actor.glass_until is None)


def nobody_like(actor: Actor) -> Actor:
    """A member with the same roles who is nobody: the stand-ins in place of the keys."""
    return Actor(
        key="user:0",
        label="",
        organization_id=PLACE,
        user_id=None if actor.user_id is None else SOMEBODY,
        membership_id=None if actor.membership_id is None else MEMBER,
        roles=actor.roles,
        team_ids=frozenset({TEAM}),
        glass_until=actor.glass_until,
    )


Rows = Callable[[Actor], Q]


@dataclass(frozen=True)
class Policy:
    see: Permission
    rows: Rows
    exceptions: Callable[[Actor, Permission], Q] | None = None
    parent: str = ""
    path: str = ""


@dataclass(frozen=True)
class PortalPolicy:
    see: frozenset[Permission]
    rows: Callable[[Portal], Q]


_policies: dict[str, Policy] = {}
_portal: dict[str, PortalPolicy] = {}


def declare(
    model: str,
    *,
    see: Permission,
    rows: Rows,
    exceptions: Callable[[Actor, Permission], Q] | None = None,
) -> None:
    """`model` is an app label and name. `rows` says which rows a role holder reaches; `exceptions` adds granted ones."""
    _policies[model] = Policy(see, rows, exceptions)


def declare_through(model: str, *, parent: str, path: str) -> None:
    """The rows of `model` are as visible as the `parent` row they hang on, reached by the lookup `path`."""
    _policies[model] = Policy(Permission.SEE_CASES, lambda actor: NOTHING, parent=parent, path=path)


def declare_portal(model: str, *, see: Collection[Permission], rows: Callable[[Portal], Q]) -> None:
    """Which rows of `model` a patient or representative reaches who holds one of the portal permissions `see`.

    Nothing else is theirs: what is not declared here is not there in the portal, whatever `declare` says of members.
    """
    _portal[model] = PortalPolicy(frozenset(see), rows)


def declared_for_portal() -> frozenset[str]:
    return frozenset(_portal)


def declared() -> frozenset[str]:
    return frozenset(_policies)


def described() -> Iterator[tuple[str, str, str]]:
    """Every model with the permission that reads it and which rows that reaches, in words: the rules' own first sentences."""
    for label, policy in sorted(_policies.items()):
        if policy.parent:
            root = _policies[policy.parent]
            while root.parent:
                root = _policies[root.parent]
            yield label, root.see, f"As `{policy.parent}`."
            continue
        also = f" {_sentence(policy.exceptions)}" if policy.exceptions is not None else ""
        yield label, policy.see, _sentence(policy.rows) + also


def _sentence(rule: Callable[..., Q]) -> str:
    said = (rule.__doc__ or "").strip().partition("\n")[0]
    if not said:
        raise AssertionError(f"{rule.__qualname__} does not say which rows it reaches.")
    return said


def under(path: str, q: Q) -> Q:
    """The same condition, asked of a related row: every lookup gets the path in front. Raises TypeError for an expression."""
    moved = Q(_connector=q.connector, _negated=q.negated)
    for child in q.children:
        if isinstance(child, Q):
            moved.children.append(under(path, child))
        elif isinstance(child, tuple):
            lookup, value = child
            moved.children.append((f"{path}__{lookup}", value))
        else:
            # An expression names columns of its own row: left out, the rest would let more through than the policy does.
            raise TypeError(f"A policy that other rows hang on is made of lookups only, not of {child!r}.")
    return moved


def reachable(actor: Actor, permission: Permission, model: type[models.Model] | str) -> Q:
    """The rows of `model` on which `actor` may use `permission`. Every system actor reaches all of its organization."""
    label = model if isinstance(model, str) else model._meta.label
    if actor.portal is not None:
        theirs = _portal.get(label)
        fits = theirs is not None and permission in theirs.see and actor.may(permission)
        return theirs.rows(actor.portal) if theirs is not None and fits else NOTHING
    policy = _policies.get(label)
    if policy is None:
        return NOTHING
    if actor.system:
        return Q()
    if policy.parent:
        return under(policy.path, reachable(actor, permission, policy.parent))
    q = _by_role(policy, actor, permission)
    # Only where there are exceptions at all: Django takes `Q() | other` for `other`.
    return q | _by_exception(policy, actor, permission) if policy.exceptions is not None else q


def _by_role(policy: Policy, actor: Actor, permission: Permission) -> Q:
    return policy.rows(actor) if actor.may(permission) else NOTHING


def _by_exception(policy: Policy, actor: Actor, permission: Permission) -> Q:
    if policy.exceptions is None or actor.user_id is None:
        return NOTHING
    return policy.exceptions(actor, permission)


Part = Callable[[Policy, Actor, Permission], Q]
PARTS: tuple[Part, ...] = (_by_role, _by_exception)


def visible(actor: Actor, model: type[models.Model] | str) -> Q:
    """The rows of `model` this actor may list and open."""
    label = model if isinstance(model, str) else model._meta.label
    if actor.portal is not None:
        held = next((p for p in _portal[label].see if actor.may(p)), None) if label in _portal else None
        return reachable(actor, held, label) if held is not None else NOTHING
    policy = _policies.get(label)
    if policy is None:
        return NOTHING
    root = policy
    while root.parent:
        root = _policies[root.parent]
    return reachable(actor, root.see, label)


def allows(actor: Actor, permission: Permission, row: models.Model) -> bool:
    """Whether the actor may use the permission on this row."""
    if actor.system:
        return True
    model: Any = type(row)
    label = model._meta.label
    if actor.portal is not None or label not in _policies:
        return bool(model._default_manager.filter(reachable(actor, permission, model), pk=row.pk).exists())
    # Most often a role is enough; exceptions take longer to ask for than all the rest.
    if actor.scopes is not None:
        return any(_rows_by(part, actor, permission, model, row.pk).exists() for part in PARTS)
    return any(_question(part, actor, permission, model).finds(actor, row.pk) for part in PARTS)


def _rows_by(part: Part, actor: Actor, permission: Permission, model: Any, pk: int) -> models.QuerySet[Any]:
    """The row, when this part of its policy reaches it for the actor."""
    policy, path = _policies[model._meta.label], ""
    while policy.parent:
        path = f"{path}__{policy.path}" if path else policy.path
        policy = _policies[policy.parent]
    q = part(policy, actor, permission)
    rows: models.QuerySet[Any] = model._default_manager.filter(pk=pk)
    return rows.filter(under(path, q) if path else q)


_questions: dict[tuple[Any, ...], Statement] = {}
"""By part, permission, model and roles: each act asks some of them, and their texts take longer to make than to answer."""


def _question(part: Part, actor: Actor, permission: Permission, model: Any) -> Statement:
    key = (part, permission, model, likes_of(actor))
    if key not in _questions:
        nobody = nobody_like(actor)
        _questions[key] = made(
            lambda: _rows_by(part, nobody, permission, model, ROW).order_by().values("pk")[:1]
        )
    return _questions[key]


def require(actor: Actor, permission: Permission, row: models.Model | None = None) -> None:
    """Raise NotAllowed unless `allows`; NotFound when the row is not even visible. Without a row, the role decides."""
    if row is None:
        if not actor.may(permission):
            raise NotAllowed(permission)
        return
    if allows(actor, permission, row):
        return
    model: Any = type(row)
    if model._default_manager.filter(visible(actor, model), pk=row.pk).exists():
        raise NotAllowed(permission)
    raise NotFound(f"{model._meta.label} is not visible")
