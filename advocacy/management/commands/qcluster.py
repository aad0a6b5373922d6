"""The job worker: django-q2's own command, after the check that it is connected as the application role."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from advocacy.background.queue import install_schedules
from advocacy.background.worker import Worker
from advocacy.health import refuse_unsafe_role


class Command(Worker):
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_unsafe_role()
        except ImproperlyConfigured as problem:
            raise CommandError(str(problem))
        install_schedules()
        super().handle(*args, **options)
