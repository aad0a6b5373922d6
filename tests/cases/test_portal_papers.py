"""Papers in the portal: what the patient sees, and a paper sent from a phone that neither doubles nor gets lost."""

from __future__ import annotations

import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from advocacy.audit.models import Event
from appeals.sample_letters import text_as_pdf
from cases.commands.access import restrict_case
from cases.commands.cases import close_case
from cases.commands.documents import open_version, show_to_patient, upload_document
from cases.commands.upkeep import _without_row
from cases.models import Document, DocumentVersion, Task, WaitingPage
from cases.pictures import hard_to_read, tidy_picture
from tests.portal import come_in, give_access

pytestmark = pytest.mark.django_db
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def vault(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def page(*, shade=30, size=(1240, 1600), exif=None) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for y in range(80, size[1] - 80, 28):
        draw.text((80, y), "The service is not necessary under the plan. " * 3, fill=(shade,) * 3)
    return picture


def jpeg(picture: Image.Image, **more) -> bytes:
    made = io.BytesIO()
    picture.save(made, "JPEG", **more)
    return made.getvalue()


def photo(data: bytes, name="page.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def address(cast) -> str:
    return reverse("portal:paper", args=[cast.case.public_id])


def send(client, cast, *files, **fields):
    return client.post(address(cast), {"pages": list(files), "kind": "letter", "key": KEY} | fields)


def test_several_photos_become_one_document_in_one_post(cast, enter):
    dana = enter("dana")
    answer = send(dana, cast, photo(jpeg(page())), photo(jpeg(page(shade=60))))
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("portal:documents"))
    document = Document.objects.get(sent_key=KEY)
    assert (document.kind, document.for_patient, document.case_id) == ("plan_letter", True, cast.case.pk)
    version = DocumentVersion.objects.get(document=document)
    with pikepdf.open(io.BytesIO(open_version(cast.nora, version).read())) as pdf:
        assert len(pdf.pages) == 2
    assert WaitingPage.objects.count() == 0
    task = Task.objects.get(code=f"paper:{document.pk}")
    assert (task.owner, task.status) == (cast.case.owner, "open")
    assert "2 pages" in dana.get(answer.headers["Location"]).content.decode()


def test_sent_twice_it_is_one_document(cast, enter):
    dana = enter("dana")
    for _again in range(2):
        assert send(dana, cast, photo(jpeg(page()))).status_code == 302
    assert Document.objects.filter(kind="plan_letter").count() == 1
    assert Task.objects.filter(code__startswith="paper:").count() == 1


def test_a_form_whose_answer_was_lost_leaves_nothing_behind(cast, enter):
    """Without a script the files come again with the form: they were sent, so that none of them waits."""
    dana = enter("dana")
    for _again in range(2):
        assert send(dana, cast, photo(jpeg(page())), photo(jpeg(page(shade=60)))).status_code == 302
    assert (Document.objects.filter(kind="plan_letter").count(), WaitingPage.objects.count()) == (1, 0)
    assert "2 pages" in dana.get(reverse("portal:documents")).content.decode()


def test_the_script_is_told_where_to_go_on_and_gets_the_page_for_all_else(cast, enter):
    dana, given = enter("dana"), {"kind": "letter", "key": KEY}
    script = {"headers": {"accept": "application/json"}}
    refused = dana.post(address(cast), given, **script)
    assert (refused.status_code, "Choose a photo or a file first." in refused.content.decode()) == (422, True)
    add = reverse("portal:page_add", args=[cast.case.public_id])
    wrong = SimpleUploadedFile("x.heic", b"\x00\x00\x00\x18ftypheic nothing", "image/heic")
    answer = dana.post(add, {"pages": wrong, "number": "3"})
    assert (answer.status_code, answer.json()["problem"].split(":")[0]) == (422, "Page 3")
    assert dana.post(add, {"pages": photo(jpeg(page())), "number": "2"}).status_code == 200
    for _again in range(2):
        assert dana.post(address(cast), given, **script).json() == {"sent": reverse("portal:documents")}
    assert Document.objects.filter(sent_key=KEY).count() == 1


def test_a_page_moves_up(cast, enter):
    dana, rosa = enter("dana"), enter("rosa")
    add = reverse("portal:page_add", args=[cast.case.public_id])
    for shade in (30, 60, 90):
        dana.post(add, {"pages": photo(jpeg(page(shade=shade)))})
    first, second, third = WaitingPage.objects.all()
    move = reverse("portal:page_move", args=[third.public_id])
    assert rosa.post(move).status_code == 404
    assert dana.post(move).headers["Location"] == address(cast)
    assert list(WaitingPage.objects.all()) == [first, third, second]
    dana.post(move)
    dana.post(move)
    assert list(WaitingPage.objects.all()) == [third, first, second]


def test_pages_sent_one_by_one_wait_and_a_page_sent_again_is_the_same(cast, enter):
    dana, one = enter("dana"), jpeg(page())
    url = reverse("portal:page_add", args=[cast.case.public_id])
    for data in (one, one, jpeg(page(shade=80))):
        assert dana.post(url, {"pages": photo(data)}).json() == {"kept": True}
    assert [p.position for p in WaitingPage.objects.all()] == [1, 2]
    assert "2 pages wait here" in dana.get(address(cast)).content.decode()
    first = WaitingPage.objects.first()
    shown = dana.get(reverse("portal:page_file", args=[first.public_id]))
    assert b"".join(shown.streaming_content)[:3] == b"\xff\xd8\xff"
    assert _without_row([first.location]) == []
    assert dana.post(reverse("portal:page_remove", args=[first.public_id])).status_code == 302
    assert send(dana, cast).status_code == 302
    assert DocumentVersion.objects.get(document__sent_key=KEY).page_count == 1


def test_a_page_is_only_its_senders(cast, enter):
    dana, rosa = enter("dana"), enter("rosa")
    dana.post(reverse("portal:page_add", args=[cast.case.public_id]), {"pages": photo(jpeg(page()))})
    waiting = WaitingPage.objects.get()
    assert rosa.get(reverse("portal:page_file", args=[waiting.public_id])).status_code == 404
    assert "wait" not in rosa.get(address(cast)).content.decode().split("<main")[1].split("kind")[0]


def test_a_page_that_is_hard_to_read_is_named_before_she_leaves(cast, enter):
    dana = enter("dana")
    answer = send(dana, cast, photo(jpeg(page(size=(300, 400)))))
    assert answer.status_code == 200
    assert "This page may be hard to read. Take it again, or send it anyway." in answer.content.decode()
    assert Document.objects.filter(kind="plan_letter").count() == 0
    assert send(dana, cast, anyway="1").status_code == 302
    assert Document.objects.filter(kind="plan_letter").count() == 1


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (page(), ""),
        (page(size=(400, 500)), "small"),
        (ImageEnhance.Brightness(page()).enhance(0.2), "dark"),
        (page().filter(ImageFilter.GaussianBlur(9)), "blurred"),
    ],
    ids=["good", "small", "dark", "blurred"],
)
def test_what_is_hard_to_read(picture, why):
    assert hard_to_read(jpeg(picture)) == why


def test_a_photo_held_sideways_is_upright_smaller_and_says_nothing_of_the_place():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (45.0, 30.0, 0.0)}
    tidy = tidy_picture(jpeg(Image.new("RGB", (4000, 3000), "white"), exif=exif))
    with Image.open(io.BytesIO(tidy)) as picture:
        assert (picture.size, dict(picture.getexif())) == ((1860, 2480), {})


def test_a_pdf_goes_along_in_its_place(cast, enter):
    letter = SimpleUploadedFile("letter.pdf", text_as_pdf("one\ftwo"), "application/pdf")
    assert send(enter("dana"), cast, photo(jpeg(page())), letter).status_code == 302
    version = DocumentVersion.objects.get(document__sent_key=KEY)
    assert version.page_count == 1 + len(pikepdf.open(io.BytesIO(text_as_pdf("one\ftwo"))).pages)


def test_what_is_no_page_is_said_and_the_others_wait(cast, enter):
    wrong = SimpleUploadedFile("x.zip", b"PK\x03\x04 nothing", "application/zip")
    answer = send(enter("dana"), cast, photo(jpeg(page())), wrong)
    assert answer.status_code == 422
    assert "We cannot open this file." in answer.content.decode()
    assert (WaitingPage.objects.count(), Document.objects.filter(sent_key=KEY).count()) == (1, 0)


def test_sending_again_after_a_file_that_was_not_taken_says_what_is_the_matter(cast, enter):
    """Without a script a file input comes back empty: whoever sends again hears of the file, not that nothing was chosen."""
    dana = enter("dana")
    wrong = SimpleUploadedFile("x.zip", b"PK\x03\x04 nothing", "application/zip")
    assert 'name="not_taken"' not in dana.get(address(cast)).content.decode()
    assert 'name="not_taken" value="1"' in send(dana, cast, wrong).content.decode()
    for _again in range(2):
        answer = dana.post(address(cast), {"kind": "letter", "key": KEY, "not_taken": "1"})
        said = answer.content.decode()
        assert answer.status_code == 422
        assert "We could not take the file you chose before. Choose a photo or a PDF." in said
        assert 'name="not_taken" value="1"' in said


def test_nothing_chosen_and_a_closed_case(cast, enter):
    dana = enter("dana")
    assert "Choose a photo or a file first." in send(dana, cast).content.decode()
    close_case(actor=cast.nora, case=cast.case, outcome="withdrawn", note="moved", at=timezone.now())
    answer = send(dana, cast, photo(jpeg(page())))
    assert (answer.status_code, WaitingPage.objects.count()) == (422, 0)


def test_she_sees_what_is_for_her_by_kind_and_by_switch(cast, enter, sign_in):
    rows = {}
    for kind in ("approval_letter", "clinical_note", "denial_letter"):
        rows[kind] = upload_document(
            actor=cast.nora, case=cast.case, kind=kind, filename="a.pdf",
            stream=io.BytesIO(text_as_pdf(kind)), at=timezone.now(),
        )  # fmt: skip
    dana, rosa = enter("dana"), enter("rosa")
    listed = dana.get(reverse("portal:documents")).content.decode()
    told = ("A letter that says yes", "A note from your doctor", "A letter that says no")
    assert [words in listed for words in told] == [
        True,
        False,
        False,
    ]  # a no is shown once a person has confirmed it
    hidden = reverse("portal:document", args=[rows["clinical_note"].public_id])
    shown = reverse("portal:document", args=[rows["approval_letter"].public_id])
    assert [dana.get(url).status_code for url in (shown, hidden)] == [200, 404]
    desk = reverse("cases:document_portal", args=[cast.case.public_id, rows["clinical_note"].public_id])
    assert sign_in("nora").post(desk, {"shown": "yes"}).status_code == 302
    assert dana.get(hidden).status_code == 200
    assert Event.objects.filter(verb="document_shown").count() == 1
    show_to_patient(actor=cast.nora, document=rows["approval_letter"], shown=False, at=timezone.now())
    assert dana.get(shown).status_code == 404
    assert rosa.get(hidden).status_code == 200
    restrict_case(actor=cast.sam, case=cast.case, reason="a colleague's sister", at=timezone.now())
    assert [client.get(hidden).status_code for client in (dana, rosa)] == [200, 404]


def test_a_helper_for_letters_sees_no_papers(cast, portal_people):
    give_access(cast.case.patient, "lawyer@mail.example", kind="representative", scope=["letters"])
    lawyer = come_in("lawyer@mail.example")
    assert [lawyer.get(url).status_code for url in (reverse("portal:documents"), address(cast))] == [404, 404]
