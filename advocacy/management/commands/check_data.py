"""manage.py check_data: was this data made by the version of the program that stands here? Changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from advocacy.made_by import OLDER, is_older


class Command(BaseCommand):
    help = "Says so, and fails, when the data was made by an earlier version whose migrations were rewritten since."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if is_older(connection):
            self.stdout.write(OLDER)
            raise SystemExit(1)
