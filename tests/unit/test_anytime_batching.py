"""Anytime batching: nothing lost, nothing over capacity, never worse with time, the same from the same seed."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.picking.batching import rules
from mfc.picking.batching.annealing import batch_lengths
from mfc.picking.batching.anytime import Answer, solve
from mfc.picking.batching.duedates import Shift, plan_shift
from mfc.picking.batching.problem import Order, Task, task
from mfc.picking.routing import Cell, Grid, Terminal, route

GRID = Grid.even(aisles=5, step=4, blocks=[[1, 2, 3, 4, 5]], lengths=[6])
TWO_BLOCKS = Grid.even(aisles=4, step=4, blocks=[[1, 2, 3], [1, 2, 3]], lengths=[4, 4])
DEPOT = Terminal(1, 0)


def orders(count: int, seed: int, grid: Grid = GRID, capacities: int = 1) -> list[Order]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        lines = rng.randint(1, 4)
        cells = [
            Cell(
                rng.randrange(grid.aisle_count),
                b := rng.randrange(grid.block_count),
                rng.randrange(len(grid.cells[0][b])),
            )
            for _ in range(lines)
        ]
        found.append(
            Order(cells=tuple(cells), loads=tuple(lines + rng.randint(0, 2) for _ in range(capacities)))
        )
    return found


def walking(given_orders: list[Order], batches: list[list[int]], grid: Grid = GRID) -> int:
    return sum(
        route(grid, [cell for number in batch for cell in given_orders[number].cells], DEPOT).length
        for batch in batches
    )


def check(given_orders: list[Order], limits: list[int], answer: Answer, grid: Grid = GRID) -> None:
    assert sorted(itertools.chain(*answer.batches)) == list(range(len(given_orders)))
    for batch in answer.batches:
        for column, limit in enumerate(limits):
            assert sum(given_orders[number].loads[column] for number in batch) <= limit
    assert walking(given_orders, answer.batches, grid) == answer.length
    lengths = [length for _, length in answer.history]
    assert lengths == sorted(lengths, reverse=True)


def optimum(job: Task, given_orders: list[Order], limit: int) -> int:
    """Try every partition."""
    best = 1 << 60

    def place(number: int, batches: list[list[int]]) -> None:
        nonlocal best
        if number == len(given_orders):
            best = min(best, walking(given_orders, batches))
            return
        for batch in batches:
            if sum(given_orders[other].loads[0] for other in [*batch, number]) <= limit:
                batch.append(number)
                place(number + 1, batches)
                batch.pop()
        place(number + 1, [*batches, [number]])

    place(0, [])
    return best


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(0, 10_000), st.integers(1, 3))
def test_every_order_once_and_never_over_capacity(count, seed, capacities):
    given_orders = orders(count, seed, capacities=capacities)
    limits = [12, 10, 14][:capacities]
    answer = solve(task(GRID, DEPOT, given_orders, limits), clock=time.monotonic, trials=4096)
    check(given_orders, limits, answer)


def test_two_blocks():
    given_orders = orders(20, 5, TWO_BLOCKS)
    answer = solve(task(TWO_BLOCKS, DEPOT, given_orders, [12]), clock=time.monotonic, trials=8192)
    check(given_orders, [12], answer, TWO_BLOCKS)


@pytest.mark.parametrize("seed", range(4))
def test_few_orders_are_batched_at_the_optimum(seed):
    given_orders = orders(7, seed)
    job = task(GRID, DEPOT, given_orders, [12])
    answer = solve(job, clock=time.monotonic, trials=20_000)
    assert answer.length == optimum(job, given_orders, 12)


def test_the_same_seed_gives_the_same_batches():
    job = task(GRID, DEPOT, orders(40, 1), [12])
    one, other = (solve(job, clock=time.monotonic, trials=20_000, seed=3, threads=2) for _ in range(2))
    assert one.batches == other.batches
    assert one.length == other.length


def test_more_trials_are_never_worse_than_savings():
    given_orders = orders(40, 2)
    job = task(GRID, DEPOT, given_orders, [12])
    answer = solve(job, clock=time.monotonic, trials=30_000)
    assert answer.history[0][1] > answer.length


def test_the_clock_is_kept():
    job = task(GRID, DEPOT, orders(60, 2), [12])
    solve(job, clock=time.monotonic, trials=2048)  # compile
    begin = time.monotonic()
    answer = solve(job, clock=time.monotonic, seconds=0.4)
    assert time.monotonic() - begin < 1.0
    assert answer.trials > 0


def test_kinds_that_must_not_meet_stay_apart():
    plain = orders(12, 4)
    mixed = [Order(cells=o.cells, loads=o.loads, kinds=1 << (n % 3)) for n, o in enumerate(plain)]
    job = task(GRID, DEPOT, mixed, [30], forbidden=[0b101])
    answer = solve(job, clock=time.monotonic, trials=10_000)
    for batch in answer.batches:
        kinds = {number % 3 for number in batch}
        assert not {0, 2} <= kinds
    check(mixed, [30], answer)


def test_an_order_that_no_cart_takes_is_named():
    with pytest.raises(ValueError, match="order 1 alone exceeds the cart"):
        task(GRID, DEPOT, [Order(cells=(), loads=(1,)), Order(cells=(), loads=(9,))], [8])


def test_seconds_or_trials():
    job = task(GRID, DEPOT, orders(3, 1), [12])
    with pytest.raises(ValueError, match="either"):
        solve(job, clock=time.monotonic)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 25), st.integers(0, 1000))
def test_simple_rules_keep_the_capacity(count, seed):
    given_orders = orders(count, seed)
    job = task(GRID, DEPOT, given_orders, [12])
    alone = rules.lengths_alone(job)
    pairs = alone[:, None] * 0 + alone[None, :] * 0
    rules.pair_savings(job, alone, pairs)
    near = rules.nearest(pairs, 10)
    for batch_of in (
        rules.first_come(job),
        rules.seed_batches(job, alone, near, len(alone)),
        rules.savings_batches(job, alone, pairs),
    ):
        batches: dict[int, list[int]] = {}
        for number, batch in enumerate(batch_of.tolist()):
            batches.setdefault(batch, []).append(number)
        for batch in batches.values():
            assert sum(given_orders[number].loads[0] for number in batch) <= 12
        assert batch_lengths(job, batch_of).sum() == walking(given_orders, list(batches.values()))


def shift_of(given_orders: list[Order], due: list[int], pickers: int = 2) -> Shift:
    return Shift(
        free=(0,) * pickers,
        per_length=1,
        per_batch=20,
        handling=tuple(3 * len(o.cells) for o in given_orders),
        due=tuple(due),
    )


def roster_times(given_orders: list[Order], shift: Shift, found) -> tuple[int, int]:
    """Return work and lateness, worked out anew."""
    until = list(shift.free)
    work = late = 0
    for batch, picker in zip(found.batches, found.pickers, strict=True):
        took = walking(given_orders, [list(batch)]) * shift.per_length + shift.per_batch
        took += sum(shift.handling[number] for number in batch)
        until[picker] += took
        work += took
        late += sum(max(0, until[picker] - shift.due[number]) for number in batch)
    return work, late


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 16), st.integers(0, 1000), st.integers(1, 3))
def test_a_roster_says_its_work_and_lateness(count, seed, pickers):
    given_orders = orders(count, seed)
    rng = random.Random(seed)
    shift = shift_of(given_orders, [rng.choice((100, 200, 400)) for _ in given_orders], pickers)
    found = plan_shift(
        task(GRID, DEPOT, given_orders, [12]), shift, clock=time.monotonic, trials=5000, threads=1
    )
    assert sorted(itertools.chain(*found.batches)) == list(range(count))
    assert roster_times(given_orders, shift, found) == (found.work, found.lateness)


def test_nobody_is_late_before_walks_are_short():
    # One walk for both would be shortest, but then the first order would be late.
    given_orders = [Order(cells=(Cell(0, 0, 0),), loads=(1,)), Order(cells=(Cell(4, 0, 4),), loads=(1,))]
    alone = walking(given_orders, [[0]]) + 20 + 3
    job = task(GRID, DEPOT, given_orders, [12])
    found = plan_shift(job, shift_of(given_orders, [alone, 1000], 1), clock=time.monotonic, trials=5000)
    assert found.batches == ((0,), (1,))
    assert found.lateness == 0
    at_ease = plan_shift(job, shift_of(given_orders, [1000, 1000], 1), clock=time.monotonic, trials=5000)
    assert at_ease.batches == ((0, 1),)
