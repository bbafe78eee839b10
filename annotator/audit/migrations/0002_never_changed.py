"""The database itself refuses to change an entry.

On SQLite only changes are refused, not deletions: a table is emptied there by deleting its rows, as tests do.
"""

from django.db import migrations

REFUSED = "An audit entry never changes."
FORWARDS = {
    "postgresql": [
        f"""
        CREATE FUNCTION audit_entry_refused() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$
        """,
        "CREATE TRIGGER audit_entry_never_changed BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_refused()",
    ],
    "sqlite": [
        f"CREATE TRIGGER audit_entry_never_changed BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    ],
}
BACKWARDS = {
    "postgresql": ["DROP TRIGGER audit_entry_never_changed ON audit_entry", "DROP FUNCTION audit_entry_refused()"],
    "sqlite": ["DROP TRIGGER audit_entry_never_changed"],
}


def run(statements):
    def migrate(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)

    return migrate


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(run(FORWARDS), run(BACKWARDS))]
