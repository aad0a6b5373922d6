"""The table of the shared cache: rate limits and the worker's heartbeat."""

from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    call_command("createcachetable", verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("background", "0001_initial")]
    operations = [migrations.RunPython(make, lambda apps, editor: editor.execute("DROP TABLE IF EXISTS django_cache"))]
