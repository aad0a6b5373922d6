"""Tasks: opened once by a rule, held until a wake-up that survives reassignment, finished by one of two people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.background import queue
from advocacy.background.models import Job
from advocacy.errors import NotAllowed, NotFound, Refused, WrongState
from advocacy.tenancy.scope import scoped_to
from cases.commands.leaving import re_home_tasks
from cases.commands.tasks import (
    cancel_task,
    change_task,
    finish_task,
    hold_task,
    open_task,
    open_tasks_of,
    reassign_task,
    tick_item,
    tick_items,
    wake_due_tasks,
    wake_task,
)
from cases.models import Case, Task
from cases.queries.work import task_shown, tasks_of
from cases.task_templates import task_templates
from tests.cast import NOW

DAY = timedelta(days=1)


def opened(cast, **given) -> Task:
    asked = {"actor": cast.nora, "case": cast.case, "title": "Call the plan", "at": NOW} | given
    return open_task(**asked)


def codes(refused) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


class TestOpening:
    def test_by_hand_it_belongs_to_the_owner_of_the_case(self, cast):
        task = opened(cast)
        assert (task.owner, task.status, task.opened_by, task.due_on) == (
            cast.members["nora"],
            "open",
            "hand",
            None,
        )
        assert Event.objects.get(verb="task_opened").data == {"code": "", "template": "", "by": "hand"}

    def test_a_template_brings_checklist_title_and_due_date(self, cast):
        task = opened(cast, title="", template="peer_to_peer")
        template = task_templates()["peer_to_peer"]
        assert (task.title, task.due_on) == (template.title, date(2026, 3, 18))
        assert [line["label"] for line in task.checklist] == [line.label for line in template.checklist]
        assert not any(line["done"] for line in task.checklist)

    def test_a_rule_opens_once_until_its_task_has_ended(self, cast):
        first = opened(cast, code="contradiction:funding", opened_by="rule")
        assert opened(cast, code="contradiction:funding", opened_by="rule") == first
        finish_task(actor=cast.nora, task=first, at=NOW)
        assert opened(cast, code="contradiction:funding", opened_by="rule") != first
        assert Task.objects.count() == 2

    def test_all_reasons_are_named_at_once(self, cast):
        cast.members["nils"].ended_at = NOW
        cast.members["nils"].save(update_fields=["ended_at"])
        with pytest.raises(Refused) as refused:
            opened(
                cast,
                title=" ",
                due_on=date(2026, 3, 15),
                owner=cast.members["nils"],
                template="none such",
            )
        assert codes(refused) == ["title_missing", "owner_gone", "due_past", "template_unknown"]

    def test_a_rule_may_open_what_is_overdue_already(self, cast):
        task = opened(cast, due_on=date(2026, 3, 1), code="late", opened_by="rule")
        assert task.due_on == date(2026, 3, 1)

    def test_not_on_a_closed_case(self, cast):
        Case.objects.filter(pk=cast.case.pk).update(status="closed", closed_at=NOW, outcome="moot")
        cast.case.refresh_from_db()
        with pytest.raises(Refused) as refused:
            opened(cast)
        assert codes(refused) == ["case_closed"]

    def test_who_only_reads_may_not(self, cast):
        with pytest.raises(NotAllowed):
            opened(cast, actor=cast.petra)

    def test_every_template_has_a_title_a_day_and_distinct_keys(self):
        for template in task_templates().values():
            keys = [line.key for line in template.checklist]
            assert template.title
            assert template.due_days > 0
            assert sorted(set(keys)) == sorted(keys)


class TestFinishing:
    def test_records_what_came_of_it(self, cast):
        done = finish_task(actor=cast.nora, task=opened(cast), note="They have it.", at=NOW)
        assert (done.status, done.end_note, done.ended_at, done.version) == ("done", "They have it.", NOW, 2)

    def test_of_two_people_the_second_is_told(self, cast):
        task = opened(cast)
        same = Task.objects.get(pk=task.pk)
        finish_task(actor=cast.nora, task=task, at=NOW)
        with pytest.raises(WrongState) as late:
            finish_task(actor=cast.nils, task=same, at=NOW)
        assert "Done" in str(late.value)
        assert Event.objects.filter(verb="task_done").count() == 1

    def test_waits_for_another(self, cast):
        first = opened(cast)
        second = opened(cast, title="Then write", waits_for=first)
        with pytest.raises(Refused) as refused:
            finish_task(actor=cast.nora, task=second, at=NOW)
        assert codes(refused) == ["waits_for_other"]
        cancel_task(actor=cast.nora, task=first, reason="Not needed", at=NOW)
        second = Task.objects.get(pk=second.pk)
        assert finish_task(actor=cast.nora, task=second, at=NOW).status == "done"

    def test_needs_every_item_ticked(self, cast):
        task = opened(cast, template="confirm_receipt")
        with pytest.raises(Refused) as refused:
            finish_task(actor=cast.nora, task=task, at=NOW)
        assert [r.message for r in refused.value.reasons] == [
            "Tick these first: Received date; Reference number; Name of the person who said so."
        ]
        for key in ("received_date", "reference", "person"):
            tick_item(actor=cast.nora, task=task, item=key, at=NOW)
        assert finish_task(actor=cast.nora, task=Task.objects.get(pk=task.pk), at=NOW).status == "done"

    def test_cancelling_needs_a_reason(self, cast):
        with pytest.raises(Refused) as refused:
            cancel_task(actor=cast.nora, task=opened(cast), reason="  ", at=NOW)
        assert codes(refused) == ["reason_missing"]

    def test_what_is_open_stands_in_the_way_of_closing(self, cast):
        opened(cast)
        opened(cast)
        assert [r.message for r in open_tasks_of(cast.case)] == [
            "2 tasks are not finished. Finish or cancel them first."
        ]
        for task in Task.objects.all():
            cancel_task(actor=cast.nora, task=task, reason="x", at=NOW)
        assert open_tasks_of(cast.case) == []


class TestHolding:
    def held(self, cast, until=NOW + 7 * DAY) -> Task:
        return hold_task(actor=cast.nora, task=opened(cast), until=until, reason="Records are coming", at=NOW)

    @pytest.mark.parametrize(("until", "code"), [(None, "wake_up_missing"), (NOW, "wake_up_past")])
    def test_needs_a_wake_up_in_the_future(self, cast, until, code):
        with pytest.raises(Refused) as refused:
            self.held(cast, until)
        assert codes(refused) == [code]

    def test_survives_reassignment(self, cast):
        task = reassign_task(actor=cast.sam, task=self.held(cast), owner=cast.members["nils"], at=NOW + DAY)
        assert (task.owner, task.status, task.hold_until, task.hold_reason) == (
            cast.members["nils"],
            "held",
            NOW + 7 * DAY,
            "Records are coming",
        )

    def test_survives_a_leaver(self, cast):
        self.held(cast)
        moved = re_home_tasks(member=cast.members["nora"], to=[cast.members["nils"]], actor=cast.olga, at=NOW)
        task = Task.objects.get()
        assert (moved, task.owner, task.status) == (1, cast.members["nils"], "held")

    def test_ends_early_with_a_reason_only(self, cast):
        task = self.held(cast)
        with pytest.raises(Refused) as refused:
            wake_task(actor=cast.nora, task=task, at=NOW + DAY)
        assert codes(refused) == ["reason_missing"]
        woken = wake_task(actor=cast.nora, task=task, reason="They came by fax", at=NOW + DAY)
        assert (woken.status, woken.woken_reason) == ("open", "They came by fax")

    def test_the_job_wakes_at_the_moment_and_not_before_and_twice_is_once(self, cast):
        self.held(cast)
        program = system_actor(cast.harbor.pk, "jobs")
        assert wake_due_tasks(actor=program, at=NOW + 7 * DAY - timedelta(seconds=1)) == 0
        assert wake_due_tasks(actor=program, at=NOW + 7 * DAY) == 1
        assert wake_due_tasks(actor=program, at=NOW + 8 * DAY) == 0
        assert Task.objects.get().status == "open"

    def test_a_wake_up_counts_before_the_job_has_come_by(self, cast):
        task = self.held(cast)
        later = NOW + 8 * DAY
        shown = task_shown(task, later)
        assert (shown.state, shown.state_label, shown.held_until) == ("open", "Woken up", None)
        assert finish_task(actor=cast.nora, task=task, at=later).status == "done"

    def test_while_held_it_is_not_finished(self, cast):
        with pytest.raises(WrongState):
            finish_task(actor=cast.nora, task=self.held(cast), at=NOW + DAY)

    def test_the_schedule_asks_in_each_organization(self, cast):
        assert "cases.wake_tasks" in queue.install_schedules()
        assert queue.install_schedules() == queue.install_schedules()
        queue.run_everywhere("cases.wake_tasks")
        row = Job.objects.get(name="cases.wake_tasks")
        assert queue.run(cast.harbor.pk, row.pk) == "done"
        with scoped_to(cast.meadow.pk):
            assert Job.objects.filter(name="cases.wake_tasks").count() == 1
        queue.run_everywhere("cases.wake_tasks")
        assert [r.status for r in Job.objects.filter(name="cases.wake_tasks")] == ["queued"]


class TestChanging:
    def test_ticks_of_two_people_both_stay(self, cast):
        task = opened(cast, template="confirm_receipt")
        tick_items(actor=cast.nora, task=task, ticked=["reference"], at=NOW)
        tick_items(actor=cast.nils, task=task, ticked=["person"], at=NOW)
        lines = {line["key"]: (line["done"], line["done_by"]) for line in Task.objects.get().checklist}
        assert lines == {
            "received_date": (False, ""),
            "reference": (True, "Nora Navigator"),
            "person": (True, "Nils Navigator"),
        }
        tick_item(actor=cast.nora, task=task, item="person", done=False, at=NOW)
        assert Task.objects.get().checklist[2]["done"] is False

    def test_an_unknown_line_is_refused(self, cast):
        with pytest.raises(Refused):
            tick_item(actor=cast.nora, task=opened(cast), item="no such line", at=NOW)

    def test_no_circle_of_waiting(self, cast):
        first = opened(cast)
        second = opened(cast, waits_for=first)
        with pytest.raises(Refused) as refused:
            change_task(
                actor=cast.nora, task=first, title="A", detail="", due_on=None, waits_for=second, at=NOW
            )
        assert codes(refused) == ["waits_in_circle"]

    def test_a_stale_version_is_told(self, cast):
        task = opened(cast)
        reassign_task(actor=cast.sam, task=task, owner=None, at=NOW)
        with pytest.raises(WrongState):
            change_task(
                actor=cast.nora,
                task=task,
                title="A",
                detail="",
                due_on=None,
                waits_for=None,
                expected_version=1,
                at=NOW,
            )

    def test_what_has_ended_stays_as_it_is(self, cast):
        task = finish_task(actor=cast.nora, task=opened(cast), at=NOW)
        with pytest.raises(WrongState):
            reassign_task(actor=cast.nora, task=task, owner=None, at=NOW)

    def test_another_organization_does_not_see_it(self, cast):
        task = opened(cast)
        with scoped_to(cast.meadow.pk, actor=cast.mia.key), pytest.raises(NotFound):
            finish_task(actor=cast.mia, task=task, at=NOW)

    def test_the_list_is_in_order_of_work(self, cast):
        later = opened(cast, due_on=date(2026, 4, 1))
        soon = opened(cast, due_on=date(2026, 3, 20))
        undated = opened(cast)
        held = hold_task(actor=cast.nora, task=opened(cast), until=NOW + DAY, reason="", at=NOW)
        done = finish_task(actor=cast.nora, task=opened(cast), at=NOW)
        assert list(tasks_of(cast.nora, cast.case)) == [soon, later, undated, held, done]


class TestPages:
    def url(self, cast, name: str, task: Task | None = None) -> str:
        rows = [cast.case.public_id] + ([task.public_id] if task else [])
        return reverse(f"cases:{name}", args=rows)

    def test_opening_from_a_template_needs_one_choice(self, cast, sign_in):
        client = sign_in("nora")
        answer = client.post(self.url(cast, "task_new"), {"template": "appeal_packet"})
        task = Task.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, self.url(cast, "task", task))
        assert task.template == "appeal_packet"
        shown = client.get(answer["Location"]).content.decode()
        assert "A second person read the letter" in shown

    def test_a_past_date_keeps_what_was_typed(self, cast, sign_in):
        answer = sign_in("nora").post(
            self.url(cast, "task_new"), {"title": "Call Dana", "due_on": "2020-01-01"}
        )
        assert answer.status_code == 422
        assert 'value="Call Dana"' in answer.content.decode()
        assert "The due date has passed." in answer.content.decode()

    def test_two_people_finishing_the_second_gets_409_and_keeps_the_words(self, cast, sign_in):
        task = opened(cast)
        url = self.url(cast, "task_finish", task)
        first = sign_in("nora").post(url, {"note": "Done by me", "version": 1})
        second = sign_in("nils").post(url, {"note": "Typed by Nils", "version": 1})
        assert (first.status_code, second.status_code) == (302, 409)
        assert "Typed by Nils" in second.content.decode()
        assert Task.objects.get().end_note == "Done by me"

    def test_the_steps_of_a_life(self, cast, sign_in):
        client = sign_in("nora")
        task = opened(cast, template="confirm_receipt")
        until = (timezone.localtime() + DAY).strftime("%Y-%m-%dT%H:%M")
        posts = [
            ("task_hold", {"hold_until": until, "hold_reason": "Fax is down", "version": 1}),
            ("task_reassign", {"owner": str(cast.members["nils"].public_id)}),
            ("task_wake", {"woken_reason": "It works again"}),
            ("task_change", {"title": "Confirm", "due_on": "", "detail": "", "waits_for": "", "version": 4}),
            ("task_tick", {"item": ["received_date", "reference", "person"]}),
            ("task_finish", {"note": "", "version": 6}),
        ]
        for name, fields in posts:
            answer = client.post(self.url(cast, name, task), fields)
            assert answer.status_code == 302, (name, answer.content.decode()[-3000:])
        task.refresh_from_db()
        assert (task.status, task.title, task.owner) == ("done", "Confirm", cast.members["nils"])

    def test_another_organizations_member_is_no_choice(self, cast, sign_in):
        with scoped_to(cast.meadow.pk):
            alien = str(cast.members["mia"].public_id)
        answer = sign_in("nora").post(
            self.url(cast, "task_reassign", opened(cast)),
            {"owner": alien},
        )
        assert answer.status_code == 422
        assert "Mia" not in answer.content.decode()

    def test_each_page_leaves_one_read_event_and_is_404_for_strangers(self, cast, sign_in):
        task = opened(cast)
        names = (
            "task",
            "task_finish",
            "task_cancel",
            "task_hold",
            "task_wake",
            "task_reassign",
            "task_change",
        )
        urls = [self.url(cast, "tasks"), self.url(cast, "task_new")] + [
            self.url(cast, name, task) for name in names
        ]
        client = sign_in("nora")
        for url in urls:
            before = Event.objects.filter(kind="read").count()
            assert client.get(url).status_code == 200, url
            assert Event.objects.filter(kind="read").count() == before + 1, url
        client = sign_in("mia")
        for url in urls:
            assert client.get(url).status_code == 404, url
            assert client.post(url).status_code in (404, 405), url

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_costs_the_same_for_one_and_for_three(
        self, cast, sign_in, django_assert_max_num_queries, count
    ):
        first = opened(cast, title="First")
        for number in range(count):
            opened(cast, title=f"Task {number}", waits_for=first, at=datetime.now(UTC))
        client = sign_in("nora")
        with django_assert_max_num_queries(13):
            answer = client.get(self.url(cast, "tasks"))
        assert answer.content.decode().count("data-row") == count + 1
