"""Distances and walking times of a site: one block of aisles, several, or any graph of aisles with lifts. Pure."""

from mfc.layout.travel.block import Spot, Walkway, distance_mm, path_mm
from mfc.layout.travel.check import Finding, findings
from mfc.layout.travel.graph import Leg, TravelGraph, graph_of
from mfc.layout.travel.ground import Ground, way_mm
from mfc.layout.travel.plan import Axis, Direction, FloorPlan, LayoutError, Lift, OpenArea, Way
from mfc.layout.travel.reach import FAR_MM, UnreachableError
from mfc.layout.travel.times import (
    DEFAULT_REACH_S,
    DEFAULT_SPEED_MM_S,
    UNKNOWN_LEVEL_REACH_S,
    reach_s,
    walk_s,
)

__all__ = [
    "DEFAULT_REACH_S",
    "DEFAULT_SPEED_MM_S",
    "FAR_MM",
    "UNKNOWN_LEVEL_REACH_S",
    "Axis",
    "Direction",
    "Finding",
    "FloorPlan",
    "Ground",
    "LayoutError",
    "Leg",
    "Lift",
    "OpenArea",
    "Spot",
    "TravelGraph",
    "UnreachableError",
    "Walkway",
    "Way",
    "distance_mm",
    "findings",
    "graph_of",
    "path_mm",
    "reach_s",
    "walk_s",
    "way_mm",
]
