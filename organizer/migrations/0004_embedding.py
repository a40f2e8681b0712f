from django.db import migrations, models


def forget_descriptors(apps, schema_editor):
    """Nothing ever read them, and every preview is heard anew by the networks."""
    apps.get_model("organizer", "AudioAnalysis").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("organizer", "0003_prediction_other")]

    operations = [
        migrations.RunPython(forget_descriptors, migrations.RunPython.noop),
        migrations.RemoveField("audioanalysis", "descriptors"),
        migrations.AddField("audioanalysis", "embedding", models.BinaryField(null=True)),
    ]
