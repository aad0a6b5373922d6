"""manage.py check_documents: open every stored document with the keys of this installation and compare its SHA-256."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import keystore
from cases.commands.documents import document_vault
from cases.models import Blob
from cases.vault import VaultError

BATCH = 500


class Command(BaseCommand):
    help = "Opens every stored document and compares its bytes with their SHA-256; after a restore or a rotation of keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print each location with its SHA-256.")

    def handle(self, *args: Any, **options: Any) -> None:
        good, bad, gone = {}, [], []
        for organization in Organization.objects.order_by("pk"):
            if keystore().is_destroyed(organization.pk):
                gone.append(organization.slug)
                continue
            vault = document_vault(organization.pk)
            for blob in self.blobs(organization):
                try:
                    opened = vault.open(blob.location, organization_id=organization.public_id)
                    opened.verify()
                    good[blob.location] = opened.sha256
                except VaultError as problem:
                    bad.append(str(problem))
                else:
                    if (opened.sha256, opened.size) != (blob.sha256, blob.size):
                        bad.append(f"{blob.location}: its row says something else")
        if options["json"]:
            self.stdout.write(json.dumps(good, sort_keys=True))
        if bad:
            raise CommandError("\n  ".join([f"{len(bad)} documents do not open:", *bad[:50]]))
        if not options["json"]:
            self.stdout.write(f"{len(good)} documents open, each with its SHA-256.")
            for slug in gone:
                self.stdout.write(f"{slug}: its keys were destroyed; no document of it opens.")

    @staticmethod
    def blobs(organization: Organization) -> Any:
        """Every blob of the organization, a short transaction a batch."""
        after = 0
        while True:
            with transaction.atomic(), scoped_to(organization.pk, actor="system:check_documents"):
                batch = list(Blob.objects.filter(pk__gt=after).order_by("pk")[:BATCH])
            if not batch:
                return
            yield from batch
            after = batch[-1].pk
