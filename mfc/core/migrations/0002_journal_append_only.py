"""The journal is append-only in the database itself."""

from django.db import migrations

FORBID = """
CREATE FUNCTION core_journal_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal entries are append-only';
END $$;
CREATE TRIGGER core_journal_is_final BEFORE UPDATE OR DELETE ON core_journalentry
    FOR EACH ROW EXECUTE FUNCTION core_journal_is_final();
"""
ALLOW = """
DROP TRIGGER core_journal_is_final ON core_journalentry;
DROP FUNCTION core_journal_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
