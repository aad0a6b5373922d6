"""manage.py shell: Django's, and in production only while an operator's emergency access runs."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import shell

from advocacy.management.operator_shell import must_be_allowed


class Command(shell.Command):
    def handle(self, **options: Any) -> None:
        must_be_allowed()
        super().handle(**options)
