"""Release planning as a loop: due work becomes batches, waiting pickers get them."""

from __future__ import annotations

import asyncio

from mfc.core import clock, txn
from mfc.layout.models import Site
from mfc.picking import waves
from mfc.picking.models import Batch
from mfc.picking.routing import scattered
from mfc.picking.routing.compiled import HAS_NUMBA
from mfc.runtime.worker.threads import Lane
from mfc.scanning.replies import accepted, lock, tell

# In site time; bounded below in real time, so that a fast clock does not make a busy loop.
PERIOD_SITE_S = 5.0
MIN_PERIOD_S = 0.25


class Planner:
    """Plans every site, now and whenever a hint says that people or orders wait."""

    def __init__(self) -> None:
        self._lane = Lane("planner")
        self._wanted = asyncio.Event()

    def hint(self, topics: set[str]) -> None:
        """People wait for work, or batches wait for people."""
        if topics & {"plan", "all"}:
            self._wanted.set()

    async def run(self) -> None:
        """Plan until cancelled. The search for places on the way is compiled beside it, at most once for each machine."""
        warming = asyncio.create_task(asyncio.to_thread(scattered.warm)) if HAS_NUMBA else None
        try:
            while True:
                self._wanted.clear()
                await self._lane.run(_plan)
                period_s = max(PERIOD_SITE_S / clock.speed(), MIN_PERIOD_S)
                try:
                    async with asyncio.timeout(period_s):
                        await self._wanted.wait()
                except TimeoutError:
                    continue
        finally:
            if warming is not None:
                warming.cancel()
            self._lane.close()


def _plan() -> None:
    for site in Site.objects.order_by("pk"):
        given = waves.hand_out(site=site)
        if waves.release_due(site=site):
            given += waves.hand_out(site=site)
        for batch in given:
            _announce(batch)


@txn.use_case
def _announce(batch: Batch) -> None:
    """The picker waited; the screen says what has come."""
    if batch.station_id is not None:
        totes = batch.orders.count()
        tell(lock(batch.station_id), accepted(f"Batch {batch.pk}: load {totes} empty totes."))
