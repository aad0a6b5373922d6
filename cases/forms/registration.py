"""What may be typed at registration: shape only. Whether it is true enough, the commands say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django import forms

from advocacy.access.policy import Actor
from advocacy.access.scopes import GrantScope
from advocacy.inputs import DayField, SectionedForm, lines, one_of, short
from advocacy.people.forms import STATE_CHOICES
from advocacy.people.models import Absence, Membership, Patient
from cases.codes import all_scales
from cases.models import Case, Coverage, FailedTreatment, Payer, Provider
from cases.queries.registration import coverages_of, owners, payers, providers

SCALES = [
    ("", "None"),
    *((s.key, f"{s.label} ({s.low:g} to {s.high:g})") for s in all_scales().values() if s.high),
]


class CodesField(forms.CharField):
    """Several codes in one line, parted by commas or spaces; a list of texts."""

    def to_python(self, value: Any) -> Any:
        return [code for code in re.split(r"[\s,;]+", super().to_python(value) or "") if code]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value


class RowField(forms.ModelChoiceField):
    """One row of the organization, named by its public id. Any other id is no valid choice."""

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, to_field_name="public_id", **kwargs)

    def show(self, rows: Iterable[Any]) -> None:
        """Offer rows that were read already, instead of reading them again; what is posted is looked up as ever."""
        first = [] if self.empty_label is None else [("", self.empty_label)]
        self.choices = [*first, *((str(row.public_id), self.label_from_instance(row)) for row in rows)]


class OwnerField(RowField):
    """A colleague; whoever is away is marked with who covers. `away` are absences by membership."""

    away: Mapping[int, Absence] = MappingProxyType({})

    def label_from_instance(self, obj: Any) -> str:
        name = f"{obj.user} ({obj.team})" if obj.team else str(obj.user)
        absence = self.away.get(obj.pk)
        return f"{name}, {away_words(absence)}" if absence else name


def away_words(absence: Absence) -> str:
    """Until when somebody is away, and who covers."""
    last = absence.until_on
    return f"away until {last:%b} {last.day}: {absence.cover.user} covers"


class CoverageField(RowField):
    def label_from_instance(self, obj: Any) -> str:
        plan = f", {obj.plan_name}" if obj.plan_name else ""
        return f"{obj.payer}{plan}, member id {obj.member_id}"


class CoverageForm(SectionedForm):
    SECTIONS = (
        ("Payer", "Choose from the list, or name a new one.", ("payer", "new_payer")),
        (
            "Plan",
            "As the member card shows it. Who funds the plan decides which rules apply; say “not known” rather than guess.",
            ("plan_name", "member_id", "group_number", "funding", "state_of_issue"),
        ),
        ("Time", "", ("starts_on", "ends_on", "is_primary")),
    )

    payer = RowField(Payer.objects.none(), required=False, empty_label="Choose")
    new_payer = forms.CharField(label="Or a new payer", max_length=120, required=False, widget=short())
    plan_name = forms.CharField(label="Plan", max_length=120, required=False, widget=short())
    member_id = forms.CharField(label="Member id", max_length=60, widget=short(), strip=True)
    group_number = forms.CharField(label="Group number", max_length=60, required=False, widget=short())
    funding = forms.ChoiceField(label="Funding", choices=Coverage.Funding.choices)
    state_of_issue = forms.ChoiceField(
        label="State of issue",
        choices=STATE_CHOICES,
        required=False,
        help_text="Where the policy was issued; often the employer's state.",
    )
    starts_on = DayField(label="Covered from", required=False)
    ends_on = DayField(label="Covered until", required=False)
    is_primary = forms.BooleanField(label="This coverage pays first", required=False, initial=True)
    likeness_seen = forms.BooleanField(label="The member id is right as it is", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, actor: Actor, current: Payer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payer"].queryset = payers(actor, also=current)  # type: ignore[attr-defined]
        one_of(self.fields["payer"], self.fields["new_payer"])

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if "payer" not in self.errors and bool(typed.get("payer")) == bool(
            typed.get("new_payer", "").strip()
        ):
            both = (
                "Choose a payer or name a new one, not both." if typed.get("payer") else "Choose the payer."
            )
            self.add_error("payer", both)
        return typed


class CaseForm(SectionedForm):
    SECTIONS: Sequence[tuple[str, str, Sequence[str]]] = (
        (
            "Treatment",
            "",
            (
                "treatment",
                "purpose",
                "purpose_words",
                "diagnosis_codes",
                "procedure_codes",
                "treatment_note",
                "is_urgent",
            ),
        ),
        ("Coverage", "", ("coverage",)),
        ("Provider", "", ("provider",)),
        (
            "Or a provider who is not in the list",
            "The new entry is kept for later cases.",
            ("new_provider", "new_credentials", "new_npi", "new_fax"),
        ),
        ("Work", "", ("owner",)),
    )

    treatment = forms.ChoiceField(choices=[("", "Choose"), *Case.Treatment.choices])
    purpose = forms.ChoiceField(label="Medical purpose", choices=[("", "Choose"), *Case.Purpose.choices])
    purpose_words = forms.CharField(
        label="The purpose in words",
        max_length=500,
        required=False,
        widget=lines(2),
        help_text="What it is to treat, as the patient or the clinician says it.",
    )
    treatment_note = forms.CharField(
        label="About the treatment", max_length=1000, required=False, widget=lines(2)
    )
    diagnosis_codes = CodesField(
        label="Diagnoses (ICD-10)",
        max_length=120,
        widget=short(),
        help_text="The principal one first, parted by commas: F33.2, F41.1.",
    )
    procedure_codes = CodesField(
        label="Procedures (CPT, HCPCS)",
        max_length=120,
        required=False,
        widget=short(),
        help_text="Parted by commas: 96365, 96366, J3490.",
    )
    is_urgent = forms.BooleanField(label="Urgent: waiting could seriously harm the patient", required=False)
    coverage = CoverageField(Coverage.objects.none(), empty_label=None, widget=forms.RadioSelect)
    provider = RowField(Provider.objects.none(), required=False, empty_label="Choose")
    new_provider = forms.CharField(label="Name", max_length=120, required=False, widget=short())
    new_credentials = forms.CharField(
        label="Credentials", max_length=40, required=False, widget=short(), help_text="Such as MD or NP."
    )
    new_npi = forms.CharField(
        label="NPI", max_length=10, required=False, widget=short(inputmode="numeric"), help_text="Ten digits."
    )
    new_fax = forms.CharField(label="Fax", max_length=40, required=False, widget=short(inputmode="tel"))
    owner = OwnerField(Membership.objects.none(), required=False, empty_label="Nobody yet")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        patient: Patient,
        current: Provider | None = None,
        away: Mapping[int, Absence] = MappingProxyType({}),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        one_of(fields["provider"], fields["new_provider"], fields["new_npi"])
        fields["coverage"].queryset = coverages_of(patient)
        fields["provider"].queryset = providers(actor, also=current)
        if "owner" in fields:
            fields["owner"].away = away
            fields["owner"].queryset = owners(actor)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        named = typed.get("new_provider", "").strip()
        if "provider" not in self.errors and bool(typed.get("provider")) == bool(named):
            both = "Choose a provider or name a new one, not both."
            self.add_error("provider", both if named else "Choose the provider.")
        return typed


class ChangeCaseForm(CaseForm):
    """The owner is changed on a page of its own, by whoever assigns work."""

    SECTIONS = CaseForm.SECTIONS[:-1]
    owner = None  # type: ignore[assignment]  # Django's way to leave a field out


class FailedTreatmentForm(SectionedForm):
    SECTIONS = (
        ("What was tried", "", ("modality", "name", "drug_class", "dose", "dose_unit")),
        (
            "When",
            "Only what is known; the chart or the pharmacy record may tell later.",
            ("started_on", "stopped_on", "weeks_adequate", "adequacy", "in_current_episode"),
        ),
        ("What came of it", "", ("response", "reason_stopped", "reason_detail")),
        ("Measured", "", ("scale", "score_before", "score_after")),
    )

    modality = forms.ChoiceField(label="Kind", choices=FailedTreatment.Modality.choices)
    name = forms.CharField(
        label="Medicine or therapy",
        max_length=80,
        widget=short(),
        help_text="The generic name, such as sertraline.",
    )
    drug_class = forms.CharField(
        label="Class", max_length=60, required=False, widget=short(), help_text="Such as SSRI."
    )
    dose = forms.DecimalField(
        label="Highest dose", max_digits=9, decimal_places=3, min_value=0, required=False
    )
    dose_unit = forms.CharField(
        label="Unit", max_length=16, required=False, widget=short(), help_text="Such as mg/day."
    )
    started_on = DayField(label="First day", required=False)
    stopped_on = DayField(label="Last day", required=False)
    weeks_adequate = forms.IntegerField(
        label="Weeks at an adequate dose",
        min_value=0,
        max_value=2000,
        required=False,
        help_text="At or above the lowest effective dose.",
    )
    adequacy = forms.ChoiceField(
        label="Adequate trial", choices=FailedTreatment.Adequacy.choices, initial="unknown"
    )
    in_current_episode = forms.BooleanField(label="In the current episode", required=False, initial=True)
    response = forms.ChoiceField(choices=FailedTreatment.Response.choices, initial="unknown")
    reason_stopped = forms.ChoiceField(
        label="Why it ended", choices=[("", "Choose"), *FailedTreatment.Stopped.choices]
    )
    reason_detail = forms.CharField(label="In more detail", max_length=1000, required=False, widget=lines(2))
    scale = forms.ChoiceField(choices=SCALES, required=False)
    score_before = forms.DecimalField(label="Score before", max_digits=5, decimal_places=2, required=False)
    score_after = forms.DecimalField(label="Score after", max_digits=5, decimal_places=2, required=False)


class AssignForm(forms.Form):
    """Whom a case goes to. For somebody who is away, whoever covers is proposed first. `away` are absences by membership."""

    owner = OwnerField(Membership.objects.none(), required=False, empty_label="Nobody: back to the queue")
    all_the_same = forms.BooleanField(label="Give it to somebody who is away all the same", required=False)

    def __init__(self, *args: Any, actor: Actor, away: Mapping[int, Absence], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields["owner"]
        pick.away = away
        pick.queryset = owners(actor)
        if not away:
            del self.fields["all_the_same"]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        chosen: Any = self.fields["owner"]
        owner: Any = typed.get("owner")
        absence = chosen.away.get(owner.pk) if owner else None
        if absence is not None and not typed.get("all_the_same"):
            self.add_error(
                "owner",
                f"{owner.user} is {away_words(absence)}. {absence.cover.user} stands in the field now;"
                " or choose again and tick the box below.",
            )
            shown: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sent is a QueryDict
            shown["owner"] = str(absence.cover.public_id)
            self.data = shown
        return typed


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=short(),
        help_text="Kept in the trail: no names, no health details.",
    )


class GrantForm(forms.Form):
    colleague = OwnerField(Membership.objects.none(), empty_label="Choose")
    scope = forms.ChoiceField(
        label="What they may do",
        choices=GrantScope.choices,
        initial=GrantScope.VIEW,
        widget=forms.RadioSelect,
    )
    days = forms.IntegerField(label="For how many days", initial=14, min_value=1, max_value=90)
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=short(),
        help_text="Kept with the access: no names, no health details.",
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["colleague"].queryset = members  # type: ignore[attr-defined]


class SearchForm(forms.Form):
    q = forms.CharField(
        label="Name, member id or reference",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "type": "search"}),
    )
