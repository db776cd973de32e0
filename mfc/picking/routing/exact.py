"""The shortest walk through given cells of a grid, proven: dynamic programming over the aisles. Pure.

Ratliff and Rosenthal (1983) for one block, Roodbergen and de Koster (2001) for two, the same by generated
tables for more. The time is linear in the aisles and exponential only in the number of cross aisles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mfc.picking.routing.grid import NO_WAY, Cell, Corner, Grid, Terminal
from mfc.picking.routing.oneblock import shortest_tour
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, SKIP, TWICE, Tables, tables
from mfc.picking.routing.trails import Edges, Point, trail


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk from start to end: every crossing and cell it visits, in order, and its length."""

    length: int
    points: tuple[Point, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The served cells in walking order."""
        return tuple(point for point in self.points if isinstance(point, Cell))


# Served cells of every used (aisle, block), as growing indexes.
Served = dict[tuple[int, int], list[int]]
# What was chosen: how each block of a used aisle is served, and the edges on to the next used aisle.
Choice = tuple[tuple[int, ...], tuple[int, ...]]


def route(grid: Grid, places: Iterable[Cell], start: Terminal, end: Terminal | None = None) -> Walk:
    """Return a shortest walk from `start` through all `places` to `end` (to `start` when not given).

    ValueError for a cell that the grid does not have, and when some cell cannot be reached.
    """
    last = start if end is None else end
    served, asked = serve(grid, places)
    approach = start.approach + last.approach
    if not served and start == last:
        # Whoever has nothing to fetch stays where he is.
        return Walk(0, (Corner(start.aisle, start.row),))
    columns = used_columns(grid, served, start, last)
    if grid.block_count == 1 and start == last and grid.may_skip_idle:
        length, choices = shortest_tour(grid, columns, served, start)
    else:
        length, choices = _shortest(grid, columns, served, start, last)
    edges = Edges()
    rows = grid.row_count
    corners = [[Corner(aisle, row) for row in range(rows)] for aisle in columns]
    for position, (options, across) in enumerate(choices):
        aisle, here = columns[position], corners[position]
        for block, option in enumerate(options):
            if option != SKIP:
                indexes = served.get((aisle, block), [])
                gap = widest_gap(grid.cells[aisle][block], indexes)[1] if option == GAP else 0
                edges.serve(here[block], here[block + 1], option, tuple(asked.get((aisle, block), ())), gap)
        for row, count in enumerate(across):
            for _ in range(count):
                edges.across.append((here[row], corners[position + 1][row], ()))
    return Walk(length + approach, trail(edges, start, last))


def serve(grid: Grid, places: Iterable[Cell]) -> tuple[Served, dict[tuple[int, int], list[Cell]]]:
    """Group cells by aisle and block, each once, from the front: their indexes, and themselves.

    ValueError for an unknown cell.
    """
    served: Served = {}
    asked: dict[tuple[int, int], list[Cell]] = {}
    cells, aisles, blocks = grid.cells, grid.aisle_count, grid.block_count
    for place in sorted(set(places)):
        aisle, block, index = place
        if not (0 <= aisle < aisles and 0 <= block < blocks and 0 <= index < len(cells[aisle][block])):
            raise ValueError(f"the grid has no cell {index} in block {block} of aisle {aisle}")
        key = (aisle, block)
        if key in served:
            served[key].append(index)
            asked[key].append(place)
        else:
            served[key], asked[key] = [index], [place]
    return served, asked


def used_columns(grid: Grid, served: Served, start: Terminal, end: Terminal) -> list[int]:
    """Return the aisles that matter, from left to right."""
    if grid.may_skip_idle:
        return sorted({aisle for aisle, _ in served} | {start.aisle, end.aisle})
    return list(range(grid.aisle_count))


def widest_gap(offsets: Sequence[int], indexes: Sequence[int]) -> tuple[int, int]:
    """Return the widest stretch between two served cells, and how many cells lie before it."""
    best, where = 0, 1
    for position, (a, b) in enumerate(pairwise(indexes)):
        if (stretch := offsets[b] - offsets[a]) > best:
            best, where = stretch, position + 1
    return best, where


def block_costs(grid: Grid, aisle: int, block: int, indexes: Sequence[int]) -> list[tuple[int, int]]:
    """List (option, length) of every sensible way to serve these cells of a block."""
    length = grid.lengths[aisle][block]
    if length == NO_WAY:
        return [(SKIP, 0)]
    through = [(CROSS, length), (TWICE, 2 * length)]
    if not indexes:
        return [(SKIP, 0), *through]
    offsets = grid.cells[aisle][block]
    first, final = offsets[indexes[0]], offsets[indexes[-1]]
    ways = [*through, (FRONT, 2 * final), (BACK, 2 * (length - first))]
    if len(indexes) > 1:
        ways.append((GAP, 2 * (length - widest_gap(offsets, indexes)[0])))
    return ways


@dataclass(slots=True)
class _Stage:
    """How every state of one stage was reached: state -> (state before, what was chosen)."""

    cost: dict[int, int]
    back: dict[int, tuple[int, int]]


def _shortest(
    grid: Grid, columns: list[int], served: Served, start: Terminal, end: Terminal
) -> tuple[int, list[Choice]]:
    table = tables(grid.row_count, open_ends=start != end)
    needed = max({aisle for aisle, _ in served} | {start.aisle, end.aisle})
    stages = [_Stage({0: 0}, {})]
    best: tuple[int, int, int] | None = None
    for position, aisle in enumerate(columns):
        stages.append(_meet(table, aisle, stages[-1].cost, start, end))
        for block in range(grid.block_count):
            ways = block_costs(grid, aisle, block, served.get((aisle, block), []))
            stages.append(_serve_block(table.vertical[block], ways, stages[-1].cost))
        if aisle >= needed:
            ends = [
                (cost, len(stages), state) for state, cost in stages[-1].cost.items() if table.done[state]
            ]
            best = min([*ends, best] if best else ends, default=None)
        if position + 1 < len(columns):
            between = range(aisle, columns[position + 1])
            steps = [sum(grid.steps[each][row] for each in between) for row in range(grid.row_count)]
            stages.append(_go_on(table, steps, stages[-1].cost))
    if best is None:
        raise ValueError("some cell cannot be reached")
    cost, count, state = best
    return cost, _retrace(table, grid.block_count, stages[:count], state)


def _keep(stage: _Stage, state: int, cost: int, before: int, choice: int) -> None:
    if state >= 0 and (state not in stage.cost or cost < stage.cost[state]):
        stage.cost[state] = cost
        stage.back[state] = (before, choice)


def _meet(table: Tables, aisle: int, costs: dict[int, int], start: Terminal, end: Terminal) -> _Stage:
    """Start and end of the walk lie in this aisle, or not."""
    stage = _Stage({}, {})
    for before, cost in costs.items():
        state = before
        if start == end:
            if start.aisle == aisle:
                state = table.touch[start.row][state]
        else:
            for terminal in (start, end):
                if terminal.aisle == aisle:
                    state = table.flip[terminal.row][state]
        _keep(stage, state, cost, before, 0)
    return stage


def _serve_block(
    vertical: tuple[tuple[int, ...], ...], ways: list[tuple[int, int]], costs: dict[int, int]
) -> _Stage:
    stage = _Stage({}, {})
    for before, cost in costs.items():
        for option, length in ways:
            _keep(stage, vertical[option][before], cost + length, before, option)
    return stage


def _go_on(table: Tables, steps: list[int], costs: dict[int, int]) -> _Stage:
    """Walk to the next aisle. As long as nothing has been visited, the empty walk goes on for free."""
    stage = _Stage({}, {})
    for before, cost in costs.items():
        if before == 0:
            _keep(stage, 0, cost, 0, -1)
        for number, (edges, after) in enumerate(table.across[before]):
            length = sum(count * step for count, step in zip(edges, steps, strict=True))
            _keep(stage, after, cost + length, before, number)
    return stage


def _retrace(table: Tables, blocks: int, stages: list[_Stage], state: int) -> list[Choice]:
    """Read the choices backwards; a column has one stage for the ends, one for each block, one to go on."""
    stages_per_column = blocks + 2
    chosen: list[tuple[int, int]] = []
    for stage in reversed(stages[1:]):
        before, choice = stage.back[state]
        chosen.append((before, choice))
        state = before
    chosen.reverse()
    choices: list[Choice] = []
    for at in range(0, len(chosen), stages_per_column):
        options = tuple(choice for _, choice in chosen[at + 1 : at + 1 + blocks])
        across: tuple[int, ...] = ()
        if at + blocks + 1 < len(chosen):
            before, choice = chosen[at + blocks + 1]
            across = table.across[before][choice][0] if choice >= 0 else ()
        choices.append((options, across))
    return choices
