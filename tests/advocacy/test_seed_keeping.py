"""What the demonstration shows of keeping an organization: once, without a mail."""

from __future__ import annotations

from django.utils import timezone

from advocacy.management.seed.cast import Standing
from advocacy.management.seed.keeping import keep
from advocacy.people.models import Invitation
from appeals.models import OwnLetterBlock
from cases.models import OwnTaskTemplate, PayerChannel


def test_harbor_keeps_itself_once(cast):
    harbor = Standing(cast.harbor)
    harbor.actors["olga"] = cast.olga
    for _ in range(2):
        keep(harbor, timezone.now())
        rows = (OwnTaskTemplate, OwnLetterBlock, PayerChannel, Invitation)
        assert [model.objects.count() for model in rows] == [1, 1, 1, 1]
    assert Invitation.objects.get().expires_at > timezone.now()
