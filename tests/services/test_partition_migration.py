"""A table of moves with data becomes partitioned: same rows, same ids, same rules."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connection

from mfc.env import ROOT

NAME = "test_partition_migration"


def manage(url: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_moves_of_before_are_kept_with_their_ids_and_rules() -> None:
    settings = connection.get_connection_params()
    target = {name: settings[name] for name in ("user", "password", "host", "port") if settings.get(name)}
    with psycopg.connect(dbname="postgres", autocommit=True, **target) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
        try:
            manage(f"postgresql:///{NAME}?{urlencode(target)}", "migrate", "-v0", "inventory", "0003")
            with psycopg.connect(dbname=NAME, **target) as old:
                old.execute(SEED)
                before = old.execute("SELECT * FROM inventory_stockmove ORDER BY id").fetchall()
                rules = set(old.execute(RULES).fetchall())
            manage(f"postgresql:///{NAME}?{urlencode(target)}", "migrate", "-v0")
            with psycopg.connect(dbname=NAME, autocommit=True, **target) as new:
                assert new.execute("SELECT * FROM inventory_stockmove ORDER BY id").fetchall() == before
                assert len(before) == 500
                assert set(new.execute(RULES).fetchall()) == rules
                parts = new.execute(
                    "SELECT tableoid::regclass::text, count(*) FROM inventory_stockmove GROUP BY 1 ORDER BY 1"
                ).fetchall()
                assert [name for name, _ in parts] == [
                    f"inventory_stockmove_y2025m{month:02}" for month in range(1, 6)
                ]
                (fresh,) = new.execute(
                    "INSERT INTO inventory_stockmove (at, site_id, kind, sku_id, qty, reference, reason_code, reason, actor)"
                    " SELECT now(), site_id, kind, sku_id, 1, '', '', '', '' FROM inventory_stockmove LIMIT 1 RETURNING id"
                ).fetchone()  # type: ignore[misc]
                assert fresh == before[-1][0] + 1
                with pytest.raises(psycopg.Error, match="append-only"):
                    new.execute("DELETE FROM inventory_stockmove")
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


# the columns that are not empty in the tables of that time
SEED = """
INSERT INTO catalog_sku (code, name, temperature, weight_g, volume_ml, active, brand, catch_tolerance_percent, catch_weight,
    expiry_required, family, lot_required, min_remaining_days, velocity)
VALUES ('TEA', 'Tea', 'ambient', 1, 1, true, '', 0, false, false, '', false, 0, 'C');
INSERT INTO layout_site (code, name, width_mm, depth_mm, front_y_mm, back_y_mm, route_lead_s, release_horizon_s,
    early_orders,
    early_wait_s, cart_orders, cart_weight_g, tote_volume_ml, tote_weight_g, weight_tolerance_g, weight_tolerance_percent,
    tote_tare_g, count_approval_qty, count_days_a, count_days_b, count_days_c, count_tolerance_qty,
    receipt_tolerance_percent,
    replenish_horizon_s, shorts_by_lead_only, substitution_timeout_s)
VALUES ('OLD', 'x', 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, false, 0);
INSERT INTO inventory_stockmove (at, site_id, kind, sku_id, qty, reference, reason_code, reason, actor)
SELECT '2025-01-03T00:00Z'::timestamptz + n * interval '6 hours', layout_site.id, 'receipt', catalog_sku.id, n,
       'n:' || n, '', '', 'test' FROM generate_series(1, 500) n, layout_site, catalog_sku;
"""
RULES = """
SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = 'inventory_stockmove'::regclass AND contype IN ('c', 'f')
"""
