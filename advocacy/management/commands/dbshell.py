"""manage.py dbshell: Django's, and in production only while an operator's emergency access runs."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import dbshell

from advocacy.management.operator_shell import must_be_allowed


class Command(dbshell.Command):
    def handle(self, **options: Any) -> None:
        must_be_allowed()
        super().handle(**options)
