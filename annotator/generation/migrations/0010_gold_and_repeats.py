import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0009_task_tally_due"),
        ("prompts", "0002_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="gold_rate",
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="batch",
            name="repeat_rate",
            field=models.FloatField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="task",
            name="copy_of",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="copies",
                to="generation.task",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(condition=models.Q(("kind", "gold")), fields=["batch", "id"], name="task_gold"),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(condition=models.Q(("copy_of__isnull", False)), fields=["copy_of"], name="task_copies"),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("gold_rate__gte", 0), ("gold_rate__lte", 0.3), ("repeat_rate__gte", 0), ("repeat_rate__lte", 0.2)
                ),
                name="batch_rates_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "gold"), models.Q(("state", "void"), _negated=True)),
                fields=("batch", "prompt"),
                name="task_gold_once_a_prompt",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "ordinary"), models.Q(("open_slots", 0), ("position", None)), _connector="OR"
                ),
                name="task_apart_in_no_line",
            ),
        ),
    ]
