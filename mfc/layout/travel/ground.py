"""One measure for both kinds of sites: plain blocks by formula, everything else by its graph. Pure."""

from mfc.layout.travel.block import Spot, Walkway, distance_mm
from mfc.layout.travel.graph import TravelGraph

Ground = Walkway | TravelGraph


def way_mm(ground: Ground, a: Spot, b: Spot) -> int:
    """The shortest way between two spots, in millimetres; a lift or a door counts as the walking of its time.

    ValueError (UnreachableError on a graph) when a spot lies off the ways or no way leads there.
    """
    if isinstance(ground, Walkway):
        return distance_mm(ground, a, b)
    return ground.distance_mm(a, b)
