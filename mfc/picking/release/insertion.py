"""Taking one more order along on a walk that is under way: each of its places where it costs least. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from mfc.layout.travel import Ground, Spot, reach_s, way_mm
from mfc.picking.batching import OpenOrder, Pace
from mfc.picking.release.situation import Visit, Walk


@dataclass(frozen=True, slots=True)
class Inserted:
    """The visits with the order's places among them, and the seconds that it adds to the walk."""

    visits: tuple[Visit, ...]
    added_s: float


def insert(walk: Walk, order: OpenOrder, *, walkway: Ground, end: Spot, pace: Pace) -> Inserted:
    """Insert the places of ``order`` one by one, farthest first, each at its cheapest position (cheapest insertion).

    The order of the visits that were planned stays: the picker's screen changes as little as can be.
    """
    way: list[Visit] = list(walk.visits)
    added_mm = 0
    places = sorted(order.stops, key=lambda stop: (-abs(stop.spot.y_mm), stop.spot.x_mm))
    points = [walk.stands_at, *(visit.spot for visit in way), end]
    legs = [way_mm(walkway, a, b) for a, b in pairwise(points)]
    for stop in places:
        away = [way_mm(walkway, point, stop.spot) for point in points]
        at = min(range(len(legs)), key=lambda i: away[i] + away[i + 1] - legs[i])
        added_mm += away[at] + away[at + 1] - legs[at]
        legs[at : at + 1] = [away[at], away[at + 1]]
        points.insert(at + 1, stop.spot)
        way.insert(at, Visit(stop.spot, order.order_id))
    handling_s = sum(pace.line_s + reach_s(stop.spot.level) for stop in order.stops)
    return Inserted(tuple(way), added_mm / pace.speed_mm_s + handling_s + pace.tote_s)
