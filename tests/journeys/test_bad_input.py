"""What goes wrong at a desk: each has a clear answer, and nothing typed or sent is lost."""

from __future__ import annotations

import io
import time
from datetime import date, datetime, timedelta

import pikepdf
import psycopg
import pytest

from appeals.sample_letters import letter_text, text_as_pdf
from tests.journeys.acts import family_name, register_patient
from tests.journeys.conftest import fill_sign_in

FORGET_SESSION = (
    "from advocacy.people.models import BrowserSession as Session\n"
    "result = Session.objects.filter(session_key=given['key']).delete()[0]"
)
CLOCKS_STOP = "for (let clock = setTimeout(String); clock > 0; clock--) clearInterval(clock)"
LONG_NOTE = "She said the file is complete and that the reviewer wants doses. " * 40


@pytest.fixture(scope="module")
def case(served) -> str:
    return served.shell("from tests.journeys.prepared import plain; result = plain()")["case"]


def test_a_session_that_ends_in_a_long_note_loses_nothing(at_desk, served, case):
    nora = at_desk("nora@harbor.example", fresh=True)
    nora.go(case + "calls/new/")
    nora.fill(What_was_said=LONG_NOTE.strip(), Who_you_spoke_with="Rita")
    key = next(c["value"] for c in nora.page.context.cookies() if c["name"] == "sessionid")
    nora.page.evaluate(CLOCKS_STOP)  # else the page might notice first, and cover itself (test_identity.py)
    assert served.shell(FORGET_SESSION, key=key) == 1
    nora.press("Save")
    assert "/accounts/login/" in nora.page.url
    fill_sign_in(nora.page, nora.name)
    assert nora.here.startswith(case + "calls/new/")
    assert "What you typed is kept" in nora.text
    assert nora.field("What was said").input_value() == LONG_NOTE.strip()
    assert nora.field("Who you spoke with").input_value() == "Rita"
    nora.press("Save")
    assert LONG_NOTE.strip() in nora.text


def test_two_people_deciding_at_once(at_desk, served):
    places = served.shell(
        "from tests.journeys.prepared import waiting_for_a_decision; result = waiting_for_a_decision()"
    )
    nora, nils = at_desk("nora@harbor.example"), at_desk("nils@harbor.example")
    for desk in (nora, nils):
        desk.go(places["level"] + "decision/")
        items = desk.page.get_by_role("group", name="What became of each item").locator("select")
        for n in range(items.count()):
            items.nth(n).select_option(label="Upheld (still refused)")
        desk.fill(Decided_on=datetime(2026, 4, 24, 14), Date_on_the_notice=date(2026, 4, 24))
        desk.type("What it says", f"{desk.name} read the letter.")
    nora.press("Record the decision")
    assert nora.here == places["level"]
    with nils.page.expect_response(lambda r: r.request.method == "POST") as answer:
        nils.press("Record the decision", refused=True)
    # Led back to the form's page, so that reload sends nothing again.
    assert (answer.value.status, nils.here) == (303, places["level"] + "decision/?refused=1")
    nils.page.reload()
    assert "Somebody was faster" in nils.text
    assert "what you typed is still here" in nils.text
    assert nils.field("What it says").input_value() == "nils@harbor.example read the letter."
    nils.follow("Look at it as it is now")
    assert "nora@harbor.example read the letter." in nils.text


def encrypted() -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(text_as_pdf("Nobody reads this."))) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner="o", user="u"))
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("letter.pdf", b"Dear Dana, this is only called a PDF.", "but it is plain text"),
        ("letter.pdf", encrypted(), "password"),
        ("letter.pdf", b"", "empty"),
    ],
    ids=["no_pdf", "encrypted", "empty"],
)
def test_a_letter_that_cannot_be_kept(at_desk, case, name, data, said):
    nora = at_desk("nora@harbor.example")
    nora.go(case + "documents/new/")
    nora.choose("What it is", "Denial letter")
    nora.type("Title", "Denial of March")
    nora.upload("File", name, data)
    nora.press("Upload", refused=True)
    assert said in nora.reasons()
    assert nora.field("Title").input_value() == "Denial of March"
    nora.go(case + "documents/")
    assert "Denial of March" not in nora.text


def test_a_letter_of_two_hundred_megabytes(at_desk, case, tmp_path):
    """The browser says it before anything is sent; without its script the server does, and nothing is kept."""
    large = tmp_path / "letter.pdf"
    with large.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(200 * 1024 * 1024)
    nora = at_desk("nora@harbor.example")
    nora.go(case + "documents/new/")
    nora.choose("What it is", "Denial letter")
    nora.type("Title", "Too large a letter")
    nora.field("File").set_input_files(large)
    assert "the limit is 50 MB" in nora.field("File").evaluate("field => field.validationMessage")
    nora.page.get_by_role("button", name="Upload", exact=True).click()
    assert nora.here == case + "documents/new/"
    assert nora.field("Title").input_value() == "Too large a letter"
    nora.field("File").evaluate(
        "field => { field.dataset.limitBytes = '1e12'; field.form.noValidate = true }"
    )
    nora.page.evaluate("document.querySelector('main form').submit()")
    nora.page.get_by_role("heading", level=1).filter(has_text="large").wait_for(timeout=60_000)
    nora.go(case + "documents/")
    assert "Too large a letter" not in nora.text


def test_a_member_id_with_quotes_is_kept_and_found(at_desk):
    nora = at_desk("nora@harbor.example")
    nora.go("/admin/today/")
    register_patient(nora, given="Robin", family=family_name(), born=date(1991, 2, 3), Time_zone="Eastern")
    odd = f'O\'Brien "{int(time.time())}" <b>&amp;</b>'
    nora.follow("Add coverage")
    nora.fill(Or_a_new_payer=f"Payer {int(time.time())}", Member_id=odd)
    nora.press("Add coverage")
    assert odd in nora.text
    patient = nora.here
    search = nora.page.get_by_role("search")
    search.get_by_role("searchbox").fill(odd)
    search.get_by_role("button", name="Search").click()
    nora.page.wait_for_url("**/admin/search/*/")
    assert nora.page.locator(f"a[href='{patient}']").count() == 1


def test_days_that_cannot_be(at_desk, served):
    """A day in the future, and a decision before its filing: said on the field, with the rest still there."""
    nora = at_desk("nora@harbor.example")
    nora.go("/admin/today/")
    tomorrow = date.today() + timedelta(days=2)
    register_patient(
        nora, given="Robin", family=family_name(), born=tomorrow, refused=True, Time_zone="Eastern"
    )
    assert "future" in nora.reasons()
    assert nora.field("Given name").input_value() == "Robin"
    places = served.shell(
        "from tests.journeys.prepared import waiting_for_a_decision; result = waiting_for_a_decision()"
    )
    nora.go(places["level"] + "decision/")
    items = nora.page.get_by_role("group", name="What became of each item").locator("select")
    for n in range(items.count()):
        items.nth(n).select_option(label="Upheld (still refused)")
    nora.fill(Decided_on=datetime(2026, 4, 9, 9), Date_on_the_notice=date(2026, 4, 9))
    nora.type("What it says", "It came before we filed.")
    nora.press("Record the decision", refused=True)
    assert nora.page.locator("[data-error-summary]").count() == 1
    assert nora.field("What it says").input_value() == "It came before we filed."


def many_pages(text: str, count: int) -> bytes:
    """The same page again and again: long enough to be interrupted."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(text_as_pdf(text))) as source, pikepdf.new() as pdf:
        for _ in range(count):
            pdf.pages.append(source.pages[0])
        pdf.save(target)
    return target.getvalue()


def test_a_worker_killed_while_reading_a_letter_reads_it_in_the_end(served, case):
    """SIGKILL to the worker and its children in the middle of the job; a new worker reads the letter."""
    if served.worker is None:
        pytest.skip("The worker is not ours to kill")
    letter = many_pages(letter_text("erisa_preservice"), 300)
    path = served.mails.parent / "many.pdf"
    path.write_bytes(letter)
    version = served.shell(
        "from pathlib import Path\nfrom tests.journeys.prepared import uploaded\n"
        "result = uploaded(given['case'], Path(given['path']).read_bytes())",
        case=case,
        path=str(path),
    )
    with psycopg.connect(served.environment["DATABASE_OWNER_URL"], autocommit=True) as connection:
        harbor = connection.execute("SELECT id FROM tenancy_organization WHERE slug = 'harbor'").fetchone()[0]
        connection.execute("SELECT set_config('app.organization', %s, false)", [str(harbor)])

        def job() -> tuple[str, int]:
            row = connection.execute(
                "SELECT status, attempts FROM background_job WHERE name = 'cases.read_document'"
                " AND arguments ->> 'version' = %s",
                [str(version)],
            ).fetchone()
            return (row[0], row[1])

        def text() -> tuple[str, int]:
            return connection.execute(
                "SELECT text_status, coalesce(page_count, 0) FROM cases_documentversion WHERE id = %s",
                [version],
            ).fetchone()

        wait(lambda: job()[0] == "running", 60, "the job runs")
        served.kill_worker()
        assert (job(), text()[0]) == (("running", 1), "pending")
        served.restart_worker()
        wait(lambda: job()[0] == "done", 120, "a new worker takes the job")
        assert (job(), text()) == (("done", 2), ("read", 300))


def wait(fits, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end, f"{what}: not after {seconds} seconds"
        time.sleep(0.02)
