"""Joint order batching and picker routing, anytime: a good answer in milliseconds, better with every second. Pure.

Savings first; then annealing on every core, each with its own seed; then set partitioning over the batches that
were collected; then annealing again around the best. More time never gives a worse answer, because the best is
kept. With `trials` instead of `seconds` a run is reproducible to the last order.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from mfc.picking.batching import rules
from mfc.picking.batching.annealing import Search, anneal, restart, search
from mfc.picking.batching.columns import INTEGER_COLUMNS, Partition
from mfc.picking.batching.problem import Order, Task, task
from mfc.picking.routing.grid import Cell, Grid, Terminal
from mfc.picking.routing.kernels import Ints


# Orders that go well with an order, and temperatures as shares of the mean walk of an order. Found on the published
# sets: large orders like the first style, small ones the second; two searches try both.
@dataclass(frozen=True, slots=True)
class Style:
    """How one search looks around."""

    friends: int
    hot: float
    cold: float
    reheat: float


STYLES = (Style(12, 0.11, 0.03, 0.06), Style(8, 0.15, 0.06, 0.09))
FRIENDS = STYLES[0].friends
# The first answer is polished cold for a moment, so that it is good at once; a long cooling forgets it anyway.
POLISH, POLISH_S = 0.035, 0.035
POLISHING, FIRST, AGAIN = range(3)
# Trials between two looks at the clock: a few milliseconds.
CHUNK = 2048
# From this share of a cooling on, accepted batches are good enough to be collected.
COLLECT_FROM = 0.5
# Set partitioning pays only when there is time for it.
PARTITION_FROM_S = 0.5

Clock = Callable[[], float]


@dataclass(slots=True)
class Answer:
    """Batches of orders, their length together, and how they got better: (seconds, length)."""

    batches: list[list[int]]
    length: int
    history: list[tuple[float, int]] = field(default_factory=list)
    trials: int = 0
    partitions: int = 0


def solve(
    job: Task,
    *,
    clock: Clock,
    seconds: float | None = None,
    trials: int | None = None,
    seed: int = 1,
    threads: int = 1,
) -> Answer:
    """Batch all orders within the time, or with exactly so many trials on each thread.

    `clock` gives seconds. ValueError when neither or both of `seconds` and `trials` are given.
    """
    if (seconds is None) == (trials is None):
        raise ValueError("give either seconds or trials")
    run = _Run(job, clock, seconds, trials, seed, threads)
    run.start()
    if len(job.masks) > 2:
        run.improve()
    return run.answer()


def warm_up(clock: Clock) -> float:
    """Make (or read from disk) the machine code and return the seconds it took. For workers and benches."""
    begin = clock()
    grid = Grid.even(aisles=2, step=1, blocks=[[1], [1]], lengths=[2, 2])
    orders = [Order(cells=(Cell(aisle, block, 0),), loads=(1,)) for aisle in range(2) for block in range(2)]
    job = task(grid, Terminal(0, 0), orders, [2])
    solve(job, clock=clock, trials=2 * CHUNK)
    rules.seed_batches(job, rules.lengths_alone(job), np.zeros((4, 1), np.int64), 4)
    return clock() - begin


class _Run:
    def __init__(
        self, job: Task, clock: Clock, seconds: float | None, trials: int | None, seed: int, threads: int
    ) -> None:
        self.job, self.clock, self.seconds, self.trials = job, clock, seconds, trials
        self.seed, self.threads = seed, threads
        self.begin = clock()
        self.searches: list[Search] = []
        self.best: Ints = np.zeros(0, np.int64)
        self.length = 0
        self.history: list[tuple[float, int]] = []
        self.partitions = 0
        self.tight: Ints | None = None
        self.lock = Lock()

    def left(self) -> float:
        return (self.seconds or 0.0) - (self.clock() - self.begin)

    def start(self) -> None:
        """Savings, and the searches around them."""
        job, orders = self.job, len(self.job.masks)
        alone = rules.lengths_alone(job)
        pairs = np.zeros((orders, orders), np.int64)
        rules.pair_savings(job, alone, pairs)
        near = [rules.nearest(pairs, style.friends) for style in STYLES]
        self.best = rules.savings_batches(job, alone, pairs)
        for number in range(self.threads):
            self.searches.append(
                search(job, self.best, near[number % len(STYLES)], seed=self.seed * 1000 + number)
            )
        self.note(int(self.searches[0].totals[0]), self.best)
        # Full carts can hardly be merged by exchanges, so one search starts with the fewest carts instead.
        tight = rules.packed(job)
        fewer = len(np.unique(tight)) < len(np.unique(self.best))
        self.tight = tight if fewer else None

    def note(self, length: int, batch_of: Ints) -> bool:
        with self.lock:
            if self.history and length >= self.length:
                return False
            self.length, self.best = length, batch_of.copy()
            self.history.append((self.clock() - self.begin, length))
            return True

    def improve(self) -> None:
        """Cool, choose, and cool again around the best until the time or the trials are used up."""
        if self.trials is not None:
            for round_ in (FIRST, AGAIN):
                self.cool(round_, trials=self.trials // 2)
                self.partition(seconds=None)
            return
        plan = _rounds(self.seconds or 0.0)
        now = self.clock() - self.begin
        self.cool(POLISHING, until=self.begin + min(now + POLISH_S, (self.seconds or 0.0) / 2))
        for number, (share, round_, chooses) in enumerate(plan):
            end = self.begin + (self.seconds or 0.0) * share
            self.cool(round_, until=end)
            if chooses:
                last = number == len(plan) - 1
                self.partition(seconds=self.left() * (0.8 if last else 0.15))

    def cool(self, round_: int, *, until: float = 0.0, trials: int = 0) -> None:
        mean = self.length / len(self.job.masks)
        for number, one in enumerate(self.searches):
            starts_tight = round_ == FIRST and self.tight is not None and number == len(self.searches) - 1
            restart(self.job, one, self.tight if starts_tight and self.tight is not None else self.best)
        with ThreadPoolExecutor(self.threads) as pool:
            done = [
                pool.submit(self._cool_one, one, *_temperatures(number, round_, mean), until, trials)
                for number, one in enumerate(self.searches)
            ]
            for each in done:
                each.result()
        for one in self.searches:
            self.note(int(one.totals[1]), one.best_of)

    def _cool_one(self, one: Search, hot: float, cold: float, until: float, trials: int) -> None:
        first = self.clock()
        done = 0
        while True:
            share = done / trials if trials else (self.clock() - first) / max(until - first, 1e-9)
            if share >= 1.0:
                return
            temperature = hot * (cold / hot) ** share
            anneal(self.job, one, CHUNK, temperature, temperature, share >= COLLECT_FROM)
            done += CHUNK
            # With a given number of trials only the end counts: which thread is faster must not decide anything.
            if self.seconds is not None and one.totals[1] < self.length:
                self.note(int(one.totals[1]), one.best_of)

    def partition(self, *, seconds: float | None) -> None:
        """Choose the best batches out of all that were collected."""
        orders = len(self.job.masks)
        one = self.searches[0]
        restart(self.job, one, self.best)
        sizes = [int(each.pool_size[0]) for each in self.searches]
        pools = [each.pool[:size] for each, size in zip(self.searches, sizes, strict=True)]
        costs = np.concatenate(
            [each.pool_cost[:size] for each, size in zip(self.searches, sizes, strict=True)]
        )
        columns = np.concatenate(pools)
        # The last slot holds the key of the batch.
        keys, kept = np.unique(columns[:, -1], return_index=True)
        part = Partition(orders, columns[kept, :-1], costs[kept])
        used = np.array([one.key[batch] for batch in np.unique(self.best)])
        start = np.flatnonzero(np.isin(keys, used))
        begin = self.clock()
        budget = 20.0 if seconds is None else seconds
        bound, prices = part.relax(start, seconds=budget)
        gap = self.length - bound
        reduced = part.reduced(prices)
        candidates = np.flatnonzero(reduced < gap - 0.5)
        candidates = candidates[np.argsort(reduced[candidates], kind="stable")][:INTEGER_COLUMNS]
        self.partitions += 1
        rest = budget - (self.clock() - begin)
        if not len(candidates) or rest < 0.02:
            return
        chosen = part.choose(candidates, float(self.length), seconds=rest)
        if chosen is None:
            return
        batch_of = np.zeros(orders, np.int64)
        for batch, column in enumerate(chosen):
            row = part.columns[column]
            batch_of[row[row >= 0]] = batch
        self.note(int(part.costs[list(chosen)].sum()), batch_of)

    def answer(self) -> Answer:
        batches: dict[int, list[int]] = {}
        for order, batch in enumerate(self.best.tolist()):
            batches.setdefault(batch, []).append(order)
        return Answer(
            batches=list(batches.values()),
            length=self.length,
            history=self.history,
            trials=sum(int(one.totals[2]) for one in self.searches),
            partitions=self.partitions,
        )


def _temperatures(number: int, round_: int, mean: float) -> tuple[float, float]:
    """Return where the cooling of a search starts and ends."""
    style = STYLES[number % len(STYLES)]
    if round_ == POLISHING:
        return mean * POLISH, mean * POLISH / 3
    return mean * (style.hot if round_ == FIRST else style.reheat), mean * style.cold


def _rounds(seconds: float) -> list[tuple[float, int, bool]]:
    """Return the coolings as (end as a share of the time, which, choose afterwards)."""
    if seconds < PARTITION_FROM_S:
        return [(1.0, FIRST, False)]
    if seconds < 3.0:
        return [(0.9, FIRST, True)]
    return [(0.5, FIRST, True), (0.7, AGAIN, True), (0.9, AGAIN, True)]
