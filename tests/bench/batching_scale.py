"""Bench ``batching_scale``: many orders at once, and how the time grows with them.

A seeded generator stands in for a day of orders (no published set has so many): 12 aisles of 45 cells, demand
with a long tail, carts of 8 totes, 10 lines an order on average. Figures are walking against first come first
served, the time until the answer, and re-plans of 300 open orders as orders come and go.
"""

from __future__ import annotations

import argparse
import random
from typing import Any

from mfc.picking.batching import rules
from mfc.picking.batching.annealing import batch_lengths
from mfc.picking.batching.anytime import solve, warm_up
from mfc.picking.batching.many import solve_many
from mfc.picking.batching.many import warm_up as warm_up_many
from mfc.picking.batching.problem import Order, Task, task
from mfc.picking.routing import Cell, Grid, Terminal
from tests.bench import published
from tests.bench.report import percentiles

AISLES, CELLS, TOTES = 12, 45, 8
SIZES = (125, 250, 500, 1000, 2000, 5000, 10_000)
# Seconds for each size in the growth curve.
BUDGET = {1000: 0.9, 2000: 1.9, 5000: 4.5, 10_000: 4.5}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench batching_scale", description=__doc__)
    parser.add_argument(
        "--json", default="-", metavar="FILE", help="where the result goes; - is standard output"
    )
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="largest number of orders")
    parser.add_argument("--replans", type=int, default=100, help="re-plans of 300 open orders")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with published.quiet():
        warm_up(published.clock)
        warm_up_many(published.clock)
        growth = [_size(count, given) for count in SIZES if count <= given.largest]
        replans = _replans(given)
    result = {"bench": "batching_scale", "growth": growth, "replan_300": replans, "wrong_claims": []}
    return published.finish(result, given.json)


def orders(count: int, seed: int) -> list[Order]:
    """Generate orders: about 10 lines, popular cells more often (rank to the power -0.8)."""
    rng = random.Random(seed)
    cells = [Cell(aisle, 0, index) for aisle in range(AISLES) for index in range(CELLS)]
    rng.shuffle(cells)
    weights = [(rank + 1) ** -0.8 for rank in range(len(cells))]
    found = []
    for _ in range(count):
        lines = min(40, 1 + int(rng.expovariate(1 / 9.6)))
        found.append(Order(cells=tuple(rng.choices(cells, weights, k=lines)), loads=(1,)))
    return found


def job_of(given_orders: list[Order]) -> Task:
    grid = Grid.even(aisles=AISLES, step=3, blocks=[[i + 1 for i in range(CELLS)]], lengths=[CELLS + 1])
    return task(grid, Terminal(AISLES // 2, 0), given_orders, [TOTES])


def _size(count: int, given: argparse.Namespace) -> dict[str, Any]:
    batch = orders(count, given.seed)
    begin = published.clock()
    job = job_of(batch)
    prepared = published.clock() - begin
    seconds = BUDGET.get(count, 0.95)
    begin = published.clock()
    found = solve_many(job, clock=published.clock, seconds=seconds, seed=given.seed, threads=given.threads)
    took = published.clock() - begin
    by_turn = int(batch_lengths(job, rules.first_come(job)).sum())
    placed = sorted(order for batch in found.batches for order in batch)
    assert placed == list(range(count))
    assert all(len(batch) <= TOTES for batch in found.batches)
    return {
        "orders": count,
        "lines": sum(len(order.cells) for order in batch),
        "prepare_s": round(prepared, 3),
        "seconds": round(took, 3),
        "first_answer_s": round(found.history[0][0], 3),
        "first_answer_pct": round(100 * (found.history[0][1] / by_turn - 1), 2),
        "walking_vs_fcfs_pct": round(100 * (found.length / by_turn - 1), 2),
        "trials": found.trials,
    }


def _replans(given: argparse.Namespace) -> dict[str, Any]:
    """Plan 300 open orders anew each time some are done and others come."""
    waiting = orders(300, given.seed + 1)
    times = []
    for number in range(given.replans):
        fresh = orders(8, given.seed + 100 + number)
        waiting = waiting[8:] + fresh
        begin = published.clock()
        job = job_of(waiting)
        solve(
            job, clock=published.clock, seconds=REPLAN_S - (published.clock() - begin), threads=given.threads
        )
        times.append(1000 * (published.clock() - begin))
    return {"milliseconds": percentiles(times), "budget_ms": 1000 * REPLAN_S}


REPLAN_S = 0.5
