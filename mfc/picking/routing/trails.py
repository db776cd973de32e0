"""From the edges of a shortest tour to the walk itself: Euler trails on the crossings of a grid. Pure."""

from __future__ import annotations

from mfc.picking.routing.grid import Cell, Corner, Terminal
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, SKIP, TWICE

Point = Cell | Corner
# A way between two crossings and the cells that are served on it, from the first to the second.
Edge = tuple[Corner, Corner, tuple[Cell, ...]]


class Edges:
    """The edges of a tour, by how a picker takes them: returns first, then aisles, then cross aisles."""

    def __init__(self) -> None:
        self.across: list[Edge] = []
        self.through: list[Edge] = []
        self.returns: list[Edge] = []

    def serve(self, front: Corner, back: Corner, option: int, cells: tuple[Cell, ...], gap: int) -> None:
        """Serve the cells of a block, from the front; `gap` is how many of them are served from there (GAP)."""
        if option == CROSS:
            self.through.append((front, back, cells))
        elif option == FRONT:
            self.returns.append((front, front, cells))
        elif option == BACK:
            self.returns.append((back, back, cells[::-1]))
        elif option == GAP:
            self.returns.append((front, front, cells[:gap]))
            self.returns.append((back, back, cells[: gap - 1 if gap else None : -1]))
        elif option == TWICE:
            self.through.append((front, back, cells))
            self.through.append((front, back, ()))
        else:
            assert option == SKIP


def trail(edges: Edges, start: Terminal, end: Terminal) -> tuple[Point, ...]:
    """Walk every edge once from start to end (Hierholzer 1873)."""
    every, at = _ways(edges)
    walked = bytearray(len(every))
    corner = Corner(start.aisle, start.row)
    # Crossings on the way, each with the cells on the way there.
    stack: list[tuple[Corner, tuple[Cell, ...]]] = [(corner, ())]
    walk: list[Point] = []
    while stack:
        ways = at.get(corner)
        while ways:
            number = ways.pop()
            if not walked[number]:
                walked[number] = 1
                a, b, cells = every[number]
                if a == corner:
                    corner = b
                    stack.append((b, cells))
                else:
                    corner = a
                    stack.append((a, cells[::-1]))
                break
        else:
            here, cells = stack.pop()
            walk.append(here)
            if cells:
                walk.extend(cells[::-1])
            if stack:
                corner = stack[-1][0]
    walk.reverse()
    assert walk[-1] == (end.aisle, end.row)
    return tuple(walk)


def _ways(edges: Edges) -> tuple[list[Edge], dict[Corner, list[int]]]:
    """Number the edges and list them at both crossings; the last of a list is walked first."""
    every = [*edges.across, *edges.through, *edges.returns]
    at: dict[Corner, list[int]] = {}
    for number, (a, b, _) in enumerate(every):
        if a in at:
            at[a].append(number)
        else:
            at[a] = [number]
        if b is not a:
            if b in at:
                at[b].append(number)
            else:
                at[b] = [number]
    return every, at
