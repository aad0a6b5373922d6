"""The full Harbor for the guards that visit every address."""

from tests.guards.world import world

__all__ = ["world"]
