"""Log lines name the kind of an error and its place, never its words."""

from __future__ import annotations

import io
import logging

import pytest
from django.conf import settings

from advocacy.logs import WithoutPatientData


@pytest.mark.parametrize("name", ["django.request", "django-q", "gunicorn.error", "anything"])
def test_the_words_of_an_exception_stay_out_of_the_log(name):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(WithoutPatientData())
    logger = logging.Logger(name)
    logger.addHandler(handler)
    try:
        raise ValueError("Dana Whitlock")
    except ValueError:
        logger.exception("It failed: %s", "/admin/")
    said = stream.getvalue()
    assert "Whitlock" not in said and "Traceback" not in said
    assert said.startswith("It failed: /admin/ [ValueError at ") and "test_logs.py:" in said


def test_every_handler_of_ours_has_the_filter():
    assert {tuple(h["filters"]) for h in settings.LOGGING["handlers"].values()} == {("quiet",)}
