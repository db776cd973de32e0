"""Scattered storage as an integer programme over the network of `cover`, solved by HiGHS. Pure.

A unit of flow walks through the states of the stages; every option of a class that it uses is chosen once, and what the
chosen options cover must be the demand (the formulation of Heßler and Irnich 2024). Slow beside the labels of `scattered`,
but it does not mind a wide gap between bound and optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from mfc.picking.routing.cover import Network

_CHOSEN = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """The best walk found (cost and options from its first stage on), and what no walk can be shorter than."""

    cost: int | None
    options: NDArray[np.int64] | None
    lower: float


class _Rows:
    """Rows by name, filled entry by entry."""

    def __init__(self) -> None:
        self.number: dict[tuple[str, int, int], int] = {}
        self.row: list[int] = []
        self.column: list[int] = []
        self.value: list[float] = []

    def add(self, name: tuple[str, int, int], column: int, value: float) -> None:
        self.row.append(self.number.setdefault(name, len(self.number)))
        self.column.append(column)
        self.value.append(value)


def solve(net: Network, reaches: Sequence[tuple[int, int]], seconds: float) -> Answer:
    """Look for some seconds for a shortest walk, from a leftmost to a rightmost column as in one of the reaches."""
    rows, costs = _Rows(), _Columns()
    lefts, rights = sorted({left for left, _ in reaches}), sorted({right for _, right in reaches})
    chosen = _options(net, net.begins[lefts[0]], net.ends[rights[-1]], rows, costs)
    for left in lefts:
        column = costs.new(0.0)
        rows.add(("node", net.begins[left], 0), column, 1)
        rows.add(("ends", 0, 0), column, 1)
    for right in rights:
        for state in np.flatnonzero(net.done).tolist():
            column = costs.new(0.0)
            rows.add(("node", net.ends[right], state), column, -1)
            rows.add(("ends", 1, 0), column, 1)
    return _answer(net, rows, costs, chosen, seconds)


def _options(net: Network, begin: int, end: int, rows: _Rows, costs: _Columns) -> dict[int, int]:
    """The columns of the stages: flows by class and state, and the options by their column."""
    chosen: dict[int, int] = {}
    for stage in range(begin, end):
        by_class: dict[int, list[int]] = {}
        for option in range(int(net.stage_start[stage]), int(net.stage_start[stage + 1])):
            by_class.setdefault(int(net.opt_class[option]), []).append(option)
        for kind, options in by_class.items():
            for state in range(net.trans.shape[1]):
                after = int(net.trans[kind, state])
                if after >= 0:
                    flow = costs.new(0.0)
                    rows.add(("node", stage, state), flow, -1)
                    rows.add(("node", stage + 1, after), flow, 1)
                    rows.add(("class", stage, kind), flow, 1)
            for option in options:
                column = costs.new(float(net.opt_cost[option]))
                chosen[column] = option
                rows.add(("class", stage, kind), column, -1)
                for article in np.flatnonzero(net.cover[option]).tolist():
                    rows.add(("cover", article, 0), column, int(net.cover[option, article]))
    return chosen


class _Columns:
    """Costs of the columns."""

    def __init__(self) -> None:
        self.costs: list[float] = []

    def new(self, cost: float) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1


def _answer(net: Network, rows: _Rows, columns: _Columns, chosen: dict[int, int], seconds: float) -> Answer:
    shape = (len(rows.number), len(columns.costs))
    matrix = csr_array((rows.value, (rows.row, rows.column)), shape=shape)
    least, most = np.zeros(shape[0]), np.zeros(shape[0])
    for (kind, article, _), row in rows.number.items():
        if kind == "cover":
            least[row], most[row] = net.demand[article], np.inf
        elif kind == "ends":
            least[row] = most[row] = 1
    found = milp(
        columns.costs,
        constraints=LinearConstraint(matrix, least, most),
        integrality=np.ones(shape[1]),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds},
    )
    lower = float(found.mip_dual_bound) if found.mip_dual_bound is not None else 0.0
    if found.x is None:
        return Answer(None, None, lower)
    # The walk is one run of stages, and options are numbered stage by stage.
    used = sorted(chosen[column] for column in np.flatnonzero(found.x > _CHOSEN).tolist() if column in chosen)
    options = np.array(used, dtype=np.int64)
    return Answer(int(net.opt_cost[options].sum()), options, lower)
