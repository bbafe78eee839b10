from django.db import migrations, models
from django.db.models import Q


def what_is_there_is_due(apps, schema_editor):
    apps.get_model("generation", "Task").objects.filter(counted__gt=0).update(tally_due=True)


class Migration(migrations.Migration):
    dependencies = [("generation", "0008_tasks_change_in_place")]

    operations = [
        migrations.AddField(model_name="task", name="tally_due", field=models.BooleanField(default=False)),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(condition=Q(("tally_due", True)), fields=["id"], name="task_tally_due"),
        ),
        migrations.RunPython(what_is_there_is_due, migrations.RunPython.noop),
    ]
