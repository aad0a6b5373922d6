"""What may become what: a table per kind of row, and the one function that walks it.

`take()` asks in this order: who (policy), when (state, under a row lock), whether (every guard, all reasons), and only
then writes, with the act recorded in the same transaction. Each row keeps the version of the table it began under.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.tenancy.joined import joined

R = TypeVar("R", bound=models.Model)

# A guard gets the locked row and the facts of the step ("at", "actor", "changes" and what the command adds).
Guard = Callable[[Any, Mapping[str, Any]], "Reason | Iterable[Reason] | None"]


@dataclass(frozen=True)
class Step:
    """One row of the table. `guards` name what must be true; `verb` is the act in the trail."""

    name: str
    from_: frozenset[str]
    to: str
    permission: Permission
    verb: str
    guards: tuple[Guard, ...] = ()
    title: str = ""

    @property
    def label(self) -> str:
        return self.title or self.name.replace("_", " ").capitalize()


class Workflow:
    """The tables of one kind of row, by version; `field` is the state column of the row. A row begins in the first state, or in
    one of `also_begins`."""

    def __init__(
        self,
        name: str,
        states: type[models.TextChoices],
        versions: Mapping[int, tuple[Step, ...]],
        *,
        field: str = "status",
        final: frozenset[str] = frozenset(),
        also_begins: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.states = states
        self.versions = dict(versions)
        self.field = field
        self.final = final
        self.starts = frozenset({states.values[0]}) | also_begins
        self.current = max(self.versions)
        ALL[name] = self

    def steps(self, version: int | None = None) -> tuple[Step, ...]:
        return self.versions[self.current if version is None else version]

    def step(self, name: str, version: int | None = None) -> Step:
        """The named step. Raises KeyError when the version has none of that name."""
        for step in self.steps(version):
            if step.name == name:
                return step
        raise KeyError(f"{self.name} has no step {name}")

    def available(self, row: Any) -> tuple[Step, ...]:
        """Steps that lead out of the row's present state (guards and permissions not asked)."""
        return tuple(s for s in self.steps(row.workflow_version) if getattr(row, self.field) in s.from_)

    def take(
        self,
        name: str,
        row: R,
        *,
        actor: Actor,
        at: datetime,
        changes: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
        reason: str = "",
        expected_version: int | None = None,
        held: R | None = None,
    ) -> R:
        """Move `row` by the named step and return it, locked and saved. `at` is aware. `held` is the same row where the command
        has locked and read it already.

        Raises NotFound or NotAllowed (who), WrongState (when, also when `expected_version` is stale), Refused with all
        reasons (whether). Nothing is written unless all three pass.
        """
        step = self.step(name, row.workflow_version)  # type: ignore[attr-defined]
        require(actor, step.permission, row)
        with joined():
            locked: R = held or type(row)._default_manager.select_for_update().get(pk=row.pk)
            state = getattr(locked, self.field)
            if state not in step.from_:
                raise WrongState(name, state, self._too_late(step, state))
            if expected_version is not None and locked.version != expected_version:  # type: ignore[attr-defined]
                raise WrongState(
                    name,
                    state,
                    "Somebody changed this while you were reading it. Look at it again, then decide.",
                )
            wanted = dict(changes or {})
            given = {"at": at, "actor": actor, "changes": wanted} | dict(facts or {})
            reasons = tuple(r for guard in step.guards for r in _as_reasons(guard(locked, given)))
            if reasons:
                raise Refused(reasons)
            wanted[self.field] = step.to
            names = [f.name for f in locked._meta.concrete_fields]
            if "version" in names:
                wanted["version"] = locked.version + 1  # type: ignore[attr-defined]
            for key, value in wanted.items():
                setattr(locked, key, value)
            locked.save(update_fields=[*wanted, *_indexes_of(locked, wanted)])
            record(
                step.verb,
                subject=locked,
                detail={"from": state, "to": step.to} | dict(detail or {}),
                reason=reason,
            )
        for key in wanted:
            setattr(row, key, getattr(locked, key))
        return locked

    def _too_late(self, step: Step, state: str) -> str:
        sources = ", ".join(str(self.states(s).label) for s in sorted(step.from_))
        return (
            f"This is now {self.states(state).label}. “{step.label}” is possible from: {sources}."
            " Somebody may have been faster; look at the page again."
        )


ALL: dict[str, Workflow] = {}


def _as_reasons(answer: Reason | Iterable[Reason] | None) -> tuple[Reason, ...]:
    if answer is None:
        return ()
    return (answer,) if isinstance(answer, Reason) else tuple(answer)


def _indexes_of(row: models.Model, changed: Mapping[str, Any]) -> list[str]:
    """Blind indexes are recomputed with the sealed field they stand for."""
    return [f.name for f in row._meta.concrete_fields if getattr(f, "of", None) in changed]
