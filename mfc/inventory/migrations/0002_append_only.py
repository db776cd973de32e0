"""The ledger is append-only in the database itself, not only by habit."""

from django.db import migrations

FORBID = """
CREATE FUNCTION inventory_moves_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stock moves are append-only: post a compensating move';
END $$;
CREATE TRIGGER inventory_moves_are_final BEFORE UPDATE OR DELETE ON inventory_stockmove
    FOR EACH ROW EXECUTE FUNCTION inventory_moves_are_final();
"""
ALLOW = """
DROP TRIGGER inventory_moves_are_final ON inventory_stockmove;
DROP FUNCTION inventory_moves_are_final();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
