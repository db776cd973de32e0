"""Random stock moves over months, and what they add up to by plain arithmetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from mfc.core import txn
from mfc.inventory import history, ledger
from mfc.inventory.models import Container, StockMove
from mfc.inventory.places import Place, at_location, in_container
from tests.world import LEAD, World

Key = tuple[int, int, int, int]  # sku, location, container, lot; 0 where there is none


@dataclass(slots=True)
class Past:
    """Makes moves and keeps an account of its own."""

    world: World
    chance: Random
    account: list[tuple[datetime, Key, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for move in StockMove.objects.all():
            self._note(move)

    def _note(self, move: StockMove) -> None:
        ends = (
            (move.to_location_id, move.to_container_id, move.qty),
            (move.from_location_id, move.from_container_id, -move.qty),
        )
        for location, container, qty in ends:
            if location or container:
                self.account.append(
                    (move.at, (move.sku_id, location or 0, container or 0, move.lot_id or 0), qty)
                )

    def held(self, at: datetime) -> Counter[Key]:
        """What every place held right after ``at``."""
        sums: Counter[Key] = Counter()
        for moment, key, qty in self.account:
            if moment <= at:
                sums[key] += qty
        return Counter({key: qty for key, qty in sums.items() if qty})

    def live(self, days: int, per_day: int = 2) -> None:
        """Let so many days pass; goods come, wander and go."""
        places = [at_location(place) for place in self.world.locations.values()]
        places += [in_container(row.pk) for row in Container.objects.all()]
        lots = [None, *(lot.pk for lot in self.world.lots.values())]
        lot_sku = {lot.pk: lot.sku_id for lot in self.world.lots.values()}
        for _ in range(days * per_day):
            self.world.clock.advance(seconds=self.chance.randrange(1, 2 * 86_400 // per_day))
            now = self.held(self.world.clock.now())
            if not now or self.chance.random() < 0.3:
                lot = self.chance.choice(lots)
                sku = (
                    lot_sku[lot]
                    if lot
                    else self.chance.choice(sorted(s.pk for s in self.world.skus.values()))
                )
                self._move(sku, lot, self.chance.randint(1, 20), None, self.chance.choice(places))
                continue
            sku, location, container, lot_id = self.chance.choice(sorted(now))
            qty = self.chance.randint(1, now[(sku, location, container, lot_id)])
            source = next(p for p in places if (p.location_id, p.container_id) == (location, container))
            target = self.chance.choice([None, *(place for place in places if place != source)])
            self._move(sku, lot_id or None, qty, source, target)

    @txn.use_case
    def _move(self, sku: int, lot: int | None, qty: int, source: Place | None, target: Place | None) -> None:
        kind = "receipt" if source is None else "ship" if target is None else "move"
        entry = ledger.Move(kind=kind, sku_id=sku, lot_id=lot, qty=qty, source=source, target=target)
        ledger.post(site_id=self.world.site.pk, actor=LEAD, entries=[entry])
        self._note(StockMove.objects.latest("pk"))


def as_counter(held: Iterable[history.Held]) -> Counter[Key]:
    """An answer of the program in the account's form."""
    return Counter({(row.sku_id, row.location_id, row.container_id, row.lot_id): row.on_hand for row in held})


def moments(past: Past, start: datetime, end: datetime, count: int) -> list[datetime]:
    """Random moments of a time, moments of moves and the instants around them."""
    span = int((end - start).total_seconds())
    found = [start + timedelta(seconds=past.chance.randrange(span)) for _ in range(count)]
    for moment, _, _ in past.chance.sample(past.account, min(count, len(past.account))):
        found += [moment, moment - timedelta(microseconds=1), moment + timedelta(microseconds=1)]
    return [moment for moment in found if start <= moment <= end]
