"""Visiting the pages of the contest as somebody: addresses, what was typed, and how many statements of ours a page cost."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appeals.jobs import propose_facts_job
from appeals.sample_letters import letter_pdf, scanned_pdf
from cases.commands.documents import upload_document
from cases.jobs import read_document
from cases.models import Document

NEW_YORK = ZoneInfo("America/New_York")
# Who is asking, in which organization, and what the trail keeps: the same for every page of the desk.
_FRAME = re.compile(
    r"^(SAVEPOINT|RELEASE|ROLLBACK|SELECT set_config|SELECT audit\.)|django_session|memberships_of|"
    r'FROM "people_user"|FROM "tenancy_organization"'
)


def address(name: str, *rows: Any) -> str:
    """The address of a page of the contest, by the public ids of its rows."""
    return reverse(f"appeals:{name}", args=[row.public_id for row in rows])


def days_ago(n: int) -> str:
    """A calendar day where the patient is, as ISO text."""
    return (timezone.now().astimezone(NEW_YORK).date() - timedelta(days=n)).isoformat()


def typed(moment: datetime) -> str:
    """A moment as the browser's date-and-time input sends it."""
    return moment.astimezone(NEW_YORK).strftime("%Y-%m-%dT%H:%M")


def minutes_ago(n: int) -> str:
    return typed(timezone.now() - timedelta(minutes=n))


def own_statements(client: Any, url: str) -> list[str]:
    """The statements a GET of this page made beyond those of the frame."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return [q["sql"] for q in captured.captured_queries if not _FRAME.search(q["sql"])]


def words(answer: Any) -> str:
    """The text of an answer with its markup taken out and white space made single."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def letter_in(
    cast: Any, name: str = "erisa_preservice", *, scanned: bool = False, read: bool = True
) -> Document:
    """A sample letter among the documents of Harbor's case, its text read by the job unless told otherwise."""
    data = scanned_pdf(name) if scanned else letter_pdf(name)
    document = upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="denial_letter",
        filename="letter.pdf",
        stream=io.BytesIO(data),
        at=timezone.now(),
    )
    if read:
        version = document.versions.get().pk
        read_document(version=version)
        propose_facts_job(version=version)
    return document


def day(text: str) -> date:
    return date.fromisoformat(text)
