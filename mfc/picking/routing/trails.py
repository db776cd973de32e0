"""From the edges of a shortest tour to the walk itself: Euler trails on the crossings of a grid. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mfc.picking.routing.grid import Cell, Corner, Terminal
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, SKIP, TWICE

Point = Cell | Corner


@dataclass(slots=True)
class Edge:
    """A way between two crossings with the cells that are served on it, from `a` to `b`."""

    a: Corner
    b: Corner
    cells: tuple[Cell, ...] = ()
    walked: bool = False


def block_edges(aisle: int, block: int, option: int, indexes: list[int], gap: int) -> list[Edge]:
    """Return the edges of one served block; `gap` is how many cells are served from the front (GAP)."""
    front, back = Corner(aisle, block), Corner(aisle, block + 1)
    cells = tuple(Cell(aisle, block, index) for index in indexes)
    if option == SKIP:
        return []
    if option == CROSS:
        return [Edge(front, back, cells)]
    if option == TWICE:
        return [Edge(front, back, cells), Edge(front, back)]
    if option == FRONT:
        return [Edge(front, front, cells)]
    if option == BACK:
        return [Edge(back, back, cells[::-1])]
    assert option == GAP
    near, far = cells[:gap], cells[gap:][::-1]
    return [Edge(corner, corner, part) for corner, part in ((front, near), (back, far)) if part]


def trail(edges: Iterable[Edge], start: Terminal, end: Terminal) -> tuple[Point, ...]:
    """Walk every edge once from start to end (Hierholzer 1873); edges that return at once are walked first."""
    at: dict[Corner, list[Edge]] = {}
    for edge in edges:
        at.setdefault(edge.a, []).append(edge)
        if edge.b != edge.a:
            at.setdefault(edge.b, []).append(edge)
    for ways in at.values():
        # Popped from the end: returns first, then ways inside the aisle, then along the cross aisle.
        ways.sort(key=lambda edge: (edge.a == edge.b, edge.a.aisle == edge.b.aisle))
    first = Corner(start.aisle, start.row)
    stack: list[tuple[Corner, tuple[Cell, ...]]] = [(first, ())]
    walk: list[Point] = []
    while stack:
        corner, cells = stack[-1]
        ways = at.get(corner, [])
        while ways and ways[-1].walked:
            ways.pop()
        if ways:
            edge = ways.pop()
            edge.walked = True
            stack.append((edge.b, edge.cells) if edge.a == corner else (edge.a, edge.cells[::-1]))
        else:
            stack.pop()
            walk.append(corner)
            walk.extend(reversed(cells))
    walk.reverse()
    assert walk[-1] == Corner(end.aisle, end.row)
    return tuple(walk)
