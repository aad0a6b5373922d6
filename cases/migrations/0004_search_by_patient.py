"""Names are searched where they are kept, in the patient's row; a scale's score may have decimals."""

from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).resolve().parent.parent / "search.sql").read_text()


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_search"), ("people", "0003_search_numbers")]
    operations = [
        migrations.RemoveField(model_name="casesearch", name="name"),
        migrations.RunPython(run("DROP INDEX IF EXISTS cases_search_reference;" + SQL), migrations.RunPython.noop),
        *(
            migrations.AlterField(
                model_name="failedtreatment",
                name=name,
                field=models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True),
            )
            for name in ("score_before", "score_after")
        ),
    ]
