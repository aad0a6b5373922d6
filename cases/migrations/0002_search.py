"""The definer functions of search and the indexes that serve them, and what the database keeps for lists."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent
SQL = (FOLDER / "search.sql").read_text() + (FOLDER / "lists.sql").read_text()
REVERSE = 'ALTER TABLE people_portalaccess DROP CONSTRAINT people_portalaccess_proof_org; ALTER TABLE cases_document DROP CONSTRAINT cases_document_org_public; DROP TRIGGER payer_key ON cases_case; DROP TRIGGER payer_key ON cases_coverage; DROP FUNCTION public.cases_payer_of_coverage(), public.cases_coverage_has_another_payer(); DROP INDEX cases_search_numbers, cases_search_reference_end, cases_search_inquiry_name; DROP FUNCTION search.offered_papers(uuid), search.offered(uuid, uuid, int), search.clinic_link_of(bytea), search.inquiries(text, text, text, bigint, bigint[], int), search.found(text, text, boolean, bigint, bigint[], boolean, bigint[], int), search.cases(text, text, boolean, bigint, bigint[], int, bigint[]);'


def run(sql):
    def step(apps, schema_editor):
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return step


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("people", "0002_search")]
    operations = [migrations.RunPython(run(SQL), run(REVERSE))]
