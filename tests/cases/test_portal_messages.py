"""Messages in the portal: the thread, files that come along, and words that outlive a session."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from cases.commands.documents import upload_document
from cases.commands.messages import send_message
from cases.commands.tasks import open_task
from cases.models import Attachment, Communication, Document
from tests.portal import come_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def vault(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def photo(shade: str) -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", (900, 1200), shade).save(made, "JPEG")
    return SimpleUploadedFile("a.jpg", made.getvalue(), "image/jpeg")


def where(cast) -> str:
    return reverse("portal:thread", args=[cast.case.public_id])


def test_she_reads_and_answers(cast, enter):
    paper = upload_document(
        actor=cast.nora, case=cast.case, kind="other", filename="a.txt",
        stream=io.BytesIO(b"for you"), at=timezone.now(),
    )  # fmt: skip
    send_message(actor=cast.nora, case=cast.case, body="Hello Dana", attachments=[paper], at=timezone.now())
    dana = enter("dana")
    assert where(cast) in dana.get(reverse("portal:home")).content.decode()
    page = dana.get(reverse("portal:messages")).content.decode()
    assert ("Hello Dana" in page, "<strong>New</strong>" in page) == (True, True)
    assert Communication.objects.get().read_at is not None
    attached = reverse("portal:attachment", args=[Attachment.objects.get().public_id])
    assert b"".join(dana.get(attached).streaming_content) == b"for you"
    answer = dana.post(where(cast), {"body": "Thank you", "files": [photo("white"), photo("gray")]})
    assert answer.status_code == 302
    mine = Communication.objects.get(direction="in")
    assert (mine.summary, mine.attachments.count()) == ("Thank you", 2)
    assert Document.objects.filter(for_patient=True, kind="other").count() == 2


def test_four_files_are_too_many_and_nothing_is_lost(cast, enter):
    files = [photo(shade) for shade in ("white", "gray", "red", "blue")]
    answer = enter("dana").post(where(cast), {"body": "Four of them", "files": files})
    page = answer.content.decode()
    assert (answer.status_code, "Three files fit one message." in page, "Four of them" in page) == (
        422,
        True,
        True,
    )
    assert (Communication.objects.count(), Document.objects.count()) == (0, 0)


@pytest.mark.parametrize("page", ["messages", "thread"])
def test_a_refused_message_is_shown_by_a_get(cast, enter, page):
    """A reload sends nothing again, wherever the form stood: with one case it stands on the list's address, too."""
    dana = enter("dana")
    stood = reverse("portal:messages") if page == "messages" else where(cast)
    headers = {"HTTP_ACCEPT": "text/html", "HTTP_REFERER": f"http://testserver{stood}"}
    answer = dana.post(where(cast), {"body": " "}, **headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{where(cast)}?refused=1")
    shown = dana.get(answer.headers["Location"], **headers)
    assert (shown.status_code, shown.content.decode().count("Write something first.")) == (200, 1)
    assert "Write something first." not in dana.get(where(cast), **headers).content.decode()
    assert dana.post(where(cast), {"body": " "}).status_code == 422


def test_what_was_typed_outlives_the_session(cast, enter):
    dana = enter("dana")
    dana.get(where(cast))
    del dana.cookies["recourse_portal"]
    lost = dana.post(where(cast), {"body": "I typed this for an hour"})
    assert lost.status_code == 302
    assert "/portal/sign-in/" in lost.headers["Location"]
    dana.get(lost.headers["Location"])
    come_in("dana@mail.example", dana)
    page = dana.get(where(cast)).content.decode()
    assert ("I typed this for an hour" in page, "signed out before this was sent" in page) == (True, True)
    assert Communication.objects.count() == 0
    assert dana.post(where(cast), {"body": "I typed this for an hour"}).status_code == 302
    assert "I typed this for an hour" not in dana.get(where(cast)).content.decode().split("</form>")[2]


def test_somebody_else_on_the_same_phone_gets_nothing_of_it(cast, enter):
    dana = enter("dana")
    dana.get(where(cast))
    del dana.cookies["recourse_portal"]
    dana.post(where(cast), {"body": "Only mine"})
    come_in("rosa@mail.example", dana)
    assert "Only mine" not in dana.get(where(cast)).content.decode()


def test_what_is_asked_of_her_stands_first_with_a_link(cast, enter):
    open_task(
        actor=cast.nora, case=cast.case, title="List", waits_on_patient=True,
        asked_of_patient="Please send us your list.", at=timezone.now(),
    )  # fmt: skip
    page = enter("dana").get(reverse("portal:home")).content.decode()
    things = page.split('class="portal-things"')[1].split("</ul>")[0]
    assert things.count("<li>") == 3
    assert "Please send us your list." in things.split("</li>")[0]
    assert reverse("portal:paper", args=[cast.case.public_id]) in things.split("</li>")[0]
