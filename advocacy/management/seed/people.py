"""The patients of the demonstration: invented names, languages, and the rules by which each of them may be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

from advocacy.people.commands import ContactInput

PACIFIC, MOUNTAIN, CENTRAL, EASTERN = (
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
)


@dataclass(frozen=True)
class Person:
    """A patient as data. `reach` is a key of WAYS; `years` is the age, so that nobody grows up or old by waiting."""

    given: str
    family: str
    years: int
    reach: str = "message"
    preferred: str = ""
    pronouns: str = ""
    language: str = "en"
    language_note: str = ""
    interpreter: bool = False
    state: str = "OR"
    zone: str = PACIFIC

    @property
    def full_name(self) -> str:
        return f"{self.given} {self.family}"

    def born(self, today: date) -> date:
        """A birthday that is the same for the same name, so many years ago."""
        seed = sum(map(ord, self.full_name))
        return date(today.year - self.years, seed % 12 + 1, seed % 28 + 1)


def _phone(area: int, number: int) -> str:
    """A number of the range that is kept free for stories (555-0100 to 555-0199)."""
    return f"{area}-555-{100 + number % 100:04d}"


def _mail(person: Person) -> str:
    plain = person.given.split()[0].lower().translate(str.maketrans("áéíóúñ", "aeioun"))
    return f"{plain}.{sum(map(ord, person.family)) % 90 + 10}@mailbox.example"


_AREAS = {"OR": 503, "WA": 360, "CA": 530, "ID": 208, "IL": 312, "IN": 219, "WI": 262}


def _message(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [
        ContactInput(
            "phone", _phone(_AREAS[p.state], n), is_safe=True, may_leave_message=True, is_preferred=True
        ),
        ContactInput("email", _mail(p), is_safe=True),
    ], ""


def _no_message(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [
        ContactInput("phone", _phone(_AREAS[p.state], n), is_safe=True, is_preferred=True),
        ContactInput("post", "By post to the address on the member card"),
    ], "Do not leave a message: the voicemail is shared. Call again instead. No letters to the house."


def _evening(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [
        ContactInput(
            "phone",
            _phone(_AREAS[p.state], n),
            is_safe=True,
            may_leave_message=True,
            is_preferred=True,
            from_time=time(17),
            until_time=time(20),
        )
    ], "Works the early shift. Evenings only."


def _text(p: Person, n: int) -> tuple[list[ContactInput], str]:
    number = _phone(_AREAS[p.state], n)
    return [
        ContactInput("text", number, is_safe=True, is_preferred=True),
        ContactInput("phone", number, is_safe=True, from_time=time(10), until_time=time(15)),
    ], "Text first and ask whether a call suits."


def _hidden(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [
        ContactInput("email", _mail(p), is_safe=True, is_preferred=True),
        ContactInput("phone", _phone(_AREAS[p.state], n)),
    ], "A former partner knows the phone number. E-mail only, and never say what it is about in the subject."


def _sister(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [
        ContactInput("phone", _phone(_AREAS[p.state], n), is_safe=True, is_preferred=True),
        ContactInput("phone", _phone(_AREAS[p.state], n + 50), is_safe=True, may_leave_message=True),
    ], "The second number is her sister, who may take messages and help with forms."


def _post(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [
        ContactInput("post", "By post to the address on the member card", is_safe=True, is_preferred=True),
        ContactInput("phone", _phone(_AREAS[p.state], n), is_safe=True, may_leave_message=True),
    ], "Wants everything in writing as well."


def _email(p: Person, n: int) -> tuple[list[ContactInput], str]:
    return [ContactInput("email", _mail(p), is_safe=True, is_preferred=True)], ""


WAYS: dict[str, Callable[[Person, int], tuple[list[ContactInput], str]]] = {
    "message": _message,
    "no_message": _no_message,
    "evening": _evening,
    "text": _text,
    "hidden": _hidden,
    "sister": _sister,
    "post": _post,
    "email": _email,
}


def ways_to_reach(person: Person) -> tuple[list[ContactInput], str]:
    """The contacts of a patient and, in the patient's words, the rules for using them."""
    return WAYS[person.reach](person, sum(map(ord, person.full_name)))
