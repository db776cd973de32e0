"""Batches for several pickers when every order has a due time: exact for as many orders as a shelf of totes. Pure.

All batches that a cart can carry and that end in time are listed with their exact walks; the choice among them is
a set partitioning programme in which, for each picker and each due time, the batches due by then must be done by
then. Working off batches by due time is optimal for one picker (Jackson 1955), so these rows are exact. Batches
whose reduced cost exceeds the distance to the bound cannot be part of an optimum and are left out, so an answer
within that distance is proven. Problem of Briant and others (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from mfc.picking.batching.problem import Task
from mfc.picking.batching.rules import scratch_of
from mfc.picking.routing.compiled import compiled
from mfc.picking.routing.kernels import Ints, tour

# Batches that are listed at most: the walks of so many take about two seconds.
MOST_BATCHES = 400_000
# A batch is a bit mask of orders.
MOST_ORDERS = 60
# How far from the bound batches are looked at, round after round, as a share of the bound.
WIDTHS = (0.001, 0.01, 0.04, 0.15, 1.0)
JOIN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Who works, and how long things take, in whole units of time; all start at 0."""

    pickers: int
    per_length: int
    per_batch: int
    handling: tuple[int, ...]  # of every order
    due: tuple[int, ...]  # of every order


@dataclass(frozen=True, slots=True)
class Roster:
    """Batches with their pickers in the order of work, the working time, and whether it is proven least."""

    batches: tuple[tuple[int, ...], ...]
    pickers: tuple[int, ...]
    working_time: int
    proven: bool


@compiled
def list_batches(
    job: Task, per_length: int, per_batch: int, handling: Ints, due: Ints, most: int
) -> tuple[int, Ints, Ints, Ints]:
    """List (number, members as bits, working time, due time) of all batches that fit and end in time.

    The number is -1 when there are more than `most`.
    """
    orders = job.masks.shape[0]
    words = job.masks.shape[1]
    members = np.zeros(most, np.int64)
    work = np.zeros(most, np.int64)
    ends = np.zeros(most, np.int64)
    scratch = scratch_of(job)
    # One level for each order on the way down; `chosen` is the last order of each level.
    unions = np.zeros((orders + 1, words), np.int64)
    loads = np.zeros((orders + 1, job.limits.shape[0]), np.int64)
    chosen = np.full(orders + 1, -1)
    bits = np.zeros(orders + 1, np.int64)
    times = np.zeros(orders + 1, np.int64)
    dues = np.full(orders + 1, np.int64(1) << 60)
    kinds = np.zeros(orders + 1, np.int64)
    found, level, order = 0, 0, 0
    while True:
        if order == orders:
            if level == 0:
                return found, members[:found], work[:found], ends[:found]
            order = chosen[level] + 1
            level -= 1
            continue
        fits = bool(job.allowed[kinds[level] | job.kinds[order]])
        for column in range(job.limits.shape[0]):
            if loads[level, column] + job.loads[order, column] > job.limits[column]:
                fits = False
        if fits:
            below = level + 1
            for word in range(words):
                unions[below, word] = unions[level, word] | job.masks[order, word]
            times[below] = times[level] + handling[order]
            dues[below] = min(dues[level], due[order])
            total = tour(job.place, unions[below], scratch) * per_length + per_batch + times[below]
            # A larger batch takes longer and is due no later: it cannot end in time either.
            if total <= dues[below]:
                if found == most:
                    return -1, members, work, ends
                bits[below] = bits[level] | (1 << order)
                members[found] = bits[below]
                work[found] = total
                ends[found] = dues[below]
                found += 1
                loads[below] = loads[level] + job.loads[order]
                kinds[below] = kinds[level] | job.kinds[order]
                chosen[below] = order
                level = below
        order += 1


def plan_shift(job: Task, shift: Shift, *, clock: Callable[[], float], seconds: float) -> Roster | None:
    """Return the roster with the least working time in which nobody is late; None when none was found.

    ValueError when there are too many orders to list their batches.
    """
    begin = clock()
    orders = len(job.masks)
    if orders > MOST_ORDERS:
        raise ValueError(f"at most {MOST_ORDERS} orders, not {orders}")
    handling, due = np.array(shift.handling, np.int64), np.array(shift.due, np.int64)
    found, members, work, ends = list_batches(
        job, shift.per_length, shift.per_batch, handling, due, MOST_BATCHES
    )
    if found < 0:
        raise ValueError("the orders make too many batches")
    choice = _Choice(orders, shift, members, work, ends)
    return choice.best(lambda: seconds - (clock() - begin))


class _Choice:
    """The programme over listed batches."""

    def __init__(self, orders: int, shift: Shift, members: Ints, work: Ints, ends: Ints) -> None:
        self.orders, self.shift = orders, shift
        self.members, self.work, self.ends = members, work, ends
        self.inside = (members[:, None] >> np.arange(orders)) & 1
        self.times = np.array(sorted(set(shift.due)), np.int64)
        # [batch, due time]: the working time that must be done by then.
        self.by = np.where(ends[:, None] <= self.times, work[:, None], 0)

    def best(self, left: Callable[[], float]) -> Roster | None:
        bounded = self._relax(left)
        if bounded is None:
            return None
        bound, reduced = bounded
        for width in WIDTHS:
            columns = np.flatnonzero(reduced <= width * bound + 1e-6)
            chosen, exhausted = self._choose(columns, left())
            if chosen is not None:
                total = int(self.work[[column for column, _ in chosen]].sum())
                proven = exhausted and total <= bound * (1 + width) + 1e-6
                if proven or width == WIDTHS[-1] or left() <= 0.05:
                    return self._roster(chosen, total, proven=proven)
            if left() <= 0.02:
                return None
        return None

    def _relax(self, left: Callable[[], float]) -> tuple[float, npt.NDArray[np.float64]] | None:
        """Solve the linear programme with all pickers as one; return its value and all reduced costs."""
        solver = _solver(left())
        rows = [(1.0, 1.0)] * self.orders
        rows += [(-highspy.kHighsInf, float(self.shift.pickers * time)) for time in self.times]
        for low, high in rows:
            solver.addRow(low, high, 0, [], [])
        # An expensive way out for every order keeps the first programmes feasible.
        way_out = float(self.work.sum() if len(self.work) else 1)
        for order in range(self.orders):
            solver.addCol(way_out, 0.0, highspy.kHighsInf, 1, [order], [1.0])
        full = np.hstack([self.inside, self.by]).astype(np.float64)
        taken = np.zeros(len(self.work), np.bool_)
        while True:
            solver.run()
            prices = np.array(solver.getSolution().row_dual)
            reduced = self.work - full @ prices
            open_ = np.where(taken, 0.0, reduced)
            joining = np.argsort(open_, kind="stable")[:JOIN]
            joining = joining[open_[joining] < -1e-6]
            if not len(joining):
                break
            if left() <= 0:
                return None
            _add(solver, self.work[joining].astype(np.float64), full[joining])
            taken[joining] = True
        value = float(solver.getInfo().objective_function_value)
        return value, reduced

    def _choose(self, columns: Ints, seconds: float) -> tuple[list[tuple[int, int]] | None, bool]:
        """Solve the programme over these batches: ([(batch, picker)] or None, solved to the end)."""
        pickers, times = self.shift.pickers, len(self.times)
        solver = _solver(seconds)
        solver.setOptionValue("mip_rel_gap", 0.0)
        for _ in range(self.orders):
            solver.addRow(1.0, 1.0, 0, [], [])
        for _ in range(pickers):
            for time in self.times:
                solver.addRow(-highspy.kHighsInf, float(time), 0, [], [])
        count = len(columns)
        for picker in range(pickers):
            rows = np.zeros((count, self.orders + pickers * times))
            rows[:, : self.orders] = self.inside[columns]
            first = self.orders + picker * times
            rows[:, first : first + times] = self.by[columns]
            _add(solver, self.work[columns].astype(np.float64), rows)
        total = count * pickers
        whole = np.full(total, highspy.HighsVarType.kInteger)
        solver.changeColsIntegrality(total, np.arange(total, dtype=np.int32), whole)
        solver.changeColsBounds(total, np.arange(total, dtype=np.int32), np.zeros(total), np.ones(total))
        solver.run()
        exhausted = solver.getModelStatus() in (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kInfeasible,
        )
        solution = solver.getSolution()
        if not solution.value_valid:
            return None, exhausted
        picked = np.flatnonzero(np.array(solution.col_value) > 0.5)
        return [(int(columns[each % count]), int(each // count)) for each in picked], exhausted

    def _roster(self, chosen: Sequence[tuple[int, int]], total: int, *, proven: bool) -> Roster:
        ordered = sorted(chosen, key=lambda one: (self.ends[one[0]], one))
        batches = [tuple(np.flatnonzero(self.inside[column]).tolist()) for column, _ in ordered]
        return Roster(tuple(batches), tuple(picker for _, picker in ordered), total, proven)


def _add(solver: highspy.Highs, costs: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]) -> None:
    count = len(costs)
    where = rows != 0
    starts = np.concatenate(([0], np.cumsum(where.sum(axis=1))[:-1])).astype(np.int32)
    index = np.nonzero(where)[1].astype(np.int32)
    solver.addCols(
        count,
        costs,
        np.zeros(count),
        np.full(count, highspy.kHighsInf),
        len(index),
        starts,
        index,
        rows[where],
    )


def _solver(seconds: float) -> highspy.Highs:
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", max(seconds, 0.01))
    return solver
