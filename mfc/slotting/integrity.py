"""The invariants of slotting."""

from mfc.core.integrity import register
from mfc.inventory.integrity import ARCHIVED_UNTIL

register(
    "slot_moves_equal_moves",
    "A finished move between slots has moved what it says",
    f"""
    SELECT s.id, s.qty_done, coalesce(m.qty, 0) AS moved FROM slotting_slotmove s
    JOIN slotting_planrun r ON r.id = s.run_id
    LEFT JOIN (SELECT reference, sum(qty) AS qty FROM inventory_stockmove WHERE kind = 'move' GROUP BY 1) m
           ON m.reference = 'slotmove:' || s.id
    WHERE r.asked_at >= {ARCHIVED_UNTIL} AND s.qty_done <> coalesce(m.qty, 0)
    """,  # noqa: S608
)
register(
    "slot_moves_in_sequence",
    "No move of a chain is done while one before it is open",
    """
    SELECT later.id FROM slotting_slotmove later JOIN slotting_slotmove earlier
        ON earlier.run_id = later.run_id AND earlier.chain = later.chain AND earlier.number < later.number
     WHERE later.state = 'done' AND earlier.state IN ('open', 'proposed')
    """,
)
