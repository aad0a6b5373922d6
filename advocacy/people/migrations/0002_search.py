"""The definer functions of search and the indexes that serve them."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent
SQL = (FOLDER / "search.sql").read_text() + (FOLDER / "search_numbers.sql").read_text()
REVERSE = 'DROP INDEX people_search_name, people_search_sorted, people_search_phones, people_search_numbers; DROP FUNCTION search.memberships_of(bigint), search.broken_glass_of(bigint), search.operators_glass_runs(uuid), search.portal_accesses_of(bigint), search.providers_of(text), search.provider_in_use(uuid), search.refuse_held(), search.invitation_of(bytea), search.calendar_feed_of(bytea), search.similar_patients(text, text, text, text[], int), search.patients(text, text, boolean, bigint[], int, bigint[]), search.named(text), search.similar_numbers(text, int);'


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunPython(run(SQL), run(REVERSE))]
