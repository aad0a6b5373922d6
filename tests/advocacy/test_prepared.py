"""What a connection has prepared stays prepared over a rollback, unless a table may have gone with it."""

from __future__ import annotations

import pytest
from django.db import connections
from psycopg.errors import DivisionByZero

from advocacy.tenancy.db.prepared import keep_prepared

ASKED = "SELECT count(*) FROM tenancy_organization WHERE id = %s"


@pytest.fixture
def opened(db):
    wrapper = connections.create_connection("default")
    made = wrapper.get_new_connection(wrapper.get_connection_params())
    yield made
    made.close()


def ask(opened, text=ASKED, times=3):
    for _ in range(times):
        opened.execute(text, [7])


def prepared(opened):
    found = opened.execute("SELECT statement FROM pg_prepared_statements", prepare=False)
    return {statement for (statement,) in found}


def test_over_the_rollback_of_a_transaction(opened):
    ask(opened)
    opened.rollback()
    assert prepared(opened) == {ASKED.replace("%s", "$1")}


def test_over_the_rollback_to_a_savepoint(opened):
    opened.execute("SAVEPOINT before")
    ask(opened)
    opened.execute("ROLLBACK TO SAVEPOINT before")
    assert prepared(opened) == {ASKED.replace("%s", "$1")}


def test_not_where_a_table_was_made_in_what_is_undone(opened):
    for _ in range(2):
        opened.execute("SAVEPOINT before")
        opened.execute("CREATE TEMPORARY TABLE passing (id int)")
        ask(opened, "SELECT count(*) FROM passing WHERE id = %s")
        opened.execute("ROLLBACK TO SAVEPOINT before")
        opened.execute("SELECT 1")
        assert prepared(opened) == set()


def test_not_after_something_is_dropped(opened):
    opened.execute("CREATE TEMPORARY TABLE passing (id int)")
    ask(opened)
    opened.execute("DROP TABLE passing")
    opened.execute("SELECT 1")
    assert prepared(opened) == set()


def test_what_follows_on_a_failure_goes_on_with_it(opened):
    ask(opened)
    with pytest.raises(DivisionByZero):
        ask(opened, "SELECT 1 / (%s - 7)", times=1)
    opened.rollback()
    ask(opened, times=1)
    assert prepared(opened) == {ASKED.replace("%s", "$1")}


def test_a_connection_that_comes_from_a_pool_again_has_what_it_had(opened):
    ask(opened)
    keep_prepared(opened)
    ask(opened)
    assert prepared(opened) == {ASKED.replace("%s", "$1")}
