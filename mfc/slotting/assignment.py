"""Which SKU lies in which slot: velocity rules, and a search on the exact walks of real baskets. Pure.

The search starts from the best velocity rule and swaps SKUs so that the tours of single past orders get shorter (fixed
carts of the past would over-fit; what lies together for single orders also lies together for carts). Temperature
classes, room and locks are hard; allergen groups are kept out of each other's bays; a crowding price spreads the
fast movers over the aisles. Levels do not change the walk: they are chosen afterwards, bay by bay (see ``golden``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from mfc.slotting import annealing
from mfc.slotting.aisles import Block, all_tours
from mfc.slotting.baskets import Baskets, Flags, Floats, Ints

RULES = ("nearest", "within-aisle", "across-aisle", "cube")
# Temperatures in mean tour lengths: from where a worse swap is often kept to where it never is.
HOT, COLD = 0.03, 0.001
# The newest orders are enough: beyond this the walks hardly change, the time does.
MOST_ORDERS = 40_000
# Temperatures were found on this many lines for each SKU.
LINES_PER_SKU = 30
# Between two looks at the clock and the stop button: some hundredths of a second, compiled.
CHUNK = 2_000
# Proposals by SKU over the whole search.
PROPOSALS_PER_SKU = 400

Progress = Callable[[float, str], bool]


@dataclass(frozen=True, slots=True)
class Slots:
    """The places: ``key`` is ``Block.key`` of each, ``kind`` its class, ``room`` what fits (any unit).

    ``bay``: slots that stand one above the other or side by side at one spot; ``level`` counts from the floor.
    """

    key: Ints
    kind: Ints
    room: Floats
    bay: Ints
    level: Ints

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def plain(cls, key: Ints) -> Slots:
        """Slots without classes or limits."""
        zeros = np.zeros(len(key), dtype=np.int64)
        return cls(key, zeros, np.full(len(key), np.inf), np.unique(key, return_inverse=True)[1], zeros)


@dataclass(frozen=True, slots=True)
class Goods:
    """The SKUs by number: class, room needed, picks per day, weight, group that others may be kept apart from (-1: none).

    ``hostile[g, h]``: groups that must not share a bay. ``locked``: stays where it is. ``home``: slot now, -1 for none.
    """

    kind: Ints
    need: Floats
    picks: Floats
    weight_g: Floats
    group: Ints
    hostile: Flags
    locked: Flags
    home: Ints

    def __len__(self) -> int:
        return len(self.kind)

    @classmethod
    def plain(cls, picks: Floats) -> Goods:
        """SKUs of one class that fit anywhere."""
        count = len(picks)
        zeros = np.zeros(count, dtype=np.int64)
        return cls(
            zeros, np.zeros(count), picks, np.zeros(count), zeros - 1, np.zeros((1, 1), dtype=np.bool_),
            np.zeros(count, dtype=np.bool_), zeros - 1,
        )  # fmt: skip

    def at_home(self, home: Ints) -> Goods:
        """The same goods with these slots as their present ones."""
        return replace(self, home=home)


@dataclass(frozen=True, slots=True)
class Found:
    """An assignment and what it costs: mean tour of the orders searched on, in the block's unit."""

    slot_of: Ints
    tour_before: float
    tour_after: float
    moves: int
    seconds: float
    stopped: bool = False
    trail: tuple[tuple[float, float], ...] = field(default=())


class DoesNotFitError(ValueError):
    """Some SKU finds no slot: ``skus`` are their numbers."""

    def __init__(self, skus: list[int]) -> None:
        super().__init__(f"{len(skus)} SKUs find no slot")
        self.skus = skus


def slot_order(block: Block, slots: Slots, rule: str) -> Ints:
    """Slots from the most to the least convenient by a rule of the trade."""
    aisle, y = slots.key // block.reach, slots.key % block.reach
    across = np.abs(block.xs[aisle] - block.depot_x)
    if rule in ("nearest", "cube"):
        keys: tuple[Ints, ...] = (slots.level, across, across + y)
    elif rule == "within-aisle":
        keys = (slots.level, y, aisle, across)
    elif rule == "across-aisle":
        keys = (slots.level, aisle, across, y)
    else:
        raise ValueError(f"unknown rule {rule!r}: {', '.join(RULES)}")
    return np.lexsort(keys)


def by_rule(block: Block, slots: Slots, goods: Goods, rule: str) -> Ints:
    """The slot of each SKU by velocity (or by cube per order) into slots by ``rule``; raises ``DoesNotFitError``."""
    desire = -goods.picks
    if rule == "cube":
        desire = np.maximum(goods.need, 1e-9) / np.maximum(goods.picks, 1e-9)
    return fill(slots, goods, slot_order(block, slots, rule), np.argsort(desire, kind="stable"))


def at_random(slots: Slots, goods: Goods, seed: int) -> Ints:
    """Any slot of the right class."""
    shuffle = np.random.default_rng(seed)
    return fill(slots, goods, shuffle.permutation(len(slots)), np.arange(len(goods)))


def fill(slots: Slots, goods: Goods, slot_sequence: Ints, sku_sequence: Ints) -> Ints:
    """Give each SKU in turn the first free slot of its class that has room; locked ones keep theirs."""
    slot_of = np.where(goods.locked, goods.home, -1)
    taken = np.zeros(len(slots), dtype=np.bool_)
    taken[slot_of[slot_of >= 0]] = True
    free: dict[int, list[int]] = {}
    for slot in slot_sequence[::-1].tolist():
        if not taken[slot]:
            free.setdefault(int(slots.kind[slot]), []).append(slot)
    homeless: list[int] = []
    for sku in sku_sequence.tolist():
        if slot_of[sku] >= 0:
            continue
        stack = free.get(int(goods.kind[sku]), [])
        position = len(stack) - 1
        while position >= 0 and slots.room[stack[position]] < goods.need[sku]:
            position -= 1
        if position < 0:
            homeless.append(sku)
        else:
            slot_of[sku] = stack.pop(position)
    if homeless:
        raise DoesNotFitError(homeless)
    return slot_of


def mean_tour(block: Block, slots: Slots, slot_of: Ints, baskets: Baskets, together: int = 1) -> float:
    """Mean exact walk per order, or per cart of ``together`` orders in their sequence."""
    keys = np.where(slot_of >= 0, slots.key[np.maximum(slot_of, 0)], -1)
    lengths = all_tours(baskets.starts, baskets.items, keys, block.xs, block.length, block.depot_x, together)
    return float(lengths.mean()) if len(lengths) else 0.0


class Search:
    """An assignment that is being improved; plain arrays for the compiled loop."""

    def __init__(
        self, block: Block, slots: Slots, goods: Goods, baskets: Baskets, start: Ints, seed: int
    ) -> None:
        self.block, self.slots, self.goods = block, slots, goods
        self.slot_of = start.astype(np.int64).copy()
        self.sku_at = np.full(len(slots), -1, dtype=np.int64)
        placed = np.flatnonzero(self.slot_of >= 0)
        self.sku_at[self.slot_of[placed]] = placed
        self.key_of = np.where(self.slot_of >= 0, slots.key[np.maximum(self.slot_of, 0)], -1)
        self.holes = np.flatnonzero(self.sku_at < 0).astype(np.int64)
        self.hole_at = np.full(len(slots), -1, dtype=np.int64)
        self.hole_at[self.holes] = np.arange(len(self.holes))
        self.ranked = np.lexsort((slots.level, slots.key))
        self.slot_rank = np.empty(len(slots), dtype=np.int64)
        self.slot_rank[self.ranked] = np.arange(len(slots))
        self.bay_slots = np.argsort(slots.bay, kind="stable")
        self.bay_start = np.concatenate(([0], np.cumsum(np.bincount(slots.bay)))).astype(np.int64)
        aisles = slots.key[self.slot_of[placed]] // block.reach
        self.loads = np.bincount(aisles, weights=goods.picks[placed], minlength=len(block.xs)).astype(
            np.float64
        )
        away = (goods.home >= 0) & (self.slot_of != goods.home)
        self.counters = np.array([int(away.sum()), 0, 0], dtype=np.int64)
        self.state = np.array([seed % (annealing.MODULUS - 1) + 1], dtype=np.int64)
        self.give(baskets)

    def give(self, baskets: Baskets, half_life_days: float = math.inf) -> None:
        """Judge by these tours from now on; an order counts half after so many days."""
        self.baskets = baskets
        self.weights = by_age(baskets, half_life_days)
        self.holders_start, self.holders = baskets.by_sku()
        self.lengths = self._tours()
        self.stamps = np.zeros(len(baskets), dtype=np.int64)
        self.counters[1] = 0
        self._fresh = np.zeros(len(baskets), dtype=np.int64)
        self._touched = np.zeros(len(baskets), dtype=np.int64)
        self._work = np.zeros(int(baskets.sizes.max(initial=1)) + 1, dtype=np.int64)

    def _tours(self) -> Ints:
        made: Ints = all_tours(
            self.baskets.starts, self.baskets.items, self.key_of, self.block.xs, self.block.length, self.block.depot_x, 1
        )  # fmt: skip
        return made

    @property
    def mean(self) -> float:
        """Mean tour now."""
        return float(self.lengths.mean()) if len(self.lengths) else 0.0

    @property
    def temperature_unit(self) -> float:
        """What a swap typically changes: grows with the tours and with the root of the orders that hold a SKU."""
        return self.mean * math.sqrt(len(self.baskets.items) / max(len(self.goods), 1) / LINES_PER_SKU)

    @property
    def moves(self) -> int:
        """SKUs that are not at home."""
        return int(self.counters[0])

    def anneal(
        self,
        proposals: int,
        temperature: float,
        *,
        move_cost: float = 0.0,
        most_moves: int = 1 << 40,
        crowd: float = 0.0,
    ) -> float:
        """Some proposals at one temperature (in the unit of the tours); returns the change of the whole cost."""
        goods, slots = self.goods, self.slots
        changed: float = annealing.anneal(
            proposals, temperature, move_cost, most_moves, crowd, self.state,
            self.baskets.starts, self.baskets.items, self.weights, self.holders_start, self.holders, self.lengths,
            self.block.xs, self.block.length, self.block.depot_x,
            slots.key, slots.kind, slots.room, self.slot_rank, self.ranked, slots.bay, self.bay_start, self.bay_slots,
            goods.kind, goods.need, goods.picks, goods.group, goods.hostile, goods.locked, goods.home,
            self.slot_of, self.sku_at, self.key_of, self.holes, self.hole_at, self.loads, self.stamps, self.counters,
            self._fresh, self._touched, self._work,
        )  # fmt: skip
        return changed


def improve(
    block: Block,
    slots: Slots,
    goods: Goods,
    baskets: Baskets,
    *,
    start: Ints,
    seed: int = 1,
    crowd: float = 0.0,
    proposals_per_sku: int = PROPOSALS_PER_SKU,
    seconds: float = 60.0,
    half_life_days: float = math.inf,
    most_orders: int = MOST_ORDERS,
    hot: float = HOT,
    cold: float = COLD,
    progress: Progress = lambda done, text: False,
) -> Found:
    """Search from ``start`` for shorter walks. The same seed gives the same answer unless ``seconds`` ended it.

    ``crowd``: price, in the tours' unit, of picks per day squared in one aisle (0: none). ``progress(done, text)`` true
    stops it; what is found by then is kept.
    """
    began = time.monotonic()
    judged = baskets.part(max(0, len(baskets) - most_orders), len(baskets))
    search = Search(block, slots, goods, judged, start, seed)
    before = search.mean
    search.give(judged, half_life_days)
    total = max(1, proposals_per_sku * len(goods))
    trail = [(0.0, before)]
    unit = search.temperature_unit
    stopped = False
    done, tried = 0.0, 0
    while done < 1.0 and not stopped:
        search.anneal(CHUNK, hot * (cold / hot) ** done * unit, crowd=crowd)
        tried += CHUNK
        spent = time.monotonic() - began
        done = max(tried / total, spent / seconds)
        trail.append((spent, search.mean))
        stopped = progress(min(done, 1.0), f"{search.mean / before - 1:+.1%} walking")
    return Found(
        search.slot_of, before, search.mean, search.moves, time.monotonic() - began, stopped, tuple(trail)
    )


def by_age(baskets: Baskets, half_life_days: float) -> Floats:
    """Weights by age with a mean of 1."""
    if math.isinf(half_life_days) or not len(baskets):
        return np.ones(len(baskets))
    weights = 0.5 ** ((baskets.days.max() - baskets.days) / half_life_days)
    return np.asarray(weights / weights.mean())
