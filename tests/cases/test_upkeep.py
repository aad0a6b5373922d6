"""Files of uploads that were undone are removed after a day, with real files and real transactions; nothing else is."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection, transaction

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.errors import NotAllowed
from advocacy.tenancy.scope import scoped_to
from appeals.sample_letters import text_as_pdf
from cases.commands import upkeep
from cases.commands.documents import document_vault, open_version, upload_document
from cases.commands.upkeep import Tidied, tidy_vault
from cases.models import Blob, DocumentVersion
from tests.cast import NOW, assemble

TWO_DAYS = 2 * 86400


@pytest.fixture(autouse=True)
def vault_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "vault"


def upload(cast, words: str, *, who="nora", case=None):
    return upload_document(
        actor=cast.actors[who],
        case=case or cast.case,
        kind="other",
        title=words,
        filename="paper.pdf",
        stream=io.BytesIO(text_as_pdf(words)),
        at=NOW,
    )


class Undone(Exception):
    pass


def undo(cast, words: str) -> Path:
    """An upload whose request was rolled back; its file, as the vault has it."""
    before = set(files())
    with pytest.raises(Undone), transaction.atomic():
        upload(cast, words)
        raise Undone
    (left,) = set(files()) - before
    return left


def files() -> list[Path]:
    return sorted(p for p in Path(configured.DATA_DIR).rglob("*") if p.is_file())


def age(*paths: Path, seconds: float = TWO_DAYS) -> None:
    for path in paths:
        then = time.time() - seconds
        os.utime(path, (then, then))


def program(organization_id: int):
    return system_actor(organization_id, "jobs")


def test_an_undone_upload_leaves_nothing_after_a_day(cast):
    kept = upload(cast, "kept")
    left, young = undo(cast, "undone"), undo(cast, "undone a minute ago")
    age(*(set(files()) - {young}))
    assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(0, 1)
    assert not left.exists() and young.exists()
    version = DocumentVersion.objects.get(document=kept)
    assert open_version(cast.nora, version).read() == text_as_pdf("kept")
    event = Event.objects.get(verb="vault_tidied")
    assert (event.subject_id, event.data) == (cast.harbor.pk, {"half_written": 0, "without_row": 1})
    assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(0, 0)
    assert Event.objects.filter(verb="vault_tidied").count() == 1


def test_what_a_killed_process_left_is_counted(cast):
    upload(cast, "kept")
    incoming = Path(configured.DATA_DIR) / str(cast.harbor.public_id) / ".incoming"
    half = incoming / "half"
    half.write_bytes(b"half of it")
    age(half)
    assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(1, 0)
    assert not half.exists()


def test_another_organizations_files_are_its_own(cast):
    """Meadow's rows are not seen from Harbor: its files must not look as if nobody had them."""
    with scoped_to(cast.meadow.pk, actor=cast.mia.key, actor_label="Mia"):
        upload(cast, "meadow's", who="mia", case=cast.meadow_case)
    age(*files())
    assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(0, 0)
    assert len(files()) == 1


def test_a_person_does_not_tidy(cast):
    with pytest.raises(NotAllowed):
        tidy_vault(actor=cast.sam)


def test_the_nightly_job_does_it(cast):
    left = undo(cast, "undone")
    age(left)
    queue.registered()["cases.tidy_vault"]()
    assert files() == []


def test_bytes_that_are_uploaded_again_are_young(cast):
    """They take the file that is there: its first upload was undone, the second was not."""
    left = undo(cast, "twice")
    age(left)
    upload(cast, "twice")
    assert document_vault().locations(organization_id=cast.harbor.public_id, older_than_seconds=3600) == []
    assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(0, 0)


@pytest.mark.django_db(transaction=True)
def test_an_upload_in_the_middle_keeps_its_file(monkeypatch):
    """The one that would be removed is taken up by an upload that has not committed: its row cannot be seen yet."""
    monkeypatch.setattr(upkeep, "TRIES", 2)
    with transaction.atomic():
        cast = assemble()
    with scoped_to(cast.harbor.pk, actor=cast.nora.key, actor_label="Nora"):
        left = undo(cast, "raced")
        uploaded, go_on = threading.Event(), threading.Event()
        problems: list[BaseException] = []

        def upload_slowly() -> None:
            try:
                with (
                    scoped_to(cast.harbor.pk, actor=cast.nora.key, actor_label="Nora"),
                    transaction.atomic(),
                ):
                    upload(cast, "raced")
                    uploaded.set()
                    assert go_on.wait(30)
            except BaseException as problem:
                problems.append(problem)
            finally:
                uploaded.set()
                connection.close()

        other = threading.Thread(target=upload_slowly)
        other.start()
        assert uploaded.wait(30)
        age(left)  # as if the touch had been missed: the lock alone must hold
        with transaction.atomic():
            assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(0, 0, busy=True)
        go_on.set()
        other.join(30)
        assert problems == [] and left.exists()
        with transaction.atomic():
            assert Blob.objects.count() == 1
            assert tidy_vault(actor=program(cast.harbor.pk)) == Tidied(0, 0)
        assert left.exists()
