"""What a site's floors look like to someone who walks: aisles, cross aisles, lifts and open areas. Pure.

A way is a straight, axis-parallel line that people walk along: an aisle runs along y, a cross aisle along x. Where two ways
of one floor meet, people may turn. Open areas are rectangles without shelves, walked rectangularly. Everything is in integer
millimetres; what costs time but no walking (a lift, a turn, the door of a cold room) is given in the millimetres that a
person would walk in that time, so that one integer measure orders all ways.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from mfc.layout.travel.block import Spot, Walkway

# Ways and lifts of one site. All distances between junctions are kept (8 bytes each), so this bounds memory, not
# thinking: 2,000 junctions are 32 MB.
MAX_WAYS = 400
MAX_JUNCTIONS = 2_000


class LayoutError(ValueError):
    """The plan of a site contradicts itself; `problems` says all of it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


class Axis(StrEnum):
    """Which coordinate grows along a way."""

    X = "x"
    Y = "y"


class Direction(StrEnum):
    """How a way may be walked: forward is towards greater coordinates (to the back, to the right)."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Way:
    """An aisle (along y) or a cross aisle (along x) at `at_mm` of the other coordinate."""

    code: str
    along: Axis
    at_mm: int
    from_mm: int
    to_mm: int
    direction: Direction = Direction.BOTH
    floor: int = 0
    zone: str = ""

    def holds(self, x_mm: int, y_mm: int, floor: int) -> bool:
        """Say whether a point lies on the way."""
        across, along = (y_mm, x_mm) if self.along is Axis.X else (x_mm, y_mm)
        return floor == self.floor and across == self.at_mm and self.from_mm <= along <= self.to_mm

    def point(self, along_mm: int) -> tuple[int, int]:
        """The (x, y) of a position along the way."""
        return (along_mm, self.at_mm) if self.along is Axis.X else (self.at_mm, along_mm)


@dataclass(frozen=True, slots=True)
class Lift:
    """Joins floors at one (x, y). `wait_mm` is the wait, `ride_mm` the ride per floor, as walking of that time."""

    code: str
    x_mm: int
    y_mm: int
    floors: tuple[int, ...]
    wait_mm: int = 0
    ride_mm: int = 0

    def cost_mm(self, low: int, high: int) -> int:
        """What a ride between two floors is worth in walking."""
        return self.wait_mm + abs(high - low) * self.ride_mm


@dataclass(frozen=True, slots=True)
class OpenArea:
    """A rectangle where people walk freely (rectangular distances); the edges belong to it."""

    x_from_mm: int
    x_to_mm: int
    y_from_mm: int
    y_to_mm: int
    floor: int = 0
    zone: str = ""

    def holds(self, x_mm: int, y_mm: int, floor: int) -> bool:
        """Say whether a point lies in the area or on its edge."""
        return (
            floor == self.floor
            and self.x_from_mm <= x_mm <= self.x_to_mm
            and self.y_from_mm <= y_mm <= self.y_to_mm
        )


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """All ways of a site. `turn_mm` is what a turn by a right angle costs; `enter_mm` what entering a zone costs.

    Raises LayoutError when it contradicts itself.
    """

    ways: tuple[Way, ...]
    lifts: tuple[Lift, ...] = ()
    areas: tuple[OpenArea, ...] = ()
    turn_mm: int = 0
    enter_mm: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        problems = [*_bad_ways(self.ways), *_bad_lifts(self), *_bad_costs(self)]
        if problems:
            raise LayoutError(problems)

    def is_walkable(self, x_mm: int, y_mm: int, floor: int) -> bool:
        """Say whether a person can stand there."""
        return _holds_any(self.ways, self.areas, x_mm, y_mm, floor)

    def within(self, zones: Iterable[str]) -> "FloorPlan":
        """The plan without the ways of other zones (those of no zone stay): the walks of a zone picker."""
        kept = {"", *zones}
        ways = tuple(way for way in self.ways if way.zone in kept)
        areas = tuple(area for area in self.areas if area.zone in kept)
        lifts = tuple(
            lift for lift in self.lifts if all(_stands(lift, floor, ways, areas) for floor in lift.floors)
        )
        return FloorPlan(ways, lifts, areas, self.turn_mm, self.enter_mm)

    @staticmethod
    def of_walkway(walkway: Walkway, *, turn_mm: int = 0) -> "FloorPlan":
        """The plan of parallel aisles with an open floor in front, as wide as anybody wants."""
        first, last = walkway.aisle_xs_mm[0], walkway.aisle_xs_mm[-1]
        front, back = walkway.front_y_mm, walkway.back_y_mm
        aisles = [Way(f"aisle {x}", Axis.Y, x, front, back) for x in walkway.aisle_xs_mm]
        rows = (
            [Way(f"cross {y}", Axis.X, y, first, last) for y in walkway.cross_ys_mm] if first < last else []
        )
        far = 10**9
        return FloorPlan((*aisles, *rows), areas=(OpenArea(-far, far, -far, front),), turn_mm=turn_mm)


def standing(spot: Spot) -> tuple[int, int, int]:
    """(x, y, floor): where a spot is; reaching into a level is no walking."""
    return spot.x_mm, spot.y_mm, spot.floor


def _bad_ways(ways: tuple[Way, ...]) -> Iterable[str]:
    if not ways:
        yield "The plan has no aisle."
    if len(ways) > MAX_WAYS:
        yield f"The plan has {len(ways)} aisles and cross aisles; at most {MAX_WAYS} are allowed."
        return
    seen: set[str] = set()
    for way in ways:
        if way.code in seen:
            yield f"{way.code} is the code of two ways."
        seen.add(way.code)
        if way.from_mm >= way.to_mm:
            yield f"{way.code} ends ({way.to_mm} mm) where it begins ({way.from_mm} mm) or before."
    lined_up = sorted(ways, key=lambda way: (*_line(way), way.from_mm))
    for one, other in pairwise(lined_up):
        if _line(one) == _line(other) and other.from_mm < one.to_mm:
            yield f"{one.code} and {other.code} lie on top of each other."


def _line(way: Way) -> tuple[str, int, int]:
    return way.along, way.at_mm, way.floor


def _bad_lifts(plan: FloorPlan) -> Iterable[str]:
    for lift in plan.lifts:
        if len(set(lift.floors)) < 2:
            yield f"Lift {lift.code} joins no two floors."
        for floor in lift.floors:
            if not _stands(lift, floor, plan.ways, plan.areas):
                yield f"Lift {lift.code} stands on no aisle and no open area of floor {floor}."


def _stands(lift: Lift, floor: int, ways: tuple[Way, ...], areas: tuple[OpenArea, ...]) -> bool:
    return _holds_any(ways, areas, lift.x_mm, lift.y_mm, floor)


def _holds_any(ways: tuple[Way, ...], areas: tuple[OpenArea, ...], x_mm: int, y_mm: int, floor: int) -> bool:
    return any(way.holds(x_mm, y_mm, floor) for way in ways) or any(
        area.holds(x_mm, y_mm, floor) for area in areas
    )


def _bad_costs(plan: FloorPlan) -> Iterable[str]:
    if plan.turn_mm < 0 or any(cost < 0 for _, cost in plan.enter_mm):
        yield "A turn or a door cannot give time back."
    for lift in plan.lifts:
        if lift.wait_mm < 0 or lift.ride_mm < 0:
            yield f"Lift {lift.code} cannot give time back."
    for area in plan.areas:
        if area.x_from_mm > area.x_to_mm or area.y_from_mm > area.y_to_mm:
            yield f"An open area of floor {area.floor} ends where it begins."
