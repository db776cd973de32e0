"""Reading the site as pure travel geometry."""

from __future__ import annotations

from mfc.layout.models import Location, Site
from mfc.layout.travel import Spot, Walkway


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


def the_belt(site: Site) -> Location | None:
    """Where full carts go."""
    return Location.objects.filter(site=site, kind="belt").order_by("pk").first()
