"""manage.py rotate_keys: a new data key for each organization, and everything sealed anew under it.

What is to do is read from the data itself (every sealed value begins with its key's id), so a run that was broken off is
run again and goes on, without another new key. The trail is never rewritten: reasons and earlier values in it stay under the
key of their day, which the keystore keeps. For a new master key nothing of this is needed: `manage.py data_keys rewrap`.
"""

from __future__ import annotations

import base64
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.db.models import F, Func, Q, Value

from advocacy.audit.trail import record
from advocacy.management.at_terminal import operator_of, prove
from advocacy.people import second_factor
from advocacy.tenancy.keystore import INSTALLATION
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import TenantModel, scoped_to, tenant_models
from advocacy.tenancy.sealing import BlindIndexField, CannotOpen, _SealedField, keystore
from cases.commands.documents import document_vault
from cases.models import Blob, WaitingPage
from cases.vault import VaultError

BATCH = 200


def sealed_fields(model: type[models.Model]) -> list[str]:
    """Names of the model's sealed columns."""
    return [f.name for f in model._meta.local_concrete_fields if isinstance(f, _SealedField)]


def index_fields(model: type[models.Model]) -> dict[str, str]:
    """Blind index -> the sealed field it is made of."""
    return {f.name: f.of for f in model._meta.local_concrete_fields if isinstance(f, BlindIndexField)}


def under_another_key(model: type[models.Model], prefix: bytes) -> Q:
    """Rows with a value that does not begin so: it is sealed under another key than the current one."""
    stale = Q()
    for name in sealed_fields(model):
        begins = Func(
            F(name), Value(1), Value(len(prefix)), function="substring", output_field=models.BinaryField()
        )
        stale |= Q(**{f"{name}__isnull": False}) & ~Q(**{name: b""}) & ~Q(_Begins(begins, prefix))
    return stale


class _Begins(Func):
    """Whether the beginning of a value is these bytes."""

    template = "(%(expressions)s)"
    arg_joiner = " = "
    output_field = models.BooleanField()

    def __init__(self, beginning: Any, prefix: bytes) -> None:
        super().__init__(beginning, Value(prefix, output_field=models.BinaryField()))


class Command(BaseCommand):
    help = (
        "Makes a new data key for each organization (or one) and seals fields and documents anew under it."
        " Safe to break off and to repeat, while people work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", help="Its short name; without it all of them.")
        parser.add_argument(
            "--check", action="store_true", help="Only count what is not under the current key."
        )
        parser.add_argument(
            "--account", help="The operator's e-mail address, who types a code of theirs; --check needs none."
        )
        parser.add_argument(
            "--index",
            action="store_true",
            help="Make the hashes for exact search anew too, after RECOURSE_INDEX_KEY was changed (opens every row).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug, whole = options["organization"], not options["organization"]
        if not options["check"]:
            if not options["account"]:
                raise CommandError("Say with --account who does it: they type a code of theirs.")
            prove(operator_of(options["account"]))
        try:
            organizations = self.organizations(slug)
            total = sum(self.left(o) for o in organizations) + self.factors_left(whole)
            self.stdout.write(f"{total} rows and documents are not under the current keys.")
            if options["check"]:
                if total:
                    raise SystemExit(1)
                return
            if not total:
                total = self.renew(organizations, whole)
        except CannotOpen as problem:
            raise CommandError(f"{problem} Nothing was done.") from None
        done = self.factors() if whole else 0
        for organization in organizations:
            try:
                for step in self.steps(organization, options["index"]):
                    done += step
                    self.progress(done, total)
            except (CannotOpen, VaultError) as problem:
                raise CommandError(
                    f"{organization.slug}: {problem} {done} were done; run it again."
                ) from None
        left = sum(self.left(o) for o in organizations) + self.factors_left(whole)
        self.stdout.write(f"{done} were sealed anew; {left} are left.")
        self.stdout.write("The trail keeps what was sealed before, and the keystore the keys that open it.")
        if left:
            raise SystemExit(1)

    @staticmethod
    def organizations(slug: str | None) -> list[Organization]:
        """Those that still have keys. Raises CommandError for an unknown short name."""
        rows = Organization.objects.order_by("pk")
        found = [o for o in (rows.filter(slug=slug) if slug else rows) if not keystore().is_destroyed(o.pk)]
        if slug and not found:
            raise CommandError(f"There is no organization {slug} with keys.")
        return found

    def renew(self, organizations: list[Organization], whole: bool) -> int:
        """A new key for each; returns how much is to be sealed anew."""
        for organization in organizations:
            with transaction.atomic(), scoped_to(organization.pk, actor="system:rotate_keys"):
                new = keystore().renew(organization.pk)
                record("data_key_renewed", subject=organization, detail={"key": new})
        if whole:
            keystore().renew(INSTALLATION)
        self.stdout.write(f"{len(organizations)} organizations have a new key.")
        return sum(self.left(o) for o in organizations) + self.factors_left(whole)

    @staticmethod
    def factors_left(whole: bool) -> int:
        return sum(1 for _one in second_factor.under_another_key()) if whole else 0

    @staticmethod
    def factors() -> int:
        """The secrets of second factors belong to no organization."""
        done = 0
        for authenticator in second_factor.under_another_key():
            try:
                second_factor.seal_anew(authenticator)
            except CannotOpen as problem:
                raise CommandError(f"{problem} {done} were done; run it again.") from None
            done += 1
        return done

    def left(self, organization: Organization) -> int:
        """How many rows and blobs of the organization are not under the current key."""
        keys = keystore().of(organization.pk)
        with transaction.atomic(), scoped_to(organization.pk, actor="system:rotate_keys"):
            rows = sum(
                m._default_manager.filter(under_another_key(m, keys.prefix)).count() for m in self.models()
            )
            return rows + Blob.objects.exclude(key_id=keys.current).count()

    @staticmethod
    def models() -> list[type[TenantModel]]:
        return [model for model in tenant_models() if sealed_fields(model)]

    def steps(self, organization: Organization, index: bool) -> Any:
        """Seal a batch, and say how many that were."""
        prefix = keystore().of(organization.pk).prefix
        for model in self.models():
            every = index and bool(index_fields(model))
            after = 0
            while True:
                with (
                    transaction.atomic(),
                    scoped_to(
                        organization.pk, actor="system:rotate_keys", actor_label="Recourse", reason="new key"
                    ),
                ):
                    rows = model._default_manager.filter(pk__gt=after)
                    rows = rows if every else rows.filter(under_another_key(model, prefix))
                    batch = list(rows.order_by("pk").select_for_update(of=("self",))[:BATCH])
                    for row in batch:
                        self.seal(row)
                if not batch:
                    break
                after = batch[-1].pk
                yield len(batch)
        yield from self.documents(organization)

    @staticmethod
    def seal(row: Any) -> None:
        """Write the row's sealed columns, and the hashes made of them, anew."""
        names = sealed_fields(type(row))
        for name in names:
            setattr(row, name, getattr(row, name))
        row.save(update_fields=[*names, *index_fields(type(row))])

    @staticmethod
    def documents(organization: Organization) -> Any:
        """The key of each document is wrapped anew; its bytes stay."""
        vault, public_id = document_vault(organization.pk), organization.public_id
        current = keystore().of(organization.pk).current
        while True:
            with (
                transaction.atomic(),
                scoped_to(organization.pk, actor="system:rotate_keys", reason="new key"),
            ):
                stale = Blob.objects.exclude(key_id=current)
                batch = list(stale.order_by("pk").select_for_update()[:BATCH])
                for blob in batch:
                    wrapped = vault.rewrap(blob.location, organization_id=public_id)
                    key_id, _, sealed = wrapped.partition(":")
                    blob.key_id, blob.wrapped_key = key_id, base64.b64decode(sealed)
                    blob.save(update_fields=["key_id", "wrapped_key"])
                waiting = [] if batch else list(WaitingPage.objects.values_list("location", flat=True))
            for location in waiting:
                vault.rewrap(location, organization_id=public_id)
            if not batch:
                return
            yield len(batch)

    def progress(self, done: int, total: int) -> None:
        """A line that is overwritten, where somebody looks."""
        if sys.stderr.isatty() and total:
            sys.stderr.write(f"\r{done} of {total}")
            sys.stderr.flush()
