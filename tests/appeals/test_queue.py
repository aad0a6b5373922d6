"""The queue: filters are codes, pages go by key, places keep the list, several cases go to one colleague and back."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotFound
from appeals.queries.queue import Filters, Place, cases_by_public_id, listed, neighbors, place_of, queue
from appeals.views.links import link
from cases.commands.triage import triage_case
from cases.models import Case
from tests.appeals.scenes import clock, new_case
from tests.appeals.test_today import here, now, statements
from tests.cast import Cast


def many(cast: Cast, count: int, *, dated: int) -> list[Case]:
    """`count` cases of Nora's; the first `dated` with a date each, two of them on the same day."""
    at = now()
    made = []
    for n in range(1, count + 1):
        case = new_case(n, at=at, owner=cast.members["nora"])
        if n <= dated:
            clock(case, due_on=here(at).today + timedelta(days=max(n, 2)), at=at)
        made.append(case)
    return made


def walk(actor, filters: Filters, size: int) -> list[list[str]]:
    pages, after = [], None
    while True:
        page = queue(actor, filters, day=here(now()), after=after, size=size)
        pages.append([row.case.reference for row in page.rows])
        if not page.after:
            return pages
        after = place_of(page.after)


def test_pages_follow_each_other_by_key_and_miss_nobody(cast):
    made = many(cast, 7, dated=4)
    everything = [c.reference for c in made] + [cast.case.reference]
    wanted = [c.reference for c in made[:4]] + sorted(
        (c.reference for c in [cast.case, *made[4:]]),
        key=lambda r: Case.objects.get(reference=r).pk,
    )
    pages = walk(cast.nora, Filters(), 3)
    assert [len(p) for p in pages] == [3, 3, 2]
    assert [r for p in pages for r in p] == wanted
    assert sorted(wanted) == sorted(everything)


def test_a_queue_page_neither_counts_nor_skips(cast):
    many(cast, 3, dated=2)
    with CaptureQueriesContext(connection) as captured:
        queue(cast.nora, Filters(), day=here(now()), size=2)
    sql = " ".join(q["sql"] for q in captured.captured_queries)
    assert "COUNT(" not in sql.upper() and "OFFSET" not in sql.upper()


@pytest.mark.parametrize(
    "filters, wanted",
    [
        (Filters(owner="me"), {"nora_soon", "late_plan", "urgent", "spravato"}),
        (Filters(owner="none"), {"nobody"}),
        (Filters(owner="desk"), {"nora_soon", "late_plan", "urgent", "spravato", "nobody"}),
        (Filters(due="7"), {"nora_soon", "nils_today"}),
        (Filters(due="0"), {"nils_today"}),
        (Filters(overdue="plan"), {"late_plan"}),
        (Filters(overdue="ours"), set()),
        (Filters(urgent="yes"), {"urgent"}),
        (Filters(urgent="emergency"), set()),
        (Filters(safety="yes"), set()),
        (Filters(treatment="esketamine"), {"spravato"}),
        (Filters(stage="internal_appeal_1"), {"nobody"}),
        (Filters(status="closed"), {"closed"}),
        (Filters(owner="me", urgent="yes", due="7"), set()),
    ],
)
def test_each_filter_lists_its_cases(cast, filters, wanted):
    at = now()
    nora, nils = cast.members["nora"], cast.members["nils"]
    today = here(at).today
    Case.objects.filter(pk=cast.case.pk).update(status="closed", closed_at=at, outcome="covered", owner=nils)
    named = {
        "closed": cast.case,
        "nora_soon": new_case(1, at=at, owner=nora),
        "nils_today": new_case(2, at=at, owner=nils),
        "nobody": new_case(3, at=at, stage="internal_appeal_1"),
        "late_plan": new_case(4, at=at, owner=nora),
        "urgent": new_case(5, at=at, owner=nora, is_urgent=True),
        "spravato": new_case(6, at=at, owner=nora, treatment="esketamine"),
    }
    clock(named["nora_soon"], due_on=today + timedelta(days=7), at=at)
    clock(named["nils_today"], due_on=today, at=at)
    clock(named["late_plan"], due_on=today - timedelta(days=1), at=at, side="reviewer")
    found = {c.pk for c in listed(cast.nora, filters, here(at))}
    assert {name for name, case in named.items() if case.pk in found} == wanted


def test_by_triage_the_pressing_ones_come_first_and_pages_follow_each_other(cast):
    at = now()
    today = here(at).today
    nora = cast.members["nora"]
    made = {name: new_case(n, at=at, owner=nora) for n, name in enumerate(("a", "b", "c", "d", "e"), start=1)}
    for name, urgency, concern in (
        ("b", "emergency", "unknown"),
        ("c", "standard", "yes"),
        ("d", "urgent", "no"),
        ("e", "urgent", "no"),
    ):
        triage_case(actor=cast.nora, case=made[name], urgency=urgency, safety_concern=concern, at=at)
    clock(made["a"], due_on=today, at=at)
    clock(made["e"], due_on=today + timedelta(days=3), at=at)
    wanted = [made[name].reference for name in ("b", "c", "e", "d", "a")] + [cast.case.reference]
    pages = walk(cast.nora, Filters(sort="triage"), 2)
    assert [len(p) for p in pages] == [2, 2, 2]
    assert [r for p in pages for r in p] == wanted
    middle = queue(cast.nora, Filters(sort="triage"), day=here(at)).rows[2]
    beside = neighbors(cast.nora, place_of(middle.place), here(at))
    assert (beside.previous[0], beside.next[0]) == (made["c"].public_id, made["d"].public_id)
    assert {c.pk for c in listed(cast.nora, Filters(safety="yes"), here(at))} == {made["c"].pk}
    assert {c.pk for c in listed(cast.nora, Filters(urgent="yes"), here(at))} == {
        made[name].pk for name in ("b", "d", "e")
    }


def test_payer_and_member_are_named_by_their_public_ids(cast):
    case = new_case(1, at=now(), owner=cast.members["nils"])
    payer, nils = str(case.coverage.payer.public_id), str(cast.members["nils"].public_id)
    assert [c.pk for c in listed(cast.nora, Filters(payer=payer), here(now()))] == [case.pk]
    assert [c.pk for c in listed(cast.nora, Filters(owner=nils), here(now()))] == [case.pk]


def test_an_address_says_codes_only_and_unknown_ones_are_dropped():
    given = {
        "status": "gone",
        "owner": "Robert'); --",
        "due": "14",
        "stage": "a b",
        "urgent": "yes",
        "q": "Whitlock",
    }
    filters = Filters.read(given)
    assert filters == Filters(due="14", urgent="yes")
    assert filters.query_string() == "urgent=yes&due=14"
    assert Filters.read(dict(p.split("=") for p in filters.query_string().split("&"))) == filters


def test_a_place_comes_back_as_it_was_and_nobody_makes_one_up():
    place = Place(Filters(due="14", owner="me"), now().date(), 12)
    assert place_of(place.text()) == place
    assert place_of(place.text()[:-1] + "x") is None
    assert place_of("") is None


def test_previous_and_next_go_through_the_filtered_list(cast):
    made = many(cast, 4, dated=3)
    new_case(9, at=now(), owner=cast.members["nils"])
    filters = Filters(owner=str(cast.members["nora"].public_id), due="30")
    rows = queue(cast.nora, filters, day=here(now())).rows
    assert [r.case.pk for r in rows] == [c.pk for c in made[:3]]
    beside = [neighbors(cast.nora, place_of(row.place), here(now())) for row in rows]
    ids = [c.public_id for c in made]
    assert [(b.previous and b.previous[0], b.next and b.next[0]) for b in beside] == [
        (None, ids[1]),
        (ids[0], ids[2]),
        (ids[1], None),
    ]
    assert place_of(beside[0].next[1]).filters == filters


def test_undated_cases_come_last_in_both_directions(cast):
    made = many(cast, 3, dated=1)
    filters = Filters(owner="me")
    rows = queue(cast.nora, filters, day=here(now())).rows
    assert next(r.case.reference for r in rows) == made[0].reference
    second = neighbors(cast.nora, place_of(rows[1].place), here(now()))
    assert (second.previous[0], second.next[0]) == (rows[0].case.public_id, rows[2].case.public_id)
    assert neighbors(cast.nora, place_of(rows[0].place), here(now())).next[0] == rows[1].case.public_id


def test_the_page_takes_at_most_twelve_statements_however_many_rows(cast, sign_in):
    at = now()
    sam = sign_in("sam")
    counts = []
    for start, end in ((1, 2), (2, 4)):
        for n in range(start, end):
            case = new_case(n, at=at, owner=cast.members["nora"])
            clock(case, due_on=here(at).today, at=at)
            clock(case, due_on=here(at).today, at=at, side="payer")
        with CaptureQueriesContext(connection) as captured:
            assert sam.get("/admin/queue/?due=14").status_code == 200
        counts.append(len(statements(captured)))
    assert counts[0] == counts[1] <= 12, counts


def test_each_date_of_a_row_leads_to_why_it_is_that_date(cast, sign_in):
    at = now()
    case = new_case(1, at=at, owner=cast.members["nora"])
    for side in ("claimant", "payer"):
        clock(case, due_on=here(at).today, at=at, side=side)
    page = sign_in("sam").get("/admin/queue/").content.decode()
    leads = re.findall(r'href="(/admin/cases/[^"]*#clocks)"', page)
    assert len(leads) == 2 and all(str(case.public_id) in lead for lead in leads)


def test_the_list_is_one_read_of_what_it_shows_and_meadow_sees_none_of_it(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    hidden = new_case(2, at=now(), owner=cast.members["nils"], is_restricted=True)
    text = sign_in("nora").get("/admin/queue/").content.decode()
    assert case.reference in text and hidden.reference not in text
    [read] = Event.objects.filter(kind="read", verb="read_list")
    assert case.pk in read.case_ids and hidden.pk not in read.case_ids
    text = sign_in("mia").get("/admin/queue/").content.decode()
    assert case.reference not in text and "MD-2026-0001" in text


# -- several cases to one colleague -------------------------------------------------------------------------
def owners(*cases: Case) -> list[str | None]:
    return [
        str(c.owner.user) if c.owner else None
        for c in Case.objects.filter(pk__in=[c.pk for c in cases])
        .select_related("owner__user")
        .order_by("pk")
    ]


def test_assigning_is_shown_first_then_done_then_undone_and_all_of_it_recorded(cast, sign_in):
    at = now()
    first, second = new_case(1, at=at, owner=cast.members["nora"]), new_case(2, at=at)
    mine = new_case(3, at=at, owner=cast.members["nils"])
    form = {
        "case": [str(c.public_id) for c in (first, second, mine)],
        "owner": str(cast.members["nils"].public_id),
        "back": "due=14",
    }
    sam = sign_in("sam")
    preview = sam.post("/admin/queue/assign/", form)
    text = preview.content.decode()
    assert "2 of 3 cases will change hands" in text and "It is already so." in text
    assert owners(first, second, mine) == ["Nora Navigator", None, "Nils Navigator"]
    done = sam.post("/admin/queue/assign/", form | {"step": "confirm"})
    assert (done.status_code, done.headers["Location"]) == (302, "/admin/queue/?due=14")
    assert owners(first, second, mine) == ["Nils Navigator"] * 3
    assert "2 cases given to Nils Navigator." in sam.get("/admin/queue/").content.decode()
    undone = sam.post("/admin/queue/assign/undo/")
    assert undone.status_code == 302
    assert owners(first, second, mine) == ["Nora Navigator", None, "Nils Navigator"]
    said = [(e.subject_id, e.reason) for e in Event.objects.filter(verb="case_assigned").order_by("id")]
    why = "Undo of an assignment of several cases"
    assert sorted(said) == sorted([(first.pk, ""), (second.pk, ""), (first.pk, why), (second.pk, why)])
    assert "given to Nils" not in sam.get("/admin/queue/").content.decode()


def test_undo_moves_nothing_when_somebody_has_reassigned_since(cast, sign_in):
    from cases.commands.cases import assign_case

    case = new_case(1, at=now(), owner=cast.members["nora"])
    sam = sign_in("sam")
    form = {"case": [str(case.public_id)], "owner": str(cast.members["nils"].public_id), "step": "confirm"}
    assert sam.post("/admin/queue/assign/", form).status_code == 302
    case.refresh_from_db()
    assign_case(actor=cast.sam, case=case, owner=cast.members["sam"], at=now())
    assert sam.post("/admin/queue/assign/undo/").status_code == 409
    assert owners(case) == ["Sam Supervisor"]


def test_only_who_assigns_may_and_only_what_they_see(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    form = {"case": [str(case.public_id)], "owner": str(cast.members["nils"].public_id), "step": "confirm"}
    assert sign_in("nora").post("/admin/queue/assign/", form).status_code == 403
    foreign = form | {"case": [str(case.public_id), str(cast.meadow_case.public_id)]}
    assert sign_in("sam").post("/admin/queue/assign/", foreign).status_code == 404
    assert sign_in("sam").post("/admin/queue/assign/", form | {"case": ["x"]}).status_code == 404
    cannot_own = form | {"owner": str(cast.members["olga"].public_id)}
    assert sign_in("sam").post("/admin/queue/assign/", cannot_own).status_code == 422
    foreign_owner = form | {"owner": str(cast.members["mia"].public_id)}
    assert sign_in("sam").post("/admin/queue/assign/", foreign_owner).status_code == 422
    assert owners(case) == ["Nora Navigator"]
    with pytest.raises(NotFound):
        cases_by_public_id(cast.sam, [cast.meadow_case.public_id])


def test_the_address_of_a_page_of_public_ids_is_the_routes_own() -> None:
    case, level = uuid4(), uuid4()
    for name, ids in (("appeals:case", (case,)), ("appeals:level", (case, level)), ("appeals:queue", ())):
        assert link(name, *ids) == reverse(name, args=ids)
    assert link("appeals:case", case, at="a b", empty="") == reverse("appeals:case", args=[case]) + "?at=a+b"
