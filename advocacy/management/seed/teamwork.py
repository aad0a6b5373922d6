"""The steps of a story that need several people: the team of a case, who is away, what the patient chose, and the sessions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from advocacy.management.seed.life import Days, Life, Step
from advocacy.management.seed.said import one_of
from advocacy.people.absence import record_absence
from advocacy.people.rules import day_in
from appeals.commands.choices import ChoiceInput, record_choice
from appeals.commands.sessions import record_session, void_session
from appeals.models import Appeal, Choice, Decision, GrantedAuthorization
from appeals.queries.choices import choice_of_level
from cases.commands.team import name_on_team

REASONS: dict[str, tuple[str, ...]] = {
    "appeal": (
        "The patient wants to go on: it is the only treatment left to try.",
        "The patient cannot pay for the sessions and wants the plan to look again.",
        "“They never answered what my doctor wrote.” The patient wants an answer to each reason.",
        "The patient talked it over at home and with the clinic, and wants to go on.",
        "What was tried before did not last, and the clinic stands behind the request.",
    ),
    "peer_to_peer": ("The clinician thinks that the reviewer did not see the pharmacy record.",),
    "resubmit": ("The letter names a code the clinic had mistyped.",),
    "other_treatment": ("The clinic proposed another treatment that the plan covers.",),
    "other_payment": ("The clinic's own fund pays for the sessions.",),
    "not_to_appeal": (
        "The patient does not wish to go on.",
        "The patient is tired of it and wants to leave it at this answer.",
    ),
}


def record_the_choice(life: Life, kind: str) -> Choice:
    """What the patient chose about the level that stands open, on the phone, that day."""
    level = life.level
    decision = Decision.objects.filter(appeal_id=level.previous_id).first() if level.previous_id else None
    given = ChoiceInput(
        kind=kind,
        advised_by="Treating clinician, and the navigator of the case",
        agreed_by="patient",
        agreed_way="call",
        agreed_on=day_in(life.case.patient.time_zone, life.at),
        why=one_of(REASONS[kind], life.story.key, kind, level.position),
    )
    return life.do(record_choice, denial=level.denial, decision=decision, given=given)


def choose_unless_chosen(life: Life, kind: str) -> None:
    """The same, where nothing was recorded yet."""
    if choice_of_level(life.level) is None:
        record_the_choice(life, kind)


def no_longer_pursued(life: Life, level: Appeal) -> None:
    """Before a level is left unused, the patient's choice is recorded."""
    standing = choice_of_level(level)
    if standing is None or standing.kind in ("appeal", "peer_to_peer"):
        record_the_choice(life, "not_to_appeal")


def chose(ago: int, kind: str) -> Step:
    """The patient chooses."""

    def step(life: Life) -> Days:
        yield ago
        record_the_choice(life, kind)

    return step


def team(ago: int, *, interpreter: str = "", **parts: str) -> Step:
    """The supervisor names colleagues by their part (`backup="nils"`), and an interpreter from outside by language."""

    def step(life: Life) -> Days:
        yield ago
        for role, who in parts.items():
            life.do(
                name_on_team,
                by=life.supervisor,
                case=life.case,
                role=role,
                member=life.member(who),
                from_on=life.day(ago),
            )
        if interpreter:
            life.do(
                name_on_team,
                case=life.case,
                role="interpreter",
                name="Harbor Line Interpreters, Rocío Paz",
                phone="503-555-0177",
                language=interpreter,
                from_on=life.day(ago),
            )

    return step


def away(who: str, cover: str, *, days: int) -> Step:
    """Somebody is away from today for some days, and a colleague covers."""

    def step(life: Life) -> Days:
        yield 0
        member, covers = life.member(who), life.member(cover)
        assert member is not None and covers is not None
        life.do(
            record_absence,
            by=life.supervisor,
            member=member,
            cover=covers,
            from_on=life.today,
            until_on=life.today + timedelta(days=days),
        )

    return step


def sessions(*agos: int, twice: int | None = None) -> Step:
    """Sessions held so many days ago, each recorded on its day; the one of day `twice` was typed twice, and voided once."""

    def step(life: Life) -> Days:
        granted = GrantedAuthorization.objects.filter(case=life.case_row).order_by("-id")[0]
        for ago in agos:
            yield ago
            given = {
                "authorization": granted,
                "held_on": life.day(ago),
                "minutes": life.luck.choice((40, 45, 50, 55)),
                "units": Decimal(1),
                "place_of_service": "11",
                "provider": life.case.provider,
            }
            life.do(record_session, **given)
            if ago == twice:
                wrong = life.do(record_session, **given)
                life.do(void_session, session=wrong, reason="Typed twice.")

    return step
