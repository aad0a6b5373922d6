"""Days, letter and answers that the long stories share: the denial of a self-funded plan some weeks ago."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from appeals.sample_letters import letter_text
from tests.journeys.acts import Desk

FIXED_HOLIDAYS = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}


def plain_wednesday(day: date) -> bool:
    """No weekend, no federal holiday (those that move are on Mondays and Thursdays)."""
    return day.weekday() == 2 and (day.month, day.day) not in FIXED_HOLIDAYS


def days_of_the_story() -> dict[str, date]:
    """Days in the weeks before today. The 180th day after the notice is an ordinary Wednesday, so that the safe date of
    29 CFR 2560.503-1(h)(3)(i) is that day itself and not the business day before."""
    notice = date.today() - timedelta(days=12)
    while not plain_wednesday(notice + timedelta(days=180)):
        notice -= timedelta(days=1)
    return {
        "asked": notice - timedelta(days=10),
        "notice": notice,
        "received": notice + timedelta(days=3),
        "safe": notice + timedelta(days=180),
        "statutory": notice + timedelta(days=183),
        "call": notice + timedelta(days=5),
        "filed": notice + timedelta(days=7),
    }


def shown(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def letter_of(family: str, days: dict[str, date], member_id: str, npi: str) -> str:
    """The sample letter of a self-funded plan, for this patient and these days."""
    notice, asked = days["notice"], days["asked"]
    return (
        letter_text("erisa_preservice")
        .replace("February 27, 2026", f"{asked:%B} {asked.day}, {asked.year}")
        .replace("2004100774", npi)
        .replace("March 9, 2026", f"{notice:%B} {notice.day}, {notice.year}")
        .replace("WHITLOCK", family.upper())
        .replace("Whitlock", family)
        .replace("TMK 7730 41582 01", member_id)
    )


def noon(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour))


def answer_question(desk: Desk, page: str, question: str, answer: str, source: str) -> None:
    """On the page of the coverage questions, the form of one question opened."""
    desk.go(f"{page}?question={question}")
    panel = desk.page.locator(f"#q-{question}")
    panel.get_by_label(re.compile("^Answer")).first.select_option(
        label=next(
            t.strip()
            for t in panel.get_by_label(re.compile("^Answer")).first.locator("option").all_inner_texts()
            if t.strip().startswith(answer)
        )
    )
    panel.get_by_label(re.compile("^Who or what says so")).select_option(label=source)
    with desk.page.expect_navigation():
        panel.get_by_role("button", name=re.compile("^Record the answer")).click()
    assert desk.page.locator("[data-error-summary]").count() == 0
