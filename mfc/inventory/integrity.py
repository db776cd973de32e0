"""The invariants of stock, each a query for the rows that break it."""

from mfc.core.integrity import register

# Moves before this moment are in archive files, and with them what belonged to them.
ARCHIVED_UNTIL = """coalesce((SELECT max(ends_at) FROM inventory_closedmonth WHERE archived_at IS NOT NULL),
    '-infinity'::timestamptz)"""
# Where every site stood at the end of its last archived month.
_ARCHIVED = """
    SELECT s.location_id, s.container_id, s.sku_id, s.lot_id, s.on_hand AS qty FROM inventory_balancesnapshot s
     WHERE s.month_id IN (SELECT DISTINCT ON (site_id) id FROM inventory_closedmonth WHERE archived_at IS NOT NULL
                           ORDER BY site_id, ends_at DESC)
"""
_IN_AND_OUT = f"""
    {_ARCHIVED} UNION ALL
    SELECT to_location_id AS location_id, to_container_id AS container_id, sku_id, lot_id, qty
      FROM inventory_stockmove WHERE to_location_id IS NOT NULL OR to_container_id IS NOT NULL
    UNION ALL
    SELECT from_location_id, from_container_id, sku_id, lot_id, -qty
      FROM inventory_stockmove WHERE from_location_id IS NOT NULL OR from_container_id IS NOT NULL
"""  # noqa: S608

register(
    "balances_equal_moves",
    "Every balance is the sum of its moves",
    f"""
    SELECT location_id, container_id, sku_id, lot_id, sum(on_hand) AS balance, sum(moved) AS moved FROM (
        SELECT location_id, container_id, sku_id, lot_id, on_hand, 0 AS moved FROM inventory_balance
        UNION ALL SELECT location_id, container_id, sku_id, lot_id, 0, qty FROM ({_IN_AND_OUT}) flows
    ) both_sides GROUP BY 1, 2, 3, 4 HAVING sum(on_hand) <> sum(moved)
    """,  # noqa: S608
)
register(
    "balances_in_range",
    "No balance is negative, none reserves more than it holds",
    "SELECT id, on_hand, reserved FROM inventory_balance WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand",
)
register(
    "held_stock_is_not_pickable",
    "Stock on hold may not be promised, stock without hold and last day may",
    """
    SELECT b.id, b.pickable, h.held FROM inventory_balance b
    JOIN layout_location p ON p.id = b.location_id
    LEFT JOIN inventory_lot l ON l.id = b.lot_id
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM inventory_hold h WHERE h.site_id = b.site_id AND h.lifted_at IS NULL
        AND (h.location_id IS NULL OR h.location_id = b.location_id) AND (h.sku_id IS NULL OR h.sku_id = b.sku_id)
        AND (h.lot_id IS NULL OR h.lot_id = b.lot_id)) AS held) h
    WHERE b.on_hand > 0 AND (
        (b.pickable AND (h.held OR p.kind NOT IN ('bin', 'reserve')))
        OR (NOT b.pickable AND NOT h.held AND p.kind IN ('bin', 'reserve') AND l.expires_on IS NULL))
    """,
)
register(
    "reservations_equal_reserved",
    "What a balance has reserved is the sum of its open reservations",
    """
    SELECT b.id, b.reserved, coalesce(sum(r.qty), 0) AS claimed FROM inventory_balance b
    LEFT JOIN inventory_reservation r ON r.balance_id = b.id GROUP BY b.id HAVING b.reserved <> coalesce(sum(r.qty), 0)
    """,
)
register(
    "positions_equal_balances",
    "A SKU's position is the sum of its bins",
    """
    SELECT p.id, p.sku_id, p.on_hand, p.reserved, coalesce(sum(b.on_hand), 0) AS in_bins,
           coalesce(sum(b.reserved), 0) AS reserved_in_bins
      FROM inventory_skuposition p
      LEFT JOIN inventory_balance b ON b.site_id = p.site_id AND b.sku_id = p.sku_id AND b.pickable
     GROUP BY p.id HAVING p.on_hand <> coalesce(sum(b.on_hand), 0) OR p.reserved <> coalesce(sum(b.reserved), 0)
    """,
)
register(
    "bins_have_positions",
    "Every bin's SKU has a position",
    """
    SELECT b.id, b.sku_id FROM inventory_balance b WHERE b.pickable AND b.on_hand > 0 AND NOT EXISTS
      (SELECT 1 FROM inventory_skuposition p WHERE p.site_id = b.site_id AND p.sku_id = b.sku_id)
    """,
)
register(
    "only_containers_in_use_hold_stock",
    "A container holds stock only during a use",
    """
    SELECT b.id, b.container_id FROM inventory_balance b WHERE b.container_id IS NOT NULL AND b.on_hand > 0
       AND NOT EXISTS (SELECT 1 FROM inventory_toteuse u WHERE u.container_id = b.container_id AND u.closed_at IS NULL)
    """,
)
register(
    "moves_are_whole",
    "Every move has a quantity and at least one end inside",
    """
    SELECT id FROM inventory_stockmove WHERE qty <= 0 OR (from_location_id IS NULL AND from_container_id IS NULL
       AND to_location_id IS NULL AND to_container_id IS NULL)
    """,
)
register(
    "snapshots_equal_moves",
    "The last closed month ends with the sum of all moves before its end",
    f"""
    WITH last AS (SELECT DISTINCT ON (site_id) id, site_id, ends_at FROM inventory_closedmonth
                   ORDER BY site_id, ends_at DESC)
    SELECT location_id, container_id, sku_id, lot_id, sum(kept) AS kept, sum(moved) AS moved FROM (
        SELECT location_id, container_id, sku_id, lot_id, on_hand AS kept, 0 AS moved
          FROM inventory_balancesnapshot WHERE month_id IN (SELECT id FROM last)
        UNION ALL SELECT location_id, container_id, sku_id, lot_id, 0, qty FROM ({_ARCHIVED}) archived
        UNION ALL SELECT m.to_location_id, m.to_container_id, m.sku_id, m.lot_id, 0, m.qty
          FROM inventory_stockmove m JOIN last ON last.site_id = m.site_id AND m.at < last.ends_at
         WHERE m.to_location_id IS NOT NULL OR m.to_container_id IS NOT NULL
        UNION ALL SELECT m.from_location_id, m.from_container_id, m.sku_id, m.lot_id, 0, -m.qty
          FROM inventory_stockmove m JOIN last ON last.site_id = m.site_id AND m.at < last.ends_at
         WHERE m.from_location_id IS NOT NULL OR m.from_container_id IS NOT NULL
    ) both_sides GROUP BY 1, 2, 3, 4 HAVING sum(kept) <> sum(moved)
    """,  # noqa: S608
)
