"""An organization's own, earlier date: in front, marked, never later than the law, proposed by one and confirmed by another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.clock.facts import Facts
from appeals.commands.own_dates import confirm_own_date, end_own_date, propose_own_date
from appeals.commands.recompute_many import look_at_many
from appeals.dues import CLAIMANT, Due
from appeals.jobs import own_dates_changed
from appeals.models import OwnDateRule
from appeals.own_dates import OwnDate, against_the_law, level_of, with_own_date
from appeals.queries.calendar import said_of
from appeals.rungs import Rung
from tests.appeals.climbing import ERISA, moment
from tests.appeals.visiting import address, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)

REGIME, LEVEL = "erisa_self_funded", "internal_appeal_1"
WHY = "Two people read each letter."
MARCH = date(2026, 3, 1)
BEFORE = OwnDate(REGIME, LEVEL, "before", 10, WHY, MARCH)
WINDOW = OwnDate(REGIME, LEVEL, "window", 150, WHY, MARCH)
# Notice of March 24, received on March 27, 2026: 180 days from the notice end on Sunday, September 20, those from receipt on
# Wednesday, September 23. By the law, work to Friday, September 18.
FACTS = Facts(notice_date=date(2026, 3, 24), receipt=date(2026, 3, 27), receipt_evidence="certified")
LAW = Due(
    "appeal", 1, "filing", "First", CLAIMANT, date(2026, 9, 18), statutory=date(2026, 9, 23), last_day=date(2026, 9, 23)
)  # fmt: skip


def front(*rules: OwnDate, due: Due = LAW, facts: Facts = FACTS) -> tuple[date | None, date | None]:
    level = level_of(REGIME, LEVEL)
    assert level is not None
    found = with_own_date(due, Rung(1, REGIME, LEVEL, "First", (level,), (REGIME,)), facts, rules)
    assert (found.last_day, found.statutory) == (due.last_day, due.statutory)
    return found.due, found.law


@pytest.mark.parametrize(
    ("rules", "own", "law"),
    [
        # September 13, ten days before the 23rd, is a Sunday.
        ((BEFORE,), date(2026, 9, 11), date(2026, 9, 18)),
        # 150 days from March 24: a Friday.
        ((WINDOW,), date(2026, 8, 21), date(2026, 9, 18)),
        ((BEFORE, WINDOW), date(2026, 8, 21), date(2026, 9, 18)),
        ((), date(2026, 9, 18), None),
        ((replace(BEFORE, level="external_review"),), date(2026, 9, 18), None),
        ((replace(BEFORE, in_force_from=date(2026, 3, 25)),), date(2026, 9, 18), None),
        ((replace(BEFORE, in_force_from=date(2026, 3, 24)),), date(2026, 9, 11), date(2026, 9, 18)),
        ((replace(BEFORE, in_force_to=date(2026, 3, 24)),), date(2026, 9, 11), date(2026, 9, 18)),
        ((replace(BEFORE, in_force_to=date(2026, 3, 23)),), date(2026, 9, 18), None),
        # One that the law has overtaken, and one that is as early: the law's stands.
        ((replace(WINDOW, days=200),), date(2026, 9, 18), None),
        ((replace(WINDOW, days=178),), date(2026, 9, 18), None),
        # Never before the window begins.
        ((replace(BEFORE, days=400),), date(2026, 3, 24), date(2026, 9, 18)),
    ],
)
def test_the_earlier_of_both_is_in_front(rules, own, law):
    assert front(*rules) == (own, law)


def test_where_the_letter_says_less_than_the_law_ten_days_count_before_the_letter():
    # Ten days before Wednesday, April 22, 2026: Sunday, April 12; worked to on the Friday.
    stated = replace(LAW, due=date(2026, 4, 22), stated=date(2026, 4, 22))
    assert front(BEFORE, due=stated) == (date(2026, 4, 10), date(2026, 4, 22))


def test_without_a_notice_or_a_day_nothing_is_in_front_but_the_law():
    assert front(BEFORE, facts=Facts()) == (LAW.due, None)
    assert front(BEFORE, due=replace(LAW, due=None)) == (None, None)
    assert front(WINDOW, facts=Facts(deemed_exhausted_on=date(2026, 3, 24)))[0] == date(2026, 8, 21)


@pytest.mark.parametrize(
    ("rule", "code", "said"),
    [
        (
            replace(WINDOW, days=181),
            "later_than_law",
            "A notice received on Sunday, March 1, 2026: the law gives 180 days, until Friday, August 28, 2026",
        ),
        (
            replace(WINDOW, days=181),
            "later_than_law",
            "Yours would be Saturday, August 29, 2026, 1 day later than the law.",
        ),
        (replace(BEFORE, days=180), "before_the_notice", "Enter less than 180."),
        # Four months are 120 days where they end with February.
        (replace(WINDOW, level="external_review", days=121), "later_than_law", "Enter 120 or less."),
        (replace(BEFORE, level="internal_appeal_2"), "law_sets_none", "No rule gives a date for this step"),
        (replace(BEFORE, level="court"), "stage_unknown", "Choose a step of the list."),
    ],
)
def test_one_that_is_later_than_the_law_is_refused_with_the_arithmetic(rule, code, said):
    reason = against_the_law(rule)
    assert reason is not None
    assert (reason.code, said in reason.message) == (code, True)


def test_one_that_is_never_later_stands():
    kept = [BEFORE, WINDOW, replace(WINDOW, days=180), replace(BEFORE, days=179)]
    kept.append(replace(WINDOW, level="external_review", days=120))
    assert [against_the_law(rule) for rule in kept] == [None] * 5


def proposed(cast, **changed) -> OwnDateRule:
    given = {
        "regime": REGIME,
        "level": LEVEL,
        "kind": "before",
        "days": 10,
        "reason": WHY,
        "in_force_from": MARCH,
    }
    return propose_own_date(actor=cast.olga, today=MARCH, at=moment("2026-03-01"), **given | changed)


def confirmed(cast, **changed) -> OwnDateRule:
    row = confirm_own_date(actor=cast.sam, row=proposed(cast, **changed), at=moment("2026-03-02"))
    own_dates_changed()
    return row


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"days": 0}, "days_impossible"),
        ({"reason": " "}, "reason_missing"),
        ({"reason": "x" * 201}, "reason_long"),
        ({"kind": "later"}, "kind_unknown"),
        ({"in_force_from": date(2026, 2, 28)}, "from_past"),
        ({"in_force_to": date(2026, 2, 28)}, "ends_before_start"),
        ({"kind": "window", "days": 181}, "later_than_law"),
    ],
)
def test_what_cannot_be_is_not_proposed(cast, changed, code):
    with pytest.raises(Refused) as refused:
        proposed(cast, **changed)
    assert [r.code for r in refused.value.reasons] == [code]
    assert not OwnDateRule.objects.exists()


def test_nobody_confirms_their_own_and_a_navigator_decides_nothing(cast):
    row = proposed(cast)
    with pytest.raises(Refused) as refused:
        confirm_own_date(actor=cast.olga, row=row, at=moment("2026-03-02"))
    assert [r.code for r in refused.value.reasons] == ["own_proposal"]
    for decide in (confirm_own_date, end_own_date):
        with pytest.raises(NotAllowed):
            decide(actor=cast.nora, row=row, at=moment("2026-03-02"))
    confirm_own_date(actor=cast.sam, row=row, at=moment("2026-03-02"))
    with pytest.raises(WrongState):
        confirm_own_date(actor=cast.sam, row=row, at=moment("2026-03-02"))
    said = Event.objects.filter(verb__startswith="own_date_").order_by("id").values_list("verb", flat=True)
    assert list(said) == ["own_date_proposed", "own_date_confirmed"]
    assert Job.objects.filter(name="appeals.own_dates").count() == 1


def test_the_rows_of_a_case_follow_it_and_go_back_when_it_ends(climb):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    proposed(climb.cast)
    own_dates_changed()
    assert climb.date("filing", 1) == ("2026-09-18", "2026-09-23", "running")
    row = confirm_own_date(actor=climb.cast.sam, row=OwnDateRule.objects.get(), at=moment("2026-03-02"))
    own_dates_changed()
    kept = climb.row("filing", 1)
    assert climb.date("filing", 1) == ("2026-09-11", "2026-09-23", "running")
    assert (kept.own_on, kept.law_on, kept.own_reason) == (date(2026, 9, 11), date(2026, 9, 18), WHY)
    told = "Your organization's own date (by the law Sep 18, 2026): Internal appeal, first level: last day to file"
    assert said_of(kept) == told
    assert (kept.safe_on, kept.permissive_on) == (date(2026, 9, 18), None)
    climb.case.refresh_from_db()
    assert climb.case.next_deadline_on == date(2026, 9, 11)
    assert look_at_many([climb.case.pk], at=moment("2026-03-02")).changed == 0
    end_own_date(actor=climb.cast.sam, row=row, at=moment("2026-03-03"))
    own_dates_changed()
    kept = climb.row("filing", 1)
    assert (climb.date("filing", 1)[0], kept.own_on, kept.own_reason) == ("2026-09-18", None, "")


def test_filing_after_the_own_date_and_before_the_laws_is_in_time(climb):
    confirmed(climb.cast)
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-09-16")
    assert climb.date("filing", 1) == ("2026-09-11", "2026-09-23", "met")


def test_every_page_with_the_date_marks_it_and_names_the_laws(climb, sign_in):
    confirmed(climb.cast)
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    urls = {
        "case": address("case", climb.case),
        "level": address("level", climb.case, climb.level(1)),
        "moved": address("moved", climb.case, climb.row("filing", 1)),
        "queue": reverse("appeals:queue"),
        "today": f"{reverse('appeals:today')}?whose=all",
        "share": reverse("appeals:share", args=[climb.cast.members["nora"].public_id]),
    }
    sam = sign_in("sam")
    pages = {name: sam.get(url) for name, url in urls.items()}
    for name, page in pages.items():
        shown = words(page)
        assert (
            "our organization's own date" in shown.replace("&#x27;", "'"),
            WHY in shown,
            "Sep 18" in shown,
        ) == (
            True,
            True,
            True,
        ), name
    case = words(pages["case"]).replace("&#x27;", "'")
    assert (
        "10 calendar days before Wednesday, September 23, 2026, on a business day = Friday, September 11, 2026"
        in case
    )
    assert "By the law, work to Friday, September 18, 2026." in case


def test_an_administrator_proposes_and_a_supervisor_confirms_on_the_page(cast, sign_in):
    olga = sign_in("olga")
    url, new = reverse("appeals:own_dates"), reverse("appeals:own_date_new")
    typed = {
        "stage": f"{REGIME}:{LEVEL}",
        "kind": "window",
        "days": "200",
        "reason": WHY,
        "in_force_from": "2099-03-02",
    }
    refused = olga.post(new, typed)
    assert (refused.status_code, "20 days later than the law. Enter 180 or less." in words(refused)) == (
        422,
        True,
    )
    assert olga.post(new, typed | {"days": "150"}).status_code == 302
    row = OwnDateRule.objects.get()
    confirm = reverse("appeals:own_date_confirm", args=[row.public_id])
    assert confirm not in olga.get(url).content.decode()
    sam = sign_in("sam")
    assert confirm in sam.get(url).content.decode()
    assert len(own_statements(sam, url)) <= 12
    assert sam.post(confirm).status_code == 302
    row.refresh_from_db()
    assert (row.confirmed_by, row.proposed_by) == (cast.users["sam"], cast.users["olga"])
    shown = words(sam.get(url))
    assert "a window of 150 calendar days" in shown and "Stands" in shown
    assert sam.post(reverse("appeals:own_date_end", args=[row.public_id])).status_code == 302
    row.refresh_from_db()
    assert row.ended_by == cast.users["sam"]
