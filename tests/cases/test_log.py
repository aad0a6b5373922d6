"""The one log: anything in both directions, with documents in the same act, corrected and never overwritten."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from cases.commands.communications import (
    Upload,
    correct_communication,
    keep_promise,
    log_communication,
    log_sent,
)
from cases.commands.documents import add_version, upload_document
from cases.models import Attachment, Case, CaseSearch, Communication, Document, DocumentVersion
from cases.queries.messages import attachments_of
from cases.queries.work import communications_of, promises_missed
from tests.cast import NOW

TEXT = b"We received your fax of March 12."


@pytest.fixture(autouse=True)
def vault(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def codes(refused) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def paper(cast, title="Letter", data=TEXT, case=None) -> Document:
    return upload_document(
        actor=cast.nora,
        case=case or cast.case,
        kind="other",
        title=title,
        filename=f"{title}.txt",
        stream=io.BytesIO(data),
        at=NOW,
    )


def logged(cast, **given) -> Communication:
    asked = {
        "actor": cast.nora,
        "case": cast.case,
        "channel": "fax",
        "direction": "in",
        "person": "Appeals department",
        "address": "555 010 0199",
        "happened_at": NOW,
        "reference_number": "REF 77-1",
        "summary": "They have the fax.",
        "at": NOW,
    }
    return log_communication(**asked | given)


def corrected(cast, entry, **given) -> Communication:
    asked = {
        "actor": cast.nora,
        "communication": entry,
        "reason": "Wrong department.",
        "channel": entry.channel,
        "direction": entry.direction,
        "party": entry.party,
        "happened_at": entry.happened_at,
        "summary": entry.summary,
        "promise": entry.promise,
        "promised_by": entry.promised_by,
        "reference_number": entry.reference_number,
        "at": NOW,
    }
    return correct_communication(**asked | given)


class TestAttachments:
    def test_documents_of_the_case_go_with_an_entry_in_the_version_of_that_day(self, cast):
        letter, card = paper(cast), paper(cast, "Card", b"Member card")
        entry = logged(cast, attachments=[letter, card])
        add_version(
            actor=cast.nora, document=letter, filename="l.txt", stream=io.BytesIO(b"Corrected"), at=NOW
        )
        found = attachments_of(cast.nora, [entry])[entry.pk]
        assert [(a.version.document, a.version.number) for a in found] == [(letter, 1), (card, 1)]

    def test_one_that_is_uploaded_with_the_entry_is_a_document_of_the_case(self, cast):
        upload = Upload("proof", "Fax report", "report.txt", io.BytesIO(TEXT))
        entry = logged(cast, upload=upload)
        document = Document.objects.get()
        assert (document.case, document.title, document.kind) == (cast.case, "Fax report", "proof")
        assert Attachment.objects.get().version.document == document
        assert Event.objects.get(verb="communication_logged").data == {
            "channel": "fax",
            "direction": "in",
            "party": "payer",
            "promised_by": None,
            "attachments": 1,
        }
        assert Attachment.objects.get().communication == entry

    def test_a_refused_upload_leaves_no_half(self, cast):
        upload = Upload("proof", "", "report.pdf", io.BytesIO(b"not a PDF at all \x00\x01"))
        with pytest.raises(Refused):
            logged(cast, upload=upload)
        assert (Communication.objects.count(), Document.objects.count(), Attachment.objects.count()) == (
            0,
            0,
            0,
        )

    def test_a_document_of_another_case_is_refused(self, cast):
        same = {name: getattr(cast.case, name) for name in ("patient", "coverage", "provider", "treatment")}
        other = Case.objects.create(
            reference="HB-2026-0009",
            diagnosis_codes=["F33.2"],
            procedure_codes=["96365"],
            opened_at=NOW,
            last_touched_at=NOW,
            **same,
        )
        with pytest.raises(Refused) as refused:
            logged(cast, attachments=[paper(cast, case=other)])
        assert codes(refused) == ["attachment_elsewhere"]

    def test_no_row_can_attach_across_organizations(self, cast):
        entry = logged(cast)
        with scoped_to(cast.meadow.pk, actor=cast.mia.key):
            theirs = upload_document(
                actor=cast.mia,
                case=cast.meadow_case,
                kind="other",
                filename="a.txt",
                stream=io.BytesIO(TEXT),
                at=NOW,
            )
            version = DocumentVersion.objects.get(document=theirs)
        with pytest.raises(IntegrityError), transaction.atomic():
            Attachment.objects.create(case=cast.case, communication=entry, version=version)


class TestCorrections:
    def test_the_old_entry_stays_and_both_name_each_other(self, cast):
        letter = paper(cast)
        old = logged(cast, attachments=[letter])
        new = corrected(cast, old, person="Pharmacy department", summary="The pharmacy has the fax.")
        old.refresh_from_db()
        assert (old.person, old.summary, old.superseded_at) == (
            "Appeals department",
            "They have the fax.",
            NOW,
        )
        assert (new.corrects, new.correction_reason, new.summary) == (
            old,
            "Wrong department.",
            "The pharmacy has the fax.",
        )
        assert list(communications_of(cast.nora, cast.case)) == [new]
        assert [a.version.document for a in attachments_of(cast.nora, [new])[new.pk]] == [letter]
        assert Event.objects.get(verb="communication_corrected").data["corrects"] == old.pk

    def test_it_is_found_by_the_right_number_only(self, cast):
        entry = logged(cast, reference_number="REF 77-1")
        corrected(cast, entry, reference_number="REF 88-2")
        assert CaseSearch.objects.get(case=cast.case).numbers.count("ref771") == 0
        assert "ref882" in CaseSearch.objects.get(case=cast.case).numbers

    def test_what_became_of_the_same_promise_goes_with_it(self, cast):
        day = date(2026, 3, 20)
        entry = logged(cast, promise="A copy", promised_by=day)
        keep_promise(actor=cast.nora, communication=entry, kept=False, at=NOW)
        entry.refresh_from_db()
        new = corrected(cast, entry)
        assert new.promise_kept is False
        assert promises_missed(cast.nora, cast.case, date(2026, 3, 21)) == [new]
        assert corrected(cast, new, promise="A copy and a call").promise_kept is None
        with pytest.raises(WrongState):
            keep_promise(actor=cast.nora, communication=entry, kept=True, at=NOW)

    def test_it_is_corrected_once(self, cast):
        entry = logged(cast)
        corrected(cast, entry)
        with pytest.raises(WrongState):
            corrected(cast, entry)
        assert Communication.objects.count() == 2

    def test_the_reason_and_everything_else_is_asked_at_once(self, cast):
        with pytest.raises(Refused) as refused:
            corrected(cast, logged(cast), reason=" ", summary="", promised_by=date(2026, 3, 20))
        assert codes(refused) == ["nothing_said", "promise_missing", "reason_missing"]

    def test_what_the_program_sent_is_not_rewritten(self, cast):
        sent = sending(cast)
        with pytest.raises(Refused) as refused:
            corrected(cast, sent)
        assert codes(refused) == ["made_by_program"]


def sending(cast, **given) -> Communication:
    asked = {
        "actor": cast.nora,
        "case": cast.case,
        "source": "filing:1",
        "channel": "fax",
        "party": "payer",
        "address": "555 010 0199",
        "summary": "First appeal: 9 pages.",
        "sent_at": NOW,
        "at": NOW,
    }
    return log_sent(**asked | given)


class TestWhatWeSend:
    def test_stands_in_the_log_once(self, cast):
        version = DocumentVersion.objects.get(document=paper(cast))
        first = sending(cast, versions=[version])
        assert sending(cast, versions=[version]) == first
        assert (first.direction, first.address, Communication.objects.count()) == ("out", "555 010 0199", 1)
        assert Attachment.objects.get().version == version

    def test_a_message_is_not_logged_by_hand(self, cast):
        with pytest.raises(Refused) as refused:
            logged(cast, channel="message")
        assert codes(refused) == ["message_is_written"]


class TestPages:
    def url(self, cast, name="communications", *more) -> str:
        return reverse(f"cases:{name}", args=[cast.case.public_id, *more])

    def fields(self, **given) -> dict[str, object]:
        moment = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
        usual = {"channel": "fax", "direction": "in", "party": "payer", "summary": "They have it."}
        return usual | {"happened_at": moment} | given

    def test_anything_is_logged_with_an_upload_in_the_same_submit(self, cast, sign_in):
        kept = paper(cast)
        fields = self.fields(
            attachments=[str(kept.public_id)],
            file=SimpleUploadedFile("report.txt", TEXT + b"!"),
            kind="proof",
            title="Fax report",
        )
        answer = sign_in("nora").post(self.url(cast, "communication_new"), fields)
        assert answer.status_code == 302
        entry = Communication.objects.get()
        titles = [a.version.document.title for a in attachments_of(cast.nora, [entry])[entry.pk]]
        assert (entry.channel, titles) == ("fax", ["Letter", "Fax report"])
        shown = sign_in("nora").get(self.url(cast)).content.decode()
        assert "Fax report" in shown and "They have it." in shown

    @pytest.mark.parametrize(
        ("broken", "field"),
        [
            ({"file": SimpleUploadedFile("report.pdf", b"no PDF \x00"), "kind": "proof"}, "file"),
            ({"file": SimpleUploadedFile("report.txt", TEXT), "kind": ""}, "kind"),
        ],
    )
    def test_an_upload_that_fails_leaves_nothing_and_keeps_the_words(self, cast, sign_in, broken, field):
        broken["file"].seek(0)
        answer = sign_in("nora").post(self.url(cast, "communication_new"), self.fields(**broken))
        text = answer.content.decode()
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert "They have it." in text
        assert (Communication.objects.count(), Document.objects.count()) == (0, 0)

    def test_filters_hold_codes_and_narrow_the_list(self, cast, sign_in):
        logged(cast, summary="By fax, in.")
        logged(cast, summary="By letter, out.", channel="mail", direction="out", party="provider")
        client = sign_in("nora")

        def shown(**query) -> list[str]:
            text = client.get(self.url(cast), query).content.decode()
            return [words for words in ("By fax, in.", "By letter, out.") if words in text]

        assert shown() == ["By fax, in.", "By letter, out."]
        assert shown(channel="mail") == ["By letter, out."]
        assert shown(direction="in") == ["By fax, in."]
        assert shown(party="provider", channel="fax") == []
        assert shown(channel="pigeon") == ["By fax, in.", "By letter, out."]

    def test_a_reference_number_is_found_and_stands_in_no_address(self, cast, sign_in):
        logged(cast, summary="The one.", reference_number="REF 77-1")
        logged(cast, summary="Another.", reference_number="REF 77-12")
        client = sign_in("nora")
        answer = client.post(self.url(cast, "communication_find"), {"reference_number": "ref77 1"})
        assert "77" not in answer["Location"].split("found=")[0].replace(str(cast.case.public_id), "")
        assert "ref77" not in answer["Location"]
        text = client.get(answer["Location"]).content.decode()
        assert "The one." in text and "Another." not in text
        assert sign_in("nils").get(answer["Location"]).status_code == 404

    def test_the_list_is_paged(self, cast, sign_in):
        for number in range(26):
            logged(cast, summary=f"Entry {number:02}.")
        client = sign_in("nora")
        first = client.get(self.url(cast), {"channel": "fax"})
        assert first.content.decode().count("data-row") == 25
        assert "channel=fax" in first.context["next_url"]
        second = client.get(self.url(cast) + first.context["next_url"])
        assert second.content.decode().count("data-row") == 1

    def test_a_correction_through_the_page(self, cast, sign_in):
        entry = logged(cast)
        client = sign_in("nora")
        url = self.url(cast, "communication_correct", entry.public_id)
        assert 'value="Appeals department"' in client.get(url).content.decode()
        answer = client.post(url, self.fields(reason="Misheard.", summary="They lost it."))
        assert answer.status_code == 302
        new = Communication.objects.get(superseded_at=None)
        assert "Misheard." in client.get(answer["Location"]).content.decode()
        old = client.get(self.url(cast, "communication", entry.public_id)).content.decode()
        assert "This entry was corrected" in old and "They have the fax." in old
        assert client.post(url, self.fields(reason="Again.", summary="No.")).status_code == 409
        assert list(communications_of(cast.nora, cast.case)) == [new]

    def test_who_only_reads_sees_no_way_to_write(self, cast, sign_in):
        entry = logged(cast)
        client = sign_in("petra")
        text = client.get(self.url(cast, "communication", entry.public_id)).content.decode()
        assert "They have the fax." in text and "Correct this entry" not in text
        assert client.get(self.url(cast, "communication_new")).status_code == 403
        assert client.get(self.url(cast, "communication_correct", entry.public_id)).status_code == 403

    def test_another_organization_finds_nothing(self, cast, sign_in):
        entry = logged(cast)
        client = sign_in("mia")
        for name, more in (
            ("communications", ()),
            ("communication_new", ()),
            ("communication", (entry.public_id,)),
            ("communication_correct", (entry.public_id,)),
        ):
            assert client.get(self.url(cast, name, *more)).status_code == 404
        with scoped_to(cast.meadow.pk, actor=cast.mia.key), pytest.raises(NotFound):
            corrected(cast, entry, actor=cast.mia)
