"""Stock moves by month, closed months and the snapshots of their ends."""

import django.db.models.deletion
from django.db import migrations, models

# Adds the partition of a month unless it exists; moves of that month that wait in the default partition come along.
FUNCTIONS = """
CREATE FUNCTION inventory_add_move_partition(month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    part text := 'inventory_stockmove_' || to_char(month, '"y"YYYY"m"MM');
    lower_end timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    upper_end timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    PERFORM pg_advisory_xact_lock(7320, 0);
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- nobody writes into the default partition from here on
    LOCK TABLE inventory_stockmove_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE inventory_stockmove INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    IF EXISTS (SELECT 1 FROM inventory_stockmove_default WHERE at >= lower_end AND at < upper_end) THEN
        ALTER TABLE inventory_stockmove_default DISABLE TRIGGER inventory_moves_are_final;
        EXECUTE format('WITH waiting AS (DELETE FROM inventory_stockmove_default WHERE at >= %L AND at < %L RETURNING *)'
                       ' INSERT INTO %I SELECT * FROM waiting', lower_end, upper_end, part);
        ALTER TABLE inventory_stockmove_default ENABLE TRIGGER inventory_moves_are_final;
    END IF;
    EXECUTE format('ALTER TABLE inventory_stockmove ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   part, lower_end, upper_end);
    RETURN true;
END $$;
CREATE FUNCTION inventory_months_are_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inventory_closedmonth WHERE site_id = NEW.site_id AND ends_at > NEW.at) THEN
        RAISE EXCEPTION 'the month of % is closed: a move happens now, not then', NEW.at;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION inventory_snapshots_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'snapshots of closed months are final';
END $$;
CREATE TRIGGER inventory_snapshots_are_final BEFORE UPDATE OR DELETE ON inventory_balancesnapshot
    FOR EACH ROW EXECUTE FUNCTION inventory_snapshots_are_final();
"""

# The rows are copied month by month into a new table; names of constraints and of the sequence stay what they were.
CONVERT = """
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
LOCK TABLE inventory_stockmove IN ACCESS EXCLUSIVE MODE;
SET CONSTRAINTS ALL IMMEDIATE;
DO $$
DECLARE
    last_id bigint;
    was record;
    month date;
BEGIN
    SELECT coalesce(max(id), 0) INTO last_id FROM inventory_stockmove;
    CREATE TEMP TABLE kept_constraints ON COMMIT DROP AS
        SELECT conname, contype, pg_get_constraintdef(oid) AS body FROM pg_constraint
         WHERE conrelid = 'inventory_stockmove'::regclass AND contype IN ('c', 'f');
    ALTER TABLE inventory_stockmove ALTER COLUMN id DROP IDENTITY IF EXISTS;
    ALTER TABLE inventory_stockmove RENAME TO inventory_stockmove_whole;
    CREATE TABLE inventory_stockmove (LIKE inventory_stockmove_whole) PARTITION BY RANGE (at);
    CREATE SEQUENCE inventory_stockmove_id_seq AS bigint OWNED BY inventory_stockmove.id;
    PERFORM setval('inventory_stockmove_id_seq', greatest(last_id, 1), last_id > 0);
    ALTER TABLE inventory_stockmove ALTER COLUMN id SET DEFAULT nextval('inventory_stockmove_id_seq');
    CREATE TABLE inventory_stockmove_default PARTITION OF inventory_stockmove DEFAULT;
    FOR month IN
        SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date FROM inventory_stockmove_whole
        UNION SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month')::date
                FROM generate_series(0, 2) n ORDER BY 1
    LOOP
        PERFORM inventory_add_move_partition(month);
    END LOOP;
    INSERT INTO inventory_stockmove SELECT * FROM inventory_stockmove_whole ORDER BY id;
    DROP TABLE inventory_stockmove_whole;
    ALTER TABLE inventory_stockmove ADD CONSTRAINT inventory_stockmove_pkey PRIMARY KEY (id, at);
    FOR was IN SELECT * FROM kept_constraints ORDER BY contype, conname LOOP
        EXECUTE format('ALTER TABLE inventory_stockmove ADD CONSTRAINT %I %s', was.conname, was.body);
    END LOOP;
END $$;
CREATE TRIGGER inventory_moves_are_final BEFORE UPDATE OR DELETE ON inventory_stockmove
    FOR EACH ROW EXECUTE FUNCTION inventory_moves_are_final();
CREATE TRIGGER inventory_months_are_closed BEFORE INSERT ON inventory_stockmove
    FOR EACH ROW EXECUTE FUNCTION inventory_months_are_closed();
SET CONSTRAINTS ALL DEFERRED;
"""


def plain(to, **options):
    """A reference without an index of its own."""
    return models.ForeignKey(to=to, on_delete=django.db.models.deletion.PROTECT, db_index=False, **options)


PROTECT = django.db.models.deletion.PROTECT
REFERENCES = {
    'site': plain('layout.site'),
    'sku': plain('catalog.sku'),
    'lot': plain('inventory.lot', blank=True, null=True),
    'from_location': plain('layout.location', null=True, related_name='+'),
    'from_container': plain('inventory.container', null=True, related_name='+'),
    'to_location': plain('layout.location', null=True, related_name='+'),
    'to_container': plain('inventory.container', null=True, related_name='+'),
}
PARTIAL = ('lot', 'from_location', 'from_container', 'to_location', 'to_container')


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_stock_truth'),
        ('inventory', '0003_stock_truth'),
        ('layout', '0002_stock_truth'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.ForeignKey(on_delete=PROTECT, to='layout.site')),
                ('starts_on', models.DateField(help_text='First day')),
                ('ends_at', models.DateTimeField(help_text='First instant of the next month, UTC')),
                ('moves', models.PositiveIntegerField(help_text='Moves of the month')),
                ('closed_at', models.DateTimeField()),
                ('closed_by', models.CharField(max_length=120)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('archive_file', models.CharField(blank=True, max_length=300)),
                ('archive_sha256', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'ends_at'), name='month_closed_once')],
            },
        ),
        migrations.CreateModel(
            name='BalanceSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.ForeignKey(db_index=False, on_delete=PROTECT, related_name='snapshot', to='inventory.closedmonth')),
                ('location', models.ForeignKey(null=True, on_delete=PROTECT, related_name='+', to='layout.location')),
                ('container', models.ForeignKey(null=True, on_delete=PROTECT, related_name='+', to='inventory.container')),
                ('sku', models.ForeignKey(on_delete=PROTECT, related_name='+', to='catalog.sku')),
                ('lot', models.ForeignKey(null=True, on_delete=PROTECT, related_name='+', to='inventory.lot')),
                ('on_hand', models.PositiveIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['month', 'location'], name='snapshot_by_location')],
                'constraints': [
                    models.UniqueConstraint(
                        fields=('month', 'sku', 'lot', 'location', 'container'), name='snapshot_once', nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS),
        migrations.RunSQL(
            CONVERT,
            state_operations=[
                migrations.RemoveIndex('stockmove', 'move_newest'),
                migrations.RemoveIndex('stockmove', 'move_by_sku'),
                *(migrations.AlterField('stockmove', name, field) for name, field in REFERENCES.items()),
                migrations.AlterField(
                    'stockmove',
                    'reference',
                    models.CharField(blank=True, help_text='What it belongs to: task:17', max_length=60),
                ),
            ],
        ),
        migrations.AddIndex('stockmove', models.Index(fields=['-at', '-id'], name='move_newest')),
        migrations.AddIndex('stockmove', models.Index(fields=['kind', '-at', '-id'], name='move_by_kind')),
        migrations.AddIndex('stockmove', models.Index(fields=['sku', '-at', '-id'], name='move_by_sku')),
        migrations.AddIndex('stockmove', models.Index(fields=['reference', '-at', '-id'], name='move_by_reference')),
        *(
            migrations.AddIndex(
                'stockmove',
                models.Index(
                    fields=[name, '-at', '-id'],
                    condition=models.Q((f'{name}__isnull', False)),
                    name=f'move_by_{name}',
                ),
            )
            for name in PARTIAL
        ),
    ]
