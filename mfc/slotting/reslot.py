"""From the slots as they are to better ones in few moves: which, in what sequence, with what pay-back. Pure.

Which: annealing as in ``assignment``, but each SKU away from its present slot has a price that is regulated until the
budget is met; SKUs go back home when others earn more. Sequence: the moves fall into chains that end in an empty slot
and into rings. A chain begins at its empty end; a ring begins by putting one SKU on a buffer place. So every single move
finds its target empty. Chains are ranked by the walking they save per minute of moving.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfc.slotting.aisles import Block, all_tours
from mfc.slotting.assignment import CHUNK, COLD, HOT, MOST_ORDERS, Goods, Search, Slots
from mfc.slotting.baskets import Baskets, Floats, Ints

# The price of a move follows the number of moves: slowly by itself, and at once by how far it is off.
FOLLOW, AT_ONCE = 0.04, 1.0
# Many may move at first, in the end those the budget allows; it is met when this share of the time has gone. From then
# on the budget alone holds the number down: the price fades, so that all of the budget is used.
SETTLED_AT = 0.7
FADES = 0.97
# Looks at the number of moves over the whole search.
LOOKS = 500
# So many further looks may be needed to get down to the budget in the end.
MOST_LOOKS_DOWN = 400
BUFFER = -1

Progress = Callable[[float, str], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """Carry a SKU's stock from slot to slot; ``BUFFER`` is a place outside the slots. ``minutes`` of work."""

    sku: int
    source: int
    target: int
    chain: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Chain:
    """Moves that only make sense together, and what they save when done after all chains before.

    ``saved``: mean tour saved, in the block's unit. ``minutes``: the work. ``cumulative``: mean tour saved so far.
    """

    steps: tuple[Step, ...]
    saved: float
    minutes: float
    cumulative: float

    def payback_days(self, tours_a_day: float, units_a_minute: float) -> float:
        """Days until the walking saved has paid for the work; infinite when nothing is saved."""
        minutes_a_day = self.saved * tours_a_day / units_a_minute
        return self.minutes / minutes_a_day if minutes_a_day > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class MoveWork:
    """What a move costs: minutes by SKU for taking and putting (more for more stock), and how fast people walk."""

    handling_minutes: Floats
    units_a_minute: float

    def minutes(self, block: Block, slots: Slots, sku: int, source: int, target: int) -> float:
        """Handling, and one way from the old to the new place."""
        walked = 0.0
        if source != BUFFER and target != BUFFER:
            a, b = int(slots.key[source]), int(slots.key[target])
            across = abs(int(block.xs[a // block.reach]) - int(block.xs[b // block.reach]))
            y, z = a % block.reach, b % block.reach
            walked = across + (abs(y - z) if not across else min(y + z, 2 * block.length - y - z))
        return float(self.handling_minutes[sku]) + walked / self.units_a_minute


def search(
    block: Block,
    slots: Slots,
    goods: Goods,
    baskets: Baskets,
    *,
    most_moves: int,
    seed: int = 1,
    crowd: float = 0.0,
    seconds: float = 60.0,
    proposals_per_sku: int = 400,
    most_orders: int = MOST_ORDERS,
    half_life_days: float = math.inf,
    progress: Progress = lambda done, text: False,
) -> Ints:
    """The best slots found with at most ``most_moves`` SKUs away from ``goods.home``; every SKU needs a home."""
    began = time.monotonic()
    judged = baskets.part(max(0, len(baskets) - most_orders), len(baskets))
    engine = Search(block, slots, goods, judged, goods.home, seed)
    engine.give(judged, half_life_days)
    mean = engine.mean
    price = 0.3 * mean
    movable = max(most_moves, int((~goods.locked).sum()))
    total = max(1, proposals_per_sku * len(goods))
    chunk = min(CHUNK, max(20, total // LOOKS))
    done, tried, stopped = 0.0, 0, False
    while done < 1.0 and not stopped:
        cap = round(most_moves * (movable / most_moves) ** max(0.0, 1 - done / SETTLED_AT))
        off = min(1.0, max(-1.0, 3 * (engine.moves - cap) / cap))
        if done < SETTLED_AT or engine.moves > most_moves:
            price = min(max(price * math.exp(FOLLOW * off), 1e-4 * mean), 1e3 * mean)
        else:
            price *= FADES
        engine.anneal(
            chunk,
            HOT * (COLD / HOT) ** done * engine.temperature_unit,
            move_cost=price * math.exp(AT_ONCE * off),
            most_moves=cap,
            crowd=crowd,
        )
        tried += chunk
        done = max(tried / total, (time.monotonic() - began) / seconds)
        stopped = progress(min(done, 1.0), f"{engine.moves} moves, {engine.mean / mean - 1:+.1%} walking")
    for _ in range(MOST_LOOKS_DOWN):
        if engine.moves <= most_moves:
            break
        engine.anneal(CHUNK, 0.0, move_cost=price, most_moves=most_moves, crowd=crowd)
        price *= 1.1
    return engine.slot_of if engine.moves <= most_moves else goods.home.copy()


def chains(home: Ints, slot_of: Ints, slot_count: int) -> tuple[list[list[int]], list[list[int]]]:
    """``(chains, rings)`` of SKUs. In a chain the first SKU goes to an empty slot, each further one to the slot just left.

    In a ring the first SKU waits on the buffer, each further one goes to the slot just left, the first takes the last.
    """
    holder = np.full(slot_count, -1, dtype=np.int64)
    holder[home[home >= 0]] = np.flatnonzero(home >= 0)
    moving = [int(sku) for sku in np.flatnonzero((home >= 0) & (slot_of != home))]
    # Whoever wants the slot that I leave comes after me.
    wants = {int(slot_of[sku]): sku for sku in moving}
    open_chains: list[list[int]] = []
    seen: set[int] = set()
    for sku in moving:
        if holder[slot_of[sku]] < 0:
            chain = _follow(sku, home, wants, seen)
            open_chains.append(chain)
    rings = [_follow(sku, home, wants, seen) for sku in moving if sku not in seen]
    return open_chains, rings


def _follow(sku: int, home: Ints, wants: dict[int, int], seen: set[int]) -> list[int]:
    found: list[int] = []
    following: int | None = sku
    while following is not None and following not in seen:
        seen.add(following)
        found.append(following)
        following = wants.get(int(home[following]))
    return found


def sequence(
    block: Block,
    slots: Slots,
    goods: Goods,
    baskets: Baskets,
    slot_of: Ints,
    work: MoveWork,
    *,
    most_minutes: float = float("inf"),
) -> list[Chain]:
    """The moves to ``slot_of`` as chains, those that save the most per minute first, each judged after those before it.

    Chains that save nothing are left out; so are those beyond ``most_minutes``. Mean tours are of these baskets.
    """
    found, rings = chains(goods.home, slot_of, len(slots))
    groups = [
        _steps(block, slots, goods.home, slot_of, members, number, number >= len(found), work)
        for number, members in enumerate(found + rings)
    ]
    keys = slots.key[np.maximum(goods.home, 0)]
    keys = np.where(goods.home >= 0, keys, -1)
    holders_start, holders = baskets.by_sku()
    lengths = _tours(block, baskets, keys)
    waiting = list(range(len(groups)))
    stale: dict[int, float] = {}
    ordered: list[Chain] = []
    total = minutes_so_far = 0.0

    def saved(number: int) -> tuple[float, Ints, Ints]:
        members = sorted({step.sku for step in groups[number]})
        orders = np.unique(
            np.concatenate([holders[holders_start[sku] : holders_start[sku + 1]] for sku in members])
        )
        fresh = keys.copy()
        fresh[members] = slots.key[slot_of[members]]
        now = _tours(block, baskets.chosen(orders), fresh)
        return float((lengths[orders] - now).sum()) / max(len(baskets), 1), orders, now

    def rate(number: int) -> float:
        return saved(number)[0] / max(sum(step.minutes for step in groups[number]), 1e-9)

    for number in waiting:
        stale[number] = rate(number)
    # Lazy greedy: a rate is only taken anew when its chain is about to be chosen.
    while waiting:
        waiting.sort(key=lambda number: -stale[number])
        best = waiting[0]
        stale[best] = rate(best)
        if len(waiting) > 1 and stale[best] < stale[waiting[1]] - 1e-12 and stale[waiting[1]] > 0:
            continue
        waiting.pop(0)
        gain, orders, now = saved(best)
        minutes = sum(step.minutes for step in groups[best])
        if gain <= 0 or minutes_so_far + minutes > most_minutes:
            continue
        for sku in {step.sku for step in groups[best]}:
            keys[sku] = slots.key[slot_of[sku]]
        lengths[orders] = now
        total += gain
        minutes_so_far += minutes
        ordered.append(Chain(tuple(groups[best]), gain, minutes, total))
    return ordered


def _tours(block: Block, baskets: Baskets, keys: Ints) -> Ints:
    made: Ints = all_tours(baskets.starts, baskets.items, keys, block.xs, block.length, block.depot_x, 1)
    return made


def _steps(
    block: Block,
    slots: Slots,
    home: Ints,
    slot_of: Ints,
    members: list[int],
    number: int,
    is_ring: bool,
    work: MoveWork,
) -> list[Step]:
    legs: list[tuple[int, int, int]] = []
    if is_ring:
        legs.append((members[0], int(home[members[0]]), BUFFER))
        legs += [(sku, int(home[sku]), int(slot_of[sku])) for sku in members[1:]]
        legs.append((members[0], BUFFER, int(slot_of[members[0]])))
    else:
        legs = [(sku, int(home[sku]), int(slot_of[sku])) for sku in members]
    return [
        Step(sku, source, target, number, work.minutes(block, slots, sku, source, target))
        for sku, source, target in legs
    ]
