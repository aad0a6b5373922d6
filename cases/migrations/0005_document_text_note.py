from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0004_search_by_patient"),
    ]

    operations = [
        migrations.AddField(
            model_name="documentversion",
            name="text_note",
            field=models.CharField(
                blank=True,
                help_text="Why there is no text, in our own words; no patient data.",
                max_length=300,
            ),
        ),
        migrations.AlterField(
            model_name="documentversion",
            name="text_status",
            field=models.CharField(
                choices=[
                    ("pending", "Being read"),
                    ("read", "Text read"),
                    ("none", "No text to read"),
                    ("failed", "Could not be read"),
                ],
                default="pending",
                max_length=8,
            ),
        ),
    ]
