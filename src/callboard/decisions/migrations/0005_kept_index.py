from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("decisions", "0004_match_checks")]

    operations = [
        migrations.CreateModel(
            name="KeptIndex",
            fields=[
                ("token", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
            ],
        ),
    ]
