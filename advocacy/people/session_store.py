"""Where sessions of both doors are kept: Django's own table with one column more, whose session it is.

With it somebody sees where they are signed in, and ends a session from elsewhere, without reading everybody's.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from advocacy.people.models import BrowserSession
from advocacy.portal import USER


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY) or data.get(USER)
        return row
