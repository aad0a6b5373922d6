"""The definer functions of search and the indexes that serve them."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "search.sql").read_text()
REVERSE = "DROP INDEX IF EXISTS cases_search_name, cases_search_numbers, cases_search_reference, cases_search_reference_end; DROP FUNCTION search.cases(text, text, boolean, bigint, bigint[], int);"


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial"), ("people", "0002_search")]
    operations = [migrations.RunPython(run(SQL), run(REVERSE))]
