"""What goes out is whole: the letter's date fits what it answers, and every exhibit that it cites goes along."""

from __future__ import annotations

from datetime import date

import pytest

from advocacy.errors import Refused
from appeals.blocks import Paragraph, Quote, cited_exhibits
from appeals.commands.decisions import decide_appeal
from appeals.commands.drafts import save_draft, set_exhibits
from appeals.models import Exhibit
from appeals.queries.clocks import day_at
from appeals.queries.level_page import choosable_exhibits, level_page
from tests.appeals.climbing import ERISA, moment
from tests.appeals.test_commands_levels import paper
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def refused(climb):
    """A confirmed denial of March 24 under a self-funded plan of one level."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    return climb


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("See Exhibit B.", ("Exhibit B",)),
        ("Exhibits A, B and AA show it; Exhibit A again.", ("Exhibit A", "Exhibit B", "Exhibit AA")),
        ("Exhibit C of your policy, and an exhibit B.", ()),
        ("Exhibit A and I agree.", ("Exhibit A",)),
        ("Exhibits A and I agree.", ("Exhibit A",)),
        ("Exhibits H and I show it.", ("Exhibit H", "Exhibit I")),
        ("Exhibits A to D.", ("Exhibit A", "Exhibit B", "Exhibit C", "Exhibit D")),
        ("Exhibits Z through AB.", ("Exhibit Z", "Exhibit AA", "Exhibit AB")),
        ("Exhibit A, B and C.", ("Exhibit A", "Exhibit B", "Exhibit C")),
        ("Exhibits A-B, D & E.", ("Exhibit A", "Exhibit B", "Exhibit D", "Exhibit E")),
        ("EXHIBIT B, MD Lee.", ("Exhibit B",)),
        ("Exhibits A, B of your policy.", ()),
        ("Exhibit B in our packet.", ("Exhibit B",)),
        ("Exhibit B - A letter of Dr. Lee.", ("Exhibit B",)),
    ],
)
def test_which_exhibits_a_letter_cites(text, cited):
    assert cited_exhibits([Paragraph(text), Quote("Exhibit Z.")]) == cited


@pytest.mark.parametrize(
    ("dated", "code"), [("2026-03-23", "letter_dated_before"), ("2026-04-10", "letter_dated_ahead")]
)
def test_a_letter_is_dated_from_the_denial_to_today_where_the_organization_is(refused, dated, code):
    """Two hours past midnight where the patient is (April 10) it is still April 9 on the other coast."""
    refused.case.organization.time_zone = "America/Los_Angeles"
    refused.case.organization.save(update_fields=["time_zone"])
    level, at = refused.level(1), moment("2026-04-10", 2)
    with pytest.raises(Refused) as caught:
        save_draft(actor=refused.who, appeal=level, text="P.", dated=date.fromisoformat(dated), at=at)
    assert [(r.code, r.field) for r in caught.value.reasons] == [(code, "dated")]
    for good in ("2026-03-24", "2026-04-09", None):
        on = date.fromisoformat(good) if good else None
        saved = save_draft(actor=refused.who, appeal=refused.level(1), text="Please.", dated=on, at=at)
        assert saved.draft["dated"] == good or (good is None and saved.draft["dated"] == "2026-04-09")


def test_a_decision_of_an_hour_ago_is_answered_on_the_day_of_the_office(climb):
    """Decided an hour past midnight where the patient is: on the other coast it is still the day before."""
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    climb.case.organization.time_zone = "America/Los_Angeles"
    climb.case.organization.save(update_fields=["time_zone"])
    climb.file(1, "2026-04-10")
    outcomes = {item.public_id: "upheld" for item in climb.items}
    told = {"decided_at": moment("2026-05-01", 1), "received_on": date(2026, 5, 1), "outcomes": outcomes}
    decide_appeal(actor=climb.who, appeal=climb.level(1), at=moment("2026-05-01", 2), **told)
    given = {"actor": climb.who, "appeal": climb.level(2), "text": "Please.", "at": moment("2026-05-01", 2)}
    assert save_draft(**given, dated=date(2026, 4, 30)).draft["dated"] == "2026-04-30"
    with pytest.raises(Refused) as caught:
        save_draft(**given | {"appeal": climb.level(2)}, dated=date(2026, 4, 29))
    assert [r.code for r in caught.value.reasons] == ["letter_dated_before"]


def test_the_date_of_the_letter_is_looked_at_again_when_it_is_filed(refused):
    level = save_draft(actor=refused.who, appeal=refused.level(1), text="Please.", at=moment("2026-04-09"))
    level.draft = level.draft | {"dated": "2020-01-01"}
    level.save(update_fields=["draft"])
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10")
    assert [r.message for r in caught.value.reasons] == [
        "The letter is dated January 1, 2020, before the decision of March 24, 2026 that it answers."
        " Date it on that day or after."
    ]


def test_a_letter_that_cites_an_exhibit_is_not_filed_without_it(refused):
    text = "The notes show it (Exhibits A and B). See Exhibit B, and Exhibit C of your policy.\n\n> Exhibit D applies."
    save_draft(actor=refused.who, appeal=refused.level(1), text=text, at=moment("2026-04-09"))
    notes, scores = paper(refused, "Doses."), paper(refused, "Scores.")
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10")
    assert [r.message.partition(",")[0] for r in caught.value.reasons] == [
        "The letter cites Exhibit A",
        "The letter cites Exhibit B",
    ]
    for versions, left in (((notes,), ["exhibit_not_along"]), ((notes, scores), [])):
        set_exhibits(
            actor=refused.who,
            appeal=refused.level(1),
            versions=[(v, "") for v in versions],
            at=moment("2026-04-09"),
        )
        page = level_page(
            refused.who,
            refused.case,
            refused.level(1),
            day_at(moment("2026-04-09"), "America/New_York"),
        )
        assert [m.code for m in page.missing if m.code == "exhibit_not_along"] == left
    refused.file(1, "2026-04-10")


def test_the_letter_of_the_decision_goes_along_to_the_next_level(refused):
    level = refused.level(1)
    notes = paper(refused, "Doses.")
    save_draft(actor=refused.who, appeal=level, text="See Exhibit A.", at=moment("2026-04-09"))
    set_exhibits(actor=refused.who, appeal=level, versions=[(notes, "Notes")], at=moment("2026-04-09"))
    refused.file(1, "2026-04-10")
    upheld = paper(refused, "We uphold it.")
    refused.decide(1, "2026-04-24", "2026-04-27", letter=upheld.document)
    second = refused.level(2)
    offered = choosable_exhibits(refused.who, refused.case, second)
    assert [(c.key, c.place) for c in offered if c.place] == [(str(upheld.public_id), 1)]
    save_draft(actor=refused.who, appeal=second, text="See Exhibit A.", at=moment("2026-04-28"))
    kept = Exhibit.objects.filter(appeal=second).order_by("position")
    assert [(e.position, e.document_version_id) for e in kept] == [(1, notes.pk), (2, upheld.pk)]
