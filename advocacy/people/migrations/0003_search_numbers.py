"""Member ids beside the names, for the search of patients and the warning about a mistyped id."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

SQL = (Path(__file__).resolve().parent.parent / "search_numbers.sql").read_text()
REVERSE = "DROP INDEX people_search_numbers; DROP FUNCTION search.patients(text, text, boolean, bigint[], int), search.similar_numbers(text, int);"


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("people", "0002_search")]
    operations = [
        migrations.AddField(
            model_name="patientsearch",
            name="numbers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                default=list,
                help_text="Member ids and the patient's reference, letters and digits only.",
                size=None,
            ),
        ),
        migrations.RunPython(run(SQL), run(REVERSE)),
    ]
