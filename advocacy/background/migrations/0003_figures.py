"""The definer function by which monitoring counts jobs."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "figures.sql").read_text()


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("background", "0002_cache_table")]
    operations = [migrations.RunPython(run(SQL), run("DROP FUNCTION search.unfinished_jobs()"))]
