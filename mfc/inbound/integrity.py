"""The invariants of receiving."""

from mfc.core.integrity import register
from mfc.inventory.integrity import ARCHIVED_UNTIL

register(
    "receipts_equal_moves",
    "What a receipt counts is what the ledger has booked in for it",
    f"""
    SELECT r.id, r.ref, coalesce(i.qty, 0) AS items, coalesce(l.qty, 0) AS of_lines, coalesce(m.qty, 0) AS moved
      FROM inbound_receipt r
      LEFT JOIN (SELECT receipt_id, sum(qty) AS qty FROM inbound_receiptitem GROUP BY 1) i ON i.receipt_id = r.id
      LEFT JOIN (SELECT receipt_id, sum(qty_received) AS qty FROM inbound_receiptline GROUP BY 1) l ON l.receipt_id = r.id
      LEFT JOIN (SELECT reference, sum(qty) AS qty FROM inventory_stockmove
                  WHERE kind = 'receipt' AND reference LIKE 'receipt:%%' GROUP BY 1) m ON m.reference = 'receipt:' || r.id
     WHERE r.created_at >= {ARCHIVED_UNTIL}
       AND (coalesce(i.qty, 0) <> coalesce(l.qty, 0) OR coalesce(i.qty, 0) <> coalesce(m.qty, 0))
    """,  # noqa: S608
)
register(
    "closed_receipts_explain_what_is_missing",
    "A closed receipt has received what was announced, or a reason",
    """
    SELECT r.id, r.ref FROM inbound_receipt r WHERE r.state = 'closed' AND r.difference_code = ''
       AND EXISTS (SELECT 1 FROM inbound_receiptline l WHERE l.receipt_id = r.id AND l.qty_received < l.qty_expected)
    """,
)
