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
register(
    "put_backs_cover_cancelled_totes",
    "What lies in a tote of a cancelled order is exactly what waits to be put back",
    """
    SELECT u.id, coalesce(b.qty, 0) AS in_tote, coalesce(p.qty, 0) AS waits FROM inventory_toteuse u
    JOIN orders_order o ON o.id = u.order_id AND o.state = 'cancelled'
    LEFT JOIN (SELECT container_id, sum(on_hand) AS qty FROM inventory_balance GROUP BY 1) b
           ON b.container_id = u.container_id AND u.closed_at IS NULL
    LEFT JOIN (SELECT tote_use_id, sum(qty) AS qty FROM picking_putback WHERE state = 'open' GROUP BY 1) p
           ON p.tote_use_id = u.id
    WHERE coalesce(b.qty, 0) <> coalesce(p.qty, 0)
    """,
)
register(
    "cancelled_orders_have_no_tasks",
    "Nothing of a cancelled order is still to be picked, and no customer of one is being asked",
    """
    SELECT t.id FROM picking_picktask t JOIN picking_batchorder e ON e.id = t.batch_order_id
      JOIN orders_order o ON o.id = e.order_id WHERE o.state = 'cancelled' AND t.state IN ('open', 'verified')
    UNION ALL
    SELECT a.task_id FROM picking_substitutionask a JOIN picking_batchorder e ON e.id = a.batch_order_id
      JOIN orders_order o ON o.id = e.order_id WHERE a.state = 'asked' AND o.state <> 'picking'
    """,
)
register(
    "substitutes_stand_for_shorts",
    "What is ordered as a substitute is short, or was found after all, on the line it stands for",
    """
    SELECT l.id, o.id AS original FROM orders_orderline l JOIN orders_orderline o ON o.id = l.instead_of_id
    WHERE o.order_id <> l.order_id OR l.qty > o.qty
    """,
)
register(
    "weights_are_whole",
    "A picked catch-weight task has one weight per piece, and their sum",
    """
    SELECT t.id, t.qty, t.weight_g, t.weights_g FROM picking_picktask t JOIN catalog_sku s ON s.id = t.sku_id
    WHERE s.catch_weight AND t.state = 'picked' AND (t.weight_g IS NULL OR jsonb_array_length(t.weights_g) <> t.qty
       OR t.weight_g <> (SELECT sum(w::int) FROM jsonb_array_elements_text(t.weights_g) w))
    """,
)
register(
    "slots_have_their_tote",
    "A slot that fills has an open tote of its order, one that is kept has an order, a free one has neither",
    """
    SELECT s.id, s.state FROM picking_putslot s LEFT JOIN inventory_toteuse u ON u.id = s.tote_use_id
    WHERE (s.state = 'filling' AND (u.id IS NULL OR u.closed_at IS NOT NULL OR u.order_id IS DISTINCT FROM s.order_id))
       OR (s.state IN ('assigned', 'binding', 'filling', 'complete') AND s.order_id IS NULL)
       OR (s.state IN ('idle', 'sealed', 'retired') AND (s.order_id IS NOT NULL OR s.tote_use_id IS NOT NULL))
    """,
)
register(
    "slots_hold_orders_under_way",
    "A slot that waits for goods keeps an order that is released or being picked, in a batch for the put wall",
    """
    SELECT s.id, o.ref, o.state FROM picking_putslot s JOIN orders_order o ON o.id = s.order_id
    LEFT JOIN picking_batchorder e ON e.order_id = o.id LEFT JOIN picking_batch b ON b.id = e.batch_id
    WHERE b.method IS DISTINCT FROM 'sort'
       OR (s.state IN ('assigned', 'binding', 'filling') AND o.state NOT IN ('released', 'picking'))
    """,
)
register(
    "pick_totes_hold_what_is_unsorted",
    "A pick tote holds exactly what was picked into it, less what was sorted, was missing or was put back",
    """
    SELECT u.id, coalesce(b.qty, 0) AS in_tote, coalesce(t.qty, 0) AS picked, coalesce(w.qty, 0) AS sorted,
           coalesce(p.qty, 0) AS put_back
      FROM inventory_toteuse u JOIN picking_sorttote s ON s.tote_use_id = u.id
      LEFT JOIN (SELECT container_id, sum(on_hand) AS qty FROM inventory_balance GROUP BY 1) b
             ON b.container_id = u.container_id AND u.closed_at IS NULL
      LEFT JOIN (SELECT tote_use_id, sum(qty) AS qty FROM picking_picktask WHERE state = 'picked' GROUP BY 1) t
             ON t.tote_use_id = u.id
      LEFT JOIN (SELECT source_id, sum(qty) AS qty FROM picking_wallput WHERE undone_at IS NULL GROUP BY 1) w
             ON w.source_id = u.id
      LEFT JOIN (SELECT tote_use_id, sum(qty) AS qty FROM picking_putback WHERE state = 'done' GROUP BY 1) p
             ON p.tote_use_id = u.id
     WHERE coalesce(b.qty, 0) <> coalesce(t.qty, 0) - coalesce(w.qty, 0) - coalesce(p.qty, 0)
    """,
)
register(
    "wall_puts_are_in_the_ledger",
    "Every put at a wall has moved exactly its quantity, an undone one nothing",
    f"""
    SELECT w.id, w.kind, w.qty, coalesce(m.qty, 0) AS moved FROM picking_wallput w
    LEFT JOIN (SELECT v.reference, sum(CASE WHEN v.to_container_id IS NOT DISTINCT FROM x.container_id THEN v.qty
                                            ELSE -v.qty END) AS qty
                 FROM inventory_stockmove v
                 JOIN picking_wallput y ON v.reference = 'wall:' || y.id
                 LEFT JOIN inventory_toteuse x ON x.id = y.target_id GROUP BY 1) m ON m.reference = 'wall:' || w.id
    WHERE w.at >= {ARCHIVED_UNTIL} AND coalesce(m.qty, 0) <> CASE WHEN w.undone_at IS NULL THEN w.qty ELSE 0 END
    """,  # noqa: S608
)
