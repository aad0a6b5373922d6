"""Five named lists that the apps above fill when they are ready; the core reads them and knows none of the apps.

Closing a case asks every app for obstacles, a leaver's things are re-homed by every app, a hold of any app stops deletion,
an export gathers from all, and reporting adds figures. No signals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from advocacy.errors import Reason

obstacles_to_closing: list[Callable[[Any], Iterable[Reason]]] = []
holds_on_deletion: list[Callable[[Any], Iterable[Reason]]] = []
re_homing: list[Callable[..., int]] = []
export: list[Callable[[Any], dict[str, Any]]] = []
figures: list[Callable[[Any], dict[str, Any]]] = []
