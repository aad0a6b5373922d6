"""A third organization from nothing to its first case: the command, two invitations, set-up, a patient, through HTTP alone."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.people.models import Membership, User
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from cases.models import Case

PASSPHRASE = "harbors are for small boats"


def started(*more: str, **changes: str) -> str:
    given = {
        "--name": "Willow Access Project",
        "--prefix": "WL",
        "--time-zone": "America/Denver",
        "--admin-email": "ada@willow.example",
    } | {f"--{key.replace('_', '-')}": value for key, value in changes.items()}
    out = StringIO()
    call_command("create_organization", *more, *(part for pair in given.items() for part in pair), stdout=out)
    return out.getvalue()


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/invitation/[^/\s]+/)", text)
    assert found, text
    return found.group(1)


def accepted(link: str, name: str, email: str) -> Client:
    """A browser that opened the link and made the account: with it, it is signed in."""
    browser = Client(headers={"user-agent": "test"})
    assert browser.get(link).status_code == 200
    answer = browser.post(link, {"name": name, "password1": PASSPHRASE, "password2": PASSPHRASE})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    again = Client(headers={"user-agent": "test"})
    answer = again.post("/accounts/login/", {"login": email, "password": PASSPHRASE})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    return browser


def post(browser: Client, url: str, data: dict[str, object]) -> str:
    """Send a form; where it leads. What was refused is shown."""
    answer = browser.post(url, data)
    errors = re.findall(r'<[^>]*class="[^"]*error[^"]*"[^>]*>.{0,300}', answer.content.decode(), re.S)
    assert answer.status_code == 302, (answer.status_code, errors)
    return str(answer.headers["Location"])


def states(browser: Client) -> dict[str, str]:
    return {step.key: step.state for step in browser.get("/admin/setup/").context["steps"]}


def test_from_nothing_to_the_first_case(db, mailoutbox, tmp_path):
    with override_settings(DATA_DIR=tmp_path):
        said = started("willow")
        link = link_in(said)
        assert link in mailoutbox[0].body and mailoutbox[0].to == ["ada@willow.example"]

        ada = accepted(link, "Ada Admin", "ada@willow.example")
        assert ada.get("/", follow=True).redirect_chain == [("/admin/setup/", 302)]
        assert set(states(ada).values()) == {"to do", "to try out"}
        assert Client().get(link).status_code == 404

        post(
            ada,
            "/admin/organization/",
            {
                "name": "Willow Access Project",
                "address": "12 Canyon Road\nBoulder, CO 80399",
                "phone": "303-555-0101",
                "fax": "",
                "reply_email": "help@willow.example",
                "time_zone": "America/Denver",
                "treatments_in_scope": ["iv_ketamine", "esketamine"],
                "scope_note": "Ask the state's consumer line.",
                "retention_years": "6",
            },
        )
        people = {"nia@willow.example": ["navigator"], "sol@willow.example": ["supervisor"]}
        browsers = {}
        for email, roles in people.items():
            where = post(ada, "/admin/invitations/new/", {"email": email, "name": "", "roles": roles})
            assert where == "/admin/invitations/"
            browsers[email] = accepted(link_in(mailoutbox[-1].body), email.split("@")[0].title(), email)
        nia = browsers["nia@willow.example"]

        post(ada, "/admin/cases/payer/add/", {"name": "Timberline Mutual", "phone": "", "fax": ""})
        willow = Organization.objects.get(slug="willow")
        provider = {
            "name": "Amara Osei",
            "credentials": "MD",
            "npi": "1234567893",
            "specialty": "",
            "facility": "",
            "phone": "",
            "fax": "",
        }
        post(ada, "/admin/cases/provider/add/", provider)

        patient = post(
            nia,
            "/admin/patients/new/",
            {
                "given_name": "Lena",
                "family_name": "Marsh",
                "birth_date": "1979-11-30",
                "language": "en",
                "state": "CO",
                "time_zone": "America/Denver",
                "contacts-TOTAL_FORMS": "0",
                "contacts-INITIAL_FORMS": "0",
            },
        )
        patient_id = patient.strip("/").split("/")[-1]
        post(
            nia,
            f"/admin/coverages/new/{patient_id}/",
            {"new_payer": "Quill Health", "member_id": "QH-7781", "funding": "unknown", "state_of_issue": ""},
        )
        page = nia.get(f"/admin/cases/new/{patient_id}/").content.decode()
        coverage = re.search(r'name="coverage" value="([0-9a-f-]{36})"', page)
        assert coverage
        case = {
            "treatment": "iv_ketamine",
            "purpose": "condition",
            "diagnosis_codes": "F33.2",
            "procedure_codes": "J3490",
            "coverage": coverage.group(1),
            "new_provider": "Ruth Alder",
            "new_credentials": "MD",
            "new_npi": "1245319599",
        }
        url = post(nia, f"/admin/cases/new/{patient_id}/", case)
        assert nia.get(url).status_code == 200
        with scoped_to(willow.pk):
            assert [c.reference[:3] for c in Case.objects.all()] == ["WL-"]

        # The admin tries each step out; the worker's needs a worker.
        before, told = list(states(ada).values()), ada.get("/admin/setup/").context
        assert (told["done"], told["waiting"]) == (before.count("done"), before.count("to try out"))
        for step in states(ada):
            post(ada, f"/admin/setup/{step}/test/", {})
        assert {k: v for k, v in states(ada).items() if v != "done"} == {"worker": "to do"}
        with scoped_to(willow.pk):
            job = Job.objects.get(name="people.prove_worker")
        assert queue.run(willow.pk, job.pk) == "done"
        answer = ada.get("/admin/setup/")
        assert answer.context["finished"] and "Lena" not in answer.content.decode()
        assert mailoutbox[-1].to == ["ada@willow.example"]
        assert mailoutbox[-1].reply_to == ["help@willow.example"]
        letter = ada.get("/admin/setup/letter/")
        assert letter.headers["Content-Type"] == "application/pdf" and letter.content[:5] == b"%PDF-"


def test_started_twice_is_refused_with_words(db):
    started("willow")
    with pytest.raises(CommandError) as refused:
        started("willow", admin_email="other@willow.example")
    assert str(refused.value).splitlines() == [
        "Nothing was made:",
        "  There is an organization willow already. Choose another short name.",
        "  The prefix WL is in use: references would look alike. Choose another.",
    ]
    assert (Organization.objects.count(), User.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("slug", "changes", "words"),
    [
        ("Wil low", {}, "small letters"),
        ("willow", {"prefix": "W"}, "two to six"),
        ("willow", {"time_zone": "Mars/Base"}, "time zone"),
        ("willow", {"admin_email": "nobody"}, "e-mail address"),
        ("willow", {"name": " "}, "name"),
    ],
)
def test_a_wrong_start_says_why_and_leaves_nothing(db, slug, changes, words):
    with pytest.raises(CommandError) as refused:
        started(slug, **changes)
    assert words in str(refused.value)
    assert Organization.objects.count() == 0


def test_it_begins_with_nobody_but_the_invited(db):
    started("willow")
    with scoped_to(Organization.objects.get().pk):
        assert Membership.objects.count() == 0
