"""manage.py prepare_database: migrations and the shared cache's table, as the owner (RECOURSE_AS_OWNER=1), in one start.

Data of an earlier version, whose migrations were rewritten since, is left as it is and refused.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from advocacy.made_by import OLDER, is_older, remember


class Command(BaseCommand):
    help = "Applies migrations and makes the cache table. Run it with RECOURSE_AS_OWNER=1; running it again is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_older(connection):
            raise CommandError(OLDER)
        call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
        call_command("createcachetable", verbosity=options["verbosity"], stdout=self.stdout)
        remember(connection)
