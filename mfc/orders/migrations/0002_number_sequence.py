"""Short order numbers for people."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunSQL("CREATE SEQUENCE orders_order_number", "DROP SEQUENCE orders_order_number")]
