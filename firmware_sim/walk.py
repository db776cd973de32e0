"""Ways of people: along aisles, through the front or back cross aisle, at walking speed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from itertools import pairwise

from firmware_sim.world import Location, Place, Walk, World

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody stands; ``aisle`` is empty outside the aisles."""

    x: float
    y: float
    aisle: str = ""


def spot_of(world: World, where: Location | Place) -> Spot:
    if isinstance(where, Location) and where.aisle in world.walk.aisles:
        return Spot(world.walk.aisles[where.aisle], where.y, where.aisle)
    return Spot(where.x, where.y)


def route(walk: Walk, start: Spot, end: Spot) -> list[Point]:
    """Corner points of the shortest way."""
    a, b = (start.x, start.y), (end.x, end.y)
    if start.aisle == end.aisle and start.aisle:
        return [a, b]
    if not start.aisle and not end.aisle:
        return [a, (end.x, start.y), b]
    ways = [[a, (start.x, cross_y), (end.x, cross_y), b] for cross_y in (walk.front_y, walk.back_y)]
    return min(ways, key=length_m)


def length_m(way: list[Point]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(way))


@dataclass(slots=True)
class Stroll:
    """A walk under way; the position is worked out only when somebody looks."""

    way: list[Point]
    started_s: float = field(default_factory=time.monotonic)
    duration_s: float = 0.0

    def position(self) -> Point:
        total = length_m(self.way)
        if self.duration_s <= 0 or total <= 0:
            return self.way[-1]
        left = total * min(1.0, (time.monotonic() - self.started_s) / self.duration_s)
        for a, b in zip(self.way, self.way[1:], strict=False):
            leg = math.dist(a, b)
            if leg >= left and leg > 0:
                share = left / leg
                return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            left -= leg
        return self.way[-1]
