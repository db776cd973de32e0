"""Whether every place of a site can be walked to and away from."""

from __future__ import annotations

from collections.abc import Hashable

from mfc.layout import queries
from mfc.layout.models import SELLABLE_KINDS, Site
from mfc.layout.travel import Finding, LayoutError, Spot, findings, graph_of

# What is told of a site whose plan is broken: the rest cannot be looked at.
BROKEN = "broken"


def check(site: Site) -> list[Finding]:
    """Everything that keeps a picker from a place, or a cart from its drop point; empty: the site is sound.

    A reserve place on the ground floor without an aisle is reached from the front floor, and is no finding.
    """
    try:
        graph = graph_of(queries.floor_plan(site))
    except LayoutError as broken:
        return [Finding(BROKEN, site.code, problem) for problem in broken.problems]
    drops = queries.drop_points(site) or [Spot(0, 0)]
    where = queries.lines(site)
    places: dict[Hashable, Spot] = {
        place.code: where.pick_from(
            aisle=place.aisle, x_mm=place.x_mm, y_mm=place.y_mm, level=place.level, floor=place.floor
        )
        for place in site.locations.filter(kind__in=[str(kind) for kind in sorted(SELLABLE_KINDS)]).order_by(
            "code"
        )
    }
    named = {code for (code,) in site.locations.exclude(aisle="").values_list("aisle").distinct()}
    unknown = sorted(named - set(where.aisle_xs) - set(where.cross_ys))
    found = [Finding(BROKEN, code, f"Places name the aisle {code}, which is not known.") for code in unknown]
    found += [
        Finding("unreachable", f"drop point {number}", "No way leads there from the first belt and back.")
        for number, drop in enumerate(drops[1:], start=2)
        if not (graph.can_reach(drops[0], drop) and graph.can_reach(drop, drops[0]))
    ]
    return found + findings(graph, places, depot=drops[0])
