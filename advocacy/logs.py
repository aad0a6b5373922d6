"""Logging without patient data, as lines for people or as JSON for machines. Loads before the apps do.

A line carries routes (names of pages), kinds of errors and places in the code. It never carries an address (it may hold a
clinic's link, an invitation or somebody's calendar), a query, a body, a name, a mail address or the words of an exception (a
database tells the values of the row it refused).
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

around: ContextVar[Any] = ContextVar("recourse_log", default=None)
"""The request that is being answered: every line of it carries its id and, once it is known, its route."""

_ADDRESS = re.compile(
    r"(?<![\w<])/[^\s\"'<>]*[?][^\s\"'<>]*|/(?:clinic|calendar|invitation|accounts)/[^\s\"'<>]+"
)
_MAIL = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_CUT_BEHIND = {
    "django-q": " - ",  # its error line ends with the task's traceback
    "gunicorn.error": " error=",  # and this one's with bytes the client sent
}
_ONLY = ("Error handling request", "Invalid request from")
"""gunicorn's lines that go on with an address."""


class WithoutPatientData(logging.Filter):
    """Makes of every record one line that may be kept: see the top of this file."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "recourse_clean", False):
            return True
        record.msg, record.args = self._said(record) + self._where(record), ()
        record.exc_info = record.exc_text = record.stack_info = None
        record.recourse_clean = True
        return True

    @staticmethod
    def _said(record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)
        if request is not None:  # Django's own lines about a request end with its address
            status = getattr(record, "status_code", 0)
            words = HTTPStatus(status).phrase if status in set(HTTPStatus) else record.levelname
            return f"{words}: {route_of(request)}"
        if isinstance(record.msg, BaseException):
            return type(record.msg).__name__
        message = record.getMessage()
        for beginning in _ONLY:
            if message.startswith(beginning):
                return beginning
        said = message.split("\n", 1)[0]
        if behind := _CUT_BEHIND.get(record.name):
            said = said.partition(behind)[0]
        return _MAIL.sub("(address)", _ADDRESS.sub("(address)", said))

    @staticmethod
    def _where(record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return ""
        place = record.exc_info[2]
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else "?"
        return f" [{record.exc_info[0].__name__} at {where}]"


def route_of(request: Any) -> str:
    """The name of the page that answers, never its address; "unmatched" where none does."""
    match = getattr(request, "resolver_match", None)
    return str(match.view_name or match.route) if match is not None else "unmatched"


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    request = around.get()
    known = (
        {}
        if request is None
        else {"request_id": getattr(request, "request_id", None), "route": route_of(request)}
    )
    return {**known, **getattr(record, "facts", {})}


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event, and the facts that are known of the request."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname.lower(), "logger": record.name}
        return json.dumps(line | {"event": record.getMessage()} | _facts(record))


class PlainLines(logging.Formatter):
    """The same for people at a terminal."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{key}={value}" for key, value in _facts(record).items() if value is not None)
        line = super().format(record)
        return f"{line} {facts}" if facts else line
