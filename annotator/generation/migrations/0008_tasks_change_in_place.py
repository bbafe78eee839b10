"""A task changes with every lease. In place, PostgreSQL leaves its indexes alone: that takes an index that does not name
`open_slots`, and room in the page."""

import django.db.models.deletion
from django.db import migrations, models


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE generation_task SET (fillfactor = 80)")


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0007_clip_failures"),
        ("prompts", "0002_imports"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="task", name="task_line"),
        migrations.AlterField(
            model_name="task",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tasks",
                to="generation.batch",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["batch", "position"], name="task_in_line"
            ),
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
