"""Ways to the payer: the confirmed letter first, then what is kept, each with its source; a button fills the fields."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from appeals.models import Appeal, AuthorizationRequest, Deadline, Filing, Proposal
from appeals.queries.clocks import day_at, due_of, who_of
from appeals.queries.history import load_history
from appeals.queries.level_page import choosable_exhibits
from appeals.queries.next_place import step_named
from appeals.queries.steps import steps_of
from appeals.queries.ways import PlaceOfStep, place_of_step, ways_for_filing, ways_for_request
from cases.commands.templates import retire_channel, return_channel, save_channel
from cases.jobs import read_document
from cases.models import Communication, Payer, PayerChannel
from cases.queries.ways import PURPOSES, ways_of_letters, ways_to_payer
from tests.appeals.climbing import ERISA
from tests.appeals.test_commands_levels import paper
from tests.appeals.test_views_levels import filing_form, write
from tests.appeals.test_views_requests import form as request_form
from tests.appeals.visiting import address, days_ago, minutes_ago, typed, words
from tests.factories.readiness import benefits_checked
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


def keep(climb, purpose="appeal", way="fax", where="800 555 0142", **more) -> PayerChannel:
    given = {"checked_on": date(2026, 3, 3), "source": "", "line_of_business": ""} | more
    return save_channel(
        actor=climb.cast.olga,
        payer=given.pop("payer", climb.case.coverage.payer),
        purpose=purpose,
        way=way,
        address=where,
        at=timezone.now(),
        **given,
    )


@prepared
def refused(climb):
    """A refused request whose letter names a fax, an address and two phones; the window runs around today."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask(days_ago(40))
    climb.refuse(
        days_ago(25),
        days_ago(22),
        confirmed=days_ago(20),
        send_to_address="PO Box 9, Salem OR",
        appeal_phone="800 555 0111",
        peer_to_peer_phone="800 555 0122",
    )
    return climb


def told(ways) -> list[tuple[str, str, str]]:
    return [(w.channel, w.address, w.source) for w in ways]


def letter(climb) -> str:
    on = climb.denial.notice_on
    return f"from the letter of {on:%B} {on.day}, {on.year}"


# -- what is offered ----------------------------------------------------------------------------------------
def test_the_letter_first_then_what_is_kept_checked_last_first(refused):
    keep(refused, where="800 555 0140", checked_on=None, source="the manual")
    keep(refused, where="800 555 0142", line_of_business="Medicare Advantage")
    keep(refused, way="portal", where="https://payer.example/appeals", checked_on=date(2026, 3, 9))
    keep(refused, purpose="records", where="800 555 0199")
    keep(refused, way="phone", where="800 555 0177")
    level = refused.level(1)
    assert told(ways_for_filing(refused.who, refused.case, level)) == [
        ("fax", "555 010 0199", letter(refused)),
        ("mail", "PO Box 9, Salem OR", letter(refused)),
        ("portal", "https://payer.example/appeals", "kept for this payer, checked on March 9, 2026"),
        (
            "fax",
            "800 555 0142",
            "kept for this payer, checked on March 3, 2026; for Medicare Advantage only",
        ),
        ("fax", "800 555 0140", "kept for this payer, not checked yet; found in: the manual"),
    ]


def test_one_place_is_named_once_by_the_better_source(refused):
    keep(refused, where="+1 (555) 010-0199")
    Payer.objects.filter(pk=refused.case.coverage.payer_id).update(fax="555-010-0199", phone="800 555 0111")
    refused.case.coverage.payer.refresh_from_db()
    assert [s for c, _a, s in told(ways_for_filing(refused.who, refused.case, refused.level(1)))] == [
        letter(refused),
        letter(refused),
    ]


def test_a_step_after_the_first_is_never_offered_the_address_of_the_first(refused, nora):
    """An external review sent to the plan's appeals fax is lost: only the decision's own letter names its place."""
    keep(refused)
    Payer.objects.filter(pk=refused.case.coverage.payer_id).update(fax="800 555 0177")
    refused.case.coverage.payer.refresh_from_db()
    refused.file(1, days_ago(8))
    decision = paper(refused, "We uphold it.")
    refused.decide(1, days_ago(4), days_ago(3), letter=decision.document)
    second = refused.level(2)
    payer = refused.case.coverage.payer.name
    assert ways_for_filing(refused.who, refused.case, second) == ()
    page = nora.get(address("level_file", refused.case, second))
    assert "The address of this step is in the decision letter. Enter it from there." in words(page)
    assert page.context["form"]["address"].value() is None
    draft = nora.get(address("level_draft", refused.case, second))
    assert draft.context["form"]["recipient"].value() == f"{payer}\nAttention: External review"
    Proposal.objects.create(
        case=refused.case,
        document_version=decision,
        fact="send_to_fax",
        value="303-555-0144",
        words="x",
        page=1,
        span=[0, 1],
        confidence="high",
    )
    read = [("fax", "303-555-0144", "read in the letter of the decision before")]
    assert told(ways_for_filing(refused.who, refused.case, second)) == read
    page = nora.get(address("level_file", refused.case, second))
    assert page.context["form"]["address"].value() == "303-555-0144"


UPHELD = """DECISION ON YOUR APPEAL: we uphold it.

1) Internal appeal. Ask us to look again within 180 days.
   Where:  Larkspur Member Appeals, 900 Quarry Loop, Salem OR 97300
           appeals portal:  my.larkspur.example/appeals
           fax (503) 555-0177     voice (503) 555-0170
2) Fast appeal. We decide within 72 hours. You may ask for an outside (external) review at the same time.
3) External review. {outside}
   Insurance regulator: Division of Financial Regulation, (503) 555-0199.
"""


def upheld_letter(refused, outside: str, **read: str):
    """The first level is upheld by a letter of which these facts are read, each where its value stands."""
    text = UPHELD.format(outside=outside)
    refused.file(1, days_ago(8))
    decision = paper(refused, text)
    refused.decide(1, days_ago(4), days_ago(3), letter=decision.document)
    read_document(version=decision.pk)
    decision.refresh_from_db()
    for fact, value in read.items():
        start = decision.pages[0].index(value)
        Proposal.objects.create(
            case=refused.case,
            document_version=decision,
            fact=fact,
            value=value,
            words=value,
            page=1,
            span=[start, start + len(value)],
            confidence="high",
        )
    return refused.level(2)


UNIT = {
    "send_to_fax": "(503) 555-0177",
    "send_to_mail": "900 Quarry Loop, Salem OR 97300",
    "send_to_portal": "my.larkspur.example/appeals",
}


def test_an_outside_review_never_takes_the_places_of_the_plans_own_appeals_unit(refused, nora):
    second = upheld_letter(refused, "After our final answer you have 180 days to ask for one.", **UNIT)
    payer = refused.case.coverage.payer.name
    assert ways_for_filing(refused.who, refused.case, second) == ()
    assert place_of_step(second) == PlaceOfStep(tuple(UNIT.values()), True)
    draft = nora.get(address("level_draft", refused.case, second))
    assert draft.context["form"]["recipient"].value() == f"{payer}\nAttention: External review"
    assert "The place of this step is open" in words(draft)
    page = nora.get(address("level_file", refused.case, second))
    assert page.context["form"]["address"].value() is None
    said = words(page)
    assert "names these for internal appeals; they are not taken for this step: (503) 555-0177" in said


def test_what_the_letter_names_for_the_outside_review_goes_in_beside_what_it_does_not(refused, nora):
    where = "Send your request for external review by fax to 303-555-0144."
    second = upheld_letter(
        refused, where, **{k: v for k, v in UNIT.items() if k != "send_to_fax"}, send_to_fax="303-555-0144"
    )
    assert [(c, a) for c, a, _ in told(ways_for_filing(refused.who, refused.case, second))] == [
        ("fax", "303-555-0144")
    ]
    draft = nora.get(address("level_draft", refused.case, second))
    lines = draft.context["form"]["recipient"].value().splitlines()
    assert lines[1:] == ["Attention: External review", "Fax 303-555-0144"]
    assert "Not everything the letter names is for this step" in words(draft)


def test_another_step_inside_the_plan_does_not_take_the_place_of_the_outside_review(refused):
    where = "Send your request for external review by fax to 303-555-0144."
    second = upheld_letter(refused, where, send_to_fax="303-555-0144", send_to_mail=UNIT["send_to_mail"])
    second.regime, second.level = "erisa_self_funded", "internal_appeal_2"
    assert [(c, a) for c, a, _ in told(ways_for_filing(refused.who, refused.case, second))] == [
        ("mail", UNIT["send_to_mail"])
    ]
    assert place_of_step(second) == PlaceOfStep()


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Fax your external review request to {}.", "outside"),
        ("Write to {} to ask for a state fair hearing.", "outside"),
        ("External review\nMail it to {}.", "outside"),
        ("For an internal appeal, fax {}. For external review, write to the State.", "inside"),
        ("External review: ask the State. Second-level appeal: fax {}.", "inside"),
        ("Questions? Member Appeals, fax {}.", "inside"),
        ("Fax {}.", ""),
    ],
)
def test_for_which_step_a_letter_names_a_place(text, step):
    start = text.index("{}")
    page = text.format("303-555-0144")
    assert step_named(page, start, start + len("303-555-0144")) == step


def test_a_letter_among_the_exhibits_is_listed_with_its_own_date(refused):
    refused.file(1, days_ago(8))
    decision = paper(refused, "We uphold it.")
    refused.decide(1, days_ago(4), days_ago(3), letter=decision.document)
    on = refused.case.decisions.get().notice_on
    names = [c.name for c in choosable_exhibits(refused.who, refused.case, refused.level(2))]
    assert f"Clinical note (dated {on:%b} {on.day}, {on.year})" in names


def test_the_ladder_names_who_decides(refused, nora):
    refused.file(1, days_ago(8))
    refused.decide(1, days_ago(4), days_ago(3))
    second = refused.level(2)
    refused.file(2, days_ago(1))
    day = day_at(timezone.now(), "America/New_York")
    shown = [step.plan.who for step in steps_of(load_history(refused.case), day) if step.plan]
    assert shown == ["Plan", "Plan", "Reviewer"]
    theirs = Deadline.objects.get(appeal=second, clock="decision", status="running")
    assert (who_of(theirs), due_of(theirs, day).kind) == ("Reviewer", "The reviewer's deadline")
    page = words(nora.get(address("case", refused.case)))
    assert "Reviewer's clock" in page and "Reviewer has" in page and "Plan has" not in page


def test_a_second_level_at_the_plan_takes_what_is_kept_for_appeals_and_a_hearing_does_not(refused):
    keep(refused)
    second = Appeal(case=refused.case, denial=refused.denial, previous=refused.level(1), position=2)
    second.regime, second.level = "erisa_self_funded", "internal_appeal_2"
    kept = [("fax", "800 555 0142", "kept for this payer, checked on March 3, 2026")]
    assert told(ways_for_filing(refused.who, refused.case, second)) == kept
    second.regime, second.level = "medicaid_managed_care", "state_fair_hearing"
    assert ways_for_filing(refused.who, refused.case, second) == ()
    second.previous = None  # the levels below were finished elsewhere
    assert ways_for_filing(refused.who, refused.case, second) == ()


def test_retired_ways_other_payers_and_unconfirmed_letters_are_not_offered(climb):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse(confirmed=None, send_to_address="PO Box 9")
    row = keep(climb, purpose="request")
    keep(climb, purpose="request", where="800 555 0000", payer=Payer.objects.create(name="Another"))
    assert [w.address for w in ways_for_request(climb.who, climb.case)] == ["800 555 0142"]
    assert ways_of_letters(climb.case) == ()
    retire_channel(actor=climb.cast.olga, row=row, at=timezone.now())
    assert ways_for_request(climb.who, climb.case) == ()
    return_channel(actor=climb.cast.olga, row=row, at=timezone.now())
    assert len(ways_for_request(climb.who, climb.case)) == 1


def test_for_a_request_the_letter_says_what_it_names_it_for(refused):
    keep(refused, purpose="request", way="email", where="um@payer.example")
    ways = told(ways_for_request(refused.who, refused.case))
    assert [w[0] for w in ways] == ["fax", "mail", "phone", "email"]
    assert ways[0][2] == f"{letter(refused)}, which names it for appeals"
    assert ways[3][2] == "kept for this payer, checked on March 3, 2026"


def test_numbers_to_call_say_what_they_are_for(refused):
    keep(refused, purpose="peer_to_peer", way="phone", where="800 555 0133")
    found = ways_to_payer(
        refused.who,
        refused.case,
        purposes=PURPOSES,
        channels=["phone"],
        letters=ways_of_letters(refused.case),
    )
    assert [(w.address, w.purpose_words) for w in found] == [
        ("800 555 0111", "Appeals"),
        ("800 555 0122", "Peer-to-peer calls"),
        ("800 555 0133", "Peer-to-peer calls"),
    ]


# -- choosing one -------------------------------------------------------------------------------------------
@pytest.fixture
def nora(climb, sign_in):
    return sign_in("nora")


def test_choosing_fills_a_filing_and_sends_nothing(refused, nora):
    kept = keep(refused, way="portal", where="https://payer.example/appeals")
    level = refused.level(1)
    write(nora, refused, level)
    url = address("level_file", refused.case, level)
    page = nora.get(url)
    assert [w["stands"] for w in page.context["ways"]] == [True, False, False]
    typed_in = filing_form(page, proof_note="Fax report 4711", good_cause="It was lost.")
    chosen = nora.post(url, typed_in | {"use": str(kept.public_id)})
    form = chosen.context["form"]
    assert (chosen.status_code, Filing.objects.count(), form.errors) == (200, 0, {})
    assert (form["channel"].value(), form["address"].value()) == ("portal", "https://payer.example/appeals")
    assert (form["proof_note"].value(), form["good_cause"].value()) == ("Fax report 4711", "It was lost.")
    assert [w["stands"] for w in chosen.context["ways"]] == [False, False, True]
    assert "kept for this payer, checked on March 3, 2026" in words(chosen)
    # The file that is looked at is still the one that is frozen.
    assert form["expected_sha256"].value() == chosen.context["packet"].sha256
    retire_channel(actor=refused.cast.olga, row=kept, at=timezone.now())
    assert nora.post(url, typed_in | {"use": str(kept.public_id)}).status_code == 404
    assert str(kept.address) not in words(nora.get(url))
    # Enter in a field presses the form's own button, not the first way.
    text = page.content.decode()
    assert text.index('class="spoken" type="submit"') < text.index('name="use"')


def test_choosing_fills_a_new_request_and_it_is_kept_with_it(refused, nora):
    kept = keep(refused, purpose="request", where="800 555 0188")
    url = address("request_new", refused.case)
    assert "kept for this payer" in words(nora.get(url))
    before = AuthorizationRequest.objects.count()
    chosen = nora.post(url, request_form(channel="", reference_number="PA-7") | {"use": str(kept.public_id)})
    form = chosen.context["form"]
    assert (chosen.status_code, AuthorizationRequest.objects.count(), form.errors) == (200, before, {})
    assert (form["channel"].value(), form["sent_to"].value(), form["reference_number"].value()) == (
        "fax",
        "800 555 0188",
        "PA-7",
    )
    assert chosen.context["formset"].forms[0]["code"].value() != ""
    sent = nora.post(url, request_form(channel="fax", sent_to="800 555 0188"))
    assert sent.status_code == 302
    made = AuthorizationRequest.objects.latest("pk")
    assert (made.channel, made.sent_to) == ("fax", "800 555 0188")
    assert "800 555 0188" in words(nora.get(sent.url))


def test_choosing_fills_the_page_of_sending(climb, nora):
    kept = keep(climb, purpose="request", way="post", where="PO Box 12, Salem OR")
    benefits_checked(climb.who, climb.case, timezone.now() - timedelta(days=4))
    nora.post(address("request_new", climb.case), request_form(channel="", reference_number="PA-7"))
    made = AuthorizationRequest.objects.get()
    url = address("request_sent", climb.case, made)
    chosen = nora.post(url, {"submitted_at": minutes_ago(5), "use": str(kept.public_id)})
    form = chosen.context["form"]
    assert (chosen.status_code, form.errors) == (200, {})
    assert (form["channel"].value(), form["sent_to"].value()) == ("mail", "PO Box 12, Salem OR")
    data = {"submitted_at": minutes_ago(5), "channel": "mail", "sent_to": form["sent_to"].value()}
    assert nora.post(url, data).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.channel, made.sent_to) == ("submitted", "mail", "PO Box 12, Salem OR")


def test_an_address_left_from_another_channel_gives_way(refused, nora):
    """Post with the fax number of the prefill is refused, and the address that is kept for the post stands there then."""
    level, fax, mail = refused.level(1), "555 010 0199", "PO Box 9, Salem OR"
    write(nora, refused, level)
    url = address("level_file", refused.case, level)
    typed_in = {"channel": "mail", "address": fax, "filed_at": minutes_ago(3)}
    form = nora.post(url, typed_in).context["form"]
    assert (form["address"].value(), "address" in form.errors) == (mail, True)
    own = nora.post(url, typed_in | {"address": "800 555 0000"}).context["form"]
    assert own["address"].value() == "800 555 0000"


def test_choosing_fills_a_call_and_another_contact(refused, nora):
    kept = keep(refused, purpose="records", way="phone", where="800 555 0155")
    mail = keep(refused, purpose="records", way="post", where="PO Box 77")
    url = reverse("cases:call_new", args=[refused.case.public_id])
    before = Communication.objects.count()
    page = nora.get(url)
    assert "800 555 0111" in words(page) and "PO Box 77" not in words(page)
    when = typed(timezone.now() - timedelta(minutes=3))
    typed_in = {"summary": "They will look.", "happened_at": when, "party": "provider", "direction": "out"}
    chosen = nora.post(url, typed_in | {"channel": "fax", "use": str(kept.public_id)})
    form = chosen.context["form"]
    assert (chosen.status_code, Communication.objects.count(), form.errors) == (200, before, {})
    shown = {name: form[name].value() for name in ("channel", "address", "party", "summary")}
    assert shown == {
        "channel": "call",
        "address": "800 555 0155",
        "party": "payer",
        "summary": "They will look.",
    }
    assert nora.post(url, typed_in | shown).status_code == 302
    entry = Communication.objects.latest("pk")
    assert (entry.channel, entry.address, entry.party) == ("call", "800 555 0155", "payer")
    url = reverse("cases:communication_new", args=[refused.case.public_id])
    assert "PO Box 77" in words(nora.get(url)) and "800 555 0155" not in words(nora.get(url))
    chosen = nora.post(url, typed_in | {"channel": "fax", "use": str(mail.public_id)})
    assert (chosen.context["form"]["channel"].value(), chosen.context["form"]["address"].value()) == (
        "mail",
        "PO Box 77",
    )
    assert nora.post(url, typed_in | {"use": "made-up"}).status_code == 404
