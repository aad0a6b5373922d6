"""The four kinds of answer a command may give instead of doing its work.

A door maps each kind once: NotFound 404, NotAllowed 403, WrongState 409, Refused 422. Anything else is a bug and crashes.
Pure Python: the legal core (`appeals.rules`) returns Reasons and must load without Django.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why something cannot be done: a stable code, a sentence that says what to do, and the form field it belongs to."""

    code: str
    message: str
    field: str | None = None


class DomainError(Exception):
    """Common parent, so that a command's savepoint can tell an answer from a bug."""


class NotFound(DomainError):
    """The row does not exist for this actor: absent and invisible look the same."""


class NotAllowed(DomainError):
    """The actor may see the row and may not do this to it."""

    def __init__(self, permission: str, message: str = "") -> None:
        self.permission = permission
        super().__init__(message or "Your role does not allow this.")


class WrongState(DomainError):
    """The row is not in a state from which this step leads anywhere (or somebody was faster)."""

    def __init__(self, step: str, state: str, message: str = "") -> None:
        self.step = step
        self.state = state
        super().__init__(message or f"This is not possible while the state is {state}.")


class Refused(DomainError):
    """The step exists, and its conditions are not met. Carries every reason, not only the first."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons: tuple[Reason, ...] = tuple(reasons)
        super().__init__(" ".join(r.message for r in self.reasons))
