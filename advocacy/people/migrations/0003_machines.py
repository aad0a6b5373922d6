"""Machines of the API: a table beside allauth's clients, and the functions that check a token before there is a scope."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import advocacy.tenancy.scope
from advocacy.audit.operations import Watched
from advocacy.tenancy.isolation import TenantTable

SQL = (Path(__file__).resolve().parent.parent / "machines.sql").read_text()
REVERSE = "DROP FUNCTION search.machine_of(text, text), search.machine_stands(text)"


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_search"),
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
    ]

    operations = [
        migrations.CreateModel(
            name="MachineClient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=advocacy.tenancy.scope.new_public_id, editable=False, unique=True)),
                ("purpose", models.CharField(help_text="What the machine is for, as the trail will name it. No name of a patient.", max_length=80)),
                ("roles", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None)),
                ("scopes", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("client", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="allauth_idp_oidc.client")),
                ("issued_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("organization", models.ForeignKey(db_index=False, default=advocacy.tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organization")),
                ("revoked_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("client",), name="people_machine_client"), models.CheckConstraint(condition=models.Q(("expires_at__gt", models.F("issued_at"))), name="people_machine_expires_after_issue")],
            },
        ),
        TenantTable("MachineClient"),
        Watched("MachineClient"),
        migrations.RunPython(run(SQL), run(REVERSE)),
    ]
