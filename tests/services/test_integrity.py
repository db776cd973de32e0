"""Each named invariant finds the violation it exists for; planted past the constraints, inside the transaction."""

from __future__ import annotations

import pytest
from django.db import connection

from mfc.core import integrity
from tests.proof import broken_invariants
from tests.walk import Walk
from tests.world import World

_A_PLAN = (
    "INSERT INTO slotting_planrun (site_id, kind, state, settings, percent, note, stop_wanted, result, attempts, asked_at,"
    " actor, actor_name, decided_by) SELECT id, 'slots', 'ready', '{}', 100, '', false, '{}', 1, now(), 'nobody', '', ''"
    " FROM layout_site;"
)
_SLOT_MOVES = (
    "INSERT INTO slotting_slotmove (run_id, site_id, chain, number, sku_id, source_id, target_id, to_buffer, minutes,"
    " saved_mm_a_day, state, why, qty_done, done_by)"
)
# invariant: the other invariants that the same damage breaks too, and the damage
DAMAGE: dict[str, tuple[set[str], str]] = {
    "balances_equal_moves": (
        {"positions_equal_balances"},
        "UPDATE inventory_balance SET on_hand = on_hand + 1 WHERE id = (SELECT min(id) FROM inventory_balance)",
    ),
    "balances_in_range": (
        {"balances_equal_moves"},
        "UPDATE inventory_balance SET on_hand = -1 WHERE container_id IS NOT NULL",
    ),
    "held_stock_is_not_pickable": (
        set(),
        "INSERT INTO inventory_hold (site_id, kind, location_id, reason, placed_at, placed_by, lifted_by, lifted_reason)"
        " SELECT site_id, 'other', location_id, 'x', now(), 'nobody', '', '' FROM inventory_balance"
        " WHERE pickable AND on_hand > 0 LIMIT 1",
    ),
    "receipts_equal_moves": (
        set(),
        "INSERT INTO inbound_receipt (site_id, ref, supplier, blind, state, created_at, created_by, difference_code)"
        " SELECT id, 'R', '', false, 'receiving', now(), 'nobody', '' FROM layout_site;"
        " INSERT INTO inbound_receiptline (receipt_id, position, sku_id, lot_code, qty_expected, qty_received, sscc)"
        " SELECT r.id, 1, s.id, '', 1, 1, '' FROM inbound_receipt r, catalog_sku s LIMIT 1",
    ),
    "closed_receipts_explain_what_is_missing": (
        set(),
        "INSERT INTO inbound_receipt (site_id, ref, supplier, blind, state, created_at, created_by, difference_code)"
        " SELECT id, 'R', '', false, 'closed', now(), 'nobody', '' FROM layout_site;"
        " INSERT INTO inbound_receiptline (receipt_id, position, sku_id, lot_code, qty_expected, qty_received, sscc)"
        " SELECT r.id, 1, s.id, '', 1, 0, '' FROM inbound_receipt r, catalog_sku s LIMIT 1",
    ),
    "counts_equal_moves": (
        set(),
        "INSERT INTO upkeep_count (site_id, location_id, kind, state, reason, created_at, since_move, first_by, second_by,"
        " decided_by) SELECT site_id, id, 'manual', 'closed', '', now(), 0, '', '', '' FROM layout_location LIMIT 1;"
        " INSERT INTO upkeep_countline (count_id, sku_id, expected, booked, held_back)"
        " SELECT c.id, s.id, 1, 1, 0 FROM upkeep_count c, catalog_sku s LIMIT 1",
    ),
    "replenishments_equal_moves": (
        set(),
        "INSERT INTO upkeep_replenishment (site_id, sku_id, source_id, target_id, qty, qty_done, urgency, state, why,"
        " created_at, done_by) SELECT p.site_id, s.id, p.id, p.id, 1, 1, 'urgent', 'done', '', now(), ''"
        " FROM layout_location p, catalog_sku s LIMIT 1",
    ),
    "bins_have_positions": (
        set(),
        "DELETE FROM inventory_skuposition WHERE sku_id = (SELECT id FROM catalog_sku WHERE code = 'CHEESE')",
    ),
    "reservations_equal_reserved": (
        {"positions_equal_balances"},
        "UPDATE inventory_balance SET reserved = reserved + 1 WHERE id = (SELECT min(id) FROM inventory_balance)",
    ),
    "snapshots_equal_moves": (
        set(),
        "INSERT INTO inventory_closedmonth (site_id, starts_on, ends_at, moves, closed_at, closed_by, archive_file,"
        " archive_sha256) SELECT id, '2026-10-01', '2026-11-01T00:00Z', 0, now(), '', '', '' FROM layout_site; "
        "INSERT INTO inventory_balancesnapshot (month_id, location_id, sku_id, on_hand)"
        " SELECT c.id, b.location_id, b.sku_id, 1 FROM inventory_closedmonth c, inventory_balance b"
        " WHERE b.location_id IS NOT NULL LIMIT 1",
    ),
    "positions_equal_balances": (
        set(),
        "UPDATE inventory_skuposition SET on_hand = on_hand + 1 WHERE id = (SELECT min(id) FROM inventory_skuposition)",
    ),
    "only_containers_in_use_hold_stock": (
        set(),
        "UPDATE inventory_toteuse SET closed_at = now()",
    ),
    "moves_are_whole": (
        set(),
        "INSERT INTO inventory_stockmove (at, site_id, kind, sku_id, qty, reference, reason, reason_code, actor) "
        "SELECT now(), site_id, 'adjust', sku_id, 1, '', '', '', 'nobody' FROM inventory_balance LIMIT 1",
    ),
    "promises_equal_positions": (
        set(),
        "UPDATE inventory_skuposition SET promised = promised + 1 "
        "WHERE id = (SELECT min(id) FROM inventory_skuposition)",
    ),
    "final_orders_are_accounted_for": (
        set(),
        "UPDATE orders_order SET state = 'unfilled' WHERE ref = 'waits'; "
        "UPDATE orders_orderline SET qty_promised = 0 WHERE order_id = (SELECT id FROM orders_order WHERE ref = 'waits'); "
        "UPDATE inventory_skuposition SET promised = 0",
    ),
    "promises_end_at_release": (
        set(),
        "UPDATE orders_order SET state = 'released' WHERE ref = 'waits'",
    ),
    "open_tasks_are_reserved": (
        {"picked_tasks_are_in_the_ledger"},
        "UPDATE picking_picktask SET state = 'open' WHERE state = 'picked'",
    ),
    "picked_tasks_are_in_the_ledger": (
        set(),
        "UPDATE picking_picktask SET qty = qty + 1 WHERE state = 'picked'",
    ),
    "put_backs_cover_cancelled_totes": (
        set(),
        "UPDATE orders_order SET state = 'cancelled' WHERE state = 'ready'",
    ),
    "cancelled_orders_have_no_tasks": (
        set(),
        "INSERT INTO picking_substitutionask (id, order_line_id, batch_order_id, task_id, qty, candidates, state,"
        " asked_at, deadline, answered_by) SELECT gen_random_uuid(), order_line_id, batch_order_id, id, 1, '[]', 'asked',"
        " now(), now(), '' FROM picking_picktask LIMIT 1",
    ),
    "substitutes_stand_for_shorts": (
        set(),
        "UPDATE orders_orderline SET instead_of_id = (SELECT max(id) FROM orders_orderline)"
        " WHERE id = (SELECT min(id) FROM orders_orderline)",
    ),
    "weights_are_whole": (
        set(),
        "UPDATE catalog_sku SET catch_weight = true WHERE code = 'TEA'",
    ),
    "a_cart_has_one_batch": (
        set(),
        "DROP INDEX one_batch_per_station; DROP INDEX one_batch_per_colour; "
        "INSERT INTO picking_batch (site_id, wave_id, state, method, station_id, colour, current_stop, length_mm, policy,"
        " reason, latest_start, planned_at, lengths_mm) SELECT site_id, wave_id, 'picked', method, station_id, colour, 1, 0,"
        " '', '', now(), now(), '{}' FROM picking_batch CROSS JOIN generate_series(1, 2) WHERE state = 'closed' LIMIT 2",
    ),
    "slot_moves_equal_moves": (
        set(),
        _A_PLAN
        + _SLOT_MOVES
        + " SELECT r.id, r.site_id, 1, 1, s.id, p.id, p.id, false, 1, 0, 'done', '', 1, ''"
        " FROM slotting_planrun r, catalog_sku s, layout_location p LIMIT 1",
    ),
    "slot_moves_in_sequence": (
        set(),
        _A_PLAN
        + _SLOT_MOVES
        + " SELECT r.id, r.site_id, 1, n, s.id, p.id, p.id, false, 1, 0, CASE n WHEN 1 THEN 'open' ELSE 'done' END, '', 0,"
        " '' FROM slotting_planrun r, (SELECT min(id) AS id FROM catalog_sku) s,"
        " (SELECT min(id) AS id FROM layout_location) p, generate_series(1, 2) n",
    ),
    "slots_have_their_tote": (
        set(),
        'INSERT INTO picking_putslot (site_id, station_id, location_id, face, "row", "column", position, state, revision)'
        " SELECT s.site_id, s.id, p.id, 1, 1, 1, 1, 'filling', 0 FROM workforce_station s, layout_location p LIMIT 1",
    ),
    "slots_hold_orders_under_way": (
        set(),
        'INSERT INTO picking_putslot (site_id, station_id, location_id, face, "row", "column", position, state,'
        " revision, order_id) SELECT s.site_id, s.id, p.id, 1, 1, 1, 1, 'complete', 0, o.id"
        " FROM workforce_station s, layout_location p, orders_order o WHERE o.ref = 'waits' LIMIT 1",
    ),
    "pick_totes_hold_what_is_unsorted": (
        set(),
        "INSERT INTO picking_sorttote (batch_id, tote_use_id, number) SELECT batch_id, tote_use_id, 1"
        " FROM picking_picktask;"
        " INSERT INTO picking_putback (site_id, order_line_id, tote_use_id, sku_id, qty, location_id, state, created_at)"
        " SELECT b.site_id, t.order_line_id, t.tote_use_id, t.sku_id, 1, t.location_id, 'done', now()"
        " FROM picking_picktask t JOIN picking_batch b ON b.id = t.batch_id",
    ),
    "wall_puts_are_in_the_ledger": (
        set(),
        "INSERT INTO picking_wallput (station_id, task_id, kind, qty, source_id, person_id, at)"
        " SELECT b.station_id, t.id, 'missing', 1, t.tote_use_id, t.done_by_id, now()"
        " FROM picking_picktask t JOIN picking_batch b ON b.id = t.batch_id",
    ),
    "parcels_are_sealed_totes": (set(), "UPDATE packing_packjob SET sscc = '340123450000000018'"),
    "ready_shipments_are_staged": (set(), "DELETE FROM dispatch_staging"),
    "handed_over_totes_are_empty": (
        {"shipped_equals_picked"},
        "UPDATE dispatch_shipment SET state = 'handed_over'; UPDATE orders_order SET state = 'handed_over'"
        " WHERE state = 'ready'",
    ),
    "shipped_equals_picked": (
        set(),
        "UPDATE orders_order SET state = 'handed_over' WHERE state = 'ready'",
    ),
}


@pytest.fixture
def books(world: World, walk: Walk) -> None:
    """A shipment in its lane, an order that waits, and books that agree."""
    walk.ready(TEA=2)
    world.accept("waits", SOAP=1)
    assert broken_invariants() == {}
    with connection.cursor() as cursor:
        # deferred checks of what was written so far would forbid changing the tables
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint"
            " WHERE contype = 'c' AND coninhcount = 0 AND connamespace = 'public'::regnamespace"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def test_every_invariant_has_a_planted_violation() -> None:
    assert set(integrity.names()) == set(DAMAGE)


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_a_planted_violation_is_found(books: None, name: str) -> None:
    others, damage = DAMAGE[name]
    with connection.cursor() as cursor:
        cursor.execute(damage)
    found = broken_invariants()
    assert name in found
    assert set(found) == {name} | others
    (finding,) = integrity.run(only=lambda one: one == name)
    assert finding.violations == found[name]
    assert 1 <= len(finding.examples) <= integrity.MAX_OFFENDERS
