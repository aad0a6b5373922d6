"""Inquiries have an owner: found by name, filtered, paged, handed over, and re-homed when somebody leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.commands import index_patient
from advocacy.people.leaving import end_membership, leavers_with_things, owned_by
from advocacy.people.models import Membership, Patient
from advocacy.tenancy.scope import scoped_to
from cases.commands.intake import (
    decline_inquiry,
    hand_over_inquiry,
    reopen_inquiry,
    save_step,
    start_inquiry,
)
from cases.models import Inquiry, InquirySearch
from cases.queries.intake import NOBODY, inquiries
from cases.views import intake_list
from tests.cast import NOW


def begun(actor, given="", family="", *, patient=None, preferred="") -> Inquiry:
    """An inquiry with a name typed, or of a registered patient."""
    made = start_inquiry(actor=actor, at=NOW)
    names = {"given_name": given, "preferred_name": preferred, "family_name": family}
    return save_step(
        actor=actor,
        inquiry=made,
        step="who",
        typed={k: [v] for k, v in names.items() if v},
        patient=patient,
        reached=True,
        at=NOW,
    )


def found(actor, text, status="open", owner=None) -> list[str]:
    rows = inquiries(actor, status, owner=owner, called=text).order_by("pk")
    return [row.reference for row in rows]


@pytest.fixture
def four(cast):
    """Two of Ines', one of Nora's about Dana who is registered, and one that nobody owns."""
    index_patient(cast.case.patient)
    rows = {
        "robin": begun(cast.ines, "Robin", "Achterberg"),
        "zoe": begun(cast.ines, "Zoë", "O'Hara", preferred="Zed"),
        "dana": begun(cast.nora, patient=cast.case.patient),
        "lost": begun(cast.nils, "Robina", "Quill"),
    }
    hand_over_inquiry(actor=cast.nils, inquiry=rows["lost"], owner=None, at=NOW)
    return rows


# -- whose it is --------------------------------------------------------------------------------------------
def test_whoever_begins_owns_it_until_it_is_handed_over(cast):
    row = begun(cast.ines, "Robin", "Achterberg")
    assert row.owner == cast.members["ines"]
    moved = hand_over_inquiry(actor=cast.ines, inquiry=row, owner=cast.members["nora"], at=NOW)
    assert (moved.owner, moved.version) == (cast.members["nora"], row.version + 1)
    (event,) = Event.objects.filter(verb="inquiry_handed_over")
    assert event.data == {"from": cast.members["ines"].pk, "to": cast.members["nora"].pk}
    again = hand_over_inquiry(actor=cast.nora, inquiry=row, owner=cast.members["nora"], at=NOW)
    assert (again.version, Event.objects.filter(verb="inquiry_handed_over").count()) == (moved.version, 1)


def test_who_may_not_get_it(cast):
    row = begun(cast.ines, "Robin", "Achterberg")
    Membership.objects.filter(pk=cast.members["nils"].pk).update(ended_at=NOW + timedelta(hours=1))
    gone = Membership.objects.get(pk=cast.members["nils"].pk)
    for member in (cast.members["clara"], cast.members["anna"], gone, cast.members["mia"]):
        with pytest.raises(Refused) as refused:
            hand_over_inquiry(actor=cast.ines, inquiry=row, owner=member, at=NOW)
        assert [r.code for r in refused.value.reasons] == ["owner_unfit"]
    with pytest.raises((NotAllowed, NotFound)):
        hand_over_inquiry(actor=cast.clara, inquiry=row, owner=cast.members["nora"], at=NOW)
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        hand_over_inquiry(actor=cast.mia, inquiry=row, owner=cast.members["mia"], at=NOW)


def test_one_about_a_restricted_patient_goes_to_named_people_only(cast):
    row = begun(cast.nora, patient=cast.case.patient)
    Patient.objects.filter(pk=cast.case.patient_id).update(is_restricted=True)
    with pytest.raises(Refused):
        hand_over_inquiry(actor=cast.nora, inquiry=row, owner=cast.members["ines"], at=NOW)
    hand_over_inquiry(actor=cast.nora, inquiry=row, owner=cast.members["nora"], at=NOW)


def test_what_has_ended_stays_and_is_taken_up_by_whoever_reopens_it(cast):
    row = begun(cast.ines, "Robin", "Achterberg")
    row = decline_inquiry(actor=cast.ines, inquiry=row, because="capacity", referred_to="211", at=NOW)
    with pytest.raises(WrongState):
        hand_over_inquiry(actor=cast.ines, inquiry=row, owner=cast.members["nora"], at=NOW)
    assert reopen_inquiry(actor=cast.nora, inquiry=row, at=NOW).owner_id == cast.members["nora"].pk


# -- by name ------------------------------------------------------------------------------------------------
def test_found_by_the_typed_name_the_registered_one_and_the_reference(cast, four):
    ref = {key: row.reference for key, row in four.items()}
    assert found(cast.ines, "achterb") == [ref["robin"]]
    assert found(cast.ines, "robin") == [ref["robin"], ref["lost"]]
    for text in ("ZOE ohara", "zoe zed ohara", "ohara", "O’Hara"):
        assert found(cast.ines, text) == [ref["zoe"]]
    assert found(cast.ines, "Whitlock") == [ref["dana"]]
    assert found(cast.ines, ref["zoe"]) == [ref["zoe"]] and found(cast.ines, "0004") == [ref["lost"]]
    assert found(cast.ines, "Nobody Here") == [] and found(cast.ines, "%") == []
    assert found(cast.ines, "robin", owner=NOBODY) == [ref["lost"]]
    assert found(cast.ines, "robin", owner=cast.members["ines"].pk) == [ref["robin"]]
    assert found(cast.ines, "robin", status="declined") == []


def test_a_name_is_found_as_it_was_typed_last_and_not_after_it_is_registered(cast):
    row = begun(cast.ines, "Robin", "Achterberg")
    typed = {"given_name": ["Robin"], "family_name": ["Berg"]}
    save_step(actor=cast.ines, inquiry=row, step="who", typed=typed, reached=True, at=NOW)
    assert (found(cast.ines, "achterberg"), found(cast.ines, "robin berg")) == ([], [row.reference])
    save_step(
        actor=cast.ines,
        inquiry=row,
        step="who",
        typed={"patient": [str(cast.case.patient.public_id)]},
        patient=cast.case.patient,
        reached=True,
        at=NOW,
    )
    assert InquirySearch.objects.get(inquiry=row).name == ""


def test_neither_a_restricted_patient_nor_another_organization_is_found(cast, four):
    Patient.objects.filter(pk=cast.case.patient_id).update(is_restricted=True)
    assert found(cast.ines, "Whitlock") == [] and found(cast.nora, "Whitlock") == [four["dana"].reference]
    with scoped_to(cast.meadow.pk):
        assert found(cast.mia, "robin") == []


def test_the_search_text_is_made_anew_from_the_sealed_rows(cast, four, capsys):
    kept = list(InquirySearch.objects.order_by("inquiry_id").values_list("inquiry_id", "reference", "name"))
    assert len(kept) == 4
    InquirySearch.objects.all().delete()
    call_command("rebuild_search")
    again = InquirySearch.objects.order_by("inquiry_id").values_list("inquiry_id", "reference", "name")
    assert list(again) == kept


# -- the pages ----------------------------------------------------------------------------------------------
def names_on(page) -> list[str]:
    return [row.name for row in page.context["rows"]]


def test_the_list_is_filtered_by_owner_and_searched_without_a_name_in_the_address(cast, four, sign_in):
    ines, url = sign_in("ines"), reverse("cases:intake")
    assert len(names_on(ines.get(url))) == 4
    assert names_on(ines.get(url, {"owner": "mine"})) == ["Zoë O'Hara", "Robin Achterberg"]
    assert names_on(ines.get(url, {"owner": "none"})) == ["Robina Quill"]
    nora = str(cast.members["nora"].public_id)
    assert names_on(ines.get(url, {"owner": nora})) == ["Dana Whitlock"]
    sent = ines.post(reverse("cases:inquiry_find") + "?owner=mine", {"q": "Robin"})
    assert sent.status_code == 302 and "Robin" not in sent.url and "owner=mine" in sent.url
    page = ines.get(sent.url)
    assert names_on(page) == ["Robin Achterberg"]
    assert ines.get(page.context["clear_url"]).status_code == 200
    assert names_on(ines.get(sent.url.replace("owner=mine", "owner=none"))) == ["Robina Quill"]
    # Somebody else's search is nobody's, a made-up key no page, a made-up owner the whole list.
    assert sign_in("nora").get(sent.url).status_code == 404
    assert sign_in("ines").get(url, {"found": "x"}).status_code == 404
    assert len(names_on(ines.get(url, {"owner": "x"}))) == 4
    assert ines.post(reverse("cases:inquiry_find"), {"q": ""}).url == f"{url}?state=open"


def test_the_list_goes_by_pages_and_costs_the_same(cast, four, sign_in, monkeypatch):
    monkeypatch.setattr(intake_list, "SIZE", 2)
    ines, seen = sign_in("ines"), []
    page = ines.get(reverse("cases:intake"))
    first = page.context["rows"]
    seen += names_on(page)
    with CaptureQueriesContext(connection) as counted:
        page = ines.get(page.context["next_url"])
    assert len([q for q in counted.captured_queries if "SAVEPOINT" not in q["sql"]]) <= 12
    seen += names_on(page)
    assert (len(seen), len(set(seen)), page.context["next_url"]) == (4, 4, "")
    back = ines.get(page.context["first_url"])
    assert [r.pk for r in back.context["rows"]] == [r.pk for r in first]


def test_handing_over_on_the_page(cast, four, sign_in):
    ines, row = sign_in("ines"), four["robin"]
    url = reverse("cases:inquiry_hand_over", args=[row.public_id])
    page = ines.get(reverse("cases:inquiry", args=[row.public_id])).content.decode()
    assert f'href="{url}"' in page and "Ines Intake" in page
    form = ines.get(url).content.decode()
    assert "Nora Navigator" in form and "Clara Clinician" not in form and "Mia" not in form
    bad = ines.post(url, {"owner": str(cast.members["mia"].public_id)})
    assert (bad.status_code, list(bad.context["form"].errors)) == (422, ["owner"])
    good = ines.post(url, {"owner": str(cast.members["nora"].public_id)}, follow=True)
    assert "Nora Navigator goes on with this inquiry." in good.content.decode()
    assert ines.post(url, {"owner": ""}).status_code == 302
    assert Inquiry.objects.get(pk=row.pk).owner is None
    decline_inquiry(actor=cast.ines, inquiry=row, because="capacity", referred_to="211", at=NOW)
    late = ines.post(url, {"owner": str(cast.members["nora"].public_id)})
    assert late.status_code == 409
    assert sign_in("clara").get(url).status_code in (403, 404)


# -- leaving ------------------------------------------------------------------------------------------------
def test_leaving_hands_inquiries_on_in_turn_or_to_nobody(cast, four):
    assert [t.count for t in owned_by(cast.members["ines"]) if t.kind.key == "inquiries"] == [2]
    end_membership(
        actor=cast.olga,
        member=cast.members["ines"],
        receivers={"inquiries": [cast.members["nora"], cast.members["nils"]]},
        at=timezone.now(),
    )
    owners = {row.reference: row.owner for row in Inquiry.objects.select_related("owner")}
    assert owners[four["robin"].reference] == cast.members["nora"]
    assert owners[four["zoe"].reference] == cast.members["nils"]
    assert leavers_with_things(timezone.now()) == []


def test_one_about_a_restricted_patient_waits_rather_than_go_where_nobody_sees_it(cast):
    row = begun(cast.nora, patient=cast.case.patient)
    Patient.objects.filter(pk=cast.case.patient_id).update(is_restricted=True)
    end_membership(
        actor=cast.olga,
        member=cast.members["nora"],
        receivers={"inquiries": [cast.members["ines"]]},
        at=timezone.now(),
    )
    assert Inquiry.objects.get(pk=row.pk).owner is None
    assert leavers_with_things(timezone.now()) == []
