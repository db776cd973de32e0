"""Taking one more order along on a walk that is under way: each of its places where it costs least. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from mfc.layout.travel import Spot, Walkway, distance_mm, reach_s
from mfc.picking.batching import OpenOrder, Pace
from mfc.picking.release.situation import Visit, Walk


@dataclass(frozen=True, slots=True)
class Inserted:
    """The visits with the order's places among them, and the seconds that it adds to the walk."""

    visits: tuple[Visit, ...]
    added_s: float


def insert(walk: Walk, order: OpenOrder, *, walkway: Walkway, end: Spot, pace: Pace) -> Inserted:
    """Insert the places of ``order`` one by one, farthest first, each at its cheapest position (cheapest insertion).

    The order of the visits that were planned stays: the picker's screen changes as little as can be.
    """
    way: list[Visit] = list(walk.visits)
    added_mm = 0
    places = sorted(order.stops, key=lambda stop: (-abs(stop.spot.y_mm), stop.spot.x_mm))
    for stop in places:
        points = [walk.stands_at, *(visit.spot for visit in way), end]
        costs = [
            distance_mm(walkway, points[i], stop.spot)
            + distance_mm(walkway, stop.spot, points[i + 1])
            - distance_mm(walkway, points[i], points[i + 1])
            for i in range(len(points) - 1)
        ]
        at = min(range(len(costs)), key=costs.__getitem__)
        added_mm += costs[at]
        way.insert(at, Visit(stop.spot, order.order_id))
    handling_s = sum(pace.line_s + reach_s(stop.spot.level) for stop in order.stops)
    return Inserted(tuple(way), added_mm / pace.speed_mm_s + handling_s + pace.tote_s)
