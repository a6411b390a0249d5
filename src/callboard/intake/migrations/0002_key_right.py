from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial")]

    operations = [
        migrations.AddField("apikey", "right", models.CharField(default="events", max_length=16)),
    ]
