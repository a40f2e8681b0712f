from django.db import migrations


class Migration(migrations.Migration):
    """What pages call them."""

    dependencies = [("organizer", "0013_registry")]

    operations = [
        migrations.AlterModelOptions(
            name="impact",
            options={
                "ordering": ["-created_at"],
                "verbose_name": "preview of a promotion",
                "verbose_name_plural": "previews of promotions",
            },
        ),
        migrations.AlterModelOptions(
            name="servicegate",
            options={"verbose_name": "gate", "verbose_name_plural": "gates and quota"},
        ),
    ]
