"""The authorization request, its items, and what happens to it at the payer."""

from __future__ import annotations

from typing import Any

from django import forms

from appeals.forms.choices import NOT_CHOSEN
from appeals.models import AuthorizationRequest, ClockEvent
from appeals.models.authorization import Channel
from cases.codes import normalized, system_of
from cases.forms.inputs import Choices, DayField, MomentField, PickField, lines
from cases.places import places_of_service

EVIDENCE = "Fax report, portal time stamp, certified mail number, name of the clerk."


def sent_to_field() -> forms.CharField:
    return forms.CharField(
        label="Sent to",
        required=False,
        max_length=500,
        widget=lines(2),
        help_text="The number, address or portal it really goes to.",
    )


def exception_field() -> forms.ChoiceField:
    """For which exception a drug plan is asked: the plan's time runs from the prescriber's statement then."""
    return forms.ChoiceField(
        label="Exception asked of the drug plan",
        choices=[("", "Not known yet"), *AuthorizationRequest.ExceptionAsked.choices],
        required=False,
        help_text=(
            "An exception waits for the prescriber's supporting statement, for 14 days at most. Record when the plan received it."
        ),
    )


class RequestForm(forms.Form):
    timing = forms.ChoiceField(label="The care is", choices=AuthorizationRequest.Timing.choices)
    benefit = forms.ChoiceField(label="Asked under", choices=AuthorizationRequest.Benefit.choices)
    place_of_service = forms.ChoiceField(
        label="Place of service",
        choices=[
            ("", "Not known yet"),
            *((code, f"{code} · {label}") for code, label in places_of_service().items()),
        ],
        required=False,
        help_text="Where the treatment takes place, by the code of the claim.",
    )
    channel = forms.ChoiceField(
        label="Sent by", choices=[("", "Not sent yet"), *Channel.choices], required=False
    )
    sent_to = sent_to_field()
    reference_number = forms.CharField(
        label="Payer's reference number", required=False, max_length=60, help_text="As the payer gave it."
    )
    exception = exception_field()
    is_urgent = forms.BooleanField(label="Urgent: waiting could seriously harm the patient", required=False)
    urgency_certified_by = forms.CharField(
        label="Who certifies the urgency",
        required=False,
        max_length=120,
        help_text="The treating clinician, where possible.",
    )

    def __init__(self, *args: Any, exceptions: bool = False, **kwargs: Any) -> None:
        """`exceptions`: whether a plan may be asked for one under the rules that may apply."""
        super().__init__(*args, **kwargs)
        if not exceptions:
            del self.fields["exception"]


class ExceptionForm(forms.Form):
    exception = exception_field()


def unready_field() -> forms.CharField:
    """Why a request goes out, or went out, while something is open."""
    return forms.CharField(
        label="If something is still open: why it goes out now",
        required=False,
        max_length=500,
        widget=lines(2),
        help_text=(
            "Only for an urgent request, or one that the payer has already: then enter too when it was received."
            " The reason is kept with the request."
        ),
    )


def sender_field() -> forms.TypedChoiceField:
    """Who sent it: what we send needs the patient's release. Left out, it was us."""
    return forms.TypedChoiceField(
        label="Who sent it",
        choices=AuthorizationRequest.Sender.choices,
        required=False,
        empty_value=AuthorizationRequest.Sender.US.value,
        initial=AuthorizationRequest.Sender.US,
        help_text="What we send needs the patient's consent to send health information.",
    )


class NewRequestForm(RequestForm):
    """One form for a request that may already be on its way: what is left empty has not happened yet."""

    submitted_at = MomentField(label="Sent on", required=False)
    sent_by = sender_field()
    received_at = MomentField(
        label="Received by the payer on",
        required=False,
        help_text="The payer's clock runs from here. Leave empty until you know it.",
    )
    evidence = forms.CharField(
        label="What proves the receipt", required=False, max_length=120, help_text=EVIDENCE
    )
    unready_reason = unready_field()


class ItemForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=8,
        help_text="CPT or HCPCS. A drug without a code of its own: J8499 by mouth, J3490 otherwise.",
    )
    units = forms.DecimalField(label="Units", min_value=0, max_digits=9, decimal_places=2)
    sessions = forms.IntegerField(label="Sessions", min_value=1, max_value=999, required=False)
    frequency = forms.CharField(label="How often", required=False, max_length=60)
    starts_on = DayField(label="First day", required=False)
    ends_on = DayField(label="Last day", required=False)

    def clean_code(self) -> str:
        code = normalized(self.cleaned_data["code"])
        if system_of(code) is None and not (len(code) == 5 and code.isalnum()):
            raise forms.ValidationError(
                "A CPT or HCPCS code has five characters, such as 96365 or J3490. For a drug by mouth enter J8499."
            )
        return code


class BaseItems(forms.BaseFormSet):
    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = "Leave this line out"

    def clean(self) -> None:
        kept = [f for f in self.forms if f.has_changed() and not f.cleaned_data.get("DELETE")]
        if not any(self.errors) and not kept:
            raise forms.ValidationError("Add at least one item (code and units) to the request.")


class RowForm(ItemForm):
    """A prefilled row counts as typed: it is part of the request unless it is removed."""

    def has_changed(self) -> bool:
        return super().has_changed() or bool(self.initial.get("code"))


def item_formset(data: Any = None, *, initial: list[dict[str, Any]], spare: int = 1) -> forms.BaseFormSet:
    """Rows for items; `spare` empty ones follow, so that one can be added without script."""
    made = forms.formset_factory(
        RowForm, formset=BaseItems, extra=spare, can_delete=True, max_num=40, validate_max=True
    )
    return made(data, initial=initial, prefix="items")


class SentForm(forms.Form):
    submitted_at = MomentField(label="Sent on")
    channel = forms.ChoiceField(label="Sent by", choices=[NOT_CHOSEN, *Channel.choices])
    sent_to = sent_to_field()
    sent_by = sender_field()
    reference_number = forms.CharField(label="Payer's reference number", required=False, max_length=60)
    received_at = MomentField(
        label="Received by the payer on",
        required=False,
        help_text="Only when you know it. The payer's clock runs from here.",
    )
    unready_reason = unready_field()


class ReceivedForm(forms.Form):
    received_at = MomentField(label="Received by the payer on")
    reference_number = forms.CharField(label="Payer's reference number", required=False, max_length=60)
    evidence = forms.CharField(label="What proves it", required=False, max_length=120, help_text=EVIDENCE)
    sent_by = sender_field()
    unready_reason = unready_field()


class EventForm(forms.Form):
    """Something that moves a clock after it began. When it occurred, was sent and was received are kept apart."""

    kind = forms.ChoiceField(label="What happened")
    occurred_at = MomentField(label="When it happened")
    sent_on = DayField(
        label="Sent on", required=False, help_text="The date on the payer's notice or its postmark."
    )
    received_on = DayField(
        label="Received on", required=False, help_text="When the notice reached the patient or provider."
    )
    respond_by = MomentField(label="Answer asked for by", required=False)
    days = forms.IntegerField(
        label="Days of the extension",
        required=False,
        min_value=1,
        max_value=90,
        help_text="Only when the notice names them. Left empty, the longest the rule allows is counted.",
    )
    note = forms.CharField(label="What was said or asked", required=False, max_length=2000, widget=lines())

    def __init__(self, *args: Any, kinds: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [NOT_CHOSEN, *kinds]  # type: ignore[attr-defined]


REQUEST_EVENTS: Choices = [
    (str(kind), str(kind.label))
    for kind in (
        ClockEvent.Kind.EXTENSION,
        ClockEvent.Kind.INFORMATION_REQUESTED,
        ClockEvent.Kind.INFORMATION_SENT,
        ClockEvent.Kind.SUPPORTING_STATEMENT,
    )
]
APPEAL_EVENTS: Choices = [
    (str(kind), str(kind.label)) for kind in ClockEvent.Kind if kind != ClockEvent.Kind.SUPPORTING_STATEMENT
]


class AuthorizationForm(forms.Form):
    """What the payer allows."""

    number = forms.CharField(label="Authorization number", max_length=60)
    sessions = forms.IntegerField(label="Sessions allowed", min_value=1, max_value=999, required=False)
    units = forms.DecimalField(
        label="Units allowed", min_value=0, max_digits=9, decimal_places=2, required=False
    )
    valid_from = DayField(label="Valid from")
    valid_until = DayField(label="Valid until (included)")


class GrantForm(AuthorizationForm):
    """An authorization with the letter that shows it, where there is one."""

    def __init__(self, *args: Any, documents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"] = PickField(
            label="Approval letter", choices=documents, empty="Not in the documents", required=False
        )


class ApprovalForm(GrantForm):
    decided_at = MomentField(label="Decided on")

    field_order = ["decided_at", "number", "sessions", "units", "valid_from", "valid_until"]


class UnansweredForm(forms.Form):
    """Nothing to type: the answer that never came is recorded by the press of the button."""


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=500, widget=lines(2), help_text="One sentence.")
