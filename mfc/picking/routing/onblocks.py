"""The shortest order of spots in plain blocks of aisles, by the exact routing on a grid. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from mfc.layout.travel import Spot, Walkway
from mfc.picking.routing.exact import route
from mfc.picking.routing.grid import MAX_CROSS_AISLES, NO_WAY, Cell, Grid, Terminal

# Where each spot lies in the grid.
Places = dict[tuple[int, int], Cell]


def is_on_blocks(walkway: Walkway, spots: Sequence[Spot], ends: Sequence[Spot]) -> bool:
    """Say whether all spots lie in aisles, the ends on the open floor, and the blocks are few enough for the tables."""
    xs = set(walkway.aisle_xs_mm)
    inside = all(spot.x_mm in xs and walkway.front_y_mm <= spot.y_mm <= walkway.back_y_mm for spot in spots)
    outside = all(end.y_mm <= walkway.front_y_mm and end.floor == 0 for end in ends)
    return inside and outside and len(walkway.cross_ys_mm) <= MAX_CROSS_AISLES


def shortest(walkway: Walkway, spots: Sequence[Spot], start: Spot, end: Spot) -> tuple[list[Spot], int]:
    """The spots in the order of a shortest walk from start to end, and its length. Each spot once."""
    grid, columns, cells = grid_of(
        walkway, tuple(sorted({(s.x_mm, s.y_mm) for s in spots})), (start.x_mm, end.x_mm)
    )
    ends = [Terminal(columns[spot.x_mm], 0, walkway.front_y_mm - spot.y_mm) for spot in (start, end)]
    walk = route(grid, cells.values(), ends[0], None if start == end else ends[1])
    spot_at = {cells[spot.x_mm, spot.y_mm]: spot for spot in spots}
    return [spot_at[cell] for cell in dict.fromkeys(walk.cells)], walk.length


@lru_cache(maxsize=64)
def grid_of(
    walkway: Walkway, places: tuple[tuple[int, int], ...], end_xs: tuple[int, ...]
) -> tuple[Grid, dict[int, int], Places]:
    """The grid with a cell for each place; ends that stand between two aisles get a column that nobody can walk in."""
    xs = sorted({*walkway.aisle_xs_mm, *end_xs})
    columns = {x: number for number, x in enumerate(xs)}
    rows = walkway.cross_ys_mm
    known = set(walkway.aisle_xs_mm)
    offsets: list[list[list[int]]] = [[[] for _ in pairwise(rows)] for _ in xs]
    blocks: dict[tuple[int, int], tuple[int, int, int]] = {}
    for x, y in places:
        block = max(0, bisect_left(rows, y) - 1)
        own = offsets[columns[x]][block]
        blocks[x, y] = (columns[x], block, len(own))
        own.append(y - rows[block])
    # Behind a depot at the very end there is only the front cross aisle; further back nobody walks past the last aisle.
    steps = tuple(tuple(b - a for _ in rows) for a, b in pairwise(xs))
    grid = Grid(
        steps=steps,
        lengths=tuple(
            tuple(high - low if x in known else NO_WAY for low, high in pairwise(rows)) for x in xs
        ),
        cells=tuple(tuple(tuple(block) for block in column) for column in offsets),
        skips_idle=True,  # all rows are parallel and all aisles equally long
    )
    return grid, columns, {place: Cell(*cell) for place, cell in blocks.items()}
