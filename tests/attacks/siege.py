"""Two organizations with a row in every tenant table, and a connection whose rings can be taken away.

The session belongs to the superuser and acts as `recourse_app` (SET SESSION AUTHORIZATION), all in one transaction that is
rolled back: so a test drops a policy or a key, looks, and nobody else ever sees it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from advocacy.access.policy import Actor, Portal
from advocacy.people.models import CalendarFeed, DailyDigest, Draft, LegalHold, Patient, SavedSearch
from advocacy.tenancy.scope import TenantModel, scoped_to, tenant_models
from cases.commands.access import give_grant
from cases.models import (
    Attachment,
    Case,
    CaseTeamMember,
    Communication,
    Document,
    DocumentVersion,
    Inquiry,
    Note,
)
from tests.cast import NOW, Cast, assemble, make_member, release
from tests.factories.rows import Maker
from tests.machines import EVERYTHING
from tests.portal import EVERYTHING as ALL_PARTS

INNER = (Note, Document, Communication, DocumentVersion, Attachment)
"""Tables with rows that are meant for the patient, and rows that are not."""
UNIQUE = {"cases.Blob.sha256"}
"""Of what the maker has one value, and an organization may hold it once."""
Keys = dict[str, int]


class Fresh(Maker):
    """Rows that hang on the ones it was given, and on none that was there before."""

    def __init__(self, *given: models.Model, start: int) -> None:
        super().__init__()
        self.made = {type(row): row for row in given}
        self.count = start

    def row(self, model: type[models.Model]) -> models.Model:
        if model not in self.made:
            self.made[model] = self.fresh(model)
        return self.made[model]

    def value(self, model: type[models.Model], field: models.Field[Any, Any]) -> Any:
        label = f"{model._meta.label}.{field.name}"
        value = super().value(model, field)
        if value == "words":
            return f"words {self.count}"
        if value == b"x":
            return str(self.count).encode()
        return f"{self.count:064}" if label in UNIQUE else value


@dataclass
class Siege:
    """`rows` are the keys of Harbor's by table and kind (see reach.py), `meadows` those of Meadow's."""

    cast: Cast
    rows: dict[str, Keys] = field(default_factory=dict)
    meadows: Keys = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    texts: dict[Any, tuple[str, list[Any]]] = field(default_factory=dict)

    @property
    def harbor(self) -> int:
        return int(self.cast.harbor.pk)

    @property
    def meadow(self) -> int:
        return int(self.cast.meadow.pk)


def superuser() -> dict[str, str]:
    """Who made the server of the tests."""
    local = Path(settings.LOCAL_DIR)
    for folder in (local, local.parent):
        if (folder / "passwords.json").exists():
            return {
                "USER": "postgres",
                "PASSWORD": json.loads((folder / "passwords.json").read_text())["postgres"],
            }
    raise AssertionError(
        "The rings can only be taken away on the server that the tests start themselves (make test)."
    )


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def as_superuser() -> Iterator[None]:
    """Past every policy of the database, inside; the application again behind."""
    run("RESET SESSION AUTHORIZATION")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            run("SET SESSION AUTHORIZATION recourse_app")


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is gone behind, whatever came of it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def besiege() -> Siege:
    """Fill both organizations, as the application."""
    run("SET SESSION AUTHORIZATION recourse_app")
    cast = assemble()
    siege = Siege(cast)
    with scoped_to(siege.meadow, actor="system:test", actor_label="test"):
        maker = Maker()
        siege.meadows = {model._meta.label: _key(maker.row(model)) for model in tenant_models()}
    with scoped_to(siege.harbor, actor=cast.nora.key, actor_label=cast.nora.label):
        _harbor(siege)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    return siege


def _key(row: models.Model) -> int:
    return int(row.pk)


def _harbor(siege: Siege) -> None:
    cast = siege.cast
    assert cast.case is not None
    cast.users["faye"], cast.members["faye"] = make_member(cast.harbor, "faye", "Faye Funder", ["funder"])
    first, second = Maker(), Fresh(start=500)
    shut = second.row(Case)
    assert isinstance(shut, Case)
    _own(first, cast.members["nora"])
    _own(second, cast.members["nils"])
    for model in tenant_models():
        label = model._meta.label
        siege.rows[label] = {"open": _key(first.row(model)), "shut": _key(second.row(model))}
    inner = Fresh(*(row for model, row in first.made.items() if model not in INNER), start=900)
    for model in INNER:
        siege.rows[model._meta.label]["inner"] = _key(inner.row(model))
    _meant([second.made[Inquiry], second.made[LegalHold]], patient=shut.patient)
    _meant(
        [first.made[Note], second.made[Note], first.made[Document], second.made[Document]], for_patient=True
    )
    _meant([first.made[Communication], second.made[Communication]], channel="message")
    _meant([inner.made[Communication]], channel="phone")
    Case.objects.filter(pk=shut.pk).update(is_restricted=True, owner=cast.members["nora"])
    Patient.objects.filter(pk=shut.patient_id).update(is_restricted=True)
    CaseTeamMember.objects.create(
        case=shut, role="interpreter", member=cast.members["ines"], from_on=NOW.date(), named_at=NOW
    )
    release(shut.patient)
    give_grant(actor=cast.sam, case=shut, user=cast.users["clara"], reason="cover", at=timezone.now())
    _actors(siege, cast.case.patient_id, shut.patient_id)


def _own(maker: Maker, member: Any) -> None:
    for model in (Draft, SavedSearch):
        maker.made[model] = maker.fresh(model, user=member.user)
    for model in (CalendarFeed, DailyDigest):
        maker.made[model] = maker.fresh(model, member=member)


def _meant(rows: list[models.Model], **values: Any) -> None:
    for row in rows:
        assert isinstance(row, TenantModel)
        type(row).objects.filter(pk=row.pk).update(**values)


def _actors(siege: Siege, patient: int, restricted: int) -> None:
    cast, harbor = siege.cast, siege.harbor
    faye = Actor(
        key=f"user:{cast.users['faye'].pk}",
        label="Faye Funder",
        organization_id=harbor,
        user_id=cast.users["faye"].pk,
        membership_id=cast.members["faye"].pk,
        roles=frozenset({"funder"}),
    )
    siege.actors = {name: actor for name, actor in cast.actors.items() if name != "mia"} | {"faye": faye}
    for name, scopes in (("reader", EVERYTHING), ("counter", ("figures:read",))):
        siege.actors[name] = Actor(
            key="machine:1",
            label=name,
            organization_id=harbor,
            roles=frozenset({"supervisor"}),
            scopes=frozenset(scopes),
        )
    sides = {
        "dana": (patient, "patient", ()),
        "sal": (restricted, "patient", ()),
        "helper": (patient, "representative", ALL_PARTS),
        "usher": (restricted, "representative", ALL_PARTS),
        "scribe": (patient, "representative", ("letters",)),
    }
    for name, (whose, role, parts) in sides.items():
        siege.actors[name] = Actor(
            key="user:0",
            label=name,
            organization_id=harbor,
            user_id=0,
            portal=Portal(0, whose, role, frozenset(parts)),
        )
