"""What schemathesis leaves out: loaded by the scanner itself (SCHEMATHESIS_HOOKS), in its own environment."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """A header with control characters or an empty line is no HTTP: the web server refuses it before the program sees it."""
    values = [str(value) for value in (case.headers or {}).values()]
    return all(value.isprintable() and value.isascii() and value.strip() for value in values)
