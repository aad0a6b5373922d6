"""The audit schema: tables, triggers' function, definer functions."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "schema.sql").read_text()
REVERSE = """
SET ROLE recourse_audit;
DROP FUNCTION audit.capture() CASCADE;
DROP FUNCTION audit.record(text, text, text, bigint, bigint[], bigint[], jsonb, text);
DROP FUNCTION IF EXISTS audit.acts_of_case(bigint), audit.keys_of(bigint[], bigint[]);
DROP FUNCTION audit.add_seal(bigint[], bigint, uuid, bigint[], bytea, bytea, bytea, bytea, bytea, timestamptz, text, bytea);
DROP FUNCTION audit.organizations_waiting(), audit.heads(bigint[], bigint[]), audit.last_given();
DROP FUNCTION audit.prune(bigint, timestamptz, text, bytea);
DROP FUNCTION audit.note_anchor(text, integer), audit.anchored();
DROP TABLE audit.batch, audit.seal, audit.pruned, audit.anchor, audit.event;
DROP FUNCTION audit.deny(), audit.moment(), audit.setting(text);
RESET ROLE;
"""


def run(sql):
    def forwards(apps, schema_editor):
        # One string without parameters: the server runs it as it stands (format strings keep their percent signs).
        with schema_editor.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    return forwards


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenancy", "0001_initial")]
    operations = [migrations.RunPython(run(SQL), run(REVERSE))]
