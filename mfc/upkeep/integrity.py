"""The invariants of counting and replenishing."""

from mfc.core.integrity import register
from mfc.inventory.integrity import ARCHIVED_UNTIL

register(
    "counts_equal_moves",
    "What counts have booked is what the ledger moved for them",
    f"""
    SELECT c.id, coalesce(l.qty, 0) AS booked, coalesce(m.qty, 0) AS moved FROM upkeep_count c
    LEFT JOIN (SELECT count_id, sum(booked) AS qty FROM upkeep_countline GROUP BY 1) l ON l.count_id = c.id
    LEFT JOIN (SELECT reference, sum(CASE WHEN to_location_id IS NULL THEN -qty ELSE qty END) AS qty
                 FROM inventory_stockmove WHERE kind = 'count' GROUP BY 1) m ON m.reference = 'count:' || c.id
    WHERE c.created_at >= {ARCHIVED_UNTIL} AND coalesce(l.qty, 0) <> coalesce(m.qty, 0)
    """,  # noqa: S608
)
register(
    "replenishments_equal_moves",
    "A finished replenishment has moved what it says",
    f"""
    SELECT r.id, r.qty_done, coalesce(m.qty, 0) AS moved FROM upkeep_replenishment r
    LEFT JOIN (SELECT reference, sum(qty) AS qty FROM inventory_stockmove WHERE kind = 'replenish' GROUP BY 1) m
           ON m.reference = 'replenishment:' || r.id
    WHERE r.created_at >= {ARCHIVED_UNTIL} AND r.qty_done <> coalesce(m.qty, 0)
    """,  # noqa: S608
)
