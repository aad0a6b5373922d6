"""Figures of our own cases: what is recorded at the desk moves them by exactly that, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.audit.verbs import VERBS
from advocacy.errors import NotAllowed, Refused
from advocacy.reporting.indicators import INDICATORS
from advocacy.reporting.own_indicators import OWN
from advocacy.reporting.populations import POPULATIONS
from advocacy.reporting.queries import table_of
from appeals.models import AuthorizationRequest, PeerToPeer
from cases.models import Case
from tests.appeals.climbing import ERISA, MEDICAID
from tests.appeals.visiting import address, days_ago
from tests.factories.readiness import PLACE, benefits_checked

pytest_plugins = ("tests.appeals.climbing",)


def figures(cast) -> dict[str, tuple]:
    """Every figure of our own by its one payer: so many of so many, what stands apart, and a sum or days."""
    everything = system_actor(cast.harbor.pk, "report")
    found = {}
    for indicator in OWN:
        cells = table_of(everything, indicator.key, ["payer"], suppressed=False).cells
        assert len(cells) <= 1, "the test has one payer"
        for cell in cells:
            told = cell.measure and (
                cell.measure.total if cell.measure.total is not None else cell.measure.days
            )
            apart = {words: n for words, n in cell.apart.items() if n}
            found[indicator.key] = (cell.count.numerator, cell.count.denominator, apart, told)
    return found


@pytest.fixture
def moved(cast):
    """What changed since it was asked last."""
    last: dict[str, tuple] = {}

    def changes() -> dict[str, tuple]:
        now = figures(cast)
        changed = {key: now.get(key) for key in {*now, *last} if now.get(key) != last.get(key)}
        last.clear()
        last.update(now)
        return changed

    return changes


@pytest.fixture
def nora(climb, sign_in):
    climb.consent("release", "representation", on=days_ago(400))
    return sign_in("nora")


def at(days: int, hour: int = 10) -> str:
    return f"{days_ago(days)}T{hour:02d}:00"


def done(answer) -> None:
    assert answer.status_code == 302, answer.context and [
        f.errors for f in (answer.context.get("form"), answer.context.get("formset")) if f
    ]


def request_by_fax(nora, climb, *, days: int) -> AuthorizationRequest:
    """A request of two items; the plan was asked about benefits four days before."""
    benefits_checked(climb.who, climb.case, timezone.now() - timedelta(days=days + 4))
    done(
        nora.post(
            address("request_new", climb.case),
            {
                "timing": "pre_service",
                "benefit": "medical",
                "place_of_service": PLACE,
                "channel": "fax",
                "submitted_at": at(days),
                "received_at": at(days),
                "evidence": "Fax report 12",
                "items-TOTAL_FORMS": "2",
                "items-INITIAL_FORMS": "0",
                "items-0-code": "96365",
                "items-0-units": "6",
                "items-1-code": "J3490",
                "items-1-units": "60",
            },
        )
    )
    return AuthorizationRequest.objects.get()


def write_and_file(nora, climb, position: int, *, days: int) -> None:
    level = climb.level(position)
    url = address("level_draft", climb.case, level)
    form = nora.get(url).context["form"]
    letter = {"recipient": "Appeals Unit", "dated": days_ago(days), "text": "Please reverse the decision."}
    done(nora.post(url, letter | {"version": form["version"].value()}))
    url = address("level_file", climb.case, level)
    form = nora.get(url).context["form"]
    done(
        nora.post(
            url,
            {
                "expected_sha256": form["expected_sha256"].value(),
                "channel": "fax",
                "address": "555 010 0199",
                "filed_at": at(days),
                "proof_note": "Fax report 4711",
            },
        )
    )


def decide(nora, climb, position: int, outcomes: list[str], *, days: int) -> None:
    url = address("level_decide", climb.case, climb.level(position))
    sent = {f"item_{item.public_id}": outcome for item, outcome in zip(climb.items, outcomes, strict=True)}
    done(
        nora.post(
            url,
            sent
            | {
                "version": nora.get(url).context["form"]["version"].value(),
                "decided_at": at(days),
                "notice_on": days_ago(days),
                "received_on": days_ago(days),
                "received_evidence": "certified",
            },
        )
    )


def test_from_the_request_to_the_decision_each_figure_moves_by_what_was_recorded(climb, nora, moved):
    climb.answer(MEDICAID)
    assert moved() == {}
    climb.request = request_by_fax(nora, climb, days=300)
    climb.items = list(climb.request.items.order_by("position"))
    waiting = {"still without a decision": 1}
    still_open = {"still open, or ended by silence": 1}
    assert moved() == {
        "payer_timeliness": (0, 1, waiting, None),
        "days_to_decision": (0, 0, still_open, None),
    }

    event = {"kind": "information_requested", "occurred_at": at(299), "note": "Scale scores"}
    done(nora.post(address("request_event", climb.case, climb.request), event))
    assert moved() == {}, "a question counts when the request is decided"

    denial = climb.refuse(days_ago(298), days_ago(298), confirmed=None, peer_to_peer_until=None)
    assert moved() == {}, "an unconfirmed denial counts nowhere"
    done(nora.post(address("denial_confirm", climb.case, denial), {"version": denial.version}))
    assert moved() == {
        "payer_timeliness": (1, 1, {}, None),
        "days_to_decision": (1, 1, {}, 2),
        "first_pass_approval": (0, 1, {}, None),
        "pended_for_information": (1, 1, {}, None),
        "denial_reasons": (1, 1, {}, None),
        "deadlines_met": (0, 1, {}, None),
        "met_by_safe_date": (0, 1, {}, None),
        "appeal_uptake": (0, 1, {}, None),
    }

    write_and_file(nora, climb, 1, days=280)
    assert moved() == {
        "payer_timeliness": (1, 2, waiting, None),
        "days_to_decision": (1, 1, still_open, 2),
        "deadlines_met": (1, 1, {}, None),
        "met_by_safe_date": (1, 1, {}, None),
        "appeal_uptake": (1, 1, {}, None),
    }

    decide(nora, climb, 1, ["overturned", "upheld"], days=270)
    assert moved() == {
        "overturned_by_stage": (0, 1, {"partly overturned": 1}, None),
        "payer_timeliness": (2, 2, {}, None),
        "days_to_decision": (2, 2, {}, 2),
        "deadlines_met": (1, 2, {}, None),  # the hearing's own window has passed too
        "met_by_safe_date": (1, 2, {}, None),
    }

    done(nora.post(f"{address('level', climb.case, climb.level(2))}end/lapse/", {"reason": "Nobody filed."}))
    assert moved() == {}, "a window that passed was missed already"


def test_external_review_and_its_parts(climb, nora, moved):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(340))
    climb.refuse(days_ago(338), days_ago(338), confirmed=days_ago(336))
    climb.file(1, days_ago(330))
    climb.decide(1, days_ago(320), days_ago(320))
    assert moved()["external_uptake"] == (0, 1, {}, None)
    write_and_file(nora, climb, 2, days=300)
    changed = moved()
    assert changed["external_uptake"] == (1, 1, {}, None)
    assert "appeal_uptake" not in changed
    decide(nora, climb, 2, ["overturned", "overturned"], days=290)
    assert moved() == {"overturned_by_stage": (1, 2, {}, None), "days_to_decision": (3, 3, {}, 10)}

    everything = system_actor(climb.cast.harbor.pk, "report")

    def told(key: str, *by: str) -> dict:
        cells = table_of(everything, key, by, suppressed=False).cells
        return {cell.values: (cell.count.numerator, cell.count.denominator) for cell in cells}

    payer = str(climb.case.coverage.payer)
    month = days_ago(320)[:7]
    assert told("overturned_by_stage", "stage", "regime") == {
        ("external_review", "erisa_self_funded"): (1, 1),
        ("internal_appeal_1", "erisa_self_funded"): (0, 1),
    }
    assert told("overturned_by_stage", "payer", "reason") == {(payer, "medical_necessity"): (1, 2)}
    assert told("overturned_by_stage", "month")[(month,)] == (0, 1 + (days_ago(290)[:7] == month))
    assert told("payer_timeliness", "stage", "regime") == {
        ("internal_appeal_1", "erisa_self_funded"): (1, 1),
        ("request", "erisa_self_funded"): (1, 1),
    }
    assert told("denial_reasons", "reason", "payer") == {("medical_necessity", payer): (1, 1)}
    assert told("days_to_decision", "stage", "speed").keys() == {
        ("external_review", "standard"),
        ("internal_appeal_1", "standard"),
        ("request", "standard"),
    }


def test_silence_is_no_decision(climb, nora, moved):
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(340))
    climb.refuse(days_ago(338), days_ago(338), confirmed=days_ago(336))
    climb.file(1, days_ago(330))
    moved()
    level = climb.level(1)
    done(nora.post(address("level_deem", climb.case, level), {"version": level.version}))
    changed = moved()
    assert changed["overturned_by_stage"] == (0, 0, {"ended by silence": 1}, None)
    assert changed["payer_timeliness"] == (1, 2, {}, None)


def test_a_call_with_the_plan_and_a_choice_not_to_appeal(climb, nora, moved):
    climb.answer(MEDICAID)
    climb.ask(days_ago(310))
    climb.refuse(days_ago(300), days_ago(300), confirmed=days_ago(298), peer_to_peer_phone="555 010 0144")
    before = moved()
    assert before["appeal_uptake"] == (0, 1, {}, None)
    call = PeerToPeer.objects.get()
    sent = {f"item_{item.public_id}": "upheld" for item in climb.items}
    held = {"held_at": at(290), "outcome": "upheld", "summary": "He would not."}
    done(nora.post(address("peer_to_peer_hold", climb.case, call), sent | held))
    assert moved() == {"peer_to_peer_overturned": (0, 1, {}, None)}
    choice = {
        "kind": "not_to_appeal",
        "advised_by": "Dr. Osei",
        "agreed_by": "patient",
        "agreed_way": "call",
        "agreed_on": days_ago(280),
        "why": "Dana is tired of it.",
    }
    done(nora.post(address("denial_choice", climb.case, climb.denial), choice))
    url = f"{address('level', climb.case, climb.level(1))}end/decline/"
    done(nora.post(url, {"reason": "The patient does not want it."}))
    assert moved() == {
        "appeal_uptake": (0, 1, {"not pursued by choice": 1}, None),
        "deadlines_met": (0, 0, {"not pursued by choice": 1}, None),
        "met_by_safe_date": None,
    }


def test_an_approval_counts_as_a_first_pass(climb, nora, moved):
    request = request_by_fax(nora, climb, days=20)
    approved = {
        "decided_at": at(15),
        "number": "AUTH-1",
        "sessions": "6",
        "valid_from": days_ago(15),
        "valid_until": days_ago(-60),
    }
    moved()
    done(nora.post(address("request_approve", climb.case, request), approved))
    changed = moved()
    assert changed["first_pass_approval"] == (1, 1, {}, None)
    assert changed["pended_for_information"] == (0, 1, {}, None)
    assert changed["days_to_decision"] == (1, 1, {}, 5)


def test_money_and_the_end_of_a_case(climb, nora, moved, sign_in):
    def record(kind: str, amount: str, certainty: str) -> None:
        sent = {"kind": kind, "amount": amount, "certainty": certainty, "basis": "Six at $750"}
        done(nora.post(reverse("cases:cost_new", args=[climb.case.public_id]), sent))

    record("patient_savings", "2640.50", "estimate")
    assert moved() == {"patient_savings_estimated": (1, 1, {}, Decimal("2640.50"))}
    record("plan_dollars", "1440", "actual")
    assert moved() == {"plan_dollars_actual": (1, 1, {}, Decimal("1440.00"))}
    record("patient_savings", "2500", "actual")
    assert moved() == {
        "patient_savings_estimated": None,
        "patient_savings_actual": (1, 1, {}, Decimal("2500.00")),
    }
    record("at_stake", "9000", "estimate")
    assert moved() == {}

    close, reopen = (address(name, climb.case) for name in ("close", "reopen"))
    done(nora.post(close, {"outcome": "covered", "note": ""}))
    assert moved() == {"ultimate_approval": (1, 1, {}, None)}
    done(sign_in("sam").post(reopen, {"reason": "A new denial came."}))
    assert moved() == {"ultimate_approval": None}
    done(sign_in("nora").post(close, {"outcome": "withdrawn", "note": "The patient moved."}))
    assert moved() == {"ultimate_approval": (0, 0, {"withdrawn": 1}, None)}


def report(*flags: str, indicator: str = "patient_savings_actual", by: str = "payer") -> str:
    out = StringIO()
    call_command("report", indicator, "--organization", "harbor", "--by", by, *flags, stdout=out)
    return out.getvalue()


def test_the_command_tells_them_and_masks_them(climb, nora):
    assert (
        report()
        == f"{INDICATORS['patient_savings_actual'].title}: nothing is counted in this organization.\n"
    )
    sent = {"kind": "patient_savings", "amount": "2500", "certainty": "actual", "basis": "Six at $750"}
    done(nora.post(reverse("cases:cost_new", args=[climb.case.public_id]), sent))
    payer = str(climb.case.coverage.payer)
    row = {"payer": payer, "numerator": 1, "denominator": 1, "sum": "2500.00"}
    assert json.loads(report("--json", "--unsuppressed")) == {"rows": [row]}
    masked = row | {"numerator": None, "denominator": None, "sum": None}
    assert json.loads(report("--json")) == {"rows": [masked]}
    assert "2500.00" in report("--unsuppressed") and "masked" in report()
    with pytest.raises(CommandError, match="told alone"):
        report(by="month,payer")


def test_who_is_told_and_what_is_refused(cast):
    for key in INDICATORS:
        assert table_of(cast.anna, key, ["year"]).cells == ()
    with pytest.raises(NotAllowed):
        table_of(cast.nora, "payer_timeliness", ["year"])
    for by in (["quarter", "payer"], ["year", "month"], ["stage", "payer", "year"], ["diagnosis"]):
        with pytest.raises(Refused):
            table_of(cast.anna, "overturned_by_stage", by)


def test_the_catalog_names_what_it_reads_and_can_be_counted(cast):
    from django.apps import apps

    for indicator in OWN:
        for name in indicator.reads:
            assert name in VERBS or apps.get_model(name), name
        population = POPULATIONS[indicator.population]
        assert indicator.code in population.codes
        periods = {"f_month"}
        assert {d.field for d in indicator.dimensions} <= population.dimensions | periods, indicator.key
        assert indicator.counted <= indicator.of
    assert len({one.key for one in OWN}) == len(OWN) and "overturn_rate" in INDICATORS
    assert Case.objects.count() == 1


def test_a_restricted_case_is_in_no_figure_to_publish_and_shows_at_the_next_read(climb, nora):
    cast = climb.cast
    sent = {"kind": "patient_savings", "amount": "2500", "certainty": "actual", "basis": "Six at $750"}
    done(nora.post(reverse("cases:cost_new", args=[climb.case.public_id]), sent))
    open_figures = figures(cast)
    assert open_figures["patient_savings_actual"][:2] == (1, 1)
    Case.objects.filter(pk=climb.case.pk).update(is_restricted=True)
    assert figures(cast) == {}
    assert json.loads(report("--json")) == {"rows": []}
    Case.objects.filter(pk=climb.case.pk).update(is_restricted=False)
    assert figures(cast) == open_figures
