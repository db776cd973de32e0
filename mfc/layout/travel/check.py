"""What of a site nobody can get to, or get away from. Pure."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from mfc.layout.travel.block import Spot
from mfc.layout.travel.graph import TravelGraph
from mfc.layout.travel.plan import standing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a place: `kind` is off_way, unreachable or no_way_back."""

    kind: str
    place: Hashable
    text: str


def findings(graph: TravelGraph, places: Mapping[Hashable, Spot], *, depot: Spot) -> list[Finding]:
    """Every place that lies off the ways, or that a walk from and to the depot cannot include."""
    found: list[Finding] = []
    if not graph.plan.is_walkable(*standing(depot)):
        return [Finding("off_way", "depot", "The depot is neither in an aisle nor on an open floor.")]
    for place, spot in places.items():
        if not graph.plan.is_walkable(*standing(spot)):
            text = (
                f"Nobody can stand at ({spot.x_mm}, {spot.y_mm}) on floor {spot.floor}: no aisle leads there."
            )
            found.append(Finding("off_way", place, text))
        elif not graph.can_reach(depot, spot):
            found.append(Finding("unreachable", place, "No way leads there from the depot."))
        elif not graph.can_reach(spot, depot):
            found.append(Finding("no_way_back", place, "No way leads from there to the depot."))
    return found
