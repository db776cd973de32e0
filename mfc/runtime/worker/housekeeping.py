"""What the worker does by the clock: each chore when its time has come, by the site's own time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.inventory import expiry, partitions, reconcile
from mfc.layout.models import Site
from mfc.picking import substitution
from mfc.runtime.worker.threads import Lane
from mfc.upkeep import counting, replenish

log = logging.getLogger(__name__)
# In real time: a fast site clock does not make a busy loop, a slow one is looked at often enough.
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Chore:
    """``act(site)`` every ``period_s`` seconds of site time; it must be safe to repeat and to miss."""

    name: str
    period_s: float
    act: Callable[[Site], object]


def _retire_expired(site: Site) -> object:
    return expiry.retire_expired(site_id=site.pk)


DAY_S = 86_400.0
CHORES: tuple[Chore, ...] = (
    Chore("expired stock", 60, _retire_expired),
    Chore("questions to customers", 5, lambda site: substitution.expire_due(site=site)),
    Chore("replenishment", 60, lambda site: replenish.plan(site=site)),
    Chore("cycle counts", 3_600, lambda site: counting.plan_cycle(site=site)),
    Chore("months of the ledger", DAY_S, lambda site: partitions.ensure_partitions()),
    Chore("reconcile the books", DAY_S, reconcile.nightly),
)


@dataclass(slots=True)
class Housekeeper:
    """Runs chores one after the other; one that fails is told and tried again next time."""

    chores: tuple[Chore, ...] = CHORES
    _due_at: dict[tuple[int, str], datetime] = field(default_factory=dict)

    def round(self) -> list[str]:
        """Do what is due at every site; returns the names of what was done."""
        done = []
        for site in Site.objects.order_by("pk"):
            for chore in self.chores:
                if self._is_due(site.pk, chore):
                    self._do(site, chore)
                    done.append(chore.name)
        return done

    def _is_due(self, site_id: int, chore: Chore) -> bool:
        now = clock.now()
        key = (site_id, chore.name)
        if now < self._due_at.get(key, now):
            return False
        self._due_at[key] = now + timedelta(seconds=chore.period_s)
        return True

    def _do(self, site: Site, chore: Chore) -> None:
        try:
            chore.act(site)
        except DomainError as refusal:
            # Somebody was faster, or something is in the way: the next round sees the new state.
            log.warning("%s at %s: %s (%s)", chore.name, site, refusal.message, refusal.code)

    async def run(self) -> None:
        """Do rounds until cancelled."""
        lane = Lane("housekeeping")
        try:
            while True:
                await lane.run(self.round)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            lane.close()
