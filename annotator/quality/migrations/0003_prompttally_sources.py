from django.db import migrations, models


def add_up_anew(apps, schema_editor):
    """What is judged already has no sums by source yet: pages and the dispatcher take up what is due."""
    apps.get_model("generation", "Task").objects.filter(kind="ordinary", counted__gt=0).update(tally_due=True)


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0010_gold_and_repeats"),
        ("quality", "0002_gold"),
    ]

    operations = [
        migrations.AddField(
            model_name="prompttally",
            name="sources",
            field=models.TextField(db_default="[]", default="[]"),
        ),
        migrations.RunPython(add_up_anew, migrations.RunPython.noop),
    ]
