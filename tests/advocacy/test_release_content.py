"""What a release of health information says, held against 45 CFR 164.508: what lacks is said with its citation, and it allows
nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pypdfium2
import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.disclosures import VERB, Door, Party, Purpose, Recipient, disclose
from advocacy.audit.models import Event
from advocacy.errors import Refused
from advocacy.people import rules
from advocacy.people.commands import own_release, record_consent
from advocacy.people.models import Consent
from advocacy.people.queries import standing_consents
from cases.commands.portal_record import words_to_agree_to

WHOLE = rules.ReleaseContent(
    information="Notes of visits and test results of 2025 and 2026",
    discloser="Cedar Clinic",
    recipients="Blue Summit",
    purpose="At the request of the individual",
    statements=frozenset({"revocation", "conditions", "redisclosure"}),
)


@pytest.mark.parametrize(
    "change, lacks",
    [
        ({}, ()),
        ({"information": " "}, ("information",)),
        ({"discloser": ""}, ("discloser",)),
        ({"recipients": ""}, ("recipients",)),
        ({"purpose": ""}, ("purpose",)),
        ({"by_representative": True}, ("authority",)),
        ({"by_representative": True, "authority": "Guardian by an order of May 2"}, ()),
        ({"statements": frozenset({"conditions"})}, ("revocation", "redisclosure")),
        ({"statements": frozenset({"revocation", "redisclosure"})}, ("conditions",)),
        ({"special": frozenset({"psychotherapy"})}, ()),
        ({"special": frozenset({"part2"})}, ()),
        ({"special": frozenset({"part2", "psychotherapy"})}, ("compound",)),
    ],
)
def test_each_element_of_the_law_is_asked_for(change, lacks):
    assert rules.release_lacks(replace(WHOLE, **change)) == lacks
    assert all("45 CFR 164.508(" in rules.LACKS[code] for code in lacks)


def test_nothing_said_lacks_everything_and_our_own_form_nothing():
    everything = (
        "information", "discloser", "recipients", "purpose", "revocation", "conditions", "redisclosure"
    )  # fmt: skip
    assert rules.release_lacks(rules.ReleaseContent()) == everything
    assert (rules.release_lacks(own_release()), rules.release_lacks(own_release(True))) == ((), ())


def recorded(cast, content=None, **given) -> Consent:
    values = {
        "kind": "release",
        "scope": "everything",
        "method": "paper",
        "expires_event": "the end of the case",
    }
    today = timezone.now().date()
    values |= {"signed_on": today - timedelta(days=2), "at": timezone.now()}
    return record_consent(actor=cast.nora, patient=cast.case.patient, content=content, **values | given)


def sent(cast, *special: str) -> str:
    """Sends something to the plan: "" when it left, else why not."""
    try:
        disclose(
            actor=cast.nora,
            door=Door.FILING,
            purpose=Purpose.APPEAL,
            to=Recipient(Party.PLAN, "Blue Summit"),
            about=cast.case,
            special=special,
            at=timezone.now(),
        )
    except Refused as refused:
        return refused.reasons[0].code
    return ""


@pytest.mark.django_db
def test_one_that_lacks_something_is_kept_and_stands_on_no_day(cast):
    today = timezone.now().date()
    row = recorded(cast, replace(WHOLE, recipients=""))
    assert (row.form, row.lacks, row.stands_on(today), sent(cast)) == (
        "other",
        ["recipients"],
        False,
        "no_basis",
    )
    assert list(standing_consents(cast.case.patient, today)) == []
    whole = recorded(cast, WHOLE)
    assert (whole.lacks, whole.stands_on(today), whole.recipients, sent(cast)) == (
        [],
        True,
        "Blue Summit",
        "",
    )
    assert [c.pk for c in standing_consents(cast.case.patient, today)] == [whole.pk]


@pytest.mark.django_db
def test_special_records_leave_by_a_release_that_names_them(cast):
    recorded(cast)
    assert [sent(cast), sent(cast, "part2"), sent(cast, "psychotherapy")] == [
        "",
        "special_category",
        "special_category",
    ]
    recorded(cast, names_part2=True)
    assert [sent(cast, "part2"), sent(cast, "part2", "psychotherapy")] == ["", "special_category"]
    recorded(cast, replace(WHOLE, special=frozenset({"psychotherapy"})))
    assert sent(cast, "psychotherapy", "part2") == ""


@pytest.mark.django_db
@pytest.mark.parametrize("older", ["plain", "part2"])
def test_the_accounting_names_the_release_that_names_what_left(cast, older):
    day = timezone.now().date()
    days = dict.fromkeys(["plain", "part2"], day - timedelta(days=1)) | {older: day - timedelta(days=3)}
    plain = recorded(cast, signed_on=days["plain"])
    named = recorded(cast, names_part2=True, signed_on=days["part2"])
    assert [sent(cast, "part2"), sent(cast)] == ["", ""]
    acts = Event.objects.filter(verb=VERB).order_by("id")
    assert [act.data["consent"] for act in acts] == [named.pk, (named if older == "plain" else plain).pk]


@pytest.mark.django_db
def test_a_release_of_psychotherapy_notes_is_for_nothing_else(cast):
    recorded(cast, replace(WHOLE, special=frozenset({"psychotherapy"})))
    assert [sent(cast), sent(cast, "psychotherapy")] == ["no_basis", ""]


@pytest.mark.django_db
def test_the_desk_records_another_form_and_is_told_what_it_lacks(cast, sign_in):
    client, patient = sign_in("nora"), cast.case.patient
    page = reverse("people:consent_new", args=[patient.public_id])
    shown = reverse("people:patient", args=[patient.public_id])
    typed = {
        "kind": "release",
        "method": "paper",
        "signed_on": "2026-03-16",
        "expires_event": "the end of the appeal",
        "scope": "Records for the appeal",
        "form": "other",
        "information": "Notes of 2026",
        "discloser": "Cedar Clinic",
        "purpose": "The appeal",
        "statements": ["revocation", "redisclosure"],
        "signed_by": "representative",
    }
    assert client.post(page, typed).headers["Location"] == shown
    text = client.get(shown).content.decode()
    told = [rules.LACKS[code] for code in ("recipients", "authority", "conditions")]
    assert ([lack in text for lack in told], "Not whole: allows nothing" in text) == ([True] * 3, True)
    assert rules.LACKS["purpose"] not in text
    assert "No consent stands" in text
    own = {**typed, "form": "own", "special": ["psychotherapy"]}
    assert client.post(page, own).status_code == 422
    assert client.post(page, own | {"special": ["part2"]}).status_code == 302
    row = Consent.objects.latest("pk")
    assert (row.form, row.special, row.purpose) == ("own", ["part2"], own_release().purpose)
    assert (row.by_representative, row.lacks) == (
        True,
        ["authority"],
    )  # 45 CFR 164.508(c)(1)(vi), on our form too
    assert client.post(page, own | {"special": [], "authority": "Legal guardian"}).status_code == 302
    row = Consent.objects.latest("pk")
    assert (row.by_representative, row.authority, row.lacks) == (True, "Legal guardian", [])
    assert client.post(page, own | {"special": ["part2"], "signed_by": "patient"}).status_code == 302
    row = Consent.objects.latest("pk")
    assert (row.by_representative, row.special, row.lacks) == (False, ["part2"], [])


@pytest.mark.django_db
def test_our_form_says_all_of_it_in_the_patients_language(cast, sign_in):
    client, patient = sign_in("nora"), cast.case.patient
    page = reverse("people:release_form", args=[patient.public_id])

    def words() -> str:
        read = pypdfium2.PdfDocument(client.get(page).content)
        return " ".join(" ".join(sheet.get_textpage().get_text_range() for sheet in read).split())

    english = words()
    assert [part in english for part in ("Dana Whitlock", "Harbor Patient Advocates")] == [True] * 2
    assert "I can take this back on any day" in english
    assert "(42 CFR Part 2)" in english
    patient.language = "es"
    patient.save(update_fields=["language"])
    assert "Puedo retirar esto cualquier día" in words()


@pytest.mark.django_db
def test_the_portals_words_tell_what_the_law_wants_told(cast):
    words = words_to_agree_to("release", cast.harbor)
    for told in ("take this back", "do not have to sign", "pass them on", "for my appeal", "one year"):
        assert told in words
