"""What a case and a task may become."""

from __future__ import annotations

from django.db import models

from advocacy.access.permissions import Permission as P
from advocacy.workflow import Step, Workflow
from cases import rules


class CaseStatus(models.TextChoices):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class TaskStatus(models.TextChoices):
    OPEN = "open", "Open"
    HELD = "held", "On hold"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class InquiryStatus(models.TextChoices):
    OPEN = "open", "Being taken in"
    DECLINED = "declined", "Declined"
    OPENED = "opened", "A case is open"


CASE = Workflow(
    "case",
    CaseStatus,
    {
        1: (
            Step(
                "close",
                frozenset({CaseStatus.OPEN}),
                CaseStatus.CLOSED,
                P.CLOSE_CASE,
                "case_closed",
                guards=(
                    rules.nothing_is_open,
                    rules.closing_has_an_outcome,
                    rules.a_duplicate_names_the_other,
                ),
                title="Close the case",
            ),
            Step(
                "reopen",
                frozenset({CaseStatus.CLOSED}),
                CaseStatus.OPEN,
                P.REOPEN_CASE,
                "case_reopened",
                guards=(rules.reopening_has_a_reason,),
                title="Reopen the case",
            ),
        )
    },
    final=frozenset({CaseStatus.CLOSED}),
)

_ENDABLE = frozenset({TaskStatus.OPEN, TaskStatus.HELD})

TASK = Workflow(
    "task",
    TaskStatus,
    {
        1: (
            Step(
                "finish",
                frozenset({TaskStatus.OPEN}),
                TaskStatus.DONE,
                P.WORK_TASKS,
                "task_done",
                guards=(rules.what_it_waits_for_is_done, rules.checklist_is_complete),
            ),
            Step(
                "cancel",
                _ENDABLE,
                TaskStatus.CANCELLED,
                P.WORK_TASKS,
                "task_cancelled",
                guards=(rules.ending_has_a_reason,),
            ),
            Step(
                "settle",
                _ENDABLE,
                TaskStatus.CANCELLED,
                P.WORK_TASKS,
                "task_settled",
                guards=(rules.ending_has_a_reason,),
                title="End, since its reason is gone",
            ),
            Step(
                "hold",
                frozenset({TaskStatus.OPEN}),
                TaskStatus.HELD,
                P.WORK_TASKS,
                "task_held",
                guards=(rules.hold_has_a_wake_up,),
                title="Hold until",
            ),
            Step(
                "wake",
                frozenset({TaskStatus.HELD}),
                TaskStatus.OPEN,
                P.WORK_TASKS,
                "task_woken",
                guards=(rules.early_wake_has_a_reason,),
                title="End the hold",
            ),
        )
    },
    final=frozenset({TaskStatus.DONE, TaskStatus.CANCELLED}),
)

INQUIRY = Workflow(
    "inquiry",
    InquiryStatus,
    {
        1: (
            Step(
                "decline",
                frozenset({InquiryStatus.OPEN}),
                InquiryStatus.DECLINED,
                P.OPEN_CASE,
                "inquiry_declined",
                guards=(rules.declining_has_a_reason, rules.declining_names_where_to_turn),
                title="Decline and refer",
            ),
            Step(
                "reopen",
                frozenset({InquiryStatus.DECLINED}),
                InquiryStatus.OPEN,
                P.OPEN_CASE,
                "inquiry_reopened",
                title="Take it up again",
            ),
            Step(
                "open_case",
                frozenset({InquiryStatus.OPEN}),
                InquiryStatus.OPENED,
                P.OPEN_CASE,
                "inquiry_opened",
                guards=(rules.inquiry_is_inside_scope,),
                title="Open the case",
            ),
        )
    },
    final=frozenset({InquiryStatus.OPENED}),
)
