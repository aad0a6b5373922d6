"""The board: every number is the list behind it; sharing out by weight, and taking it back for a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from advocacy.people.models import Membership
from appeals.caseload import WEIGHTS, split, weight_of
from appeals.commands.sharing import do_moves, plan_split, take_back
from appeals.queries.board import board, loads_of
from appeals.queries.queue import listed
from cases.commands.cases import assign_case
from cases.models import Case
from tests.appeals.scenes import away, clock, new_case, task_of
from tests.appeals.test_today import here, now, statements
from tests.cast import make_member
from tests.standing import prepared


@prepared
def busy(cast):
    """Nora with a case of every kind, Nils with one, one of nobody, one whose owner has left, a restricted one."""
    at = now()
    today = here(at).today
    nora, nils = cast.members["nora"], cast.members["nils"]
    _user, left = make_member(cast.harbor, "lars", "Lars Leaver", ["navigator"])
    old, touched = at - timedelta(days=30), at - timedelta(days=1)
    made = {
        "quiet": new_case(1, at=at, owner=nora, last_touched_at=at - timedelta(days=8), stage="denial"),
        "busy": new_case(2, at=at, owner=nora, last_touched_at=touched, stage="internal_appeal_1"),
        "overdue": new_case(3, at=at, owner=nora, last_touched_at=touched, is_urgent=True, stage="request"),
        "old": new_case(4, at=at, owner=nora, last_touched_at=old),
        "held": new_case(5, at=at, owner=nora, last_touched_at=touched, stage="approved"),
        "restricted": new_case(6, at=at, owner=nora, is_restricted=True),
        "nils": new_case(7, at=at, owner=nils, last_touched_at=touched),
        "nobody": new_case(8, at=at, last_touched_at=old),
        "left": new_case(9, at=at, owner=left, last_touched_at=touched),
    }
    for name, days in (("quiet", 7), ("busy", 3), ("overdue", -2)):
        clock(made[name], due_on=today + timedelta(days=days), at=at)
    task_of(made["held"], at=at, owner=nora, status="held", hold_until=at + timedelta(days=3))
    Case.objects.filter(pk=cast.case.pk).update(owner=nils, last_touched_at=touched)
    Membership.objects.filter(pk=left.pk).update(ended_at=at)
    return made


def test_each_number_is_the_list_behind_it(cast, busy):
    day = here(now())
    found = board(cast.sam, day=day)
    lines = [*found.people, found.nobody, found.left]
    for line in lines:
        for number in (line.cases, line.old, line.quiet, line.overdue, line.held):
            assert number.count == listed(cast.sam, number.filters, day).count(), (line.name, number)
    told = {
        line.name: (
            line.cases.count,
            line.weight,
            line.oldest_days,
            line.old.count,
            line.quiet.count,
            line.overdue.count,
            line.held.count,
        )
        for line in lines
    }
    assert told == {
        "Clara Clinician": (0, 0, None, 0, 0, 0, 0),
        "Ines Intake": (0, 0, None, 0, 0, 0, 0),
        "Nils Navigator": (2, 2, 1, 0, 0, 0, 0),
        "Nora Navigator": (5, 3 + 4 + (2 + 2) + 1 + 1, 30, 1, 1, 1, 1),
        "Sam Supervisor": (0, 0, None, 0, 0, 0, 0),
        "No owner": (1, 1, 30, 1, 0, 0, 0),
        "Owner has left": (1, 1, 1, 0, 0, 0, 0),
    }


def test_the_database_weighs_as_the_table_does(cast, busy):
    nora = cast.members["nora"]
    mine = Case.objects.filter(owner=nora, is_restricted=False)
    assert loads_of(cast.sam, [nora.pk]) == {nora.pk: sum(weight_of(c.stage, c.is_urgent) for c in mine)}
    for stage in ("", "request", "denial", "peer_to_peer", "approved", "internal_appeal_1", "level_2"):
        Case.objects.filter(pk=busy["nils"].pk).update(stage=stage, owner=cast.members["clara"])
        assert loads_of(cast.sam, [cast.members["clara"].pk]) == {
            cast.members["clara"].pk: weight_of(stage, False)
        }
    assert {w.points for w in WEIGHTS} == {1, 2, 3, 4} and all(w.why for w in WEIGHTS)


def test_the_board_goes_by_name_a_page_at_a_time_and_bounded(cast, busy):
    day = here(now())
    first = board(cast.sam, day=day, size=3)
    second = board(cast.sam, day=day, size=3, after=first.people[-1].member.public_id)
    assert [line.name for line in first.people] == ["Clara Clinician", "Ines Intake", "Nils Navigator"]
    assert [line.name for line in second.people] == ["Nora Navigator", "Sam Supervisor"]
    assert (second.nobody, second.left, second.after, second.is_first) == (None, None, "", False)
    counts = []
    for size in (1, 5):
        with CaptureQueriesContext(connection) as captured:
            board(cast.sam, day=day, size=size)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6


def test_who_is_away_stands_on_the_board_with_who_covers(cast, busy, sign_in):
    away(cast.members["nora"], cast.members["nils"], at=now())
    sam = sign_in("sam")
    with CaptureQueriesContext(connection) as captured:
        text = sam.get(reverse("appeals:board")).content.decode()
    assert "Nils Navigator covers" in text and len(statements(captured)) <= 12
    assert "Whitlock" not in text and "How cases are weighed" in text
    assert sign_in("nora").get(reverse("appeals:board")).status_code == 403
    assert sign_in("sam").get(reverse("appeals:board"), {"after": "x"}).status_code == 404


# -- sharing out --------------------------------------------------------------------------------------------
def test_the_heaviest_goes_first_to_whoever_carries_least():
    assert split([1, 4, 3, 2], [0, 0]) == (0, 0, 1, 1)
    assert split([2, 2, 2], [5, 0]) == (1, 1, 1)
    assert split([3], [1, 1]) == (0,)
    assert split([], [1]) == ()
    with pytest.raises(ValueError):
        split([1], [])


def shared(cast, cases, receivers):
    loads = loads_of(cast.sam, [m.pk for m in receivers])
    return plan_split(actor=cast.sam, cases=cases, receivers=receivers, loads=loads)


def test_a_plan_changes_nothing_and_doing_it_moves_all(cast, busy):
    mine = [busy[n] for n in ("quiet", "busy", "overdue", "old", "held")]
    nils, clara = cast.members["nils"], cast.members["clara"]
    plan = shared(cast, mine, [nils, clara])
    # Nils carries two already: 4 to Clara, 4 to Nils, 3 to Clara, 1 to Nils, 1 to Clara or Nils.
    assert [(m.case.reference, m.points, str(m.to.user)) for m in plan] == [
        (busy["quiet"].reference, 3, "Clara Clinician"),
        (busy["busy"].reference, 4, "Clara Clinician"),
        (busy["overdue"].reference, 4, "Nils Navigator"),
        (busy["old"].reference, 1, "Nils Navigator"),
        (busy["held"].reference, 1, "Nils Navigator"),
    ]
    assert Event.objects.filter(verb="case_assigned").count() == 0
    moved = do_moves(actor=cast.sam, moves=[(m.case, m.to) for m in plan], at=now())
    assert len(moved) == Event.objects.filter(verb="case_assigned").count() == 5
    assert {m.before for m in moved} == {cast.members["nora"].pk}


def test_nothing_is_shared_out_without_cases_receivers_or_permission(cast, busy):
    with pytest.raises(Refused) as caught:
        plan_split(actor=cast.sam, cases=[], receivers=[], loads={})
    assert [r.code for r in caught.value.reasons] == ["cases_missing", "receivers_missing"]
    with pytest.raises(NotAllowed):
        plan_split(actor=cast.nora, cases=[busy["old"]], receivers=[cast.members["nils"]], loads={})
    with pytest.raises(Refused):
        do_moves(actor=cast.sam, moves=[(busy["old"], cast.members["anna"])], at=now())


def everybody() -> dict[int, Membership]:
    return {m.pk: m for m in Membership.objects.select_related("user")}


def test_undo_leaves_what_changed_since_and_says_which(cast, busy):
    pair = [busy["old"], busy["held"]]
    moved = do_moves(actor=cast.sam, moves=[(c, cast.members["nils"]) for c in pair], at=now())
    assign_case(actor=cast.sam, case=busy["old"], owner=cast.members["clara"], at=now())
    result = take_back(actor=cast.sam, moved=moved, members=everybody(), at=now())
    assert (result.count, [c.reference for c in result.refused]) == (1, [busy["old"].reference])
    owners = {c.reference: str(c.owner.user) for c in Case.objects.filter(pk__in=[c.pk for c in pair])}
    assert owners == {busy["old"].reference: "Clara Clinician", busy["held"].reference: "Nora Navigator"}
    with pytest.raises(WrongState):
        take_back(actor=cast.sam, moved=moved, members=everybody(), at=now())


def test_undo_gives_nothing_back_to_somebody_who_left(cast, busy):
    moved = do_moves(actor=cast.sam, moves=[(busy["left"], cast.members["nils"])], at=now())
    with pytest.raises(WrongState) as caught:
        take_back(actor=cast.sam, moved=moved, members=everybody(), at=now())
    assert busy["left"].reference in str(caught.value)


def test_the_pages_choose_preview_do_and_undo(cast, busy, sign_in):
    sam = sign_in("sam")
    nora, nils = cast.members["nora"], cast.members["nils"]
    url = reverse("appeals:share", args=[nora.public_id])
    page = sam.get(url)
    assert page.status_code == 200 and busy["restricted"].reference not in page.content.decode()
    # A date leads to why it is that date.
    for name in ("quiet", "busy", "overdue"):
        assert (
            f'href="{reverse("appeals:case", args=[busy[name].public_id])}#clocks"' in page.content.decode()
        )
    assert sam.post(url, {"case": [str(busy["old"].public_id)]}).status_code == 422
    form = {
        "case": [str(busy["old"].public_id), str(busy["busy"].public_id)],
        "receiver": [str(nils.public_id)],
    }
    preview = sam.post(url, form)
    assert preview.status_code == 200 and "Nothing has changed yet" in preview.content.decode()
    assert Case.objects.filter(owner=nils).count() == 2
    moves = [line["move"] for line in preview.context["planned"]]
    assert sam.post(url, {"step": "confirm", "move": moves}).headers["Location"] == reverse("appeals:board")
    assert Case.objects.filter(owner=nils).count() == 4
    assert "2 cases given to Nils Navigator." in sam.get(reverse("appeals:board")).content.decode()
    # The same plan again: the cases are no longer hers.
    again = sam.post(url, {"step": "confirm", "move": moves})
    assert again.status_code == 422 and "Changed hands meanwhile" in again.content.decode()
    undone = sam.post(reverse("appeals:undo_assign"))
    assert undone.headers["Location"] == reverse("appeals:board")
    assert Case.objects.filter(owner=nils).count() == 2
    assert "given to Nils" not in sam.get(reverse("appeals:board")).content.decode()


def test_a_row_of_the_preview_goes_to_somebody_else_or_stays(cast, busy, sign_in):
    sam = sign_in("sam")
    nora, nils, clara = (cast.members[k] for k in ("nora", "nils", "clara"))
    url = reverse("appeals:share", args=[nora.public_id])
    cases = {name: busy[name] for name in ("old", "busy", "quiet")}
    form = {"case": [str(c.public_id) for c in cases.values()], "receiver": [str(nils.public_id)]}
    page = sam.post(url, form)
    rows = {row["reference"]: row for row in page.context["planned"]}
    offered = rows[busy["old"].reference]["choices"]
    assert [c["label"].partition(",")[0] for c in offered] == [
        "Stays with Nora Navigator",
        "Clara Clinician",
        "Ines Intake",
        "Nils Navigator",
        "Sam Supervisor",
    ]
    assert [c["value"] for c in offered if c["selected"]] == [rows[busy["old"].reference]["move"]]
    assert page.content.decode().count('<select name="move"') == 3

    def move(name, member):
        return f"{cases[name].public_id}:{member.public_id if member else ''}"

    chosen = [move("old", clara), move("busy", nils), move("quiet", None)]
    weighed = sam.post(url, {"step": "weigh", "move": chosen})
    assert weighed.status_code == 200 and Case.objects.filter(owner=nora).count() == 6
    assert {row["reference"]: row["move"] for row in weighed.context["planned"]} == {
        cases[name].reference: chosen[n] for n, name in enumerate(cases)
    }
    assert [(a["name"], a["count"], a["after"] - a["before"]) for a in weighed.context["after"]] == [
        ("Clara Clinician", 1, 1),
        ("Nils Navigator", 1, 4),
    ]
    assert sam.post(url, {"step": "confirm", "move": chosen}).status_code == 302
    owners = {name: Case.objects.get(pk=case.pk).owner for name, case in cases.items()}
    assert owners == {"old": clara, "busy": nils, "quiet": nora}
    assert "2 cases given to 2 colleagues." in sam.get(reverse("appeals:board")).content.decode()
    assert sam.post(reverse("appeals:undo_assign")).status_code == 302
    assert {Case.objects.get(pk=c.pk).owner for c in cases.values()} == {nora}
    nothing = [move(name, None) for name in cases]
    assert "Every case stays" in sam.post(url, {"step": "weigh", "move": nothing}).content.decode()
    refused = sam.post(url, {"step": "confirm", "move": nothing})
    assert refused.status_code == 422 and "Choose at least one case." in refused.content.decode()
    # What was chosen is still chosen there.
    assert {row["key"] for row in refused.context["cases"] if row["checked"]} == {
        str(c.public_id) for c in cases.values()
    }
    foreign = sam.post(url, {"step": "weigh", "move": [move("old", cast.members["mia"])]})
    assert foreign.status_code == 404


def test_undo_is_over_after_a_day(cast, busy, sign_in, monkeypatch):
    sam = sign_in("sam")
    form = {
        "case": [str(busy["old"].public_id)],
        "owner": str(cast.members["nils"].public_id),
        "step": "confirm",
    }
    assert sam.post(reverse("appeals:bulk_assign"), form).status_code == 302
    later = timezone.now() + timedelta(hours=24, minutes=1)
    monkeypatch.setattr("advocacy.web.timezone.now", lambda: later)
    assert sam.post(reverse("appeals:undo_assign")).status_code == 302
    assert Case.objects.get(pk=busy["old"].pk).owner == cast.members["nils"]


def test_nobody_else_shares_and_nothing_of_another_organization(cast, busy, sign_in):
    url = reverse("appeals:share", args=[cast.members["nora"].public_id])
    assert sign_in("nora").get(url).status_code == 403
    assert sign_in("mia").get(url).status_code == 404
    sam = sign_in("sam")
    assert sam.get(reverse("appeals:share", args=[cast.members["mia"].public_id])).status_code == 404
    foreign = f"{busy['old'].public_id}:{cast.members['mia'].public_id}"
    assert sam.post(url, {"step": "confirm", "move": [foreign]}).status_code == 404
    theirs = f"{cast.meadow_case.public_id}:{cast.members['nils'].public_id}"
    assert sam.post(url, {"step": "confirm", "move": [theirs]}).status_code == 404
