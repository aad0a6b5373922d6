"""The codes of appeals with their words, for doors that offer or describe them."""

from __future__ import annotations

import functools

from appeals.models import Appeal, AuthorizationRequest, Deadline, DocumentRequest
from appeals.models.authorization import Channel
from appeals.queries.standing import SHORT_LABELS, stage_choices
from appeals.workflow import AppealStatus, RequestStatus
from cases.queries.codes import Codes

SIDES: Codes = list(Deadline.Side.choices)
CLOCKS: Codes = list(Deadline.Status.choices)
REQUESTS: Codes = list(RequestStatus.choices)
TIMINGS: Codes = list(AuthorizationRequest.Timing.choices)
BENEFITS: Codes = list(AuthorizationRequest.Benefit.choices)
EXCEPTIONS: Codes = list(AuthorizationRequest.ExceptionAsked.choices)
ASKED: Codes = list(DocumentRequest.Asked.choices)
CHANNELS: Codes = list(Channel.choices)
LEVELS: Codes = list(AppealStatus.choices)
AT_ONCE: Codes = list(Appeal.Basis.choices)
MOST_LEVELS = 9


@functools.cache
def stages() -> tuple[str, ...]:
    """Every stage a case can be in."""
    named = [*(key for key in SHORT_LABELS if key), *(key for key, _words in stage_choices())]
    return tuple(dict.fromkeys([*named, *(f"level_{n}" for n in range(1, MOST_LEVELS + 1))]))
