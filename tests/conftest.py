"""Tests run on real PostgreSQL as the application role: the owner makes and migrates the test database, then lets go.

No database fixture is autouse: pure rule and clock tests load no database.
"""

from __future__ import annotations

import gc
from datetime import timedelta

import hypothesis
import pytest

# On two busy cores an example may take long to be made; one that takes five seconds to run is our own fault.
hypothesis.settings.register_profile(
    "any machine",
    deadline=timedelta(seconds=5),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")


AS_SHIPPED: dict[str, bool] = {}
"""What the application role may do to organizations and kept counts as the migrations leave it, before the tests get their
own right.
"""
KEPT = ("reporting_countedrow", "reporting_countedcell")
HASHERS_AS_SHIPPED: list[str] = []
"""How the product hashes passphrases and secrets: slowly on purpose, which no test of what they open needs."""


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """Copy the migrated database as recourse_owner, then hand the connection to recourse_app."""
    from django.conf import settings
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    from tests.seeded import copy_of_migrated
    from tests.standing import STANDING

    connection = connections["default"]
    application = {k: connection.settings_dict[k] for k in ("USER", "PASSWORD")}
    owner = {k: settings.OWNER_DATABASE[k] for k in ("USER", "PASSWORD")}
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(owner)
        copy_of_migrated(connection.creation._get_test_db_name())
        made = setup_databases(verbosity=0, interactive=False, keepdb=True, serialized_aliases=[])
        with connection.cursor() as cursor:
            for right in ("INSERT", "UPDATE", "DELETE"):
                cursor.execute(
                    "SELECT has_table_privilege('recourse_app', 'tenancy_organization', %s)", [right]
                )
                AS_SHIPPED[right] = cursor.fetchone()[0]
            # The cast makes its organizations inside the transaction of a test; outside tests only the owner makes any.
            cursor.execute("GRANT INSERT, UPDATE (closed_at) ON tenancy_organization TO recourse_app")
            for table in KEPT:
                for right in ("INSERT", "UPDATE", "DELETE"):
                    cursor.execute("SELECT has_table_privilege('recourse_app', %s, %s)", [table, right])
                    AS_SHIPPED[f"{right} {table}"] = cursor.fetchone()[0]
                # Tests of every table make a row of each; else only the functions that keep the counts do.
                cursor.execute(f"GRANT INSERT ON {table} TO recourse_app")
            # Only so that transaction=True tests can be flushed; nowhere else may the application truncate.
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO recourse_app")
        connection.close()
        connection.settings_dict.update(application)
    yield
    with django_db_blocker.unblock():
        STANDING.drop()
        connection.close()
        connection.settings_dict.update(owner)
        teardown_databases(made, verbosity=0)


@pytest.fixture
def owner_connection(django_db_setup, django_db_blocker):
    """A psycopg connection as the owner, for what the application may not do (GRANT in a test, reading pg_catalog)."""
    import psycopg
    from django.conf import settings
    from django.db import connections

    connection = connections["default"]
    with psycopg.connect(
        dbname=connection.settings_dict["NAME"],
        host=connection.settings_dict["HOST"],
        port=connection.settings_dict["PORT"] or None,
        user=settings.OWNER_DATABASE["USER"],
        password=settings.OWNER_DATABASE["PASSWORD"],
        autocommit=True,
    ) as owner:
        yield owner


def pytest_configure(config):
    """The cast and its climb need models; pure rule and clock tests also run without Django (`-p no:django`)."""
    if config.pluginmanager.hasplugin("django"):
        from django.conf import settings

        HASHERS_AS_SHIPPED[:] = settings.PASSWORD_HASHERS
        settings.SECOND_FACTOR = (
            "optional"  # tests sign in by a session; test_sign_in.py asks as the product does
        )
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        # Each test's client would list all static files before its first page; so they are looked for when asked for.
        settings.WHITENOISE_AUTOREFRESH = True
        config.pluginmanager.import_plugin("tests.standing")
        config.pluginmanager.import_plugin("tests.cast")
        config.pluginmanager.import_plugin("tests.portal")
        config.pluginmanager.import_plugin("tests.machines")
        config.pluginmanager.import_plugin("tests.appeals.climbing")


def pytest_collection_finish(session):
    """What is loaded stays: the collector need not walk through it again and again (a tenth of the time of all tests)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
