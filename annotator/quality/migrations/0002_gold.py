import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0010_gold_and_repeats"),
        ("quality", "0001_tallies_set_asides_and_adjudications"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Gold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shareable", models.JSONField()),
                ("unshareable", models.JSONField()),
                (
                    "origin",
                    models.CharField(
                        choices=[("by_hand", "By Hand"), ("agreed", "Agreed"), ("adjudicated", "Adjudicated")],
                        max_length=16,
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gold_made",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gold", to="generation.task"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("shareable", []), _negated=True),
                            models.Q(("unshareable", []), _negated=True),
                            _connector="OR",
                        ),
                        name="gold_scores_something",
                    )
                ],
            },
        ),
    ]
