"""The order of places when only their distances are known: exact for few, searched and bounded for many. Pure.

For layouts that are no grid (one-way aisles, lifts, dead ends) and for walks with an order of temperatures. Few places are
solved by the dynamic programme of Held and Karp (1962); more by the nearest neighbour, then moving short runs (Or 1976)
and turning runs round (Croes 1958) until nothing helps. The bound is the cheapest assignment of a successor to every place,
or the minimum 1-tree with prices of Held and Karp (1971) when both directions cost the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import minimum_spanning_tree

# Held-Karp takes n^2 * 2^n steps: 9 places are 41,472, some 20 ms in plain Python.
EXACT_PLACES = 9
# Where thousands of walks are only compared, fewer are solved so.
QUICK_PLACES = 5
# Rounds of the local search; each goes over all pairs.
MAX_ROUNDS = 60
TREE_ROUNDS = 60


def order(
    between: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    ranks: Sequence[int],
    *,
    quick: bool = False,
) -> tuple[list[int], bool]:
    """Order places 0..n-1: `between[i, j]`, `start[i]` from where the walk begins, `end[i]` to where it ends.

    Places of a lower rank come first. Returns the order and whether it is proven shortest.
    """
    count = len(ranks)
    if count == 0:
        return [], True
    if count <= (QUICK_PLACES if quick else EXACT_PLACES):
        return _held_karp(between.tolist(), start.tolist(), end.tolist(), ranks), True
    return _improved(between.tolist(), start.tolist(), end.tolist(), ranks), False


def length(
    way: Sequence[int], between: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> int:
    """The length of an order that is not empty."""
    inner = sum(int(between[a, b]) for a, b in pairwise(way))
    return int(start[way[0]]) + inner + int(end[way[-1]])


def lower_bound(
    between: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], upper: int
) -> int:
    """No order is shorter than this, whatever the ranks."""
    count = len(start)
    costs = np.zeros((count + 1, count + 1), dtype=np.float64)
    costs[0, 1:], costs[1:, 0], costs[1:, 1:] = start, end, between
    blocked = costs + np.diag(np.full(count + 1, float(costs.sum()) + 1.0))
    rows, columns = linear_sum_assignment(blocked)
    best = float(blocked[rows, columns].sum()) if count else 0.0
    if count > 1 and (costs == costs.T).all():
        best = max(best, _one_tree(costs, upper))
    return min(upper, int(np.ceil(best - 1e-6)))


def _one_tree(costs: NDArray[np.float64], upper: int) -> float:
    """The 1-tree bound around the depot, raised by subgradient steps."""
    count = len(costs)
    prices = np.zeros(count)
    best, pace = 0.0, 1.0
    for _ in range(TREE_ROUNDS):
        priced = costs + prices[:, None] + prices[None, :]
        np.fill_diagonal(priced, 0.0)
        # SciPy drops stored zeros of a dense matrix; two places at one spot must stay joined.
        shift = 1.0 - min(0.0, float(priced.min()))
        tree = minimum_spanning_tree(priced[1:, 1:] + shift * (1 - np.eye(count - 1))).tocoo()
        first, second = np.argsort(priced[0, 1:], kind="stable")[:2] + 1
        here = (
            float(tree.data.sum())
            - shift * len(tree.data)
            + priced[0, first]
            + priced[0, second]
            - 2 * prices.sum()
        )
        degree = np.full(count, -2.0)
        np.add.at(degree, tree.row + 1, 1)
        np.add.at(degree, tree.col + 1, 1)
        degree[0] += 2
        degree[[first, second]] += 1
        pace = pace if here > best else 0.9 * pace
        best = max(best, here)
        norm = float(degree @ degree)
        if norm == 0:
            break
        prices = prices + pace * max(upper - here, 1.0) / norm * degree
    return best


def _held_karp(between: list[list[int]], start: list[int], end: list[int], ranks: Sequence[int]) -> list[int]:
    """States are (visited set, last place); ranks restrict what may come next."""
    count = len(ranks)
    needed = [sum(1 << j for j in range(count) if ranks[j] < ranks[i]) for i in range(count)]
    best: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {
        (1 << i, i): (start[i], (i,)) for i in range(count) if not needed[i]
    }
    for _ in range(count - 1):
        following: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
        for (visited, last), (walked, way) in best.items():
            for i in range(count):
                if visited >> i & 1 or needed[i] & ~visited:
                    continue
                state, option = (visited | 1 << i, i), (walked + between[last][i], (*way, i))
                if state not in following or option < following[state]:
                    following[state] = option
        best = following
    _, way = min((walked + end[last], way) for (_, last), (walked, way) in best.items())
    return list(way)


def _improved(between: list[list[int]], start: list[int], end: list[int], ranks: Sequence[int]) -> list[int]:
    way = _nearest_neighbour(between, start, ranks)
    # Place -1 is where the walk begins and, as a successor, where it ends.
    costs = [[*row, last] for row, last in zip(between, end, strict=True)] + [[*start, 0]]
    for _ in range(MAX_ROUNDS * len(way)):
        better = _turned(way, costs, ranks) or _moved(way, costs, ranks)
        if better is None:
            break
        way = better
    return way


def _turned(way: list[int], costs: list[list[int]], ranks: Sequence[int]) -> list[int] | None:
    """The way with the run turned round that saves most; places of one rank stand together, so a run is of one."""
    tour = [-1, *way, -1]
    there = [0, *accumulate(costs[a][b] for a, b in pairwise(tour))]
    back = [0, *accumulate(costs[b][a] for a, b in pairwise(tour))]
    best, where = 0, None
    for first in range(1, len(way) + 1):
        before, head = tour[first - 1], tour[first]
        for last in range(first + 1, len(way) + 1):
            tail, after = tour[last], tour[last + 1]
            if ranks[tail] != ranks[head]:
                break
            change = costs[before][tail] + back[last] - back[first] + costs[head][after]
            change -= there[last + 1] - there[first - 1]
            if change < best:
                best, where = change, (first - 1, last)
    if where is None:
        return None
    first, last = where
    return [*way[:first], *way[first:last][::-1], *way[last:]]


def _moved(way: list[int], costs: list[list[int]], ranks: Sequence[int]) -> list[int] | None:
    """The way with the run of up to three places moved that saves most."""
    best, option = 0, None
    for size in (1, 2, 3):
        for begin in range(len(way) - size + 1):
            run = way[begin : begin + size]
            head, tail = run[0], run[-1]
            if ranks[head] != ranks[tail]:
                continue
            tour = [-1, *way[:begin], *way[begin + size :], -1]
            before, after = tour[begin], tour[begin + 1]
            saved = costs[before][head] + costs[tail][after] - costs[before][after]
            for to, (left, right) in enumerate(pairwise(tour)):
                change = costs[left][head] + costs[tail][right] - costs[left][right] - saved
                fits = (left < 0 or ranks[left] <= ranks[head]) and (right < 0 or ranks[head] <= ranks[right])
                if change < best and fits:
                    best, option = change, [*tour[1 : to + 1], *run, *tour[to + 1 : -1]]
    return option


def _nearest_neighbour(between: list[list[int]], start: list[int], ranks: Sequence[int]) -> list[int]:
    left = set(range(len(ranks)))
    way: list[int] = []
    while left:
        rank = min(ranks[i] for i in left)
        costs = between[way[-1]] if way else start
        chosen = min((i for i in left if ranks[i] == rank), key=lambda i: (costs[i], i))
        way.append(chosen)
        left.remove(chosen)
    return way
