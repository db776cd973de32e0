"""From a place to the junctions around it, and from them to the place. Pure."""

import numpy as np
from numpy.typing import NDArray

from mfc.layout.travel.junctions import Edge, Junctions, across_area
from mfc.layout.travel.plan import Axis, Direction, FloorPlan

# A way that does not exist; sums of two stay far below the end of int64.
FAR_MM = 1 << 60
HEADING = {Axis.X: 0, Axis.Y: 1}
# States and what they cost in millimetres. A state is a junction heading along an axis: 2 * node + heading.
Reach = tuple[NDArray[np.int64], NDArray[np.int64]]


class UnreachableError(ValueError):
    """There is no way from one place to another, or a place lies where nobody can walk."""


class _Around:
    """Collects the cheapest cost by state, outwards and inwards."""

    def __init__(self, turn_mm: int) -> None:
        self._turn_mm = turn_mm
        self.out: dict[int, int] = {}
        self.into: dict[int, int] = {}

    def leave(self, node: int, heading: Axis, cost_mm: int) -> None:
        """To `node`, arriving along `heading`; who stands on it leaves as they like."""
        _note(self.out, node, heading, cost_mm)
        if cost_mm == 0:
            _note(self.out, node, _other(heading), 0)

    def arrive(self, node: int, heading: Axis, cost_mm: int) -> None:
        """From `node`, leaving it along `heading`: whoever came to it along the other axis turns first."""
        _note(self.into, node, heading, cost_mm)
        _note(self.into, node, _other(heading), cost_mm + (self._turn_mm if cost_mm else 0))

    def step(self, node: int, edge: Edge) -> None:
        """Both ways over open floor."""
        assert edge.out is not None, "a step over open floor has its headings"
        assert edge.into is not None, "a step over open floor has its headings"
        cost_mm = edge.cost_mm + edge.turns * self._turn_mm
        self.leave(node, edge.into, cost_mm)
        self.arrive(node, edge.out, cost_mm)


def look_around(
    plan: FloorPlan, found: Junctions, at: tuple[int, int, int], turn_mm: int
) -> tuple[Reach, Reach]:
    """Junctions that can be walked to from (x, y, floor), and those from where it can be walked to.

    UnreachableError when nobody can stand there.
    """
    x, y, floor = at
    if not plan.is_walkable(x, y, floor):
        raise UnreachableError(f"({x}, {y}) on floor {floor} is neither in an aisle nor on an open floor.")
    around = _Around(turn_mm)
    _along_ways(around, found, at)
    points = list(found.nodes)
    for area, gates in found.gates.items():
        if area.holds(x, y, floor):
            for node in gates:
                for edge in across_area(node, node, points[node][0] - x, points[node][1] - y):
                    around.step(node, edge)
    return _as_arrays(around.out), _as_arrays(around.into)


def _along_ways(around: _Around, found: Junctions, at: tuple[int, int, int]) -> None:
    x, y, floor = at
    for way, cuts in found.cuts.items():
        if way.holds(x, y, floor):
            here = x if way.along is Axis.X else y
            before = [cut for cut in cuts if cut[0] <= here][-1]
            after = next(cut for cut in cuts if cut[0] >= here)
            for (cut, node), growing in ((after, Direction.FORWARD), (before, Direction.BACKWARD)):
                shrinking = Direction.BACKWARD if growing is Direction.FORWARD else Direction.FORWARD
                if cut == here or way.direction is not shrinking:
                    around.leave(node, way.along, abs(cut - here))
                if cut == here or way.direction is not growing:
                    around.arrive(node, way.along, abs(cut - here))


def _note(kept: dict[int, int], node: int, heading: Axis, cost_mm: int) -> None:
    state = 2 * node + HEADING[heading]
    kept[state] = min(kept.get(state, FAR_MM), cost_mm)


def _other(axis: Axis) -> Axis:
    return Axis.Y if axis is Axis.X else Axis.X


def _as_arrays(reach: dict[int, int]) -> Reach:
    return np.array(list(reach), dtype=np.int64), np.array(list(reach.values()), dtype=np.int64)
