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

# Shares of the proposals, in percent: beside a SKU bought together; back home (when moves are counted); rest anywhere.
BESIDE_PERCENT = 60
HOME_PERCENT = 12
# "Beside" is within so many slots in walking order.
BESIDE_SLOTS = 24
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
) -> tuple[float, int]:
    """Weighted change of the tours of all orders that hold ``sku`` or ``other``; the new lengths wait in ``fresh``."""
    change, count = 0.0, 0
    for turn in range(2):
        one = sku if turn == 0 else other
        if one < 0:
            continue
        for position in range(holders_start[one], holders_start[one + 1]):
            order = holders[position]
            if stamps[order] == stamp:
                continue
            stamps[order] = stamp
            filled = order_keys(order, starts, items, key_of, work, 0)
            now = tour(work, filled, xs, length, depot_x)
            if now != lengths[order]:
                touched[count] = order
                fresh[count] = now
                count += 1
                change += weights[order] * (now - lengths[order])
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
    loads: Floats,
    stamps: Ints,
    counters: Ints,
    fresh: Ints,
    touched: Ints,
    work: Ints,
) -> float:
    """Try ``proposals`` changes at one temperature; arrays of the assignment change in place. Returns the change of the cost.

    ``counters``: number of SKUs away from home; last stamp; accepted changes so far.
    """
    skus, slots, reach = len(slot_of), len(sku_at), length + 1
    total = 0.0
    for _ in range(proposals):
        sku = _next(state, skus)
        source = slot_of[sku]
        if locked[sku] or source < 0:
            continue
        kind = _next(state, 100)
        target = -1
        if kind < BESIDE_PERCENT and holders_start[sku] < holders_start[sku + 1]:
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
        walked, count = _lengths_change(
            sku, other, counters[1], holders_start, holders, starts, items, weights, key_of, xs, length, depot_x,
            stamps, lengths, fresh, touched, work,
        )  # fmt: skip
        change += walked
        chance = _next(state, 1_000_000) + 1
        if change <= 0.0 or (temperature > 0.0 and change < -temperature * math.log(chance / 1_000_000.0)):
            for position in range(count):
                lengths[touched[position]] = fresh[position]
            slot_of[sku] = target
            sku_at[target] = sku
            sku_at[source] = other
            if other >= 0:
                slot_of[other] = source
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
