"""Scattered storage: from which of its places each article is taken, so that the walk is shortest. Pure.

Picker routing with scattered storage as in Heßler and Irnich (2024), solved in three steps that each end in a certificate:

1. For every reach of the walk, from its leftmost to its rightmost aisle, a bound: the walk as a path through the states of
   Ratliff and Rosenthal, what must be fetched priced instead of demanded (Lagrange; subgradient steps of Held, Wolfe and
   Crowder 1974). Fixing the reach closes most of the gap, because a price cannot buy half a walk to either side.
2. The reach with the least bound is enumerated: partial walks with what they cover so far, those that another one beats or
   that cannot come below the best known walk any more left out. First narrowly, for a good walk; then in full.
3. When no reach can be better than the walk in hand, it is the shortest. What is still open after some patience goes to
   HiGHS as an integer programme over the same network (see `coverprogramme`), if the caller has seconds for it.

Lengths are whole; on an even grid every walk is a multiple of twice the common measure, which rounds the bounds up.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfc.picking.routing import coverkernels as kernels
from mfc.picking.routing import coverprogramme
from mfc.picking.routing.cover import SERVE, Network, network
from mfc.picking.routing.coverkernels import FAR
from mfc.picking.routing.exact import Walk, route
from mfc.picking.routing.grid import Cell, Grid, Terminal

# Subgradient steps for each reach; beyond these the bound hardly moves.
ROUNDS = 60
# Partial walks kept for each stage and state: twice few of them, for good walks early, then all.
WIDTHS = (12, 100)
_EVERY = 1 << 40
# Partial walks of one enumeration, and of all together, before the answer is only near: some seconds.
MOST_LABELS = 40_000
PATIENCE = 150_000
_EPS = 1e-6


@dataclass(frozen=True, slots=True)
class Source:
    """Some pieces of an article in one cell."""

    cell: Cell
    article: Hashable
    quantity: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """What is taken from which source (by its index), the walk, and how much shorter no walk can be.

    `lower` is a proven bound; the walk is proven shortest when it is as long as that.
    """

    takes: tuple[tuple[int, int], ...]
    walk: Walk
    lower: int

    @property
    def is_proven(self) -> bool:
        """Whether no shorter walk exists."""
        return self.lower >= self.walk.length


@dataclass(slots=True)
class _Kernels:
    """Which inner loops run: plain Python until `warm` has compiled them, so that nobody waits for a compiler."""

    sweep: Any
    extend: Any


_PLAIN = _Kernels(kernels.sweep, kernels.extend)
_FAST = _Kernels(kernels.fast_sweep, kernels.fast_extend)
_in_use = [_PLAIN]


def warm() -> None:
    """Compile the inner loops (seconds, once for each machine); afterwards this process uses them."""
    grid = Grid.even(aisles=3, step=2, blocks=[[1, 2, 3]], lengths=[4])
    held = {Cell(aisle, 0, index): [(0, 1)] for aisle in (0, 2) for index in (0, 2)}
    search = _Search(network(grid, held, [3], Terminal(1, 0)), PATIENCE, _FAST)
    search.run(10_000)
    _in_use[0] = _FAST


def is_warm() -> bool:
    """Whether this process searches with compiled loops."""
    return _in_use[0] is _FAST


def choose(
    grid: Grid,
    sources: Sequence[Source],
    demand: Mapping[Hashable, int],
    depot: Terminal,
    *,
    patience: int = PATIENCE,
    seconds: float = 0.0,
) -> Fetch:
    """Choose sources for the demand and a shortest walk from the depot through them and back.

    After `patience` partial walks, and then at most `seconds` of integer programming, the best walk so far is returned, with
    the bound. Equal input gives equal output, unless the seconds run out.
    ValueError when the sources hold less than is wanted.
    """
    wanted = {article: quantity for article, quantity in demand.items() if quantity > 0}
    number = {article: index for index, article in enumerate(wanted)}
    useful = [
        index for index, source in enumerate(sources) if source.article in number and source.quantity > 0
    ]
    for article, quantity in wanted.items():
        there = sum(sources[index].quantity for index in useful if sources[index].article == article)
        if there < quantity:
            raise ValueError(f"{quantity} of {article} are wanted and {there} are there")
    if not wanted:
        return Fetch((), route(grid, [], depot), 0)
    at_cell: dict[Cell, list[int]] = {}
    for index in useful:
        at_cell.setdefault(sources[index].cell, []).append(index)
    held = {
        cell: [(number[sources[index].article], sources[index].quantity) for index in indexes]
        for cell, indexes in at_cell.items()
    }
    search = _Search(network(grid, held, list(wanted.values()), depot), patience, _in_use[0])
    first = _nearest(grid, sources, useful, wanted, depot)
    takes, walk = first, route(grid, [sources[index].cell for index, _ in first], depot)
    lower = search.run(walk.length - 2 * depot.approach)
    if lower < search.best and seconds > 0:
        lower = max(lower, search.programme(seconds))
    lower += 2 * depot.approach
    if search.options is not None:
        passed = [index for cell in search.passed() for index in at_cell.get(cell, ())]
        found = _fewest(sources, passed, wanted)
        better = route(grid, [sources[index].cell for index, _ in found], depot)
        if better.length <= walk.length:
            takes, walk = found, better
    return Fetch(tuple(sorted(takes)), walk, min(lower, walk.length))


def _nearest(
    grid: Grid, sources: Sequence[Source], useful: list[int], wanted: Mapping[Hashable, int], depot: Terminal
) -> list[tuple[int, int]]:
    """Each article from the places nearest to the depot: what a picker would do without a plan."""

    def away(index: int) -> tuple[int, int]:
        aisle, block, cell = sources[index].cell
        low, high = sorted((aisle, depot.aisle))
        across = sum(grid.steps[each][depot.row] for each in range(low, high))
        lengths = grid.lengths[aisle]
        from_front = sum(max(0, length) for length in lengths[:block]) + grid.cells[aisle][block][cell]
        to_row = sum(max(0, length) for length in lengths[: depot.row])
        return across + abs(from_front - to_row), index

    return _fewest(sources, sorted(useful, key=away), wanted, by_quantity=False)


def _fewest(
    sources: Sequence[Source], indexes: list[int], wanted: Mapping[Hashable, int], *, by_quantity: bool = True
) -> list[tuple[int, int]]:
    """Take from these sources what is wanted; large quantities first, so that few stops are made."""
    missing = dict(wanted)
    takes = []
    for index in sorted(indexes, key=lambda one: -sources[one].quantity) if by_quantity else indexes:
        taken = min(missing[sources[index].article], sources[index].quantity)
        if taken:
            takes.append((index, taken))
            missing[sources[index].article] -= taken
    return takes


class _Search:
    """Best first over the reaches of the walk."""

    def __init__(self, net: Network, patience: int, speed: _Kernels) -> None:
        self.net = net
        self._speed = speed
        self._patience = patience
        self._labels = 0
        self._open: list[tuple[int, int]] = []
        states = net.trans.shape[1]
        stages = len(net.stage_start)
        self._prices = net.cover.astype(np.float64)
        self._costs = net.opt_cost.astype(np.float64)
        self._value = np.full((stages, states), FAR)
        self._choice = np.full((stages, states), -1, dtype=np.int64)
        self.best = 0
        self.options: NDArray[np.int64] | None = None

    def run(self, upper: int) -> int:
        """Look for walks of at most `upper`; keep the best one in `options`. Returns a proven lower bound."""
        unit = self.net.unit
        self.best = upper + unit
        heap = self._reaches(upper)
        given_up: list[tuple[int, int, int, int, Any]] = []
        while heap and heap[0][0] < self.best and self._labels < self._patience:
            lower, looks, left, right, weights = heapq.heappop(heap)
            if looks == 0:
                lower_now, weights = self._ascend(left, right, weights, ROUNDS)
                lower = max(lower, self._up(lower_now))
            elif looks <= len(WIDTHS):
                if self._enumerate(left, right, weights, self.best - unit, WIDTHS[looks - 1]):
                    continue  # nothing was left out, so this reach is done
            else:
                slack = (looks - len(WIDTHS) - 1) * max(1, lower // unit // 200)
                limit = min(self.best - unit, lower + unit * slack)
                if not self._enumerate(left, right, weights, limit, _EVERY):
                    given_up.append((lower, looks, left, right, weights))
                    continue
                lower = limit + unit
            heapq.heappush(heap, (lower, looks + 1, left, right, weights))
        open_still = [entry for entry in [*heap, *given_up] if entry[0] < self.best]
        self._open = [(left, right) for _, _, left, right, _ in open_still]
        return min([self.best, *(entry[0] for entry in open_still)])

    def programme(self, seconds: float) -> int:
        """Ask HiGHS for a better walk with one of the reaches that are open still; returns a lower bound."""
        found = coverprogramme.solve(self.net, self._open, seconds)
        if found.cost is not None and found.cost < self.best:
            self.best, self.options = found.cost, found.options
        return min(self.best, self._up(found.lower))

    def passed(self) -> list[Cell]:
        """The cells that the best walk passes with a hand free, aisle by aisle."""
        assert self.options is not None, "there is a walk to read"
        cells: list[Cell] = []
        stage = int(np.searchsorted(self.net.stage_start, self.options[0], side="right")) - 1
        for at, option in enumerate(self.options, start=stage):
            kind, column, block = self.net.stages[at]
            if kind == SERVE:
                aisle = self.net.columns[column]
                indexes = self.net.cells.get((aisle, block), [])
                front, back = int(self.net.front[option]), int(self.net.back[option])
                kept = indexes[:front] + (indexes[len(indexes) - back :] if back else [])
                cells += [Cell(aisle, block, index) for index in kept]
        return cells

    def _up(self, bound: float) -> int:
        return int(-(-(bound - _EPS) // self.net.unit)) * self.net.unit if bound < FAR / 2 else int(FAR)

    def _reaches(self, upper: int) -> list[tuple[int, int, int, int, Any]]:
        """Every (leftmost, rightmost) column around the depot that holds enough, with a first bound."""
        net = self.net
        last = len(net.columns) - 1
        self.best = upper + net.unit
        _, weights = self._ascend(0, last, np.zeros(len(net.demand)), ROUNDS)
        owed = float(weights @ net.demand)
        heap: list[tuple[int, int, int, int, Any]] = []
        for right in range(net.home, last + 1):
            self._sweep(0, right, weights)
            for left in range(net.home + 1):
                there = net.rest[net.begins[left]] - net.rest[net.ends[right]]
                if (there >= net.demand).all():
                    lower = self._up(float(self._value[net.begins[left], 0]) + owed)
                    if lower <= upper:
                        heap.append((max(0, lower), 0, left, right, weights))
        heapq.heapify(heap)
        return heap

    def _sweep(self, left: int, right: int, weights: NDArray[np.float64]) -> tuple[float, Any, Any]:
        """(reduced cost of the best path, the reduced costs, what the path leaves uncovered)."""
        net = self.net
        reduced = self._costs - self._prices @ weights
        missing = net.demand.copy()
        cost = self._speed.sweep(
            net.stage_start, net.opt_class, reduced, net.cover, net.trans, net.done,
            net.begins[left], net.ends[right], self._value, self._choice, missing,
        )  # fmt: skip
        return float(cost), reduced, missing

    def _ascend(
        self, left: int, right: int, weights: NDArray[np.float64], rounds: int
    ) -> tuple[float, NDArray[np.float64]]:
        """Raise the bound of one reach; returns it with its prices."""
        best, best_weights = -FAR, weights
        pace, stale = 1.0, 0
        for turn in range(rounds):
            cost, _, missing = self._sweep(left, right, weights)
            if cost >= FAR / 2:
                return FAR, weights
            here = cost + float(weights @ self.net.demand)
            if here > best + 1e-7:
                best, best_weights, stale = here, weights, 0
            else:
                stale += 1
                if stale == 6:
                    pace, stale = 0.6 * pace, 0
            step = np.where((missing < 0) & (weights <= 0), 0, missing).astype(np.float64)
            norm = float(step @ step)
            if best >= self.best or norm == 0 or pace < 0.02:
                break
            # The best known walk is too far a goal once the bound has settled: steps would overshoot.
            goal = self.best if turn < 6 else min(self.best, best * 1.06 + 2.0)
            size = pace * (max(goal, here * 1.02 + 1.0) - here) / norm
            weights = np.maximum(0.0, weights + size * step)
        return best, best_weights

    def _enumerate(self, left: int, right: int, weights: Any, limit: int, width: int) -> bool:
        """Look for a walk of at most `limit`; say whether every one was looked at."""
        net = self.net
        _, reduced, _ = self._sweep(left, right, weights)
        cost, was_cut, options, labels = self._speed.extend(
            net.stage_start, net.opt_class, net.opt_cost, reduced, net.cover, net.trans, net.done,
            net.begins[left], net.ends[right], net.demand, net.rest, weights, self._value,
            limit + _EPS, width, MOST_LABELS,
        )  # fmt: skip
        self._labels += labels
        if cost < self.best:
            self.best, self.options = int(cost), options
        return not was_cut
