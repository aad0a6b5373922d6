"""What the world holds of people working together: a team, an absence, an authorization with a session, a choice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from advocacy.people.absence import record_absence
from appeals.commands.choices import ChoiceInput, record_choice
from appeals.commands.requests import AuthorizationInput, record_authorization
from appeals.commands.sessions import record_session
from cases.commands.team import name_on_team
from tests.cast import Cast

PATIENT_ZONE = ZoneInfo("America/New_York")


def moment(day: str, hour: int) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=PATIENT_ZONE).replace(
        hour=hour
    )


def teamwork(cast: Cast, rows: dict[str, Any]) -> None:
    """Adds rows for `entry_id`, `absence_id`, `authorization_id` and `session_id`."""
    rows["entry_id"] = name_on_team(
        actor=cast.sam,
        case=rows["case_id"],
        role="interpreter",
        name="Zebulon Quark",
        phone="555-014-2211",
        language="Spanish",
        from_on=date(2026, 3, 16),
        at=timezone.now(),
    )
    rows["absence_id"] = record_absence(
        actor=cast.sam,
        member=cast.members["ines"],
        cover=cast.members["nils"],
        from_on=timezone.now().date(),
        until_on=timezone.now().date() + timedelta(days=3),
        at=timezone.now(),
    )
    _allow(cast, rows)


def _allow(cast: Cast, rows: dict[str, Any]) -> None:
    """One authorization of the case with a session against it, and the patient's choices after its decisions."""
    nora, case = cast.nora, rows["case_id"]
    rows["authorization_id"] = record_authorization(
        actor=nora,
        request=rows["request_id"],
        given=AuthorizationInput(
            "AUTH-HARBOR-33", 6, None, date(2026, 5, 1), timezone.now().date() + timedelta(days=90)
        ),
        at=moment("2026-05-08", 16),
    )
    rows["session_id"] = record_session(
        actor=nora,
        authorization=rows["authorization_id"],
        held_on=date(2026, 5, 8),
        minutes=50,
        place_of_service="11",
        provider=case.provider,
        at=moment("2026-05-08", 17),
    )
    record_choice(
        actor=nora,
        denial=rows["denial_id"],
        given=ChoiceInput(
            "appeal", "Zebulon Quark", "patient", "call", date(2026, 3, 31), "the dog howls at the fax"
        ),
        at=moment("2026-05-08", 17),
    )
