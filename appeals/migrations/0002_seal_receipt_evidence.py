"""What proves a receipt is typed freely and may name somebody: sealed. Plain text of before 0.1 is not carried over."""

from django.db import migrations

import advocacy.tenancy.sealing


class Migration(migrations.Migration):
    dependencies = [("appeals", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="authorizationrequest", name="receipt_evidence"),
        migrations.AddField(
            model_name="authorizationrequest",
            name="receipt_evidence",
            field=advocacy.tenancy.sealing.SealedTextField(blank=True),
        ),
    ]
