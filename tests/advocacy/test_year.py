"""The simulated year: every rule is broken on purpose, past everything that stands in the way, and is found to be broken."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from advocacy.audit.models import Event
from advocacy.management.seed.cast import assemble
from advocacy.management.seed.life import Life
from advocacy.management.seed.year.calendar import Year, year_of
from advocacy.management.seed.year.cases import PLANS
from advocacy.management.seed.year.watch import RULES, Evening
from advocacy.tenancy.scope import scope_with
from advocacy.tenancy.together import fetched
from appeals.models import Filing
from appeals.queries.history import load_history
from appeals.queries.lookup import Said
from appeals.queries.standing import by_case, rows_under
from appeals.regimes import book
from appeals.regimes.classifier import classify
from cases.commands.cases import close_case
from cases.models import Case
from tests.attacks.siege import as_superuser, run, superuser, undone
from tests.seeded import addresses, copy_of_migrated, drop
from tests.standing import STANDING

ROOT = Path(__file__).resolve().parents[2]
CASES, DAYS, SEED = 6, 70, 1


def small(slug: str, other: str, *, cases: int = CASES, days: int = DAYS, seed: int = SEED) -> Year:
    standing = assemble(datetime.fromisoformat("2025-09-01T12:00:00+00:00"))
    return year_of(standing[slug], standing[other], cases=cases, seed=seed, days=days)


@pytest.fixture(scope="module")
def year(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Year]:
    """Ten weeks of a few cases, as they stand on the last evening. Nothing of it is ever committed."""
    patch = pytest.MonkeyPatch()
    patch.setattr("django.conf.settings.DATA_DIR", tmp_path_factory.mktemp("year"))
    with django_db_blocker.unblock():
        STANDING.drop()
        before = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
        connection.close()
        connection.settings_dict.update(superuser())
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined]  as Django's own TestCase does
        try:
            with block:
                run("SET SESSION AUTHORIZATION recourse_app")
                lived = small("harbor", "meadow")
                lived.pass_by()
                run("SET CONSTRAINTS ALL IMMEDIATE")
                yield lived
                transaction.set_rollback(True)
        finally:
            connection.close()
            connection.settings_dict.update(before)
            patch.undo()


def last_evening(year: Year, day: date | None = None) -> Evening:
    """An evening on which every case was worked on."""
    evening = year._evening(day or year.end, list(range(len(year.lives))))
    return replace(evening, worked=sorted(life.case_row.pk for life in year.lives if life.case_row))


def found(year: Year, name: str, evening: Evening) -> list[str]:
    there = year.house.standing
    with there.program(evening.at), scope_with(actor="system:watch"):
        return list(RULES[name].find(copy.deepcopy(year.watch), evening))


# -- planted violations -------------------------------------------------------------------------------------
def sql(statement: str, **named: Any) -> None:
    """Past triggers, keys and policies, as nobody can stop a superuser. It has to change something."""
    with as_superuser(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, named)
        assert cursor.rowcount != 0, statement
        cursor.execute("SET LOCAL session_replication_role = origin")


OPEN = "SELECT id FROM cases_case WHERE status = 'open'"
CLOSED = "SELECT id FROM cases_case WHERE status = 'closed'"
RUNNING = f"status = 'running' AND peer_to_peer_id IS NULL AND case_id IN ({OPEN})"


def moved(year: Year, evening: Evening) -> None:
    sql(f"UPDATE appeals_deadline SET due_on = due_on + 1 WHERE {RUNNING}")


def shown_late(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE appeals_deadline SET status = 'running', due_at = NULL, due_on = safe_on + 3"
        " WHERE safe_on IS NOT NULL AND side = 'claimant' AND clock = 'filing'"
    )


def unconfirmed(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE appeals_denial SET confirmed_at = NULL, confirmed_by_id = NULL WHERE id IN (SELECT denial_id FROM appeals_appeal)"
    )


def not_listed(year: Year, evening: Evening) -> None:
    sql(f"UPDATE appeals_deadline SET due_on = '2020-01-01', due_at = NULL WHERE {RUNNING}")


def on_nothing(year: Year, evening: Evening) -> None:
    sql("UPDATE appeals_appeal SET previous_id = id")


def beside_itself(year: Year, evening: Evening) -> None:
    sql("UPDATE appeals_appeal SET beside_id = id, beside_basis = 'urgent', beside_on = '2025-10-01'")


def still_awaited(year: Year, evening: Evening) -> None:
    sql(
        "INSERT INTO appeals_documentrequest (public_id, organization_id, case_id, asked, details, channel, address, sent_at,"
        " proof_note, answered_at, answer_note, recorded_at, withdrawn_reason)"
        " SELECT gen_random_uuid(), organization_id, case_id, 'records', '', 'fax', '', %(at)s, '', %(at)s, '', %(at)s, ''"
        f" FROM appeals_deadline WHERE {RUNNING} LIMIT 1",
        at=evening.at,
    )
    sql(
        "UPDATE appeals_deadline SET request_id = NULL, appeal_id = NULL, denial_id = NULL, document_request_id ="
        " (SELECT r.id FROM appeals_documentrequest r WHERE r.case_id = appeals_deadline.case_id AND r.answered_at = %(at)s)"
        f" WHERE {RUNNING} AND case_id = (SELECT case_id FROM appeals_documentrequest WHERE answered_at = %(at)s)",
        at=evening.at,
    )


def demanded_in_time(year: Year, evening: Evening) -> None:
    sql(
        "INSERT INTO appeals_demand (public_id, organization_id, case_id, deadline_id, kind, agency, draft, version, started_at,"
        " document_version_id, sha256, channel, address, proof_note, unapproved_reason, sent_at)"
        " SELECT gen_random_uuid(), d.organization_id, d.case_id, d.id, 'overdue', '', '', 1, %(at)s,"
        " (SELECT max(id) FROM cases_documentversion), repeat('0', 64), 'fax', '', '', '', %(at)s"
        f" FROM appeals_deadline d WHERE {RUNNING} AND due_at IS NULL",
        at=evening.at - timedelta(days=400),
    )


def nobody_may(year: Year, evening: Evening) -> None:
    sql(
        f"UPDATE people_membership SET roles = '{{funder}}' WHERE id IN (SELECT owner_id FROM cases_case WHERE id IN ({OPEN}))"
    )


def gone(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE people_membership SET ended_at = starts_at + interval '1 day'"
        f" WHERE id IN (SELECT owner_id FROM cases_case WHERE id IN ({OPEN}))"
    )


def not_reminded(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE appeals_deadline SET side = 'claimant', due_at = NULL, due_on = %(soon)s,"
        " computed_at = computed_at - interval '1 day'"
        f" WHERE {RUNNING}",
        soon=evening.day + timedelta(days=7),
    )
    sql("DELETE FROM appeals_reminder WHERE rung = 7 OR rung <> 7")


def not_escalated(year: Year, evening: Evening) -> None:
    sql(f"UPDATE appeals_deadline SET due_on = '2025-10-02', due_at = NULL WHERE {RUNNING}")


def cover_unaware(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE appeals_reminder SET claimed_at = %(at)s FROM cases_case c"
        " WHERE c.id = case_id AND c.owner_id = member_id",
        at=evening.at - timedelta(hours=10),
    )
    sql(
        "UPDATE people_absence SET from_on = %(day)s, until_on = %(day)s, ended_at = NULL, member_id = c.owner_id,"
        " recorded_at = '2025-01-01', cover_id = (SELECT max(p.id) FROM people_membership p"
        " WHERE p.id <> c.owner_id AND p.organization_id = c.organization_id AND p.ended_at IS NULL)"
        " FROM cases_case c JOIN appeals_reminder m ON m.case_id = c.id WHERE c.owner_id = m.member_id",
        day=evening.day,
    )


def held_on(year: Year, evening: Evening) -> None:
    sql("UPDATE cases_task SET status = 'held', hold_until = '2025-10-02'")


def still_running(year: Year, evening: Evening) -> None:
    sql(f"UPDATE appeals_deadline SET status = 'running' WHERE case_id IN ({CLOSED})")


def told_too_late(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE cases_case SET status = 'closed', outcome = 'moot', closed_at = %(at)s",
        at=evening.at - timedelta(hours=9),
    )
    sql("UPDATE appeals_reminder SET sent_at = %(at)s, dropped_at = NULL", at=evening.at - timedelta(hours=8))


def not_kept(year: Year, evening: Evening) -> None:
    sql("DELETE FROM appeals_filing")


def not_frozen(year: Year, evening: Evening) -> None:
    sql("UPDATE appeals_filing SET sha256 = repeat('0', 64)")


def no_release(year: Year, evening: Evening) -> None:
    sql("UPDATE people_consent SET revoked_at = '2025-09-02'")


def filed_past_it(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE appeals_denial SET notice_on = '2023-01-02', sent_on = '2023-01-02', received_on = '2023-01-03',"
        " stated_deadline_on = NULL"
    )
    sql(
        "UPDATE appeals_decision SET notice_on = '2023-01-02', sent_on = '2023-01-02', received_on = '2023-01-03'"
    )


def course_too_short(life: Life) -> Iterator[date]:
    """A case is closed with everything still open."""
    life.do(close_case, case=life.case, outcome="covered")
    yield life.on


def no_way_on(year: Year, evening: Evening) -> None:
    with year.house.standing.program(evening.at):
        still = {n for n, life in enumerate(year.lives) if life.case_row and life.case.status == "open"}
    n = min(still)
    year.courses[n] = course_too_short(year.lives[n])
    year._work(n, evening.day)
    assert n not in year.courses


def done_in_silence(year: Year, evening: Evening) -> None:
    evening.acts.append(("user:1", evening.at - timedelta(hours=8), "close_case"))


def ahead(year: Year, evening: Evening) -> None:
    sql(
        "UPDATE audit.event SET at = %(at)s WHERE id = (SELECT max(id) FROM audit.event)",
        at=evening.at + timedelta(days=1),
    )
    year.watch.read_until -= 1


def written_past_the_trail(year: Year, evening: Evening) -> None:
    sql("UPDATE appeals_deadline SET title = 'something else'")


def a_dollar_more(year: Year, evening: Evening) -> None:
    sql("UPDATE cases_cost SET amount = amount + 1 WHERE superseded_at IS NULL")


def no_walls(year: Year, evening: Evening) -> None:
    with as_superuser():
        run("ALTER TABLE appeals_deadline DISABLE ROW LEVEL SECURITY")


PLANTED: dict[str, Callable[[Year, Evening], None]] = {
    "stored_dates_are_the_engines": moved,
    "unconfirmed_starts_nothing": unconfirmed,
    "front_is_the_earlier": shown_late,
    "overdue_lists_are_exact": not_listed,
    "documents_end_with_what_came": still_awaited,
    "nobody_is_called_late_in_time": demanded_in_time,
    "levels_follow_decisions": on_nothing,
    "at_once_stands_beside": beside_itself,
    "somebody_acts_next": nobody_may,
    "nothing_is_forgotten": nobody_may,
    "nobody_who_left_has_work": gone,
    "leavers_left_nothing": gone,
    "reminded_on_the_ladder": not_reminded,
    "supervisors_hear_when_nobody_acts": not_escalated,
    "cover_hears_too": cover_unaware,
    "holds_end": held_on,
    "all_stops_at_the_end": still_running,
    "no_mail_after_the_end": told_too_late,
    "filed_is_frozen": not_kept,
    "filed_stays_readable": not_frozen,
    "a_release_stood": no_release,
    "late_says_why": filed_past_it,
    "every_act_is_told": done_in_silence,
    "nothing_right_is_refused": no_way_on,
    "nothing_lies_ahead": ahead,
    "the_trail_tells_every_write": written_past_the_trail,
    "the_trail_tells_open_cases": written_past_the_trail,
    "money_adds_up": a_dollar_more,
    "others_see_nothing": no_walls,
}


def test_every_rule_has_its_violation():
    assert PLANTED.keys() == RULES.keys()


def test_ten_weeks_break_no_rule(year):
    assert year.broken == []
    assert year.watch.looked > 8 * DAYS
    done = year.house.done
    assert {"file_appeal", "close_case", "absence", "reminder"} <= done.keys(), done


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_broken_rule_is_found(year, name):
    day = year.end
    there = year.house.standing
    if name in ("a_release_stood", "late_says_why"):
        with there.program(datetime.fromisoformat("2026-01-01T00:00:00+00:00")):
            filing = Filing.objects.filter(is_oral=False).order_by("-filed_at")[0]
        day = filing.filed_at.astimezone(there.zone).date()
    assert found(year, name, last_evening(year, day)) == []
    with undone():
        evening = last_evening(year, day)
        PLANTED[name](year, evening)
        assert found(year, name, evening) != []


def test_bytes_that_cannot_be_read_are_found(year):
    evening = last_evening(year)
    with undone():
        sql("UPDATE cases_blob SET location = 'nowhere'")
        for name in ("filed_is_frozen", "filed_stays_readable"):
            again = replace(year, watch=replace(year.watch, filings_until=0))
            told = [words.split(": ")[1] for words in found(again, name, evening)]
            assert set(told) == {"the bytes that were filed cannot be read"}


def test_what_an_evening_loads_is_what_the_pages_of_the_desk_read(year):
    evening = last_evening(year)
    with year.house.standing.program(evening.at):
        pages = {key: by_case(rows) for key, rows in fetched(rows_under(evening.worked)).items()}
        for case in evening.cases:
            shown = {key: rows.get(case.pk, []) for key, rows in pages.items()}
            assert evening.loaded.deciding(case) == shown
            assert evening.histories[case.pk] == load_history(Case.objects.get(pk=case.pk))
        assert any(rows for key in ("appeals", "deadlines", "choices") for rows in pages[key].values())


def test_an_evening_reads_the_trail_to_its_end(year):
    evening = last_evening(year)
    with year.house.standing.program(evening.at):
        keys = sorted(Event.objects.values_list("id", flat=True))
        assert evening.newest(year.watch) == keys[-1]
    assert len(str(keys[0])) < len(str(keys[-1]))


def test_every_set_of_rules_has_its_plan():
    def regime(plan: Any) -> str:
        said = [Said(*answer) for answer in plan.answers if answer[0] != "levels"]
        if plan.funding in ("self_funded", "insured"):
            said.append(Said("funding", plan.funding, "card"))
        return classify(said).regime or "unknown"

    assert {regime(plan) for plan in PLANS[:19]} == set(book().regimes)


@pytest.mark.long
def test_the_same_seed_gives_the_same_year(year):
    told = []
    for seed in (7, 7, 8):
        with undone():
            again = small("meadow", "harbor", cases=2, days=10, seed=seed)
            assert again.pass_by() == []
            told.append(again.house.told.hexdigest())
    assert told[0] == told[1] != told[2]


def test_a_year_begins_on_an_empty_database(year):
    with pytest.raises(CommandError, match="empty database"):
        call_command("simulate", "--cases", "1")


def simulated(cases: int, tmp_path: Path) -> str:
    """A whole year by the command, on a database of its own."""
    name = f"year_{cases}"
    copy_of_migrated(name)
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", "simulate", "--cases", str(cases), "--seed", "1"],
            cwd=ROOT,
            env={**os.environ, **addresses(name), "RECOURSE_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout
    finally:
        drop(name)


def test_a_year_of_three_hundred_cases(tmp_path, django_db_setup):
    """Each kind of coverage seven times and more, all year, in both organizations."""
    assert addresses("year")["DATABASE_URL"].startswith("postgresql://recourse_app:")
    said = simulated(300, tmp_path)
    assert said.count(" 0 things did not hold") == 2
    for happened in ("late payer", "absence", "somebody left", "closed covered", "upheld"):
        assert happened in said


@pytest.mark.long
def test_a_year_of_five_thousand_cases(tmp_path, django_db_setup):
    said = simulated(5_000, tmp_path)
    assert said.count(" 0 things did not hold") == 2
    for happened in (
        "lost fax",
        "late payer",
        "absence",
        "somebody left",
        "nobody acted",
        "consent withdrawn",
        "filed late",
    ):
        assert happened in said
