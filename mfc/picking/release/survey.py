"""The length of the shortest round for some orders, proven, on the grid of one block; fast enough to ask it often. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mfc.layout.travel import Spot, Walkway
from mfc.picking.batching import OpenOrder
from mfc.picking.routing import Cell, Stop, Terminal, route
from mfc.picking.routing.grid import NO_WAY, Grid
from mfc.picking.routing.oneblock import shortest_tour

Cells = dict[int, int]


@dataclass(slots=True)
class Survey:
    """Rounds from a depot on the front floor and back. ``places`` are all places that may be asked for.

    Cells of an aisle are bits of an integer, so that the places of several orders are one ``or``.
    """

    walkway: Walkway
    depot: Spot
    places: Iterable[Spot]
    _grid: Grid = field(init=False, repr=False)
    _terminal: Terminal = field(init=False, repr=False)
    _bit: dict[tuple[int, int], tuple[int, int]] = field(init=False, repr=False)
    _cells: dict[Hashable, tuple[OpenOrder, Cells]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        xs = sorted({*self.walkway.aisle_xs_mm, self.depot.x_mm})
        front_y, back_y = self.walkway.front_y_mm, self.walkway.back_y_mm
        ys: dict[int, set[int]] = {x: set() for x in xs}
        for spot in self.places:
            if self.walkway.is_in_aisle(spot):
                ys[spot.x_mm].add(spot.y_mm - front_y)
        offsets = [tuple(sorted(ys[x])) for x in xs]
        self._grid = Grid(
            steps=tuple((b - a,) * 2 for a, b in pairwise(xs)),
            lengths=tuple((back_y - front_y,) if x in self.walkway.aisle_xs_mm else (NO_WAY,) for x in xs),
            cells=tuple((one,) for one in offsets),
        )
        self._terminal = Terminal(xs.index(self.depot.x_mm), 0, max(front_y - self.depot.y_mm, 0))
        self._bit = {
            (x, front_y + offset): (aisle, index)
            for aisle, x in enumerate(xs)
            for index, offset in enumerate(offsets[aisle])
        }

    def __call__(self, orders: Sequence[OpenOrder]) -> int:
        """Millimetres of the shortest round for these orders together. Places on the front floor cost their way alone."""
        union: Cells = {}
        for order in orders:
            for aisle, mask in self._cells_of(order).items():
                union[aisle] = union.get(aisle, 0) | mask
        served = {(aisle, 0): _indexes(mask) for aisle, mask in union.items()}
        if not served:
            return 2 * self._terminal.approach
        columns = sorted({*union, self._terminal.aisle})
        return shortest_tour(self._grid, columns, served, self._terminal)[0] + 2 * self._terminal.approach

    def route(self, stops: Sequence[Stop]) -> list[Stop]:
        """The stops in the order of a shortest round; those on the front floor come first."""
        at: dict[tuple[int, int], list[Stop]] = {}
        loose: list[Stop] = []
        for stop in stops:
            found = self._bit.get((stop.spot.x_mm, stop.spot.y_mm))
            (at.setdefault(found, []) if found is not None else loose).append(stop)
        if not at:
            return loose
        walk = route(self._grid, [Cell(aisle, 0, index) for aisle, index in at], self._terminal)
        ordered = [stop for cell in walk.cells for stop in at.pop((cell.aisle, cell.index), ())]
        assert not at, "the walk visits every cell"
        return [*loose, *ordered]

    def _cells_of(self, order: OpenOrder) -> Cells:
        known = self._cells.get(order.order_id)
        if known is not None and known[0] is order:
            return known[1]
        cells: Cells = {}
        for stop in order.stops:
            found = self._bit.get((stop.spot.x_mm, stop.spot.y_mm))
            if found is not None:
                cells[found[0]] = cells.get(found[0], 0) | 1 << found[1]
        self._cells[order.order_id] = (order, cells)
        return cells

    def forget(self, order_ids: Iterable[Hashable]) -> None:
        """Orders that will not be asked for again."""
        for order_id in order_ids:
            self._cells.pop(order_id, None)


def _indexes(mask: int) -> list[int]:
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
