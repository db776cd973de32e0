"""Reading the site as pure travel geometry."""

from __future__ import annotations

from collections.abc import Callable

from mfc.layout.models import Location, Site
from mfc.layout.travel import Spot, Walkway, distance_mm


def walkway(site: Site) -> Walkway:
    """The site's block of aisles."""
    xs = sorted(site.aisles.values_list("x_mm", flat=True))
    return Walkway(front_y_mm=site.front_y_mm, back_y_mm=site.back_y_mm, aisle_xs_mm=tuple(xs))


def aisle_xs(site: Site) -> dict[str, int]:
    """x of each aisle by its code."""
    return dict(site.aisles.values_list("code", "x_mm"))


def spot(location: Location, xs: dict[str, int]) -> Spot:
    """Where a person stands to reach the location: in the middle of its aisle, or before the place itself."""
    return Spot(xs.get(location.aisle, location.x_mm), location.y_mm, location.level)


def ways(site: Site) -> Callable[[Location, Location], int]:
    """Walking distances between places of a site, in millimetres; straight ones for places off the aisles."""
    xs = aisle_xs(site)
    walk = walkway(site) if xs else None

    def way_mm(a: Location, b: Location) -> int:
        here, there = spot(a, xs), spot(b, xs)
        if walk is not None:
            try:
                return distance_mm(walk, here, there)
            except ValueError:  # neither in an aisle nor on the front floor: a reserve rack, a second room
                pass
        return abs(here.x_mm - there.x_mm) + abs(here.y_mm - there.y_mm)

    return way_mm


def the_belt(site: Site) -> Location | None:
    """Where full carts go."""
    return Location.objects.filter(site=site, kind="belt").order_by("pk").first()
