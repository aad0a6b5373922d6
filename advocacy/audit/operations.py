"""Migration operation: put a table under the audit triggers."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation


class Watched(Operation):
    """Every INSERT, UPDATE and DELETE of the table, by whatever way, leaves a row event. Reversible."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model itself does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        columns = {f.column for f in model._meta.local_fields}
        table = model._meta.db_table
        case = "id" if table == "cases_case" else ("case_id" if "case_id" in columns else "")
        patient = "id" if table == "people_patient" else ("patient_id" if "patient_id" in columns else "")
        for event, referencing in (
            ("INSERT", "NEW TABLE AS new_rows"),
            ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
            ("DELETE", "OLD TABLE AS old_rows"),
        ):
            schema_editor.execute(
                f"CREATE TRIGGER audit_{event.lower()} AFTER {event} ON {schema_editor.quote_name(table)}"
                f" REFERENCING {referencing} FOR EACH STATEMENT"
                f" EXECUTE FUNCTION audit.capture('{case}', '{patient}')"
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        for event in ("insert", "update", "delete"):
            schema_editor.execute(
                f"DROP TRIGGER IF EXISTS audit_{event} ON {schema_editor.quote_name(table)}"
            )

    def describe(self) -> str:
        return f"Audit triggers on {self.model_name}"
