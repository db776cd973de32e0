"""The inner loop of slot assignment: swap two SKUs, walk their orders again, keep or undo. Pure, plain loops.

Simulated annealing over swaps and moves into empty slots. A swap is judged by the exact tours of just those orders that
hold one of the two SKUs. Most proposals bring a SKU beside one that it is bought with; the others are anywhere.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mfc.slotting.aisles import order_keys, tour
from mfc.slotting.fast import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Shares of the proposals, in percent: beside a SKU bought together; back home (when moves are counted); into an empty
# slot, for one that is bought with a neighbour of it (one move where a swap takes two); the rest anywhere.
BESIDE_PERCENT = 50
HOME_PERCENT = 12
HOLE_PERCENT = 20
# "Beside" is within so many slots in walking order.
BESIDE_SLOTS = 24
# After so many orders it is asked whether the swap is bad beyond doubt: so many squared standard deviations of the sum.
LOOK_EVERY = 8
SURE = 4.0
# Lehmer's generator (Park and Miller 1988): exact in 64-bit integers, with and without the compiler.
MULTIPLIER = 48_271
MODULUS = 2_147_483_647


@compiled
def _next(state: Ints, below: int) -> int:
    """A random whole number below ``below``."""
    state[0] = state[0] * MULTIPLIER % MODULUS
    return int(state[0] * below // MODULUS)


@compiled
def _lengths_change(
    sku: int,
    other: int,
    stamp: int,
    holders_start: Ints,
    holders: Ints,
    starts: Ints,
    items: Ints,
    weights: Floats,
    key_of: Ints,
    xs: Ints,
    length: int,
    depot_x: int,
    stamps: Ints,
    lengths: Ints,
    fresh: Ints,
    touched: Ints,
    work: Ints,
    limit: float,
) -> tuple[float, int]:
    """Weighted change of the tours of all orders that hold ``sku`` or ``other``; the new lengths wait in ``fresh``.

    The count is -1 as soon as the change is sure to exceed ``limit``: most swaps are bad, and a part of the orders tells.
    """
    change, squares, count, seen = 0.0, 0.0, 0, 0
    first, first_end = holders_start[sku], holders_start[sku + 1]
    second, second_end = 0, 0
    if other >= 0:
        second, second_end = holders_start[other], holders_start[other + 1]
    first_left, second_left = first_end - first, second_end - second
    first_size, second_size = max(first_left, 1), max(second_left, 1)
    while first_left > 0 or second_left > 0:
        # Both lists in step with each other, so that a part of them stands for the whole.
        if first_left * second_size >= second_left * first_size and first_left > 0:
            order = holders[first_end - first_left]
            first_left -= 1
        else:
            order = holders[second_end - second_left]
            second_left -= 1
        if stamps[order] == stamp:
            continue
        stamps[order] = stamp
        filled = order_keys(order, starts, items, key_of, work, 0)
        now = tour(work, filled, xs, length, depot_x)
        if now != lengths[order]:
            touched[count] = order
            fresh[count] = now
            count += 1
            step = weights[order] * (now - lengths[order])
            change += step
            squares += step * step
        seen += 1
        if seen % LOOK_EVERY == 0 and change > limit and change * change > SURE * squares:
            return change, -1
    return change, count


@compiled
def _apart(
    sku: int,
    slot: int,
    but: int,
    group: Ints,
    hostile: npt.NDArray[np.bool_],
    bay_of: Ints,
    bay_start: Ints,
    bay_slots: Ints,
    sku_at: Ints,
) -> bool:
    """Whether the SKU may stand in the slot's bay beside those that are there (``but`` leaves it)."""
    mine = group[sku]
    if mine < 0:
        return True
    bay = bay_of[slot]
    for position in range(bay_start[bay], bay_start[bay + 1]):
        there = sku_at[bay_slots[position]]
        if there >= 0 and there != but and there != sku and group[there] >= 0 and hostile[mine, group[there]]:
            return False
    return True


@compiled
def anneal(  # noqa: C901
    proposals: int,
    temperature: float,
    move_cost: float,
    most_moves: int,
    crowd: float,
    state: Ints,
    starts: Ints,
    items: Ints,
    weights: Floats,
    holders_start: Ints,
    holders: Ints,
    lengths: Ints,
    xs: Ints,
    length: int,
    depot_x: int,
    slot_key: Ints,
    slot_kind: Ints,
    slot_room: Floats,
    slot_rank: Ints,
    ranked: Ints,
    bay_of: Ints,
    bay_start: Ints,
    bay_slots: Ints,
    sku_kind: Ints,
    sku_need: Floats,
    sku_picks: Floats,
    group: Ints,
    hostile: npt.NDArray[np.bool_],
    locked: npt.NDArray[np.bool_],
    home: Ints,
    slot_of: Ints,
    sku_at: Ints,
    key_of: Ints,
    holes: Ints,
    hole_at: Ints,
    loads: Floats,
    stamps: Ints,
    counters: Ints,
    fresh: Ints,
    touched: Ints,
    work: Ints,
) -> float:
    """Try ``proposals`` changes at one temperature; arrays change in place. Returns the change of the cost.

    ``counters``: number of SKUs away from home; last stamp; accepted changes so far.
    """
    skus, slots, reach = len(slot_of), len(sku_at), length + 1
    total = 0.0
    for _ in range(proposals):
        sku = _next(state, skus)
        kind = _next(state, 100)
        target = -1
        if kind >= 100 - HOLE_PERCENT and len(holes) > 0:
            target = holes[_next(state, len(holes))]
            rank = slot_rank[target] + _next(state, 2 * BESIDE_SLOTS + 1) - BESIDE_SLOTS
            if rank < 0 or rank >= slots:
                continue
            neighbour = sku_at[ranked[rank]]
            if neighbour < 0 or holders_start[neighbour] == holders_start[neighbour + 1]:
                continue
            held = holders_start[neighbour + 1] - holders_start[neighbour]
            order = holders[holders_start[neighbour] + _next(state, held)]
            sku = items[starts[order] + _next(state, starts[order + 1] - starts[order])]
        source = slot_of[sku]
        if locked[sku] or source < 0:
            continue
        if target >= 0:
            pass
        elif kind < BESIDE_PERCENT and holders_start[sku] < holders_start[sku + 1]:
            held = holders_start[sku + 1] - holders_start[sku]
            order = holders[holders_start[sku] + _next(state, held)]
            friend = items[starts[order] + _next(state, starts[order + 1] - starts[order])]
            if friend == sku or slot_of[friend] < 0:
                continue
            rank = slot_rank[slot_of[friend]] + _next(state, 2 * BESIDE_SLOTS + 1) - BESIDE_SLOTS
            if rank < 0 or rank >= slots:
                continue
            target = ranked[rank]
        elif kind < BESIDE_PERCENT + HOME_PERCENT and home[sku] >= 0 and home[sku] != source:
            target = home[sku]
        else:
            target = ranked[_next(state, slots)]
        other = sku_at[target]
        if target == source or (slot_key[target] == slot_key[source] and home[sku] != target):
            continue
        if slot_kind[target] != sku_kind[sku] or sku_need[sku] > slot_room[target]:
            continue
        if other >= 0 and (
            locked[other] or slot_kind[source] != sku_kind[other] or sku_need[other] > slot_room[source]
        ):
            continue
        moves = 0
        if home[sku] >= 0:
            moves += (1 if target != home[sku] else 0) - (1 if source != home[sku] else 0)
        if other >= 0 and home[other] >= 0:
            moves += (1 if source != home[other] else 0) - (1 if target != home[other] else 0)
        if moves > 0 and counters[0] + moves > most_moves:
            continue
        if not _apart(sku, target, other, group, hostile, bay_of, bay_start, bay_slots, sku_at):
            continue
        if other >= 0 and not _apart(
            other, source, sku, group, hostile, bay_of, bay_start, bay_slots, sku_at
        ):
            continue
        change = move_cost * moves
        here, there = slot_key[source] // reach, slot_key[target] // reach
        shift = sku_picks[sku] - (sku_picks[other] if other >= 0 else 0.0)
        if crowd > 0.0 and here != there:
            change += crowd * 2.0 * shift * (loads[there] - loads[here] + shift)
        key_of[sku] = slot_key[target]
        if other >= 0:
            key_of[other] = slot_key[source]
        counters[1] += 1
        limit = -temperature * math.log((_next(state, 1_000_000) + 1) / 1_000_000.0)
        walked, count = _lengths_change(
            sku, other, counters[1], holders_start, holders, starts, items, weights, key_of, xs, length, depot_x,
            stamps, lengths, fresh, touched, work, limit - change,
        )  # fmt: skip
        change += walked
        if count >= 0 and change <= limit:
            for position in range(count):
                lengths[touched[position]] = fresh[position]
            slot_of[sku] = target
            sku_at[target] = sku
            sku_at[source] = other
            if other >= 0:
                slot_of[other] = source
            else:
                holes[hole_at[target]] = source
                hole_at[source] = hole_at[target]
            loads[here] -= shift
            loads[there] += shift
            counters[0] += moves
            counters[2] += 1
            total += change
        else:
            key_of[sku] = slot_key[source]
            if other >= 0:
                key_of[other] = slot_key[target]
    return total
