"""Makes what no backup holds anew from sealed rows: search text, and the addresses with which patients sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from advocacy.people.commands import index_patient
from advocacy.people.models import Patient
from advocacy.people.portal_access import put_addresses_back
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import keystore
from cases.commands.search_text import index_coverages, index_inquiry
from cases.models import Case, Inquiry

BATCH = 200


class Command(BaseCommand):
    help = (
        "Rebuild the text by which patients, cases and inquiries are found, and put back the addresses with which patients"
        " sign in, for every organization. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for organization in Organization.objects.order_by("pk"):
            if keystore().is_destroyed(organization.pk):
                self.stdout.write(f"{organization.slug}: its keys were destroyed; it has no search text")
                continue
            patients, cases = self.rebuilt(organization)
            with transaction.atomic(), scoped_to(organization.pk, actor="system:rebuild_search"):
                addresses = put_addresses_back()
            told = f", {addresses} addresses of sign-in put back" if addresses else ""
            self.stdout.write(f"{organization.slug}: {patients} patients, {cases} cases{told}")

    def rebuilt(self, organization: Organization) -> tuple[int, int]:
        """How many patients and cases of the organization were indexed; one transaction per batch."""
        patients, after = 0, 0
        while True:
            with transaction.atomic(), scoped_to(organization.pk, actor="system:rebuild_search"):
                batch = list(Patient.objects.filter(pk__gt=after).order_by("pk")[:BATCH])
                for patient in batch:
                    index_patient(patient)
                    index_coverages(patient)
            if not batch:
                break
            patients, after = patients + len(batch), batch[-1].pk
        after = 0
        while True:
            with transaction.atomic(), scoped_to(organization.pk, actor="system:rebuild_search"):
                asked = list(Inquiry.objects.filter(pk__gt=after).order_by("pk")[:BATCH])
                for inquiry in asked:
                    index_inquiry(inquiry)
            if not asked:
                break
            after = asked[-1].pk
        with transaction.atomic(), scoped_to(organization.pk, actor="system:rebuild_search"):
            return patients, Case.objects.count()
