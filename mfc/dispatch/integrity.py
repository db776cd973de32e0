"""The invariants of dispatch and packing."""

from mfc.core.integrity import register
from mfc.inventory.integrity import ARCHIVED_UNTIL

register(
    "ready_shipments_are_staged",
    "Every parcel of a ready shipment stands in a lane",
    """
    SELECT s.id, p.sscc FROM dispatch_shipment s JOIN packing_parcel p ON p.order_id = s.order_id
    LEFT JOIN dispatch_staging g ON g.parcel_id = p.sscc
    WHERE s.state IN ('ready', 'claimed', 'handed_over') AND g.id IS NULL
    """,
)
register(
    "handed_over_totes_are_empty",
    "What was handed over has left the books: its totes hold nothing and their use has ended",
    """
    SELECT s.id, u.id AS use_id FROM dispatch_shipment s JOIN packing_parcel p ON p.order_id = s.order_id
    JOIN inventory_toteuse u ON u.id = p.tote_use_id
    WHERE s.state = 'handed_over' AND u.closed_at IS NULL
    """,
)
register(
    "shipped_equals_picked",
    "What left with an order is what its lines say was picked",
    f"""
    SELECT o.id, o.ref, coalesce(m.qty, 0) AS shipped, l.qty AS picked FROM orders_order o
    JOIN (SELECT order_id, sum(qty_picked) AS qty FROM orders_orderline GROUP BY 1) l ON l.order_id = o.id
    LEFT JOIN (SELECT p.order_id, sum(m.qty) AS qty FROM inventory_stockmove m
                 JOIN packing_parcel p ON m.reference = 'parcel:' || p.sscc WHERE m.kind = 'ship' GROUP BY 1) m
           ON m.order_id = o.id
    WHERE o.state = 'handed_over' AND o.accepted_at >= {ARCHIVED_UNTIL} AND coalesce(m.qty, 0) <> l.qty
    """,  # noqa: S608
)
register(
    "parcels_are_sealed_totes",
    "A sealed tote is a parcel and a parcel is a sealed tote, under the same SSCC",
    """
    SELECT j.id AS pack_job_id, j.state, j.sscc, p.sscc AS parcel FROM packing_packjob j
    FULL JOIN packing_parcel p ON p.tote_use_id = j.tote_use_id
    WHERE (j.state = 'sealed') IS DISTINCT FROM (p.sscc IS NOT NULL) OR p.sscc <> j.sscc
    """,
)
