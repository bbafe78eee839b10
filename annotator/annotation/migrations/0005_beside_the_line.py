from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0004_one_index_a_way"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrolment",
            name="apart",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="gold_cursor",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="to_repeat",
            field=models.JSONField(default=list),
        ),
    ]
