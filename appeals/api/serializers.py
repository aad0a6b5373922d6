"""What the API says of a case, field by field: the description in the OpenAPI document, and what the statements are tested by."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from appeals.queries import codes as appeal_codes
from appeals.queries.own_dates import is_own
from cases.api.serializers import ActTold, DocumentTold, Moment, Named, page_fields
from cases.queries import codes


class Owner(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="user", help_text="A colleague's name.")


class PatientTold(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    reference = serializers.CharField(help_text="Shown instead of a name.")
    state = serializers.CharField(help_text="Where the patient lives, two letters.")


class CoverageTold(serializers.Serializer[Any]):
    funding = serializers.ChoiceField(codes.FUNDINGS)
    state_of_issue = serializers.CharField(
        help_text="Where the policy was issued, two letters; may be blank."
    )


class CaseLine(serializers.Serializer[Any]):
    """A case in a list."""

    id = serializers.UUIDField(source="public_id")
    reference = serializers.CharField()
    status = serializers.ChoiceField(codes.STATUSES)
    stage = serializers.CharField(help_text="The code of where the case stands; blank before the first step.")
    treatment = serializers.ChoiceField(codes.TREATMENTS)
    urgency = serializers.ChoiceField(codes.URGENCIES)
    is_urgent = serializers.BooleanField()
    next_date = serializers.DateField(
        source="next_deadline_on",
        allow_null=True,
        help_text="The patient's next date, or the organization's own, earlier one; both stand in the case with their rule.",
    )
    next_date_is_own = serializers.SerializerMethodField(
        help_text="`next_date` is the organization's own, earlier date, and no legal date ends that day."
    )
    opened_at = Moment()
    closed_at = Moment(allow_null=True)
    outcome = serializers.SerializerMethodField(help_text="Why it was closed; null while open.")
    updated_at = Moment(source="last_touched_at", help_text="When somebody last worked on it.")
    diagnosis_codes = serializers.ListField(
        child=serializers.CharField(), help_text="ICD-10-CM, principal first."
    )
    procedure_codes = serializers.ListField(child=serializers.CharField(), help_text="CPT and HCPCS.")
    version = serializers.IntegerField()
    payer = Named(source="coverage.payer")
    coverage = CoverageTold()
    patient = PatientTold()
    owner = Owner(allow_null=True)
    team = Named(allow_null=True)

    def get_next_date_is_own(self, row: Any) -> bool:
        return is_own(row.id, row.next_deadline_on)

    def get_outcome(self, row: Any) -> str | None:
        return row.outcome or None


class _Ruled(serializers.Serializer[Any]):
    """A clock's rule, its source and its arithmetic."""

    title = serializers.CharField()
    side = serializers.ChoiceField(appeal_codes.SIDES)
    regime = serializers.CharField()
    rule = serializers.CharField()
    rule_version = serializers.CharField()
    citation = serializers.CharField()
    confidence = serializers.CharField()
    arithmetic = serializers.ListField(child=serializers.CharField())
    flags = serializers.ListField(child=serializers.CharField())


class DateTold(_Ruled):
    """One clock as computed last, with its rule, its source and its arithmetic."""

    id = serializers.UUIDField(source="public_id")
    clock = serializers.CharField()
    status = serializers.ChoiceField(appeal_codes.CLOCKS)
    due = serializers.DateField(source="due_on", help_text="The headline day.")
    due_at = Moment(allow_null=True, help_text="The moment, where the rule counts hours.")
    deadline = serializers.DateField(source="statutory_on", allow_null=True, help_text="By law.")
    safe_date = serializers.DateField(source="safe_on", allow_null=True)
    stated = serializers.DateField(source="stated_on", allow_null=True, help_text="As the letter says.")
    permissive_deadline = serializers.DateField(source="permissive_on", allow_null=True)
    own_date = serializers.DateField(
        source="own_on", allow_null=True, help_text="The organization's own, earlier day, when it is `due`."
    )
    due_by_law = serializers.DateField(
        source="law_on", allow_null=True, help_text="What `due` is without the organization's own day."
    )
    own_reason = serializers.CharField(help_text="Why the organization works to an earlier day.")
    if_missed = serializers.CharField()
    computed_at = Moment()
    ended_at = Moment(allow_null=True)
    is_courtesy = serializers.BooleanField(help_text="The plan's offer of a call: no legal date.")
    level = serializers.UUIDField(source="appeal.public_id", default=None, allow_null=True)


class RequestTold(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    status = serializers.ChoiceField(appeal_codes.REQUESTS)
    timing = serializers.ChoiceField(appeal_codes.TIMINGS)
    benefit = serializers.ChoiceField(appeal_codes.BENEFITS)
    exception = serializers.ChoiceField(
        appeal_codes.EXCEPTIONS,
        allow_blank=True,
        help_text="For which exception a drug plan is asked. Empty: not known.",
    )
    is_urgent = serializers.BooleanField()
    submitted_at = Moment(allow_null=True)
    received_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)


class DenialTold(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    notice_on = serializers.DateField(allow_null=True)
    received_on = serializers.DateField(allow_null=True)
    stated_deadline_on = serializers.DateField(allow_null=True)
    continuation_stated_on = serializers.DateField(
        allow_null=True, help_text="The day that the letter names to ask by, so that care goes on."
    )
    silent_from = serializers.DateField(
        allow_null=True,
        help_text="No letter came: the plan's silence counts as its answer from this day on, by the rule.",
    )
    confirmed_at = Moment(allow_null=True, help_text="Null: no clock of the patient's runs from it yet.")
    reasons = serializers.SerializerMethodField(help_text="Codes, the primary one first.")

    def get_reasons(self, row: Any) -> list[str]:
        return list(row.reasons.order_by("-is_primary", "pk").values_list("reason", flat=True))


class LevelTold(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    position = serializers.IntegerField(help_text="1 for the first level after the denial.")
    regime = serializers.CharField()
    level = serializers.CharField()
    status = serializers.ChoiceField(appeal_codes.LEVELS)
    is_expedited = serializers.BooleanField()
    opened_at = Moment()
    filed_at = Moment(allow_null=True)
    forwarded_at = Moment(allow_null=True)
    received_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)
    at_once_because = serializers.ChoiceField(
        appeal_codes.AT_ONCE,
        allow_blank=True,
        source="beside_basis",
        help_text="Why it was opened beside a level that was open still; empty for any other level.",
    )
    beside = serializers.UUIDField(
        source="beside.public_id", allow_null=True, help_text="The level beside which it was opened."
    )
    settled_by = serializers.UUIDField(
        source="settled_by.public_id",
        allow_null=True,
        help_text="The level beside it whose decision left nothing to decide here.",
    )
    outcomes = serializers.SerializerMethodField(help_text="What was decided about each item, as codes.")

    plan_had_decision_at = serializers.SerializerMethodField(
        help_text="When the plan had a decision against it; null where nobody recorded that."
    )
    delivered = serializers.SerializerMethodField(
        help_text="What the plan delivered of a decision against it: the place of the item in its request, kind, moment."
    )

    def get_plan_had_decision_at(self, row: Any) -> Any:
        decision = row.decisions.order_by("pk").first()
        return decision.plan_received_at if decision else None

    def get_delivered(self, row: Any) -> list[dict[str, Any]]:
        found = row.effectuations.filter(voided_at=None).select_related("item").order_by("item__position")
        return [{"item": f.item.position, "kind": f.kind, "done_at": f.done_at} for f in found]

    def get_outcomes(self, row: Any) -> list[str]:
        found = [o for d in row.decisions.order_by("pk") for o in d.outcomes.all()]
        return [o.outcome for o in sorted(found, key=lambda o: o.pk)]


class DocumentRequestTold(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    asked = serializers.ChoiceField(appeal_codes.ASKED)
    channel = serializers.ChoiceField(appeal_codes.CHANNELS)
    sent_at = Moment()
    received_at = Moment(allow_null=True)
    extended_on = serializers.DateField(allow_null=True)
    answered_at = Moment(allow_null=True, help_text="When what was asked for came.")
    withdrawn_at = Moment(allow_null=True)


class ReopeningTold(_Ruled):
    """Until when whoever decided last may be asked to take the decision up again. Nobody has to ask, and nobody loses a right by
    not asking: no date to keep, so it is not among `dates`."""

    clock = serializers.CharField(help_text="Always `reopening`.")
    permissive_deadline = serializers.DateField(help_text="The last day on which it may be asked for.")
    level = serializers.UUIDField(
        allow_null=True, help_text="The level that decided last; null where it was the denial."
    )
    denial = serializers.UUIDField(allow_null=True, help_text="The denial, where no level decided.")


class OwedTold(serializers.Serializer[Any]):
    """What was won and is not recorded as delivered, where the law names no number of days: no date follows from it."""

    level = serializers.UUIDField(allow_null=True, help_text="The level that decided it.")
    peer_to_peer = serializers.UUIDField(allow_null=True, help_text="The call in which it was won.")
    at_once = serializers.BooleanField(help_text="The law says immediately, or without delay.")
    since = serializers.DateField(
        help_text="The day on which the plan had the decision, else the day it was decided."
    )
    plan_had_it = serializers.BooleanField(help_text="Whether `since` is the former.")
    items = serializers.ListField(child=serializers.IntegerField(), help_text="Places in the request.")
    text = serializers.CharField(help_text="What the law says; without a rule that nothing is known.")
    citation = serializers.CharField(help_text="Empty where no rule is known.")
    confidence = serializers.CharField()


class MoneyTold(serializers.Serializer[Any]):
    """US dollars. What patients save and what plans pay are never added together."""

    kind = serializers.ChoiceField(codes.MONEY)
    amount = serializers.DecimalField(max_digits=12, decimal_places=2)
    certainty = serializers.ChoiceField(codes.CERTAINTIES)
    recorded_at = Moment()


class Identifiers(serializers.Serializer[Any]):
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    birth_date = serializers.DateField()
    member_id = serializers.CharField()


class CaseWhole(CaseLine):
    """A case with what hangs on it. `events` are the newest fifty; all of them are at /api/v1/events?case=ID."""

    purpose = serializers.SerializerMethodField()
    dates = DateTold(many=True)
    requests = RequestTold(many=True)
    denials = DenialTold(many=True)
    levels = LevelTold(many=True)
    reopenings = ReopeningTold(many=True)
    owed = OwedTold(many=True)
    document_requests = DocumentRequestTold(many=True)
    documents = DocumentTold(many=True)
    money = MoneyTold(many=True)
    events = ActTold(many=True)
    identifiers = Identifiers(
        required=False, allow_null=True, help_text="With the scope identifiers:read only."
    )

    def get_purpose(self, row: Any) -> str | None:
        return row.purpose or None


class CasePage(serializers.Serializer[Any]):
    """A page of the queue."""

    def get_fields(self) -> dict[str, Any]:
        return page_fields(CaseLine) | {"notice": serializers.CharField()}
