"""Batches for several pickers when every order has a due time: nobody late first, then the least work. Pure.

Short coolings from many seeds, each around the best so far, on every core. On the published sets (Briant and
others 2023, two pickers, up to 18 orders) that reaches the proven optimum in fractions of a second; nothing is
proven here.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mfc.picking.batching.problem import Order, Task, task
from mfc.picking.batching.rostering import Roster, anneal_roster, refill, roster
from mfc.picking.routing.grid import Cell, Grid, Terminal

# One cooling. Many short ones find more than a long one: the rosters are few, but far apart.
TRIALS = 50_000
# Between two looks at the clock.
CHUNK = 2_500
# Temperatures as shares of the mean working time of an order alone.
HOT, COLD = 0.35, 0.006
# A second of lateness in a trial counts as so many seconds of work; the best is kept by lateness first.
LATENESS = 2.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Who works, and how long things take, in whole units of time."""

    free: tuple[int, ...]  # when each picker can start
    per_length: int
    per_batch: int
    handling: tuple[int, ...]  # of every order
    due: tuple[int, ...]  # of every order


@dataclass(frozen=True, slots=True)
class Assigned:
    """Batches in the order of work with their pickers, the working time, and how late the orders are together."""

    batches: tuple[tuple[int, ...], ...]
    pickers: tuple[int, ...]
    work: int
    lateness: int
    trials: int


def plan_shift(
    job: Task,
    shift: Shift,
    *,
    clock: Clock,
    seconds: float | None = None,
    trials: int | None = None,
    seed: int = 1,
    threads: int = 1,
) -> Assigned:
    """Assign all orders within the time, or with so many trials on each thread (then reproducible).

    ValueError when neither or both of `seconds` and `trials` are given.
    """
    if (seconds is None) == (trials is None):
        raise ValueError("give either seconds or trials")
    begin = clock()
    searches = [_start(job, shift, seed * 1000 + number) for number in range(threads)]

    def work(one: Roster) -> None:
        mean = float(one.totals[0]) / len(job.masks)
        while True:
            for step in range(TRIALS // CHUNK):
                if trials is None and clock() - begin >= (seconds or 0.0):
                    return
                if trials is not None and one.totals[4] >= trials:
                    return
                temperature = mean * HOT * (COLD / HOT) ** (step * CHUNK / TRIALS)
                anneal_roster(job, one, CHUNK, temperature, temperature, LATENESS)
            # Every other cooling starts from the best, the others from where the search is.
            if (one.totals[4] // TRIALS) % 2:
                refill(job, one)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, searches))
    best = min(searches, key=lambda one: (one.totals[3], one.totals[2]))
    return _assigned(best, sum(int(one.totals[4]) for one in searches))


def warm_up(clock: Clock) -> float:
    """Make (or read from disk) the machine code and return the seconds it took. For workers and benches."""
    begin = clock()
    grid = Grid.even(aisles=2, step=1, blocks=[[1]], lengths=[2])
    job = task(grid, Terminal(0, 0), [Order(cells=(Cell(a, 0, 0),), loads=(1,)) for a in range(2)], [2])
    shift = Shift(free=(0, 0), per_length=1, per_batch=1, handling=(1, 1), due=(9, 9))
    plan_shift(job, shift, clock=clock, trials=TRIALS)
    return clock() - begin


def _start(job: Task, shift: Shift, seed: int) -> Roster:
    return roster(
        job,
        free=np.array(shift.free, np.int64),
        handling=np.array(shift.handling, np.int64),
        due=np.array(shift.due, np.int64),
        per_length=shift.per_length,
        per_batch=shift.per_batch,
        seed=seed,
    )


def _assigned(one: Roster, trials: int) -> Assigned:
    members: dict[int, list[int]] = {}
    for order, batch in enumerate(one.best_batch.tolist()):
        members.setdefault(batch, []).append(order)
    # Each picker works by due time; the list as a whole is in that order too.
    ordered = sorted(members, key=lambda batch: (min(one.due[order] for order in members[batch]), batch))
    return Assigned(
        batches=tuple(tuple(members[batch]) for batch in ordered),
        pickers=tuple(int(one.best_picker[batch]) for batch in ordered),
        work=int(one.totals[2]),
        lateness=int(one.totals[3]),
        trials=trials,
    )
