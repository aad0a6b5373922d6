"""What a person does at the desk, in their words: labels, buttons, links. No test reaches for ids or CSS to act."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any

UPLOADS = {".pdf": "application/pdf"}


@dataclass
class Desk:
    """Somebody at a browser of their own."""

    page: Any
    url: str
    name: str
    complaints: list[str] = field(default_factory=list)
    been: list[str] = field(default_factory=list)
    """Paths of the pages that were opened, in order, each once."""

    def __post_init__(self) -> None:
        self.page.on("framenavigated", self._arrived)
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _arrived(self, frame: Any) -> None:
        path = str(frame.url).removeprefix(self.url).partition("?")[0].partition("#")[0]
        if frame.parent_frame is None and path.startswith("/") and path not in self.been:
            self.been.append(path)

    def _console(self, message: Any) -> None:
        # A refused form answers 422 and a late one 409: the browser notes that, and it is meant.
        if message.type == "error" and not re.search(r"status of (403|404|409|413|422)", message.text):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> int:
        """Open a path or an address; returns the status."""
        answer = self.page.goto(path if path.startswith("http") else self.url + path)
        return int(answer.status)

    @property
    def here(self) -> str:
        """The address without host."""
        return str(self.page.url).removeprefix(self.url)

    @property
    def heading(self) -> str:
        return str(self.page.locator("h1").first.inner_text())

    @property
    def text(self) -> str:
        """The words of the page, as they are shown."""
        return str(self.page.locator("main").inner_text())

    def field(self, label: str) -> Any:
        """The field whose label begins with these words."""
        labelled = self.page.locator("main").get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
        return labelled.and_(self.page.locator("input, select, textarea")).first

    def fill(self, **typed: Any) -> None:
        """By labels, an underscore being a space."""
        for label, value in typed.items():
            self.type(label.replace("_", " "), value)

    def type(self, label: str, value: Any) -> None:
        if isinstance(value, datetime):
            value = value.strftime("%Y-%m-%dT%H:%M")
        elif isinstance(value, date):
            value = value.isoformat()
        self.field(label).fill(str(value))

    def choose(self, label: str, option: str) -> None:
        """An option of a list, by the beginning of its words."""
        control = self.field(label)
        words = [str(t).strip() for t in control.locator("option").all_inner_texts()]
        wanted = next((w for w in words if w == option), None) or next(
            (w for w in words if w.startswith(option)), None
        )
        assert wanted is not None, f"{label}: {option!r} is not among {words}"
        control.select_option(label=wanted)

    def tick(self, label: str) -> None:
        self.field(label).check()

    def upload(self, label: str, filename: str, data: bytes, kind: str = "application/pdf") -> None:
        self.field(label).set_input_files({"name": filename, "mimeType": kind, "buffer": data})

    def press(self, name: str, *, refused: bool = False) -> None:
        """Press a button. Unless a refusal is expected, the page that follows says nothing is wrong."""
        button = self.page.locator("main").get_by_role("button", name=re.compile(rf"^\s*{re.escape(name)}"))
        with self.page.expect_navigation():
            button.first.click()
        problems = self.page.locator("[data-error-summary]")
        if not refused:
            assert problems.count() == 0, f"{name}: {problems.first.inner_text()}"

    def follow(self, name: str, *, within: Any = None) -> None:
        """Follow the first link whose words begin so; what stands behind "More actions" is opened first."""
        place = within or self.page.locator("main")
        link = place.get_by_role("link", name=re.compile(rf"^\s*{re.escape(name)}"))
        more = place.locator("details.more-actions:not([open]) > summary")
        if link.count() == 0 and more.count():
            more.first.click()
        with self.page.expect_navigation():
            link.first.click()

    def reasons(self) -> str:
        """What the summary of a refused form says."""
        return str(self.page.locator("[data-error-summary]").first.inner_text())

    def asked(self, question: str) -> Any:
        """The panel of a question whose words begin so."""
        return self.page.get_by_role("region", name=re.compile(rf"^\s*{re.escape(question)}")).first

    def due(self, label: str) -> Any:
        """The card of a clock whose label begins so."""
        return self.page.get_by_role("region", name=re.compile(rf"^\s*{re.escape(label)}")).first

    def day_of(self, label: str) -> str:
        """The day in front of a clock, as YYYY-MM-DD."""
        return str(self.due(label).locator("time").first.get_attribute("datetime"))

    def until(self, fits: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
        """Look again, as a person would, until it is so."""
        end, pause = time.monotonic() + seconds, 0.5
        while not fits():
            assert time.monotonic() < end, f"{what}: not after {seconds} seconds\n{self.text[:2000]}"
            time.sleep(pause)
            self.page.reload()
            pause = min(2 * pause, 2)  # loading the page takes from what is waited for


NUMBERS = count(int(time.time()) % 100_000)


def spelled_apart(number: int) -> str:
    """Seven digits, the last two a check (ISO 7064, mod 97): no two of them differ by one slip of a finger."""
    number %= 100_000
    return f"{number:05d}{98 - number * 100 % 97:02d}"


def family_name() -> str:
    """A family name that nobody else in the installation has: registering it finds no likely duplicate."""
    letters = "bdfgklmnprstvz"
    number, name = next(NUMBERS) * 7919 + 104_729, ""
    for at in range(6):
        number, left = divmod(number, len(letters))
        name += letters[left] + "aeiou"[(left + at) % 5]
    return name.capitalize()


def register_patient(
    desk: Desk, *, given: str, family: str, born: date, refused: bool = False, **more: str
) -> None:
    """From anywhere: the navigation, the form, the button."""
    desk.follow("New patient", within=desk.page.get_by_role("navigation", name="Desk"))
    desk.fill(Given_name=given, Family_name=family, Birth_date=born)
    for label, value in more.items():
        if label in ("Time_zone", "State_of_residence", "Language"):
            desk.choose(label.replace("_", " "), value)
        else:
            desk.type(label.replace("_", " "), value)
    desk.press("Register patient", refused=refused)


def check_benefits(desk: Desk, *, at: datetime) -> None:
    """On the page of a case: one call with the plan in which everything is asked; nothing is open after it."""
    desk.follow("Benefit check")
    desk.choose("Where from", "Call with the plan")
    desk.fill(When_they_said_it=at, Who_said_it="Quentin Voss", Reference_number_of_the_call="BV-2231")
    for question, answer in (
        ("Is this treatment covered", "Yes"),
        ("Does the plan want an authorization", "Yes, for all of it"),
        ("Does the plan want a referral", "No"),
        ("Is the provider in the plan's network", "In network"),
    ):
        desk.asked(question).get_by_label("Answer").select_option(label=answer)
    for question, words in (
        ("By which criteria", "The plan's policy on interventional psychiatry"),
        ("What is the number of that policy", "BH-114, January 2026"),
    ):
        desk.asked(question).get_by_label("What they said").fill(words)
    desk.asked("How much of the deductible is left").get_by_label("US dollars").fill("350")
    desk.asked("What is the copay").get_by_label("US dollars").fill("0")
    desk.asked("What is the coinsurance").get_by_label("Percent").fill("20")
    desk.press("Record the answers")
    assert "Every needed question about this coverage has an answer." in desk.text


def write_letter(desk: Desk, text: str, *, dated: date | None = None) -> None:
    """On the page of a level: the letter, without exhibits."""
    desk.follow("Write the appeal")
    if not desk.field("To").input_value().strip():
        desk.type("To", "Appeals Unit, P.O. Box 5512, Harlan Falls, IA 50099")
    if dated:
        desk.type("Date of the letter", dated)
    desk.type("The letter", text)
    desk.press("Save the letter")


SENT_TO = {"Fax": "515-555-0142", "Post": "Appeals Unit, P.O. Box 5512, Harlan Falls, IA 50099"}


def file_level(desk: Desk, *, at: datetime, by: str = "Fax") -> None:
    """From the page of a level to the frozen file."""
    desk.follow("Look at the file, and file it")
    desk.choose("Sent by", by)
    desk.fill(Sent_to=SENT_TO.get(by, "appeals.payer.example"), Sent_on=at)
    desk.press("File it")
    assert desk.heading == "What was filed"


def decide_level(
    desk: Desk,
    outcome: str,
    *,
    at: datetime,
    notice: date,
    received: date | None,
    sent: date | None = None,
    stated: date | None = None,
    only: int | None = None,
) -> None:
    """From the page of a level: the same outcome for each item (or for the first `only` ones), and the dates."""
    desk.follow("Record the decision")
    items = desk.page.get_by_role("group", name="What became of each item").locator("select")
    for n in range(items.count()):
        items.nth(n).select_option(label=outcome)
    desk.fill(Decided_on=at, Date_on_the_notice=notice)
    if sent:
        desk.fill(Sent_on=sent)
    if received:
        desk.type("Received by the patient on", received)
        desk.choose("What proves the receipt", "Certified mail")
    if stated:
        desk.type("Deadline the notice states", stated)
    desk.press("Record the decision")


def invite_colleague(desk: Desk, *, email: str, role: str) -> None:
    """As the organization's admin: the invitation goes out by mail."""
    desk.go("/admin/invitations/")
    desk.follow("Invite a colleague")
    desk.type("E-mail address", email)
    desk.tick(f"{role}:")
    desk.press("Send invitation")


def accept_invitation(desk: Desk, mail: str, *, called: str, passphrase: str) -> None:
    """Somebody opens the link of the mail and makes an account; with it they are signed in."""
    link = re.search(r"https?://\S+/invitation/\S+", mail)
    assert link is not None, mail
    assert desk.go(link.group(0)) == 200
    desk.type("Your name", called)
    desk.page.locator("input[type=password]").first.fill(passphrase)
    desk.page.locator("input[type=password]").last.fill(passphrase)
    desk.press("Accept and make my account")


def a_valid_npi(seed: int) -> str:
    """Ten digits whose last is the check digit of the card standard ISO/IEC 7812 over the prefix 80840."""
    body = f"1{seed % 100_000_000:08d}"
    total = 0
    for place, digit in enumerate(reversed("80840" + body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)
