"""A refused step is done all the same only where two people agree, once, with a reason; never past what guards the patient."""

from __future__ import annotations

import pytest

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from appeals.commands.decisions import deem_decided
from appeals.commands.overrides import answer_override, ask_override
from appeals.commands.requests import submit_request
from appeals.models import Filing, StepOverride
from appeals.overriding import OVERRIDABLE
from tests.appeals.climbing import ERISA, MEDICAID, codes, moment
from tests.appeals.visiting import address, own_statements, words
from tests.standing import prepared

pytest_plugins = ("tests.appeals.climbing",)


@prepared
def before_filing(climb):
    """The first level of a case of an organization that wants the patient's yes to each letter."""
    climb.answer(ERISA | {"levels": "1"})
    climb.ask()
    climb.refuse()
    climb.cast.harbor.letters_need_patient_approval = True
    climb.cast.harbor.save(update_fields=["letters_need_patient_approval"])
    return climb


@prepared
def silent(climb):
    """A fair hearing that was not decided in time: no rule opens a level by its silence."""
    climb.answer(MEDICAID)
    climb.ask()
    climb.refuse()
    climb.file(1, "2026-04-10")
    climb.decide(1, "2026-04-24", "2026-04-27")
    climb.file(2, "2026-05-08")
    return climb


def ask(climb, step="file_unapproved", level=None, **more):
    return ask_override(
        actor=climb.who,
        step=step,
        **{
            "appeal": level or climb.level(1),
            "reason": "Dana is in hospital; the window ends on Monday.",
            "at": moment("2026-04-10", 10),
        }
        | more,
    )


def allow(climb, override, allowed=True, who=None, **more):
    return answer_override(
        actor=who or climb.cast.sam,
        override=override,
        allowed=allowed,
        **{"note": "Called the ward: she cannot answer.", "at": moment("2026-04-10", 11)} | more,
    )


def test_what_one_asks_and_another_allows_is_done_once_and_kept(before_filing):
    with pytest.raises(Refused) as without:
        before_filing.file(1, "2026-04-10")
    assert codes(without) == ["letter_not_approved"]
    assert "Go past a refusal" in without.value.reasons[0].message
    asked = ask(before_filing)
    with pytest.raises(Refused):
        before_filing.file(1, "2026-04-10")
    allow(before_filing, asked)
    filing = before_filing.file(1, "2026-04-10")
    asked.refresh_from_db()
    assert (asked.answer, asked.used_at, asked.state) == (
        "allowed",
        moment("2026-04-10", 15),
        "Allowed, and done",
    )
    assert filing.unapproved_reason == "Dana is in hospital; the window ends on Monday."
    told = Event.objects.filter(verb__startswith="override_").order_by("id")
    assert list(told.values_list("verb", flat=True)) == [
        "override_asked",
        "override_answered",
        "override_used",
    ]
    users = before_filing.cast.users
    assert (asked.asked_by_id, asked.decided_by_id) == (users["nora"].pk, users["sam"].pk)


def test_nobody_answers_what_they_asked_and_only_a_supervisor_answers(before_filing):
    asked = ask(before_filing)
    with pytest.raises(NotAllowed):
        allow(before_filing, asked, who=before_filing.cast.nora)
    own = ask_override(
        actor=before_filing.cast.sam,
        step="go_on_without_decision",
        appeal=before_filing.level(1),
        reason="It takes too long.",
        at=moment("2026-04-10", 10),
    )
    with pytest.raises(Refused) as alone:
        allow(before_filing, own)
    assert codes(alone) == ["own_override"]
    with pytest.raises(Refused) as wordless:
        allow(before_filing, asked, note=" ")
    assert codes(wordless) == ["reason_missing"]
    allow(before_filing, asked, allowed=False)
    with pytest.raises(WrongState):
        allow(before_filing, asked)
    with pytest.raises(Refused):
        before_filing.file(1, "2026-04-10")
    assert Filing.objects.count() == 0


def test_it_is_asked_with_a_reason_about_a_step_of_the_list_once(before_filing):
    with pytest.raises(Refused) as wordless:
        ask(before_filing, reason="  ")
    assert codes(wordless) == ["reason_missing"]
    for step in ("consent_missing", "window_passed", ""):
        with pytest.raises(Refused) as never:
            ask(before_filing, step=step)
        assert codes(never) == ["step_unknown"]
    with pytest.raises(Refused) as wrong:
        ask(before_filing, step="send_unready")
    assert codes(wrong) == ["subject_missing"]
    ask(before_filing)
    with pytest.raises(Refused) as twice:
        ask(before_filing)
    assert codes(twice) == ["override_stands"]


GUARDS_THE_PATIENT = {
    "consent_missing",
    "window_passed",
    "file_missing",
    "filed_before_denial",
    "in_future",
    "choice_missing",
    "window_open",
    "not_overdue",
    "not_orally",
    "release_missing",
    "letter_missing",
    "letter_gap",
    "exhibit_set_aside",
    "case_closed",
    "care_already_given",
    "not_expedited",
    "other_not_filed",
    "open_already",
    "no_level_to_open",
}


def test_nothing_that_guards_the_patient_can_be_gone_past():
    reach = {code for step in OVERRIDABLE.values() for code in step.codes}
    assert reach & GUARDS_THE_PATIENT == set()
    assert reach == {
        "not_ready",
        "letter_not_approved",
        "silence_opens_nothing",
        "nothing_at_once",
        "urgency_not_certified",
        "waiver_missing",
    }


def test_an_override_goes_past_its_own_reason_and_no_other(before_filing):
    allow(before_filing, ask(before_filing))
    with pytest.raises(Refused) as late:
        before_filing.file(1, "2026-12-01")
    assert codes(late) == ["window_passed"]
    assert StepOverride.objects.get().used_at is None


def test_going_on_without_a_decision_still_waits_for_its_time(silent):
    level = silent.level(2)
    allow(silent, ask(silent, "go_on_without_decision", level))
    with pytest.raises(Refused) as early:
        deem_decided(actor=silent.who, appeal=level, at=moment("2026-05-20"))
    assert codes(early) == ["not_overdue"]
    deem_decided(actor=silent.who, appeal=level, at=moment("2026-12-01"))
    assert StepOverride.objects.get().used_at == moment("2026-12-01")


def test_silence_that_opens_nothing_stays_refused_without_a_second_person(silent):
    with pytest.raises(Refused) as alone:
        deem_decided(actor=silent.who, appeal=silent.level(2), at=moment("2026-12-01"))
    assert codes(alone) == ["silence_opens_nothing"]


def test_a_request_goes_out_with_open_answers_where_two_agree(climb):
    climb.answer(ERISA | {"levels": "1"})
    request = climb.ask(None)

    def send():
        return submit_request(
            actor=climb.who,
            request=request,
            submitted_at=moment("2027-03-18"),
            channel="fax",
            sent_to="555 010 0199",
            at=moment("2027-03-18", 15),
        )

    with pytest.raises(Refused) as open_answers:
        send()
    assert "not_ready" in codes(open_answers)
    asked = ask_override(
        actor=climb.who,
        step="send_unready",
        request=request,
        reason="The plan's line is down; the infusion is on Friday.",
        at=moment("2027-03-18", 9),
    )
    allow(climb, asked, at=moment("2027-03-18", 10))
    assert (send().status, request.unready_reason) == (
        "submitted",
        "The plan's line is down; the infusion is on Friday.",
    )
    asked.refresh_from_db()
    assert asked.used_at == moment("2027-03-18", 15)


# -- on screen ---------------------------------------------------------------------------------------------


def test_a_navigator_asks_and_a_supervisor_allows_on_their_pages(before_filing, sign_in):
    nora = sign_in("nora")
    page = address("overrides", before_filing.case)
    assert f'href="{page}"' in nora.get(address("case", before_filing.case)).content.decode()
    assert len(own_statements(nora, page)) <= 12
    level = before_filing.level(1)
    assert nora.post(page, {"step": "", "reason": ""}).status_code == 422
    asked = nora.post(
        page, {"step": f"file_unapproved:{level.public_id}", "reason": "Dana is in hospital until Monday."}
    )
    assert asked.status_code == 302
    row = StepOverride.objects.get()
    answer = address("override_answer", before_filing.case, row)
    assert f'href="{answer}"' not in nora.get(page).content.decode()
    assert nora.get(answer).status_code == 403
    sam = sign_in("sam")
    assert f'href="{answer}"' in sam.get(page).content.decode()
    assert "Dana is in hospital until Monday." in words(sam.get(answer))
    assert sam.post(answer, {"answer": "allowed", "note": "I called the ward."}).status_code == 302
    nora = sign_in("nora")
    shown = words(nora.get(page))
    assert "Allowed, once" in shown and "I called the ward. Sam" in shown
    assert "Past a refusal" in words(nora.get(address("case", before_filing.case)))
