"""Forms of Today's neighbors: the queue's filters, assigning several cases, take action, the trail's filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from advocacy.inputs import DayField, lines
from appeals.queries.queue import DUE, IDLE, OVERDUE, OWNERS, SAFETY, SORT, URGENCY, WORK, Filters
from appeals.queries.standing import stage_choices
from appeals.queries.trail import KINDS
from cases.models import Case
from cases.workflow import CaseStatus

NOBODY = "none"
Choices = Sequence[tuple[str, str]]


def _any(label: str, choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", label), *choices]


class QueueFilters(forms.Form):
    """GET, codes only. `owners` and `payers` are (public id, name); `active` says how many differ from the plain queue's."""

    status = forms.ChoiceField(choices=CaseStatus.choices, required=False)
    stage = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False)
    payer = forms.ChoiceField(required=False)
    due = forms.ChoiceField(label="Our next date", choices=_any("Any date", DUE.items()), required=False)
    overdue = forms.ChoiceField(label="Late side", choices=_any("Either", OVERDUE.items()), required=False)
    treatment = forms.ChoiceField(choices=_any("Any treatment", Case.Treatment.choices), required=False)
    work = forms.ChoiceField(choices=_any("Any work", WORK.items()), required=False)
    idle = forms.ChoiceField(label="Untouched for", choices=_any("Any time", IDLE.items()), required=False)
    urgent = forms.ChoiceField(label="Urgency", choices=_any("Any urgency", URGENCY.items()), required=False)
    safety = forms.ChoiceField(label="Safety", choices=_any("Any answer", SAFETY.items()), required=False)
    sort = forms.ChoiceField(label="Order", choices=_any("By our next date", SORT.items()), required=False)

    def __init__(self, *args: Any, owners: Choices, payers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields
        pick["stage"].choices = _any("Any stage", stage_choices())
        pick["owner"].choices = _any("Anybody", [*OWNERS.items(), *owners])
        pick["payer"].choices = _any("Any payer", payers)

    @property
    def active(self) -> int:
        plain = Filters()
        return sum((self[name].value() or "") != getattr(plain, name) for name in self.fields)


class AssignTo(forms.Form):
    """Whom several cases go to: a member's public id, or nobody."""

    owner = forms.ChoiceField(label="Give to")

    def __init__(self, *args: Any, owners: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields["owner"]
        pick.choices = [("", "Choose a colleague"), *owners, (NOBODY, "Nobody: back to the queue")]


class TakeAction(forms.Form):
    note = forms.CharField(widget=lines(5), required=False, help_text="What happened, what you found.")
    note_for_patient = forms.BooleanField(
        label="The patient may read this note", required=False, help_text="Otherwise it stays inside."
    )
    task_title = forms.CharField(label="Next task", max_length=200, required=False)
    task_due_on = DayField(label="Task due on", required=False)
    wake_on = DayField(
        label="Wake up on",
        required=False,
        help_text="The task sleeps until the morning of this day, and then stands on Today again.",
    )
    owner = forms.ChoiceField(label="Case owner", required=False)

    def __init__(self, *args: Any, owners: Choices | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if owners is None:
            del self.fields["owner"]
            return
        pick: Any = self.fields["owner"]
        pick.choices = [("", "As it is"), *owners, (NOBODY, "Nobody: back to the queue")]


class DayThen(forms.Form):
    """The day whose end is asked about."""

    on = DayField(label="What was known when this day was over", required=False)


class TrailFilters(forms.Form):
    kind = forms.ChoiceField(label="Show", choices=list(KINDS.items()), required=False)
    person = forms.ChoiceField(label="By", required=False)

    def __init__(self, *args: Any, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pick: Any = self.fields["person"]
        pick.choices = _any("Anybody", people)
