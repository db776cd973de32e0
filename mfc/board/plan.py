"""The still parts of the floor plan as rectangles and points in millimetres; y grows downwards, the front is below."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from mfc.layout.models import Location, LocationKind, Site
from mfc.orders import timing
from mfc.workforce.models import Station

# A shelf's depth; half of the room between two aisles' faces on most floors.
SHELF_MM = 500
# Air between drawn bins, so that they stay apart on a small screen.
GAP_MM = 15
# When an aisle has only one bay, nothing tells its width.
BAY_MM = 1_000
# Below the front edge, for the names of lanes.
MARGIN_MM = 900


@dataclass(frozen=True, slots=True)
class Box:
    """One drawn rectangle with its name."""

    name: str
    kind: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Spot:
    """One drawn point with its name."""

    name: str
    kind: str
    x: int
    y: int


def of(site: Site) -> dict[str, Any]:
    """Everything the template draws, and what the page needs to let people walk."""
    places: list[Any] = list(
        Location.objects.filter(site=site)
        .order_by("code")
        .values("code", "kind", "aisle", "x_mm", "y_mm", "level")
    )
    bins = [place for place in places if place["kind"] == LocationKind.BIN]
    aisles: list[Any] = list(site.aisles.order_by("x_mm").values("code", "x_mm"))
    return {
        "width": site.width_mm,
        "depth": site.depth_mm,
        "height": site.depth_mm + MARGIN_MM,
        "aisles": _aisles(site, aisles),
        "bins": _bins(site, bins, {aisle["code"]: aisle["x_mm"] for aisle in aisles}),
        "places": [
            _spot(site, place["code"], place["kind"], place)
            for place in places
            if place["kind"] != LocationKind.BIN
        ],
        "stations": _stations(site),
        "walk": {
            "depth": site.depth_mm,
            "front": site.depth_mm - site.front_y_mm,
            "back": site.depth_mm - site.back_y_mm,
            "mm_per_s": timing.standard(site).walk_mm_per_s,
        },
    }


def _aisles(site: Site, aisles: list[dict[str, Any]]) -> list[Box]:
    """Each aisle from cross aisle to cross aisle, as wide as its shelves reach, tinted by its temperature."""
    classes = dict(
        Location.objects.filter(site=site, kind=LocationKind.BIN)
        .exclude(zone=None)
        .values_list("aisle", "zone__temperature")
        .distinct()
    )
    xs = [aisle["x_mm"] for aisle in aisles]
    spacing = min((right - left for left, right in itertools.pairwise(xs)), default=2_600)
    return [
        Box(
            aisle["code"],
            classes.get(aisle["code"], "ambient"),
            aisle["x_mm"] - spacing // 2,
            site.depth_mm - site.back_y_mm,
            spacing,
            site.back_y_mm - site.front_y_mm,
        )
        for aisle in aisles
    ]


def _bins(site: Site, bins: list[dict[str, Any]], aisle_xs: dict[str, int]) -> list[Box]:
    """Levels stand side by side, the lowest at the aisle: all of them can be seen from above."""
    levels = max((place["level"] for place in bins), default=0) + 1
    width = SHELF_MM // levels
    bay = _bay_mm(bins)
    boxes = []
    for place in bins:
        is_left = place["x_mm"] < aisle_xs.get(place["aisle"], place["x_mm"])
        offset = place["level"] * width
        x = place["x_mm"] - offset - width if is_left else place["x_mm"] + offset
        boxes.append(
            Box(
                place["code"],
                "bin",
                x + GAP_MM,
                site.depth_mm - place["y_mm"] - bay // 2 + 2 * GAP_MM,
                width - 2 * GAP_MM,
                bay - 4 * GAP_MM,
            )
        )
    return boxes


def _bay_mm(bins: list[dict[str, Any]]) -> int:
    """The smallest distance of two bays in one aisle."""
    ys: dict[str, set[int]] = defaultdict(set)
    for place in bins:
        ys[place["aisle"]].add(place["y_mm"])
    gaps = [far - near for found in ys.values() for near, far in itertools.pairwise(sorted(found))]
    return min(gaps, default=BAY_MM)


def _spot(site: Site, name: str, kind: str, place: dict[str, Any]) -> Spot:
    return Spot(name, kind, place["x_mm"], site.depth_mm - place["y_mm"])


def _stations(site: Site) -> list[Spot]:
    """Benches by their key; carts start from one spot, which is named once."""
    spots: dict[tuple[int, int], Spot] = {}
    rows: list[Any] = list(
        Station.objects.filter(site=site).order_by("key").values("key", "kind", "x_mm", "y_mm")
    )
    for row in rows:
        name = "carts" if row["kind"] == "cart" else row["key"]
        spots.setdefault((row["x_mm"], row["y_mm"]), _spot(site, name, row["kind"], row))
    return list(spots.values())
