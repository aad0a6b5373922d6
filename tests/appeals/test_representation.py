"""Who files for a patient: by which paper under which coverage, for how long, and who needs none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pypdfium2
import pytest
from django.urls import reverse

from advocacy.errors import Refused
from advocacy.people.models import Consent
from advocacy.people.rules import HELPER, INSTRUMENTS
from appeals.models import Filing
from appeals.regimes import book
from appeals.representation import (
    appointment_lacks,
    asked_by_regime,
    form_at,
    forms,
    physician_lacks,
    problems,
)
from appeals.rungs import Rung
from tests.appeals.climbing import ERISA, FEHB, MEDICARE_ADVANTAGE, codes, moment
from tests.appeals.visiting import address, words

pytest_plugins = ("tests.appeals.climbing",)

SIGNED = date(2026, 3, 16)


@dataclass
class Paper:
    instrument: str
    signed_on: date = SIGNED

    def stands_on(self, day: date) -> bool:
        return self.signed_on <= day


def rung(*named: str) -> Rung:
    """The first level of a regime, or of several that may apply, or `regime.level`."""
    levels = []
    for name in named:
        regime, _, key = name.partition(".")
        rows = book().regimes[regime].levels
        levels.append(next((row for row in rows if row.key == key), rows[0]))
    return Rung(1, named[0].partition(".")[0], levels[0].key, levels[0].title, tuple(levels), ())


def test_the_data_holds_together():
    assert list(problems()) == []
    appointing = {key for key, form in forms().items() if form.appoints == "representative"}
    assert appointing | {HELPER} == set(INSTRUMENTS)


@pytest.mark.parametrize(
    ("level", "papers", "on", "code"),
    [
        ("erisa_self_funded", [], "2026-04-10", "representation_missing"),
        ("erisa_self_funded", [Paper("helper")], "2026-04-10", "representation_missing"),
        ("erisa_self_funded", [Paper("words", date(2026, 4, 11))], "2026-04-10", "representation_missing"),
        ("erisa_self_funded", [Paper("words")], "2036-04-10", None),
        ("erisa_self_funded", [Paper("cms_1696")], "2026-04-10", "representation_form"),
        ("medicaid_managed_care", [Paper("words")], "2026-04-10", None),
        ("fehb", [Paper("words")], "2026-04-10", "representation_form"),
        ("fehb", [Paper("words"), Paper("written_consent")], "2026-04-10", None),
        ("medicare_advantage", [Paper("designation")], "2026-04-10", "representation_form"),
        # 42 CFR 405.910(e)(1): one year, the day of signing not counted.
        ("medicare_advantage", [Paper("cms_1696")], "2027-03-16", None),
        ("medicare_advantage", [Paper("cms_1696")], "2027-03-17", "representation_over"),
        ("original_medicare", [Paper("cms_1696", date(2024, 2, 29))], "2025-02-28", None),
        ("original_medicare", [Paper("cms_1696", date(2024, 2, 29))], "2025-03-01", "representation_over"),
        ("medicare_part_d", [Paper("cms_1696"), Paper("cms_1696", date(2027, 3, 1))], "2027-03-17", None),
    ],
)
def test_the_form_fits_and_is_in_force_on_the_day(level, papers, on, code):
    lacks = appointment_lacks(rung(level), papers, date.fromisoformat(on))
    assert (lacks.code if lacks else None) == code


@pytest.mark.parametrize(
    ("first_filed", "code"),
    [("2027-03-16", None), ("2027-03-17", "representation_over"), ("2026-03-15", "representation_over")],
)
def test_it_holds_for_the_life_of_an_appeal_that_it_opened(first_filed, code):
    """42 CFR 405.910(e)(2)."""
    level, late = rung("original_medicare.qic_reconsideration"), date(2027, 9, 1)
    lacks = appointment_lacks(level, [Paper("cms_1696")], late, earlier=[date.fromisoformat(first_filed)])
    assert (lacks.code if lacks else None) == code


def test_while_rules_are_not_settled_any_form_of_theirs_does():
    both = rung("erisa_self_funded", "medicare_advantage")
    assert form_at(both).key == "designation"
    on = date(2026, 4, 10)
    assert [appointment_lacks(both, [Paper(key)], on) for key in ("words", "cms_1696")] == [None, None]
    assert form_at(rung("medicare_advantage", "original_medicare")).key == "cms_1696"


@pytest.mark.parametrize(
    ("level", "timing", "urgent", "may"),
    [
        ("medicare_advantage.plan_reconsideration", "pre_service", False, True),
        ("medicare_advantage.plan_reconsideration", "post_service", False, False),
        ("medicare_advantage.alj_hearing", "pre_service", False, False),
        ("medicare_part_d.plan_redetermination", "post_service", False, True),
        ("medicare_part_d.alj_hearing", "pre_service", True, False),
        ("erisa_self_funded.internal_appeal_1", "pre_service", True, True),
        ("erisa_self_funded.internal_appeal_1", "pre_service", False, False),
        ("erisa_self_funded.external_review", "pre_service", True, False),
        ("medicaid_managed_care.plan_appeal", "pre_service", True, False),
        ("fehb.carrier_reconsideration", "pre_service", True, False),
    ],
)
def test_a_physician_files_without_appointment_where_a_rule_says_so(level, timing, urgent, may):
    lacks = physician_lacks(rung(level), timing=timing, urgent=urgent)
    assert (lacks.code if lacks else None) == (None if may else "physician_not_here")


def test_every_line_has_a_source_and_says_how_sure_it_is():
    rows = [*forms().values(), *asked_by_regime().values()]
    rows += [alone for row in asked_by_regime().values() for alone in row.alone]
    assert [row for row in rows if not (row.citation and row.text and row.confidence)] == []


# -- filing ------------------------------------------------------------------------------------------------
@pytest.fixture
def medicare(climb):
    """A reconsideration before the service, under Medicare Advantage; the patient signed no CMS-1696 yet."""
    climb.answer(MEDICARE_ADVANTAGE)
    Consent.objects.filter(instrument="cms_1696").update(revoked_at=moment("2026-03-17"))
    climb.ask()
    climb.refuse()
    return climb


def test_a_refusal_says_why_and_what_would_allow_it(medicare):
    with pytest.raises(Refused) as caught:
        medicare.file(1, "2026-04-10")
    (reason,) = caught.value.reasons
    assert reason.code == "representation_form"
    assert reason.message == (
        "\u201cOther signed words\u201d, signed Mar 16, 2026, does not appoint anybody here: Appointment of representative"
        " (CMS-1696) does (42 CFR 422.561, 422.578, 422.582). Print it, have it signed, and record it. Or the treating physician"
        " files, without one (42 CFR 422.578, 422.584(a))."
    )
    medicare.consent("representation", instrument="cms_1696", on="2026-04-09")
    assert medicare.file(1, "2026-04-10").filed_as == "representative"


def test_the_treating_physician_files_it_without(medicare):
    assert medicare.file(1, "2026-04-10", filed_as="physician").filed_as == "physician"


def test_no_physician_where_everybody_is_appointed(climb):
    climb.answer(FEHB)
    climb.ask()
    climb.refuse()
    for filed_as, code in (("physician", "physician_not_here"), ("anybody", "filer_unknown")):
        with pytest.raises(Refused) as caught:
            climb.file(1, "2026-04-10", filed_as=filed_as)
        assert codes(caught) == [code]
    assert Filing.objects.count() == 0


def test_letting_somebody_into_the_portal_appoints_nobody_to_appeal(climb):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    Consent.objects.filter(kind="representation").update(instrument=HELPER)
    with pytest.raises(Refused) as caught:
        climb.file(1, "2026-04-10")
    assert codes(caught) == ["representation_missing"]


# -- pages -------------------------------------------------------------------------------------------------
def test_the_page_says_what_lacks_and_offers_who_may_file(medicare, sign_in):
    nora, level = sign_in("nora"), medicare.level(1)
    page = nora.get(address("level", medicare.case, level))
    assert "representation_form" in [reason["code"] for reason in page.context["missing"]]
    assert reverse("appeals:representative_form", args=[medicare.case.public_id]) in page.content.decode()
    assert "Appointment of representative (CMS-1696)" in words(page)
    form = nora.get(address("level_file", medicare.case, level)).context["form"]
    assert [key for key, _words in form.fields["filed_as"].choices] == ["representative", "physician"]


def test_where_everybody_is_appointed_nothing_is_to_choose(climb, sign_in):
    climb.answer(ERISA)
    climb.ask()
    climb.refuse()
    form = sign_in("nora").get(address("level_file", climb.case, climb.level(1))).context["form"]
    assert "filed_as" not in form.fields


def test_the_form_is_filled_in_and_in_the_patients_language(medicare, sign_in):
    nora, case = sign_in("nora"), medicare.case
    page = reverse("appeals:representative_form", args=[case.public_id])

    def read() -> str:
        sheets = pypdfium2.PdfDocument(nora.get(page).content)
        return " ".join(" ".join(sheet.get_textpage().get_text_range() for sheet in sheets).split())

    english = read()
    for said in (
        "Appointment of representative (CMS-1696). 42 CFR 405.910(c)",
        case.patient.full_name,
        case.coverage.member_id,
        case.coverage.payer.name,
        "Harbor Patient Advocates",
        "It opens new appeals for one year",
        "We take on this appointment",
    ):
        assert said in english, said
    case.patient.language = "es"
    case.patient.save(update_fields=["language"])
    spanish = read()
    assert ("Nombro a un representante" in spanish, "Aceptamos este nombramiento" in spanish) == (True, True)


def test_an_appointment_is_recorded_with_its_paper(climb, sign_in):
    nora, patient = sign_in("nora"), climb.case.patient
    page = reverse("people:consent_new", args=[patient.public_id])
    typed = {
        "kind": "representation",
        "method": "paper",
        "signed_on": "2026-03-20",
        "scope": "This appeal",
        "form": "own",
        "signed_by": "patient",
    }
    assert nora.post(page, typed).context["form"].errors.keys() == {"instrument"}
    assert nora.post(page, typed | {"instrument": HELPER}).status_code == 422
    assert nora.post(page, typed | {"instrument": "cms_1696"}).status_code == 302
    row = Consent.objects.latest("pk")
    assert (row.kind, row.instrument) == ("representation", "cms_1696")
    assert row.get_instrument_display() in words(
        nora.get(reverse("people:patient", args=[patient.public_id]))
    )
