"""Annealing of batches on several pickers: first nobody late, then the least working time. Pure.

Each picker works off his batches by due time, which makes the most punctual schedule for given batches (Jackson
1955). Lateness is part of the trial's cost, so the search may pass through late rosters; the best is kept by
lateness first and working time second. Walks are exact and remembered by batch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfc.picking.batching.problem import Task, most_orders
from mfc.picking.routing.compiled import compiled
from mfc.picking.routing.kernels import Ints, scratch_for, tour

_MULTIPLIER, _MODULUS = 48271, 2147483647
CACHE = 1 << 17
NEVER = 1 << 60


class Roster(NamedTuple):
    """The state of one search; arrays are changed in place."""

    free: Ints  # [picker] when each can start
    handling: Ints  # [order]
    due: Ints  # [order]
    times: Ints  # per length, per batch
    batch_of: Ints  # [order]
    picker_of: Ints  # [batch]
    members: Ints  # [batch, slot]
    count: Ints  # type: ignore[assignment]  # [batch]
    key: Ints  # [batch]
    load: Ints  # [batch, capacity]
    work: Ints  # [batch]
    ends: Ints  # [batch] earliest due time of its orders
    late: Ints  # [picker]
    best_batch: Ints  # [order]
    best_picker: Ints  # [batch]
    totals: Ints  # work now, late now, best work, best late, trials
    random: Ints
    cache_key: Ints
    cache_work: Ints
    scratch: Ints
    union: Ints
    kept: Ints  # [2, slot + 6] two batches as they were before a trial
    line: Ints  # [batch] the batches of one picker in order


def roster(
    job: Task, *, free: Ints, handling: Ints, due: Ints, per_length: int, per_batch: int, seed: int
) -> Roster:
    """Start with one batch for each order, on the picker who is free first, by due time."""
    orders = len(job.masks)
    slots = most_orders(job) + 1
    state = Roster(
        free=free,
        handling=handling,
        due=due,
        times=np.array([per_length, per_batch], np.int64),
        batch_of=np.arange(orders),
        picker_of=np.zeros(orders, np.int64),
        members=np.full((orders, slots), -1, np.int64),
        count=np.zeros(orders, np.int64),
        key=np.zeros(orders, np.int64),
        load=np.zeros((orders, len(job.limits)), np.int64),
        work=np.zeros(orders, np.int64),
        ends=np.full(orders, NEVER, np.int64),
        late=np.zeros(len(free), np.int64),
        best_batch=np.arange(orders),
        best_picker=np.zeros(orders, np.int64),
        totals=np.array([0, 0, NEVER, NEVER, 0], np.int64),
        random=np.array([1 + (seed * 7919 + 12345) % (_MODULUS - 1)], np.int64),
        cache_key=np.zeros(CACHE, np.int64),
        cache_work=np.zeros(CACHE, np.int64),
        scratch=scratch_for(job.place),
        union=np.zeros(job.masks.shape[1], np.int64),
        kept=np.zeros((2, slots + 6), np.int64),
        line=np.zeros(orders, np.int64),
    )
    _fill(job, state, np.arange(orders), np.zeros(orders, np.int64))
    until = free.copy()
    picker_of = np.zeros(orders, np.int64)
    for batch in np.argsort(state.ends, kind="stable"):
        picker = int(np.argmin(until))
        picker_of[batch] = picker
        until[picker] += state.work[batch]
    _fill(job, state, np.arange(orders), picker_of)
    return state


@compiled
def refill(job: Task, state: Roster) -> None:
    """Go back to the best roster."""
    _fill(job, state, state.best_batch.copy(), state.best_picker.copy())


@compiled
def _fill(job: Task, state: Roster, batch_of: Ints, picker_of: Ints) -> None:
    state.count[:] = 0
    for order in range(batch_of.shape[0]):
        batch = batch_of[order]
        state.members[batch, state.count[batch]] = order
        state.count[batch] += 1
        state.batch_of[order] = batch
    state.picker_of[:] = picker_of
    state.totals[0] = 0
    for batch in range(batch_of.shape[0]):
        _measure(job, state, batch)
        state.totals[0] += state.work[batch]
    state.totals[1] = 0
    for picker in range(state.free.shape[0]):
        state.late[picker] = _lateness(state, picker)
        state.totals[1] += state.late[picker]
    _note(state)


@compiled
def _note(state: Roster) -> None:
    work, late = state.totals[0], state.totals[1]
    if late < state.totals[3] or (late == state.totals[3] and work < state.totals[2]):
        state.totals[2], state.totals[3] = work, late
        state.best_batch[:] = state.batch_of
        state.best_picker[:] = state.picker_of


@compiled
def _measure(job: Task, state: Roster, batch: int) -> bool:
    """Work out load, key, due time and work of a batch; False when it does not fit."""
    count = state.count[batch]
    state.load[batch, :] = 0
    key, end, handling, kinds = 0, NEVER, 0, 0
    for slot in range(count):
        order = state.members[batch, slot]
        key ^= job.keys[order]
        end = min(end, state.due[order])
        handling += state.handling[order]
        kinds |= job.kinds[order]
        for column in range(job.limits.shape[0]):
            state.load[batch, column] += job.loads[order, column]
    for column in range(job.limits.shape[0]):
        if state.load[batch, column] > job.limits[column]:
            return False
    if not job.allowed[kinds]:
        return False
    state.key[batch] = key
    state.ends[batch] = end
    if count == 0:
        state.work[batch] = 0
        return True
    entry = key & (CACHE - 1)
    if state.cache_key[entry] != key:
        union = state.union
        for word in range(union.shape[0]):
            bits = job.masks[state.members[batch, 0], word]
            for slot in range(1, count):
                bits |= job.masks[state.members[batch, slot], word]
            union[word] = bits
        state.cache_work[entry] = (
            tour(job.place, union, state.scratch) * state.times[0] + state.times[1] + handling
        )
        state.cache_key[entry] = key
    state.work[batch] = state.cache_work[entry]
    return True


@compiled
def _lateness(state: Roster, picker: int) -> int:
    """Sum up how late the orders of a picker are when he works by due time."""
    line = state.line
    waiting = 0
    for batch in range(state.count.shape[0]):
        if state.count[batch] == 0 or state.picker_of[batch] != picker:
            continue
        spot = waiting
        while spot > 0 and state.ends[line[spot - 1]] > state.ends[batch]:
            line[spot] = line[spot - 1]
            spot -= 1
        line[spot] = batch
        waiting += 1
    now, late = state.free[picker], 0
    for spot in range(waiting):
        batch = line[spot]
        now += state.work[batch]
        if now > state.ends[batch]:
            for slot in range(state.count[batch]):
                late += max(0, now - state.due[state.members[batch, slot]])
    return late


@compiled
def _keep(state: Roster, row: int, batch: int) -> None:
    kept = state.kept[row]
    width = state.members.shape[1]
    kept[:width] = state.members[batch]
    kept[width] = state.count[batch]
    kept[width + 1] = state.key[batch]
    kept[width + 2] = state.work[batch]
    kept[width + 3] = state.ends[batch]
    kept[width + 4] = state.picker_of[batch]


@compiled
def _undo(job: Task, state: Roster, row: int, batch: int) -> None:
    kept = state.kept[row]
    width = state.members.shape[1]
    state.members[batch, :] = kept[:width]
    state.count[batch] = kept[width]
    state.key[batch] = kept[width + 1]
    state.work[batch] = kept[width + 2]
    state.ends[batch] = kept[width + 3]
    state.picker_of[batch] = kept[width + 4]
    state.load[batch, :] = 0
    for slot in range(state.count[batch]):
        order = state.members[batch, slot]
        state.batch_of[order] = batch
        for column in range(job.limits.shape[0]):
            state.load[batch, column] += job.loads[order, column]


@compiled
def _take_out(state: Roster, batch: int, order: int) -> None:
    last = state.count[batch] - 1
    for slot in range(last + 1):
        if state.members[batch, slot] == order:
            state.members[batch, slot] = state.members[batch, last]
    state.count[batch] = last


@compiled
def _put_in(state: Roster, batch: int, order: int) -> bool:
    if state.count[batch] >= state.members.shape[1]:
        return False
    state.members[batch, state.count[batch]] = order
    state.count[batch] += 1
    state.batch_of[order] = batch
    return True


@compiled
def _shuffle(state: Roster, here: int, there: int, one: int, other: int, dice: int) -> bool:
    """Change the two batches in one of five ways; False when a batch has no room."""
    if dice < 30:  # one order goes over
        _take_out(state, here, one)
        return _put_in(state, there, one)
    if dice < 65:  # two orders change places
        _take_out(state, here, one)
        _take_out(state, there, other)
        return _put_in(state, there, one) and _put_in(state, here, other)
    if dice < 75:  # all of one batch join the other
        while state.count[here]:
            order = state.members[here, 0]
            _take_out(state, here, order)
            if not _put_in(state, there, order):
                return False
        return True
    pickers = state.free.shape[0]
    if dice < 85:  # the other picker takes the batch
        state.picker_of[here] = (state.picker_of[here] + 1 + dice % max(1, pickers - 1)) % pickers
        return pickers > 1
    # the pickers change batches
    mine = state.picker_of[here]
    state.picker_of[here] = state.picker_of[there]
    state.picker_of[there] = mine
    return state.picker_of[here] != mine


@compiled
def anneal_roster(job: Task, state: Roster, trials: int, hot: float, cold: float, weight: float) -> None:
    """Run so many trials; an hour of lateness counts as `weight` hours of work."""
    orders = job.masks.shape[0]
    seed = state.random[0]
    temperature = hot
    factor = (cold / hot) ** (64.0 / max(trials, 64))
    for number in range(trials):
        if number % 64 == 63:
            temperature *= factor
        seed = seed * _MULTIPLIER % _MODULUS
        one = seed % orders
        seed = seed * _MULTIPLIER % _MODULUS
        other = seed % orders
        seed = seed * _MULTIPLIER % _MODULUS
        dice = seed % 105
        here, there = state.batch_of[one], state.batch_of[other]
        opens = dice >= 100
        if opens:
            # One order leaves for an empty batch of some picker.
            if state.count[here] == 1:
                continue
            there = 0
            while state.count[there]:
                there += 1
            dice = 0
        if here == there:
            continue
        _keep(state, 0, here)
        _keep(state, 1, there)
        if opens:
            state.picker_of[there] = (seed // 128) % state.free.shape[0]
        a, b = state.kept[0, state.members.shape[1] + 4], state.picker_of[there]
        fits = _shuffle(state, here, there, one, other, dice)
        fits = fits and _measure(job, state, here) and _measure(job, state, there)
        if fits:
            width = state.members.shape[1]
            change = (
                state.work[here] + state.work[there] - state.kept[0, width + 2] - state.kept[1, width + 2]
            )
            c = state.picker_of[here]
            late_a, late_b = _lateness(state, a), _lateness(state, b)
            late_c = _lateness(state, c)
            late = late_a - state.late[a]
            if b != a:
                late += late_b - state.late[b]
            if c not in (a, b):
                late += late_c - state.late[c]
            cost = change + weight * late
            accepted = cost <= 0
            if not accepted:
                seed = seed * _MULTIPLIER % _MODULUS
                accepted = cost <= -temperature * math.log(seed / _MODULUS)
            if accepted:
                state.late[a], state.late[b], state.late[c] = late_a, late_b, late_c
                state.totals[0] += change
                state.totals[1] += late
                _note(state)
                continue
        _undo(job, state, 0, here)
        _undo(job, state, 1, there)
    state.random[0] = seed
    state.totals[4] += trials
