"""Every table that holds a part of a patient's record asks for a legal hold before one of its rows is deleted."""

from django.db import migrations

# Rows that are replaced while somebody types or sends (the trail keeps what stood there), and search text.
NOT_HELD = (
    "appeals_denialitem",
    "appeals_denialreason",
    "appeals_exhibit",
    "appeals_requestitem",
    "cases_casesearch",
    "cases_waitingpage",
    "people_patientsearch",
)
EACH = """
DO $$
DECLARE held text;
BEGIN
  FOR held IN
    SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
       AND (c.column_name IN ('case_id', 'patient_id') OR c.table_name = 'people_patient')
       AND c.table_name ~ '^(people|cases|appeals)_' AND NOT c.table_name = ANY (ARRAY[{names}])
  LOOP
    EXECUTE format({what}, held);
  END LOOP;
END $$
"""


def run(what):
    def step(apps, schema_editor):
        names = ", ".join(f"'{name}'" for name in NOT_HELD)
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(EACH.format(names=names, what=f"'{what}'"))

    return step


class Migration(migrations.Migration):
    dependencies = [("appeals", "0001_initial"), ("cases", "0002_search"), ("people", "0002_search")]
    operations = [
        migrations.RunPython(
            run("CREATE TRIGGER held_delete BEFORE DELETE ON public.%I FOR EACH ROW EXECUTE FUNCTION search.refuse_held()"),
            run("DROP TRIGGER held_delete ON public.%I"),
        )
    ]
