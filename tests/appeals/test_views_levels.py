"""A level of appeal on screen: both sides' clocks, the letter, exhibits, the exact pages, the filing that freezes them."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from appeals.models import Appeal, Exhibit, Filing
from appeals.sample_letters import letter_pdf
from cases.commands.communications import log_communication
from cases.models import DocumentVersion, FailedTreatment
from tests.appeals.choosing import choose
from tests.appeals.climbing import ERISA, MEDICAID, MEDICARE_ADVANTAGE
from tests.appeals.visiting import (
    address,
    day,
    days_ago,
    letter_in,
    minutes_ago,
    own_statements,
    typed,
    words,
)

pytest_plugins = ("tests.appeals.climbing",)


@pytest.fixture
def nora(climb, sign_in):
    return sign_in("nora")


@pytest.fixture
def level(climb):
    """The first level of a refused request, its window running, in days around the real today."""

    def opened(answers=ERISA | {"levels": "1"}, **facts) -> Appeal:
        climb.answer(answers, on=days_ago(41))
        climb.ask(days_ago(40))
        climb.refuse(days_ago(25), days_ago(22), confirmed=days_ago(20), **facts)
        return climb.level(1)

    return opened


def version_of(page) -> str:
    return str(page.context["form"]["version"].value())


def write(client, climb, appeal, text="Please reverse the decision.\n\nThe record shows why."):
    url = address("level_draft", climb.case, appeal)
    form = client.get(url).context["form"]
    return client.post(
        url,
        {
            "version": form["version"].value(),
            "recipient": form["recipient"].value(),
            "dated": days_ago(1),
            "text": text,
        },
    )


def test_both_sides_clocks_stand_with_their_arithmetic(climb, nora, level):
    appeal = level()
    url = address("level", climb.case, appeal)
    page = nora.get(url)
    ours = page.context["page"].clocks[0]
    text = words(page)
    assert (ours.whose, ours.running) == ("ours", True)
    assert ours.steps and all(step in text for step in ours.steps)
    assert ours.citation in text and "Internal appeal, first level: last day to file" in text
    assert "in urgent care a clinician" in text.lower()
    climb.file(1, days_ago(5))
    page = nora.get(url)
    plan = page.context["page"].clocks[-1]
    assert (plan.whose, plan.running) == ("plan", True)
    assert all(step in words(page) for step in plan.steps)
    assert "The internal steps count as exhausted" in words(page)


def test_the_page_says_what_is_missing_with_the_links(climb, nora, level):
    appeal = level()
    page = nora.get(address("level", climb.case, appeal))
    assert [m["code"] for m in page.context["missing"]] == ["letter_missing", "exhibits_missing"]
    assert page.context["missing"][0]["url"] == address("level_draft", climb.case, appeal)
    assert page.context["actions"][0] == {
        "label": "Write the appeal",
        "url": address("level_draft", climb.case, appeal),
        "kind": "main",
    }


def test_the_first_draft_comes_from_the_record_and_is_not_saved_by_looking(climb, nora, level):
    FailedTreatment.objects.create(
        case=climb.case,
        name="sertraline",
        drug_class="SSRI",
        dose=200,
        dose_unit="mg",
        weeks_adequate=10,
        response="none",
        scale="phq9",
        score_before=21,
        score_after="19.50",
        reason_stopped="ineffective",
        recorded_at=timezone.now(),
    )
    appeal = level()
    page = nora.get(address("level_draft", climb.case, appeal))
    text = page.context["form"]["text"].value()
    assert "> It is not medically necessary." in text
    row = "sertraline (SSRI) | 200 mg | 10 weeks at an adequate dose | None (under 25 %); PHQ-9 21 to 19.5 |"
    assert row in text
    assert page.context["gaps"] == [
        "Answer “Called not medically necessary” from the record, and name the exhibit."
    ]
    assert "555 010 0199" in page.context["form"]["recipient"].value()
    appeal.refresh_from_db()
    assert (appeal.status, appeal.draft) == ("open", None)


def test_the_letter_is_saved_as_it_was_typed(climb, nora, level):
    appeal = level()
    typed_text = "# Why\n\nThe record shows it.\n\n- one\n- two"
    assert write(nora, climb, appeal, typed_text).status_code == 302
    appeal.refresh_from_db()
    assert appeal.status == "drafting"
    page = nora.get(address("level_draft", climb.case, appeal))
    assert page.context["form"]["text"].value() == typed_text
    assert page.context["gaps"] == []


def test_two_who_write_at_once_lose_nothing(climb, nora, level):
    appeal = level()
    url = address("level_draft", climb.case, appeal)
    sent = {"version": version_of(nora.get(url)), "recipient": "Plan", "dated": days_ago(1), "text": "First."}
    assert nora.post(url, sent).status_code == 302
    answer = nora.post(url, sent | {"text": "Second, typed meanwhile."})
    assert answer.status_code == 409
    assert "Second, typed meanwhile." in answer.content.decode()


def test_the_denial_letter_is_proposed_as_the_first_exhibit(climb, nora, level):
    letter = letter_in(climb.cast, read=False)
    other = letter_in(climb.cast, "aca_experimental", read=False)
    appeal = level()
    appeal.denial.letter = letter
    appeal.denial.save(update_fields=["letter"])
    url = address("level_exhibits", climb.case, appeal)
    rows = nora.get(url).context["rows"]
    assert [(r["take"].value(), r["place"].value()) for r in rows] == [(True, 1), (False, None)]
    first, second = (d.versions.get().public_id for d in (letter, other))
    answer = nora.post(
        url,
        {
            f"with_{first}": "on",
            f"place_{first}": "2",
            f"title_{first}": "The denial",
            f"with_{second}": "on",
            f"place_{second}": "1",
            f"title_{second}": "The policy",
        },
    )
    assert answer.status_code == 302
    chosen = Exhibit.objects.filter(appeal=appeal).order_by("position")
    assert [(e.position, e.title, e.document_version.public_id) for e in chosen] == [
        (1, "The policy", second),
        (2, "The denial", first),
    ]


@pytest.fixture
def ready(climb, nora, level):
    """A level with its letter and one exhibit."""
    letter = letter_in(climb.cast, read=False)
    appeal = level()
    write(nora, climb, appeal)
    version = letter.versions.get().public_id
    nora.post(
        address("level_exhibits", climb.case, appeal),
        {f"with_{version}": "on", f"place_{version}": "1", f"title_{version}": "Denial letter"},
    )
    return appeal


def filing_form(page, **fields):
    form = page.context["form"]
    return {
        "expected_sha256": form["expected_sha256"].value(),
        "channel": form["channel"].value(),
        "address": form["address"].value(),
        "filed_at": minutes_ago(5),
        "proof_note": "Fax report 4711",
    } | fields


def test_what_was_looked_at_is_what_is_frozen(climb, nora, ready):
    url = address("level_file", climb.case, ready)
    page = nora.get(url)
    packet = page.context["packet"]
    assert (page.context["form"]["channel"].value(), page.context["form"]["address"].value()) == (
        "fax",
        "555 010 0199",
    )
    (way,) = page.context["ways"]
    letter = climb.denial.notice_on
    assert (way["source"], way["stands"]) == (
        f"from the letter of {letter:%B} {letter.day}, {letter.year}",
        True,
    )
    assert way["source"] in words(page)
    preview = nora.get(address("level_preview", climb.case, ready))
    assert preview["Content-Type"] == "application/pdf"
    assert hashlib.sha256(preview.content).hexdigest() == packet.sha256
    assert packet.sha256 in words(page) and f"{packet.page_count} pages" in words(page)
    answer = nora.post(url, filing_form(page))
    filing = Filing.objects.get()
    assert answer.url == address("filed", climb.case, filing)
    assert (filing.sha256, filing.page_count, filing.proof_note) == (
        packet.sha256,
        packet.page_count,
        "Fax report 4711",
    )
    frozen = nora.get(address("filed_file", climb.case, filing))
    data = b"".join(frozen.streaming_content)
    assert data == preview.content
    assert "Checked now: these are the bytes of the day of filing." in words(nora.get(answer.url))


def test_a_file_that_changed_since_it_was_looked_at_is_not_filed(climb, nora, ready):
    url = address("level_file", climb.case, ready)
    page = nora.get(url)
    write(nora, climb, ready, "Another letter.")
    answer = nora.post(url, filing_form(page, proof_note="Kept words"))
    assert answer.status_code == 422
    assert "The file has changed since you looked at it." in words(answer)
    assert "Kept words" in answer.content.decode()
    assert Filing.objects.count() == 0
    again = answer.context["form"]["expected_sha256"].value()
    assert again == answer.context["packet"].sha256 != page.context["packet"].sha256
    assert nora.post(url, filing_form(page, expected_sha256=again)).status_code == 302


def test_filing_is_refused_with_every_reason(climb, nora, level):
    appeal = level()
    write(nora, climb, appeal, "We ask you to decide again. [[Name the exhibit.]]")
    url = address("level_file", climb.case, appeal)
    page = nora.get(url)
    answer = nora.post(
        url, filing_form(page, filed_at=typed(timezone.now() + timedelta(days=1)), channel="fax")
    )
    text = words(answer)
    assert answer.status_code == 422
    assert "This moment is in the future." in text
    assert "The letter still has an open place: Name the exhibit." in text
    assert Filing.objects.count() == 0


def test_without_a_letter_there_is_nothing_to_look_at(climb, nora, level):
    page = nora.get(address("level_file", climb.case, level()))
    assert [r.code for r in page.context["obstacles"]] == ["letter_missing"]
    assert "disabled" in re.search(r"<button class=\"button\"[^>]*>", page.content.decode())[0]


def test_a_late_filing_needs_its_reason(climb, nora):
    climb.answer(MEDICAID)
    climb.ask(days_ago(120))
    climb.refuse(days_ago(100), days_ago(97), confirmed=days_ago(95))
    appeal = climb.level(1)
    write(nora, climb, appeal)
    page = nora.get(address("level", climb.case, appeal))
    assert "The last day to file has passed." in words(page)
    assert "The window passed" in [a["label"] for a in page.context["actions"]]
    url = address("level_file", climb.case, appeal)
    answer = nora.post(url, filing_form(nora.get(url)))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["good_cause"]
    answer = nora.post(url, filing_form(nora.get(url), good_cause="The letter went to an old address."))
    assert answer.status_code == 302
    assert "The letter went to an old address." in words(nora.get(answer.url))


def test_a_level_is_filed_by_a_logged_call(climb, nora, level):
    appeal = level(MEDICAID)
    call = log_communication(
        actor=climb.who,
        case=climb.case,
        person="Kim at appeals",
        happened_at=timezone.now() - timedelta(hours=2),
        reference_number="C-77",
        summary="Filed the appeal by voice.",
        at=timezone.now(),
    )
    assert "File by phone" in [
        a["label"] for a in nora.get(address("level", climb.case, appeal)).context["actions"]
    ]
    answer = nora.post(address("level_phone", climb.case, appeal), {"communication": str(call.public_id)})
    assert answer.status_code == 302
    filing = Filing.objects.get()
    assert (filing.is_oral, filing.communication_id, filing.channel) == (True, call.pk, "phone")
    appeal.refresh_from_db()
    assert appeal.status == "filed"
    page = nora.get(address("filed", climb.case, filing))
    assert page.context["verified"] is True
    assert b"".join(nora.get(address("filed_file", climb.case, filing)).streaming_content)[:5] == b"%PDF-"


def test_a_level_that_is_not_filed_by_voice_says_so(climb, nora, level):
    appeal = level()
    call = log_communication(
        actor=climb.who,
        case=climb.case,
        happened_at=timezone.now() - timedelta(hours=2),
        summary="Filed the appeal by voice.",
        at=timezone.now(),
    )
    answer = nora.post(address("level_phone", climb.case, appeal), {"communication": str(call.public_id)})
    assert answer.status_code == 422
    assert "This level is not filed by phone. File it in writing." in words(answer)


def test_a_level_the_plan_forwards_has_no_filing(climb, nora, level):
    level(MEDICARE_ADVANTAGE)
    climb.file(1, days_ago(15))
    climb.decide(1, days_ago(8), days_ago(7))
    appeal = climb.level(2)
    page = nora.get(address("level", climb.case, appeal))
    assert [a["label"] for a in page.context["actions"]][:1] == ["Record the plan's forwarding"]
    assert "Nobody has to file: the plan forwards the case." in words(page)
    answer = nora.post(
        address("level_forwarded", climb.case, appeal),
        {"forwarded_at": typed(timezone.now() - timedelta(days=2))},
    )
    assert answer.status_code == 302
    appeal.refresh_from_db()
    assert appeal.status == "forwarded"


def test_receipt_event_and_urgency(climb, nora, level):
    appeal = level()
    climb.file(1, days_ago(5), channel="mail")
    received = timezone.now() - timedelta(days=3)
    answer = nora.post(address("level_received", climb.case, appeal), {"received_at": typed(received)})
    assert answer.status_code == 302
    answer = nora.post(
        address("level_event", climb.case, appeal),
        {"kind": "information_requested", "occurred_at": minutes_ago(60), "note": "Asked for the chart"},
    )
    assert answer.status_code == 302
    refused = nora.post(address("level_urgency", climb.case, appeal), {"is_expedited": "on"})
    assert refused.status_code == 422 and list(refused.context["form"].errors) == ["expedited_reason"]
    answer = nora.post(
        address("level_urgency", climb.case, appeal),
        {"is_expedited": "on", "expedited_reason": "The treating clinician certifies danger."},
    )
    assert answer.status_code == 302
    page = nora.get(address("level", climb.case, appeal))
    assert page.context["page"].clocks[-1].time != ""
    assert "Asked for the chart" in words(page)


@pytest.mark.parametrize(("how", "status"), [("decline", "declined"), ("withdraw", "withdrawn")])
def test_a_level_ends_only_with_a_reason(climb, nora, level, how, status):
    appeal = level()
    url = f"{address('level', climb.case, appeal)}end/{how}/"
    assert nora.get(url).status_code == 200
    assert nora.post(url, {"reason": ""}).status_code == 422
    choose(climb.who, climb.denial, "not_to_appeal", at=timezone.now(), agreed_on=day(days_ago(0)))
    assert nora.post(url, {"reason": "The patient moved to another plan."}).status_code == 302
    appeal.refresh_from_db()
    assert (appeal.status, appeal.end_reason) == (status, "The patient moved to another plan.")


def test_a_window_that_runs_has_not_passed(climb, nora, level):
    appeal = level()
    answer = nora.post(f"{address('level', climb.case, appeal)}end/lapse/", {"reason": ""})
    assert answer.status_code == 422
    assert "The window has not passed yet." in words(answer)
    assert nora.get(f"{address('level', climb.case, appeal)}end/forget/").status_code == 404


def test_proof_is_added_as_a_file(climb, nora, level):
    level()
    filing = climb.file(1, days_ago(5))
    answer = nora.post(
        address("proof_new", climb.case, filing),
        {"file": SimpleUploadedFile("report.pdf", letter_pdf("ma_denial")), "note": "Fax report"},
    )
    assert answer.status_code == 302
    filing.refresh_from_db()
    assert (filing.proof.kind, filing.proof_note) == ("proof", "Fax report")
    assert nora.post(address("proof_new", climb.case, filing), {"note": ""}).status_code == 422


def test_a_damaged_vault_file_is_told(climb, nora, level, settings):
    level()
    filing = climb.file(1, days_ago(5))
    stored = next(p for p in settings.DATA_DIR.rglob(filing.sha256))
    data = bytearray(stored.read_bytes())
    data[-1] ^= 1
    stored.write_bytes(bytes(data))
    page = nora.get(address("filed", climb.case, filing))
    assert page.status_code == 200
    assert "The stored file does not match its fingerprint." in words(page)


def test_who_may_do_what(climb, level, sign_in):
    appeal = level()
    got = {}
    for who in ("clara", "petra"):
        client = sign_in(who)
        got[who] = (
            client.get(address("level", climb.case, appeal)).status_code,
            client.get(address("level_draft", climb.case, appeal)).status_code,
            client.get(address("level_file", climb.case, appeal)).status_code,
            len(client.get(address("level", climb.case, appeal)).context["actions"]),
        )
    assert got == {"clara": (200, 200, 403, 3), "petra": (200, 403, 403, 0)}


def test_what_was_filed_is_not_written_again(climb, nora, level):
    appeal = level()
    climb.file(1, days_ago(5))
    for name in ("level_draft", "level_exhibits", "level_file", "level_preview"):
        assert nora.get(address(name, climb.case, appeal)).status_code == 409, name
    assert DocumentVersion.objects.filter(document__kind="filing").count() == 1


def test_pages_cost_at_most_twelve_statements(climb, nora, ready):
    cost = {
        name: len(own_statements(nora, address(name, climb.case, ready)))
        for name in ("level", "level_draft", "level_exhibits", "level_file")
    }
    assert {name: n <= 12 for name, n in cost.items()} == dict.fromkeys(cost, True), cost
    filing = climb.file(
        1, days_ago(0), filed_at=datetime.now(tz=timezone.get_current_timezone()), at=timezone.now()
    )
    assert len(own_statements(nora, address("filed", climb.case, filing))) <= 12
