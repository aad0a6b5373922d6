"""Small scripts in a real browser, on pages cut down to what they look for: no server, no seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

HERE = "http://desk.example"
SCRIPTS = Path(settings.BASE_DIR) / "advocacy" / "static" / "advocacy" / "js"
FRAME = '<!DOCTYPE html><html lang="en"><body data-keys="on"><main>{}</main><script src="/{}"></script></body></html>'
CASE = FRAME.format('<a href="/calls/new/" data-call-note>Call note</a>', "keys.js")
NOTE = FRAME.format(
    '<form><input type="hidden" name="csrf"><div class="fields"><select name="party"></select></div></form>',
    "keys.js",
)
PAPER = FRAME.format(
    '<div data-part="problem"></div><div data-part="pages"></div>'
    '<form data-pages-url="/page/" data-sending="Sending" data-failed="Failed" data-done="Done">'
    '<input name="csrfmiddlewaretoken" value="x"><input type="file" name="pages"><p data-pages-status></p>'
    '<div data-part="send"><button>Send</button></div></form>',
    "pages.js",
)
GRID = FRAME.format(
    '<div class="case-grid"><div><a href="#l">Ladder</a></div>'
    '<div><section id="clocks" data-first-when-narrow><a href="#w">Why</a></section><a href="#t">Timeline</a></div></div>',
    "narrow.js",
)


def opened(browser: Any, pages: dict[str, tuple[int, str, str]]) -> Any:
    """A page at HERE; `pages` are status, type and body by path. What else is asked for is 404; POSTs are counted."""
    page = browser.new_page()
    page.posted = []

    def answer(route: Any) -> None:
        path = route.request.url.removeprefix(HERE).partition("#")[0]
        if route.request.method == "POST":
            page.posted.append(path)
        script = SCRIPTS / path.strip("/")
        kind, body, status = "text/javascript", "", 404
        if path in pages:
            status, kind, body = pages[path]
        elif script.is_file():
            status, body = 200, script.read_text()
        route.fulfill(status=status, content_type=kind, body=body)

    page.route("**/*", answer)
    return page


def test_the_key_of_the_call_note_leads_into_its_first_field(browser: Any) -> None:
    page = opened(browser, {"/": (200, "text/html", CASE), "/calls/new/": (200, "text/html", NOTE)})
    page.goto(f"{HERE}/")
    page.keyboard.press("c")
    page.wait_for_url(f"{HERE}/calls/new/")
    assert page.evaluate("document.activeElement.name") == "party"
    page.goto(f"{HERE}/calls/new/")  # by an address, nothing is taken into focus
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.close()


def test_why_a_file_was_refused_stays_when_send_is_pressed(browser: Any) -> None:
    refused = (422, "application/json", '{"problem": "Page 1: This is no photo."}')
    page = opened(browser, {"/": (200, "text/html", PAPER), "/page/": refused})
    page.goto(f"{HERE}/")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}
    )
    said = page.locator("[data-pages-status]")
    said.filter(has_text="This is no photo.").wait_for()
    page.get_by_role("button", name="Send").click()
    assert said.inner_text() == "Page 1: This is no photo."
    assert page.posted == ["/page/"]
    page.close()


def test_on_a_narrow_screen_the_dates_come_first_and_on_a_wide_one_where_they_were_written(
    browser: Any,
) -> None:
    page = opened(browser, {"/": (200, "text/html", GRID)})

    def order() -> tuple[list[str], list[str]]:
        """The links as they stand in the document, and as the Tab key reaches them."""
        written = page.locator("a").all_inner_texts()
        page.evaluate("document.activeElement.blur()")
        reached = []
        for _link in written:
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent"))
        return written, reached

    wide, narrow = ["Ladder", "Why", "Timeline"], ["Why", "Ladder", "Timeline"]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{HERE}/")
    assert order() == (narrow, narrow)
    page.locator("text=Why").focus()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("document.querySelector('a').textContent === 'Ladder'")
    assert page.evaluate("document.activeElement.textContent") == "Why"
    page.goto("about:blank")
    page.goto(f"{HERE}/")
    assert order() == (wide, wide)
    page.close()
