"""Guided intake: step by step to an open case, left and resumed, declined and taken up again. Nothing typed is lost."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.people.models import Consent, Contact, Patient
from advocacy.tenancy.scope import scoped_to
from cases.commands.intake import STEPS, decline_inquiry, reopen_inquiry, save_step, start_inquiry
from cases.models import Case, Coverage, Inquiry, Payer, Provider, Triage
from tests.cast import NOW, release

PERSON = {
    "given_name": "Robin",
    "family_name": "Achterberg",
    "birth_date": "1990-02-03",
    "language": "en",
    "time_zone": "America/New_York",
    "state": "OR",
    "phone": "503-555-0141",
    "phone_is_safe": "on",
}
WHAT = {
    "treatment": "iv_ketamine",
    "purpose": "condition",
    "purpose_words": "Depression that two medicines did not relieve",
    "diagnosis_codes": "F33.2",
    "procedure_codes": "96365, J3490",
}
COVERAGE = {"new_payer": "Quillback Mutual", "member_id": "QM-77 1", "funding": "insured", "is_primary": "on"}
PROVIDER = {"new_provider": "Ravi Menon", "new_credentials": "MD", "new_npi": "2004100774"}
CONSENT = {
    "release_method": "paper",
    "release_signed_on": "2026-03-01",
    "release_scope": "Records to the plan, for the appeal.",
    "release_expires_event": "the end of the appeal",
}
URGENCY = {"urgency": "urgent", "safety_concern": "unknown"}
ANSWERS = {
    "who": PERSON,
    "what": WHAT,
    "coverage": COVERAGE,
    "provider": PROVIDER,
    "consent": CONSENT,
    "urgency": URGENCY,
}


def at_step(inquiry, step):
    return reverse("cases:inquiry_step", args=[inquiry.public_id, step])


@pytest.fixture
def ines(cast, sign_in):
    return sign_in("ines")


@pytest.fixture
def begun(ines):
    """An inquiry that Ines has just begun."""
    answer = ines.post(reverse("cases:inquiry_new"))
    inquiry = Inquiry.objects.get()
    assert answer.url == at_step(inquiry, "who")
    assert inquiry.reference == "HB-I-0001"
    return inquiry


def answer_all(client, inquiry, **changed):
    for place, step in enumerate(STEPS[:-1]):
        assert client.get(at_step(inquiry, step)).status_code == 200
        sent = client.post(at_step(inquiry, step), ANSWERS[step] | changed.get(step, {}) | {"go": "next"})
        assert sent.status_code == 302, (step, sent.context["form"].errors)
        assert sent.url == at_step(inquiry, STEPS[place + 1])


def test_a_new_person_becomes_an_open_case_only_at_the_end(cast, ines, begun):
    before = (Patient.objects.count(), Case.objects.count(), Payer.objects.count())
    answer_all(ines, begun)
    assert (Patient.objects.count(), Case.objects.count(), Payer.objects.count()) == before
    page = ines.get(at_step(begun, "review"))
    assert page.context["complete"]
    shown = page.content.decode()
    for words in ("Robin", "Achterberg", "Quillback Mutual", "Ravi Menon", "F33.2", "Mar 1, 2026"):
        assert words in shown
    sent = ines.post(at_step(begun, "review"), {"go": "open"})
    case = Case.objects.latest("pk")
    assert sent.url == reverse("appeals:case", args=[case.public_id])
    assert (case.treatment, case.purpose, case.urgency, case.is_urgent) == (
        "iv_ketamine",
        "condition",
        "urgent",
        True,
    )
    assert case.purpose_words == WHAT["purpose_words"]
    assert (case.patient.full_name, case.patient.birth_date) == ("Robin Achterberg", date(1990, 2, 3))
    assert (case.coverage.member_id, case.provider.npi) == ("QM-77 1", "2004100774")
    assert [(c.kind, c.value, c.is_safe) for c in Contact.objects.filter(patient=case.patient)] == [
        ("phone", "503-555-0141", True)
    ]
    assert [c.kind for c in Consent.objects.filter(patient=case.patient)] == ["release"]
    assert Triage.objects.get(case=case).urgency == "urgent"
    begun.refresh_from_db()
    assert (begun.status, begun.case_id, begun.patient_id, begun.answers) == (
        "opened",
        case.pk,
        case.patient_id,
        {},
    )
    assert ines.get(at_step(begun, "who")).url == reverse("cases:inquiry", args=[begun.public_id])


def test_a_registered_person_is_found_and_chosen(cast, ines, begun):
    from advocacy.people.commands import index_patient

    index_patient(cast.case.patient)
    release(cast.case.patient)
    found = ines.post(at_step(begun, "who"), {"go": "find", "q": "Whitlock"}, follow=True)
    assert [p.pk for p in found.context["found"]] == [cast.case.patient_id]
    assert "Whitlock" not in found.redirect_chain[-1][0]
    chosen = ines.post(at_step(begun, "who"), {"go": "next", "patient": str(cast.case.patient.public_id)})
    assert chosen.url == at_step(begun, "what")
    begun.refresh_from_db()
    assert (begun.patient_id, begun.reached) == (cast.case.patient_id, "who")
    ines.post(at_step(begun, "what"), WHAT | {"go": "next"})
    plan = str(cast.case.coverage.public_id)
    assert plan in ines.get(at_step(begun, "coverage")).content.decode()
    ines.post(at_step(begun, "coverage"), {"coverage": plan, "go": "next"})
    ines.post(at_step(begun, "provider"), {"provider": str(cast.case.provider.public_id), "go": "next"})
    assert "What stands already" in ines.get(at_step(begun, "consent")).content.decode()
    ines.post(at_step(begun, "consent"), {"go": "next"})
    ines.post(at_step(begun, "urgency"), URGENCY | {"go": "next"})
    # The same patient has an open case for the same treatment: somebody says that this is another matter.
    page = ines.get(at_step(begun, "review"))
    assert [c.pk for c in page.context["same"]] == [cast.case.pk]
    refused = ines.post(at_step(begun, "review"), {"go": "open"})
    assert refused.status_code == 422
    assert Case.objects.count() == 1
    opened = ines.post(at_step(begun, "review"), {"go": "open", "another_matter": "on"})
    assert opened.status_code == 302
    case = Case.objects.latest("pk")
    assert (case.patient_id, case.coverage_id, case.provider_id) == (
        cast.case.patient_id,
        cast.case.coverage_id,
        cast.case.provider_id,
    )
    assert (Patient.objects.count(), Coverage.objects.count(), Provider.objects.count()) == (1, 1, 1)


def test_somebody_like_a_registered_person_is_shown_first(cast, ines, begun):
    from advocacy.people.commands import index_patient

    index_patient(cast.case.patient)
    alike = PERSON | {"given_name": "Dana", "family_name": "Whitlok", "birth_date": "1984-05-17"}
    shown = ines.post(at_step(begun, "who"), alike | {"go": "next"})
    assert shown.status_code == 422
    assert [a.patient.pk for a in shown.context["alike"]] == [cast.case.patient_id]
    assert 'value="Whitlok"' in shown.content.decode()
    gone_on = ines.post(at_step(begun, "who"), alike | {"go": "next", "duplicates_seen": "on"})
    assert gone_on.url == at_step(begun, "what")


def test_back_and_forth_loses_nothing_whatever_was_typed(ines, begun):
    ines.post(at_step(begun, "who"), PERSON | {"go": "next"})
    half = {"treatment": "esketamine", "diagnosis_codes": "F33"}
    assert ines.post(at_step(begun, "what"), half | {"go": "back"}).url == at_step(begun, "who")
    assert 'value="Achterberg"' in ines.get(at_step(begun, "who")).content.decode()
    again = ines.get(at_step(begun, "what"))
    assert again.context["form"]["diagnosis_codes"].value() == "F33"
    assert again.context["form"].errors == {}
    assert ines.post(at_step(begun, "what"), half | {"go": "to:urgency"}).url == at_step(begun, "urgency")
    assert ines.post(at_step(begun, "what"), half | {"go": "leave"}).url == reverse("cases:intake")
    listed = ines.get(reverse("cases:intake"))
    assert [row.name for row in listed.context["rows"]] == ["Robin Achterberg"]
    resumed = ines.get(reverse("cases:inquiry", args=[begun.public_id]))
    assert at_step(begun, "what") in resumed.content.decode()
    refused = ines.post(at_step(begun, "what"), half | {"go": "next"})
    assert refused.status_code == 422
    begun.refresh_from_db()
    assert (begun.reached, begun.answers["what"]["treatment"]) == ("who", ["esketamine"])


def test_an_expired_session_keeps_the_words(cast, begun):
    client = Client()
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(cast.users["ines"], backend=backend)
    url = at_step(begun, "what")
    client.get(url)
    del client.cookies["sessionid"]
    typed = {"treatment": "iv_ketamine", "purpose_words": "Words that were not sent", "go": "next"}
    sent = client.post(url, typed | {"draft_key": f"path:{url}"})
    assert sent.status_code == 302
    client.force_login(cast.users["ines"], backend=backend)
    page = client.get(url)
    assert "Words that were not sent" in page.content.decode()


def test_outside_the_scope_is_declined_with_a_place_to_turn_to(cast, ines, begun):
    ines.post(at_step(begun, "who"), PERSON | {"go": "next"})
    refused = ines.post(at_step(begun, "what"), WHAT | {"purpose": "recreation", "go": "next"})
    assert refused.status_code == 422
    assert refused.context["outside"]
    url = reverse("cases:inquiry_decline", args=[begun.public_id])
    page = ines.get(url)
    assert page.context["form"].initial == {"because": "purpose"}
    answer = ines.post(url, {"because": "", "referred_to": ""})
    assert answer.status_code == 422
    answer = ines.post(url, {"because": "purpose", "referred_to": "211, and the state's consumer line"})
    assert answer.url == reverse("cases:inquiry", args=[begun.public_id])
    begun.refresh_from_db()
    assert (begun.status, begun.declined_because, begun.referred_to) == (
        "declined",
        "purpose",
        "211, and the state's consumer line",
    )
    assert Patient.objects.count() == 1
    listed = ines.get(reverse("cases:intake") + "?state=declined")
    assert [row.pk for row in listed.context["rows"]] == [begun.pk]
    # Taken up again with everything that was answered.
    answer = ines.post(reverse("cases:inquiry_reopen", args=[begun.public_id]))
    assert answer.status_code == 302
    begun.refresh_from_db()
    assert (begun.status, begun.answers["who"]["family_name"]) == ("open", ["Achterberg"])
    assert "Was declined before" in ines.get(answer.url).content.decode()


def test_a_treatment_that_the_organization_does_not_take_on(cast, ines, begun):
    cast.harbor.treatments_in_scope = ["esketamine"]
    cast.harbor.scope_note = "We help with esketamine only."
    cast.harbor.save(update_fields=["treatments_in_scope", "scope_note"])
    refused = ines.post(at_step(begun, "what"), WHAT | {"go": "next"})
    assert refused.status_code == 422
    assert "We help with esketamine only." in refused.content.decode()
    page = ines.get(reverse("cases:inquiry_decline", args=[begun.public_id]))
    assert page.context["form"].initial == {"because": "treatment"}


def test_what_the_commands_refuse_leads_to_its_step(cast, ines, begun):
    answer_all(ines, begun)
    Provider.objects.create(name="Somebody else", npi="2004100774")
    refused = ines.post(at_step(begun, "review"), {"go": "open"})
    assert refused.status_code == 422
    assert [(r["code"], r["url"]) for r in refused.context["reasons"]] == [
        ("npi_exists", at_step(begun, "provider"))
    ]
    assert (Case.objects.count(), Patient.objects.count()) == (1, 1)
    begun.refresh_from_db()
    assert begun.status == "open"


def test_a_wrong_number_is_said_at_its_step(ines, begun):
    refused = ines.post(at_step(begun, "provider"), PROVIDER | {"new_npi": "2004100775", "go": "next"})
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["new_npi"]


def test_commands_ask_who_and_when(cast):
    with pytest.raises(NotAllowed):
        start_inquiry(actor=cast.clara, at=NOW)
    inquiry = start_inquiry(actor=cast.ines, at=NOW)
    given = {"inquiry": inquiry, "step": "who", "typed": {}, "reached": False, "at": NOW}
    with scoped_to(cast.meadow.pk), pytest.raises(NotFound):
        save_step(actor=cast.mia, **given)
    with pytest.raises(Refused):
        save_step(actor=cast.ines, **given | {"step": "elsewhere"})
    with pytest.raises(WrongState):
        reopen_inquiry(actor=cast.ines, inquiry=inquiry, at=NOW)
    with pytest.raises(Refused) as caught:
        decline_inquiry(actor=cast.ines, inquiry=inquiry, because="whim", referred_to=" ", at=NOW)
    assert [r.code for r in caught.value.reasons] == ["reason_missing", "referral_missing"]
    decline_inquiry(actor=cast.nora, inquiry=inquiry, because="area", referred_to="211", at=NOW)
    with pytest.raises(WrongState):
        save_step(actor=cast.ines, **given)


def test_an_inquiry_about_a_restricted_patient_is_hidden_from_others(cast, sign_in):
    patient = cast.case.patient
    inquiry = start_inquiry(actor=cast.nora, at=NOW)
    save_step(actor=cast.nora, inquiry=inquiry, step="who", typed={}, patient=patient, reached=True, at=NOW)
    Patient.objects.filter(pk=patient.pk).update(is_restricted=True)
    url = reverse("cases:inquiry", args=[inquiry.public_id])
    assert sign_in("nora").get(url).status_code == 200
    assert sign_in("ines").get(url).status_code == 404
    assert sign_in("ines").get(reverse("cases:intake")).context["rows"] == []


def test_who_does_not_open_cases_takes_nothing_in(begun, sign_in):
    assert sign_in("clara").get(reverse("cases:intake")).status_code == 403
    assert sign_in("clara").get(at_step(begun, "who")).status_code == 404
    assert sign_in("clara").post(reverse("cases:inquiry_new")).status_code == 403
    assert sign_in("mia").get(at_step(begun, "who")).status_code == 404


def test_a_member_id_like_a_known_one_is_compared_first(cast, ines, begun):
    from advocacy.people.commands import index_patient, set_numbers

    index_patient(cast.case.patient)
    set_numbers(cast.case.patient, ["TMK 7730 41582 01"])
    slip = COVERAGE | {"member_id": "TMK 7730 41582 07", "go": "next"}
    shown = ines.post(at_step(begun, "coverage"), slip)
    assert shown.status_code == 422
    assert [a.patient.pk for a in shown.context["alike"]] == [cast.case.patient_id]
    assert "Compare the member id with the card" in shown.content.decode()
    assert ines.post(at_step(begun, "coverage"), slip | {"likeness_seen": "on"}).status_code == 302
