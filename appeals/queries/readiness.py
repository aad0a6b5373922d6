"""Whether a request can go out: what is still open, each thing with the page that does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from advocacy.errors import Reason
from advocacy.people.models import Consent
from advocacy.tenancy.kept import KeptRows, kept_rows
from advocacy.tenancy.together import fetched
from appeals.models import AuthorizationRequest, RequestItem
from appeals.queries.lookup import consent_among
from cases import benefits, rules
from cases.models import BenefitAnswer, Case, NetworkCheck, Referral


def no_release(on: date) -> Reason:
    """None stood on the day, whatever was signed since."""
    return Reason(
        "consent_missing",
        f"No consent of the patient to send health information covers {on:%B %-d, %Y}. Record one that does, or say that"
        " the provider sent the request as its own.",
        "sent_by",
    )


@dataclass(frozen=True)
class Lack:
    """Something a request needs before it goes out: the reason, and the page (url name, its ids, a place on it) that mends it.

    What `bars` is no open answer: no reason why it cannot wait lets the request go out without it.
    """

    reason: Reason
    do: str
    url_name: str
    args: tuple[UUID, ...]
    place: str = ""
    bars: bool = False


def release_rows(case: Case) -> dict[str, QuerySet[Any]]:
    """What the patient signed, for `together.fetched`."""
    return {"consents": Consent.objects.filter(patient_id=case.patient_id, revoked_at=None).order_by("id")}


def benefit_rows(case: Case) -> dict[str, QuerySet[Any]]:
    """What the plan said about the case's coverage and provider, for `together.fetched`."""
    about = {"case_id": case.pk, "coverage_id": case.coverage_id}
    return {
        "benefits": BenefitAnswer.objects.filter(**about, superseded_at=None).order_by("id"),
        "networks": NetworkCheck.objects.filter(**about, provider_id=case.provider_id).order_by(
            "-checked_on", "-id"
        )[:1],
        "referrals": Referral.objects.filter(
            case_id=case.pk, to_provider_id=case.provider_id, ended_at=None
        ).order_by("valid_from", "id"),
    }


_STAND_INS = {"case": -7_107, "coverage": -7_108, "provider": -7_109, "patient": -7_110, "request": -7_111}


@cache
def _kept() -> KeptRows:
    """Asked whenever a request goes out: its text is made once."""
    ids = {key: value for key, value in _STAND_INS.items() if key not in ("case", "request")}
    case = Case(pk=_STAND_INS["case"], **{f"{key}_id": value for key, value in ids.items()})
    items = RequestItem.objects.filter(request_id=_STAND_INS["request"]).order_by("position")
    return kept_rows(lambda: benefit_rows(case) | release_rows(case) | {"items": items}, _STAND_INS)


def lacks_of(request: AuthorizationRequest | None, case: Case, on: date) -> tuple[Lack, ...]:
    """What a request lacks that goes out on the day `on` where the patient is; empty when it is ready. One statement.

    None stands for one that is not written yet: what the case itself lacks.
    """
    asked = {
        "case": case.pk,
        "coverage": case.coverage_id,
        "provider": case.provider_id,
        "patient": case.patient_id,
        "request": request.pk if request else 0,
    }
    return tuple(lacks_from(request, case, fetched(_kept().written(asked)), on))


def lacks_from(
    request: AuthorizationRequest | None, case: Case, rows: Mapping[str, list[Any]], on: date
) -> Iterator[Lack]:
    """The same of rows that are loaded: `benefit_rows`, `release_rows`, and the request's `items`."""
    here = (case.public_id,)
    if not consent_among(rows["consents"], Consent.Kind.RELEASE, on):
        yield Lack(no_release(on), "Record it", "people:patient", (case.patient.public_id,), bars=True)
    said = {answer.question: answer.value for answer in rows["benefits"]}
    if purpose := rules.purpose_is_stated(case.purpose):
        yield Lack(
            Reason(purpose.code, "The medical purpose is not stated."), "State it", "cases:case_change", here
        )
    if request is not None and not request.place_of_service:
        yield Lack(
            Reason("place_missing", "The place of service is not chosen."),
            "Choose it",
            "appeals:request_change",
            (case.public_id, request.public_id),
        )
    for question in benefits.open_questions(said):
        yield Lack(
            Reason("benefit_open", f"Not asked yet: {question.words}"),
            "Record the answer",
            "cases:benefits",
            here,
            f"q-{question.key}",
        )
    if said.get("referral") == "yes":
        first, last = service_days(rows["items"], on)
        known = [(r.valid_from, r.valid_until) for r in rows["referrals"]]
        if reason := rules.referral_covers(known, first, last):
            yield Lack(reason, "Record a referral", "cases:referral_new", here)
    checked = rows["networks"][0].checked_on if rows["networks"] else None
    if reason := rules.network_is_verified(checked, on, benefits.window("network_days").days):
        yield Lack(reason, "Record a check", "cases:network_new", here)


def service_days(items: list[Any], on: date) -> tuple[date, date]:
    """The first and the last day of the service; the day `on` where the items name none."""
    starts = [i.starts_on for i in items if i.starts_on]
    ends = [i.ends_on or i.starts_on for i in items if i.ends_on or i.starts_on]
    first = min(starts, default=on)
    return first, max([*ends, first])
