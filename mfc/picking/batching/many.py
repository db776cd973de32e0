"""Thousands of orders at once: a seed rule for all, then annealing of groups of batches on every core. Pure.

The walk of a batch depends on its own orders only, so any group of batches can be rearranged for itself. Groups
are made of batches that lie alike, and anew for every round. Time grows linearly but for the list of alike
orders, whose comparisons are two machine words each.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mfc.picking.batching import anytime, rules
from mfc.picking.batching.annealing import anneal, batch_lengths, search
from mfc.picking.batching.anytime import CHUNK, FRIENDS, Answer, Clock, solve
from mfc.picking.batching.problem import Order, Task, task
from mfc.picking.routing.grid import Cell, Grid, Terminal
from mfc.picking.routing.kernels import Ints

# Up to here all pairs of orders are measured, which is better and fast enough.
FEW = 400
# Orders that are annealed together, and how long, in seconds of one core; fewer rounds rather than shorter ones.
GROUP = 250
GROUP_S = 0.18
# Alike orders and others that the seed rule looks at; the product bounds its time for many orders.
ALIKE, OTHERS, MEASURED = 48, 40, 600_000
# The groups start from good batches, so they are not heated as much as a search from savings.
WARM, COLD = 0.08, 0.03


def solve_many(job: Task, *, clock: Clock, seconds: float, seed: int = 1, threads: int = 1) -> Answer:
    """Batch any number of orders within the time (the first answer takes its own)."""
    count = len(job.masks)
    if count <= FEW:
        return solve(job, clock=clock, seconds=seconds, seed=seed, threads=threads)
    begin = clock()
    alone = rules.lengths_alone(job)
    near = rules.alike(job, min(ALIKE, count - 1))
    best = rules.seed_batches(job, alone, near, max(OTHERS, MEASURED // count - ALIKE))
    length = int(batch_lengths(job, best).sum())
    history = [(clock() - begin, length)]
    trials = 0
    groups = max(1, round(count / GROUP))
    left = seconds - (clock() - begin)
    rounds = max(1, min(8, int(left * threads / (groups * GROUP_S))))
    for number in range(rounds):
        left = seconds - (clock() - begin)
        if left <= 0.02:
            break
        slot_s = left / (rounds - number) / -(-groups // threads) * 0.96
        parts = _groups(job, best, groups, number)
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(lambda part: _rearrange(job, best, part, seed, slot_s, clock), parts))  # noqa: B023
        first = 0
        for part, (batch_of, made) in zip(parts, done, strict=True):
            best[part] = first + batch_of
            first += len(part) + 1
            trials += made
        best = np.unique(best, return_inverse=True)[1].astype(np.int64)
        length = int(batch_lengths(job, best).sum())
        history.append((clock() - begin, length))
    batches: dict[int, list[int]] = {}
    for order, batch in enumerate(best.tolist()):
        batches.setdefault(batch, []).append(order)
    return Answer(batches=list(batches.values()), length=length, history=history, trials=trials)


def warm_up(clock: Clock) -> float:
    """Make (or read from disk) the machine code and return the seconds it took."""
    begin = clock()
    grid = Grid.even(aisles=2, step=1, blocks=[[1]], lengths=[2])
    orders = [Order(cells=(Cell(number % 2, 0, 0),), loads=(1,)) for number in range(FEW + 1)]
    solve_many(task(grid, Terminal(0, 0), orders, [4]), clock=clock, seconds=0.2)
    anytime.warm_up(clock)
    return clock() - begin


def _groups(job: Task, batch_of: Ints, groups: int, number: int) -> list[Ints]:
    """Split the orders into groups of whole batches: by where the batches lie, from round to round otherwise."""
    used, inverse = np.unique(batch_of, return_inverse=True)
    width = job.place.blocks * job.place.words
    visited = (job.masks.reshape(len(batch_of), job.place.aisles, width) != 0).any(axis=2).astype(np.float64)
    aisles = np.zeros((len(used), job.place.aisles))
    np.maximum.at(aisles, inverse, visited)
    # Round 0 by the middle of the visited aisles, later ones by a turned direction.
    along = np.arange(job.place.aisles) - (job.place.aisles - 1) / 2
    turned = np.cos(along * (1 + number) * 0.7) if number else along
    key = (aisles * turned).sum(axis=1) / np.maximum(aisles.sum(axis=1), 1)
    rank = np.empty(len(used), np.int64)
    rank[np.argsort(key, kind="stable")] = np.arange(len(used))
    group_of = rank[inverse] * groups // len(used)
    return [np.flatnonzero(group_of == group) for group in range(groups)]


def _rearrange(
    job: Task, batch_of: Ints, part: Ints, seed: int, seconds: float, clock: Clock
) -> tuple[Ints, int]:
    """Anneal some orders for themselves; returns their batches, numbered anew, and the trials."""
    begin = clock()
    own = np.unique(batch_of[part], return_inverse=True)[1].astype(np.int64)
    if len(part) < 3:
        return own, 0
    small = job._replace(
        masks=job.masks[part], loads=job.loads[part], kinds=job.kinds[part], keys=job.keys[part]
    )
    alone = rules.lengths_alone(small)
    pairs = np.zeros((len(part), len(part)), np.int64)
    rules.pair_savings(small, alone, pairs)
    one = search(small, own, rules.nearest(pairs, FRIENDS), seed=seed + int(part[0]), columns=0)
    mean = float(one.totals[0]) / len(part)
    while True:
        share = (clock() - begin) / seconds
        if share >= 1.0:
            return one.best_of.copy(), int(one.totals[2])
        temperature = mean * WARM * (COLD / WARM) ** share
        anneal(small, one, CHUNK, temperature, temperature, False)
