"""Junctions of a floor plan and what a step between two of them costs. Pure.

A junction is a point where a person may leave a way: a crossing, the foot of a lift, the edge of an open area, the end of a
way. Each junction is kept once per zone, so that the door between two zones is an edge; and in the graph with turns each is
kept twice, once for either axis a person may be heading along.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from mfc.layout.travel.plan import MAX_JUNCTIONS, Axis, Direction, FloorPlan, LayoutError, OpenArea, Way

# (x, y, floor, zone)
Node = tuple[int, int, int, str]


@dataclass(slots=True)
class Junctions:
    """Nodes by number; the cuts of each way as (position along it, node); the gates of each open area."""

    nodes: dict[Node, int] = field(default_factory=dict)
    cuts: dict[Way, list[tuple[int, int]]] = field(default_factory=dict)
    gates: dict[OpenArea, list[int]] = field(default_factory=dict)

    def number(self, x_mm: int, y_mm: int, floor: int, zone: str) -> int:
        """The node at a point, made when it is new."""
        return self.nodes.setdefault((x_mm, y_mm, floor, zone), len(self.nodes))


@dataclass(frozen=True, slots=True)
class Edge:
    """A step from node to node. It leaves heading `out` and arrives heading `into` after `turns`; None: as before."""

    tail: int
    head: int
    cost_mm: int
    out: Axis | None
    into: Axis | None
    turns: int = 0
    is_ride: bool = False


def find(plan: FloorPlan) -> Junctions:
    """Every junction of the plan; LayoutError when there are too many."""
    found = Junctions()
    points = _cut_points(plan)
    for way in plan.ways:
        along = sorted(points[way])
        found.cuts[way] = [(at, found.number(*way.point(at), way.floor, way.zone)) for at in along]
    for area in plan.areas:
        at_gate = {
            point
            for way in plan.ways
            for at in points[way]
            if area.holds(*(point := way.point(at)), way.floor)
        }
        at_gate |= {
            (lift.x_mm, lift.y_mm)
            for lift in plan.lifts
            if _stands_in(lift.x_mm, lift.y_mm, lift.floors, area)
        }
        found.gates[area] = [found.number(x, y, area.floor, area.zone) for x, y in sorted(at_gate)]
    if len(found.nodes) > MAX_JUNCTIONS:
        raise LayoutError(
            [f"The plan has {len(found.nodes)} junctions; at most {MAX_JUNCTIONS} are allowed."]
        )
    return found


def _stands_in(x_mm: int, y_mm: int, floors: tuple[int, ...], area: OpenArea) -> bool:
    return any(area.holds(x_mm, y_mm, floor) for floor in floors)


def _cut_points(plan: FloorPlan) -> dict[Way, set[int]]:
    """Where each way is cut: its ends, crossings, lifts, and where it enters or leaves an open area."""
    points: dict[Way, set[int]] = {way: {way.from_mm, way.to_mm} for way in plan.ways}
    for way in plan.ways:
        for other in plan.ways:
            meets = other.floor == way.floor and other.along != way.along
            if (
                meets
                and other.from_mm <= way.at_mm <= other.to_mm
                and way.from_mm <= other.at_mm <= way.to_mm
            ):
                points[way].add(other.at_mm)
        for lift in plan.lifts:
            if any(way.holds(lift.x_mm, lift.y_mm, floor) for floor in lift.floors):
                points[way].add(lift.x_mm if way.along is Axis.X else lift.y_mm)
        for area in plan.areas:
            points[way] |= _entries(way, area)
    return points


def _entries(way: Way, area: OpenArea) -> set[int]:
    """The ends of the part of a way that lies in an area."""
    if way.floor != area.floor:
        return set()
    across = (area.y_from_mm, area.y_to_mm) if way.along is Axis.X else (area.x_from_mm, area.x_to_mm)
    along = (area.x_from_mm, area.x_to_mm) if way.along is Axis.X else (area.y_from_mm, area.y_to_mm)
    low, high = max(way.from_mm, along[0]), min(way.to_mm, along[1])
    return {low, high} if across[0] <= way.at_mm <= across[1] and low <= high else set()


def edges(plan: FloorPlan, found: Junctions) -> Iterator[Edge]:
    """Every step: along ways, over open areas, through doors between zones, by lifts."""
    for way, cuts in found.cuts.items():
        for (low, a), (high, b) in pairwise(cuts):
            if way.direction is not Direction.BACKWARD:
                yield Edge(a, b, high - low, way.along, way.along)
            if way.direction is not Direction.FORWARD:
                yield Edge(b, a, high - low, way.along, way.along)
    points = list(found.nodes)
    for gates in found.gates.values():
        for a in gates:
            for b in gates:
                if a != b:
                    yield from across_area(a, b, points[b][0] - points[a][0], points[b][1] - points[a][1])
    yield from _doors(plan, found)
    yield from _rides(plan, found)


def across_area(a: int, b: int, dx_mm: int, dy_mm: int) -> Iterator[Edge]:
    """The rectangular walk over open floor: along one axis, then along the other."""
    cost_mm = abs(dx_mm) + abs(dy_mm)
    if dx_mm and dy_mm:
        yield Edge(a, b, cost_mm, Axis.X, Axis.Y, 1)
        yield Edge(a, b, cost_mm, Axis.Y, Axis.X, 1)
    else:
        heading = Axis.X if dx_mm else Axis.Y
        yield Edge(a, b, cost_mm, heading, heading)


def _doors(plan: FloorPlan, found: Junctions) -> Iterator[Edge]:
    enter = dict(plan.enter_mm)
    at_point: dict[tuple[int, int, int], list[tuple[str, int]]] = defaultdict(list)
    for (x, y, floor, zone), number in found.nodes.items():
        at_point[x, y, floor].append((zone, number))
    for zones in at_point.values():
        for _, a in zones:
            for zone, b in zones:
                if a != b:
                    yield Edge(a, b, enter.get(zone, 0), None, None)


def _rides(plan: FloorPlan, found: Junctions) -> Iterator[Edge]:
    for lift in plan.lifts:
        feet: dict[int, list[int]] = defaultdict(list)
        for (x, y, floor, _), number in found.nodes.items():
            if (x, y) == (lift.x_mm, lift.y_mm) and floor in lift.floors:
                feet[floor].append(number)
        for low, low_nodes in feet.items():
            for high, high_nodes in feet.items():
                if low != high:
                    for a in low_nodes:
                        for b in high_nodes:
                            yield Edge(a, b, lift.cost_mm(low, high), None, None, is_ride=True)
