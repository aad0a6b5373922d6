"""The peer-to-peer, the decision of a level and going on without one, on screen."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from appeals.commands.decisions import decide_appeal
from appeals.commands.paper import appeal_facts
from appeals.jobs import propose_facts_job
from appeals.models import Appeal, Decision, GrantedAuthorization, ItemOutcome, PeerToPeer, Proposal
from appeals.queries.history import load_history
from appeals.sample_letters import letter_pdf, text_as_pdf
from cases.commands.documents import upload_document
from cases.jobs import read_document
from cases.models import Document, FailedTreatment
from tests.appeals.climbing import ERISA
from tests.appeals.visiting import address, day, days_ago, minutes_ago, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)


@pytest.fixture
def nora(climb, sign_in):
    return sign_in("nora")


@pytest.fixture
def refused(climb):
    """A confirmed denial with a window for a peer-to-peer, in days around the real today."""

    def done(**facts):
        climb.answer(ERISA | {"levels": "1"})
        climb.ask(days_ago(60))
        return climb.refuse(days_ago(50), days_ago(48), confirmed=days_ago(46), **facts)

    return done


@pytest.fixture
def call(climb, refused):
    FailedTreatment.objects.create(
        case=climb.case,
        name="sertraline",
        drug_class="SSRI",
        dose=200,
        dose_unit="mg",
        adequacy="yes",
        response="none",
        reason_stopped="ineffective",
        started_on=date(2024, 1, 8),
        stopped_on=date(2024, 4, 30),
        weeks_adequate=10,
        recorded_at=timezone.now(),
    )
    refused(
        peer_to_peer_until=day(days_ago(-5)),
        peer_to_peer_phone="555 010 0144",
        criteria="BH-117",
        reviewer="Dr. Brandt, psychiatry",
    )
    return PeerToPeer.objects.get()


def outcome_fields(climb, value: str) -> dict[str, str]:
    return {f"item_{item.public_id}": value for item in climb.items}


class TestCall:
    def test_the_sheet_holds_what_the_clinician_needs(self, climb, nora, call):
        page = nora.get(address("peer_to_peer", climb.case, call))
        text = words(page)
        for said in (
            "555 010 0144",
            "BH-117",
            "Dr. Brandt, psychiatry",
            "TMK 7730 41582 01",
            "Called not medically necessary",
            "It is not medically necessary.",
            "sertraline (SSRI)",
            "200 mg",
            "Jan 2024 to Apr 2024, 10 weeks at an adequate dose",
            "What was tried before: 1, 1 of it at adequate dose and time",
            "it never stops the appeal's clock",
        ):
            assert said in text, said
        assert page.context["actions"][0]["label"] == "Schedule the call"

    def test_it_is_scheduled_then_held_item_by_item(self, climb, nora, call):
        answer = nora.post(
            address("peer_to_peer_schedule", climb.case, call), {"scheduled_at": minutes_ago(-60)}
        )
        assert answer.status_code == 302
        hold = address("peer_to_peer_hold", climb.case, call)
        first, second = climb.items
        answer = nora.post(
            hold,
            {
                "held_at": minutes_ago(10),
                "outcome": "partly",
                "reviewer": "Dr. Brandt",
                "summary": "Infusion approved, drug refused.",
                f"item_{first.public_id}": "overturned",
                f"item_{second.public_id}": "upheld",
            },
        )
        assert answer.status_code == 302
        call.refresh_from_db()
        assert (call.status, call.outcome, call.reviewer) == ("held", "partly", "Dr. Brandt")
        assert dict(ItemOutcome.objects.values_list("item__code", "outcome")) == {
            "96365": "overturned",
            "J3490": "upheld",
        }
        assert "Infusion approved, drug refused." in words(nora.get(answer.url))

    def test_a_refusal_keeps_what_was_typed(self, climb, nora, call):
        typed = {"held_at": minutes_ago(-600), "outcome": "", "summary": "Kept words"}
        answer = nora.post(address("peer_to_peer_hold", climb.case, call), typed)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["outcome"]
        assert "Kept words" in answer.content.decode()

    def test_it_did_not_take_place(self, climb, nora, call):
        url = address("peer_to_peer_miss", climb.case, call)
        assert nora.post(url, {"reason": ""}).status_code == 422
        assert nora.post(url, {"reason": "Nobody answered."}).status_code == 302
        call.refresh_from_db()
        assert call.status == "missed"
        assert nora.post(url, {"reason": "Again."}).status_code == 409

    def test_who_may(self, climb, call, sign_in):
        codes = {
            who: [
                sign_in(who).get(address(name, climb.case, call)).status_code
                for name in ("peer_to_peer", "peer_to_peer_hold")
            ]
            for who in ("clara", "ines", "petra")
        }
        assert codes == {"clara": [200, 200], "ines": [200, 403], "petra": [200, 403]}

    def test_it_costs_little(self, climb, nora, call):
        assert len(own_statements(nora, address("peer_to_peer", climb.case, call))) <= 12


@pytest.fixture
def filed(climb, refused):
    refused()
    climb.file(1, days_ago(40))
    return climb.level(1)


def decision(page, **fields):
    return {"version": page.context["form"]["version"].value(), "decided_at": minutes_ago(30)} | fields


class TestDecision:
    def test_every_item_gets_an_outcome_and_the_next_level_opens(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        answer = nora.post(
            url,
            decision(
                nora.get(url),
                notice_on=days_ago(2),
                sent_on=days_ago(2),
                received_on=days_ago(0),
                received_evidence="certified",
                stated_deadline_on=days_ago(-90),
                summary="Upheld in full.",
                reasons_quoted="  The service is not proven.\r\n\r\nAn adequate trial is missing. ",
                file=SimpleUploadedFile("decision.pdf", letter_pdf("ma_denial")),
                decided_at=f"{days_ago(2)}T15:00",
                **outcome_fields(climb, "upheld"),
            ),
        )
        assert answer.status_code == 302
        row = Decision.objects.get()
        kept = (row.notice_on, row.received_on, row.received_evidence, row.stated_deadline_on)
        assert kept == (day(days_ago(2)), day(days_ago(0)), "certified", day(days_ago(-90)))
        assert row.letter.kind == "decision_letter"
        following = climb.level(2)
        assert following.level == "external_review"
        before = appeal_facts(climb.case, following, load_history(climb.case)).before
        assert before.reasons == ("The service is not proven.", "An adequate trial is missing.")
        text = words(nora.get(answer.url))
        assert "in its own words The service is not proven. An adequate trial is missing." in text
        assert "Upheld (still refused)" in text and "The next level External review" in text

    def test_a_win_records_its_authorization(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        answer = nora.post(
            url,
            decision(
                nora.get(url),
                number="AUTH-9",
                sessions="6",
                valid_from=days_ago(0),
                valid_until=days_ago(-180),
                **outcome_fields(climb, "overturned"),
            ),
        )
        assert answer.status_code == 302
        grant = GrantedAuthorization.objects.get()
        assert (grant.number, grant.sessions, grant.valid_until) == ("AUTH-9", 6, day(days_ago(-180)))
        assert "AUTH-9" in words(nora.get(answer.url))
        assert Appeal.objects.count() == 1

    def test_half_an_authorization_is_refused(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        answer = nora.post(
            url, decision(nora.get(url), number="AUTH-9", **outcome_fields(climb, "overturned"))
        )
        assert answer.status_code == 422
        assert list(answer.context["granted"].errors) == ["valid_from", "valid_until"]
        assert 'value="AUTH-9"' in answer.content.decode()
        assert Decision.objects.count() == 0

    def test_all_reasons_come_at_once_each_on_its_field(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        first = climb.items[0]
        answer = nora.post(
            url,
            decision(
                nora.get(url),
                decided_at=f"{days_ago(45)}T10:00",
                received_on=days_ago(-3),
                summary="Kept words",
                **{f"item_{first.public_id}": "upheld"},
            ),
        )
        assert answer.status_code == 422
        errors = answer.context["form"].errors
        assert set(errors) == {"decided_at", "received_on", f"item_{climb.items[1].public_id}"}
        assert errors["decided_at"] == ["The decision cannot be earlier than the filing."]
        assert "Kept words" in answer.content.decode()

    def test_two_people_decide_at_once(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        page = nora.get(url)
        decide_appeal(
            actor=climb.cast.nils,
            appeal=climb.level(1),
            decided_at=timezone.now(),
            outcomes={item.public_id: "upheld" for item in climb.items},
            at=timezone.now(),
        )
        answer = nora.post(url, decision(page, summary="Kept words", **outcome_fields(climb, "overturned")))
        assert answer.status_code == 409
        assert "Kept words" in answer.content.decode()
        assert Decision.objects.count() == 1
        assert nora.get(url).status_code == 409

    def test_an_item_of_elsewhere_is_not_in_the_form(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        page = nora.get(url)
        assert len(page.context["form"].outcome_fields) == 2
        answer = nora.post(
            url, decision(page, letter=str(climb.case.public_id), **outcome_fields(climb, "upheld"))
        )
        assert answer.status_code == 422
        assert "letter" in answer.context["form"].errors

    def test_silence_opens_the_next_level(self, climb, nora, filed):
        page = nora.get(address("level", climb.case, filed))
        assert "The time to decide has passed." in words(page)
        assert "Go on without a decision" in [a["label"] for a in page.context["actions"]]
        url = address("level_deem", climb.case, filed)
        form = nora.get(url)
        assert "any item. The next level opens, where the rule says so: External review." in words(form)
        answer = nora.post(url, {"version": form.context["form"]["version"].value()})
        assert answer.status_code == 302
        assert Decision.objects.get().is_deemed is True
        assert climb.level(2).level == "external_review"
        assert "None came in time" in words(nora.get(answer.url))

    def test_while_time_is_left_nobody_goes_on(self, climb, nora, refused):
        refused()
        climb.file(1, days_ago(3))
        level = climb.level(1)
        url = address("level_deem", climb.case, level)
        answer = nora.post(url, {"version": level.version})
        assert answer.status_code == 422
        assert "The time to decide has not passed yet on the latest reading of the rule." in words(answer)

    def test_what_was_not_filed_is_not_decided(self, climb, nora, refused):
        refused()
        assert nora.get(address("level_decide", climb.case, climb.level(1))).status_code == 409

    def test_who_may(self, climb, filed, sign_in):
        url = address("level_decide", climb.case, filed)
        assert {who: sign_in(who).get(url).status_code for who in ("nora", "clara", "petra")} == {
            "nora": 200,
            "clara": 403,
            "petra": 403,
        }

    def test_it_costs_little(self, climb, nora, filed):
        assert len(own_statements(nora, address("level_decide", climb.case, filed))) <= 12


DECISION_LETTER = """NOTICE OF APPEAL DECISION
Timberline Mutual
Decision date: {notice:%B} {notice.day}, {notice.year}
Member No: TMK 7730 41582 01
Appeal number: AP-26-00417

We upheld the denial of CPT code 96365. We still find the treatment is investigational.

You may appeal this decision. We must receive your appeal by {stated:%B} {stated.day}, {stated.year}.
Fax your appeal to 316-555-0144.
"""


class TestLetterOfADecision:
    """What is read in a decision letter stands beside the form, each fact with its words; a person decides about each."""

    @pytest.fixture
    def filed(self, climb, refused):
        refused()
        climb.file(1, days_ago(40))
        return climb.level(1)

    @pytest.fixture
    def letter(self, climb, filed):
        text = DECISION_LETTER.format(notice=day(days_ago(12)), stated=day(days_ago(-90)))
        return read_letter(climb, text_as_pdf(text))

    def typed(self, climb, level, document, **changed):
        return (
            {
                "version": level.version,
                "shown": str(document.public_id),
                "letter": str(document.public_id),
                "decided_at": typed_moment(days_ago(12)),
                "notice_on": days_ago(12),
                "received_on": days_ago(10),
                "received_evidence": "certified",
                "stated_deadline_on": days_ago(-90),
            }
            | outcome_fields(climb, "upheld")
            | changed
        )

    def test_it_stands_beside_the_form_with_its_words(self, climb, nora, filed, letter):
        page = nora.get(address("level_decide", climb.case, filed))
        form = page.context["form"]
        assert form["notice_on"].value().isoformat() == days_ago(12)
        assert form["stated_deadline_on"].value().isoformat() == days_ago(-90)
        assert form["letter"].value() == str(letter.public_id)
        assert form["reasons_quoted"].value() == "We still find the treatment is investigational."
        text = words(page)
        assert "We upheld the denial of CPT code" in text
        assert "The letter says appeal by" in text
        assert "AP-26-00417" in text
        assert {p.status for p in Proposal.objects.all()} == {"proposed"}
        assert not Decision.objects.exists()

    def test_sending_the_form_decides_about_every_fact(self, climb, nora, filed, letter):
        wrong = Proposal.objects.get(fact="reference_number")
        data = self.typed(
            climb, filed, letter, wrong=[str(wrong.public_id)], stated_deadline_on=days_ago(-80)
        )
        assert nora.post(address("level_decide", climb.case, filed), data).status_code == 302
        decision = Decision.objects.get()
        assert (decision.letter_id, decision.notice_on.isoformat()) == (letter.pk, days_ago(12))
        assert decision.stated_deadline_on.isoformat() == days_ago(-80)
        statuses = dict(Proposal.objects.values_list("fact", "status"))
        assert statuses["notice_date"] == "accepted"
        assert statuses["stated_deadline_date"] == "corrected"
        assert statuses["reference_number"] == "rejected"
        assert "proposed" not in statuses.values()

    def test_an_emptied_value_is_rejected_and_not_recorded(self, climb, nora, filed, letter):
        data = self.typed(climb, filed, letter, stated_deadline_on="")
        assert nora.post(address("level_decide", climb.case, filed), data).status_code == 302
        assert Decision.objects.get().stated_deadline_on is None
        assert Proposal.objects.get(fact="stated_deadline_date").status == "rejected"

    def test_a_refusal_decides_about_nothing_and_keeps_the_letter(self, climb, nora, filed, letter):
        data = self.typed(climb, filed, letter, **outcome_fields(climb, ""))
        answer = nora.post(address("level_decide", climb.case, filed), data)
        assert answer.status_code == 422
        assert "We upheld the denial of CPT code" in words(answer)
        assert {p.status for p in Proposal.objects.all()} == {"proposed"}

    def test_with_another_letter_nothing_is_decided_about_the_one_shown(self, climb, nora, filed, letter):
        data = self.typed(climb, filed, letter, letter="")
        assert nora.post(address("level_decide", climb.case, filed), data).status_code == 302
        assert {p.status for p in Proposal.objects.all()} == {"proposed"}

    def test_a_letter_is_taken_in_first(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        assert "The letter first" in words(nora.get(url))
        upload = SimpleUploadedFile("decision.pdf", letter_pdf("ma_denial"), "application/pdf")
        answer = nora.post(url, {"take_in": "1", "file": upload})
        document = Document.objects.get(kind="decision_letter")
        assert answer.headers["Location"] == f"{url}?letter={document.public_id}"
        assert "The letter is being read." in words(nora.get(answer.headers["Location"]))
        assert not Decision.objects.exists()

    def test_taking_in_nothing_or_no_letter_says_so(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        assert nora.post(url, {"take_in": "1"}).status_code == 422
        rubbish = SimpleUploadedFile("decision.pdf", b"not a pdf", "application/pdf")
        answer = nora.post(url, {"take_in": "1", "file": rubbish})
        assert answer.status_code == 422
        assert "The decision letter:" in words(answer)
        assert not Document.objects.filter(kind="decision_letter").exists()

    def test_a_letter_that_is_none_of_this_case_is_not_found(self, climb, nora, filed):
        url = address("level_decide", climb.case, filed)
        assert nora.get(f"{url}?letter=nonsense").status_code == 404
        assert nora.get(f"{url}?letter={filed.public_id}").status_code == 404

    def test_the_page_costs_the_same_with_a_letter(self, climb, nora, filed, letter):
        assert len(own_statements(nora, address("level_decide", climb.case, filed))) <= 12

    def test_each_field_has_a_name_of_its_own_and_days_are_the_patients(self, climb, nora, filed):
        told = {"actor": climb.who, "case": climb.case, "kind": "other", "title": "The letter"}
        at = datetime(2026, 4, 2, 2, 0, tzinfo=UTC)
        upload_document(**told, filename="a.txt", stream=io.BytesIO(b"words"), at=at)
        page = nora.get(address("level_decide", climb.case, filed)).content.decode()
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert sorted(ids) == sorted(set(ids))
        assert set(re.findall(r'for="([^"]+file)"', page)) == {"id_first_file", "id_file"}
        assert "The letter (Apr 1, 2026)" in page


def read_letter(climb, data: bytes) -> Document:
    """A decision letter among the documents, its text read and its facts proposed by the jobs."""
    document = upload_document(
        actor=climb.who,
        case=climb.case,
        kind="decision_letter",
        filename="decision.pdf",
        stream=io.BytesIO(data),
        at=timezone.now(),
    )
    version = document.versions.get().pk
    read_document(version=version)
    propose_facts_job(version=version)
    return document


def typed_moment(iso: str) -> str:
    return f"{iso}T14:00"
