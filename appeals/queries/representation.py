"""Who may file a level of a case: what its rows tell the rules of appointment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from advocacy.errors import Reason
from advocacy.people.models import Consent
from appeals.facts import History
from appeals.models import Appeal, Filing
from appeals.queries.history import load_history
from appeals.representation import (
    PHYSICIAN,
    WHO,
    Alone,
    Form,
    alone_at,
    appointment_lacks,
    asked_at,
    form_at,
    forms,
    physician_lacks,
)
from appeals.rungs import Rung, rung_at
from cases.models import Case


@dataclass(frozen=True)
class FilerShown:
    """Of one level: the paper it asks for, where that is said, how long it opens appeals, and who needs none."""

    form: str
    citation: str
    confidence: str
    lasts: str
    alone: str


def who_may_not(
    history: History,
    appeal: Appeal,
    appointed: Iterable[Consent],
    on: date,
    *,
    filed_as: str = "",
    field: str = "consent",
) -> Iterator[Reason]:
    """Why this level may not be filed on the day `on` (where the patient lives) by the representative, or with `filed_as`
    "physician" by the treating physician. `appointed` are the patient's appointments."""
    rung = history.rung(appeal)
    if filed_as not in ("", *dict(Filing._meta.get_field("filed_as").flatchoices)):
        yield Reason("filer_unknown", "Choose who files.", "filed_as")
    elif filed_as == PHYSICIAN:
        lacks = physician_lacks(rung, timing=_timing(history, appeal), urgent=appeal.is_expedited)
        yield from [lacks] if lacks else []
    else:
        lacks = appointment_lacks(
            rung,
            appointed,
            on,
            earlier=_earlier(history, appeal),
            alone=alone_of(history, appeal),
            field=field,
        )
        yield from [lacks] if lacks else []


def alone_of(history: History, appeal: Appeal) -> Alone | None:
    """Who files this level without being appointed, if anybody."""
    return alone_at(history.rung(appeal), timing=_timing(history, appeal), urgent=appeal.is_expedited)


def filer_shown(history: History, appeal: Appeal) -> FilerShown:
    """What the page of a level says about who files."""
    rung, alone = history.rung(appeal), alone_of(history, appeal)
    form = form_at(rung)
    rows = asked_at(rung)
    cited = rows if len(rows) < 4 else ()
    lasts = f"It opens new appeals for {form.months} months after it was signed." if form.months else ""
    return FilerShown(
        form.name,
        "; ".join(dict.fromkeys(row.citation for row in cited)),
        _weakest(rung),
        lasts,
        f"{alone.text} ({alone.citation})" if alone else "",
    )


def filer_choices(history: History, appeal: Appeal) -> list[tuple[str, str]]:
    """Who may be chosen as whoever files; one choice alone where everybody has to be appointed."""
    alone = alone_of(history, appeal)
    team = ("representative", "This team, as the patient's representative")
    return [team, (PHYSICIAN, f"{WHO[alone.who].capitalize()}, without appointment")] if alone else [team]


@dataclass(frozen=True)
class FormFilled:
    """The form to have signed, and what it is about (see `appeals.appointment.render_appointment`)."""

    form: Form
    about: Mapping[str, str]


def form_for(case: Case) -> FormFilled:
    """The form that the case asks for: by its newest level, before one by what is known of the coverage."""
    history = load_history(case)
    newest = max(
        history.appeals, key=lambda appeal: (appeal.denial_id, appeal.turn, appeal.position), default=None
    )
    rung = history.rung(newest) if newest else rung_at(history.classification, history.levels, 1)
    denial = next((d for d in reversed(history.denials)), None)
    about = {
        "plan": ", ".join(filter(None, (case.coverage.payer.name, case.coverage.plan_name))),
        "member_id": case.coverage.member_id,
        "service": case.get_treatment_display(),
        "reference": denial.reference_number if denial else "",
    }
    return FormFilled(form_at(rung) if rung else forms()["designation"], about)


def _weakest(rung: Rung) -> str:
    found = {row.confidence for row in asked_at(rung)}
    return next(word for word in ("uncertain", "knowledge", "verified") if word in found)


def _timing(history: History, appeal: Appeal) -> str:
    return str(history.request(history.denial(appeal.denial_id).request_id).timing)


def _earlier(history: History, appeal: Appeal) -> tuple[date, ...]:
    """The days on which the levels before this one were filed."""
    found, before = [], history.previous(appeal)
    while before is not None:
        filing = history.filings.get(before.pk)
        if filing is not None and (day := history.day(filing.filed_at)):
            found.append(day)
        before = history.previous(before)
    return tuple(found)
