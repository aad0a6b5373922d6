"""A column that names a row is a foreign key; every uuid and bigint column that is none stands here with its reason.

A new one fails: make it a composite key (`tenant_key` and `SameOrganization`), or say here why it cannot be one.
"""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from advocacy.tenancy.scope import scoped_to
from cases.models import Document
from tests.factories.rows import Maker
from tests.portal import give_access

TRAIL = "the trail outlives what it tells of: a key would forbid pruning, and an insert would lock the row"
SIZE = "a number of bytes"
SOFT = {
    "audit.batch.ids": "events of its own transaction, written by the function that writes them; gone once sealed",
    "audit.batch.organization_id": TRAIL,
    "audit.event.case_ids": TRAIL,
    "audit.event.organization_id": TRAIL,
    "audit.event.patient_ids": TRAIL,
    "audit.event.subject_id": TRAIL,
    "audit.pruned.events": "a number of events",
    "audit.pruned.organization_id": TRAIL,
    "audit.pruned.through": "the last seal whose events are gone; the seal itself stays, and its number is signed",
    "audit.seal.ids": "what was sealed; a key would forbid to prune it, and its signature holds it",
    "audit.seal.organization_id": TRAIL,
    "audit.seal.seq": "a number of its own: one more than the seal before, which the seal's hash names",
    "audit.seal.organization": "the organization as the bundle and the verifier know it; signed",
    "cases_blob.size": SIZE,
    "cases_case.payer_key": "kept by triggers from the coverage, whose own key it copies (cases/lists.sql)",
    "cases_receivedoffer.offer": "an offer is another organization's row, which no key may name; `search.offered` finds it",
    "cases_waitingpage.size": SIZE,
    "reporting_countedrow.source_id": "a case or a decision, by its population; kept by triggers, proven by rebuild_figures",
}
"""Table and column, as the database has them. What lies inside a document of JSON is none of a row's columns."""


def test_every_column_that_names_a_row_is_a_key_or_says_why_not(db):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.oid::regclass::text || '.' || a.attname
              FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
               AND a.atttypid IN ('uuid'::regtype, 'bigint'::regtype, 'uuid[]'::regtype, 'bigint[]'::regtype)
               AND c.relname !~ '^(django|auth|guardian|allauth|account|mfa)_'
               AND a.attname NOT IN ('id', 'public_id')
               AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'
                                  AND a.attnum = ANY (k.conkey))
             ORDER BY 1
            """
        )
        found = [row[0] for row in cursor.fetchall()]
    assert found == sorted(SOFT)


def test_the_proof_of_a_representative_is_a_document_of_the_same_organization(cast):
    document = Maker().row(Document)
    give_access(cast.case.patient, "rosa@mail.example", kind="representative", proof=document.public_id)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for proof in (uuid.uuid4(), meadows(cast).public_id):
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            give_access(cast.case.patient, "other@mail.example", kind="representative", proof=proof)
        assert "people_portalaccess_proof_org" in str(refused.value)


def meadows(cast) -> Document:
    with scoped_to(cast.meadow.pk, actor="system:test", actor_label="test"):
        return Maker().row(Document)
