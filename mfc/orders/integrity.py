"""The invariants of orders."""

from mfc.core.integrity import register

register(
    "promises_equal_positions",
    "What is promised of a SKU is the sum of the open promises of order lines",
    """
    SELECT p.id, p.sku_id, p.promised, coalesce(l.promised, 0) AS of_lines FROM inventory_skuposition p
    LEFT JOIN (SELECT o.site_id, l.sku_id, sum(l.qty_promised) AS promised FROM orders_orderline l
               JOIN orders_order o ON o.id = l.order_id GROUP BY 1, 2) l ON l.site_id = p.site_id AND l.sku_id = p.sku_id
    WHERE p.promised <> coalesce(l.promised, 0)
    """,
)
register(
    "final_orders_are_accounted_for",
    "A handed-over or unfilled order has every unit picked or short, with a reason for each short",
    """
    SELECT l.id, o.ref, l.qty, l.qty_picked, l.qty_short FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
    WHERE o.state IN ('handed_over', 'unfilled')
      AND (l.qty <> l.qty_picked + l.qty_short OR (l.qty_short > 0 AND l.short_reason = ''))
    """,
)
register(
    "promises_end_at_release",
    "Only an accepted order has open promises",
    """
    SELECT l.id, o.ref, o.state FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
    WHERE l.qty_promised > 0 AND o.state <> 'accepted'
    """,
)
