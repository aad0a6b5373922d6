"""Kept counts: their tables, and the functions and triggers that keep them."""

from pathlib import Path

import advocacy.tenancy.isolation
import advocacy.tenancy.scope
import django.db.models.deletion
from django.db import migrations, models

from advocacy.tenancy.isolation import TenantTable

FOLDER = Path(__file__).resolve().parent.parent
SQL = (FOLDER / "counted.sql").read_text()


def run(apps, schema_editor):
    with schema_editor.connection.connection.cursor() as cursor:
        cursor.execute(SQL)


class Migration(migrations.Migration):

    dependencies = [
        ('appeals', '0001_initial'),
        ('cases', '0002_search'),
        ('people', '0002_search'),
        ('reporting', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CountedCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('population', models.CharField(max_length=20)),
                ('is_restricted', models.BooleanField(help_text='Whether the case is restricted.')),
                ('month', models.CharField(blank=True, max_length=7)),
                ('regime', models.CharField(blank=True, max_length=50)),
                ('treatment', models.CharField(blank=True, max_length=20)),
                ('stage', models.CharField(blank=True, max_length=60)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('code', models.CharField(max_length=16)),
                ('grain', models.CharField(max_length=40)),
                ('n', models.IntegerField()),
                ('organization', models.ForeignKey(db_index=False, default=advocacy.tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('payer', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.payer')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', 'population', 'grain'], include=['id'], name='reporting_countedcell_by')],
                'constraints': [advocacy.tenancy.isolation.SameOrganization('payer', name='reporting_countedcell_payer_org')],
            },
        ),
        migrations.CreateModel(
            name='CountedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('population', models.CharField(max_length=20)),
                ('is_restricted', models.BooleanField(help_text='Whether the case is restricted.')),
                ('month', models.CharField(blank=True, max_length=7)),
                ('regime', models.CharField(blank=True, max_length=50)),
                ('treatment', models.CharField(blank=True, max_length=20)),
                ('stage', models.CharField(blank=True, max_length=60)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('code', models.CharField(max_length=16)),
                ('source_id', models.BigIntegerField(help_text="The case's or the decision's own key.")),
                ('case', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.case')),
                ('organization', models.ForeignKey(db_index=False, default=advocacy.tenancy.scope.current_organization_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.organization')),
                ('payer', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.payer')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'default_manager_name': 'objects',
                'constraints': [advocacy.tenancy.isolation.SameOrganization('case', name='reporting_countedrow_case_org'), advocacy.tenancy.isolation.SameOrganization('payer', name='reporting_countedrow_payer_org'), models.UniqueConstraint(fields=('organization', 'population', 'source_id'), name='reporting_countedrow_once')],
            },
        ),
        TenantTable("CountedCell"),
        TenantTable("CountedRow"),
        migrations.RunPython(run),
    ]
