"""Scattered storage as a path with options: stages over aisles and blocks, what each covers, what it costs. Pure.

The state space of the exact routing (see `tables`) with the choice of places in it: serving a block from the front as far as
one cell covers all sources up to there, and so on. Heßler and Irnich (2024) solve this network with covering constraints as
an integer programme; here the constraints are priced (Lagrange) and the gap is closed by labels (see `scattered`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from mfc.picking.routing.grid import NO_WAY, Cell, Grid, Terminal
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, OPTIONS, SKIP, TWICE, tables

MEET, SERVE, GO = "meet", "serve", "go"


@dataclass(frozen=True, slots=True)
class Network:
    """Arrays for the kernels. `unit` divides the length of every closed walk.

    Option o of a stage passes `front[o]` of the block's cells from its front and `back[o]` from its back; `rest[k]` is what
    the stages from k on can cover. `stages` says what each is: (MEET, column, 0), (SERVE, column, block), (GO, column, 0).
    A walk from column l to column r is a path from stage `begins[l]` to stage `ends[r]`, around column `home` of the depot.
    """

    stage_start: NDArray[np.int64]
    opt_class: NDArray[np.int64]
    opt_cost: NDArray[np.int64]
    cover: NDArray[np.int16]
    front: NDArray[np.int64]
    back: NDArray[np.int64]
    trans: NDArray[np.int64]
    rest: NDArray[np.int64]
    demand: NDArray[np.int64]
    done: NDArray[np.bool_]
    begins: list[int]
    ends: list[int]
    home: int
    unit: int
    columns: list[int]
    stages: list[tuple[str, int, int]]
    edges: dict[int, tuple[int, ...]]
    cells: dict[tuple[int, int], list[int]]


@lru_cache(maxsize=8)
def _transitions(
    rows: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[tuple[int, ...], int], int]:
    """(transitions by class and state, which states may end, class of each edge count, first class of MEET).

    Classes: the options of each block, then the edges of a step, then meeting the depot on each cross aisle.
    """
    table = tables(rows)
    lines = [list(option) for block in table.vertical for option in block]
    edges_class: dict[tuple[int, ...], int] = {}
    for edges in product((0, 1, 2), repeat=rows):
        after = {
            state: to for state, moves in enumerate(table.across) for counts, to in moves if counts == edges
        }
        if after:
            edges_class[edges] = len(lines)
            lines.append([after.get(state, -1) for state in range(len(table.states))])
    meet = len(lines)
    lines += [list(row) for row in table.touch]
    return np.array(lines, dtype=np.int64), np.array(table.done), edges_class, meet


def network(
    grid: Grid, held: Mapping[Cell, Sequence[tuple[int, int]]], demand: Sequence[int], depot: Terminal
) -> Network:
    """Build the stages. `held[cell]` lists (article, quantity); articles are numbers of `demand`."""
    trans, done, edges_class, meet = _transitions(grid.row_count)
    cells: dict[tuple[int, int], list[int]] = {}
    for aisle, block, index in sorted(held):
        cells.setdefault((aisle, block), []).append(index)
    used = sorted({aisle for aisle, _ in cells} | {depot.aisle})
    columns = used if grid.may_skip_idle else list(range(grid.aisle_count))
    wanted = np.array(demand, dtype=np.int64)
    parts: list[_Part] = []
    stages: list[tuple[str, int, int]] = []
    begins: list[int] = []
    ends: list[int] = []
    for position, aisle in enumerate(columns):
        begins.append(len(parts))
        if aisle == depot.aisle:
            parts.append(_plain([meet + depot.row], [0], len(demand)))
            stages.append((MEET, position, 0))
        for block in range(grid.block_count):
            parts.append(_ways(grid, aisle, block, cells.get((aisle, block), []), held, wanted))
            stages.append((SERVE, position, block))
        ends.append(len(parts))
        if position + 1 == len(columns):
            break
        ahead = columns[position + 1]
        steps = [sum(grid.steps[each][row] for each in range(aisle, ahead)) for row in range(grid.row_count)]
        moves = list(edges_class)
        parts.append(
            _plain(
                [edges_class[edges] for edges in moves],
                [sum(count * step for count, step in zip(edges, steps, strict=True)) for edges in moves],
                len(demand),
            )
        )
        stages.append((GO, position, 0))
    most = np.array([part.cover.max(axis=0) for part in parts])
    rest = np.zeros((len(parts) + 1, len(demand)), dtype=np.int64)
    rest[:-1] = most[::-1].cumsum(axis=0)[::-1]
    return Network(
        stage_start=np.cumsum([0, *(len(part.kind) for part in parts)]),
        opt_class=np.concatenate([part.kind for part in parts]),
        opt_cost=np.concatenate([part.cost for part in parts]),
        cover=np.concatenate([part.cover for part in parts]).astype(np.int16),
        front=np.concatenate([part.front for part in parts]),
        back=np.concatenate([part.back for part in parts]),
        trans=trans,
        rest=rest,
        demand=wanted,
        done=done,
        begins=begins,
        ends=ends,
        home=columns.index(depot.aisle),
        unit=_unit(grid),
        columns=columns,
        stages=stages,
        edges={kind: edges for edges, kind in edges_class.items()},
        cells=cells,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """The options of one stage."""

    kind: NDArray[np.int64]
    cost: NDArray[np.int64]
    cover: NDArray[np.int64]
    front: NDArray[np.int64]
    back: NDArray[np.int64]


def _plain(kinds: list[int], costs: list[int], articles: int) -> _Part:
    nothing = np.zeros(len(kinds), dtype=np.int64)
    return _Part(
        np.array(kinds), np.array(costs), np.zeros((len(kinds), articles), dtype=np.int64), nothing, nothing
    )


def _ways(
    grid: Grid,
    aisle: int,
    block: int,
    indexes: list[int],
    held: Mapping[Cell, Sequence[tuple[int, int]]],
    wanted: NDArray[np.int64],
) -> _Part:
    """Every sensible way through a block: not at all, across once or twice, from one end, from both."""
    length, base = grid.lengths[aisle][block], block * OPTIONS
    if length == NO_WAY:
        return _plain([base + SKIP], [0], len(wanted))
    count = len(indexes)
    if not count:
        return _plain([base + SKIP, base + CROSS, base + TWICE], [0, length, 2 * length], len(wanted))
    until = np.zeros((count + 1, len(wanted)), dtype=np.int64)
    for at, index in enumerate(indexes, start=1):
        for article, quantity in held[Cell(aisle, block, index)]:
            until[at, article] += quantity
    until = until.cumsum(axis=0)
    offsets = grid.cells[aisle][block]
    near = np.array([0, *(2 * offsets[index] for index in indexes)])
    far = np.array([0, *(2 * (length - offsets[index]) for index in reversed(indexes))])
    fronts, backs = _reaches(count)
    cost = near[fronts] + far[backs]
    useful = (cost < 2 * length) | (fronts * backs == 0)
    fronts, backs, cost = fronts[useful], backs[useful], cost[useful]
    kind = np.where(fronts > 0, np.where(backs > 0, GAP, FRONT), np.where(backs > 0, BACK, SKIP))
    cover = until[fronts] + until[count] - until[count - backs]
    return _Part(
        kind=np.concatenate((kind, (CROSS, TWICE))) + base,
        cost=np.concatenate((cost, (length, 2 * length))),
        cover=np.minimum(np.concatenate((cover, until[[count, count]])), wanted),
        front=np.concatenate((fronts, (count, count))),
        back=np.concatenate((backs, (0, 0))),
    )


@lru_cache(maxsize=256)
def _reaches(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All (cells from the front, cells from the back) that do not meet."""
    fronts, backs = np.indices((count + 1, count + 1)).reshape(2, -1)
    apart = fronts + backs <= count
    return fronts[apart], backs[apart]


def _unit(grid: Grid) -> int:
    """Closed walks on an even grid pass every cut an even number of times."""
    if (
        any(len(set(step)) > 1 for step in grid.steps)
        or len(set(grid.lengths)) > 1
        or NO_WAY in grid.lengths[0]
    ):
        return 1
    figures = [length for lengths in grid.lengths for length in lengths]
    figures += [step for steps in grid.steps for step in steps]
    figures += [offset for blocks in grid.cells[:1] for block in blocks for offset in block]
    if any(cells != grid.cells[0] for cells in grid.cells):
        figures += [offset for blocks in grid.cells for block in blocks for offset in block]
    return 2 * gcd(*figures) if figures else 1
