"""The jobs of picking: pickers on held stock are led elsewhere."""

from __future__ import annotations

from procrastinate.contrib.django import app

from mfc.inventory.holds import REROUTE_TASK
from mfc.picking import held


@app.task(name=REROUTE_TASK)
def reroute_held(*, balance_ids: list[int]) -> None:
    """Stock with reservations was put on hold or expired."""
    held.reroute(balance_ids=balance_ids)
