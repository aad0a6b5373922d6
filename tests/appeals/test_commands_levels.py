"""Drafting, filing, forwarding, ending a level: one frozen file, and each refusal."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.models import Consent
from advocacy.tenancy.scope import scoped_to
from appeals.commands.drafts import preview_packet, save_draft, set_exhibits, set_expedited, start_draft
from appeals.commands.filings import add_proof, file_appeal
from appeals.commands.levels import decline_level, lapse_level, record_forwarding, withdraw_appeal
from appeals.models import Appeal, Exhibit, Filing, Proposal
from appeals.packets import manifest_of
from appeals.queries.drafts import draft_text, exhibit_label
from cases.commands.documents import open_version, store_frozen
from cases.models import Document, DocumentVersion
from tests.appeals.choosing import choose
from tests.appeals.climbing import ERISA, FEHB, MEDICAID, MEDICARE_ADVANTAGE, Climb, codes, moment
from tests.standing import prepared


@prepared
def refused(climb):
    """Harbor's case with a confirmed denial under a self-funded plan of one level."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    return climb


def paper(climb: Climb, text: str, filename: str = "note.txt") -> DocumentVersion:
    return store_frozen(
        actor=climb.who,
        case=climb.case,
        kind=Document.Kind.CLINICAL_NOTE,
        title="Clinical note",
        filename=filename,
        data=text.encode(),
        at=moment("2026-04-01"),
    )


# -- the draft ----------------------------------------------------------------------------------------------


def test_start_draft_says_what_is_recorded_and_leaves_gaps(refused):
    level = start_draft(actor=refused.who, appeal=refused.level(1), at=moment("2026-04-01"))
    text = draft_text(level)
    assert text.startswith("This is an internal appeal on behalf of Dana Whitlock. ")
    assert "March 24, 2026" in text
    assert "> It is not medically necessary." in text
    assert "[[" in text
    assert (level.status, level.draft["signer"], level.draft["dated"]) == (
        "drafting",
        "Nora Navigator",
        "2026-04-01",
    )
    again = start_draft(actor=refused.cast.nils, appeal=level, at=moment("2026-04-02"))
    assert again.draft == refused.level(1).draft
    assert again.version == level.version


def test_save_draft_keeps_what_was_typed_and_notices_a_stale_page(refused):
    first = save_draft(
        actor=refused.who, appeal=refused.level(1), text="# One\n\nTwo.", at=moment("2026-04-01")
    )
    assert draft_text(first) == "# One\n\nTwo."
    with pytest.raises(WrongState):
        save_draft(
            actor=refused.cast.nils,
            appeal=first,
            text="Three.",
            at=moment("2026-04-02"),
            expected_version=first.version - 1,
        )
    with pytest.raises(Refused) as caught:
        save_draft(actor=refused.who, appeal=first, text="  ", at=moment("2026-04-02"))
    assert codes(caught) == ["letter_empty"]


def test_set_exhibits_keeps_the_order_and_replaces_it(refused):
    one, two = paper(refused, "First."), paper(refused, "Second.")
    set_exhibits(
        actor=refused.who,
        appeal=refused.level(1),
        versions=[(two, "The second"), (one.public_id, "")],
        at=moment("2026-04-01"),
    )
    set_exhibits(
        actor=refused.who,
        appeal=refused.level(1),
        versions=[(str(one.public_id), ""), (two, "The second")],
        at=moment("2026-04-01"),
    )
    rows = Exhibit.objects.order_by("position")
    assert [(e.position, e.title, e.document_version_id) for e in rows] == [
        (1, "Clinical note", one.pk),
        (2, "The second", two.pk),
    ]


def test_set_exhibits_refuses_what_is_not_of_this_case(refused):
    one = paper(refused, "First.")
    with pytest.raises(Refused) as caught:
        set_exhibits(
            actor=refused.who,
            appeal=refused.level(1),
            versions=[(one, ""), (one, ""), (refused.case.public_id, "")],
            at=moment("2026-04-01"),
        )
    assert codes(caught) == ["version_unknown", "exhibit_twice"]


@pytest.mark.parametrize(
    ("position", "label"), [(1, "Exhibit A"), (26, "Exhibit Z"), (27, "Exhibit AA"), (53, "Exhibit BA")]
)
def test_exhibits_are_lettered(position, label):
    assert exhibit_label(position) == label


def test_set_expedited_needs_grounds_and_changes_the_clock(refused):
    with pytest.raises(Refused) as caught:
        set_expedited(actor=refused.who, appeal=refused.level(1), is_expedited=True, at=moment("2026-04-01"))
    assert codes(caught) == ["urgency_not_certified"]
    refused.file(1, "2026-04-10")
    set_expedited(
        actor=refused.who,
        appeal=refused.level(1),
        is_expedited=True,
        reason="Dr. Osei: suicidal without treatment.",
        at=moment("2026-04-11"),
    )
    assert refused.row("decision", 1).due_at == moment("2026-04-13")


# -- filing -------------------------------------------------------------------------------------------------


def test_file_appeal_freezes_one_file_that_reopens_unchanged(refused):
    note = paper(refused, "PHQ-9 score 22.")
    level = refused.level(1)
    save_draft(
        actor=refused.who, appeal=level, text="Please reverse the decision.", at=moment("2026-04-10", 9)
    )
    set_exhibits(
        actor=refused.who, appeal=level, versions=[(note, "Clinic note")], at=moment("2026-04-10", 9)
    )
    shown = preview_packet(actor=refused.who, appeal=level, at=moment("2026-04-10", 10))
    filing = refused.file(1, "2026-04-10", expected_sha256=shown.sha256, proof_note="Fax report 12")
    data = open_version(refused.who, filing.document_version).read()
    assert hashlib.sha256(data).hexdigest() == filing.sha256 == shown.sha256
    assert data == shown.pdf
    assert (filing.channel, filing.address, filing.filed_at, filing.proof_note) == (
        "fax",
        "555 010 0199",
        moment("2026-04-10"),
        "Fax report 12",
    )
    parts = [(p["kind"], p["label"]) for p in manifest_of(data)["parts"]]
    assert parts == [("letter", "Letter"), ("index", "Index"), ("exhibit", "Exhibit A")]
    filed = refused.level(1)
    assert (filed.status, filed.frozen_version_id) == ("filed", filing.document_version_id)
    assert filing.document_version.document.is_frozen
    # What happens to the draft's sources afterward does not reach the frozen bytes.
    with pytest.raises(WrongState):
        set_exhibits(actor=refused.who, appeal=filed, versions=[], at=moment("2026-04-11"))
    with pytest.raises(WrongState):
        save_draft(actor=refused.who, appeal=filed, text="Other.", at=moment("2026-04-11"))
    assert open_version(refused.who, Filing.objects.get().document_version).read() == data


def test_file_appeal_files_only_the_bytes_that_were_shown(refused):
    level = refused.level(1)
    save_draft(actor=refused.who, appeal=level, text="Please reverse it.", at=moment("2026-04-10", 9))
    shown = preview_packet(actor=refused.who, appeal=level, at=moment("2026-04-10", 9))
    save_draft(
        actor=refused.cast.nils, appeal=level, text="Please reverse all of it.", at=moment("2026-04-10", 9)
    )
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10", expected_sha256=shown.sha256)
    # The fingerprint is no field that a person sees: the words stand by themselves.
    assert [(r.code, r.field) for r in caught.value.reasons] == [("file_changed", None)]
    assert (refused.level(1).status, Filing.objects.count()) == ("drafting", 0)


def test_file_appeal_refuses_with_every_reason_at_once(refused):
    Consent.objects.all().update(revoked_at=moment("2026-03-20"))
    with pytest.raises(Refused) as caught:
        file_appeal(
            actor=refused.who,
            appeal=refused.level(1),
            channel="phone",
            address=" ",
            filed_at=moment("2026-10-01"),
            at=moment("2026-09-30"),
        )
    assert codes(caught) == [
        "address_missing",
        "in_future",
        "window_passed",
        "consent_missing",
        "representation_missing",
        "letter_missing",
        "channel_missing",
    ]


def test_file_appeal_refuses_open_places_in_the_letter(refused):
    save_draft(
        actor=refused.who, appeal=refused.level(1), text="See [[which page?]].", at=moment("2026-04-09")
    )
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10")
    assert codes(caught) == ["letter_gap"]


def test_file_appeal_refuses_a_filing_before_the_denial(refused):
    save_draft(
        actor=refused.who,
        appeal=refused.level(1),
        text="Please.",
        dated=date(2026, 3, 24),
        at=moment("2026-04-09"),
    )
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10", filed_at=moment("2026-03-23"))
    assert codes(caught) == ["filed_before_denial", "letter_dated_later"]


def test_file_appeal_refuses_a_letter_dated_after_its_sending(refused):
    save_draft(actor=refused.who, appeal=refused.level(1), text="Please.", at=moment("2026-04-09"))
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10", filed_at=moment("2026-04-08"))
    assert codes(caught) == ["letter_dated_later"]


@pytest.mark.parametrize("filed", ["2026-09-21", "2026-09-23"])
def test_the_last_day_is_inside_even_after_the_safe_one(refused, filed):
    refused.file(1, filed)
    assert refused.date("filing", 1) == ("2026-09-18", "2026-09-23", "met")


def test_one_day_past_the_window_needs_good_cause(refused):
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-09-24")
    assert codes(caught) == ["window_passed"]
    refused.file(1, "2026-09-24", good_cause="The patient was in hospital from September 10 on.")
    assert refused.date("filing", 1) == ("2026-09-18", "2026-09-23", "missed")
    assert Filing.objects.get().good_cause == "The patient was in hospital from September 10 on."


def test_an_expired_consent_does_not_stand(refused):
    Consent.objects.filter(kind="release").update(expires_on=date(2026, 4, 9))
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10")
    assert codes(caught) == ["consent_missing"]


@pytest.mark.parametrize("answers", [MEDICAID, FEHB])
def test_written_consent_is_needed_where_the_rules_ask_for_it(climb, answers):
    climb.answer(answers)
    climb.ask()
    climb.refuse()
    Consent.objects.filter(kind="representation").update(revoked_at=moment("2026-03-20"))
    with pytest.raises(Refused) as caught:
        climb.file(1, "2026-04-10")
    assert codes(caught) == ["representation_missing"]
    climb.consent("representation", instrument="written_consent", on="2026-04-10")
    climb.file(1, "2026-04-10")
    assert climb.level(1).status == "filed"


def test_filing_twice_is_too_late(refused):
    refused.file(1, "2026-04-10")
    with pytest.raises(WrongState):
        refused.file(1, "2026-04-10")
    assert Filing.objects.count() == 1


def test_the_next_level_is_told_what_came_before_and_goes_where_the_decision_says(refused):
    """What was argued and enclosed at the first level comes along; the plan's own appeals unit is not the reviewer."""
    first = refused.level(1)
    proof = paper(refused, "Office notes.")
    set_exhibits(actor=refused.who, appeal=first, versions=[(proof, "Notes")], at=moment("2026-04-09"))
    text = "This is an appeal.\n\n# Reason: doses\n\nYour letter states:\n\n> Too few.\n\nSee Exhibit A."
    save_draft(actor=refused.who, appeal=first, text=text, at=moment("2026-04-09"))
    refused.file(1, "2026-04-10")
    decision = paper(refused, "We uphold it.")
    Proposal.objects.create(
        case=refused.case,
        document_version=decision,
        fact="send_to_mail",
        value="Review Unit\nPO Box 4, Boise ID",
        words="x",
        page=1,
        span=[0, 1],
        confidence="high",
    )
    refused.decide(1, "2026-04-24", "2026-04-27", letter=decision.document)
    second = refused.level(2)
    draft = start_draft(actor=refused.who, appeal=second, at=moment("2026-04-28")).draft
    payer = refused.case.coverage.payer.name
    assert draft["recipient"] == [payer, "Attention: External review", "Review Unit", "PO Box 4, Boise ID"]
    said = [block.get("text") for block in draft["blocks"]]
    assert f"the decision of {payer} dated March 24, 2026" in said[0]
    assert said[0].endswith("upheld by the decision dated April 24, 2026.")
    assert said[1:7] == [
        "The decision dated April 24, 2026",
        "[[Quote the reasons that the decision dated April 24, 2026 gives, and answer them.]]",
        "Reason: doses",
        "The denial letter dated March 24, 2026 states:",
        "Too few.",
        "See Exhibit A.",
    ]
    carried = Exhibit.objects.filter(appeal=second).values_list("position", "document_version")
    assert list(carried) == [(1, proof.pk), (2, decision.pk)]


def test_a_number_is_no_address_for_the_post(refused):
    with pytest.raises(Refused) as caught:
        refused.file(1, "2026-04-10", channel="mail", address="1-916-555-0170")
    assert codes(caught) == ["address_of_another_channel"]


def test_a_clinician_may_draft_and_not_file(refused):
    save_draft(actor=refused.cast.clara, appeal=refused.level(1), text="Please.", at=moment("2026-04-09"))
    with pytest.raises(NotAllowed):
        file_appeal(
            actor=refused.cast.clara,
            appeal=refused.level(1),
            channel="fax",
            address="1",
            filed_at=moment("2026-04-10"),
            at=moment("2026-04-10"),
        )


def test_proof_is_added_and_must_belong_to_the_case(refused):
    filing = refused.file(1, "2026-04-10")
    proof = paper(refused, "Fax report.").document
    add_proof(actor=refused.who, filing=filing, document=proof, at=moment("2026-04-11"))
    add_proof(actor=refused.who, filing=filing, note="12 pages, OK", at=moment("2026-04-11"))
    kept = Filing.objects.get()
    assert (kept.proof_id, kept.proof_note) == (proof.pk, "12 pages, OK")
    with scoped_to(refused.cast.meadow.pk):
        theirs = Document.objects.create(
            case=refused.cast.meadow_case, kind="proof", title="Theirs", created_at=moment("2026-04-11")
        )
    with pytest.raises(Refused) as caught:
        add_proof(actor=refused.who, filing=filing, document=theirs, at=moment("2026-04-12"))
    assert codes(caught) == ["not_of_this_case"]
    with pytest.raises(Refused) as caught:
        add_proof(actor=refused.who, filing=filing, at=moment("2026-04-12"))
    assert codes(caught) == ["proof_missing"]


# -- forwarded, ended ---------------------------------------------------------------------------------------


@prepared
def affirmed(climb):
    """Medicare Advantage: the plan affirmed its denial, and the independent entity's level waits for the forwarding."""
    climb.answer(MEDICARE_ADVANTAGE)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    return climb


def test_a_forwarded_level_is_not_filed(affirmed):
    with pytest.raises(Refused) as caught:
        affirmed.file(2, "2026-04-28")
    assert codes(caught) == ["forwarded_level"]
    affirmed.forward(2, "2026-04-28")
    level = affirmed.level(2)
    assert (level.status, level.forwarded_at, level.frozen_version) == (
        "forwarded",
        moment("2026-04-28"),
        None,
    )


def test_forwarding_is_refused_before_the_decision_and_where_the_level_is_filed(affirmed, cast):
    with pytest.raises(Refused) as caught:
        affirmed.forward(2, "2026-04-23")
    assert codes(caught) == ["forwarded_too_early"]


def test_record_forwarding_of_a_filed_level_is_refused(refused):
    with pytest.raises(Refused) as caught:
        record_forwarding(
            actor=refused.who,
            appeal=refused.level(1),
            forwarded_at=moment("2026-04-10"),
            at=moment("2026-04-11"),
        )
    assert codes(caught) == ["filed_level"]


def test_lapse_only_after_the_last_arguable_day(refused):
    with pytest.raises(Refused) as caught:
        lapse_level(actor=refused.who, appeal=refused.level(1), at=moment("2026-09-23"))
    assert codes(caught) == ["window_open"]
    lapse_level(
        actor=refused.who, appeal=refused.level(1), reason="No consent in time.", at=moment("2026-09-24")
    )
    assert refused.level(1).status == "lapsed"
    assert refused.date("filing", 1) == ("2026-09-18", "2026-09-23", "missed")


@pytest.mark.parametrize(("command", "status"), [(decline_level, "declined"), (withdraw_appeal, "withdrawn")])
def test_ending_a_level_needs_a_reason(refused, command, status):
    with pytest.raises(Refused) as caught:
        command(actor=refused.who, appeal=refused.level(1), reason=" ", at=moment("2026-04-10"))
    assert codes(caught)[:1] == ["reason_missing"]
    choose(refused.who, refused.denial, "not_to_appeal", at=moment("2026-04-10"))
    command(
        actor=refused.who, appeal=refused.level(1), reason="Dana does not want it.", at=moment("2026-04-10")
    )
    level = Appeal.objects.get()
    assert (level.status, level.end_reason) == (status, "Dana does not want it.")
    assert refused.date("filing", 1)[2] == "ended"
    assert refused.fresh().next_deadline_on is None


def test_every_step_of_a_filing_is_in_the_trail_without_names(refused):
    refused.file(1, "2026-04-10")
    verbs = set(Event.objects.filter(kind="verb").values_list("verb", flat=True))
    assert {"denial_confirmed", "request_denied", "level_opened", "appeal_drafted", "appeal_filed"} <= verbs
    told = str(list(Event.objects.values_list("data", "reason")))
    assert "Whitlock" not in told
    assert "medically necessary" not in told


def test_nobody_of_meadow_reaches_a_level_of_harbor(refused):
    level = refused.level(1)
    with scoped_to(refused.cast.meadow.pk):
        for command, fields in (
            (start_draft, {}),
            (decline_level, {"reason": "x"}),
            (preview_packet, {}),
        ):
            with pytest.raises(NotFound):
                command(actor=refused.cast.mia, appeal=level, at=moment("2026-04-10"), **fields)
