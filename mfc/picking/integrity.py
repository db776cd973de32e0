"""The invariants of picking."""

from mfc.core.integrity import register
from mfc.inventory.integrity import ARCHIVED_UNTIL

register(
    "open_tasks_are_reserved",
    "Every task still to do is covered by its reservation, and nothing else is reserved",
    """
    SELECT r.id, r.qty, coalesce(sum(t.qty), 0) AS wanted FROM inventory_reservation r
    LEFT JOIN picking_picktask t ON t.reservation_id = r.id AND t.state IN ('open', 'verified')
    GROUP BY r.id HAVING r.qty <> coalesce(sum(t.qty), 0)
    """,
)
register(
    "picked_tasks_are_in_the_ledger",
    "A picked task has moved exactly its quantity, undone picks have moved nothing",
    f"""
    SELECT t.id, t.state, t.qty, coalesce(m.qty, 0) AS moved FROM picking_picktask t
    JOIN picking_batch b ON b.id = t.batch_id AND b.planned_at >= {ARCHIVED_UNTIL}
    LEFT JOIN (SELECT reference, sum(CASE kind WHEN 'pick' THEN qty WHEN 'unpick' THEN -qty ELSE 0 END) AS qty
                 FROM inventory_stockmove WHERE reference LIKE 'task:%%' GROUP BY 1) m ON m.reference = 'task:' || t.id
    WHERE coalesce(m.qty, 0) <> CASE t.state WHEN 'picked' THEN t.qty ELSE 0 END
    """,  # noqa: S608
)
register(
    "a_cart_has_one_batch",
    "A station has at most one batch under way",
    """
    SELECT station_id, count(*) FROM picking_batch WHERE state IN ('loading', 'picking', 'picked')
    GROUP BY station_id HAVING count(*) > 1
    """,
)
