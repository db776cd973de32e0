"""Order coverage: drop the SKU that completes the fewest orders until the rest fits, with shrinkage. Pure.

"Peeling" removes, again and again, the SKU that is in the fewest still fillable orders; it sits within a few percent
of the best set of its size on the orders it saw, and loses most of that on the orders that follow: a single past
basket will not come again exactly. Three kinds of shrinkage keep what generalises:

* **miss**: an order that lacks ``m`` lines still counts ``miss ** m`` (near 0: plain peeling; 1: the frequency
  rule). Read: the next basket resembles this one, but each line may be another article.
* **prior**: how often a SKU completes an order is, for a slow SKU, a mean of few observations; it is drawn to the
  mean of all SKUs as if ``prior`` further orders of that mean had been seen (empirical Bayes).
* **half-life**: an order counts half after so many days; what sold in spring says less about autumn.

Which amounts are right differs between shops: ``assortment`` chooses them on weeks that the choice has not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mfc.slotting.baskets import Baskets, Flags, Floats, lines_of

# The mean of all SKUs moves slowly while SKUs leave: it is taken again this often on the way.
MEANS_ON_THE_WAY = 60
# Far from the goal several leave at once: this share of what is too much.
SHARE_AT_ONCE = 50
# A weight of an order below this changes no decision.
NEGLIGIBLE = 1e-9
# Plain peeling; not 0, so that a SKU can be taken back.
SMALLEST_MISS = 0.02


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How far the past is trusted. ``half_life_days`` infinite: all of it alike.

    ``by_size``: each line counts one over its order's lines, whatever else is kept (a robust rule for few orders).
    """

    miss: float = 0.5
    prior: float = 2.0
    half_life_days: float = math.inf
    by_size: bool = False

    def weights(self, baskets: Baskets) -> Floats:
        """Weight of each order by its age; the newest counts 1."""
        if not len(baskets) or math.isinf(self.half_life_days):
            return np.ones(len(baskets))
        return np.asarray(0.5 ** ((baskets.days[-1] - baskets.days) / self.half_life_days))


FREQUENCY = Shrinkage(miss=1.0, prior=0.0)
BY_SIZE = Shrinkage(miss=1.0, prior=0.0, by_size=True)


class Coverage:
    """The running state of a peel: who is left, and what each SKU is worth (``value``: weighted orders)."""

    def __init__(self, baskets: Baskets, shrinkage: Shrinkage) -> None:
        self._baskets = baskets
        self._miss = 1.0 if shrinkage.by_size else max(shrinkage.miss, SMALLEST_MISS)
        self._prior = 0.0 if shrinkage.by_size else shrinkage.prior
        self._starts, self._holders = baskets.by_sku()
        weights = shrinkage.weights(baskets)
        if shrinkage.by_size:
            weights = weights / np.maximum(baskets.sizes, 1)
        self.alive = np.ones(baskets.skus, dtype=np.bool_)
        self._count = baskets.counts(weights)
        self._trust = self._count / np.maximum(self._count + self._prior, NEGLIGIBLE)
        self._orders = weights
        self._raw = self._count.copy()
        self.refresh()

    def refresh(self) -> None:
        """Take the mean of all SKUs anew."""
        total = float(self._count[self.alive].sum())
        self._floor = self._prior * float(self._raw[self.alive].sum()) / total if total else 0.0

    @property
    def value(self) -> Floats:
        """What each SKU that is left helps to complete."""
        return np.asarray(self._trust * (self._raw + self._floor))

    def drop(self, skus: Flags) -> None:
        """Take SKUs out: the orders that hold them are worth less to the others."""
        self.alive[skus] = False
        self._change(skus, self._miss)

    def take(self, skus: Flags) -> None:
        """Take SKUs in again."""
        self.alive[skus] = True
        self._change(skus, 1.0 / self._miss)

    def _change(self, skus: Flags, factor: float) -> None:
        if factor == 1.0:
            return
        numbers = np.flatnonzero(skus)
        held, _ = lines_of(self._starts, numbers)
        orders, times = np.unique(self._holders[held], return_counts=True)
        before = self._orders[orders]
        self._orders[orders] = before * factor**times
        change = self._orders[orders] - before
        matters = np.abs(change) > NEGLIGIBLE
        lines, sizes = lines_of(self._baskets.starts, orders[matters])
        np.add.at(self._raw, self._baskets.items[lines], np.repeat(change[matters], sizes))


class Room:
    """What is scarce: ``use[r, i]`` of resource ``r`` is taken by SKU ``i``; ``limits[r]`` is there."""

    def __init__(self, use: Floats, limits: Floats) -> None:
        self.use = use
        self.limits = limits

    @classmethod
    def of_size(cls, size: int, skus: int) -> Room:
        """Room for ``size`` SKUs, all alike."""
        return cls(np.ones((1, skus)), np.array([float(size)]))

    def used(self, kept: Flags) -> Floats:
        """Of each resource."""
        return np.asarray(self.use @ kept.astype(np.float64))

    def cost(self, kept: Flags) -> tuple[Floats, float]:
        """What each SKU takes of the resources that are short, and the share by which they are too full (0: it fits)."""
        used = self.used(kept)
        short = used > self.limits + 1e-9
        if not short.any():
            return np.zeros(kept.shape), 0.0
        scale = np.maximum(self.limits[short], 1e-9)
        cost = (self.use[short] / scale[:, None]).sum(axis=0)
        return np.asarray(cost), float((used[short] / scale - 1.0).max())


def peel(coverage: Coverage, room: Room, may_leave: Flags) -> list[int]:
    """Drop SKUs of ``may_leave``, least value for its room first, until the rest fits; returns who left, first first.

    When the rest still does not fit, nothing more could leave: the caller looks at ``room``.
    """
    left: list[int] = []
    last: float | None = None
    largest = 0.0
    while True:
        cost, excess = room.cost(coverage.alive)
        candidates = np.flatnonzero(may_leave & coverage.alive & (cost > 0))
        if not excess or not len(candidates):
            return left
        if last is None or last - excess > largest / MEANS_ON_THE_WAY:
            coverage.refresh()
            last, largest = excess, max(largest, excess)
        value = coverage.value[candidates] / cost[candidates]
        too_much = excess / (excess + 1.0) * int(coverage.alive.sum())
        count = min(max(1, int(too_much) // SHARE_AT_ONCE), len(candidates))
        lowest = np.argpartition(value, count - 1)[:count]
        leavers = candidates[lowest[np.argsort(value[lowest], kind="stable")]]
        flags = np.zeros(coverage.alive.shape, dtype=np.bool_)
        flags[leavers] = True
        coverage.drop(flags)
        left += leavers.tolist()


def refill(coverage: Coverage, room: Room, candidates: list[int]) -> list[int]:
    """Take candidates back where gaps were left, best value for its room first; returns who came back."""
    back: list[int] = []
    free = room.limits - room.used(coverage.alive)
    share = (room.use / np.maximum(room.limits, 1e-9)[:, None]).sum(axis=0)
    value = coverage.value
    for sku in sorted(candidates, key=lambda one: -value[one] / max(share[one], 1e-12)):
        if coverage.alive[sku] or (room.use[:, sku] > free + 1e-9).any():
            continue
        flags = np.zeros(coverage.alive.shape, dtype=np.bool_)
        flags[sku] = True
        coverage.take(flags)
        free = free - room.use[:, sku]
        back.append(sku)
    return back
