"""Serial numbers of SSCCs: never reused, also not after a rollback."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("packing", "0001_initial")]
    operations = [migrations.RunSQL("CREATE SEQUENCE packing_sscc_serial", "DROP SEQUENCE packing_sscc_serial")]
