"""Picker routing: exact walks on a grid of aisles, and the order of stops of one walk. Pure."""

from mfc.picking.routing.exact import Walk, route
from mfc.picking.routing.grid import Cell, Corner, Grid, Terminal
from mfc.picking.routing.visits import (
    EXACT_PLACES,
    MAX_STOPS,
    POLICIES,
    OrderRule,
    Route,
    Stop,
    compare,
    largest_gap,
    plan,
    return_policy,
    s_shape,
)

__all__ = [
    "EXACT_PLACES",
    "MAX_STOPS",
    "POLICIES",
    "Cell",
    "Corner",
    "Grid",
    "OrderRule",
    "Route",
    "Stop",
    "Terminal",
    "Walk",
    "compare",
    "largest_gap",
    "plan",
    "return_policy",
    "route",
    "s_shape",
]
