"""Every tenant table, one by one: row-level security, composite keys, triggers, policy, indexes.

When one of these fails after a new model: its migration lacks TenantTable or Watched, its Meta lacks SameOrganization, or
its app's policies.py does not declare it.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from advocacy.access.policy import declared
from advocacy.tenancy.isolation import SameOrganization
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import TenantModel, scoped_to, tenant_models
from tests.factories.rows import Maker

MODELS = {model._meta.label: model for model in tenant_models()}

# Tables outside the trail, each with the reason.
UNWATCHED = {
    "people.PatientSearch": "plain search text: rebuilt from sealed rows, must not be copied into the trail",
    "cases.CaseSearch": "plain search text: rebuilt from sealed rows, must not be copied into the trail",
    "cases.InquirySearch": "plain search text: rebuilt from sealed rows, must not be copied into the trail",
    "people.SavedSearch": "what somebody searched for; the search itself is a read event",
    "people.Draft": "saved every few seconds while typing; what is sent in the end is watched",
    "background.Job": "machinery: ids and states of jobs",
    "reporting.ReferenceDetermination": "published data of nobody; each part of a load leaves one entry of its own",
    "reporting.CountedRow": "kept counts: made from watched rows by their triggers, and rebuilt from them",
    "reporting.CountedCell": "kept counts: made from watched rows by their triggers, and rebuilt from them",
}
# Tables whose changes the kept counts follow, and by what.
EVERY, CHANGE = ("delete", "insert", "update"), ("update",)
COUNTED = {
    "cases.Case": ("insert", "update"),
    "cases.Coverage": CHANGE,
    "people.Patient": CHANGE,
    "appeals.Appeal": EVERY,
    "appeals.AuthorizationRequest": CHANGE,
    "appeals.Deadline": EVERY,
    "appeals.Decision": EVERY,
    "appeals.Denial": CHANGE,
    "appeals.DenialReason": EVERY,
    "appeals.ItemOutcome": EVERY,
    "reporting.CountedRow": EVERY,
}
# Tables with a case or a patient whose rows a legal hold does not keep, each with the reason.
NOT_HELD = {
    "appeals.DenialItem": "replaced as a whole when somebody corrects the letter; the trail keeps what stood there",
    "appeals.DenialReason": "replaced as a whole when somebody corrects the letter; the trail keeps what stood there",
    "appeals.Exhibit": "a draft's list of enclosures; what was sent is frozen in the filing",
    "appeals.RequestItem": "replaced while a request is not sent; the trail keeps what stood there",
    "cases.CaseSearch": "search text",
    "cases.WaitingPage": "a page on its way from a phone; what was sent on is a document",
    "people.PatientSearch": "search text",
    "reporting.CountedRow": "a kept count",
}
# Tables no actor reads directly, each with the reason.
UNDECLARED = {
    "cases.Blob": "bytes are reached through a document version only",
    "reporting.CountedRow": "read by the functions that keep the counts",
    "reporting.CountedCell": "counts before masking: a figure reads and masks them",
}
KEPT_BY_DATABASE = {"cases.Case": ["payer_key"], "cases.Coverage": ["payer_key"]}
"""Triggers beside the trail's: they keep a projection (cases/lists.sql)."""
ACROSS = {"cases.CaseOffer": {"to_organization_id"}}
"""Indexes that begin with another organization: offers are looked for by whom they are made to, by `search.offered` alone."""
# Global tables of ours, each with the reason.
GLOBAL = {
    "tenancy.Organization": "the tenant itself; holds no patient data",
    "people.User": "somebody may work for several organizations",
    "people.BrowserSession": "sessions: there before anybody is known; no patient data in them",
    "audit.Event": "the trail: own schema, own policy, written by definer functions only",
}


def tenant_keys(model: type[models.Model]) -> list[str]:
    return [
        f.name
        for f in model._meta.local_fields
        if isinstance(f, models.ForeignKey) and issubclass(f.related_model, TenantModel)
    ]


KEYS = [(label, key) for label, model in MODELS.items() for key in tenant_keys(model)]


@pytest.fixture(scope="module")
def catalog(django_db_setup, django_db_blocker):
    """Facts of PostgreSQL's catalog by table name."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
                   ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid),
                   ARRAY(SELECT t.tgname::text FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY 1),
                   ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.conrelid = c.oid),
                   ARRAY(SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid)
            FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
            """
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def test_every_model_of_ours_is_tenant_bound_or_listed_as_global():
    ours = {
        m._meta.label
        for app in ("tenancy", "audit", "people", "cases", "appeals", "background", "reporting")
        for m in apps.get_app_config(app).get_models()
    }
    assert ours - set(MODELS) == set(GLOBAL)


@pytest.mark.parametrize("label", MODELS)
def test_row_level_security_is_on_and_forced(catalog, label):
    enabled, forced, policies, *_ = catalog[MODELS[label]._meta.db_table]
    assert (enabled, forced, policies) == (True, True, ["tenant"])


@pytest.mark.parametrize("label", MODELS)
def test_every_row_change_reaches_the_trail(catalog, label):
    triggers = catalog[MODELS[label]._meta.db_table][3]
    expected = [] if label in UNWATCHED else ["audit_delete", "audit_insert", "audit_update"]
    counted = [f"counted_{event}" for event in COUNTED.get(label, ())]
    assert triggers == expected + counted + held_by(label) + KEPT_BY_DATABASE.get(label, [])


def held_by(label: str) -> list[str]:
    """Every part of a patient's record asks for a legal hold before one of its rows is deleted."""
    columns = {f.column for f in MODELS[label]._meta.local_concrete_fields}
    part = label == "people.Patient" or bool(columns & {"case_id", "patient_id"})
    return ["held_delete"] if part and label not in NOT_HELD else []


@pytest.mark.parametrize("label", MODELS)
def test_a_policy_says_who_reads_it(label):
    assert (label in declared()) != (label in UNDECLARED)


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_every_reference_declares_same_organization(label, key):
    constraints = MODELS[label]._meta.constraints
    assert [c.field for c in constraints if isinstance(c, SameOrganization) and c.field == key] == [key]


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_every_reference_is_a_composite_key_in_the_database(catalog, label, key):
    model = MODELS[label]
    column = model._meta.get_field(key).column
    parent = model._meta.get_field(key).related_model._meta.db_table
    wanted = f"FOREIGN KEY (organization_id, {column}) REFERENCES {parent}(organization_id, id) DEFERRABLE"
    assert wanted in catalog[model._meta.db_table][4]


@pytest.mark.parametrize("label", MODELS)
def test_indexes_start_with_the_organization(catalog, label):
    """Only what is unique by itself, and Django's index on who did something, may start otherwise."""
    users = {
        f.column
        for f in MODELS[label]._meta.local_fields
        if isinstance(f, models.ForeignKey) and not issubclass(f.related_model, TenantModel | Organization)
    }
    for definition in catalog[MODELS[label]._meta.db_table][5]:
        columns = definition.partition("(")[2]
        first = columns.split(",")[0].strip(' ()"')
        assert first in {"id", "public_id", "organization_id"} | users | ACROSS.get(label, set()), definition


# What a row says together with a reference, or another constraint refuses it first.
ALONG = {("appeals.Appeal", "beside"): {"beside_basis": "urgent", "beside_on": date(2026, 4, 1)}}


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_a_reference_to_another_organization_is_an_integrity_error(cast, label, key):
    model = MODELS[label]
    with scoped_to(cast.meadow.pk):
        foreign = Maker().row(model._meta.get_field(key).related_model)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Maker().fresh(model, **{key: foreign} | ALONG.get((label, key), {}))
    assert "_org" in str(caught.value)


@pytest.mark.parametrize("label", MODELS)
def test_a_row_of_harbor_is_not_there_for_meadow(cast, label):
    model = MODELS[label]
    Maker().row(model)
    assert model._default_manager.count() > 0
    with scoped_to(cast.meadow.pk), connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM "{model._meta.db_table}" WHERE organization_id = %s', [cast.harbor.pk]
        )
        assert cursor.fetchone() == (0,)
        assert model._default_manager.filter(organization_id=cast.harbor.pk).count() == 0
