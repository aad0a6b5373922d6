"""Denial intake on screen: what the letter proposes with the words that prove it, what a person decides, what then starts."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from appeals.models import Appeal, Deadline, Denial, DenialItem, DenialReason, PeerToPeer, Proposal
from appeals.queries.letter_facts import LABELS
from appeals.sample_letters import letter_pdf
from tests.appeals.climbing import ERISA
from tests.appeals.scenes import new_case, request_of
from tests.appeals.visiting import address, letter_in, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)


@pytest.fixture
def nora(climb, sign_in):
    climb.answer(ERISA | {"levels": "1"})
    climb.consent("release", on="2026-03-01")
    climb.ask("2026-03-02", reference_number="PA-26-0309-77142")
    return sign_in("nora")


@pytest.fixture
def draft(climb, nora):
    """An unconfirmed denial with the sample letter, its text read and its facts proposed."""

    def taken_in(name: str = "erisa_preservice", **how) -> Denial:
        letter = letter_in(climb.cast, name, **how)
        nora.post(
            address("denial_new", climb.case),
            {"letter": str(letter.public_id), "request": str(climb.request.public_id)},
        )
        return Denial.objects.get()

    return taken_in


def as_shown(page) -> dict:
    """What the browser would send if nobody touched a key."""
    form = page.context["form"]
    sent: dict = {}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, "", []):
            sent[name] = [str(v) for v in value] if isinstance(value, list | tuple | set) else value
    sent["expedited_offered"] = {True: "True", False: "False"}.get(form["expedited_offered"].value(), "")
    return sent


def test_an_uploaded_letter_becomes_a_draft_of_a_denial(climb, nora):
    answer = nora.post(
        address("denial_new", climb.case),
        {
            "file": SimpleUploadedFile("letter.pdf", letter_pdf("erisa_preservice")),
            "request": str(climb.request.public_id),
        },
    )
    denial = Denial.objects.get()
    assert answer.status_code == 302 and answer.url == address("denial", climb.case, denial)
    assert (denial.confirmed_at, denial.letter.kind) == (None, "denial_letter")
    shown = words(nora.get(answer.url))
    assert "Not confirmed: no clock runs." in shown
    assert "The letter is being read." in shown and "Look again" in shown


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("letter.pdf", b"", "empty"),
        ("letter.pdf", b"MZ\x90\x00 this is a program", "PDF"),
        ("letter.pdf", letter_pdf("erisa_preservice")[:900], "damaged"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(climb, nora, name, data, said):
    answer = nora.post(
        address("denial_new", climb.case),
        {"file": SimpleUploadedFile(name, data), "request": str(climb.request.public_id)},
    )
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors["file"])
    assert Denial.objects.count() == 0


def test_a_letter_that_is_too_large_is_told_and_loses_nothing(climb, nora, settings):
    settings.UPLOAD_LIMIT_BYTES = 1000
    answer = nora.post(
        address("denial_new", climb.case),
        {
            "file": SimpleUploadedFile("letter.pdf", letter_pdf("erisa_preservice")),
            "request": str(climb.request.public_id),
        },
    )
    assert answer.status_code == 413
    assert list(answer.context["form"].errors) == ["file"]
    assert answer.context["form"]["request"].value() == str(climb.request.public_id)
    assert Denial.objects.count() == 0


def test_what_was_typed_and_not_sent_comes_back(climb, nora, draft):
    """The browser keeps a draft while somebody types; an expired session or a closed window loses none of it."""
    url = address("denial", climb.case, draft())
    kept = {
        "draft_key": f"path:{url}",
        "reviewer": "Half a name",
        "reasons": ["step_therapy", "other_unknown"],
    }
    assert nora.post(reverse("people:draft"), kept).status_code in (200, 204)
    page = nora.get(url)
    assert "What you typed here before and did not send stands in the fields." in words(page)
    assert page.context["form"]["reviewer"].value() == "Half a name"
    assert page.context["form"]["reasons"].value() == ["step_therapy", "other_unknown"]
    nora.post(url, as_shown(page) | {"draft": "1"})
    assert "What you typed here before" not in words(nora.get(url))


def test_the_fields_are_prefilled_each_with_its_words(climb, nora, draft):
    page = nora.get(address("denial", climb.case, draft()))
    form = page.context["form"]
    got = {
        name: form[name].value()
        for name in (
            "notice_on",
            "expedited_offered",
            "reference_number",
            "send_to_fax",
            "criteria",
            "stated_deadline_words",
            "peer_to_peer_phone",
        )
    }
    assert got == {
        "notice_on": date(2026, 3, 9),
        "expedited_offered": True,
        "reference_number": "PA-26-0309-77142",
        "send_to_fax": "515-555-0142",
        "criteria": "BH-117",
        "stated_deadline_words": "within 180 days after you receive this notice",
        "peer_to_peer_phone": "515-555-0144",
    }
    assert page.context["page"].initial["reasons"][0] == "medical_necessity"
    html = page.content.decode()
    assert '<mark data-fact="notice_on">March 9, 2026</mark>' in html
    assert "<q>March 9, 2026</q>" in html
    assert f'src="/admin/cases/{climb.case.public_id}/versions/' in html


def test_the_text_of_the_letter_is_shown_unchanged(climb, nora, draft):
    page = nora.get(address("denial", climb.case, draft()))
    found = page.context["page"]
    assert ["".join(s.text for s in segments) for segments in found.pages] == found.version.pages


def test_what_the_case_says_stands_beside_what_the_letter_says(climb, nora, draft):
    page = nora.get(address("denial", climb.case, draft()))
    rows = {c.fact: (c.letter, c.agrees) for c in page.context["page"].compared}
    assert rows["member_id"] == ("TMK 7730 41582 01", True)
    assert rows["patient_name"] == ("Dana R. Whitlock", True)
    assert rows["payer"][1] is False
    assert "The letter and the case disagree" in words(page)


def test_a_name_the_case_has_once_is_told_once(climb, nora, draft):
    patient = climb.case.patient
    patient.preferred_name = ""
    patient.save(update_fields=["preferred_name"])
    page = nora.get(address("denial", climb.case, draft()))
    (name,) = [c for c in page.context["page"].compared if c.fact == "patient_name"]
    assert name.case == patient.full_name
    assert LABELS["p2p_window_end"] == "Peer-to-peer until"


def test_saving_a_draft_starts_no_clock(climb, nora, draft):
    denial = draft()
    url = address("denial", climb.case, denial)
    answer = nora.post(url, as_shown(nora.get(url)) | {"draft": "1", "received_on": "2026-03-12"})
    assert answer.status_code == 302 and answer.url == url
    denial.refresh_from_db()
    assert (denial.notice_on, denial.received_on, denial.confirmed_at) == (
        date(2026, 3, 9),
        date(2026, 3, 12),
        None,
    )
    assert Deadline.objects.filter(side="claimant").count() == 0
    assert Appeal.objects.count() == 0
    assert Proposal.objects.filter(status="proposed").count() == 0


def test_a_value_left_is_accepted_a_changed_one_corrected_an_emptied_one_rejected(climb, nora, draft):
    denial = draft()
    url = address("denial", climb.case, denial)
    sent = as_shown(nora.get(url)) | {"send_to_fax": "515-555-0000", "peer_to_peer_phone": "", "draft": "1"}
    sent["reasons"] = ["medical_necessity"]
    payer = Proposal.objects.get(fact="payer")
    sent["wrong"] = [str(payer.public_id)]
    assert nora.post(url, sent).status_code == 302
    status = {
        p.fact: (p.status, p.value) for p in Proposal.objects.exclude(fact__in=["reason", "procedure_code"])
    }
    assert status["notice_date"] == ("accepted", "2026-03-09")
    assert status["send_to_fax"] == ("corrected", "515-555-0000")
    assert status["p2p_phone"][0] == "rejected"
    assert status["payer"][0] == "rejected"
    assert status["member_id"][0] == "accepted"
    # A rejected value does not come back.
    assert nora.get(url).context["form"]["peer_to_peer_phone"].value() == ""


def test_a_typical_letter_is_confirmed_in_ten_key_presses(climb, nora, draft):
    """Eight digits for the day of receipt, Enter for the check, Enter for the confirmation: nothing else is typed."""
    denial = draft()
    url = address("denial", climb.case, denial)
    page = nora.get(url)
    assert "data-first-focus" in str(page.context["form"]["received_on"])
    assert "autofocus" not in page.content.decode()  # it would scroll a phone past what stands above
    keys = [*list("03122026"), "Enter", "Enter"]
    assert len(keys) <= 10
    answer = nora.post(url, as_shown(page) | {"received_on": "2026-03-12", "check": "1"})
    confirm = address("denial_confirm", climb.case, denial)
    assert answer.url == confirm
    shown = nora.get(confirm)
    text = words(shown)
    assert "Nothing has started yet." in text
    # 29 CFR 2560.503-1(h)(3)(i): 180 days; from the notice, September 5, a Saturday: the Friday before.
    assert "Fri, Sep 4, 2026" in text
    assert "The level “Internal appeal, first level” opens." in text
    assert Deadline.objects.filter(side="claimant").count() == 0
    answer = nora.post(confirm, {"version": shown.context["form"]["version"].value()})
    assert answer.status_code == 302
    denial.refresh_from_db()
    climb.request.refresh_from_db()
    assert denial.confirmed_by_id == climb.cast.users["nora"].pk
    assert climb.request.status == "denied"
    due = Deadline.objects.get(clock="filing", status="running")
    assert due.due_on == date(2026, 9, 4)
    assert PeerToPeer.objects.count() == 1
    assert list(DenialReason.objects.filter(is_primary=True).values_list("reason", flat=True)) == [
        "medical_necessity"
    ]


def test_the_dates_shown_before_are_the_dates_that_run_after(climb, nora, draft):
    denial = draft()
    url = address("denial", climb.case, denial)
    nora.post(url, as_shown(nora.get(url)) | {"check": "1"})
    confirm = address("denial_confirm", climb.case, denial)
    page = nora.get(confirm)
    before = {(c.label, c.date) for c in page.context["starts"].cards}
    nora.post(confirm, {"version": page.context["form"]["version"].value()})
    level = Appeal.objects.get()
    after = {(d.title, d.due_on) for d in Deadline.objects.filter(appeal=level, status="running")}
    assert before == after


def test_confirming_without_a_date_or_an_item_is_refused_with_both_reasons(climb, nora, draft):
    denial = draft(scanned=True)
    page = nora.get(address("denial_confirm", climb.case, denial))
    answer = nora.post(
        address("denial_confirm", climb.case, denial), {"version": page.context["form"]["version"].value()}
    )
    assert answer.status_code == 422
    text = words(answer)
    assert "A clock needs a date" in text and "Choose at least one item that the letter refuses." in text
    assert Denial.objects.get().confirmed_at is None


def test_a_letter_that_is_a_picture_has_empty_fields_beside_it(climb, nora, draft):
    page = nora.get(address("denial", climb.case, draft(scanned=True)))
    text = words(page)
    assert "This letter is a picture: there is no text to read." in text
    assert page.context["form"]["notice_on"].value() is None
    assert page.context["form"]["items"].value() == []
    assert '<iframe src="/admin/cases/' in page.content.decode()


def test_what_was_typed_stays_when_a_date_cannot_be(climb, nora, draft):
    denial = draft()
    url = address("denial", climb.case, denial)
    answer = nora.post(
        url,
        as_shown(nora.get(url)) | {"received_on": "2026-03-01", "reviewer": "Typed by hand", "check": "1"},
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["received_on"] == ["It cannot have arrived before the date on it."]
    assert 'value="Typed by hand"' in answer.content.decode()
    assert Proposal.objects.exclude(status="proposed").count() == 0


def test_a_stale_page_keeps_what_was_typed(climb, nora, draft):
    denial = draft()
    url = address("denial", climb.case, denial)
    sent = as_shown(nora.get(url)) | {"draft": "1"}
    nora.post(url, sent)
    answer = nora.post(url, sent | {"reviewer": "Second reader"})
    assert answer.status_code == 409
    assert 'value="Second reader"' in answer.content.decode()


def test_a_confirmed_denial_takes_corrections_of_its_dates(climb, nora, draft):
    denial = draft()
    url = address("denial", climb.case, denial)
    nora.post(url, as_shown(nora.get(url)) | {"received_on": "2026-03-12", "check": "1"})
    confirm = address("denial_confirm", climb.case, denial)
    nora.post(confirm, {"version": nora.get(confirm).context["form"]["version"].value()})
    page = nora.get(url)
    assert "Confirmed on" in words(page)
    answer = nora.post(url, as_shown(page) | {"stated_deadline_on": "2026-08-31"})
    assert answer.status_code == 302
    assert Deadline.objects.get(clock="filing", status="running").due_on == date(2026, 8, 31)
    assert sorted(DenialItem.objects.filter(denial=denial).values_list("item__code", flat=True)) == [
        "96365",
        "J3490",
    ]


def test_reading_without_recording(climb, nora, draft, sign_in):
    denial = draft()
    petra = sign_in("petra")
    page = petra.get(address("denial", climb.case, denial))
    assert page.status_code == 200
    assert page.context["form"] is None
    assert petra.get(address("denial_confirm", climb.case, denial)).status_code == 403
    assert petra.post(address("denial", climb.case, denial), {}).status_code == 403


def test_the_intake_costs_at_most_twelve_statements(climb, nora, draft):
    denial = draft()
    assert len(own_statements(nora, address("denial", climb.case, denial))) <= 12
    assert len(own_statements(nora, address("denial_confirm", climb.case, denial))) <= 12


def test_the_title_names_nobody(climb, nora, draft):
    page = nora.get(address("denial", climb.case, draft()))
    assert page.content.decode().split("<title>")[1].split("</title>")[0] == "Denial · Recourse"


def test_without_a_request_the_page_leads_to_it(cast, sign_in):
    nora, at = sign_in("nora"), timezone.now()
    case = new_case(1, at=at, owner=cast.members["nora"])
    page = nora.get(address("denial_new", case)).content.decode()
    assert f'<a href="{address("request_new", case)}">Record the request</a>' in page
    refused = nora.post(address("denial_new", case), {"letter": ""})
    assert refused.context["form"].errors["request"] == [
        "There is no request that it could refuse. Record the request first."
    ]
    drafted = request_of(case, at=at, status="drafting")
    page = nora.get(address("denial_new", case)).content.decode()
    assert f'<a href="{address("request", case, drafted)}">Open the request' in page
