"""Contacts, promises and notes: what was said is kept, what was promised is followed up, notes stay inside."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, NotFound, Refused
from advocacy.people.commands import ContactInput, add_contact
from advocacy.people.drafts import save_draft
from advocacy.people.models import Patient
from advocacy.tenancy.scope import scoped_to
from cases.commands.communications import keep_promise, log_communication, write_note
from cases.models import Case, CaseSearch, Communication, Note, Task
from cases.queries.work import get_communication, promises_missed
from tests.cast import NOW


def logged(cast, **given) -> Communication:
    asked = {
        "actor": cast.nora,
        "case": cast.case,
        "person": "Renee, appeals department",
        "happened_at": NOW,
        "reference_number": "CALL-0042 \"x'",
        "summary": "They say it is in review.",
        "at": NOW,
    }
    return log_communication(**asked | given)


def codes(refused) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


class TestLogging:
    def test_keeps_who_when_and_the_reference(self, cast):
        entry = Communication.objects.get(pk=logged(cast).pk)
        assert (entry.person, entry.reference_number, entry.channel, entry.direction, entry.party) == (
            "Renee, appeals department",
            "CALL-0042 \"x'",
            "call",
            "out",
            "payer",
        )

    def test_its_reference_number_finds_the_case(self, cast):
        logged(cast)
        assert "call0042x" in CaseSearch.objects.get(case=cast.case).numbers

    def test_the_trail_holds_no_word_of_it(self, cast):
        logged(cast, promise="A decision", promised_by=date(2026, 3, 20))
        assert Event.objects.get(verb="communication_logged").data == {
            "channel": "call",
            "direction": "out",
            "party": "payer",
            "promised_by": "2026-03-20",
        }

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"happened_at": NOW + timedelta(minutes=6)}, ["happened_in_future"]),
            ({"summary": " "}, ["nothing_said"]),
            ({"promised_by": date(2026, 3, 20)}, ["promise_missing"]),
            ({"promise": "x", "promised_by": date(2026, 3, 15)}, ["promised_before"]),
            ({"channel": "pigeon", "party": "cat"}, ["channel_unknown", "party_unknown"]),
        ],
    )
    def test_what_is_refused(self, cast, given, expected):
        with pytest.raises(Refused) as refused:
            logged(cast, **given)
        assert codes(refused) == expected

    def test_a_clock_that_runs_a_little_ahead_is_forgiven(self, cast):
        assert logged(cast, happened_at=NOW + timedelta(minutes=4)).happened_at == NOW + timedelta(minutes=4)

    def test_who_only_reads_may_not(self, cast):
        with pytest.raises(NotAllowed):
            logged(cast, actor=cast.petra)


class TestPromises:
    def test_missed_are_those_whose_day_has_passed_and_that_were_not_kept(self, cast):
        day = date(2026, 3, 20)
        silent = logged(cast, promise="A decision", promised_by=day)
        broken = logged(cast, promise="A fax", promised_by=day)
        kept = logged(cast, promise="A call", promised_by=day)
        logged(cast, promise="Later", promised_by=date(2026, 4, 1))
        logged(cast, promise="Some day")
        keep_promise(actor=cast.nora, communication=broken, kept=False, at=NOW)
        keep_promise(actor=cast.nora, communication=kept, kept=True, at=NOW)
        assert promises_missed(cast.nora, cast.case, day) == []
        assert promises_missed(cast.nora, cast.case, day + timedelta(days=1)) == [silent, broken]

    def test_nothing_promised_is_nothing_to_keep(self, cast):
        with pytest.raises(Refused) as refused:
            keep_promise(actor=cast.nora, communication=logged(cast), kept=True, at=NOW)
        assert codes(refused) == ["no_promise"]

    def test_another_organization_does_not_see_it(self, cast):
        entry = logged(cast, promise="A call")
        with scoped_to(cast.meadow.pk, actor=cast.mia.key):
            with pytest.raises(NotFound):
                get_communication(cast.mia, cast.meadow_case, entry.public_id)
            with pytest.raises(NotFound):
                keep_promise(actor=cast.mia, communication=entry, kept=True, at=NOW)


class TestNotes:
    def test_are_internal_unless_marked(self, cast):
        inside = write_note(actor=cast.nora, case=cast.case, body="She is worried. ", at=NOW)
        told = write_note(actor=cast.nora, case=cast.case, body="We filed.", for_patient=True, at=NOW)
        assert (inside.for_patient, inside.body, told.for_patient) == (False, "She is worried.", True)

    def test_an_empty_one_is_refused(self, cast):
        with pytest.raises(Refused) as refused:
            write_note(actor=cast.nora, case=cast.case, body="\n ", at=NOW)
        assert codes(refused) == ["note_empty"]


class TestCallNotePage:
    def url(self, cast) -> str:
        return reverse("cases:call_new", args=[cast.case.public_id])

    def least(self, **fields) -> dict[str, str]:
        """What a navigator sends who fills in one field and leaves the defaults."""
        usual = {"party": "payer", "direction": "out", "channel": "call"}
        moment = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
        return usual | {"happened_at": moment, "summary": "In review."} | fields

    def test_one_field_is_enough(self, cast, sign_in):
        answer = sign_in("nora").post(self.url(cast), self.least())
        assert answer.status_code == 302
        entry = Communication.objects.get()
        assert (entry.summary, entry.party, entry.logged_by) == ("In review.", "payer", cast.users["nora"])
        assert Task.objects.count() == 0

    def test_it_says_first_how_the_patient_may_be_reached(self, cast, sign_in):
        nora, patient = sign_in("nora"), cast.case.patient
        assert (
            "No number is marked safe: do not call the patient" in nora.get(self.url(cast)).content.decode()
        )
        for value, safe in (("503-555-0141", True), ("503-555-0666", False)):
            contact = ContactInput("phone", value, is_safe=safe, from_time=time(9), until_time=time(17, 30))
            add_contact(actor=cast.nora, patient=patient, contact=contact, at=NOW)
        Patient.objects.filter(pk=patient.pk).update(time_zone="America/Los_Angeles")
        patient = Patient.objects.get(pk=patient.pk)
        patient.safe_contact_note = "Her brother must not learn of it."
        patient.save(update_fields=["safe_contact_note"])
        shown = nora.get(self.url(cast)).content.decode()
        head = " ".join(
            re.sub(r"<[^>]+>", " ", shown.split('id="h-safe">')[1].split("</section>")[0]).split()
        )
        assert head == (
            "Before you call the patient Her brother must not learn of it. 503-555-0141"
            " (leave no message, 9:00 AM – 5:30 PM Pacific)"
        )
        case_page = nora.get(reverse("appeals:case", args=[cast.case.public_id])).content.decode()
        assert case_page.index("Her brother must not learn of it.") < case_page.index(
            '<div class="case-grid">'
        )

    def test_the_form_comes_filled_in(self, cast, sign_in):
        text = sign_in("nora").get(self.url(cast)).content.decode()
        assert '<option value="payer" selected>' in text
        assert '<option value="out" selected>' in text
        assert f'value="{timezone.localdate():%Y-%m-%d}T' in text

    def test_the_follow_up_is_a_task_of_the_caller(self, cast, sign_in):
        promised = timezone.localdate() + timedelta(days=5)
        fields = self.least(
            promise="A decision", promised_by=promised.isoformat(), follow_up="Ask for the decision"
        )
        sign_in("nils").post(self.url(cast), fields)
        task = Task.objects.get()
        assert (task.title, task.due_on, task.owner) == (
            "Ask for the decision",
            promised,
            cast.members["nils"],
        )

    def test_a_refused_follow_up_logs_nothing_and_keeps_the_words(self, cast, sign_in):
        fields = self.least(follow_up="Call again", follow_up_on="2020-01-01")
        answer = sign_in("nora").post(self.url(cast), fields)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert 'href="#id_follow_up_on"' in text
        assert 'value="Call again"' in text
        assert (Communication.objects.count(), Task.objects.count()) == (0, 0)

    def test_a_future_call_is_refused(self, cast, sign_in):
        tomorrow = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        answer = sign_in("nora").post(self.url(cast), self.least(happened_at=tomorrow))
        assert answer.status_code == 422
        assert "This moment has not come yet." in answer.content.decode()

    def test_a_draft_comes_back_and_ends_with_the_saving(self, cast, sign_in):
        save_draft(
            actor=cast.nora,
            key=f"path:{self.url(cast)}",
            fields={"summary": ["Half a sentence"], "party": ["provider"]},
            at=NOW,
        )
        client = sign_in("nora")
        text = client.get(self.url(cast)).content.decode()
        assert "Half a sentence" in text
        assert "What you typed here before and did not send stands in the fields." in text
        assert '<option value="provider" selected>' in text
        client.post(self.url(cast), self.least())
        text = client.get(self.url(cast)).content.decode()
        assert ("Half a sentence" in text, "What you typed here before" in text) == (False, False)

    def test_a_draft_in_the_log_says_that_it_came_back(self, cast, sign_in):
        url = reverse("cases:communication_new", args=[cast.case.public_id])
        client = sign_in("nora")
        assert "What you typed here before" not in client.get(url).content.decode()
        save_draft(actor=cast.nora, key=f"path:{url}", fields={"summary": ["Half a sentence"]}, at=NOW)
        text = client.get(url).content.decode()
        assert ("Half a sentence" in text, "What you typed here before" in text) == (True, True)


class TestClosedCase:
    SAYS = "This case is closed. Reopen it to log a contact."

    @pytest.mark.parametrize("name", ["call_new", "communication_new"])
    def test_nothing_is_logged_and_what_was_typed_is_shown(self, cast, sign_in, name):
        client, url = sign_in("nora"), reverse(f"cases:{name}", args=[cast.case.public_id])
        offered = reverse("cases:communications", args=[cast.case.public_id])
        assert client.get(url).status_code == 200
        assert f'href="{url}"' in client.get(offered).content.decode()
        Case.objects.filter(pk=cast.case.pk).update(status="closed", closed_at=NOW, outcome="moot")
        answer = client.post(url, TestCallNotePage().least(summary="Renee called back."))
        text = answer.content.decode()
        assert (answer.status_code, self.SAYS in text, "Renee called back." in text) == (409, True, True)
        assert Communication.objects.count() == 0
        shown = client.get(url)
        assert (shown.status_code, self.SAYS in shown.content.decode()) == (409, True)
        for page in (offered, reverse("appeals:case", args=[cast.case.public_id])):
            assert f'href="{url}"' not in client.get(page).content.decode()


class TestPages:
    def test_the_log_shows_the_missed_promise_and_settles_it(self, cast, sign_in):
        entry = logged(cast, promise="A decision", promised_by=date(2026, 3, 20))
        client = sign_in("nora")
        url = reverse("cases:communications", args=[cast.case.public_id])
        assert "Promised and not kept" in client.get(url).content.decode()
        settle = reverse("cases:promise_settle", args=[cast.case.public_id, entry.public_id])
        assert client.post(settle, {"kept": "yes"}).status_code == 302
        assert Communication.objects.get().promise_kept is True
        assert "Promised and not kept" not in client.get(url).content.decode()

    def test_a_note_is_written_and_shown(self, cast, sign_in):
        client = sign_in("nora")
        url = reverse("cases:note_new", args=[cast.case.public_id])
        answer = client.post(url, {"body": "Long thoughts", "for_patient": ""})
        assert answer.status_code == 302
        shown = client.get(answer["Location"]).content.decode()
        assert "Long thoughts" in shown
        assert "Internal" in shown
        assert Note.objects.get().for_patient is False

    def test_each_leaves_one_read_event_and_is_404_for_strangers(self, cast, sign_in):
        logged(cast)
        names = ("communications", "call_new", "notes", "note_new")
        urls = [reverse(f"cases:{name}", args=[cast.case.public_id]) for name in names]
        client = sign_in("nora")
        for url in urls:
            before = Event.objects.filter(kind="read").count()
            assert client.get(url).status_code == 200, url
            assert Event.objects.filter(kind="read").count() == before + 1, url
        client = sign_in("mia")
        assert [client.get(url).status_code for url in urls] == [404] * 4

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_log_costs_the_same_for_one_and_for_three(
        self, cast, sign_in, django_assert_max_num_queries, count
    ):
        for _ in range(count):
            logged(cast, promise="A decision", promised_by=date(2026, 3, 20))
            write_note(actor=cast.nora, case=cast.case, body="x", at=NOW)
        client = sign_in("nora")
        with django_assert_max_num_queries(14):
            answer = client.get(reverse("cases:communications", args=[cast.case.public_id]))
        assert answer.content.decode().count("data-row") == count
        with django_assert_max_num_queries(13):
            client.get(reverse("cases:notes", args=[cast.case.public_id]))
