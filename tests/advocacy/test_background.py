"""Jobs that fail are kept with a reason that holds no patient data, shown to whom it concerns, and tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.background.broker import TwoLines
from advocacy.background.commands import retry_job
from advocacy.background.models import Job
from advocacy.background.queries import failed_jobs, waiting_jobs
from advocacy.errors import NotAllowed, NotFound, WrongState
from advocacy.tenancy.scope import scoped_to
from tests.cast import NOW


@pytest.fixture
def probe():
    """A job that does what the test says: `probe.does` is called with its ids."""

    class Probe:
        calls: list[dict] = []
        failures: list[dict] = []
        does = staticmethod(lambda **ids: None)

    here = Probe()
    here.calls, here.failures = [], []

    def work(**ids):
        here.calls.append(ids)
        here.does(**ids)

    queue.job("test.probe", title="Probe", failed=lambda **told: here.failures.append(told))(work)
    yield here
    for table in (queue._jobs, queue._titles, queue._after_failure):
        table.pop("test.probe")


def failed_job(reason="Page 2 of this PDF is damaged.", **given) -> Job:
    asked = {
        "name": "cases.read_document",
        "arguments": {"version": 1},
        "status": Job.Status.FAILED,
        "attempts": 1,
        "reason": reason,
        "queued_at": NOW,
        "started_at": NOW,
        "ended_at": NOW,
    }
    return Job.objects.create(**asked | given)


class TestRunning:
    def test_a_job_is_a_row_of_the_same_transaction(self, cast, probe):
        row = queue.enqueue("test.probe", thing=7)
        assert (OrmQ.objects.count(), row.status, row.arguments) == (1, "queued", {"thing": 7})
        assert queue.run(cast.harbor.pk, row.pk) == "done"
        assert queue.run(cast.harbor.pk, row.pk) == "already done"
        assert probe.calls == [{"thing": 7}]

    def test_what_is_done_already_leaves_the_queue_and_nothing_else_does(self, cast, probe):
        done, waiting = (queue.enqueue("test.probe", thing=n) for n in (1, 2))
        queue.run(cast.harbor.pk, done.pk)
        with scoped_to(cast.meadow.pk, actor="system:test"):
            assert queue.drop_done() == 0
        assert (queue.drop_done(), queue.drop_done()) == (1, 0)
        assert [row.task["args"] for row in OrmQ.objects.all()] == [(cast.harbor.pk, waiting.pk)]

    def test_an_unknown_job_is_refused_at_once(self, cast):
        with pytest.raises(KeyError):
            queue.enqueue("test.no_such_job")

    def test_a_passing_trouble_is_tried_three_times_and_its_words_are_not_kept(self, cast, probe):
        def trouble(**ids):
            raise ValueError("Dana Whitlock's letter")

        probe.does = trouble
        row = queue.enqueue("test.probe", thing=7)
        states = []
        for _ in range(queue.MAX_ATTEMPTS):
            queue.run(cast.harbor.pk, row.pk)
            row.refresh_from_db()
            states.append((row.status, row.attempts, row.reason))
        said = "Something unexpected happened (ValueError). The server's log says more."
        assert states == [("queued", 1, said), ("queued", 2, said), ("failed", 3, said)]
        assert Schedule.objects.filter(func="advocacy.background.queue.run").count() == 2
        assert probe.failures == [{"reason": said, "thing": 7}]

    def test_what_will_not_mend_fails_at_once_with_its_words(self, cast, probe):
        def trouble(**ids):
            raise queue.PublicProblem("This PDF has no pages.")

        probe.does = trouble
        row = queue.enqueue("test.probe", thing=7)
        assert queue.run(cast.harbor.pk, row.pk) == "failed"
        row.refresh_from_db()
        assert (row.status, row.attempts, row.reason) == ("failed", 1, "This PDF has no pages.")

    def test_what_a_failing_job_wrote_is_undone(self, cast, probe):
        def trouble(**ids):
            failed_job("written by the job")
            raise queue.PublicProblem("No.")

        probe.does = trouble
        row = queue.enqueue("test.probe")
        queue.run(cast.harbor.pk, row.pk)
        assert Job.objects.filter(reason="written by the job").count() == 0


class TestLines:
    def names(self, broker: TwoLines, count: int) -> list[int]:
        """What the worker would take next, as the job's argument."""
        taken = [package for _ in range(count) for _, package in broker.dequeue() or []]
        rows = [SignedPackage.loads(package)["args"][1] for package in taken]
        things = {row.pk: row.arguments["thing"] for row in Job.objects.filter(pk__in=rows)}
        return [things[pk] for pk in rows]

    def test_what_the_clock_asked_for_waits_but_is_not_passed_over_for_long(self, cast, probe, monkeypatch):
        monkeypatch.setattr(queue, "_patient", {"test.probe"})
        for thing in (101, 102, 103):
            queue.enqueue("test.probe", thing=thing)
        monkeypatch.setattr(queue, "_patient", set())
        for thing in range(1, 7):
            queue.enqueue("test.probe", thing=thing)
        broker = get_broker()
        assert (type(broker), broker.queue_size()) == (TwoLines, 9)
        assert self.names(broker, 9) == [1, 2, 3, 4, 101, 5, 6, 102, 103]
        assert (broker.queue_size(), broker.lock_size()) == (0, 9)

    def test_two_workers_never_take_the_same_job(self, cast, probe):
        for thing in (1, 2):
            queue.enqueue("test.probe", thing=thing)
        assert (self.names(get_broker(), 1), self.names(get_broker(), 1)) == ([1], [2])

    def test_regular_jobs_wait_and_the_reading_of_a_letter_does_not(self):
        assert {"appeals.check_dates", "reporting.settle_figures"} <= queue.waiting_behind()
        assert queue.waiting_behind().isdisjoint({"cases.read_document", "appeals.propose_facts"})

    def test_one_of_many_that_fails_gets_a_job_of_its_own(self, cast, probe):
        done = []

        def work(key):
            done.append(key)
            if key == 2:
                failed_job("written for the one that fails")
                raise ValueError("Dana Whitlock's letter")

        queue.each("test.probe", [1, 2, 3], work, by="thing")
        assert done == [1, 2, 3]
        assert Job.objects.filter(reason="written for the one that fails").count() == 0
        assert [row.arguments for row in Job.objects.filter(name="test.probe")] == [{"thing": 2}]


class TestRetry:
    def test_puts_it_back_and_records_who_did(self, cast):
        with scoped_to(cast.harbor.pk, actor=cast.sam.key):
            row = retry_job(actor=cast.sam, job=failed_job(), at=NOW)
        assert (row.status, row.attempts, OrmQ.objects.count()) == ("queued", 0, 1)
        event = Event.objects.get(verb="job_retried")
        assert (event.actor, event.subject_id, event.data) == (
            cast.sam.key,
            row.pk,
            {"name": "cases.read_document"},
        )

    def test_a_second_person_is_told(self, cast):
        row = failed_job()
        retry_job(actor=cast.sam, job=row, at=NOW)
        with pytest.raises(WrongState):
            retry_job(actor=cast.sam, job=row, at=NOW)

    def test_seeing_is_not_retrying(self, cast):
        with pytest.raises(NotAllowed):
            retry_job(actor=cast.olga, job=failed_job(), at=NOW)
        with pytest.raises(NotFound):
            retry_job(actor=cast.nora, job=failed_job(), at=NOW)

    def test_the_list_holds_what_failed_here(self, cast):
        mine = failed_job()
        failed_job(status=Job.Status.QUEUED)
        with scoped_to(cast.meadow.pk):
            failed_job("Meadow's")
        assert list(failed_jobs(cast.sam)) == [mine]
        assert list(failed_jobs(cast.nora)) == []
        assert waiting_jobs(cast.sam).queued == 1


class TestPage:
    URL = "/admin/jobs/"

    def test_shows_the_reason_and_tries_again(self, cast, sign_in):
        row = failed_job()
        client = sign_in("sam")
        text = client.get(self.URL).content.decode()
        assert "Read the text of a document" in text
        assert "Page 2 of this PDF is damaged." in text
        answer = client.post(reverse("background:retry", args=[row.public_id]))
        assert (answer.status_code, answer["Location"]) == (302, self.URL)
        row.refresh_from_db()
        assert row.status == "queued"
        assert client.post(reverse("background:retry", args=[row.public_id])).status_code == 409

    def test_all_at_once(self, cast, sign_in):
        for _ in range(3):
            failed_job()
        assert sign_in("sam").post(reverse("background:retry_all")).status_code == 302
        assert Job.objects.filter(status="queued").count() == 3

    def test_an_admin_sees_and_cannot_retry(self, cast, sign_in):
        row = failed_job()
        client = sign_in("olga")
        text = client.get(self.URL).content.decode()
        assert "Page 2 of this PDF is damaged." in text
        assert "Try again" not in text
        assert client.post(reverse("background:retry", args=[row.public_id])).status_code == 403
        assert client.post(reverse("background:retry_all")).status_code == 403

    def test_others_get_403_and_strangers_404(self, cast, sign_in):
        row = failed_job()
        assert sign_in("nora").get(self.URL).status_code == 403
        cast.members["mia"].roles = ["supervisor"]
        with scoped_to(cast.meadow.pk):
            cast.members["mia"].save(update_fields=["roles"])
        client = sign_in("mia")
        assert "damaged" not in client.get(self.URL).content.decode()
        assert client.post(reverse("background:retry", args=[row.public_id])).status_code == 404

    def test_nothing_failed_says_so(self, cast, sign_in):
        assert "Nothing has failed" in sign_in("sam").get(self.URL).content.decode()

    def test_more_than_a_page_goes_on(self, cast, sign_in):
        for number in range(51):
            failed_job(queued_at=NOW + timedelta(seconds=number))
        client = sign_in("sam")
        first = client.get(self.URL).content.decode()
        assert first.count("data-row") == 50
        following = first.split('rel="next" href="')[1].split('"')[0]
        assert client.get(self.URL + following).content.decode().count("data-row") == 1
