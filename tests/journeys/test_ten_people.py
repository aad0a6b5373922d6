"""Ten people at one case, in a browser: each does what only they may, and is refused what they may not."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from appeals.sample_letters import text_as_pdf
from tests.journeys.acts import (
    NUMBERS,
    Desk,
    a_valid_npi,
    accept_invitation,
    check_benefits,
    family_name,
    file_level,
    invite_colleague,
    spelled_apart,
    write_letter,
)
from tests.journeys.conftest import Running, mail_to, sign_in
from tests.journeys.story import answer_question, days_of_the_story, letter_of, noon

PASSPHRASE = "harbors are for small boats"
ROW = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
ABOVE_THE_FOLD = {"width": 360, "height": 640}


@dataclass
class Story:
    """What one of them leaves to the next."""

    served: Running
    family: str = field(default_factory=family_name)
    days: dict[str, date] = field(default_factory=days_of_the_story)
    case: str = ""
    patient: str = ""
    level: str = ""
    call: str = ""
    desks: list[Desk] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.npi = a_valid_npi(next(NUMBERS))
        self.member_id = f"TMK 7730 {spelled_apart(next(NUMBERS))} 01"
        self.patient_mail = f"dana.{self.family.lower()}@mailbox.example"
        self.sister_mail = f"rosa.{self.family.lower()}@mailbox.example"

    def here(self, desk: Desk) -> Desk:
        self.desks.append(desk)
        return desk


def test_ten_people_at_one_case(at_desk, at_door, at_phone, served):
    story = Story(served)
    ines = story.here(at_desk("ines@harbor.example"))
    sam = story.here(at_desk("sam@harbor.example"))
    nora = story.here(at_desk("nora@harbor.example"))
    clara = story.here(at_desk("clara@harbor.example"))
    intake_registers(ines, story)
    supervisor_reassigns(sam, nora, story)
    navigator_asks_the_plan(nora, story)
    supervisor_is_reminded_by_mail(sam, story)
    navigator_records_the_denial(nora, story)
    clinician_holds_the_call(clara, story)
    navigator_files(nora, story)
    others_may_not_file(story, ines=ines, clara=clara)
    navigator_invites(nora, story)
    patient_sees_where_it_stands(at_phone, story)
    representative_sees_her_part(at_phone, story)
    supervisor_reads_the_trail(sam, nora, story)
    admin_keeps_the_house(story.here(at_desk("olga@harbor.example")), ines, at_door, story)
    analyst_sees_nobody(story.here(at_desk("anna@harbor.example")), story)
    colleague_sees_one_case(sam, at_desk, story)
    stranger_sees_nothing(at_desk("mia@meadow.example"), story)
    operator_sees_nothing(at_door("operator@platform.example"), story)
    for desk in story.desks:
        assert desk.complaints == [], desk.name


def intake_registers(ines: Desk, story: Story) -> None:
    """Guided intake to an open case, and the benefit check; requests and filings are not hers."""
    ines.go("/admin/intake/")
    ines.press("Take in a new inquiry")
    ines.fill(Given_name="Dana", Family_name=story.family, Birth_date=date(1984, 5, 17))
    ines.choose("Time zone", "Eastern")
    ines.choose("State of residence", "Iowa")
    ines.type("E-mail", story.patient_mail)
    ines.tick("The person said this address is safe")
    ines.press("Save and continue")
    ines.choose("Treatment", "Ketamine, intravenous")
    ines.choose("Medical purpose", "To treat a diagnosed condition")
    ines.fill(Diagnoses="F33.2", Procedures="96365, 96366, J3490")
    ines.press("Save and continue")
    ines.choose("Payer", "Tamarack Benefit Administrators")
    ines.fill(Plan="Northgate Precision Tooling Employee Health Plan", Member_id=story.member_id)
    ines.choose("Funding", "Self-funded")
    ines.choose("State of issue", "Iowa")
    ines.press("Save and continue")
    ines.fill(Name=f"Amara {story.family}", Credentials="MD", NPI=story.npi)
    ines.press("Save and continue")
    for part in ("Release of health information", "Representation"):
        given = ines.page.get_by_role("group", name=part)
        given.get_by_label("How it was given").select_option(label="Signed on paper")
        given.get_by_label("Signed or given on").fill(story.days["asked"].isoformat())
        given.get_by_label("Or the event").fill("The end of this appeal")
        given.get_by_label("Scope").fill("Records of the treatment.")
    given.get_by_label("By which paper").select_option("designation")
    ines.press("Save and continue")
    ines.tick("No, asked")
    ines.choose("Owner", "Nils Okafor")
    ines.press("Save and continue")
    ines.press("Open the case")
    story.case = ines.here.partition("?")[0]
    check_benefits(ines, at=noon(story.days["asked"], 8))
    ines.go(story.case)
    ines.follow("open", within=ines.page.get_by_role("region", name="Patient and care"))
    story.patient = ines.here
    assert story.patient.startswith("/admin/patients/")
    assert ines.go(f"{story.case}requests/new/") == 403
    assert ines.go(f"{story.case}assign/") == 404
    assert ines.go(f"{story.case}trail/") == 403


def supervisor_reassigns(sam: Desk, nora: Desk, story: Story) -> None:
    """From Nils to Nora; only a supervisor does."""
    assert nora.go(f"{story.case}assign/") == 404
    sam.go(f"{story.case}assign/")
    sam.choose("Owner", "Nora Lindgren")
    sam.press("Assign")
    assert "The case is assigned." in sam.text
    assert "Nora Lindgren" in sam.text


def navigator_asks_the_plan(nora: Desk, story: Story) -> None:
    """Which rules apply, and the request, received by the plan some weeks ago."""
    for question, answer, source in (
        ("program", "An employer's", "Member card"),
        ("sponsor", "A private employer", "Member card"),
        ("plan_kind", "None of these", "Member card"),
        ("levels", "One", "Plan document"),
        ("funding", "The employer or trust", "Plan document"),
    ):
        answer_question(nora, f"{story.case}coverage-questions/", question, answer, source)
    nora.go(story.case)
    nora.follow("Record the request")
    nora.choose("Place of service", "11")
    nora.page.get_by_label(re.compile("^Sessions")).first.fill("6")
    nora.choose("Sent by", "Fax")
    nora.type("Payer's reference number", "PA-26-0309-77142")
    asked = story.days["asked"]
    nora.fill(Sent_on=noon(asked, 9), Received_by_the_payer_on=noon(asked, 10))
    nora.press("Save the request")


def supervisor_is_reminded_by_mail(sam: Desk, story: Story) -> None:
    """The plan's fifteen days have passed: the hourly job sends it to whoever works the case, and to the supervisor."""
    begun = time.time() - 1
    story.served.shell(
        "from advocacy.background.queue import run_everywhere; run_everywhere('appeals.remind')"
    )
    mail = mail_to(
        story.served, "sam@harbor.example", since=begun, about=story.case.split("/")[3], seconds=300
    )
    assert story.family not in mail
    link = re.search(r"https?://\S+/admin/cases/\S+", mail)
    assert link is not None
    assert sam.go(link.group(0)) == 200
    assert sam.here.startswith(story.case)


def navigator_records_the_denial(nora: Desk, story: Story) -> None:
    nora.go(story.case)
    nora.follow("Record a denial")
    letter = letter_of(story.family, story.days, story.member_id, story.npi)
    nora.upload("The denial letter", "letter.pdf", text_as_pdf(letter))
    nora.press("Take the letter in")
    nora.until(
        lambda: nora.field("Payer's reference number").input_value() == "PA-26-0309-77142",
        "the letter is read",
    )
    nora.type("Received on", story.days["received"])
    nora.choose("What proves the receipt", "Certified mail")
    nora.type("Sent on", story.days["notice"])
    nora.press("Save, and see which clocks start")
    nora.press("Confirm, and start these clocks")
    nora.go(story.case)
    nora.follow("Internal appeal, first level")
    story.level = nora.here


def clinician_holds_the_call(clara: Desk, story: Story) -> None:
    """She schedules and records the call with the plan's reviewer; the levels are not hers to file."""
    clara.go(story.case)
    clara.page.locator("main").get_by_role("link", name=re.compile("Peer-to-peer", re.I)).first.click()
    story.call = clara.here
    clara.follow("Schedule the call")
    clara.type("The call will be on", noon(story.days["call"], 11))
    clara.press("Schedule it")
    clara.follow("Record the call")
    clara.fill(The_call_was_on=noon(story.days["call"], 11), What_was_said="They want doses and dates.")
    clara.type("Reviewer's name", "Dr. Okeke")
    clara.choose("How it ended", "Denial upheld")
    clara.press("Record the call")
    assert "Dr. Okeke" in clara.text


def navigator_files(nora: Desk, story: Story) -> None:
    nora.go(story.level)
    write_letter(
        nora, "Please reverse the decision: the record shows two adequate trials.", dated=story.days["filed"]
    )
    nora.go(story.level)
    file_level(nora, at=noon(story.days["filed"]))
    assert re.search(r"SHA-256 ?[0-9a-f]{64}", nora.text.replace("\n", " "))


def others_may_not_file(story: Story, *, ines: Desk, clara: Desk) -> None:
    for desk in (ines, clara):
        assert desk.go(f"{story.level}file/") == 403, desk.name
        assert desk.go(f"{story.level}decision/") == 403, desk.name
    assert ines.go(f"{story.call}outcome/") == 403
    assert clara.go("/admin/intake/") == 403
    assert clara.go("/admin/patients/new/") == 403


def navigator_invites(nora: Desk, story: Story) -> None:
    """The patient by the address she called safe, once she agreed to be contacted; her sister to one part."""
    nora.go(story.patient)
    nora.follow("Record consent")
    nora.choose("What was allowed", "Agreement to be contacted")
    nora.choose("How", "Signed on paper")
    nora.fill(Signed_or_given_on=story.days["asked"])
    nora.press("Record consent")
    nora.follow("Invite the patient")
    nora.choose("E-mail address", story.patient_mail)
    nora.press("Send invitation")
    nora.follow("Invite somebody who helps")
    nora.type("Name", "Rosa Helper")
    nora.type("E-mail address", story.sister_mail)
    nora.tick("Where the case stands")
    nora.type("Last day", date.today() + timedelta(days=60))
    nora.type("What shows that they may act", "Signed appointment, original in the safe.")
    nora.press("Send invitation")
    assert "Rosa Helper" in nora.text


def patient_sees_where_it_stands(at_phone: Any, story: Story) -> None:
    """One sentence, what happens next and by when, above the fold of a small phone; her record is hers."""
    dana = story.here(at_phone(story.patient_mail))
    dana.page.set_viewport_size(ABOVE_THE_FOLD)
    assert dana.go("/portal/") == 200
    status = dana.page.locator("section.portal-status")
    after = status.locator(".portal-status__next")
    box = after.bounding_box()
    assert box["y"] + box["height"] <= ABOVE_THE_FOLD["height"]
    decision = story.days["filed"] + timedelta(days=30)
    assert f"{decision:%B} {decision.day}" in status.inner_text()
    assert dana.page.evaluate("document.documentElement.scrollWidth") <= ABOVE_THE_FOLD["width"]
    assert dana.go("/portal/record/") == 200
    assert dana.go("/portal/record/who-looked/") == 200
    assert "Nora Lindgren" in dana.text
    assert dana.go("/portal/record/helpers/") == 200
    assert "Rosa Helper" in dana.text
    dana.go(story.case)  # a patient is nobody at the desk
    assert "/accounts/login/" in dana.page.url


def representative_sees_her_part(at_phone: Any, story: Story) -> None:
    """Where the case stands, and nothing of the record."""
    rosa = story.here(at_phone(story.sister_mail))
    assert rosa.go("/portal/") == 200
    assert rosa.page.locator("section.portal-status").count() == 1
    pages = rosa.page.locator("a[href^='/portal/record']")
    assert pages.count() == 0
    for path in (
        "record/",
        "record/who-looked/",
        "record/helpers/",
        "record/consents/",
        "record/everything.zip",
    ):
        answer = rosa.page.request.get(f"{story.served.url}/portal/{path}")
        assert answer.status == 404, path


def supervisor_reads_the_trail(sam: Desk, nora: Desk, story: Story) -> None:
    assert nora.go(f"{story.case}trail/") == 403
    assert sam.go(f"{story.case}trail/") == 200
    wanted = {"filed the appeal", "recorded a peer-to-peer call", "assigned the case", "opened the case"}
    for _page in range(30):
        wanted = {said for said in wanted if said not in sam.text}
        if not wanted:
            return
        sam.follow("Older")
    assert wanted == set()


def admin_keeps_the_house(olga: Desk, ines: Desk, at_door: Any, story: Story) -> None:
    """A member invited, given another role, and ended; a payer retired. No person is shown to her."""
    address, begun = f"wim.{story.family.lower()}@harbor.example", time.time() - 1
    wim_name = f"Wim {story.family}son"
    invite_colleague(olga, email=address, role="Intake")
    wim = story.here(at_door(address))
    accept_invitation(
        wim, mail_to(story.served, address, since=begun), called=wim_name, passphrase=PASSPHRASE
    )
    assert wim.go(story.case) == 200
    assert wim.go(f"{story.case}requests/new/") == 403

    olga.go("/admin/people/membership/")
    olga.follow(wim_name)
    olga.field("Intake:").uncheck()
    olga.tick("Navigator:")
    olga.press("Save")
    assert wim.go(f"{story.case}requests/new/") == 200

    olga.go("/admin/people/membership/")
    olga.follow("Leaving", within=olga.page.get_by_role("row", name=re.compile(wim_name)))
    olga.press("See what will happen")
    olga.press("End membership")
    wim.go(story.case)
    assert wim.heading != "" and story.family not in wim.page.content().replace(wim_name, "")

    # A look-up: there to be chosen, retired, and gone from the choices; never deleted.
    payer = f"Quarry {story.family} Mutual"
    olga.go("/admin/cases/payer/add/")
    olga.type("Name", payer)
    olga.press("Save")
    choices = f"/admin/coverages/new/{story.patient.strip('/').split('/')[-1]}/"
    assert payer in payers_offered(ines, choices)
    olga.go("/admin/cases/payer/")
    olga.page.get_by_role("row", name=re.compile(payer)).get_by_role("checkbox").check()
    olga.choose("Action", "Retire the chosen entries")
    olga.press("Go")
    assert payer not in payers_offered(ines, choices)
    olga.go("/admin/cases/payer/?in_use=all")

    for path in (story.case, story.patient, f"{story.case}trail/", "/admin/today/", "/admin/queue/"):
        assert olga.go(path) in (403, 404), path


def payers_offered(desk: Desk, path: str) -> list[str]:
    desk.go(path)
    return [str(t).strip() for t in desk.field("Payer").locator("option").all_inner_texts()]


def analyst_sees_nobody(anna: Desk, story: Story) -> None:
    """Every page with a person is closed, and no page she can open names one."""
    patients = story.served.shell(
        "from tests.journeys.prepared import names_of_harbor; result = names_of_harbor()"
    )
    for path in (story.case, story.patient, story.level, f"{story.case}trail/", *patients["addresses"]):
        assert anna.go(path) in (403, 404), path
    for path in ("/admin/today/", "/admin/queue/", "/admin/board/", "/admin/intake/", "/admin/patients/new/"):
        assert anna.go(path) == 403, path
    waiting, known = ["/"], {"/"}
    while waiting:
        anna.go(waiting.pop())
        shown = anna.page.content()
        assert [name for name in patients["people"] if re.search(rf"\b{re.escape(name)}\b", shown)] == [], (
            anna.here
        )
        for link in anna.page.locator("a[href^='/']").evaluate_all("all => all.map(a => a.pathname)"):
            if link not in known and "logout" not in link and not link.startswith("/static/"):
                known.add(link)
                waiting.append(link)
        assert len(known) < 60


def colleague_sees_one_case(sam: Desk, at_desk: Any, story: Story) -> None:
    """A restricted case is open to named people only. A colleague with dated access sees that one, and after it none."""
    sam.go(f"{story.case}access/")
    sam.follow("Restrict")
    sam.type("Why", "A relative works here.")
    sam.press("Restrict")
    assert sam.go(story.case) == 404
    nils, bea = story.here(at_desk("nils@harbor.example")), story.here(at_desk("bea@harbor.example"))
    work_in(bea, "Harbor Patient Advocates")
    another = story.served.shell(
        "from tests.journeys.prepared import another_restricted; result = another_restricted(given['case'])",
        case=story.case,
    )
    for desk in (nils, bea):
        assert [desk.go(path) for path in (story.case, story.patient, another)] == [404, 404, 404]
        sam.go(f"{story.case}access/")
        sam.choose("Colleague", "Nils Okafor" if desk is nils else "Bea Thornquist")
        assert sam.field("For how many days").input_value() == "14"
        sam.type("Why", "Reads the plan document.")
        sam.press("Give access")
        assert desk.go(story.case) == 200
        assert "Dana" in desk.text
        assert desk.go(another) == 404
        assert desk.go(f"{story.level}file/") in (403, 404)

    # Bea's is ended on the page, Nils's by the passing of time.
    sam.go(f"{story.case}access/")
    sam.follow("End", within=sam.page.get_by_role("row", name=re.compile("^Bea Thornquist")))
    sam.press("End access")
    assert [bea.go(path) for path in (story.case, story.patient, f"{story.case}documents/")] == [
        404,
        404,
        404,
    ]
    assert nils.go(story.case) == 200
    story.served.shell(
        "from tests.journeys.prepared import let_access_run_out; let_access_run_out(given['case'])",
        case=story.case,
    )
    assert [nils.go(path) for path in (story.case, story.patient, f"{story.case}documents/")] == [
        404,
        404,
        404,
    ]


def work_in(desk: Desk, organization: str) -> None:
    """Switch with the one control at the top, unless it stands there already."""
    desk.go("/")
    control = desk.page.locator("details.masthead__switch")
    if organization in control.locator("summary").inner_text():
        return
    control.locator("summary").click()
    with desk.page.expect_navigation():
        control.get_by_role("button", name=organization).click()


def stranger_sees_nothing(mia: Desk, story: Story) -> None:
    """Meadow's navigator, at every address of a Harbor row that anybody of them was at."""
    visited = sorted({path for desk in story.desks for path in desk.been if ROW.search(path)})
    assert len(visited) > 40
    found = {
        path: mia.page.request.get(story.served.url + path).status
        for path in visited
        if path.startswith("/admin/")
    }
    assert {path: status for path, status in found.items() if status != 404} == {}


def operator_sees_nothing(operator: Desk, story: Story) -> None:
    """Whoever runs the platform is a superuser of the framework and a member of nothing: no row opens."""
    story.served.shell(
        "from tests.journeys.prepared import operator; operator(given['email'])", email=operator.name
    )
    sign_in(story.served, operator)
    for path in (story.case, story.patient, story.level):
        assert operator.go(path) in (403, 404), path
        assert story.family not in operator.page.content()
