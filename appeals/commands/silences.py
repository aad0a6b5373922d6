"""The plan let its time to decide a request pass, and no letter came: the level that its rule opens then."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason, WrongState
from appeals.commands.checks import locked_case_of, refuse
from appeals.commands.denials import finish
from appeals.commands.openings import open_level
from appeals.dues import Due, day_of, passed
from appeals.models import Appeal, AuthorizationRequest, Denial, DenialItem
from appeals.queries.history import levels_completed, load_history
from appeals.queries.ladder import answer_of
from appeals.silence import meaning_of, opened_by_silence
from appeals.workflow import RequestStatus


def go_on_without_answer(*, actor: Actor, request: AuthorizationRequest, at: datetime) -> Appeal:
    """Open the level that the rule opens when a request is not decided in time; every item stands as refused by silence.

    The request stays with the payer, who still owes its decision: an approval or a letter that comes is recorded as ever.
    No notice starts a window, so no date is made up: a task says so. Raises NotAllowed, NotFound, WrongState (no longer with
    the payer, answered or gone on already), Refused with every reason (time is left, or silence opens nothing).
    """
    require(actor, Permission.RECORD_DENIAL, request)
    with transaction.atomic():
        case = locked_case_of(request)
        row = AuthorizationRequest.objects.select_for_update().get(pk=request.pk)
        if row.status not in (RequestStatus.SUBMITTED, RequestStatus.RECEIVED):
            raise WrongState(
                "go_on", row.status, "The payer is not asked any more. Look at the request again."
            )
        history = load_history(case)
        if any(d.request_id == row.pk for d in history.denials):
            raise WrongState(
                "go_on", "denied", "A denial of this request is recorded already. Go on from there."
            )
        due = answer_of(history, row)
        meaning = meaning_of(history, row)
        rung, closed = opened_by_silence(
            history.classification, history.levels, levels_completed(case), meaning
        )
        late = passed(due.due, at, history.zone)
        refuse([*([] if late else [_time_is_left(due)]), *([closed] if closed else [])])
        assert rung is not None, "refused above"
        items = [i for i in history.items if i.request_id == row.pk]
        denial = Denial.objects.create(
            case=case,
            request=row,
            silent_from=silent_from(due, history.zone),
            recorded_at=at,
            recorded_by_id=actor.user_id,
            confirmed_at=at,
            confirmed_by_id=actor.user_id,
        )
        for item in items:
            DenialItem.objects.create(case=case, denial=denial, item=item)
        record("request_unanswered", subject=denial, detail={"items": len(items), "if_missed": meaning})
        ahead = row.timing != row.Timing.POST_SERVICE
        level = open_level(case, denial, rung, is_expedited=row.is_urgent and ahead, at=at)
        finish(case, at)
    return level


def silent_from(due: Due, zone: str) -> date | None:
    """The first day on which silence counts: that of the hour that ended, or the day after the last one."""
    last = day_of(due.due, zone)
    return last if last is None or isinstance(due.due, datetime) else last + timedelta(days=1)


def _time_is_left(due: Due) -> Reason:
    if due.due is None:
        return Reason(
            "no_due_date",
            "No day is known by which the plan had to decide. Record when the payer received the request.",
        )
    return Reason(
        "time_is_left",
        "The plan still has time on the latest reading of its rule. Wait until that has passed.",
    )
