"""Domain events for the world outside: stored with the deed, sent by the webhook job after the commit."""

from __future__ import annotations

from typing import Any

from mfc.core import clock, ids, jobs

FAN_OUT_TASK = "webhooks.fan_out"


def emit(kind: str, *, key: str, data: dict[str, Any]) -> None:
    """Announce ``kind`` (``shipment.ready``). Events with the same ``key`` leave in order."""
    jobs.defer(
        FAN_OUT_TASK,
        lock=f"webhook/{key}",
        event_id=f"evt_{ids.new().hex}",
        kind=kind,
        key=key,
        at=clock.now().isoformat(),
        data=data,
    )
