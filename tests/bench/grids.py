"""From published files to the grids of the product, and from its walks back to the files' own places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from mfc.picking.routing import Cell, Grid, Terminal
from mfc.picking.routing.grid import NO_WAY
from mfc.picking.routing.trails import Point
from tests.bench.instances.graphs import Graph
from tests.bench.instances.sections import Sections

DEPOT = "depot"


@dataclass(frozen=True, slots=True)
class Site:
    """A grid in whole units, `scale` of them for one unit of the file, and the file's places in it."""

    grid: Grid
    depot: Terminal
    scale: int
    # The file's place of a cell; several places at one spot share it.
    place_at: dict[Cell, tuple[Any, ...]]
    cell_of: dict[Any, Cell]
    # How the file calls the depot.
    depot_name: Any = DEPOT

    def value(self, length: int) -> float:
        """Return a length in the file's unit."""
        return float(Fraction(length, self.scale))

    def walk(self, points: Iterable[Point]) -> list[Any]:
        """Return the visited places from depot to depot, as the file names them."""
        places = [place for point in points if isinstance(point, Cell) for place in self.place_at[point]]
        return [self.depot_name, *(list(p) if isinstance(p, tuple) else p for p in places), self.depot_name]


def site_of_sections(task: Sections) -> Site:
    """Build the grid of a keyword file. Its cell 0 is at the top, the grid's at the front (bottom)."""
    half = Fraction(1)
    if task.blocks == 1:
        shapes = [(task.cells, task.bottom_to_cell, task.top_to_cell)]
    else:
        upper = task.cells // 2
        shapes = [(task.cells - upper, task.bottom_to_cell, half), (upper, half, task.top_to_cell)]
    figures = [task.aisle_step, task.cell_step, task.top_to_cell, task.bottom_to_cell, task.to_depot]
    scale = lcm(*(figure.denominator for figure in figures))
    blocks, lengths = [], []
    for count, front, back in shapes:
        blocks.append([int(scale * (front + index * task.cell_step)) for index in range(count)])
        lengths.append(int(scale * (front + (count - 1) * task.cell_step + back)))
    grid = Grid.even(aisles=task.aisles, step=int(scale * task.aisle_step), blocks=blocks, lengths=lengths)
    row = grid.row_count - 1 if task.depot_at_top else 0
    cell_of: dict[Any, Cell] = {}
    for aisle in range(task.aisles):
        from_front = [Cell(aisle, b, i) for b, block in enumerate(blocks) for i in range(len(block))]
        cell_of |= {(aisle, task.cells - 1 - number): cell for number, cell in enumerate(from_front)}
    return Site(
        grid=grid,
        depot=Terminal(task.depot_aisle, row, int(scale * task.to_depot)),
        scale=scale,
        place_at={cell: (place,) for place, cell in cell_of.items()},
        cell_of=cell_of,
    )


def site_of_graph(task: Graph) -> Site:
    """Build the grid of a graph file: chains of vertices between two crossings of one aisle are its cells.

    A depot that joins several crossings becomes a cross aisle of its own in front, whose crossings are one
    place: moving along it is free, and the depot's edges are the blocks behind it.
    """
    near = task.neighbours()
    depots = {task.depot, task.arrival}
    doors = {v: length for v, length in near[task.depot].items() if v in task.crossings}
    own_row = len(doors) > 1
    rows = 1 + max(row for _, row in task.crossings.values()) + own_row
    aisles = 1 + max(aisle for aisle, _ in task.crossings.values())
    scale = lcm(*(length.denominator for length in task.arcs.values()))
    at = {(aisle, row + own_row): vertex for vertex, (aisle, row) in task.crossings.items()}
    steps = tuple(
        tuple(
            0 if own_row and not row else int(scale * near[at[a, row]][at[a + 1, row]]) for row in range(rows)
        )
        for a in range(aisles - 1)
    )
    lengths, cells = [], []
    cell_of: dict[Any, Cell] = {}
    place_at: dict[Cell, tuple[Any, ...]] = {}
    for aisle in range(aisles):
        lengths.append(
            [int(scale * doors[at[aisle, 1]]) if at[aisle, 1] in doors else NO_WAY] if own_row else []
        )
        cells.append([()] if own_row else [])
        for block in range(int(own_row), rows - 1):
            chain, total = _chain(near, task.crossings, depots, at[aisle, block], at[aisle, block + 1])
            spots = sorted({offset for _, offset in chain})
            lengths[-1].append(int(scale * total))
            cells[-1].append(tuple(int(scale * offset) for offset in spots))
            for vertex, offset in chain:
                cell = cell_of[vertex] = Cell(aisle, block, spots.index(offset))
                place_at[cell] = (*place_at.get(cell, ()), vertex)
    grid = Grid(
        steps=steps,
        lengths=tuple(map(tuple, lengths)),
        cells=tuple(map(tuple, cells)),
        # The blocks are even and the depot's edges are straight lines, so a detour by an idle aisle is longer.
        skips_idle=True,
    )
    if own_row:
        depot = Terminal(0, 0)
    else:
        ((vertex, length),) = doors.items()
        aisle, row = task.crossings[vertex]
        depot = Terminal(aisle, row, int(scale * length))
    return Site(grid, depot, scale, place_at, cell_of, depot_name=task.depot)


def _chain(
    near: dict[int, dict[int, Fraction]],
    crossings: dict[int, tuple[int, int]],
    depots: set[int],
    front: int,
    back: int,
) -> tuple[list[tuple[int, Fraction]], Fraction]:
    """Return the vertices between two crossings with their distance from the front one, and the whole length."""
    for first in near[front]:
        if first in crossings or first in depots:
            continue
        chain = [(first, near[front][first])]
        before, here = front, first
        while here not in crossings:
            ((after, length),) = [(v, d) for v, d in near[here].items() if v != before]
            chain.append((after, chain[-1][1] + length))
            before, here = here, after
        if here == back:
            return chain[:-1], chain[-1][1]
    return [], near[front][back]
