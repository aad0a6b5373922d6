"""A third organization on the running installation: from one command to its first case, with nothing of the seed."""

from __future__ import annotations

import re
import time
from datetime import date

from tests.journeys.acts import (
    NUMBERS,
    a_valid_npi,
    accept_invitation,
    family_name,
    invite_colleague,
    register_patient,
    spelled_apart,
)
from tests.journeys.conftest import mail_to

PASSPHRASE = "harbors are for small boats"
SEEDED = "from tests.journeys.prepared import names_of_harbor; result = names_of_harbor()"


def set_up_step(desk, title):
    """The panel of a step of the checklist."""
    return desk.page.locator("main li.panel").filter(has=desk.page.get_by_role("heading", name=title))


def try_out(desk, title):
    """Press the step's test button; what the panel says then."""
    with desk.page.expect_navigation():
        set_up_step(desk, title).get_by_role("button").click()
    return set_up_step(desk, title).inner_text()


def test_from_nothing_to_the_first_case(at_door, at_desk, served):
    slug = family_name().lower()
    name = f"{slug.capitalize()} Access Project"
    harbor = served.shell(SEEDED)
    begun = time.time() - 1
    said = served.manage(
        "create_organization",
        slug,
        "--name",
        name,
        "--prefix",
        slug[:6].upper(),
        "--time-zone",
        "America/Denver",
        "--admin-email",
        f"ada@{slug}.example",
    )
    assert f"{name} is there." in said

    # The first admin: the link of the mail opens once and leads to the checklist.
    invitation = mail_to(served, f"ada@{slug}.example", since=begun)
    ada = at_door(f"ada@{slug}.example")
    accept_invitation(ada, invitation, called="Ada Admin", passphrase=PASSPHRASE)
    assert ada.here == "/admin/setup/"
    assert "0 of 8 steps are done" in ada.text
    again = at_door("somebody@else.example")
    assert again.go(re.search(r"https?://\S+/invitation/\S+", invitation).group(0)) == 404

    # Nothing is there yet, and each step says so.
    assert "The letterhead has no address." in try_out(ada, "Name and letterhead")
    assert "There is no reply address." in try_out(ada, "Reply address")
    assert "Nobody is a navigator." in try_out(ada, "Members and teams")
    assert "No payer is in the list." in try_out(ada, "Payers and providers")
    assert "No case is open yet." in try_out(ada, "First case")

    set_up_step(ada, "Name and letterhead").get_by_role("link", name="Change the letterhead").click()
    assert ada.field("Name").input_value() == name
    ada.type("Address", "12 Canyon Road\nBoulder, CO 80399")
    ada.fill(Phone="303-555-0101", Reply_address=f"help@{slug}.example")
    ada.press("Save")
    ada.go("/admin/setup/")
    assert "Done" in try_out(ada, "Name and letterhead")
    assert "Done" in try_out(ada, "Reply address")
    assert name in mail_to(served, f"ada@{slug}.example", since=begun)
    letter = ada.page.request.get(f"{served.url}/admin/setup/letter/")
    assert (letter.status, letter.body()[:5]) == (200, b"%PDF-")
    assert "Done" in try_out(ada, "Task templates and letter blocks")
    assert "Done" in try_out(ada, "Document store")
    try_out(ada, "Background work")
    ada.until(lambda: "The last test job ran" in ada.text, "the worker did the test job")

    # A navigator and a supervisor, each by a mail of their own.
    people = {}
    for role, who in (("Navigator", "nia"), ("Supervisor", "sol")):
        address, asked = f"{who}@{slug}.example", time.time() - 1
        invite_colleague(ada, email=address, role=role)
        people[who] = at_door(address)
        accept_invitation(
            people[who],
            mail_to(served, address, since=asked),
            called=f"{who.title()} {slug.title()}",
            passphrase=PASSPHRASE,
        )
        assert people[who].here == "/admin/today/"
    nia, sol = people["nia"], people["sol"]
    assert "Board" in sol.page.get_by_role("navigation", name="Desk").inner_text()
    ada.go("/admin/setup/")
    assert "Done" in try_out(ada, "Members and teams")

    # Whom they write to.
    set_up_step(ada, "Payers and providers").get_by_role("link", name="Payers", exact=True).click()
    ada.page.get_by_role("link", name=re.compile("^Add payer")).first.click()
    ada.type("Name", "Timberline Mutual")
    ada.press("Save")
    ada.go("/admin/cases/provider/add/")
    ada.fill(Name="Amara Osei", Credentials="MD", NPI=a_valid_npi(next(NUMBERS)))
    ada.press("Save")
    ada.go("/admin/setup/")
    assert "Done" in try_out(ada, "Payers and providers")

    # The first patient, and the first case.
    family = family_name()
    register_patient(nia, given="Lena", family=family, born=date(1979, 11, 30), Time_zone="Mountain")
    patient = nia.here
    nia.follow("Add coverage")
    payers = nia.field("Payer").locator("option").all_inner_texts()
    assert [p.strip() for p in payers][1:] == ["Timberline Mutual"]
    nia.choose("Payer", "Timberline Mutual")
    nia.type("Member id", f"TM-{spelled_apart(next(NUMBERS))}")
    nia.press("Add coverage")
    nia.follow("Open a case")
    nia.choose("Treatment", "Ketamine, intravenous")
    nia.choose("Medical purpose", "To treat a diagnosed condition")
    nia.type("Diagnoses", "F33.2")
    nia.choose("Provider", "Amara Osei")
    nia.press("Open case")
    case = nia.here.partition("?")[0]
    assert f"{slug[:6].upper()}-{date.today().year}-0001" in nia.text

    # The admin sees that it is there, and neither whose it is nor the case itself.
    ada.go("/admin/setup/")
    assert "Done" in try_out(ada, "First case")
    assert "Everything is set up." in ada.text
    assert family not in ada.page.content()
    for path in (case, patient):
        assert ada.go(path) in (403, 404)

    # The supervisor sees it and its trail; of Harbor nobody sees anything, and Harbor nothing of them.
    assert sol.go(f"{case}trail/") == 200
    assert "opened the case" in sol.text
    for desk in (nia, sol):
        for page in ("/admin/today/?whose=all", "/admin/queue/", "/admin/intake/", "/admin/"):
            desk.go(page)
            shown = desk.page.content()
            assert [word for word in harbor["names"] if word in shown] == [], (desk.name, page)
        assert [path for path in harbor["addresses"] if desk.go(path) != 404] == []
    nora = at_desk("nora@harbor.example")
    assert [nora.go(path) for path in (case, patient, f"{case}tasks/")] == [404, 404, 404]
    for desk in (ada, nia, sol):
        assert desk.complaints == []
