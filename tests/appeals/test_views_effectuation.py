"""What the plan delivered of a decision against it, through the pages of the desk."""

from __future__ import annotations

from django.urls import reverse

from appeals.models import Effectuation
from tests.appeals.climbing import ERISA
from tests.appeals.owing import clocks, had, won_from_the_plan
from tests.appeals.visiting import address, own_statements, words

pytest_plugins = ("tests.appeals.climbing", "tests.appeals.owing")


def test_a_navigator_sees_what_is_owed_records_it_and_the_payer_is_late_no_more(owed, sign_in):
    nora, case, level = sign_in("nora"), owed.case, owed.level(2)
    there = address("effectuation", case, level)
    assert f'href="{there}"' in nora.get(address("level", case, level)).content.decode()
    assert "Demand that it is carried out" in words(nora.get(reverse("appeals:today")))
    late = words(nora.get(address("late", case)))
    assert "Complain to the agency that supervises the plan or the reviewer. 42 CFR 422.618(b)(1)" in late
    row = owed.row("effectuation", 2)
    demand = reverse("appeals:demand_new", args=[case.public_id, row.public_id, "carry_out"])
    assert "What was decided has not been carried out." in words(nora.get(demand))
    shown = words(nora.get(there))
    assert ("Not delivered yet" in shown, "42 CFR 422.618(b)(1)" in shown) == (True, True)
    sent = {"kind": "authorized", "done_at": "2026-06-04T16:00", "note": "Letter of June 4."}
    assert nora.post(there, sent).status_code == 422
    answer = nora.post(there, sent | {"items": [str(i.public_id) for i in owed.items]})
    assert (answer.status_code, answer.url) == (302, there)
    shown = nora.get(there)
    assert ("Not delivered yet" in words(shown), "Letter of June 4." in words(shown)) == (False, True)
    assert clocks(owed)[0][-1] == "met"
    back = address("effectuation_void", case, Effectuation.objects.order_by("id")[0])
    assert nora.post(back, {"reason": "It was another claim."}).status_code == 302
    assert "It was another claim." in words(nora.get(there))
    assert clocks(owed)[0][-1] == "running"
    assert len(own_statements(nora, there)) <= 12


def test_when_the_plan_had_the_decision_is_recorded_on_its_page_and_a_correction_shows_both_dates(
    at_the_entity, sign_in
):
    nora, case, level = sign_in("nora"), at_the_entity.case, at_the_entity.level(2)
    notice = address("plan_notice", case, level)
    assert f'href="{notice}"' in nora.get(address("effectuation", case, level)).content.decode()
    for typed in ("2026-05-21T14:00", "2026-05-25T14:00"):
        answer = nora.post(notice, {"received_at": typed})
        assert (answer.status_code, answer.url) == (302, address("effectuation", case, level))
    moved = words(nora.get(address("moved", case, at_the_entity.row("effectuation", 2))))
    assert ("Jun 4" in moved or "June 4" in moved, "Jun 8" in moved or "June 8" in moved) == (True, True)


def test_a_self_funded_plan_that_loses_has_its_page_without_a_date_and_may_be_asked_all_the_same(
    climb, sign_in
):
    won_from_the_plan(climb, ERISA | {"levels": "1"})
    nora, there = sign_in("nora"), address("effectuation", climb.case, climb.level(1))
    assert "Coverage is owed" in words(nora.get(there))
    assert "No rule known here says by when." in words(nora.get(there))
    sent = {"kind": "paid", "done_at": "2026-05-04T16:00", "items": [str(i.public_id) for i in climb.items]}
    assert nora.post(there, sent).status_code == 302
    assert [e.kind for e in Effectuation.objects.all()] == ["paid", "paid"]


def test_an_admin_reads_no_case_and_a_reader_sees_no_form(owed, sign_in):
    there = address("effectuation", owed.case, owed.level(2))
    assert sign_in("olga").get(there).status_code == 404


def test_one_item_chosen_twice_is_one_item(owed, sign_in):
    there = address("effectuation", owed.case, owed.level(2))
    item = str(owed.items[0].public_id)
    sent = {"kind": "authorized", "done_at": "2026-05-22T16:00", "items": [item, item]}
    assert sign_in("nora").post(there, sent).status_code == 302
    assert [e.item for e in Effectuation.objects.all()] == [owed.items[0]]


def test_a_moment_that_somebody_else_recorded_is_not_written_over(at_the_entity, sign_in):
    nora = sign_in("nora")
    there = address("plan_notice", at_the_entity.case, at_the_entity.level(2))
    seen = nora.get(there).context["form"]["version"].value()
    had(at_the_entity, 2, "2026-05-21")
    assert nora.post(there, {"received_at": "2026-05-25T14:00", "version": seen}).status_code == 409
    again = nora.get(there).context["form"]["version"].value()
    assert nora.post(there, {"received_at": "2026-05-25T14:00", "version": again}).status_code == 302
    assert clocks(at_the_entity)[0][1] == "2026-06-08"
