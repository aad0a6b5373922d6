"""The definer functions of search and the indexes that serve them."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "search.sql").read_text()
REVERSE = "DROP INDEX people_search_name, people_search_sorted, people_search_phones; DROP FUNCTION search.memberships_of(bigint), search.similar_patients(text, text, text, text[], int);"


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunPython(run(SQL), run(REVERSE))]
