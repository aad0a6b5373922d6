"""The case on one page, take action, and reading several tables in one statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advocacy.access.permissions import Permission
from advocacy.audit.models import Event
from advocacy.errors import NotFound
from advocacy.people.models import Consent
from advocacy.people.places import zone_name
from advocacy.tenancy.together import fetched
from appeals.models import AuthorizationRequest, Deadline, Filing, GrantedAuthorization
from appeals.queries import timeline
from appeals.queries.case_page import Missing, _told_apart, case_page
from cases.models import Blob, Case, Communication, Cost, Document, DocumentVersion, Note, Task
from tests.appeals.scenes import clock, denied, level_of, new_case, task_of
from tests.appeals.test_today import here, now, statements, window_of
from tests.cast import Cast, release
from tests.standing import prepared


def fill(cast: Cast, case: Case, count: int) -> None:
    """`count` rows of everything under a case."""
    at = now()
    today = here(at).today
    nora = cast.users["nora"]
    denial = denied(case, at=at, confirmed_by=nora)
    level = level_of(denial, at=at, status="drafting")
    clock(
        case, due_on=today + timedelta(days=9), at=at, appeal=level, permissive_on=today + timedelta(days=12)
    )
    for n in range(count):
        Communication.objects.create(
            case=case,
            channel="call",
            direction="out",
            party="payer",
            person=f"Agent {n}",
            happened_at=at - timedelta(hours=n),
            reference_number=f"CALL-{n}",
            summary="They will call back.",
            promise="Call back",
            promised_by=today - timedelta(days=2),
            logged_at=at,
            logged_by=nora,
        )
        Note.objects.create(
            case=case, body=f"Note number {n}", written_at=at - timedelta(days=n), written_by=nora
        )
        document = Document.objects.create(
            case=case, kind="denial_letter", title=f"Letter {n}", created_at=at
        )
        blob = Blob.objects.create(
            sha256=f"{case.pk:032x}{n:032x}",
            size=10,
            location="x",
            wrapped_key=b"k",
            key_id="1",
            stored_at=at,
        )
        DocumentVersion.objects.create(
            case=case,
            document=document,
            number=1,
            blob=blob,
            filename="a.pdf",
            content_type="application/pdf",
            page_count=2,
            uploaded_at=at,
        )
        task_of(case, at=at, owner=cast.members["nora"], due_on=today)
        GrantedAuthorization.objects.create(
            case=case,
            request=denial.request,
            number=f"AUTH-{n}",
            sessions=6,
            valid_from=today - timedelta(days=3),
            valid_until=today + timedelta(days=27),
            granted_at=at,
        )
    for kind, amount in (("patient_savings", "1200.50"), ("plan_dollars", "9400")):
        Cost.objects.get_or_create(
            case=case,
            kind=kind,
            defaults={
                "amount": Decimal(amount),
                "certainty": "estimate",
                "basis": "Price list",
                "recorded_at": at,
            },
        )


@prepared
def full(cast: Cast) -> tuple[Cast, Case]:
    case = new_case(1, at=now(), owner=cast.members["nora"])
    fill(cast, case, 2)
    Consent.objects.create(
        patient=case.patient,
        kind="release",
        method="paper",
        signed_on=date(2026, 1, 5),
        recorded_at=now(),
    )
    return cast, case


def shown_acts(page: Any) -> tuple[list[str], list[str]]:
    """What stands in front, and what stands behind the disclosure."""
    behind = [act["label"] for group in page.context["more"] for act in group["acts"]]
    return [act["label"] for act in page.context["acts"]], behind


def test_what_is_done_most_stands_in_front_and_the_rest_behind_one_disclosure(full, sign_in):
    _cast, case = full
    url = reverse("appeals:case", args=[case.public_id])
    page = sign_in("sam").get(url)
    front, behind = shown_acts(page)
    assert front == ["Log a call", "Take action", "Upload a document"]
    assert len(behind) == 22 and not set(front) & set(behind)
    assert {"Record a denial", "Assign the case", "Trail", "Close the case"} <= set(behind)
    text = page.content.decode()
    assert text.count("<summary") >= 1 and text.count('class="more-actions"') == 1
    assert page.context["actions"] and "data-act-page" in text
    front, behind = shown_acts(sign_in("nora").get(url))
    assert front == ["Log a call", "Take action", "Upload a document"] and "Trail" not in behind
    front, behind = shown_acts(sign_in("petra").get(url))
    assert (front, behind) == (["Messages with the patient", "Who can see this", "Trail"], [])
    Case.objects.filter(pk=case.pk).update(status="closed", outcome="withdrawn", closed_at=now())
    front, behind = shown_acts(sign_in("sam").get(url))
    assert front == ["Write a note", "Messages with the patient", "Reopen the case", "Trail"]
    assert behind == []


def plain(row: Any) -> dict[str, Any]:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


def test_one_statement_reads_the_same_rows_as_the_orm(full):
    _cast, case = full
    wanted = {
        model._meta.label: model.objects.filter(case_id=case.pk).order_by("-id")
        for model in (Communication, Cost, Deadline, DocumentVersion, GrantedAuthorization, Note, Task)
    }
    wanted["requests"] = AuthorizationRequest.objects.filter(case_id=case.pk)
    wanted["cases"] = Case.objects.order_by("id")
    wanted["none"] = Case.objects.none()
    with CaptureQueriesContext(connection) as captured:
        found = fetched(wanted)
    assert len(captured.captured_queries) == 1
    assert {key: [plain(r) for r in rows] for key, rows in found.items()} == {
        key: [plain(r) for r in rows] for key, rows in wanted.items()
    }
    assert len(found["cases.Note"]) == 2 and found["none"] == []


def test_deferred_columns_stay_out_of_the_statement(full):
    _cast, case = full
    [row] = fetched({"a": Deadline.objects.filter(case_id=case.pk).only("pk", "title")})["a"]
    assert row.get_deferred_fields() >= {"citation", "arithmetic"} and row.title.startswith("Internal appeal")


def test_meadow_reads_nothing_of_harbor_that_way(full):
    from advocacy.tenancy.scope import scoped_to

    cast, case = full
    with scoped_to(cast.meadow.pk):
        assert fetched({"a": Note.objects.filter(case_id=case.pk)}) == {"a": []}


def test_the_page_gathers_what_the_case_holds(full):
    cast, case = full
    page = case_page(cast.nora, case.public_id, now=now())
    assert (page.case.pk, page.consent.stands, page.consent.words) == (case.pk, True, "Standing")
    assert page.due is not None and page.due.label == "Internal appeal: last day to file"
    assert page.action is not None and page.action.code == "file_appeal"
    assert page.money.amount("patient_savings") == Decimal("1200.50")
    assert page.money.amount("plan_dollars") == Decimal("9400.00")
    assert page.money.amount("at_stake") is None
    assert [line.days_late for line in page.promises_missed] == [2, 2]
    assert [line.days_left for line in page.authorizations] == [27, 27]
    assert [line.owner for line in page.tasks] == ["Nora Navigator"] * 2
    assert [line.version.page_count for line in page.documents] == [2, 2]
    assert {m.code for m in page.missing} >= {"letter", "failed_treatments"}
    assert "consent" not in {m.code for m in page.missing}
    names = [(step.name, step.state) for step in page.steps]
    assert names[0] == ("Authorization request", "done")
    assert names[1][1] == "current"


def test_a_consent_that_was_withdrawn_or_has_expired_is_missing(full):
    cast, case = full
    consent = Consent.objects.get(patient=case.patient)
    consent.revoked_at = now()
    consent.save(update_fields=["revoked_at"])
    page = case_page(cast.nora, case.public_id, now=now())
    assert (page.consent.stands, page.consent.words) == (False, "None recorded")
    assert "consent" in {m.code for m in page.missing}


def test_a_reader_by_grant_sees_the_case_and_no_way_to_change_it(cast, sign_in):
    from cases.commands.access import give_grant

    case = new_case(1, at=now(), owner=cast.members["nils"], is_restricted=True)
    with pytest.raises(NotFound):
        case_page(cast.nora, case.public_id, now=now())
    assert sign_in("nora").get(f"/admin/cases/{case.public_id}/").status_code == 404
    release(case.patient)
    give_grant(actor=cast.sam, case=case, user=cast.users["nora"], days=3, reason="Cover", at=now())
    page = case_page(cast.nora, case.public_id, now=now())
    assert page.permissions == frozenset() and page.action is None
    text = sign_in("nora").get(f"/admin/cases/{case.public_id}/").content.decode()
    assert "Read only" in text and "Take action" not in text


def test_the_timeline_goes_back_page_by_page_and_repeats_nothing(cast):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    at = now()
    for n in range(40):
        Note.objects.create(
            case=case, body=f"Note {n}", written_at=at - timedelta(minutes=n // 3), written_by=None
        )
    for n in range(20):
        Document.objects.create(
            case=case, kind="other", title=f"Paper {n}", created_at=at - timedelta(minutes=n)
        )
    seen, after, sizes = [], None, []
    while True:
        page = case_page(cast.nora, case.public_id, now=at, after=after).timeline
        seen += [(e.kind, e.title, e.body) for e in page.entries]
        sizes.append(len(page.entries))
        if not page.after:
            break
        after = timeline.key_of(page.after)
    assert sizes == [25, 25, 10]
    assert len(set(seen)) == 60
    only = case_page(cast.nora, case.public_id, now=at, show="documents").timeline
    assert {e.kind for e in only.entries} == {"documents"} and len(only.entries) == 20
    assert timeline.key_of("x") is None


def test_the_page_takes_at_most_twelve_statements_however_much_the_case_holds(cast, sign_in):
    nora = sign_in("nora")
    counts = []
    for count in (1, 3):
        case = new_case(count, at=now(), owner=cast.members["nora"])
        fill(cast, case, count)
        row = nora.get("/admin/queue/").content.decode()
        url = row[row.index(f"/admin/cases/{case.public_id}/") :].split('"')[0]
        with CaptureQueriesContext(connection) as captured:
            assert nora.get(url).status_code == 200
        counts.append(len(statements(captured)))
    assert counts[0] == counts[1] <= 12, counts


def test_the_page_shows_it_all_and_leaves_one_read(full, sign_in):
    _cast, case = full
    last = Event.objects.order_by("-id").first().pk
    answer = sign_in("nora").get(f"/admin/cases/{case.public_id}/")
    assert answer.status_code == 200
    text = answer.content.decode()
    title = text[text.index("<title>") : text.index("</title>")]
    assert case.reference in title and "Pip1" not in title
    for words in (
        "Pip1 Whitlock",
        "they/them",
        "Timberline Mutual",
        "45 CFR 147.136(b)",
        "Can be argued until",
        "Promises missed",
        "AUTH-0",
        "valid 27 more days",
        "$1,200.50",
        "$9,400.00",
        "Letter 1",
        "CALL-1",
        "no guarantee",
        "data-act-page>File the appeal",
    ):
        assert words in text, words
    assert "10,600.50" not in text
    [read] = Event.objects.filter(kind="read", id__gt=last)
    assert (read.verb, read.case_ids, read.patient_ids) == ("read_page", [case.pk], [case.patient_id])


def test_a_long_note_is_folded_and_the_zone_is_named(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    for body in ("y" * 1200, "x" * 1201):
        Note.objects.create(case=case, body=body, written_at=now(), written_by=None)
    text = sign_in("nora").get(f"/admin/cases/{case.public_id}/").content.decode()
    assert text.count('<details class="timeline__long">') == 1
    assert f'<p class="timeline__body">{"y" * 1200}</p>' in text and f">{'x' * 1201}</p></details>" in text
    assert text.count(f"time zone: {zone_name(case.patient.time_zone)}.") == 1


def test_what_is_missing_twice_is_told_apart_and_said_once():
    case_id = uuid4()
    one = Missing(
        "proof", "A filing has no proof.", "appeals:proof_new", (case_id, uuid4()), Permission.FILE_APPEAL
    )
    other = replace(one, args=(case_id, uuid4()))
    rows = {
        "denials": [],
        "filings": [
            Filing(public_id=one.args[-1], filed_at=datetime(2026, 11, 4, 2, tzinfo=UTC)),
            Filing(public_id=other.args[-1], filed_at=datetime(2026, 11, 9, 20, tzinfo=UTC)),
        ],
    }
    assert [m.text for m in _told_apart([one, other, one], rows, "America/Los_Angeles")] == [
        "A filing has no proof. (filed Nov 3, 2026)",
        "A filing has no proof. (filed Nov 9, 2026)",
    ]


def test_the_place_in_the_list_is_kept_from_case_to_case(cast, sign_in):
    at = now()
    made = [new_case(n, at=at, owner=cast.members["nora"]) for n in (1, 2, 3)]
    for n, case in enumerate(made):
        clock(case, due_on=here(at).today + timedelta(days=n), at=at)
    nora = sign_in("nora")
    text = nora.get("/admin/queue/?due=7").content.decode()
    url = text[text.index(f"/admin/cases/{made[0].public_id}/") :].split('"')[0]
    for following in made[1:]:
        text = nora.get(url).content.decode()
        url = text[text.index('rel="next" href="') + 17 :].split('"')[0]
        assert f"/admin/cases/{following.public_id}/" in url
    assert "Last of the list" in nora.get(url).content.decode()
    assert f"/admin/cases/{made[1].public_id}/?at=" in nora.get(url).content.decode()
    assert '/admin/queue/?due=7"' in nora.get(url).content.decode()


@pytest.mark.parametrize("page", ["", "action/", "trail/"])
def test_meadow_gets_404_at_every_page_of_a_harbor_case(full, sign_in, page):
    _cast, case = full
    assert sign_in("mia").get(f"/admin/cases/{case.public_id}/{page}").status_code == 404


# -- take action --------------------------------------------------------------------------------------------
def action(case: Case) -> str:
    return f"/admin/cases/{case.public_id}/action/"


def test_one_submit_writes_the_note_opens_the_task_sets_the_wake_up_and_assigns(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    wake = here(now()).today + timedelta(days=4)
    answer = sign_in("sam").post(
        action(case),
        {
            "note": "Spoke with the clinic.",
            "task_title": "Ask for the chart",
            "task_due_on": (wake + timedelta(days=1)).isoformat(),
            "wake_on": wake.isoformat(),
            "owner": str(cast.members["nils"].public_id),
        },
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/cases/{case.public_id}/")
    [note], [task] = Note.objects.filter(case=case), Task.objects.filter(case=case)
    assert (note.body, note.for_patient) == ("Spoke with the clinic.", False)
    assert (task.title, task.status, task.owner_id) == ("Ask for the chart", "held", cast.members["nils"].pk)
    assert task.hold_until.astimezone(here(now()).zone).date() == wake
    case.refresh_from_db()
    assert case.owner_id == cast.members["nils"].pk
    verbs = set(
        Event.objects.filter(kind="verb", case_ids__contains=[case.pk]).values_list("verb", flat=True)
    )
    assert verbs == {"case_assigned", "note_written", "task_opened", "task_held"}


def test_a_wake_up_alone_opens_a_task_to_look_again(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    wake = here(now()).today + timedelta(days=1)
    assert sign_in("nora").post(action(case), {"wake_on": wake.isoformat()}).status_code == 302
    assert [(t.title, t.status) for t in Task.objects.filter(case=case)] == [
        ("Look at this case again", "held")
    ]


def test_a_refusal_says_every_reason_keeps_what_was_typed_and_does_nothing(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["sam"], is_restricted=True)
    yesterday = here(now()).today - timedelta(days=2)
    answer = sign_in("sam").post(
        action(case),
        {
            "note": "Half an hour of words.",
            "task_title": "Ask",
            "task_due_on": yesterday.isoformat(),
            "owner": "none",
        },
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Half an hour of words." in text
    assert "The due date has passed." in text and "A restricted case needs an owner" in text
    assert (Note.objects.count(), Task.objects.count()) == (0, 0)
    case.refresh_from_db()
    assert case.owner_id == cast.members["sam"].pk


def test_an_empty_form_says_what_to_fill_in_and_nobody_assigns_without_the_role(cast, sign_in):
    case = new_case(1, at=now(), owner=cast.members["nora"])
    empty = sign_in("nora").post(action(case), {})
    assert empty.status_code == 422 and "Fill in at least one of" in empty.content.decode()
    form = {"note": "Words", "owner": str(cast.members["nils"].public_id)}
    assert sign_in("nora").post(action(case), form).status_code == 302
    case.refresh_from_db()
    assert case.owner_id == cast.members["nora"].pk
    assert sign_in("petra").get(action(case)).status_code == 403


def test_the_form_shows_which_clocks_run(full, sign_in):
    _cast, case = full
    text = sign_in("nora").get(action(case)).content.decode()
    assert "Internal appeal: last day to file" in text and "9 days left" in text


def test_the_header_says_what_kind_of_date_comes_next(cast, sign_in):
    """Ours before the other side's; the plan's offer of a call stands apart and is never called a deadline."""
    at, today_ = now(), here(now()).today
    called = new_case(1, at=at, owner=cast.members["nora"])
    window_of(called, due_on=today_ + timedelta(days=4), at=at, by=cast.users["nora"])
    waiting = new_case(2, at=at, owner=cast.members["nora"])
    clock(waiting, due_on=today_ + timedelta(days=9), at=at, side="payer")
    found = {c.pk: case_page(cast.nora, c.public_id, now=at) for c in (called, waiting)}
    shown = {pk: page.due and (page.due.date, page.due.kind) for pk, page in found.items()}
    assert shown == {
        called.pk: (today_ + timedelta(days=90), "Legal deadline"),
        waiting.pk: (today_ + timedelta(days=9), "The plan's deadline"),
    }
    window = found[called.pk].call_window
    assert window and (window.date, window.kind) == (
        today_ + timedelta(days=4),
        "The plan's offer of a call, not a legal deadline",
    )
    text = sign_in("nora").get(f"/admin/cases/{called.public_id}/").content.decode()
    header = text[text.index("case-header__facts") :].partition("</header>")[0]
    assert '<span class="quiet small">Legal deadline</span>' in header
    assert "Peer-to-peer window" in header and "not a legal deadline" in header
