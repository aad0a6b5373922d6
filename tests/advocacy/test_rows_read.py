"""A row that was read is what Django makes of it, for every table, whole or with columns left for later."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.models.signals import post_init, pre_init

from advocacy.tenancy.scope import tenant_models

ALL = pytest.mark.parametrize("model", tenant_models(), ids=lambda m: m._meta.label)


@ALL
@pytest.mark.parametrize("step", [1, 2], ids=["whole", "every other column"])
def test_a_row_is_djangos_own(model, step):
    names = [f.attname for f in model._meta.concrete_fields][::step]
    values = [object() for _ in names]

    ours, djangos = model.from_db("default", names, values), _as_django(model, names, values)

    assert vars(ours).keys() == vars(djangos).keys()
    assert {n: vars(ours)[n] for n in names} == {n: vars(djangos)[n] for n in names}
    assert _state(ours) == _state(djangos)
    assert ours.get_deferred_fields() == djangos.get_deferred_fields()


@ALL
def test_nothing_waits_for_a_row_to_be_made(model):
    assert model.__init__ is models.Model.__init__
    assert not pre_init.has_listeners(model)
    assert not post_init.has_listeners(model)


def test_a_value_too_few_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        tenant_models()[0].from_db("default", ["id", "public_id"], [1])


def _state(row):
    return row._state.adding, row._state.db, row._state.fields_cache


def _as_django(model, names, values):
    return models.Model.from_db.__func__(model, "default", names, values)
