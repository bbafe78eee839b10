import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def choose_when_created(apps, schema_editor):
    apps.get_model("generation", "Batch").objects.update(prompts_chosen_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("generation", "0004_previews")]

    operations = [
        migrations.AddField("batch", "words", models.JSONField(default=list)),
        migrations.AddField("batch", "unused_only", models.BooleanField(default=False)),
        migrations.AddField("batch", "sample", models.PositiveIntegerField(null=True)),
        migrations.AddField("batch", "sample_until", models.CharField(blank=True, max_length=32)),
        migrations.AddField("batch", "prompts_chosen_at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.RunPython(choose_when_created, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            "source",
            "clips_of",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="lent_to", to="generation.source"
            ),
        ),
        migrations.AddConstraint(
            "task",
            models.UniqueConstraint(
                condition=models.Q(("kind", "ordinary")), fields=("batch", "prompt"), name="task_once_a_prompt"
            ),
        ),
    ]
