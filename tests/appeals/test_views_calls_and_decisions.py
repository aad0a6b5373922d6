"""The peer-to-peer, the decision of a level and going on without one, on screen."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from appeals.commands.decisions import decide_appeal
from appeals.models import Appeal, Decision, GrantedAuthorization, ItemOutcome, PeerToPeer
from appeals.sample_letters import letter_pdf
from cases.models import FailedTreatment
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
        answer = nora.post(
            address("peer_to_peer_hold", climb.case, call),
            {"held_at": minutes_ago(-600), "outcome": "", "summary": "Kept words"},
        )
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
                file=SimpleUploadedFile("decision.pdf", letter_pdf("ma_denial")),
                decided_at=f"{days_ago(2)}T15:00",
                **outcome_fields(climb, "upheld"),
            ),
        )
        assert answer.status_code == 302
        row = Decision.objects.get()
        assert (row.notice_on, row.received_on, row.received_evidence, row.stated_deadline_on) == (
            day(days_ago(2)),
            day(days_ago(0)),
            "certified",
            day(days_ago(-90)),
        )
        assert row.letter.kind == "decision_letter"
        following = climb.level(2)
        assert following.level == "external_review"
        text = words(nora.get(answer.url))
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
        assert "Nothing is decided about any item." in words(form)
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
