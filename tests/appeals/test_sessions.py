"""Sessions are counted against what the payer allowed, and the renewal is thought of in time."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from appeals.commands.following import draft_renewal
from appeals.commands.requests import approve_request
from appeals.commands.sessions import consider_renewals, record_session, to_consider, void_session
from appeals.models import AuthorizationRequest, GrantedAuthorization, RequestItem, TreatmentSession
from appeals.queries.sessions import standing_of
from appeals.rules import renewal_day, renewal_is_due
from cases.models import Task
from tests.appeals.climbing import codes, moment
from tests.appeals.visiting import address, days_ago, own_statements, words
from tests.standing import prepared

FIRST, LAST = date(2026, 4, 1), date(2026, 7, 30)


def allow(
    climb, *, sessions=6, units=None, first=FIRST, last=LAST, received="2026-03-17"
) -> GrantedAuthorization:
    climb.ask(received)
    approve_request(
        actor=climb.who,
        request=climb.request,
        decided_at=moment(received, 15),
        number="AUTH-55",
        sessions=sessions,
        units=units,
        valid_from=first,
        valid_until=last,
        at=moment(received, 16),
    )
    return GrantedAuthorization.objects.get()


def held(climb, granted, on: str, *, at: str = "", **fields) -> TreatmentSession:
    given = {"minutes": 50, "place_of_service": "11"} | fields
    return record_session(
        actor=climb.who,
        authorization=granted,
        held_on=date.fromisoformat(on),
        provider=climb.case.provider,
        at=moment(at or on, 17),
        **given,
    )


def test_each_session_counts_down_what_is_left(climb):
    granted = allow(climb, units=Decimal(60))
    row = held(climb, granted, "2026-04-02", units=Decimal("8.5"))
    assert (row.held_on, row.minutes, row.units, row.place_of_service, row.provider, row.beyond) == (
        date(2026, 4, 2),
        50,
        Decimal("8.5"),
        "11",
        climb.case.provider,
        False,
    )
    held(climb, granted, "2026-04-06", units=Decimal(10))
    line = standing_of(granted, date(2026, 4, 6))
    assert (line.used, line.sessions_left, line.units_left, line.days_left) == (2, 4, Decimal("41.5"), 115)
    assert (line.renew_on, line.renewal_due) == (date(2026, 6, 30), False)
    event = Event.objects.filter(verb="session_recorded").order_by("id")[0]
    assert (event.data["held_on"], event.case_ids) == ("2026-04-02", [climb.case.pk])


@pytest.mark.parametrize(
    ("on", "fields", "expected"),
    [
        ("2026-03-31", {}, ["outside_validity"]),
        ("2026-04-01", {}, []),
        ("2026-07-30", {}, []),
        ("2026-07-31", {}, ["outside_validity"]),
        ("2026-08-02", {"at": "2026-08-01"}, ["in_future"]),
        ("2026-04-02", {"minutes": None}, ["minutes_missing"]),
        ("2026-04-02", {"minutes": 1441}, ["minutes_missing"]),
        ("2026-04-02", {"units": Decimal(0)}, ["units_impossible"]),
        ("2026-04-02", {"place_of_service": "99"}, ["place_missing"]),
    ],
)
def test_a_session_lies_inside_the_days_and_is_whole(climb, on, fields, expected):
    granted = allow(climb)
    if expected:
        with pytest.raises(Refused) as caught:
            held(climb, granted, on, **fields)
        assert codes(caught) == expected
    else:
        held(climb, granted, on, **fields)
    assert TreatmentSession.objects.count() == (not expected)


def test_where_only_units_are_allowed_units_are_counted(climb):
    granted = allow(climb, sessions=None, units=Decimal(10))
    with pytest.raises(Refused) as caught:
        held(climb, granted, "2026-04-02")
    assert codes(caught) == ["units_missing"]
    held(climb, granted, "2026-04-02", units=Decimal(9))
    with pytest.raises(Refused) as caught:
        held(climb, granted, "2026-04-03", units=Decimal("1.5"))
    assert codes(caught) == ["beyond_units"]
    assert held(climb, granted, "2026-04-03", units=Decimal(1)).beyond is False
    line = standing_of(granted, date(2026, 4, 3))
    assert (line.sessions_left, line.units_left, line.renewal_due) == (None, Decimal(0), False)


def test_more_than_was_allowed_needs_a_reason_and_is_marked(climb):
    granted = allow(climb, sessions=1)
    held(climb, granted, "2026-04-02", override_reason="not needed")
    with pytest.raises(Refused) as caught:
        held(climb, granted, "2026-04-03")
    assert codes(caught) == ["beyond_sessions"]
    row = held(climb, granted, "2026-04-03", override_reason="The plan confirmed by phone.")
    assert (row.beyond, row.override_reason) == (True, "The plan confirmed by phone.")
    assert TreatmentSession.objects.exclude(pk=row.pk).get().override_reason == ""
    assert standing_of(granted, date(2026, 4, 3)).beyond is True


def test_a_wrong_session_is_voided_with_a_reason_and_no_longer_counts(climb):
    granted = allow(climb)
    row = held(climb, granted, "2026-04-02")
    with pytest.raises(Refused) as caught:
        void_session(actor=climb.who, session=row, reason=" ", at=moment("2026-04-03"))
    assert codes(caught) == ["reason_missing"]
    void_session(actor=climb.who, session=row, reason="Another patient.", at=moment("2026-04-03"))
    assert standing_of(granted, date(2026, 4, 3)).sessions_left == 6
    with pytest.raises(WrongState):
        void_session(actor=climb.who, session=row, reason="Again.", at=moment("2026-04-03"))


def test_who_works_the_case_records_and_nobody_else(climb):
    granted = allow(climb)
    for who in ("clara", "ines", "petra"):
        with pytest.raises(NotAllowed):
            record_session(
                actor=getattr(climb.cast, who),
                authorization=granted,
                held_on=FIRST,
                minutes=50,
                place_of_service="11",
                provider=climb.case.provider,
                at=moment("2026-04-02"),
            )
    with scoped_to(climb.cast.meadow.pk), pytest.raises(NotFound):
        held(type("Other", (), {"who": climb.cast.mia, "case": climb.case})(), granted, "2026-04-02")


# -- the renewal --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("today", "left", "due"),
    [
        (date(2026, 6, 29), 6, False),
        (date(2026, 6, 30), 6, True),
        (date(2026, 4, 1), 3, False),
        (date(2026, 4, 1), 2, True),
        (date(2026, 6, 29), None, False),
        (date(2026, 7, 30), None, True),
        (date(2026, 7, 31), 2, False),
    ],
)
def test_the_renewal_is_due_thirty_days_before_the_end_or_with_two_sessions_left(today, left, due):
    assert renewal_is_due(FIRST, LAST, left, today) is due


def test_the_renewal_day_is_never_before_the_first_day():
    assert renewal_day(FIRST, LAST) == date(2026, 6, 30)
    assert renewal_day(date(2026, 7, 10), LAST) == date(2026, 7, 10)


def renewal_tasks() -> list[Task]:
    return list(Task.objects.filter(code__startswith="renewal:").order_by("id"))


def test_the_task_opens_by_itself_once_with_its_checklist(climb):
    granted = allow(climb, sessions=4)
    held(climb, granted, "2026-04-02")
    assert renewal_tasks() == []
    held(climb, granted, "2026-04-06")
    [task] = renewal_tasks()
    assert (task.template, task.due_on, task.owner, len(task.checklist)) == (
        "renewal",
        date(2026, 4, 11),
        climb.case.owner,
        5,
    )
    held(climb, granted, "2026-04-09")
    consider_renewals(moment("2026-07-05"))
    Task.objects.filter(pk=task.pk).update(status="done", ended_at=moment("2026-04-10"))
    held(climb, granted, "2026-04-10")
    assert renewal_tasks() == [task]


def test_the_nightly_look_opens_it_thirty_days_before_the_end(climb):
    allow(climb)
    assert [consider_renewals(moment(day)) for day in ("2026-06-29", "2026-06-30", "2026-07-01")] == [0, 1, 0]
    [task] = renewal_tasks()
    assert task.due_on == date(2026, 7, 5)
    assert to_consider(moment("2026-07-01")) == []


def test_each_authorization_that_ends_soon_is_a_job_until_its_task_was_opened(climb):
    first = allow(climb)
    second = GrantedAuthorization.objects.create(
        case=climb.case,
        request=climb.request,
        number="AUTH-56",
        sessions=6,
        valid_from=first.valid_from,
        valid_until=first.valid_until,
        granted_at=moment("2026-06-15"),
    )
    assert to_consider(moment("2026-07-01")) == [first, second]
    assert to_consider(moment("2026-07-01"), pk=second.pk) == [second]
    Task.objects.create(
        case=climb.case, code=f"renewal:{second.pk}", title="Renew", opened_at=moment("2026-06-30")
    )
    assert to_consider(moment("2026-07-01")) == [first]
    assert to_consider(moment("2026-07-01"), pk=second.pk) == []


def test_what_has_run_out_or_was_followed_by_a_later_one_is_not_renewed(climb):
    granted = allow(climb)
    assert consider_renewals(moment("2026-07-31")) == 0
    GrantedAuthorization.objects.create(
        case=climb.case,
        request=climb.request,
        number="AUTH-56",
        sessions=6,
        valid_from=date(2026, 7, 31),
        valid_until=date(2026, 11, 30),
        granted_at=moment("2026-06-15"),
    )
    assert consider_renewals(moment("2026-07-05")) == 0
    assert standing_of(granted, date(2026, 7, 5)).renewal_due is False


def test_a_renewal_is_drafted_with_the_same_items_from_the_day_after_the_last(climb):
    granted = allow(climb)
    made = draft_renewal(actor=climb.who, granted=granted, at=moment("2026-07-01"))
    assert (made.timing, made.follows, made.renews, made.status) == (
        "concurrent",
        climb.request,
        granted,
        "drafting",
    )
    assert [
        (i.code, i.units, i.starts_on) for i in RequestItem.objects.filter(request=made).order_by("position")
    ] == [
        ("96365", Decimal(6), date(2026, 7, 31)),
        ("J3490", Decimal(60), date(2026, 7, 31)),
    ]
    with pytest.raises(WrongState):
        draft_renewal(actor=climb.who, granted=granted, at=moment("2026-07-01"))
    assert consider_renewals(moment("2026-07-05")) == 0
    with pytest.raises(NotAllowed):
        draft_renewal(actor=climb.cast.clara, granted=granted, at=moment("2026-07-01"))


# -- pages --------------------------------------------------------------------------------------------------
@prepared
def running(climb):
    """Four sessions allowed, from five days ago for a hundred days."""
    today = date.fromisoformat(days_ago(0))
    granted = allow(
        climb,
        sessions=4,
        first=today - timedelta(days=5),
        last=today + timedelta(days=100),
        received=days_ago(10),
    )
    return climb, granted


def test_the_case_says_what_is_left_and_proposes_the_next_thing(running, sign_in):
    climb, granted = running
    nora = sign_in("nora")
    case, new = address("case", climb.case), address("session_new", climb.case, granted)
    page = nora.get(case)
    assert (page.context["found"].action.code, page.context["actions"][0]["url"]) == ("record_session", new)
    assert "4 of 4 sessions left" in words(page)
    form = {
        "held_on": days_ago(3),
        "minutes": "50",
        "place_of_service": "11",
        "provider": str(climb.case.provider.public_id),
    }
    assert nora.get(new).status_code == 200
    assert nora.post(new, form).status_code == 302
    assert nora.get(new).context["form"].initial["minutes"] == 50
    assert nora.post(new, form | {"held_on": days_ago(2)}).status_code == 302
    page = nora.get(case)
    assert page.context["found"].action.code == "draft_renewal"
    assert "2 of 4 sessions left" in words(page) and "renew now" in words(page)
    assert len(own_statements(nora, case)) <= 12
    assert "Ask for the renewal of the authorization" in [
        line.task.title for line in page.context["found"].tasks
    ]
    shown = address("authorization", climb.case, granted)
    assert "2 left of 4; 2 held" in words(nora.get(shown))
    assert len(own_statements(nora, shown)) <= 12


def test_a_session_too_many_is_refused_on_its_field_and_voided_on_its_page(running, sign_in):
    climb, granted = running
    GrantedAuthorization.objects.filter(pk=granted.pk).update(sessions=1)
    nora = sign_in("nora")
    new = address("session_new", climb.case, granted)
    form = {
        "held_on": days_ago(3),
        "minutes": "50",
        "place_of_service": "11",
        "provider": str(climb.case.provider.public_id),
    }
    assert nora.post(new, form).status_code == 302
    refused = nora.post(new, form)
    assert refused.status_code == 422 and list(refused.context["form"].errors) == ["override_reason"]
    assert nora.post(new, form | {"override_reason": "Confirmed by phone."}).status_code == 302
    shown = address("authorization", climb.case, granted)
    assert "Beyond what was allowed" in words(nora.get(shown))
    wrong = TreatmentSession.objects.get(beyond=True)
    void = address("session_void", climb.case, wrong)
    assert nora.post(void, {"reason": ""}).status_code == 422
    assert nora.post(void, {"reason": "Typed twice."}).headers["Location"] == shown
    assert "Typed twice." in words(nora.get(shown))


def test_the_renewal_page_drafts_once_and_leads_to_it_afterward(running, sign_in):
    climb, granted = running
    nora = sign_in("nora")
    url = address("renewal", climb.case, granted)
    assert nora.get(url).status_code == 200
    answer = nora.post(url)
    made = AuthorizationRequest.objects.get(renews=granted)
    assert answer.headers["Location"] == address("request_change", climb.case, made)
    assert nora.get(url).headers["Location"] == address("request", climb.case, made)
    assert nora.post(url).status_code == 409
    assert nora.get(address("case", climb.case)).context["found"].action.code == "send_request"
    clara = sign_in("clara")
    assert clara.get(url).status_code == 403
    assert clara.get(address("authorization", climb.case, granted)).status_code == 200
