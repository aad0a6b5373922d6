"""`python -m tests.journeys.listening`: runs scripts against an installation, one a line, and answers each with a line."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from typing import Any

import django
from django.db import connections


def answer(line: str) -> dict[str, Any]:
    asked = json.loads(line)
    names: dict[str, Any] = {"given": asked["given"], "result": None}
    try:
        with contextlib.redirect_stdout(sys.stderr):
            exec(asked["script"], names)  # our own tests' words
    except Exception:
        return {"error": traceback.format_exc()}
    finally:
        connections.close_all()
    return {"result": names["result"]}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy.settings")
    django.setup()
    for line in sys.stdin:
        print(json.dumps(answer(line), default=str), flush=True)
