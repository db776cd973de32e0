"""Set partitioning: the best choice among collected batches, every order once. Pure.

The linear programme is solved over few columns at first; collected batches with negative reduced cost join until
none is left. Its value bounds what the collected batches can give, so only those whose reduced cost is below the
distance to the best known answer can be part of a better one, and the mixed-integer programme is small.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from mfc.picking.routing.kernels import Ints

Floats = npt.NDArray[np.float64]
# Columns that join the linear programme in one round, and that the integer programme takes at most.
JOIN = 400
INTEGER_COLUMNS = 6000


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen columns (None when nothing better was found), the bound of the pool and its prices of orders."""

    chosen: tuple[int, ...] | None
    bound: float
    prices: Floats


class Partition:
    """Columns as a padded matrix of orders (-1 behind the last) and their costs."""

    def __init__(self, orders: int, columns: Ints, costs: Ints) -> None:
        self.orders = orders
        self.columns = columns
        self.costs = costs.astype(np.float64)
        self._padded = np.where(columns < 0, orders, columns)

    def reduced(self, prices: Floats) -> Floats:
        """Return the reduced cost of every column."""
        with_pad = np.append(prices, 0.0)
        return np.asarray(self.costs - with_pad[self._padded].sum(axis=1))

    def relax(
        self, start: npt.NDArray[np.int64], *, seconds: float, clock: object = None
    ) -> tuple[float, Floats]:
        """Solve the linear programme over all columns; `start` must cover every order."""
        del clock
        solver = _solver(seconds)
        for _ in range(self.orders):
            solver.addRow(1.0, 1.0, 0, [], [])
        inside = np.zeros(len(self.costs), np.bool_)
        self._add(solver, start)
        inside[start] = True
        while True:
            solver.run()
            prices = np.array(solver.getSolution().row_dual)
            value = float(solver.getInfo().objective_function_value)
            reduced = self.reduced(prices)
            reduced[inside] = 0.0
            joining = np.argsort(reduced, kind="stable")[:JOIN]
            joining = joining[reduced[joining] < -1e-6]
            if not len(joining):
                return value, prices
            self._add(solver, joining)
            inside[joining] = True

    def choose(
        self, candidates: npt.NDArray[np.int64], incumbent: float, *, seconds: float
    ) -> tuple[int, ...] | None:
        """Return the best partition among the candidates that is cheaper than the incumbent, or None."""
        solver = _solver(seconds)
        solver.setOptionValue("objective_bound", incumbent - 0.5)
        solver.setOptionValue("mip_rel_gap", 0.0)
        for _ in range(self.orders):
            solver.addRow(1.0, 1.0, 0, [], [])
        self._add(solver, candidates)
        integer = np.full(len(candidates), highspy.HighsVarType.kInteger)
        solver.changeColsIntegrality(len(candidates), np.arange(len(candidates), dtype=np.int32), integer)
        solver.run()
        values = np.array(solver.getSolution().col_value)
        if len(values) != len(candidates) or not solver.getSolution().value_valid:
            return None
        chosen = candidates[values > 0.5]
        covered = np.bincount(self._padded[chosen].ravel(), minlength=self.orders + 1)[: self.orders]
        if (covered != 1).any() or self.costs[chosen].sum() >= incumbent:
            return None
        return tuple(int(column) for column in chosen)

    def _add(self, solver: highspy.Highs, columns: npt.NDArray[np.int64]) -> None:
        rows = self.columns[columns]
        sizes = (rows >= 0).sum(axis=1)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)
        index = rows[rows >= 0].astype(np.int32)
        count = len(columns)
        solver.addCols(
            count,
            self.costs[columns],
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            len(index),
            starts,
            index,
            np.ones(len(index)),
        )


def _solver(seconds: float) -> highspy.Highs:
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", max(seconds, 0.01))
    return solver
