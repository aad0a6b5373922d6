"""What a request needs before it goes out, recorded by the real commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cases.commands.benefits import record_benefits
from cases.models import BenefitCheck, Case

PLACE = "11"
PLAN_SAID = {
    "covered": "yes",
    "authorization": "yes",
    "criteria": "Ketamine for mental health, the plan's own policy",
    "policy_number": "BH-114 of January 1, 2026",
    "referral": "no",
    "network": "in",
    "deductible": "350",
    "copay": "0",
    "coinsurance": "20",
}


def benefits_checked(
    actor: Any, case: Case, at: datetime, answers: Mapping[str, str] | None = None, **fields: Any
) -> BenefitCheck:
    """Everything asked of the plan in one call at `at`; `answers` change single ones ("" leaves one out)."""
    return record_benefits(
        actor=actor,
        case=case,
        answers=PLAN_SAID | dict(answers or {}),
        **{
            "source": "call",
            "asked_at": at,
            "representative": "Quentin Voss",
            "reference_number": "BV-2231",
            "at": at,
        }
        | fields,
    )
