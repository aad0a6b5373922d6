"""What may be typed about people: shape only. Whether it is true enough, the commands say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from advocacy.access.roles import ROLES
from advocacy.access.scopes import HELD_BY_MACHINES, SCOPES
from advocacy.inputs import DayField, HourField, SectionedForm, lines, short
from advocacy.people.commands import ContactInput
from advocacy.people.leaving import may_receive
from advocacy.people.models import Consent, Contact, Membership, Patient, SignInProvider, Team
from advocacy.people.places import STATES, TIME_ZONES
from advocacy.people.queries import members_of_organization
from advocacy.people.rules import (
    AUTHORIZATIONS,
    HELPER,
    INSTRUMENTS,
    SPECIAL,
    STATEMENTS,
    ReleaseContent,
)
from advocacy.people.zones import usual_zone, zone_field

ROLE_CHOICES = [(role.value, f"{d.title}: {d.sentence}") for role, d in ROLES.items()]
STATE_CHOICES = [("", "Not known yet"), *((code, f"{name} ({code})") for code, name in STATES.items())]


METHODS: list[Any] = list(Consent._meta.get_field("method").choices or ())


class PatientForm(SectionedForm):
    SECTIONS = (
        (
            "Name",
            "The legal name, as payers have it, and how the patient wants to be spoken to.",
            ("given_name", "family_name", "preferred_name", "pronouns", "birth_date"),
        ),
        ("Language", "", ("language", "language_note", "interpreter_needed")),
        (
            "Place",
            "Days are counted where letters reach the patient.",
            ("state", "time_zone"),
        ),
        ("Safe contact", "", ("safe_contact_note",)),
    )

    given_name = forms.CharField(label="Given name", max_length=100, widget=short())
    family_name = forms.CharField(label="Family name", max_length=100, widget=short())
    preferred_name = forms.CharField(
        label="Preferred name",
        max_length=100,
        required=False,
        widget=short(),
        help_text="Shown instead of the given name.",
    )
    pronouns = forms.CharField(max_length=40, required=False, widget=short())
    birth_date = DayField(label="Birth date")
    language = forms.ChoiceField(choices=Patient.Language.choices)
    language_note = forms.CharField(
        label="About the language",
        max_length=200,
        required=False,
        widget=short(),
        help_text="Which other language, a dialect, or large print.",
    )
    interpreter_needed = forms.BooleanField(label="An interpreter is needed", required=False)
    state = forms.ChoiceField(label="State of residence", choices=STATE_CHOICES, required=False)
    time_zone = forms.ChoiceField(label="Time zone", choices=list(TIME_ZONES.items()))
    safe_contact_note = forms.CharField(
        label="Rules for reaching the patient safely",
        max_length=1000,
        required=False,
        widget=lines(3),
        help_text="In the patient's own words: who must not learn of this, what to say when somebody else answers.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NewPatientForm(PatientForm):
    time_zone = zone_field()
    duplicates_seen = forms.BooleanField(label="This is a different person", required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        usual_zone(self, typed)
        return typed


class ContactForm(forms.Form):
    kind = forms.ChoiceField(label="Way", choices=Contact.Kind.choices, initial=Contact.Kind.PHONE)
    value = forms.CharField(label="Number or address", max_length=300, required=False, widget=short())
    from_time = HourField(label="Not before", required=False)
    until_time = HourField(label="Not after", required=False)
    at_any_hour = forms.BooleanField(
        label="At night too: the patient asked for it",
        required=False,
        help_text="Otherwise nobody is told anything between 9 in the evening and 8 in the morning.",
    )
    is_safe = forms.BooleanField(label="The patient said this way is safe", required=False)
    may_leave_message = forms.BooleanField(label="A message may be left", required=False)
    is_preferred = forms.BooleanField(label="Preferred", required=False)

    def contact(self) -> ContactInput:
        """What was typed, for the command."""
        return ContactInput(**self.cleaned_data)


class _ContactRows(forms.BaseFormSet):
    def filled(self) -> list[ContactForm]:
        """The rows in which something was typed; the spare ones are left out."""
        return [row for row in self.forms if row.has_changed()]


ContactRows: Any = forms.formset_factory(ContactForm, formset=_ContactRows, extra=2, max_num=10)


class ConsentForm(forms.Form):
    kind = forms.ChoiceField(label="What was allowed", choices=[("", "Choose"), *Consent.Kind.choices])
    method = forms.ChoiceField(label="How", choices=[("", "Choose"), *METHODS])
    signed_on = DayField(label="Signed or given on")
    expires_on = DayField(
        label="Expires on", required=False, help_text="A release needs this day, or an event."
    )
    expires_event = forms.CharField(
        label="Or the event it ends with",
        max_length=200,
        required=False,
        help_text="As it was signed, such as: the end of this appeal.",
    )
    scope = forms.CharField(
        label="Scope",
        max_length=1000,
        required=False,
        widget=lines(3),
        help_text="What may be shared, with whom, and why.",
    )
    instrument = forms.ChoiceField(
        label="An appointment: by which paper",
        choices=[("", "Choose"), *((key, words) for key, words in INSTRUMENTS.items() if key != HELPER)],
        required=False,
        help_text="Each kind of coverage asks for its own; the page of a level says which.",
    )
    form = forms.ChoiceField(
        label="A release: on which form",
        choices=[("own", "Our own form"), ("other", "Another form: say below what stands on it")],
        required=False,
        initial="own",
        help_text="Our own says all that the law asks for. Another form is checked against 45 CFR 164.508.",
    )
    information = forms.CharField(
        label="On another form: the information", max_length=600, required=False, widget=lines(2)
    )
    discloser = forms.CharField(label="Who may disclose it", max_length=300, required=False)
    recipients = forms.CharField(
        label="Who may receive it",
        max_length=300,
        required=False,
        help_text="On our own form for sharing the case: the other organization, as it writes its name.",
    )
    purpose = forms.CharField(
        label="What it is for",
        max_length=300,
        required=False,
        help_text="As it stands there; \u201cat my request\u201d is enough.",
    )
    statements = forms.MultipleChoiceField(
        label="What it tells whoever signs",
        choices=list(STATEMENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    special = forms.MultipleChoiceField(
        label="Specially protected records it names",
        choices=list(SPECIAL.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="On our own form: where the patient initialed it. A release of psychotherapy notes stands alone, on a form of"
        " its own.",
    )
    authority = forms.CharField(
        label="Where a representative signed: what lets them",
        max_length=300,
        required=False,
        help_text="Such as: legal guardian, by an order of May 2, 2026. Leave it empty where the patient signed.",
    )
    signed_by = forms.ChoiceField(
        label="Who signed",
        choices=[("patient", "The patient"), ("representative", "A personal representative")],
        required=False,
        initial="patient",
    )
    copy_given = forms.BooleanField(label="Whoever signed has a copy", required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        appoints = typed.get("kind") == Consent.Kind.REPRESENTATION and "instrument" not in self.errors
        if appoints and not typed.get("instrument"):
            self.add_error("instrument", "Say by which paper.")
        if typed.get("form") != "other" and "psychotherapy" in typed.get("special", ()):
            said = (
                "Our own form does not name psychotherapy notes: they need a form that is for nothing else."
            )
            self.add_error("special", said)
        if typed.get("kind") == Consent.Kind.SHARING and not typed.get("recipients", "").strip():
            self.add_error("recipients", "Name the other organization, as it writes its name.")
        return typed

    def recorded(self) -> dict[str, Any]:
        """After validation: what `record_consent` takes. Another form's content is said only of a release."""
        typed = dict(self.cleaned_data)
        told = {
            name: typed.pop(name)
            for name in ("information", "discloser", "recipients", "purpose", "authority")
        }
        form, signed_by = typed.pop("form"), typed.pop("signed_by")
        statements, special = frozenset(typed.pop("statements")), frozenset(typed.pop("special"))
        by = signed_by == "representative"
        if typed["kind"] not in AUTHORIZATIONS or form != "other":
            own = {"names_part2": "part2" in special, "receiving": told["recipients"]}
            return typed | own | {"by_representative": by, "authority": told["authority"]}
        return typed | {
            "content": ReleaseContent(**told, statements=statements, special=special, by_representative=by)
        }


class InvitationForm(forms.Form):
    """Whom to invite, as what, for how long."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(
        max_length=120, required=False, widget=short(), help_text="They can correct it when they accept."
    )
    roles = forms.MultipleChoiceField(choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple)
    team = forms.ModelChoiceField(Team.objects.none(), required=False, to_field_name="public_id")
    last_day = DayField(
        label="Last day",
        required=False,
        help_text="For somebody who stays for a time. After it nothing opens.",
    )

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team: Any = self.fields["team"]
        team.queryset = teams


class MachineForm(forms.Form):
    """What a machine is let in for, as what, and until when."""

    purpose = forms.CharField(
        max_length=60,
        widget=short(),
        help_text="As the trail will name it, such as: Yearly board report. No name of a patient.",
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[
            (scope.value, f"{said.title} ({scope.value}): {said.sentence}") for scope, said in SCOPES.items()
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing else, whatever its roles may do.",
    )
    roles = forms.MultipleChoiceField(
        choices=[(role.value, ROLES[role].title) for role in HELD_BY_MACHINES],
        widget=forms.CheckboxSelectMultiple,
        help_text="They say which rows it reaches. It is on no case's team, so it reaches no restricted case.",
    )
    last_day = DayField(label="Last day", help_text="After it nothing opens. At most a year ahead.")


class ProviderForm(forms.Form):
    """By whom an organization's people are signed in (OpenID Connect)."""

    issuer = forms.CharField(
        max_length=300,
        widget=short(),
        help_text="As the provider writes it, such as https://login.example.org",
    )
    client_id = forms.CharField(label="Client id", max_length=300, widget=short())
    client_secret = forms.CharField(
        label="Client secret",
        max_length=1000,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted, never shown again. Empty leaves the one that is kept.",
    )
    domains = forms.CharField(
        label="E-mail domains",
        max_length=600,
        widget=short(),
        help_text="Of your own, spaces between. Whose address is of another one does not come in.",
    )
    trusts_second_factor = forms.BooleanField(
        label="Its second step counts here",
        required=False,
        help_text="When it says that it asked for one. Otherwise each person is asked for theirs here too.",
    )
    strong_acr = forms.CharField(
        label="Levels that mean a second step",
        max_length=600,
        required=False,
        widget=short(),
        help_text="Values of “acr”, spaces between, when the provider does not say “mfa” in “amr”.",
    )
    is_only_way = forms.BooleanField(
        label="The only way in",
        required=False,
        help_text="Passphrases open nothing of your organization then. Sign in by it once first.",
    )

    @staticmethod
    def of(row: SignInProvider | None) -> dict[str, Any]:
        """What the form begins with; the secret is not among it."""
        if row is None:
            return {}
        return {
            "issuer": row.issuer,
            "client_id": row.client_id,
            "domains": " ".join(row.domains),
            "trusts_second_factor": row.trusts_second_factor,
            "strong_acr": " ".join(row.strong_acr),
            "is_only_way": row.is_only_way,
        }


class AcceptForm(forms.Form):
    """The name and passphrase of a new account."""

    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password1 = forms.CharField(
        label="Passphrase",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Several words that do not belong together are good.",
    )
    password2 = forms.CharField(
        label="Passphrase again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


NOBODY, TEAM, EVERYBODY = "nobody", "team", "everybody"


class LeavingForm(forms.Form):
    """Who takes over what, one choice per kind of thing there is to hand on; `chosen()` says it as members by kind."""

    def __init__(self, *args: Any, things: Any, leaver: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fits: dict[str, dict[str, Membership]] = {}
        self.leaver = leaver
        members = list(members_of_organization())
        for thing in things:
            kind = thing.kind
            if not kind.handed_on or not thing.count:
                continue
            fit = {str(m.public_id): m for m in may_receive(kind, leaver, members)}
            self.fits[kind.key] = fit
            choices = [(key, str(m.user)) for key, m in fit.items()]
            if kind.named:
                choices = [("", "Choose a colleague"), *choices]
            else:
                ways = [(NOBODY, "Nobody: back to the queue")]
                if leaver.team_id and any(m.team_id == leaver.team_id for m in fit.values()):
                    ways.append((TEAM, f"Evenly among the team {leaver.team}"))
                if len(fit) > 1:
                    ways.append((EVERYBODY, f"Evenly among all {len(fit)} colleagues who may"))
                choices = [*ways, *choices]
            self.fields[f"to_{kind.key}"] = forms.ChoiceField(
                label=f"{kind.title} ({thing.count}) go to", choices=choices, required=not kind.named
            )

    def chosen(self) -> dict[str, list[Membership]]:
        """After validation: the receivers by key of the kind, in the order in which they take turns."""
        found: dict[str, list[Membership]] = {}
        for key, fit in self.fits.items():
            value = self.cleaned_data[f"to_{key}"]
            if value == EVERYBODY:
                found[key] = list(fit.values())
            elif value == TEAM:
                found[key] = [m for m in fit.values() if m.team_id == self.leaver.team_id]
            else:
                found[key] = [fit[value]] if value in fit else []
        return found


class AbsenceForm(forms.Form):
    """Who is away, from when until when, and who covers. `members` may be recorded as away, `covers` may cover."""

    member = forms.TypedChoiceField(label="Who is away", coerce=UUID)
    from_on = DayField(label="First day away")
    until_on = DayField(label="Last day away")
    cover = forms.TypedChoiceField(
        label="Who covers",
        coerce=UUID,
        help_text="Sees the dates and tasks on Today, gets the reminders too. Nothing changes hands.",
    )

    def __init__(self, *args: Any, members: Any, covers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        pick["member"].choices = [("", "Choose"), *((str(m.public_id), str(m.user)) for m in members)]
        pick["cover"].choices = [("", "Choose"), *((str(m.public_id), str(m.user)) for m in covers)]


class HoldForm(forms.Form):
    """What is kept, why, and until when."""

    reference = forms.CharField(
        label="Reference of the patient",
        required=False,
        max_length=40,
        widget=short(),
        help_text="Leave it empty for everything the organization holds.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Which matter, and who asked for it.",
    )
    until = DayField(label="Last day", required=False, help_text="Leave it empty: until it is lifted.")


class LiftForm(forms.Form):
    """Why what was held need not be kept any more."""

    reason = forms.CharField(label="Reason", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
