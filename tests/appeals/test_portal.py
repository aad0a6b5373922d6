"""The portal's first page: the sentence for every place a case can be in, the day that is named, and what is kept back."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from advocacy.access.policy import visible
from advocacy.people.models import User
from advocacy.people.portal_access import portal_accesses_of, portal_actor
from appeals.models import (
    AuthorizationRequest,
    Decision,
    GrantedAuthorization,
    ItemOutcome,
    PeerToPeer,
    RequestItem,
)
from appeals.next_action import TABLE
from appeals.queries.clocks import day_at
from appeals.queries.portal import get_portal_case, standings, status_page
from appeals.queries.portal_beyond import EVERY as BEYOND
from appeals.queries.portal_beyond import FOR_HELPER as BEYOND_FOR_HELPER
from appeals.queries.portal_words import (
    AGAIN,
    ASKING,
    CALL,
    CLOSED,
    ENDED,
    HELPER_THINGS,
    REQUEST,
    STEPS,
    THEN,
    THINGS,
    WAITING,
    Place,
    day_words,
    step_words,
    things_of,
    words_of,
)
from cases.models import Case, Note, Task
from tests.appeals.scenes import clock, denied, level_of, request_of
from tests.cast import release
from tests.portal import come_in, give_access
from tests.reading import ENGLISH_GRADE, SPANISH_EASY, ease, grade

AT = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
DAY = date(2026, 5, 12)


@pytest.fixture
def dana(portal_people):
    access = portal_people["dana"]
    return portal_actor(access.user, portal_accesses_of(access.user_id)[0])


def said(cast) -> tuple[str, str]:
    page = status_page(cast_case(cast), AT)
    return page.standing.sentence, page.after


def cast_case(cast) -> Case:
    from appeals.queries.standing import workable

    return (
        Case.objects.select_related("patient", "coverage")
        .annotate(is_workable=workable(cast.nora))
        .get(pk=cast.case.pk)
    )


# --- The words ---

EVERY_PLACE = [
    *(
        Place(stage, status, when, ours=o, theirs=t, call_on=AT, valid_until=DAY)
        for stage, status, _clock in TABLE
        for when, (o, t) in itertools.product(("running", "soon", "overdue"), ((DAY, DAY), (None, None)))
    ),
    *(
        Place("level", "received", when, kind=kind, theirs=t, then=then)
        for kind in WAITING
        for then in THEN
        for when, t in (("running", DAY), ("none", None), ("overdue", DAY))
    ),
    *(Place("level", "drafting", kind=kind, ours=day) for kind in ASKING for day in (DAY, None)),
    *(Place("level", "ended", outcome=o) for o in ENDED),
    *(Place("closed", "closed", outcome=o) for o in CLOSED),
    Place("court", "ended"),
    Place("never heard of", "this"),
]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_place_has_words_that_are_easy_to_read(language):
    """Each alone: the sentence that stands on top of the page may not lean on easy ones around it."""
    hard = {}
    with translation.override(language):
        for place, helped in itertools.product(EVERY_PLACE, ("", "Dana")):
            pair = words_of(place, helped)
            assert all(pair), place
            assert "%(" not in "".join(pair), place
            parts = [s for text in pair for s in text.replace("? ", "?|").replace(". ", ".|").split("|")]
            value = ease(parts) if language == "es" else grade(parts)
            if (value < SPANISH_EASY) if language == "es" else (value > ENGLISH_GRADE):
                hard[pair] = round(value, 1)
    assert hard == {}


def test_whoever_helps_reads_of_the_plan_and_the_case_not_of_theirs():
    with translation.override("en"):
        said = " ".join(text for place in EVERY_PLACE for text in words_of(place, "Dana"))
        steps = " ".join(step_words(text, "Dana") for text in (REQUEST, CALL, *STEPS.values(), AGAIN))
    assert [word for word in re.findall(r"\w+", said + steps) if word.lower() in {"you", "your"}] == []
    assert "Next, we talk with Dana about what is left." in said


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_said_beside_the_day_is_easy_to_read_too(language):
    with translation.override(language):
        days = {"day": day_words(DAY)}
        for text in BEYOND:
            parts = [s for s in (translation.gettext(text) % days).replace(". ", ".|").split("|")]
            hard = (ease(parts) < SPANISH_EASY) if language == "es" else (grade(parts) > ENGLISH_GRADE)
            assert not hard, text
    helped = " ".join(BEYOND_FOR_HELPER.values())
    assert [word for word in re.findall(r"\w+", helped) if word.lower() in {"you", "your"}] == []


@pytest.mark.parametrize("place", EVERY_PLACE)
def test_at_most_three_things_to_do(place):
    for released in (True, False):
        found = things_of(place, released=released)
        assert len(found) in {1, 2, 3}
        assert "release" not in found or not released


def test_days_in_both_languages():
    at = day_at(AT, "America/New_York").now.astimezone(day_at(AT, "America/New_York").zone)
    with translation.override("en"):
        assert (day_words(DAY), day_words(at)) == ("Tuesday, May 12", "Monday, May 4 at 12:00 PM")
    with translation.override("es"):
        assert day_words(DAY) == "martes 12 de mayo"


def test_a_day_of_another_year_has_its_year():
    said = [
        Place("level", "drafting", "running", ours=DAY, today=date(year, 12, 30)) for year in (2025, 2026)
    ]
    with translation.override("en"):
        assert [words_of(place)[0] for place in said] == [
            "We are writing your appeal. It has to go out by Tuesday, May 12, 2026.",
            "We are writing your appeal. It has to go out by Tuesday, May 12.",
        ]
        assert date_format(date(2026, 11, 20), "DATE_FORMAT") == "November 20, 2026"
    with translation.override("es"):
        assert "martes 12 de mayo de 2026" in words_of(said[0])[0]


@pytest.mark.parametrize("kind", ["external", "hearing", "council"])
def test_what_is_no_appeal_to_the_plan_is_not_called_one(kind):
    with translation.override("en"):
        said = [" ".join(words_of(Place("level", "drafting", kind=kind, ours=day))) for day in (DAY, None)]
    assert [text for text in said if "your appeal" in text] == []


# --- The page, from rows ---


def test_before_anything_was_asked(cast, dana):
    assert said(cast)[0] == "We are getting your case ready."


def test_the_plan_has_until_a_day(cast, dana):
    request_of(cast.case, at=AT)
    clock(cast.case, due_on=DAY, at=AT, side="payer")
    sentence, after = said(cast)
    assert sentence == "Your plan has until Tuesday, May 12 to answer."
    assert after == "If the answer is no, or none comes, we can help you appeal."


def test_the_plan_is_late(cast, dana):
    request_of(cast.case, at=AT)
    clock(cast.case, due_on=date(2026, 5, 1), at=AT, side="payer")
    page = status_page(cast_case(cast), AT)
    assert page.standing.sentence == "Your plan had until Friday, May 1 to answer. It is late."
    assert page.late
    assert page.things[0].code == "late_letter"


def test_a_clock_of_hours_names_the_hour_where_the_patient_is(cast, dana):
    request_of(cast.case, at=AT)
    due = datetime(2026, 5, 5, 18, 30, tzinfo=UTC)
    clock(cast.case, due_on=due.date(), at=AT, side="payer", due_at=due)
    assert said(cast)[0] == "Your plan has until Tuesday, May 5 at 2:30 PM to answer."


def test_a_denial_nobody_confirmed_names_no_day(cast, dana):
    denied(cast.case, at=AT)
    assert said(cast)[0] == "Your plan said no. We are reading the letter."


def test_our_own_day_is_the_earlier_one_and_doubt_is_said(cast, dana):
    """The letter says May 20, the rule May 12: the patient is told May 12, and that the letter counts."""
    level_of(denied(cast.case, at=AT, confirmed_by=cast.users["nora"]), at=AT)
    row = clock(cast.case, due_on=DAY, at=AT, stated_on=date(2026, 5, 20))
    page = status_page(cast_case(cast), AT)
    assert page.standing.sentence == "The answer was no. There is time until Tuesday, May 12 to go on."
    assert (page.day, page.confirm) == (DAY, False)
    row.confidence = "uncertain"
    row.save(update_fields=["confidence"])
    assert status_page(cast_case(cast), AT).confirm


def test_a_call_between_doctor_and_plan(cast, dana):
    denial = denied(cast.case, at=AT, confirmed_by=cast.users["nora"])
    level_of(denial, at=AT)
    clock(cast.case, due_on=date(2026, 8, 1), at=AT)
    PeerToPeer.objects.create(
        case=cast.case, denial=denial, status="scheduled", scheduled_at=AT + timedelta(days=2), opened_at=AT
    )
    from appeals.models import Choice

    Choice.objects.create(
        case=cast.case,
        denial=denial,
        kind="appeal",
        advised_by="Nora",
        agreed_by="patient",
        agreed_way="call",
        agreed_on=AT.date(),
        why="to go on",
        recorded_at=AT,
    )
    sentence, after = said(cast)
    assert sentence == "Your doctor talks with your plan on Wednesday, May 6 at 12:00 PM."
    assert after == "If the plan still says no, we have until Saturday, August 1 to appeal."


def filed(cast, **fields):
    denial = denied(cast.case, at=AT, confirmed_by=cast.users["nora"])
    return level_of(denial, at=AT, status="forwarded", forwarded_at=AT, **fields)


def test_who_has_to_answer_an_appeal_and_what_can_follow(cast, dana):
    filed(cast)
    clock(cast.case, due_on=DAY, at=AT, side="payer")
    sentence, _after = said(cast)
    assert sentence == "Your plan has until Tuesday, May 12 to answer."


def decided(cast, outcome):
    level = filed(cast)
    level.status, level.decided_at = "decided", AT
    level.save(update_fields=["status", "decided_at"])
    decision = Decision.objects.create(case=cast.case, appeal=level, decided_at=AT, recorded_at=AT)
    item = RequestItem.objects.filter(case=cast.case).first()
    ItemOutcome.objects.create(case=cast.case, item=item, decision=decision, outcome=outcome, decided_at=AT)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("overturned", "The answer is yes. The no was taken back."),
        ("partly", "The answer is yes for a part."),
        ("upheld", "The answer is still no."),
    ],
)
def test_the_last_answer(cast, dana, outcome, sentence):
    decided(cast, outcome)
    assert said(cast)[0] == sentence


def test_an_approval_holds_until_a_day(cast, dana):
    request = request_of(cast.case, at=AT, status="approved", decided_at=AT)
    GrantedAuthorization.objects.create(
        case=cast.case,
        request=request,
        number="A-1",
        sessions=6,
        valid_from=AT.date(),
        valid_until=date(2026, 9, 30),
        granted_at=AT,
    )
    assert said(cast)[0] == "Your plan said yes. It holds until Wednesday, September 30."


def test_a_closed_case(cast, dana):
    Case.objects.filter(pk=cast.case.pk).update(status="closed", closed_at=AT, outcome="covered")
    page = status_page(cast_case(cast), AT)
    assert page.standing.sentence == "Your case is closed. Your plan agreed to pay."
    assert page.day is None


def test_a_release_that_stands_is_not_asked_for(cast, dana):
    request_of(cast.case, at=AT)
    assert "release" in [t.code for t in status_page(cast_case(cast), AT).things]
    release(cast.case.patient)
    assert "release" not in [t.code for t in status_page(cast_case(cast), AT).things]


def test_the_way_in_plain_words(cast, dana):
    request_of(cast.case, at=AT)
    steps = status_page(cast_case(cast), AT).steps
    assert (steps[0].name, steps[0].state, steps[0].words) == ("We ask your plan", "current", "We are here")
    assert {s.words for s in steps[1:]} == {"Only if we need it"}


# --- Who sees what ---


def test_own_cases_only(cast, dana, portal_people):
    assert get_portal_case(dana, cast.case.public_id).pk == cast.case.pk
    assert list(Case.objects.filter(visible(dana, Case)).values_list("pk", flat=True)) == [cast.case.pk]


def test_notes_for_the_patient_only(cast, dana):
    for body, for_patient in (("inside", False), ("for you", True)):
        Note.objects.create(case=cast.case, body=body, for_patient=for_patient, written_at=AT)
    assert [n.body for n in Note.objects.filter(visible(dana, Note))] == ["for you"]


def test_nothing_that_is_not_declared(dana):
    for model in (AuthorizationRequest, RequestItem, Decision):
        assert list(model.objects.filter(visible(dana, model))) == []


# --- Over HTTP ---


def second_case(cast) -> Case:
    fields = {f.name: getattr(cast.case, f.name) for f in Case._meta.local_concrete_fields}
    return Case.objects.create(
        **{k: v for k, v in fields.items() if k not in {"id", "public_id", "reference"}},
        reference="HB-2026-0099",
    )


def test_one_case_is_the_first_page_and_several_are_a_list(cast, portal_people, mailoutbox):
    request_of(cast.case, at=timezone.now())
    clock(cast.case, due_on=timezone.now().date() + timedelta(days=5), at=AT, side="payer")
    dana = come_in("dana@mail.example")
    page = dana.get("/portal/").content.decode()
    assert "Your plan has until" in page
    assert "What you can do now" in page
    second_case(cast)
    page = dana.get("/portal/").content.decode()
    assert page.count('class="portal-card"') == 2
    link = reverse("portal:case", args=[cast.case.public_id])
    assert link in page
    assert "All cases" in dana.get(link).content.decode()


def test_the_list_takes_the_same_statements_for_one_and_three(cast, dana, django_assert_num_queries):
    for number in range(1, 4):
        cases = list(Case.objects.filter(pk=cast.case.pk).select_related("patient")) * number
        with django_assert_num_queries(1):
            assert len(standings(cases, AT)) == number


# --- Somebody who helps ---


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        (["status"], ["worse", "questions"]),
        (["status", "documents"], ["letter", "worse", "questions"]),
    ],
)
def test_a_helper_is_asked_for_nothing_they_cannot_do(cast, parts, asked):
    """June of the demonstration sees the case and the letters: she has no way to send a paper, and no form to sign."""
    give_access(cast.case.patient, "june@mail.example", kind="representative", scope=parts)
    user = User.objects.get(email="june@mail.example")
    june = portal_actor(user, portal_accesses_of(user.pk)[0])
    Task.objects.create(
        case=cast.case,
        title="Card",
        opened_at=AT,
        asked_of_patient="Send us your plan card.",
        waits_on_patient=True,
    )
    things = status_page(cast_case(cast), AT, june).things
    said = [thing for thing in things if thing.code != "asked"]
    assert [thing.code for thing in said] == asked[: len(said)]
    assert [thing.text for thing in said] == [HELPER_THINGS[thing.code] for thing in said]
    assert ("asked" in {thing.code for thing in things}) == ("documents" in parts)


def test_a_helper_reads_of_somebody_elses_case(cast, enter):
    """No heading, title or way says "my": the case is the patient's, and the page says of whom it speaks."""
    rosa, dana = enter("rosa"), enter("dana")
    for name, hers, theirs in (
        ("portal:home", "My case", "The case"),
        ("portal:letters", "Letters in my name", "The letters"),
        ("portal:documents", "My papers", "The papers"),
    ):
        helped, own = (browser.get(reverse(name)).content.decode() for browser in (rosa, dana))
        assert (hers in own, hers in helped, f"<title>{theirs}" in helped) == (True, False, True), name
    page = rosa.get(reverse("portal:home")).content.decode()
    assert f"You help {cast.case.patient.called}." in page
    assert "The way the case takes" in page
    assert "You help" not in dana.get(reverse("portal:home")).content.decode()


def test_every_thing_has_words_for_a_helper():
    assert set(HELPER_THINGS) == set(THINGS)
    assert [text for text in HELPER_THINGS.values() if grade([text]) > ENGLISH_GRADE] == []
