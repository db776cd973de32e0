"""Asking for a count: whoever doubts a place defers the job of this name; ``mfc.upkeep`` does it."""

from __future__ import annotations

from mfc.core import jobs

DRAFT_TASK = "upkeep.draft_count"


def draft(*, location_id: int, sku_id: int, reason: str) -> None:
    """Have the place counted soon; a place that already waits for its draft is not asked for twice."""
    jobs.defer(
        DRAFT_TASK,
        queueing_lock=f"count/{location_id}",
        location_id=location_id,
        sku_id=sku_id,
        reason=reason,
    )
