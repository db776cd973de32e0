"""Distances and walking times on the aisle graph of one block: front and back cross aisle. Pure.

Model of Ratliff and Rosenthal (1983): people walk inside aisles (along y) and along the two cross aisles
(along x); shelf faces of both sides are served from the middle of the aisle. The floor in front of the
front cross aisle is open: depots, belts and benches stand there.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# Seconds to reach and look at a level, from the floor up: stooping and stretching cost time.
# Assumption until measured (see insight): golden zone levels 1 and 2 are the quick ones.
DEFAULT_REACH_S: Mapping[int, float] = MappingProxyType({0: 2.0, 1: 1.0, 2: 1.0, 3: 2.0})
# A level that nobody has timed counts as the slowest one.
UNKNOWN_LEVEL_REACH_S = 2.5
DEFAULT_SPEED_MM_S = 1200


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a person stands, in millimetres; `level` counts shelves from the floor (0) up."""

    x_mm: int
    y_mm: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Walkway:
    """One block of parallel aisles between a front and a back cross aisle."""

    front_y_mm: int
    back_y_mm: int
    aisle_xs_mm: tuple[int, ...]
    _known_xs: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.front_y_mm >= self.back_y_mm:
            raise ValueError("the back cross aisle must lie behind the front cross aisle")
        if not self.aisle_xs_mm or list(self.aisle_xs_mm) != sorted(set(self.aisle_xs_mm)):
            raise ValueError("aisles must be given once each, by growing x")
        object.__setattr__(self, "_known_xs", frozenset(self.aisle_xs_mm))

    def is_in_aisle(self, spot: Spot) -> bool:
        """Say whether the spot lies in an aisle; ValueError when it is neither there nor on the front
        floor.
        """
        if spot.y_mm <= self.front_y_mm:
            return False
        if spot.x_mm in self._known_xs and spot.y_mm <= self.back_y_mm:
            return True
        raise ValueError(f"{spot} is neither in an aisle nor in front of the aisles")


def distance_mm(walkway: Walkway, a: Spot, b: Spot) -> int:
    """Return the length of the shortest walk between two spots, in millimetres (levels cost no walking)."""
    a_inside, b_inside = walkway.is_in_aisle(a), walkway.is_in_aisle(b)
    across = abs(a.x_mm - b.x_mm)
    if not (a_inside and b_inside) or across == 0:
        # Any way to the front floor leads through the front cross aisle, so the walk is rectangular.
        return across + abs(a.y_mm - b.y_mm)
    by_front = a.y_mm + b.y_mm - 2 * walkway.front_y_mm
    by_back = 2 * walkway.back_y_mm - a.y_mm - b.y_mm
    return across + min(by_front, by_back)


def path_mm(walkway: Walkway, spots: list[Spot]) -> int:
    """Return the length of the walk through the spots in the given order."""
    return sum(distance_mm(walkway, a, b) for a, b in itertools.pairwise(spots))


def walk_s(length_mm: int, *, speed_mm_s: int = DEFAULT_SPEED_MM_S) -> float:
    """Return the seconds a walk takes."""
    if speed_mm_s <= 0:
        raise ValueError("the walking speed must be positive")
    return length_mm / speed_mm_s


def reach_s(level: int, reach_by_level_s: Mapping[int, float] = DEFAULT_REACH_S) -> float:
    """Return the seconds to reach into a level."""
    return reach_by_level_s.get(level, UNKNOWN_LEVEL_REACH_S)
