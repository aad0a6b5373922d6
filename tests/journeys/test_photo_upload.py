"""A letter photographed at the kitchen table: a few photos, one paper, four taps, and a connection that comes and goes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Error as PlaywrightError

from tests.journeys.acts import Desk
from tests.journeys.conftest import axe_findings

DANA = "dana.37@mailbox.example"
MOST_TAPS = 4
BAR = 150
"""Each photo is told from the others by a bar at its top, so many pixels long for each number."""


def photo(number: int) -> bytes:
    """A page of a letter as a phone takes it, sharp and light enough to be read."""
    picture = Image.new("RGB", (1240, 1600), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, BAR * number, 60), fill="black")
    for y in range(100, 1520, 28):
        draw.text((80, y), f"{number}. The service is not necessary under the plan. " * 3, fill=(30, 30, 30))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=70)
    return made.getvalue()


def chosen(*numbers: int) -> list[dict[str, Any]]:
    """Files as the gallery hands them over."""
    return [{"name": f"IMG_{n:04d}.jpg", "mimeType": "image/jpeg", "buffer": photo(n)} for n in numbers]


HEIC = {
    "name": "IMG_0099.heic",
    "mimeType": "image/heic",
    "buffer": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(2000),
}
"""A format that not every program opens, from a phone that does not turn it into another by itself."""


@dataclass
class Thumb:
    """Whoever holds the phone: every tap is counted, choosing the files in the gallery being one with the tap that opens it."""

    phone: Desk
    taps: int = 0
    papers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.phone.go("/portal/papers/")
        self.papers = self.listed()
        self.phone.go("/portal/")

    @property
    def page(self) -> Any:
        return self.phone.page

    def listed(self) -> list[str]:
        """Addresses of the papers on the page, newest first."""
        links = self.page.locator("main").get_by_role("link", name="Open", exact=True)
        return [str(link.get_attribute("href")) for link in links.all()]

    def tap(self, role: str, name: str, within: str = "main") -> None:
        self.taps += 1
        self.page.locator(within).get_by_role(role, name=name).first.click()

    def choose(self, files: list[dict[str, Any]]) -> None:
        self.taps += 1
        with self.page.expect_file_chooser() as gallery:
            self.page.locator("input[type=file]").click()
        gallery.value.set_files(files)

    def to_the_form(self) -> None:
        """From the first page, by the longest way there is."""
        self.tap("link", "My papers", within="nav")
        self.tap("link", "Send us a paper")
        self.page.wait_for_url(re.compile(r"/paper/$"))

    def says(self, words: str) -> None:
        """Wait until the line under the photos says so."""
        self.page.locator("[data-pages-status]").filter(has_text=words).wait_for()

    def waiting(self) -> list[int]:
        """Numbers of the photos that wait, in their order."""
        pictures = self.page.locator(".portal-pages img")
        sources = [str(picture.get_attribute("src")) for picture in pictures.all()]
        return [bar_of(self.page.request.get(self.phone.url + source).body()) for source in sources]

    def arrived(self) -> list[int]:
        """Numbers of the pages of the one paper that is new since the beginning."""
        self.page.wait_for_url(re.compile(r"/portal/papers/$"))
        (new,) = [paper for paper in self.listed() if paper not in self.papers]
        pdf = pikepdf.open(io.BytesIO(self.page.request.get(self.phone.url + new).body()))
        found = []
        for page in pdf.pages:
            (image,) = page.get_images().values()
            found.append(bar_of_picture(pikepdf.PdfImage(image).as_pil_image()))
        return found


def bar_of(data: bytes) -> int:
    return bar_of_picture(Image.open(io.BytesIO(data)))


def bar_of_picture(picture: Image.Image) -> int:
    row = picture.convert("L").crop((0, 30, picture.width, 31))
    return round(sum(row.histogram()[:128]) / BAR)


@pytest.fixture
def thumb(at_phone: Any) -> Iterator[Thumb]:
    """Dana at her phone; what she left waiting is taken away again, so that the next test begins with nothing."""
    held = Thumb(at_phone(DANA))
    yield held
    context = held.page.context
    context.set_offline(False)
    held.phone.page = context.new_page()
    held.phone.page.set_default_timeout(20_000)
    held.phone.go("/portal/papers/")
    held.tap("link", "Send us a paper")
    while (remove := held.page.get_by_role("button", name="Remove page 1", exact=True)).count():
        with held.page.expect_navigation():
            remove.click()


def test_photos_become_one_paper_in_four_taps(thumb: Thumb) -> None:
    thumb.to_the_form()
    assert axe_findings(thumb.page) == []
    thumb.choose(chosen(1, 2, 3))
    # At once, as people do: what is still on its way is waited for.
    thumb.tap("button", "Send")
    assert (thumb.arrived(), thumb.taps <= MOST_TAPS) == ([1, 2, 3], True), thumb.taps
    assert "We have your paper: 3 pages." in thumb.phone.text
    assert thumb.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_page_is_shown_before_it_is_sent(thumb: Thumb) -> None:
    thumb.to_the_form()
    thumb.choose(chosen(1, 2))
    thumb.says("All pages arrived.")
    assert thumb.waiting() == [1, 2]
    assert "2 pages wait here." in thumb.phone.text and "We keep them here through" in thumb.phone.text
    assert axe_findings(thumb.page) == []
    thumb.choose(chosen(3))
    thumb.page.get_by_text("3 pages wait here.").wait_for()
    thumb.tap("button", "Send")
    assert thumb.arrived() == [1, 2, 3]


def test_a_lost_connection_loses_nothing_and_doubles_nothing(thumb: Thumb) -> None:
    """The second page arrives and its answer does not; at the third the network goes; the paper's own answer is lost too."""
    thumb.to_the_form()
    page, context = thumb.page, thumb.page.context
    address = page.url.removeprefix(thumb.phone.url)
    token = page.locator("form[data-pages-url] [name=csrfmiddlewaretoken]").get_attribute("value")
    seen: list[str] = []

    def on_the_way(route: Any) -> None:
        seen.append(route.request.url)
        if len(seen) == 2:
            file = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(2)}
            told = context.request.post(
                route.request.url, multipart={"csrfmiddlewaretoken": token, "number": "2", "pages": file}
            )
            assert told.status == 200
            route.abort("connectionreset")
        elif len(seen) == 4:
            context.set_offline(True)
            route.abort("internetdisconnected")
        else:
            route.continue_()

    sent: list[int] = []

    def answer_lost(route: Any) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        answer = route.fetch()
        sent.append(answer.status)
        if len(sent) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    page.route(re.compile(r"/paper/page/$"), on_the_way)
    page.route(re.compile(re.escape(address) + "$"), answer_lost)
    thumb.choose(chosen(1, 2, 3, 4))
    thumb.says("No connection. We try again.")
    thumb.tap("button", "Send")
    page.wait_for_timeout(2500)
    assert page.evaluate("navigator.onLine") is False
    assert (page.url.endswith(address), "No connection" in thumb.phone.text) == (True, True)
    context.set_offline(False)
    assert thumb.arrived() == [1, 2, 3, 4]
    assert (sent, thumb.taps) == ([200, 200], MOST_TAPS)
    thumb.phone.go(address)
    assert thumb.waiting() == []


def test_a_page_that_was_closed_keeps_what_arrived(thumb: Thumb) -> None:
    thumb.to_the_form()
    page, context = thumb.page, thumb.page.context
    address, seen = page.url, []

    def only_the_first(route: Any) -> None:
        seen.append(route.request.url)
        if len(seen) == 1:
            route.continue_()
        else:
            route.abort("internetdisconnected")

    page.route(re.compile(r"/paper/page/$"), only_the_first)
    thumb.choose(chosen(1, 2, 3))
    thumb.says("No connection. We try again.")
    page.close(run_before_unload=False)
    thumb.phone.page = context.new_page()
    thumb.phone.go("/portal/")
    assert "Send the pages that wait here." in thumb.phone.text
    thumb.phone.go(address)
    assert thumb.waiting() == [1]
    thumb.says("Some pages did not arrive last time. Choose them again.")
    thumb.choose(chosen(1, 2, 3))
    thumb.says("All pages arrived.")
    assert thumb.waiting() == [1, 2, 3]
    thumb.tap("button", "Send")
    assert thumb.arrived() == [1, 2, 3]


def test_a_photo_that_nobody_can_open_is_named_and_taken_again(thumb: Thumb) -> None:
    thumb.to_the_form()
    one, two = chosen(1, 3)
    thumb.choose([one, HEIC, two])
    thumb.says("Page 2: We cannot open this file. Take a photo of the page, or choose a PDF.")
    assert thumb.waiting() == [1, 3]
    thumb.choose(chosen(2))
    thumb.says("All pages arrived.")
    assert thumb.waiting() == [1, 3, 2]
    with thumb.page.expect_navigation():
        thumb.tap("button", "Move page 3 up")
    assert thumb.waiting() == [1, 2, 3]
    thumb.tap("button", "Send")
    assert thumb.arrived() == [1, 2, 3]


def test_the_same_without_a_script(at_phone: Any, thumb: Thumb) -> None:
    plain = Thumb(at_phone(DANA, script=False))
    page, context = plain.page, plain.page.context
    plain.to_the_form()
    address = page.url
    plain.choose(chosen(1, 2, 3))
    plain.tap("button", "Send")
    assert (plain.arrived(), plain.taps) == ([1, 2, 3], MOST_TAPS)

    # The network goes before the form does: nothing half, nothing double when it comes again.
    plain = Thumb(plain.phone)
    plain.phone.go(address)
    plain.choose(chosen(4, 5))
    context.set_offline(True)
    with pytest.raises(PlaywrightError, match="ERR_INTERNET_DISCONNECTED"), page.expect_navigation():
        page.locator("main").get_by_role("button", name="Send").click(no_wait_after=True)
    context.set_offline(False)
    plain.phone.go(address)
    assert plain.waiting() == []
    plain.choose([*chosen(4), HEIC, *chosen(5)])
    plain.phone.press("Send", refused=True)
    assert "Page 2: We cannot open this file." in plain.phone.text
    assert plain.waiting() == [4, 5]
    plain.phone.press("Send")
    assert plain.arrived() == [4, 5]
