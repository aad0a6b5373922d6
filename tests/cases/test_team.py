"""The team of a case: who names whom, what being named opens, and when it ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from cases.commands.access import restrict_case
from cases.commands.team import end_on_team, name_on_team
from cases.models import Case, CaseTeamMember
from cases.queries.registration import cases_visible_to
from cases.queries.team import stands
from tests.cast import NOW

TODAY = NOW.date()


def codes(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def named(cast, who: str, role: str, *, by: str = "sam", **fields) -> CaseTeamMember:
    values = {"from_on": TODAY, "at": NOW} | fields
    return name_on_team(
        actor=getattr(cast, by),
        case=cast.case,
        role=role,
        member=cast.members[who] if who else None,
        **values,
    )


def test_a_supervisor_names_every_part_and_the_trail_says_so_without_names(cast):
    rows = [
        named(cast, "nils", "backup"),
        named(cast, "sam", "supervisor"),
        named(cast, "clara", "clinician", until_on=TODAY + timedelta(days=30)),
        named(cast, "", "interpreter", name="Pilar Reyes", phone="555-014-9090", language="Spanish"),
    ]
    assert [(r.role, r.member_id, r.name) for r in rows] == [
        ("backup", cast.members["nils"].pk, ""),
        ("supervisor", cast.members["sam"].pk, ""),
        ("clinician", cast.members["clara"].pk, ""),
        ("interpreter", None, "Pilar Reyes"),
    ]
    events = list(Event.objects.filter(verb="team_named").order_by("id"))
    assert [(e.subject_id, e.case_ids) for e in events] == [(r.pk, [cast.case.pk]) for r in rows]
    assert "Pilar" not in str([(e.data, e.reason) for e in Event.objects.all()])


def test_the_primary_names_a_backup_and_an_interpreter_and_nobody_else(cast):
    assert named(cast, "nils", "backup", by="nora").role == "backup"
    assert named(cast, "", "interpreter", by="nora", name="Pilar", language="Spanish").name == "Pilar"
    for who, role in (("clara", "clinician"), ("sam", "supervisor")):
        with pytest.raises(NotAllowed):
            named(cast, who, role, by="nora")
    with pytest.raises(NotAllowed):
        named(cast, "nora", "backup", by="nils")


@pytest.mark.parametrize(
    ("who", "role", "fields", "expected"),
    [
        ("nora", "backup", {}, ["is_primary"]),
        ("anna", "backup", {}, ["role_does_not_fit"]),
        ("nils", "supervisor", {}, ["role_does_not_fit"]),
        ("ines", "clinician", {}, ["role_does_not_fit"]),
        ("", "backup", {}, ["member_missing"]),
        ("", "interpreter", {}, ["interpreter_missing", "language_missing"]),
        ("nils", "interpreter", {"name": "Pilar", "language": "Spanish"}, ["interpreter_twice"]),
        ("nils", "backup", {"until_on": TODAY - timedelta(days=1)}, ["ends_before_start"]),
        (
            "nils",
            "backup",
            {"from_on": TODAY - timedelta(days=9), "until_on": TODAY - timedelta(days=1)},
            ["already_over"],
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(cast, who, role, fields, expected):
    with pytest.raises(Refused) as caught:
        named(cast, who, role, **fields)
    assert codes(caught) == expected
    assert CaseTeamMember.objects.count() == 0


def test_nobody_is_named_twice_for_the_same_part_at_a_time(cast):
    first = named(cast, "nils", "backup")
    with pytest.raises(Refused) as caught:
        named(cast, "nils", "backup")
    assert codes(caught) == ["named_already"]
    end_on_team(actor=cast.sam, entry=first, at=NOW)
    named(cast, "nils", "backup")
    with pytest.raises(WrongState):
        end_on_team(actor=cast.sam, entry=first, at=NOW)


def test_a_closed_case_takes_nobody(cast):
    Case.objects.filter(pk=cast.case.pk).update(status="closed", closed_at=NOW, outcome="covered")
    with pytest.raises(WrongState):
        named(cast, "nils", "backup")


def test_being_named_opens_a_restricted_case_from_the_first_to_the_last_day(cast):
    """The only colleagues who see a restricted case by their role are its owner and its team, the supervisor included."""
    restrict_case(actor=cast.sam, case=cast.case, reason="Patient's wish", at=NOW)
    for who in ("nils", "sam", "clara"):
        assert not cases_visible_to(getattr(cast, who)).exists(), who
    today = date.today()
    entry = CaseTeamMember.objects.create(
        case=cast.case,
        role="backup",
        member=cast.members["nils"],
        from_on=today - timedelta(days=2),
        named_at=NOW,
    )
    spans = {
        (today - timedelta(days=2), None): True,
        (today - timedelta(days=2), today - timedelta(days=2)): False,
        (today + timedelta(days=2), None): False,
    }
    for (first, last), opens in spans.items():
        CaseTeamMember.objects.filter(pk=entry.pk).update(from_on=first, until_on=last)
        assert cases_visible_to(cast.nils).exists() is opens, (first, last)
        entry.refresh_from_db()
        assert stands(entry, today) is opens
    CaseTeamMember.objects.filter(pk=entry.pk).update(from_on=today - timedelta(days=2), ended_at=NOW)
    assert not cases_visible_to(cast.nils).exists()
    assert not cases_visible_to(cast.sam).exists()


def test_a_named_colleague_works_a_restricted_case_as_their_role_allows(cast, sign_in):
    restrict_case(actor=cast.sam, case=cast.case, reason="Patient's wish", at=NOW)
    url = reverse("appeals:case", args=[cast.case.public_id])
    assert sign_in("nils").get(url).status_code == 404
    named(cast, "nils", "backup")
    nils = sign_in("nils")
    page = nils.get(url)
    assert page.status_code == 200 and "Nils Navigator (backup)" in page.content.decode()
    note = nils.post(reverse("cases:note_new", args=[cast.case.public_id]), {"body": "Seen."})
    assert note.status_code == 302


def test_pages_show_the_team_and_name_and_end(cast, sign_in):
    sam = sign_in("sam")
    team, new = (reverse(f"cases:{n}", args=[cast.case.public_id]) for n in ("team", "team_new"))
    form = {
        "role": "backup",
        "member": str(cast.members["nils"].public_id),
        "from_on": str(date.today() - timedelta(days=1)),
    }
    assert sam.post(new, form).headers["Location"] == team
    text = sam.get(team).content.decode()
    assert "Nils Navigator" in text and "Nora Navigator" in text and "Whitlock" not in text
    entry = CaseTeamMember.objects.get()
    end = reverse("cases:team_end", args=[cast.case.public_id, entry.public_id])
    assert sam.get(end).status_code == 200
    assert sam.post(end).headers["Location"] == team
    assert CaseTeamMember.objects.get().ended_at is not None
    assert sam.post(new, form | {"role": ""}).status_code == 422


def test_who_may_what_on_the_pages(cast, sign_in):
    got = {}
    new = reverse("cases:team_new", args=[cast.case.public_id])
    for who in ("nora", "nils", "clara", "petra", "anna"):
        client = sign_in(who)
        got[who] = (
            client.get(reverse("cases:team", args=[cast.case.public_id])).status_code,
            client.get(new).status_code,
        )
    assert got == {
        "nora": (200, 200),
        "nils": (200, 403),
        "clara": (200, 403),
        "petra": (200, 403),
        "anna": (404, 404),
    }
    assert sign_in("mia").get(new).status_code == 404


def test_a_supervisor_names_people_on_a_restricted_case_without_opening_it(cast, sign_in):
    named(cast, "", "interpreter", name="Pilar Reyes", language="Spanish")
    restrict_case(actor=cast.sam, case=cast.case, reason="Patient's wish", at=NOW)
    sam = sign_in("sam")
    page = sam.get(reverse("cases:team", args=[cast.case.public_id])).content.decode()
    assert "HB-2026-0001" in page and "Pilar" not in page and "Whitlock" not in page
    form = {"role": "backup", "member": str(cast.members["nils"].public_id), "from_on": str(TODAY)}
    assert sam.post(reverse("cases:team_new", args=[cast.case.public_id]), form).status_code == 302
    assert cases_visible_to(cast.nils).exists()


def test_meadow_reaches_no_team_of_harbor(cast):
    entry = named(cast, "nils", "backup")
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        end_on_team(actor=cast.mia, entry=entry, at=NOW)
    with pytest.raises(NotFound):
        named(cast, "mia", "backup")
