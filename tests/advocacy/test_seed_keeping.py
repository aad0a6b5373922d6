"""What the demonstration shows of keeping an organization: once, without a mail."""

from __future__ import annotations

from django.utils import timezone

from advocacy.background.models import Job
from advocacy.management.seed.cast import Standing
from advocacy.management.seed.keeping import aim, keep, set_up
from advocacy.management.seed.life import no_mail
from advocacy.people.models import Invitation, SetupTest
from appeals.models import OwnLetterBlock, ServiceTarget
from appeals.queries.setup import STEPS
from cases.models import OwnTaskTemplate, PayerChannel


def test_harbor_keeps_itself_once(cast):
    harbor = Standing(cast.harbor)
    harbor.actors["olga"] = cast.olga
    for _ in range(2):
        keep(harbor, timezone.now())
        rows = (OwnTaskTemplate, OwnLetterBlock, PayerChannel, Invitation)
        assert [model.objects.count() for model in rows] == [1, 1, 1, 1]
    assert Invitation.objects.get().expires_at > timezone.now()


def test_harbor_set_itself_targets_once_and_a_shorter_one_since(cast):
    harbor = Standing(cast.harbor)
    harbor.actors["olga"] = cast.olga
    for _ in range(2):
        aim(harbor, timezone.now())
        spans = ServiceTarget.objects.filter(kind="first_contact").order_by("in_force_from")
        assert [row.span for row in spans] == [2, 1]
        assert ServiceTarget.objects.count() == 7


def test_setting_up_was_tried_step_by_step_and_once(cast, settings, tmp_path, mailoutbox):
    settings.DATA_DIR = tmp_path
    harbor = Standing(cast.harbor)
    harbor.actors["olga"] = cast.olga
    for _ in range(2):
        with no_mail():
            set_up(harbor, timezone.now())
    assert set(SetupTest.objects.values_list("step", flat=True)) == set(STEPS) - {"worker"}
    assert [job.name for job in Job.objects.all()] == []
    assert mailoutbox == []
