"""Service targets over the rows of cases: Today, lists, months, the board, the mail; and where none may ever stand."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse

from advocacy.people.queries import working_members
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.together import written
from appeals.commands.service_targets import end_service_target
from appeals.digests import lines_of, send_digest
from appeals.models import Deadline, Decision, LetterApproval, PeerToPeer, ServiceTarget
from appeals.queries import service_targets
from appeals.queries.case_page import case_page
from appeals.queries.clocks import day_at
from appeals.queries.service_targets import (
    count_late,
    count_missed,
    late_page,
    month_counts,
    month_page,
    targets_on,
)
from appeals.service_targets import KINDS
from cases.models import Blob, Case, Communication, Document, DocumentVersion
from tests.appeals.scenes import clock, denied, level_of, new_case
from tests.appeals.test_service_targets import AT, MARCH, TODAY, day, set_
from tests.appeals.visiting import own_statements, words
from tests.standing import prepared

ZONE = "America/New_York"


def moment(n: int, hour: int = 15) -> datetime:
    return datetime(2026, 3, n, hour, tzinfo=UTC)


# The rows of cases


def said(case: Case, at: datetime, party: str = "patient", direction: str = "out", channel: str = "mail"):
    return Communication.objects.create(
        case=case,
        party=party,
        direction=direction,
        channel=channel,
        happened_at=at,
        summary="x",
        logged_at=at,
    )


def all_targets(cast) -> None:
    for kind in KINDS:
        if kind == "filed_early":
            set_(cast, kind, 7, "before_law")
        else:
            set_(cast, kind, 2 if kind in ("call_arranged", "payer_chased", "packet_ready") else 1)


@prepared
def month(cast):
    """Of each kind one that was met, one done late, and one that is missed and still asked; cases of Nora and of Nils."""
    all_targets(cast)
    Case.objects.filter(pk=cast.case.pk).update(opened_at=datetime(2026, 2, 1, tzinfo=UTC))
    nora, nils = cast.members["nora"], cast.members["nils"]
    found: dict[str, Case] = {}
    for number, (name, owner) in enumerate(
        {"met": nora, "late": nora, "asked": nora, "nils": nils}.items(), 1
    ):
        found[name] = new_case(number, at=moment(4), owner=owner, opened_at=moment(4))  # a Wednesday
    by = cast.users["nora"]
    for name, days in {"met": 0, "late": 8, "asked": None, "nils": None}.items():
        case = found[name]

        def done(first: int, days=days, hour: int = 16):
            return None if days is None else moment(first + days, hour)

        if days is not None:
            said(case, done(4))
        denial = denied(case, at=moment(5))
        # Received on Thursday, March 5: to be entered by Friday.
        denial.received_on, denial.recorded_at = day(5), moment(6)
        denial.confirmed_at, denial.confirmed_by = done(6), by if days is not None else None
        denial.save()
        PeerToPeer.objects.create(
            case=case,
            denial=denial,
            status="offered",
            opened_at=moment(6),
            arranged_at=done(9),
            window_ends_on=date(2026, 4, 20),
        )
        level = level_of(denial, at=moment(6), status="open")
        window = clock(case, due_on=day(25), at=moment(6), appeal=level)
        if days is not None:
            LetterApproval.objects.create(
                case=case,
                appeal=level,
                version=version_of(case),
                digest="c" * 64,
                letter={},
                asked_at=done(9),
            )
            said(case, moment(20 + days // 4, 12), party="payer")
            file(level, moment(18 if name == "met" else 19))
            Deadline.objects.filter(pk=window.pk).update(
                status="met", ended_at=moment(19), ended_known_at=moment(19)
            )
        Decision.objects.create(case=case, appeal=level, decided_at=moment(16), recorded_at=moment(17))
        if days is not None:
            said(case, moment(17 if name == "met" else 20), party="helper")
        clock(case, due_on=day(19), at=moment(6), side="payer")
    return cast, found


def version_of(case: Case) -> DocumentVersion:
    at = moment(6)
    document = Document.objects.create(case=case, kind="other", title="Letter", created_at=at)
    blob = Blob.objects.create(
        sha256=f"{case.pk:064x}", size=1, location="x", wrapped_key=b"k", key_id="1", stored_at=at
    )
    return DocumentVersion.objects.create(
        case=case,
        document=document,
        number=1,
        blob=blob,
        filename="a.pdf",
        content_type="application/pdf",
        page_count=1,
        uploaded_at=at,
    )


def file(level, at: datetime) -> None:
    version = LetterApproval.objects.get(appeal=level).version
    level.status, level.filed_at, level.frozen_version = "filed", at, version
    level.save()


def here():
    return day_at(AT, ZONE)


def states(cast, case: Case) -> dict[str, str]:
    page = case_page(cast.nora, case.public_id, now=AT, here=here())
    return {s.target.kind: s.state for s in page.targets}


def test_each_kind_is_counted_between_its_two_events(month):
    cast, cases = month
    assert states(cast, cases["met"]) == dict.fromkeys(KINDS, "met")
    assert states(cast, cases["late"]) == dict.fromkeys(KINDS, "late") | {"payer_chased": "met"}
    asked = dict.fromkeys(KINDS, "missed")
    assert states(cast, cases["asked"]) == asked
    due = {
        s.target.kind: s.due_on
        for s in case_page(cast.nora, cases["asked"].public_id, now=AT, here=here()).targets
    }
    assert due == {
        "first_contact": day(5),
        "denial_entered": day(6),
        "call_arranged": day(10),
        "packet_ready": day(10),
        "filed_early": day(18),
        "patient_told": day(18),
        "payer_chased": day(23),
    }


def lines(found) -> set[tuple[str, str]]:
    return {(line.reference, line.standing.target.kind) for line in found}


def everywhere(cast, cases, *names: str) -> set[tuple[str, str]]:
    return {(cases[name].reference, kind) for name in names for kind in KINDS}


def test_today_shows_ones_own_and_the_list_everybodys_and_they_agree_with_the_case(month):
    """Two ways through the database, one function: Today reads all that is open of one person, the list what can be over."""
    cast, cases = month
    nora, all_ = everywhere(cast, cases, "asked"), everywhere(cast, cases, "asked", "nils")
    assert lines(targets_on(cast.nora, here())) == nora
    assert lines(listed(cast.nora, mine=True)) == nora
    assert lines(listed(cast.sam, mine=False)) == all_
    assert count_late(cast.sam, day=here()) == len(all_)
    assert [line.standing.due_on for line in targets_on(cast.nora, here())] == sorted(
        line.standing.due_on for line in targets_on(cast.nora, here())
    )
    assert (targets_on(cast.olga, here()), targets_on(cast.anna, here())) == ((), ())


def listed(actor, *, mine: bool, at=None) -> list:
    """Every page of the list."""
    found, page = [], 1
    while True:
        shown = late_page(actor, day=at or here(), mine=mine, page=page)
        found += shown.lines
        assert {line.case for line in shown.lines} == set(shown.cases)
        if page == shown.pages:
            assert len(found) == shown.total
            return found
        page += 1


@pytest.mark.parametrize("n", [4, 5, 6, 9, 10, 18, 19, 23, 24, 31])
def test_on_every_day_the_count_is_the_list_and_the_list_is_what_the_function_says(month, n):
    cast, cases = month
    today = day_at(moment(n), ZONE)
    shown = lines(listed(cast.sam, mine=False, at=today))
    asked = {
        (case.reference, standing.target.kind)
        for case in cases.values()
        for standing in case_page(cast.sam, case.public_id, now=moment(n), here=today).targets
        if standing.is_asked
    }
    assert shown == asked
    assert count_late(cast.sam, day=today) == len(shown)
    assert lines(listed(cast.nora, mine=True, at=today)) == lines(targets_on(cast.nora, today))


def test_a_restricted_case_is_counted_and_listed_only_for_whoever_sees_it(month):
    cast, cases = month
    Case.objects.filter(pk=cases["nils"].pk).update(is_restricted=True)
    assert lines(listed(cast.sam, mine=False)) == everywhere(cast, cases, "asked")
    assert count_late(cast.sam, day=here()) == len(KINDS)
    assert lines(targets_on(cast.nils, here())) == everywhere(cast, cases, "nils")
    assert {row.total for row in month_counts(cast.sam, day=here(), first=MARCH)} == {3}


def test_what_came_due_in_a_month_is_counted_by_kind_and_each_number_is_its_list(month):
    cast, _cases = month
    counts = {
        row.kind: (row.met, row.missed, row.share) for row in month_counts(cast.sam, day=here(), first=MARCH)
    }
    assert counts == dict.fromkeys(KINDS, (1, 3, 25)) | {"payer_chased": (2, 2, 50)}
    for row in month_counts(cast.sam, day=here(), first=MARCH):
        for outcome, number in (("", row.total), ("met", row.met), ("missed", row.missed)):
            found = month_page(cast.sam, day=here(), first=MARCH, kind=row.kind, outcome=outcome)
            assert (found.total, len(found.lines)) == (number, number)
    assert {row.total for row in month_counts(cast.sam, day=here(), first=date(2026, 2, 1))} == {0}


def test_closing_ends_what_was_asked_and_what_was_due_before_stays_missed(month):
    cast, cases = month
    Case.objects.filter(pk=cases["asked"].pk).update(status="closed", outcome="moot", closed_at=moment(18))
    found = states(cast, cases["asked"])
    dropped = {"filed_early", "patient_told", "payer_chased"}
    assert found == {kind: "dropped" if kind in dropped else "missed" for kind in KINDS}
    assert lines(targets_on(cast.nora, here())) == set()
    counts = {row.kind: row.missed for row in month_counts(cast.sam, day=here(), first=MARCH)}
    assert counts == {kind: 2 if kind in dropped - {"payer_chased"} else 3 for kind in KINDS} | {
        "payer_chased": 1
    }


def test_a_target_moves_no_legal_date_and_stands_in_no_list_of_them(month):
    cast, cases = month
    before = list(Deadline.objects.order_by("id").values())
    dates = list(Case.objects.order_by("id").values_list("next_deadline_on", flat=True))
    for row in ServiceTarget.objects.filter(kind__in=["filed_early", "first_contact"]):
        end_service_target(actor=cast.olga, row=row, today=TODAY, at=AT)
    assert list(Deadline.objects.order_by("id").values()) == before
    assert list(Case.objects.order_by("id").values_list("next_deadline_on", flat=True)) == dates
    page = case_page(cast.nora, cases["asked"].public_id, now=AT, here=here())
    assert {due.kind for due in page.clocks} & {kind.title for kind in KINDS.values()} == set()


def test_the_daily_mail_says_how_many_were_missed_and_nothing_of_whom(month):
    cast, cases = month
    assert count_missed(cast.members["nora"].pk, here()) == len(KINDS)
    nora = working_members(AT).get(pk=cast.members["nora"].pk)
    said_ = [line.said for line in lines_of(nora, here())]
    assert "7 service targets of our own were missed" in said_
    # What is due today is not missed yet.
    assert count_missed(cast.members["nora"].pk, day_at(moment(5), ZONE)) == 0
    assert count_missed(cast.members["nora"].pk, day_at(moment(6), ZONE)) == 1
    send_digest(cast.members["nora"].pk, AT)
    (sent,) = mail.outbox
    assert "7 service targets of our own were missed" in sent.body
    assert not any(
        case.reference in sent.body or case.patient.family_name in sent.body for case in cases.values()
    )


# Pages


@pytest.fixture
def recently(cast):
    """A case of Nora's that nobody has called since Monday of last week, under a target set before it was opened."""
    at = datetime.now(UTC)
    Case.objects.update(owner=cast.members["nils"])
    set_(cast, start=date(2020, 1, 1), today=date(2020, 1, 1))
    case = new_case(1, at=at, owner=cast.members["nora"])
    return case


def test_the_pages_show_it_apart_from_legal_dates_and_cost_one_statement_or_none(recently, sign_in):
    nora = sign_in("nora")
    today, page = reverse("appeals:today"), reverse("appeals:case", args=[recently.public_id])
    shown = nora.get(today)
    assert "Our own targets (1)" in words(shown) and recently.reference in words(shown)
    assert "First contact with the patient: missed" in words(nora.get(page))
    for text in (shown.content.decode(), nora.get(page).content.decode()):
        own = text[text.index("own-targets") :]
        own = own[: own.index("</section>")]
        assert "days--" not in own and "badge--" not in own and 'class="due' not in own
    with_targets = [len(own_statements(nora, url)) for url in (today, page)]
    ServiceTarget.objects.all().delete()
    assert [len(own_statements(nora, url)) for url in (today, page)] == with_targets
    assert with_targets[0] <= 12 and with_targets[1] <= 12


def test_the_board_counts_them_and_the_number_opens_its_list(recently, sign_in):
    sam = sign_in("sam")
    board, url = reverse("appeals:board"), f"{reverse('appeals:targets_due')}?whose=all"
    shown = sam.get(board)
    number = shown.context["targets_late"]
    assert url in shown.content.decode() and number == sam.get(url).context["total"] == 2
    month = reverse("appeals:targets_month")
    counted = sam.get(month)
    assert counted.status_code == 200
    for address in (board, url, month, reverse("appeals:targets_counted")):
        assert len(own_statements(sam, address)) <= 12, address
    assert sam.get(url + "&page=2").status_code == 404
    assert sam.get(month + "?month=2026-13").status_code == 404


@pytest.mark.parametrize(
    "room", ["appeals/api", "appeals/queries", "appeals/views", "advocacy/reporting", "cases"]
)
def test_nothing_that_patients_funders_or_machines_read_knows_them(room):
    """Doors of the portal, the API and figures: none names a service target, and no reminder of a date does."""
    others = (
        "portal",
        "api",
        "reporting",
        "cases/",
        "calendar",
        "machine",
        "reminders",
        "clocks",
        "next_action",
    )
    told = [
        str(path)
        for path in sorted((settings.BASE_DIR / room).rglob("*.py"))
        if any(word in str(path.relative_to(settings.BASE_DIR)) for word in others)
        and re.search(r"service_target|ServiceTarget|target_rows", path.read_text())
    ]
    assert told == []


def test_of_another_organization_nothing_is_set_counted_or_listed(recently, cast):
    with scoped_to(cast.meadow.pk):
        assert not ServiceTarget.objects.exists()
        assert targets_on(cast.actors["mia"], here()) == ()
        assert count_late(cast.actors["mia"], day=here()) is None


def test_the_kept_text_of_ones_own_is_what_the_orm_makes(cast):
    member = cast.members["nora"].pk
    kept = service_targets._kept_of_owner().written({"member": member, "today": TODAY})
    anew = service_targets._of_owner(member, TODAY)
    assert kept == {key: written(rows) for key, rows in anew.items()}
