"""One case through the installation, as people do it: an organization, a patient, a refusal, an appeal, the portal."""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
import time
from base64 import b32decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from appeals.sample_letters import letter_text, text_as_pdf
from deploy.check.browser import Browser, Unexpected

if TYPE_CHECKING:
    from deploy.check.machine import Installation

PASSPHRASE = "harbors are for small boats"  # noqa: S105  of accounts that live for a minute
FAMILY, GIVEN, MEMBER_ID = "Vantongeren", "Dana", "TMK 7730 41582 01"
NPI = "1245319599"
PATIENT = "dana@mail.example"
TWO_FACTORS = "nia@willow.example"
SAMPLE_DAYS = ("February 27, 2026", "March 9, 2026")


@dataclass
class Walked:
    """What the walk leaves behind, to be looked for again."""

    secret: str = ""
    case: str = ""
    filed: str = ""
    packet: str = ""
    sha256: str = ""
    bytes: bytes = b""
    cookies: dict[str, str] = field(default_factory=dict)


def code_of(secret: str) -> str:
    """What an authenticator shows now (RFC 6238: SHA-1, 30 seconds, six digits)."""
    moment = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(b32decode(secret + "=" * (-len(secret) % 8)), moment, "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def mail_to(place: Installation, address: str, about: str, *, seconds: float = 60) -> str:
    """The text of the newest mail to somebody in which the words `about` stand. Raises Unexpected when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        place.fetch_mails()
        for path in sorted(place.mails.glob("*"), key=lambda p: -p.stat().st_mtime):
            for part in reversed(path.read_bytes().split(b"-" * 79)):
                message = message_from_bytes(part.strip(), policy=policy.default)
                text = str(message.get_content()) if part.strip() else ""  # type: ignore[attr-defined]
                if address in str(message["To"]) and about in text:
                    return text
        time.sleep(0.3)
    raise Unexpected(f"No mail to {address} about {about!r} came within {seconds:.0f} seconds.")


def link_in(mail: str) -> str:
    found = re.search(r"https?://[^/\s]+(/invitation/\S+)", mail)
    if found is None:
        raise Unexpected("The mail holds no link.")
    return found[1]


def until(desk: Browser, fits: Callable[[], bool], what: str, *, seconds: float = 90) -> None:
    """Look again, as a person would, until it is so."""
    end = time.monotonic() + seconds
    while not fits():
        if time.monotonic() > end:
            raise Unexpected(f"{what}: not after {seconds:.0f} seconds.\n{desk.text[:1500]}")
        time.sleep(0.7)
        desk.go(desk.here)


def have(desk: Browser, words: str) -> None:
    if words not in desk.text:
        raise desk.complaint(repr(words))


def accept(place: Installation, mail: str, called: str) -> Browser:
    """The link of a mail: an account, and signed in with it."""
    desk = place.browser()
    desk.go(link_in(mail))
    desk.fill(Your_name=called)
    passwords = [n for n in desk.main.walk() if n.attributes.get("type") == "password"]
    for node in passwords:
        node.attributes["value"] = PASSPHRASE
    desk.press("Accept and make my account")
    return desk


def sign_in(desk: Browser, email: str, secret: str = "") -> None:
    """Through the page, with a one-time code where one is asked for."""
    desk.go("/accounts/login/")
    desk.type("Email", email)
    next(n for n in desk.main.walk() if n.attributes.get("type") == "password").attributes["value"] = (
        PASSPHRASE
    )
    desk.press("")
    for attempt in range(3):  # a code that was used once is refused until the next half minute
        if "/2fa/" not in desk.here:
            break
        if not secret:
            raise desk.complaint("a sign-in without a second factor")
        if attempt:
            time.sleep(30.5 - time.time() % 30)
        code = next(n for n in desk.main.walk() if n.attributes.get("name") == "code")
        code.attributes["value"] = code_of(secret)
        desk.press("", refused=True)
    if "/accounts/" in desk.here:
        raise desk.complaint("the page behind the sign-in")


def second_factor(desk: Browser) -> str:
    """Turn the authenticator on; returns its secret."""
    desk.go("/accounts/2fa/totp/activate/")
    if "reauthenticate" in desk.here:
        next(n for n in desk.main.walk() if n.attributes.get("type") == "password").attributes["value"] = (
            PASSPHRASE
        )
        desk.press("")
    secret = next(n.text for n in desk.main.walk() if n.attributes.get("class") == "secret")
    desk.type("Authenticator code", code_of(secret))
    desk.press("Turn on")
    return secret


def days() -> dict[str, date]:
    """Days in the weeks before today."""
    notice = date.today() - timedelta(days=12)
    return {
        "asked": notice - timedelta(days=10),
        "notice": notice,
        "received": notice + timedelta(days=3),
        "filed": notice + timedelta(days=7),
    }


def letter(when: dict[str, date]) -> bytes:
    """The sample letter of a self-funded plan, for this patient and these days."""
    text = letter_text("erisa_preservice").replace("2004100774", NPI)
    for old, new in zip(SAMPLE_DAYS, (when["asked"], when["notice"]), strict=True):
        text = text.replace(old, f"{new:%B} {new.day}, {new.year}")
    return text_as_pdf(text.replace("WHITLOCK", FAMILY.upper()).replace("Whitlock", FAMILY))


def noon(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, clock(hour))


def organization(place: Installation) -> tuple[Browser, Walked]:
    """From the operator's command to a navigator who signs in with a second factor."""
    place.manage(
        *("create_organization", "willow", "--name", "Willow Access Project", "--prefix", "WL"),
        *("--time-zone", "America/New_York", "--admin-email", "ada@willow.example"),
    )
    ada = accept(place, mail_to(place, "ada@willow.example", "/invitation/"), "Ada Admin")
    ada.go("/admin/invitations/new/")
    if "/2fa/" not in ada.here and "reauthenticate" not in ada.here:
        raise ada.complaint("the page that sets up a second factor")
    second_factor(ada)
    ada.go("/admin/invitations/new/")
    ada.type("E-mail address", TWO_FACTORS)
    ada.tick("Navigator:")
    ada.press("Send invitation")
    ada.go("/admin/cases/payer/add/")
    ada.type("Name", "Tamarack Benefit Administrators")
    ada.press("Save")
    nia = accept(place, mail_to(place, TWO_FACTORS, "/invitation/"), "Nia Navigator")
    secret = second_factor(nia)
    again = place.browser()
    sign_in(again, TWO_FACTORS, secret)
    return again, Walked(secret=secret)


def registered(nia: Browser, when: dict[str, date]) -> None:
    """The patient, coverage, consents, and the open case."""
    nia.follow("New patient")
    nia.fill(Given_name=GIVEN, Family_name=FAMILY, Birth_date=date(1984, 5, 17))
    nia.choose("Time zone", "Eastern")
    nia.choose("State of residence", "Iowa")
    nia.press("Register patient")
    nia.follow("Add coverage")
    nia.choose("Payer", "Tamarack Benefit Administrators")
    nia.fill(Plan="Northgate Precision Tooling Employee Health Plan", Member_id=MEMBER_ID)
    nia.choose("Funding", "Self-funded")
    nia.choose("State of issue", "Iowa")
    nia.press("Add coverage")
    for consent in ("Release of health", "Appointment of representative", "Agreement to be contacted"):
        nia.follow("Record consent")
        nia.choose("What was allowed", consent)
        if consent.startswith("Appointment"):
            nia.choose("An appointment: by which paper", "Designation of an authorized")
        nia.choose("How", "Signed on paper")
        nia.fill(Signed_or_given_on=when["asked"], Expires_on=when["asked"] + timedelta(days=365))
        nia.fill(Scope="Records of the treatment, to and from the plan, for this appeal.")
        nia.press("Record consent")
    nia.follow("Open a case")
    nia.choose("Treatment", "Ketamine, intravenous")
    nia.choose("Medical purpose", "To treat a diagnosed condition")
    nia.fill(Name="Amara Osei", Credentials="MD", Fax="515-555-0190")
    nia.fill(Diagnoses="F33.2", Procedures="96365, 96366, J3490", NPI=NPI)
    nia.press("Open case")


def rules(nia: Browser, case: str) -> None:
    """Which rules apply: a self-funded plan of a private employer."""
    for question, answer, source in (
        ("program", "An employer's", "Member card"),
        ("sponsor", "A private employer", "Member card"),
        ("plan_kind", "None of these", "Member card"),
        ("levels", "One", "Plan document"),
    ):
        nia.go(f"{case}coverage-questions/?question={question}")
        panel = next(n for n in nia.page.walk() if n.attributes.get("id") == f"q-{question}")
        nia.choose("Answer", answer, panel)
        nia.choose("Who or what says so", source, panel)
        nia.press("Record the answer", within=panel)


def benefits(nia: Browser, case: str, at: datetime) -> None:
    """One call with the plan in which everything is asked."""
    nia.go(case)
    nia.follow("Benefit check")
    nia.choose("Where from", "Call with the plan")
    nia.fill(When_they_said_it=at, Who_said_it="Quentin Voss", Reference_number_of_the_call="BV-2231")
    for question, answer in (
        ("Is this treatment covered", "Yes"),
        ("Does the plan want an authorization", "Yes, for all of it"),
        ("Does the plan want a referral", "No"),
        ("Is the provider in the plan's network", "In network"),
    ):
        nia.choose("Answer", answer, nia.region(question))
    for question, words in (
        ("By which criteria", "The plan's policy on interventional psychiatry"),
        ("What is the number of that policy", "BH-114, January 2026"),
    ):
        nia.type("What they said", words, nia.region(question))
    nia.type("US dollars", "350", nia.region("How much of the deductible is left"))
    nia.type("US dollars", "0", nia.region("What is the copay"))
    nia.type("Percent", "20", nia.region("What is the coinsurance"))
    nia.press("Record the answers")


def requested(nia: Browser, case: str, when: dict[str, date]) -> None:
    nia.go(case)
    nia.follow("Record the request")
    nia.choose("Place of service", "11")
    nia.type("Sessions", "6")
    nia.choose("Sent by", "Fax")
    nia.type("Payer's reference number", "PA-26-0309-77142")
    nia.fill(Sent_on=noon(when["asked"], 9), Received_by_the_payer_on=noon(when["asked"], 10))
    nia.press("Save the request")


def refused(nia: Browser, case: str, when: dict[str, date]) -> None:
    """The letter: taken in, read by the worker, confirmed."""
    nia.go(case)
    nia.follow("Record a denial")
    nia.attach("The denial letter", "letter.pdf", letter(when), "application/pdf")
    nia.press("Take the letter in")
    read = "Payer's reference number"
    until(
        nia,
        lambda: nia.field(read).attributes.get("value") == "PA-26-0309-77142",
        "The worker has read the letter",
    )
    if nia.field("Date on the notice").attributes.get("value") != str(when["notice"]):
        raise nia.complaint(f"the date of the letter, {when['notice']}")
    for code in ("96365", "96366", "J3490"):
        nia.tick(code)
    nia.type("Received on", when["received"])
    nia.choose("What proves the receipt", "Certified mail")
    nia.type("Sent on", when["notice"])
    nia.press("Save, and see which clocks start")
    nia.press("Confirm, and start these clocks")


def appealed(nia: Browser, case: str, when: dict[str, date], walked: Walked) -> None:
    """Draft, exhibits, preview, and the file as it is frozen."""
    nia.go(case)
    nia.follow("Internal appeal, first level")
    nia.follow("Write the appeal")
    draft = nia.field("The letter")
    words = "".join(c for c in draft.children if isinstance(c, str))
    nia.type("The letter", re.sub(r"\[\[.*?\]\]", "as the enclosed record shows", words, flags=re.S))
    nia.type("Date of the letter", when["filed"])
    nia.press("Save, and choose the exhibits")
    boxes = [n for n in nia.main.walk() if n.attributes.get("type") == "checkbox"]
    boxes[0].attributes["checked"] = ""
    nia.press("Save, and look at the file")
    promised = re.search(r"SHA-256 ([0-9a-f]{64})", nia.text)
    if promised is None:
        raise nia.complaint("the SHA-256 of what will be filed")
    nia.fill(Sent_on=noon(when["filed"]), Proof_of_sending="Fax report, 14 pages, OK")
    nia.press("File it")
    have(nia, promised[1])
    walked.filed, walked.sha256 = nia.here, promised[1]
    walked.packet = nia.links("Open the file by itself")[0].attributes["href"]
    walked.bytes = packet(nia, walked)


def packet(desk: Browser, walked: Walked) -> bytes:
    """The bytes that were filed, opened through the page. Raises Unexpected unless they are what was promised."""
    if desk.go(walked.packet) != 200 or hashlib.sha256(desk.body).hexdigest() != walked.sha256:
        raise Unexpected(f"The frozen file is not what was filed ({desk.status}, {len(desk.body)} bytes).")
    return desk.body


def portal(place: Installation, nia: Browser, case: str) -> None:
    """The patient is invited, signs in by the code of a mail, and reads where the case stands."""
    nia.go(case)
    nia.go(nia.links("open", nia.region("Patient and care"))[0].attributes["href"])
    nia.follow("Add a contact")
    nia.choose("Way", "E-mail")
    nia.type("Number or address", PATIENT)
    nia.tick("The patient said this way is safe")
    nia.press("Add contact")
    nia.follow("Invite the patient")
    nia.choose("E-mail address", PATIENT)
    nia.press("Send invitation")
    signed_in_by_code(place)


def signed_in_by_code(place: Installation) -> None:
    """The patient asks for a code by the address, types it in and reads where the case stands."""
    dana = place.browser()
    dana.go("/portal/sign-in/")
    dana.type("Your e-mail address", PATIENT)
    dana.press("")
    code = re.search(r"\b\d{4}-\d{4}\b", mail_to(place, PATIENT, "Your sign-in code"))
    typed = next(n for n in dana.main.walk() if n.attributes.get("name") == "code")
    typed.attributes["value"] = code[0] if code else ""
    dana.press("")
    dana.go("/portal/")
    have(dana, "appeal")


def walk(place: Installation) -> Walked:
    """All of it. Raises Unexpected where a page is not as somebody who works here would see it."""
    when = days()
    nia, walked = organization(place)
    registered(nia, when)
    walked.case = case = nia.here.partition("?")[0]
    rules(nia, case)
    benefits(nia, case, noon(when["asked"], 8))
    requested(nia, case, when)
    refused(nia, case, when)
    appealed(nia, case, when, walked)
    walked.cookies = dict(nia.cookies)
    return walked


def found_by_name(desk: Browser) -> None:
    """The search text was rebuilt: the patient is found by name."""
    desk.go("/admin/search/")
    box = next(
        n for n in desk.main.walk() if n.attributes.get("type") in {"search", "text"} and n.tag == "input"
    )
    box.attributes["value"] = FAMILY
    desk.press("Search")
    have(desk, FAMILY)
