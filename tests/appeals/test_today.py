"""Today: six stacks whose counts are the lists behind them, under every role; one proposed action a row."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.tenancy.scope import scoped_to
from appeals.models import Deadline, PeerToPeer
from appeals.queries.clocks import Day, day_at
from appeals.queries.queue import Filters, listed
from appeals.queries.today import today
from cases.models import Case
from tests.appeals.scenes import chosen_for, clock, denied, level_of, new_case, request_of, task_of
from tests.cast import Cast
from tests.standing import prepared

EVERYBODY = ("ines", "nora", "nils", "clara", "sam", "olga", "anna", "petra")
ZONE = "America/New_York"


def now() -> datetime:
    return timezone.now()


def here(at: datetime) -> Day:
    return day_at(at, ZONE)


def window_of(case: Case, *, due_on: date, at: datetime, by: Any) -> Deadline:
    """The plan's offer of a call until a day, beside an appeal with three months left."""
    denial = denied(case, at=at, confirmed_by=by)
    level = level_of(denial, at=at)
    clock(case, due_on=here(at).today + timedelta(days=90), at=at, appeal=level)
    call = PeerToPeer.objects.create(
        case=case, denial=denial, status="offered", opened_at=at, window_ends_on=due_on
    )
    return clock(case, due_on=due_on, at=at, peer_to_peer=call)


@prepared
def morning(cast: Cast) -> tuple[Cast, datetime, dict[str, Case]]:
    """One case for every stack and owner, and some that belong into none."""
    at = now()
    today_ = here(at).today
    cases: dict[str, Case] = {}

    def one(name: str, **fields) -> Case:
        cases[name] = new_case(len(cases) + 1, at=at, **fields)
        return cases[name]

    nora, nils = cast.members["nora"], cast.members["nils"]
    clock(one("nora_soon", owner=nora), due_on=today_ + timedelta(days=3), at=at)
    clock(one("nora_overdue", owner=nora), due_on=today_ - timedelta(days=2), at=at)
    clock(one("nora_edge", owner=nora), due_on=today_ + timedelta(days=14), at=at)
    clock(one("nora_later", owner=nora), due_on=today_ + timedelta(days=15), at=at)
    clock(one("nils_soon", owner=nils), due_on=today_ + timedelta(days=5), at=at)
    clock(one("nobody_soon"), due_on=today_ + timedelta(days=6), at=at)
    clock(one("restricted", owner=nils, is_restricted=True), due_on=today_ + timedelta(days=1), at=at)
    clock(one("plan_late", owner=nora), due_on=today_ - timedelta(days=1), at=at, side="payer")
    clock(one("plan_today", owner=nora), due_on=today_, at=at, side="payer")
    hours = clock(one("plan_hours", owner=nora), due_on=today_, at=at, side="payer")
    hours.due_at = at - timedelta(minutes=1)
    hours.save(update_fields=["due_at"])
    task_of(one("my_task", owner=nils), at=at, owner=nora, due_on=today_)
    task_of(one("nobodys_task", owner=nora), at=at)
    waiting_for = task_of(one("waits", owner=nils), at=at, owner=nils)
    task_of(cases["waits"], at=at, owner=nora, waits_for=waiting_for)
    task_of(one("wakes", owner=nora), at=at, owner=nora, status="held", hold_until=at + timedelta(seconds=1))
    task_of(one("sleeps", owner=nora), at=at, owner=nora, status="held", hold_until=at + timedelta(days=3))
    one("new", owner=nora, opened_at=at - timedelta(days=1), last_touched_at=at - timedelta(days=1))
    window_of(one("call_soon", owner=nora), due_on=today_ + timedelta(days=4), at=at, by=cast.users["nora"])
    window_of(one("call_later", owner=nora), due_on=today_ + timedelta(days=20), at=at, by=cast.users["nora"])
    closed = one("closed", owner=nora)
    clock(closed, due_on=today_ + timedelta(days=1), at=at)
    Case.objects.filter(pk=closed.pk).update(status="closed", closed_at=at, outcome="covered")
    return cast, at, cases


def names(stack, cases) -> set[str]:
    by_pk = {case.pk: name for name, case in cases.items()}
    return {by_pk.get(row.case.pk, "cast") for row in stack.rows}


def test_each_stack_holds_what_its_title_says(morning):
    cast, at, cases = morning
    found = {s.code: names(s, cases) for s in today(cast.nora, day=here(at))}
    assert found == {
        "legal": {"nora_soon", "nora_overdue", "nora_edge", "nobody_soon"},
        "payer": {"plan_late", "plan_hours"},
        "call": {"call_soon"},
        "patient": set(),
        "waiting": {"my_task", "nobodys_task"},
        "waking": {"wakes"},
        "new": {"new"},
    } or found["new"] == {"new", "cast"}


def test_everybodys_cases_leave_out_the_restricted_ones_of_others(morning):
    cast, at, cases = morning
    stacks = {s.code: names(s, cases) for s in today(cast.sam, day=here(at))}
    assert stacks["legal"] == {"nora_soon", "nora_overdue", "nora_edge", "nils_soon", "nobody_soon"}
    assert "restricted" in {n for s in today(cast.nils, day=here(at)) for n in names(s, cases)}


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("scope", ["desk", "all"])
def test_the_number_on_a_stack_is_the_length_of_the_list_it_opens(morning, who, scope):
    cast, at, _cases = morning
    actor, day = cast.actors[who], here(at)
    for stack in today(actor, day=day, scope=scope):
        assert stack.total == len(list(listed(actor, stack.filters, day))), stack.code


def test_a_stack_shows_the_first_of_its_queue_in_the_order_of_the_queue(cast):
    at = now()
    for n in range(1, 13):
        clock(
            new_case(n, at=at, owner=cast.members["nora"]),
            due_on=here(at).today + timedelta(days=13 - n),
            at=at,
        )
    legal = today(cast.nora, day=here(at))[0]
    assert legal.total == 12
    assert [row.case.reference for row in legal.rows] == [f"HB-2026-1{n:03d}" for n in range(12, 4, -1)]


def test_a_case_given_to_me_is_new_until_somebody_works_on_it(cast):
    from cases.commands.cases import assign_case
    from cases.commands.communications import write_note

    at = now()
    case = new_case(1, at=at)
    assign_case(actor=cast.sam, case=case, owner=cast.members["nils"], at=at)
    new = {s.code: s for s in today(cast.nils, day=here(now()))}["new"]
    assert [row.case.pk for row in new.rows] == [case.pk]
    write_note(actor=cast.nils, case=case, body="Called the clinic.", at=now() + timedelta(minutes=1))
    assert {s.code: s for s in today(cast.nils, day=here(now()))}["new"].rows == ()


def test_a_row_carries_its_action_its_date_and_its_citation(cast):
    at = now()
    case = new_case(1, at=at, owner=cast.members["nora"])
    level = level_of(denied(case, at=at, confirmed_by=cast.users["nora"]), at=at, status="drafting")
    clock(case, due_on=here(at).today + timedelta(days=3), at=at, appeal=level)
    row = today(cast.nora, day=here(at))[0].rows[0]
    assert row.action is not None and row.due is not None
    assert (row.action.code, row.action.args) == ("file_appeal", (case.public_id, level.public_id))
    assert (row.due.days_left, row.due.citation) == (3, "45 CFR 147.136(b)")
    petra = {s.code: s for s in today(cast.petra, day=here(at), scope="all")}["legal"].rows[0]
    assert petra.action is None


def statements(captured: CaptureQueriesContext) -> list[str]:
    """The application's own statements: no transaction control, no session."""
    skipped = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "SELECT set_config")
    return [
        q["sql"]
        for q in captured.captured_queries
        if not q["sql"].startswith(skipped) and "django_session" not in q["sql"]
    ]


def busy(cast: Cast, count: int, at: datetime, first: int = 1) -> None:
    """`count` cases in each stack."""
    today_ = here(at).today
    for n in range(first, first + count):
        case = new_case(n, at=at, owner=cast.members["nora"])
        level = level_of(denied(case, at=at, confirmed_by=cast.users["nora"]), at=at)
        clock(case, due_on=today_ + timedelta(days=n), at=at, appeal=level)
        clock(case, due_on=today_ - timedelta(days=1), at=at, side="payer")
        task_of(case, at=at, owner=cast.members["nora"])
        task_of(case, at=at, owner=cast.members["nora"], status="held", hold_until=at + timedelta(seconds=1))


def test_the_page_takes_at_most_twelve_statements_however_many_rows(cast, sign_in):
    at = now()
    nora = sign_in("nora")
    counts = []
    for first, count in ((1, 1), (2, 2)):
        busy(cast, count, at, first)
        with CaptureQueriesContext(connection) as captured:
            assert nora.get("/admin/today/").status_code == 200
        counts.append(len(statements(captured)))
    assert counts[0] == counts[1] <= 12, counts


def test_the_page_is_one_read_of_the_cases_it_shows(morning, sign_in):
    cast, _at, cases = morning
    before = Event.objects.order_by("-id").first()
    answer = sign_in("nora").get("/admin/today/")
    assert answer.status_code == 200
    [read] = Event.objects.filter(kind="read", id__gt=before.pk)
    assert (read.verb, read.actor) == ("read_list", cast.nora.key)
    assert cases["nora_soon"].pk in read.case_ids and cases["restricted"].pk not in read.case_ids
    text = answer.content.decode()
    assert "Pip1" in text and "Restricted" not in text
    assert "Overdue by 2 days" in text and "45 CFR 147.136(b)" in text


def test_all_links_open_queues_with_that_many_rows(morning, sign_in):
    import re

    _cast, _at, _cases = morning
    sam = sign_in("sam")
    text = sam.get("/admin/today/").content.decode()
    links = re.findall(r'href="([^"]+)" data-all="(\w+)">all (\d+)', text)
    assert {code for _url, code, _n in links} >= {"legal", "payer"}
    for url, _code, number in links:
        rows = sam.get(url.replace("&amp;", "&")).content.decode().count("<tr data-row>")
        assert rows == int(number), url


def test_who_sees_no_case_is_told_so(cast, sign_in):
    assert sign_in("olga").get("/admin/today/").status_code == 403


def test_meadow_sees_nothing_of_harbor(morning, sign_in):
    text = sign_in("mia").get("/admin/today/").content.decode()
    assert "Whitlock" not in text and "HB-2026" not in text


def test_hold_and_request_helpers_agree_with_the_scope(cast):
    with scoped_to(cast.meadow.pk):
        assert today(cast.mia, day=here(now()))[0].total == 0
    assert request_of(cast.case, at=now()).case_id == cast.case.pk


def test_the_window_of_a_call_hurries_the_call_and_not_the_appeal(cast: Cast):
    """A peer-to-peer has no legal clock: that its window ends, or has ended, says nothing about the appeal's."""
    at = now()
    case = new_case(1, at=at, owner=cast.members["nora"])
    window = window_of(case, due_on=here(at).today, at=at, by=cast.users["nora"])
    chosen_for(case, "peer_to_peer", at=at)
    proposed = {}
    for days in (-2, 2, 12, 15):
        window.due_on = here(at).today + timedelta(days=days)
        window.save(update_fields=["due_on"])
        stacks = {s.code: s for s in today(cast.nora, day=here(at))}
        assert [r for r in stacks["legal"].rows if r.case == case] == []
        assert [
            r.action.code for s in stacks.values() for r in s.rows if r.action and "late" in r.action.code
        ] == []
        proposed[days] = [row.due.kind for row in stacks["call"].rows if row.due]
    offer = ["The plan's offer of a call, not a legal deadline"]
    assert proposed == {-2: offer, 2: offer, 12: offer, 15: []}


def test_the_window_of_a_call_is_no_date_of_ours_that_has_passed(cast: Cast):
    at = now()
    window_of(
        new_case(1, at=at, owner=cast.members["nora"]),
        due_on=here(at).today - timedelta(days=2),
        at=at,
        by=cast.users["nora"],
    )
    assert list(listed(cast.nora, Filters(overdue="ours"), here(at))) == []


@pytest.mark.parametrize(("filing", "code"), [(38, "file_appeal"), (-1, "file_late")])
def test_the_last_day_to_keep_treatment_going_ends_no_window(cast: Cast, filing: int, code: str):
    """It stands in front as overdue, and the appeal can be filed as long as its own window runs."""
    at = now()
    case = new_case(1, at=at, owner=cast.members["nora"])
    level = level_of(denied(case, at=at, confirmed_by=cast.users["nora"]), at=at, status="drafting")
    chosen_for(case, "appeal", at=at)
    clock(case, due_on=here(at).today + timedelta(days=filing), at=at, appeal=level)
    passed = clock(case, due_on=here(at).today - timedelta(days=10), at=at, appeal=level)
    Deadline.objects.filter(pk=passed.pk).update(clock="continuation")
    legal = next(stack for stack in today(cast.nora, day=here(at)) if stack.code == "legal")
    (row,) = legal.rows
    assert row.due is not None and row.action is not None
    assert (row.due.date, row.action.code) == (passed.due_on, code)


def test_the_page_says_that_the_window_is_no_legal_deadline(morning, sign_in):
    text = sign_in("nora").get("/admin/today/").content.decode()
    assert "Peer-to-peer window closes in 14 days" in text
    assert text.count("The plan&#x27;s offer of a call, not a legal deadline") == 1
