"""Somebody whose roles open no case, with access to one for fourteen days: that case and nothing else, then nothing."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission
from appeals.sample_letters import text_as_pdf
from cases.commands.access import end_grant, give_grant, restrict_case
from cases.commands.communications import write_note
from cases.commands.documents import upload_document
from cases.models import CaseGrant, Document
from tests.appeals.scenes import clock, new_case
from tests.cast import make_member, release


@pytest.fixture
def colleague(cast, settings, tmp_path):
    """Cody keeps members and look-ups. Supervisor Sam lets him read one case, which has a note, a document and a date."""
    settings.DATA_DIR = tmp_path
    at = timezone.now()
    cast.users["cody"], cast.members["cody"] = make_member(
        cast.harbor, "cody", "Cody Colleague", ["organization_admin"]
    )
    release(cast.case.patient)
    upload_document(
        actor=cast.nora,
        case=cast.case,
        kind="denial_letter",
        title="The letter",
        filename="letter.pdf",
        stream=io.BytesIO(text_as_pdf("TIMBERLINE MUTUAL\n\nWe denied it.\n")),
        at=at,
    )
    write_note(actor=cast.nora, case=cast.case, body="She prefers the phone.", at=at)
    clock(cast.case, due_on=at.date() + timedelta(days=3), at=at)
    new_case(1, at=at, owner=cast.members["nora"])
    return cast


def give(cast, **given) -> CaseGrant:
    return give_grant(
        actor=cast.sam,
        case=cast.case,
        user=cast.users["cody"],
        reason="second opinion",
        at=timezone.now(),
        **given,
    )


def addresses(cast) -> dict[str, str]:
    case = cast.case.public_id
    document = Document.objects.get(case=cast.case)
    version = document.versions.get()
    return {
        "case": reverse("appeals:case", args=[case]),
        "patient": reverse("people:patient", args=[cast.case.patient.public_id]),
        "documents": reverse("cases:documents", args=[case]),
        "document": reverse("cases:document", args=[case, document.public_id]),
        "file": reverse("cases:document_file", args=[case, version.public_id]),
        "notes": reverse("cases:notes", args=[case]),
        "tasks": reverse("cases:tasks", args=[case]),
        "calls": reverse("cases:communications", args=[case]),
        "money": reverse("cases:costs", args=[case]),
        "team": reverse("cases:team", args=[case]),
        "questions": reverse("appeals:questions", args=[case]),
    }


def statuses(client, cast) -> dict[str, int]:
    return {name: client.get(url).status_code for name, url in addresses(cast).items()}


def test_before_during_and_after(colleague, sign_in):
    cast = colleague
    cody = sign_in("cody")
    nothing = dict.fromkeys(addresses(cast), 404)
    assert statuses(cody, cast) == nothing
    assert [cody.get(reverse(f"appeals:{n}")).status_code for n in ("today", "queue")] == [403, 403]
    grant = give(cast)
    assert (grant.expires_at - grant.granted_at).days == 14
    assert statuses(cody, cast) == dict.fromkeys(addresses(cast), 200)
    CaseGrant.objects.update(granted_at=timezone.now() - timedelta(days=15))
    CaseGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert statuses(cody, cast) == nothing
    assert [cody.get(reverse(f"appeals:{n}")).status_code for n in ("today", "queue")] == [403, 403]


def test_their_today_and_queue_list_that_one_case_and_the_frame_leads_there(colleague, sign_in):
    cast = colleague
    give(cast)
    cody = sign_in("cody")
    queue = cody.get(reverse("appeals:queue"))
    assert [row["reference"] for row in queue.context["rows"]] == [cast.case.reference]
    assert queue.context["assign"] is None
    today = cody.get(reverse("appeals:today"))
    shown = {row["reference"] for stack in today.context["stacks"] for row in stack["rows"]}
    assert shown == {cast.case.reference}
    assert {"Today", "Queue"} <= {item["label"] for item in today.context["desk_nav"]}
    assert cody.get(reverse("home")).headers["Location"] == reverse("appeals:today")


# What each scope opens beside reading; every other door answers 403 whatever the scope.
COMMENTING = {"cases:note_new", "cases:call_new", "cases:communication_new", "appeals:take_action"}
EDITING = COMMENTING | {
    "cases:task_new",
    "cases:document_new",
    "cases:case_change",
    "cases:cost_new",
    "cases:failed_treatment_new",
}
NEVER = {
    "appeals:request_new",
    "appeals:close",
    "cases:access",
    "cases:assign",
    "cases:restrict",
    "cases:team_new",
    "cases:triage",
    "appeals:denial_new",
    "appeals:trail",
}


@pytest.mark.parametrize(("scope", "opened"), [("view", set()), ("comment", COMMENTING), ("edit", EDITING)])
def test_a_scope_opens_these_doors_and_no_other(colleague, sign_in, scope, opened):
    cast = colleague
    give(cast, scope=scope)
    cody = sign_in("cody")
    case = [cast.case.public_id]
    page = cody.get(reverse("appeals:case", args=case))
    offered = {act["url"] for act in page.context["acts"]} | {
        act["url"] for group in page.context["more"] for act in group["acts"]
    }
    beside = {"cases:related"} if scope == "edit" else set()
    assert offered == {reverse(name, args=case) for name in opened | beside}
    assert page.context["actions"] == [] or scope == "edit"
    found = {name: cody.get(reverse(name, args=case)).status_code for name in EDITING | NEVER}
    closed = {"cases:access": 404, "cases:assign": 404, "cases:restrict": 404}
    assert found == {name: 200 if name in opened else closed.get(name, 403) for name in EDITING | NEVER}
    note = {"body": "Called the plan.", "kind": "note"}
    wrote = cody.post(reverse("cases:note_new", args=case), note).status_code
    assert wrote == (403 if scope == "view" else 302)


@pytest.mark.parametrize("scope", ["comment", "edit"])
def test_a_wider_scope_ends_with_its_day_too(colleague, sign_in, scope):
    cast = colleague
    give(cast, scope=scope)
    cody, url = sign_in("cody"), reverse("cases:note_new", args=[cast.case.public_id])
    assert cody.get(url).status_code == 200
    CaseGrant.objects.update(
        granted_at=timezone.now() - timedelta(days=15), expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert (cody.get(url).status_code, cody.post(url, {"body": "x"}).status_code) == (404, 404)


def test_a_navigator_with_a_narrow_scope_is_offered_no_more_than_it(colleague, sign_in):
    """The roles hold far more, but not on this case: it is restricted, and what opens it is the grant."""
    cast = colleague
    restrict_case(actor=cast.sam, case=cast.case, reason="Patient's wish", at=timezone.now())
    give_grant(
        actor=cast.sam,
        case=cast.case,
        user=cast.users["nils"],
        scope="comment",
        reason="cover",
        at=timezone.now(),
    )
    nils, case = sign_in("nils"), [cast.case.public_id]
    page = nils.get(reverse("appeals:case", args=case))
    assert page.context["found"].permissions == {Permission.WRITE_NOTE}
    assert nils.get(reverse("cases:note_new", args=case)).status_code == 200
    assert nils.get(reverse("cases:case_change", args=case)).status_code == 403


def test_it_opens_a_restricted_case_and_its_end_is_an_end(colleague, sign_in):
    cast = colleague
    restrict_case(actor=cast.sam, case=cast.case, reason="Patient's wish", at=timezone.now())
    url = reverse("appeals:case", args=[cast.case.public_id])
    assert {who: sign_in(who).get(url).status_code for who in ("nora", "nils", "sam", "cody")} == {
        "nora": 200,
        "nils": 404,
        "sam": 404,
        "cody": 404,
    }
    grant = give(cast)
    assert sign_in("cody").get(url).status_code == 200
    end = reverse("cases:grant_end", args=[cast.case.public_id, grant.public_id])
    assert sign_in("sam").post(end).status_code == 302
    assert sign_in("cody").get(url).status_code == 404


def test_a_privacy_officer_finds_the_cases_with_access_given(cast, colleague, sign_in):
    petra = sign_in("petra")

    def listed(show):
        return [case.pk for case in petra.get(reverse("appeals:trails"), {"show": show}).context["cases"]]

    assert (len(listed("")), listed("given"), listed("restricted")) == (2, [], [])
    given = give(cast)
    assert listed("given") == [cast.case.pk]
    end_grant(actor=cast.sam, grant=given, at=timezone.now())
    assert listed("given") == []
