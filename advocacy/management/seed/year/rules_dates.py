"""What must hold of dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from django.db import connection

from advocacy.management.seed.year.watch import EVERY_EVENING, Evening, Watch, asked, rule
from advocacy.tenancy.kept import Kept, kept
from appeals.clock.facts import Moment
from appeals.commands.deadlines import differences
from appeals.dues import CLAIMANT, RUNNING
from appeals.queries.queue import Filters, listed
from appeals.queries.today import MOMENT, NAMED, SOMEBODY, STAND_INS, asked_of
from appeals.queries.worklists import open_or_named


@rule("The dates that lists read are what the clocks compute from the rows, date by date.")
def stored_dates_are_the_engines(watch: Watch, evening: Evening) -> Iterator[str]:
    for case in evening.cases:
        if case.status == "closed":
            watch.theirs.pop(case.pk, None)
            watch.ours.pop(case.pk, None)
            continue
        ladder = evening.ladders[case.pk]
        stored = evening.loaded.of(case, "dates")
        for found in differences(evening.histories[case.pk], case, ladder, stored):
            yield f"{case.reference}: {found.key[2]} is stored as {found.stored}, and computed as {found.computed}"
        running = [d for d in ladder.dues if d.status == RUNNING and d.due is not None and not d.is_courtesy]
        watch.theirs[case.pk] = [d.due for d in running if d.side != CLAIMANT and d.due is not None]
        watch.ours[case.pk] = [d.due for d in running if d.side == CLAIMANT and d.due is not None]


asked(
    "unconfirmed_starts_nothing",
    "A denial that nobody has confirmed starts no clock and opens no level.",
    """
    WITH denials AS (
      SELECT d.id, c.reference FROM appeals_denial d JOIN cases_case c ON c.id = d.case_id
       WHERE d.case_id = ANY (%(cases)s) AND (d.confirmed_at IS NULL OR d.set_aside_at IS NOT NULL)),
    started AS (
      SELECT d.reference, a.level AS what FROM appeals_appeal a JOIN denials d ON d.id = a.denial_id
       UNION ALL SELECT d.reference, r.clock FROM appeals_deadline r JOIN denials d ON d.id = r.denial_id
        WHERE r.status = 'running'
       UNION ALL SELECT d.reference, r.clock FROM appeals_deadline r JOIN appeals_appeal a ON a.id = r.appeal_id
         JOIN denials d ON d.id = a.denial_id WHERE r.status = 'running'
       UNION ALL SELECT d.reference, r.clock FROM appeals_deadline r JOIN appeals_peertopeer p ON p.id = r.peer_to_peer_id
         JOIN denials d ON d.id = p.denial_id WHERE r.status = 'running')
    SELECT reference || ': ' || what || ' stands, and its denial is not confirmed' FROM started
    """,
)
asked(
    "front_is_the_earlier",
    "In front of the patient's dates stands the earlier of the safe day and the day that the letter states.",
    """
    SELECT c.reference || ': ' || d.clock || ' shows ' || d.due_on || ', and the earlier is ' || least(d.safe_on, d.stated_on)
      FROM appeals_deadline d JOIN cases_case c ON c.id = d.case_id
     WHERE d.case_id = ANY (%(cases)s) AND d.side = 'claimant' AND d.status = 'running' AND d.due_at IS NULL
       AND d.clock <> 'completion' AND d.due_on <> least(d.safe_on, d.stated_on)
    """,
)


def _passed(moments: list[Moment], evening: Evening) -> bool:
    here = evening.where
    return any(m < here.now if isinstance(m, datetime) else m < here.today for m in moments)


@cache
def _list_of(side: str) -> Kept:
    """The desk's own list, whoever asks on whatever day; its text is made once."""
    seen = open_or_named(NAMED)
    return kept(lambda: listed(SOMEBODY, Filters(overdue=side), MOMENT, seen).values_list("pk"), STAND_INS)


def _lists(evening: Evening) -> dict[str, set[int]]:
    """By side, the cases on the list of passed dates: both in one statement."""
    asked_for, shown = asked_of(evening.reach, evening.where), {"plan": set[int](), "ours": set[int]()}
    lists = {side: _list_of(side) for side in shown}
    text = " UNION ALL ".join(
        f"SELECT {side!r}, of_side.pk FROM ({known.text}) AS of_side (pk)"  # noqa: S608  made by the ORM
        for side, known in lists.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(text, [value for known in lists.values() for value in known.params(asked_for)])
        for side, pk in cursor.fetchall():
            shown[side].add(pk)
    return shown


@rule(
    "The lists of passed dates hold exactly the cases past the latest day the law may mean, of either side.",
    when=EVERY_EVENING,
)
def overdue_lists_are_exact(watch: Watch, evening: Evening) -> Iterator[str]:
    wanted = {
        side: {pk for pk, moments in known.items() if _passed(moments, evening)}
        for side, known in (("plan", watch.theirs), ("ours", watch.ours))
    }
    if wanted == watch.shown and not evening.worked:
        return  # nobody worked, and the lists were read when they held the same
    watch.shown = _lists(evening)
    for side, shown in watch.shown.items():
        for pk in sorted(shown ^ wanted[side]):
            yield f"case {pk} is {'' if pk in shown else 'not '}on the list of passed dates ({side})"


asked(
    "at_once_stands_beside",
    "A level opened at once stands beside a lower one of the same denial, and is asked for no earlier.",
    """
    SELECT c.reference || ': ' || a.level || ' was opened at once, and does not stand beside a level that was asked for'
      FROM appeals_appeal a JOIN cases_case c ON c.id = a.case_id JOIN appeals_appeal other ON other.id = a.beside_id
     WHERE a.case_id = ANY (%(cases)s)
       AND (other.denial_id <> a.denial_id OR other.turn <> a.turn OR other.position >= a.position
            OR (a.beside_basis = 'urgent' AND a.filed_at < coalesce(other.filed_at, 'infinity')))
    """,
)
asked(
    "levels_follow_decisions",
    "A level above the first stands on one below that was decided, or let its time pass.",
    """
    SELECT c.reference || ': ' || a.level || ' is open, and the level below was not decided'
      FROM appeals_appeal a JOIN cases_case c ON c.id = a.case_id JOIN appeals_appeal below ON below.id = a.previous_id
     WHERE a.case_id = ANY (%(cases)s) AND (below.status <> 'decided' OR below.position >= a.position
       OR NOT EXISTS (SELECT FROM appeals_decision d WHERE d.appeal_id = below.id))
    """,
)
asked(
    "documents_end_with_what_came",
    "The plan's time to send documents runs while they are awaited, and ends with what came or with taking the request back.",
    """
    SELECT c.reference || ': the documents came or are not awaited, and their date still runs'
      FROM appeals_deadline d JOIN appeals_documentrequest r ON r.id = d.document_request_id JOIN cases_case c ON c.id = d.case_id
     WHERE d.case_id = ANY (%(cases)s) AND d.status = 'running' AND (r.answered_at IS NOT NULL OR r.withdrawn_at IS NOT NULL)
    """,
)
asked(
    "nobody_is_called_late_in_time",
    "No letter demands what is late before the latest day has passed on which, by the law, it may come.",
    """
    SELECT c.reference || ': ' || m.kind || ' was demanded on ' || (m.sent_at AT TIME ZONE %(zone)s)::date
           || ', and the time was ' || coalesce(d.due_at::text, d.due_on::text)
      FROM appeals_demand m JOIN appeals_deadline d ON d.id = m.deadline_id JOIN cases_case c ON c.id = m.case_id
     WHERE m.case_id = ANY (%(cases)s) AND m.sent_at IS NOT NULL
       AND CASE WHEN d.due_at IS NULL THEN (m.sent_at AT TIME ZONE %(zone)s)::date <= d.due_on ELSE m.sent_at <= d.due_at END
    """,
)
