"""Triage, asked again and again; cases that belong together; a case closed as a duplicate."""

from __future__ import annotations

import pytest
from django.urls import reverse

from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from cases.commands.cases import change_case, close_case
from cases.commands.triage import close_as_duplicate, link_cases, triage_case, unlink_cases
from cases.models import Case, CaseLink, Task, Triage
from tests.cast import NOW


def codes(caught):
    return [r.code for r in caught.value.reasons]


def another(case, reference="HB-2026-0007", **fields):
    given = {
        "reference": reference,
        "patient": case.patient,
        "coverage": case.coverage,
        "provider": case.provider,
        "treatment": case.treatment,
        "purpose": "condition",
        "diagnosis_codes": ["F33.2"],
        "procedure_codes": [],
        "opened_at": NOW,
        "last_touched_at": NOW,
    }
    return Case.objects.create(**given | fields)


def test_every_triage_is_kept_and_the_latest_stands(cast):
    triage_case(actor=cast.clara, case=cast.case, urgency="urgent", safety_concern="yes", at=NOW)
    case = Case.objects.get(pk=cast.case.pk)
    assert (case.urgency, case.safety_concern, case.triage_rank, case.is_urgent) == ("urgent", "yes", 1, True)
    task = Task.objects.get(code="safety_concern")
    assert task.due_on == NOW.date()
    assert "988" in task.detail
    triage_case(actor=cast.nora, case=cast.case, urgency="standard", safety_concern="no", at=NOW)
    case.refresh_from_db()
    assert (case.urgency, case.safety_concern, case.triage_rank, case.is_urgent) == (
        "standard",
        "no",
        3,
        False,
    )
    assert list(Triage.objects.order_by("pk").values_list("urgency", "safety_concern")) == [
        ("urgent", "yes"),
        ("standard", "no"),
    ]
    assert Task.objects.filter(code="safety_concern").count() == 1


def test_triage_refuses_what_is_not_a_code(cast):
    with pytest.raises(Refused) as caught:
        triage_case(actor=cast.nora, case=cast.case, urgency="panic", safety_concern="she said", at=NOW)
    assert codes(caught) == ["urgency_unknown", "concern_unknown"]
    with pytest.raises(NotAllowed):
        triage_case(actor=cast.petra, case=cast.case, urgency="urgent", safety_concern="no", at=NOW)
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        triage_case(actor=cast.mia, case=cast.case, urgency="urgent", safety_concern="no", at=NOW)


def test_the_mark_on_the_case_form_and_the_triage_agree(cast):
    case = cast.case
    given = {
        "actor": cast.nora,
        "case": case,
        "coverage": case.coverage,
        "provider": case.provider,
        "treatment": case.treatment,
        "diagnosis_codes": case.diagnosis_codes,
        "procedure_codes": case.procedure_codes,
        "at": NOW,
    }
    urgent = change_case(**given, is_urgent=True)
    assert (urgent.urgency, urgent.triage_rank) == ("urgent", 2)
    again = change_case(**given | {"case": urgent}, is_urgent=False)
    assert (again.urgency, again.triage_rank) == ("standard", 3)


def test_link_and_unlink(cast):
    other = another(cast.case)
    link = link_cases(actor=cast.nora, case=cast.case, other=other, why="One course.", at=NOW)
    with pytest.raises(Refused) as caught:
        link_cases(actor=cast.nora, case=other, other=cast.case, at=NOW)
    assert codes(caught) == ["linked_already"]
    with pytest.raises(Refused) as caught:
        link_cases(actor=cast.nora, case=other, other=other, at=NOW)
    assert codes(caught) == ["same_case"]
    with pytest.raises(NotAllowed):
        link_cases(actor=cast.ines, case=cast.case, other=other, at=NOW)
    unlink_cases(actor=cast.nora, link=link, at=NOW)
    with pytest.raises(WrongState):
        unlink_cases(actor=cast.nora, link=link, at=NOW)
    link_cases(actor=cast.nora, case=other, other=cast.case, at=NOW)
    assert CaseLink.objects.filter(ended_at=None).count() == 1


def test_a_duplicate_closes_with_the_other_named(cast):
    other = another(cast.case)
    with pytest.raises(Refused) as caught:
        close_case(actor=cast.nora, case=other, outcome="duplicate", at=NOW)
    assert codes(caught) == ["duplicate_unnamed"]
    link_cases(actor=cast.nora, case=cast.case, other=other, at=NOW)
    closed = close_as_duplicate(actor=cast.nora, case=other, other=cast.case, why="Two calls.", at=NOW)
    assert (closed.status, closed.outcome, closed.outcome_note) == ("closed", "duplicate", "Two calls.")
    standing = CaseLink.objects.get(ended_at=None)
    assert (standing.case_id, standing.other_id, standing.kind) == (other.pk, cast.case.pk, "duplicate")
    with pytest.raises(WrongState):
        unlink_cases(actor=cast.nora, link=standing, at=NOW)


def test_a_duplicate_with_open_work_is_refused_and_nothing_is_linked(cast):
    other = another(cast.case)
    Task.objects.create(case=other, title="Call", opened_at=NOW)
    with pytest.raises(Refused) as caught:
        close_as_duplicate(actor=cast.nora, case=other, other=cast.case, at=NOW)
    assert codes(caught) == ["tasks_open"]
    assert CaseLink.objects.count() == 0


def test_the_triage_page_says_what_to_do(cast, sign_in):
    client = sign_in("nora")
    url = reverse("cases:triage", args=[cast.case.public_id])
    page = client.get(url).content.decode()
    assert "988 Suicide and Crisis Lifeline" in page
    answer = client.post(url, {"urgency": "emergency", "safety_concern": "yes"})
    assert answer.status_code == 302
    shown = client.get(url).content.decode()
    assert "call 911" in shown
    case = client.get(reverse("appeals:case", args=[cast.case.public_id]))
    assert [b["text"] for b in case.context["badges"]] == ["Emergency", "Safety concern"]
    assert sign_in("petra").get(url).status_code == 403


def test_related_cases_are_shown_and_linked_by_reference(cast, sign_in):
    other = another(cast.case)
    client = sign_in("nora")
    url = reverse("cases:related", args=[cast.case.public_id])
    page = client.get(url)
    assert [c.pk for c in page.context["found"].same] == [other.pk]
    answer = client.post(url, {"kind": "related", "other": "hb-2026-9999", "why": ""})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "other": ["There is no case of this reference. Check it, and type it again."]
    }
    answer = client.post(url, {"kind": "related", "other": " hb-2026-0007 ", "why": "One course."})
    assert answer.status_code == 302
    link = CaseLink.objects.get()
    assert client.get(url).context["found"].linked[0].other.pk == other.pk
    case = client.get(reverse("appeals:case", args=[cast.case.public_id]))
    assert [(r["reference"], r["same"], r["linked"]) for r in case.context["related"]] == [
        ("HB-2026-0007", True, "Related")
    ]
    answer = client.post(reverse("cases:unlink", args=[cast.case.public_id, link.public_id]))
    assert answer.status_code == 302
    link.refresh_from_db()
    assert link.ended_at is not None


def test_a_restricted_case_is_no_related_case_for_others(cast, sign_in):
    another(cast.case, is_restricted=True, owner=cast.members["nils"])
    page = sign_in("nora").get(reverse("cases:related", args=[cast.case.public_id]))
    assert page.context["found"].same == ()
    case = sign_in("nora").get(reverse("appeals:case", args=[cast.case.public_id]))
    assert case.context["related"] == []


def test_another_organization_reads_nothing_of_ours_beside_the_other_case(cast, sign_in):
    url = reverse("cases:related", args=[cast.meadow_case.public_id])
    shown = sign_in("mia").get(url).content.decode()
    assert (cast.meadow_case.reference in shown, f"{cast.harbor.reference_prefix}-" in shown) == (True, False)
