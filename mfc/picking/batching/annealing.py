"""Simulated annealing over batches: relocate, swap, two against one, guided by which orders go well together.

After Kirkpatrick, Gelatt and Vecchi (1983); neighbourhoods as in Henn and Wäscher (2012) and Žulj, Kramer and
Schneider (2018), with exact routes for every trial. One call runs a fixed number of trials between two
temperatures, so a run is reproducible from its seed and trials. Pure.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfc.picking.batching.problem import Task, most_orders
from mfc.picking.routing.compiled import compiled
from mfc.picking.routing.kernels import Ints, scratch_for, tour, tours

# Remembered route lengths (direct mapped); 2^17 entries of two words stay in a mini-PC's cache.
CACHE = 1 << 17
# Batches kept for set partitioning, and the hash table that finds repeats.
POOL = 60_000
POOL_TABLE = 1 << 18
# Park and Miller (1988): products fit in 63 bits, so that plain Python draws the same numbers.
_MULTIPLIER, _MODULUS = 48271, 2147483647
# Shares of the trials, in thousandths.
_RELOCATE, _SWAP, _TWO_ONE, _ALONE = 330, 880, 995, 1000


class Search(NamedTuple):
    """The state of one search; arrays are changed in place."""

    batch_of: Ints  # [order]
    members: Ints  # [batch, slot]
    count: Ints  # type: ignore[assignment]  # [batch]
    load: Ints  # [batch, capacity]
    gain: Ints  # [order] what its batch would save without it, -1 when not known
    cost: Ints  # [batch]
    key: Ints  # [batch]
    best_of: Ints  # [order] the best batches so far
    totals: Ints  # now, best, trials, accepted
    random: Ints  # [1]
    near: Ints  # [order, rank] orders that go well with it
    cache_key: Ints
    cache_cost: Ints
    pool: Ints  # [column, slot], -1 behind the last order
    pool_cost: Ints
    pool_table: Ints
    pool_size: Ints  # [1]
    scratch: Ints
    union: Ints  # [word]
    trial: Ints  # [2, slot]


def search(job: Task, batch_of: Ints, near: Ints, *, seed: int, columns: int = POOL) -> Search:
    """Start a search from given batches (numbers below the number of orders) that keeps so many columns."""
    orders = len(job.masks)
    slots = most_orders(job) + 2
    state = Search(
        batch_of=batch_of.astype(np.int64).copy(),
        members=np.full((orders + 1, slots), -1, np.int64),
        count=np.zeros(orders + 1, np.int64),
        load=np.zeros((orders + 1, len(job.limits)), np.int64),
        gain=np.full(orders, -1, np.int64),
        cost=np.zeros(orders + 1, np.int64),
        key=np.zeros(orders + 1, np.int64),
        best_of=batch_of.astype(np.int64).copy(),
        totals=np.zeros(4, np.int64),
        random=np.array([1 + (seed * 7919 + 12345) % (_MODULUS - 1)], np.int64),
        near=near,
        cache_key=np.zeros(CACHE, np.int64),
        cache_cost=np.zeros(CACHE, np.int64),
        pool=np.full((columns, slots), -1, np.int64),
        pool_cost=np.zeros(columns, np.int64),
        pool_table=np.full(POOL_TABLE if columns else 1, -1, np.int64),
        pool_size=np.zeros(1, np.int64),
        scratch=scratch_for(job.place),
        union=np.zeros(job.masks.shape[1], np.int64),
        trial=np.zeros((2, slots), np.int64),
    )
    restart(job, state, batch_of)
    return state


@compiled
def restart(job: Task, state: Search, batch_of: Ints) -> None:
    """Put other batches into a search; the best so far stays."""
    state.count[:] = 0
    state.load[:] = 0
    state.key[:] = 0
    state.cost[:] = 0
    state.gain[:] = -1
    for order in range(batch_of.shape[0]):
        batch = batch_of[order]
        state.batch_of[order] = batch
        state.members[batch, state.count[batch]] = order
        state.count[batch] += 1
        state.key[batch] ^= job.keys[order]
        for column in range(job.limits.shape[0]):
            state.load[batch, column] += job.loads[order, column]
    total = 0
    for batch in range(state.count.shape[0]):
        if state.count[batch]:
            state.cost[batch] = _length(
                job, state, state.members[batch], state.count[batch], state.key[batch]
            )
            total += state.cost[batch]
            _remember(state, state.members[batch], state.count[batch], state.cost[batch], state.key[batch])
    state.totals[0] = total
    if state.totals[1] == 0 or total < state.totals[1]:
        state.totals[1] = total
        state.best_of[:] = state.batch_of


@compiled
def anneal(job: Task, state: Search, trials: int, hot: float, cold: float, keeps: bool) -> None:
    """Run so many trials while the temperature falls from hot to cold; `keeps` collects accepted batches."""
    orders = job.masks.shape[0]
    near = state.near.shape[1]
    seed = state.random[0]
    temperature = hot
    # Cooled every 64 trials: a power for each trial would cost as much as the trial.
    factor = (cold / hot) ** (64.0 / max(trials, 64))
    for number in range(trials):
        if number % 64 == 63:
            temperature *= factor
        seed = seed * _MULTIPLIER % _MODULUS
        one = seed % orders
        seed = seed * _MULTIPLIER % _MODULUS
        friend = state.near[one, seed % near]
        here, there = state.batch_of[one], state.batch_of[friend]
        if here == there:
            continue
        seed = seed * _MULTIPLIER % _MODULUS
        dice = seed % 1000
        seed = seed * _MULTIPLIER % _MODULUS
        leaves, comes, also_leaves, also_comes = one, -1, -1, -1
        if dice >= _RELOCATE:
            comes = _other(state, there, friend, seed)
            if dice >= _SWAP:
                if dice >= _TWO_ONE:
                    there = _empty(state)
                    comes = -1
                elif dice % 2:
                    also_leaves = _other(state, here, one, seed // 64)
                    if also_leaves == one:
                        also_leaves = -1
                else:
                    also_comes = _other(state, there, comes, seed // 64)
                    if also_comes in (comes, friend):
                        also_comes = -1
        if there < 0 or not _fits(job, state, here, there, leaves, also_leaves, comes, also_comes):
            continue
        seed = seed * _MULTIPLIER % _MODULUS
        limit = -temperature * math.log(seed / _MODULUS)
        # More orders never make a walk shorter. So what a batch gives away bounds what the exchange can save there,
        # and most trials are over after one walk.
        first, first_count, first_key = _changed(job, state, 0, here, leaves, also_leaves, comes, also_comes)
        cost_here = _length(job, state, first, first_count, first_key)
        change = cost_here - state.cost[here]
        if also_comes < 0:
            best = _gain(job, state, comes) if comes >= 0 else 0
            if change - best > limit:
                continue
        second, second_count, second_key = _changed(
            job, state, 1, there, comes, also_comes, leaves, also_leaves
        )
        cost_there = _length(job, state, second, second_count, second_key)
        change += cost_there - state.cost[there]
        if change > limit:
            continue
        _adopt(job, state, here, first, first_count, first_key, cost_here)
        _adopt(job, state, there, second, second_count, second_key, cost_there)
        state.totals[0] += change
        state.totals[3] += 1
        if keeps:
            _remember(state, first, first_count, cost_here, first_key)
            _remember(state, second, second_count, cost_there, second_key)
        if state.totals[0] < state.totals[1]:
            state.totals[1] = state.totals[0]
            state.best_of[:] = state.batch_of
    state.random[0] = seed
    state.totals[2] += trials


@compiled
def _other(state: Search, batch: int, but: int, seed: int) -> int:
    """Return a random member other than `but` (or `but` when it is alone)."""
    count = state.count[batch]
    chosen = state.members[batch, (seed // 8) % count]
    if chosen == but and count > 1:
        chosen = state.members[batch, (seed // 8 + 1) % count]
    return chosen


@compiled
def _empty(state: Search) -> int:
    for batch in range(state.count.shape[0]):
        if state.count[batch] == 0:
            return batch
    return -1


@compiled
def _fits(
    job: Task,
    state: Search,
    here: int,
    there: int,
    leaves: int,
    also_leaves: int,
    comes: int,
    also_comes: int,
) -> bool:
    for column in range(job.limits.shape[0]):
        flow = job.loads[leaves, column]
        if also_leaves >= 0:
            flow += job.loads[also_leaves, column]
        if comes >= 0:
            flow -= job.loads[comes, column]
        if also_comes >= 0:
            flow -= job.loads[also_comes, column]
        limit = job.limits[column]
        if state.load[there, column] + flow > limit or state.load[here, column] - flow > limit:
            return False
    return True


@compiled
def _changed(
    job: Task, state: Search, row: int, batch: int, out: int, also_out: int, into: int, also_into: int
) -> tuple[Ints, int, int]:
    """Write the changed members into a trial row; return them, their number and their key."""
    trial = state.trial[row]
    count = 0
    key = state.key[batch]
    for slot in range(state.count[batch]):
        order = state.members[batch, slot]
        if order in (out, also_out):
            key ^= job.keys[order]
        else:
            trial[count] = order
            count += 1
    if into >= 0:
        trial[count] = into
        key ^= job.keys[into]
        count += 1
    if also_into >= 0:
        trial[count] = also_into
        key ^= job.keys[also_into]
        count += 1
    return trial, count, key


@compiled
def _length(job: Task, state: Search, members: Ints, count: int, key: int) -> int:
    if count == 0:
        return 0
    entry = key & (CACHE - 1)
    if state.cache_key[entry] == key:
        return state.cache_cost[entry]
    union = state.union
    for word in range(union.shape[0]):
        bits = job.masks[members[0], word]
        for slot in range(1, count):
            bits |= job.masks[members[slot], word]
        union[word] = bits
    found = tour(job.place, union, state.scratch)
    # Sets of kinds that must not meet cost more than any walk.
    kinds = 0
    for slot in range(count):
        kinds |= job.kinds[members[slot]]
    if not job.allowed[kinds]:
        found += 1 << 40
    state.cache_key[entry] = key
    state.cache_cost[entry] = found
    return found


@compiled
def _adopt(job: Task, state: Search, batch: int, members: Ints, count: int, key: int, cost: int) -> None:
    for column in range(job.limits.shape[0]):
        total = 0
        for slot in range(count):
            total += job.loads[members[slot], column]
        state.load[batch, column] = total
    for slot in range(count):
        state.members[batch, slot] = members[slot]
        state.batch_of[members[slot]] = batch
        state.gain[members[slot]] = -1
    state.count[batch] = count
    state.key[batch] = key
    state.cost[batch] = cost


@compiled
def _gain(job: Task, state: Search, order: int) -> int:
    """Return what the order's batch would save without it."""
    if state.gain[order] < 0:
        batch = state.batch_of[order]
        row, count, key = _changed(job, state, 1, batch, order, -1, -1, -1)
        state.gain[order] = state.cost[batch] - _length(job, state, row, count, key)
    return state.gain[order]


@compiled
def _remember(state: Search, members: Ints, count: int, cost: int, key: int) -> None:
    """Keep a batch for set partitioning, once."""
    size = state.pool_size[0]
    if count == 0 or size >= state.pool.shape[0]:
        return
    entry = (key >> 7) & (POOL_TABLE - 1)
    while state.pool_table[entry] >= 0:
        known = state.pool_table[entry]
        # The last slot of a column is free and holds a part of its key.
        if state.pool[known, state.pool.shape[1] - 1] == key:
            return
        entry = (entry + 1) & (POOL_TABLE - 1)
    state.pool_table[entry] = size
    for slot in range(count):
        state.pool[size, slot] = members[slot]
    for slot in range(count, state.pool.shape[1] - 1):
        state.pool[size, slot] = -1
    state.pool[size, state.pool.shape[1] - 1] = key
    state.pool_cost[size] = cost
    state.pool_size[0] = size + 1


def batch_lengths(job: Task, batch_of: Ints) -> Ints:
    """Return the walk of every batch that is used."""
    used, numbers = np.unique(batch_of, return_inverse=True)
    unions = np.zeros((len(used), job.masks.shape[1]), np.int64)
    np.bitwise_or.at(unions, numbers, job.masks)
    lengths = np.zeros(len(used), np.int64)
    tours(job.place, unions, scratch_for(job.place), lengths)
    return lengths
