"""A person decides about one check of a denial notice: a defect, or none, and why. No date moves by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require
from advocacy.audit.trail import record
from advocacy.errors import Reason
from appeals.commands.checks import locked_case_of, refuse
from appeals.models import Denial, NoticeCheck
from appeals.queries.notice_page import finding_of
from cases.commands.touch import touch

LONGEST = 2000


def decide_notice_check(
    *, actor: Actor, denial: Denial, rule: str, answer: str, reason: str = "", at: datetime
) -> NoticeCheck:
    """Record whether the notice has the defect that a check looks for; an earlier answer is superseded.

    A reason is asked for "no defect", and for a defect where the program did not miss the words itself. Raises NotAllowed,
    NotFound for a check that does not apply, Refused with every reason.
    """
    require(actor, Permission.RECORD_DENIAL, denial)
    with transaction.atomic():
        case = locked_case_of(denial)
        found = finding_of(case, denial, rule).finding.outcome
        refuse(_reasons(answer, reason, found))
        standing = NoticeCheck.objects.select_for_update().filter(
            denial=denial, rule=rule, superseded_at=None
        )
        again = standing.update(superseded_at=at) > 0
        kept = NoticeCheck.objects.create(
            case=case,
            denial=denial,
            rule=rule,
            answer=answer,
            found=found,
            reason=reason.strip(),
            decided_at=at,
            decided_by_id=actor.user_id,
        )
        record(
            "notice_checked",
            subject=kept,
            detail={"rule": rule, "answer": answer, "found": found, "again": again},
        )
        touch(case, at)
    return kept


def _reasons(answer: str, reason: str, found: str) -> Iterator[Reason]:
    if answer not in NoticeCheck.Answer.values:
        yield Reason("answer_missing", "Say whether the notice has this defect.", "answer")
    elif not reason.strip() and not (
        answer == NoticeCheck.Answer.DEFECT and found == NoticeCheck.Found.NOT_FOUND
    ):
        yield Reason("reason_missing", "Say why, in one sentence: what the letter says, and where.", "reason")
    if len(reason) > LONGEST:
        yield Reason("too_long", f"Keep it under {LONGEST} characters.", "reason")
