"""Distances on parallel aisles between a front and a back cross aisle, in one block or several. Pure.

Model of Ratliff and Rosenthal (1983) and, with cross aisles between, of Roodbergen and de Koster (2001): people walk
inside aisles (along y) and along the cross aisles (along x); shelf faces of both sides are served from the middle of the
aisle. The floor in front of the front cross aisle is open: depots, belts and benches stand there.
"""

import itertools
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a person stands, in millimetres; `level` counts shelves from the floor (0) up, `floor` the storeys."""

    x_mm: int
    y_mm: int
    level: int = 0
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Walkway:
    """Parallel aisles between a front and a back cross aisle; `middle_ys_mm` are cross aisles between, by growing y."""

    front_y_mm: int
    back_y_mm: int
    aisle_xs_mm: tuple[int, ...]
    middle_ys_mm: tuple[int, ...] = ()
    _known_xs: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.front_y_mm >= self.back_y_mm:
            raise ValueError("the back cross aisle must lie behind the front cross aisle")
        if not self.aisle_xs_mm or list(self.aisle_xs_mm) != sorted(set(self.aisle_xs_mm)):
            raise ValueError("aisles must be given once each, by growing x")
        rows = [self.front_y_mm, *self.middle_ys_mm, self.back_y_mm]
        if rows != sorted(set(rows)):
            raise ValueError("cross aisles must be given once each, by growing y, between front and back")
        object.__setattr__(self, "_known_xs", frozenset(self.aisle_xs_mm))

    @property
    def cross_ys_mm(self) -> tuple[int, ...]:
        """All cross aisles from front to back."""
        return (self.front_y_mm, *self.middle_ys_mm, self.back_y_mm)

    def is_in_aisle(self, spot: Spot) -> bool:
        """Say whether the spot lies in an aisle; ValueError when it is neither there nor on the front
        floor.
        """
        if spot.floor == 0:
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
    return across + min(abs(a.y_mm - y) + abs(b.y_mm - y) for y in walkway.cross_ys_mm)


def path_mm(walkway: Walkway, spots: list[Spot]) -> int:
    """Return the length of the walk through the spots in the given order."""
    return sum(distance_mm(walkway, a, b) for a, b in itertools.pairwise(spots))
