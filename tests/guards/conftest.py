"""The full Harbor for the guards that visit every address."""

from tests.guards.world import full_harbor, world

__all__ = ["full_harbor", "world"]
