"""A review is opened beside an open appeal where no rule known here says so, or where nobody certified or waived on record: two
people agree, once, with a reason. And where the law allows it, the case itself offers it.
"""

from __future__ import annotations

import pytest

from advocacy.errors import Refused
from appeals.commands.levels import start_draft
from appeals.commands.overrides import answer_override, ask_override
from appeals.models import Appeal, StepOverride
from appeals.queries.beside import opened_by
from appeals.queries.history import load_history
from tests.appeals.beside import OSEI, open_beside, refused
from tests.appeals.climbing import ERISA, MEDICAID, MEDICARE_ADVANTAGE, codes, day, moment
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing", "tests.appeals.beside")

REASON = "The hearing office said on the phone that it takes the request now."


@prepared
def medicaid(climb):
    """A Medicaid plan refused; no rule known here lets a hearing stand beside its own appeal."""
    return refused(climb, MEDICAID)


def ask(climb, who=None):
    return ask_override(
        actor=who or climb.who,
        step="open_at_once",
        appeal=climb.level(1),
        reason=REASON,
        at=moment("2026-04-01", 9),
    )


def agree(climb):
    row = ask(climb)
    answer_override(
        actor=climb.cast.sam,
        override=row,
        allowed=True,
        note="I called them, too.",
        at=moment("2026-04-01", 9),
    )
    return row


def open_agreed(climb, **more):
    return open_beside(climb, **{"basis": "", "said_by": "", "said_on": None} | more)


def test_where_no_rule_is_known_the_refusal_names_the_second_person_and_two_open_it_once(medicaid):
    with pytest.raises(Refused) as alone:
        open_agreed(medicaid)
    assert codes(alone) == ["nothing_at_once"]
    assert "a second person may allow it: see “Go past a refusal”" in alone.value.reasons[0].message
    asked = ask(medicaid)
    with pytest.raises(Refused):
        open_agreed(medicaid)
    answer_override(
        actor=medicaid.cast.sam, override=asked, allowed=True, note="So they say.", at=moment("2026-04-01", 9)
    )
    made = open_agreed(medicaid)
    assert medicaid.positions == [(1, "plan_appeal", "open"), (2, "state_fair_hearing", "open")]
    assert (made.beside_basis, made.beside_by, made.beside_on, made.beside_note) == (
        "agreed",
        "",
        day("2026-04-01"),
        REASON,
    )
    assert (made.beside, made.previous, made.is_expedited) == (medicaid.level(1), None, False)
    assert opened_by(load_history(medicaid.case), made) is None
    asked.refresh_from_db()
    assert asked.used_at == moment("2026-04-01", 10)
    with pytest.raises(Refused) as twice:
        open_agreed(medicaid)
    assert codes(twice) == ["open_already", "nothing_at_once"]


def test_the_window_of_what_was_agreed_counts_from_the_denial_until_the_plan_decides(medicaid):
    agree(medicaid)
    open_agreed(medicaid)
    # 42 CFR 438.408(f)(2)(ii): at least 90 days; from the denial of March 24 it is June 22, the earliest it can be.
    assert medicaid.row("filing", 2).statutory_on == day("2026-06-22")
    medicaid.file(1, "2026-04-02")
    medicaid.decide(1, "2026-04-10", "2026-04-13")
    assert medicaid.row("filing", 2).statutory_on == day("2026-07-09")


def test_a_missing_certificate_is_gone_past_and_what_the_law_asks_beside_it_is_not(climb):
    refused(climb, ERISA | {"levels": "1"})
    agree(climb)
    with pytest.raises(Refused) as calm:
        open_agreed(climb, basis="urgent")
    assert codes(calm) == ["not_expedited"]
    assert StepOverride.objects.get().used_at is None


def test_of_an_urgent_appeal_nobody_has_to_have_certified_and_both_are_still_asked_for_together(urgent):
    agree(urgent)
    made = open_agreed(urgent, basis="urgent")
    assert (made.beside_basis, made.beside_by, made.beside_on) == ("urgent", "", day("2026-04-01"))
    with pytest.raises(Refused) as early:
        urgent.file(2, "2026-04-02")
    assert codes(early) == ["other_not_filed"]


def test_what_needed_nobodys_word_leaves_the_agreement_for_another_day(urgent):
    asked = agree(urgent)
    open_beside(urgent)
    asked.refresh_from_db()
    assert asked.used_at is None


def test_nobody_agrees_to_a_level_that_nobody_can_file(climb):
    """The plan sends the case on itself (42 CFR 422.590): there is nothing to file beside its reconsideration."""
    refused(climb, MEDICARE_ADVANTAGE)
    agree(climb)
    with pytest.raises(Refused) as nothing:
        open_agreed(climb)
    assert codes(nothing) == ["no_level_to_open"]


# -- on screen ---------------------------------------------------------------------------------------------


def test_two_people_open_it_on_their_pages(medicaid, sign_in):
    nora, level = sign_in("nora"), medicaid.level(1)
    place, new = address("level", medicaid.case, level), address("level_at_once", medicaid.case, level)
    asking = address("overrides", medicaid.case)
    assert "Not now: No rule known here" in words(nora.get(place))
    assert f'href="{new}"' not in nora.get(place).content.decode()
    assert nora.post(new, {}).status_code == 422
    step = f"open_at_once:{level.public_id}"
    assert step in nora.get(asking).content.decode()
    assert nora.post(asking, {"step": step, "reason": REASON}).status_code == 302
    row = StepOverride.objects.get()
    sam = sign_in("sam")
    sam.post(address("override_answer", medicaid.case, row), {"answer": "allowed", "note": "I called, too."})
    nora = sign_in("nora")
    assert f'href="{new}"' in nora.get(place).content.decode()
    assert "Two people agreed to open it; once." in words(nora.get(new))
    assert len(own_statements(nora, new)) <= 12
    answer = nora.post(new, {"basis": "agreed"})
    made = Appeal.objects.get(position=2)
    assert (answer.status_code, answer.url) == (302, address("level", medicaid.case, made))
    shown = words(nora.get(answer.url))
    assert "No rule known here says so: two people agreed." in shown and REASON in shown
    assert step not in nora.get(asking).content.decode()


def test_a_level_beside_which_nothing_can_be_opened_is_not_asked_about(climb, sign_in):
    refused(climb, MEDICARE_ADVANTAGE)
    nora = sign_in("nora")
    assert "open_at_once:" not in nora.get(address("overrides", climb.case)).content.decode()
    assert "A review beside it" not in words(nora.get(address("level", climb.case, climb.level(1))))


def test_where_the_law_allows_it_the_case_and_its_actions_lead_there(urgent, sign_in):
    new = f'href="{address("level_at_once", urgent.case, urgent.level(1))}"'
    nora = sign_in("nora")
    pages = [address("case", urgent.case), address("take_action", urgent.case)]
    assert [new in nora.get(page).content.decode() for page in pages] == [True, True]
    assert "Steps that are open" in words(nora.get(pages[1]))
    assert max(len(own_statements(nora, page)) for page in pages) <= 12
    open_beside(urgent)
    assert [new in nora.get(page).content.decode() for page in pages] == [False, False]


def test_where_no_rule_is_known_the_case_offers_it_once_two_people_agreed(medicaid, sign_in):
    new = f'href="{address("level_at_once", medicaid.case, medicaid.level(1))}"'
    page = address("take_action", medicaid.case)
    nora = sign_in("nora")
    assert new not in nora.get(page).content.decode()
    agree(medicaid)
    assert new in nora.get(page).content.decode()


def test_the_letter_of_such_a_review_claims_nobodys_word(urgent):
    agree(urgent)
    open_agreed(urgent, basis="urgent")
    start_draft(actor=urgent.who, appeal=urgent.level(2), at=moment("2026-04-02", 17))
    body = " ".join(block.get("text", "") for block in urgent.level(2).draft["blocks"])
    assert "this review is asked for at the same time (29 CFR 2590.715-2719(d)(3)(i)(A)" in body
    assert "certified" not in body and OSEI not in body
