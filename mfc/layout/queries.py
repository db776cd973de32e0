"""Reading the site as pure travel geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from mfc.core.errors import DomainError
from mfc.layout.models import Aisle, CrossAisle, Location, LocationKind, Site, WayDirection
from mfc.layout.travel import (
    DEFAULT_SPEED_MM_S,
    Axis,
    Direction,
    FloorPlan,
    Ground,
    LayoutError,
    Lift,
    OpenArea,
    Spot,
    Walkway,
    Way,
    graph_of,
    way_mm,
)

# The floor before the front cross aisle is open as far as anybody walks (a kilometre).
_OPEN_MM = 1_000_000
FRONT, BACK = "front", "back"


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the middle of each aisle (x) and cross aisle (y) runs, by code."""

    aisle_xs: dict[str, int]
    cross_ys: dict[str, int]
    front_y_mm: int

    def stand(self, *, aisle: str, x_mm: int, y_mm: int, level: int = 0, floor: int = 0) -> Spot:
        """Where a person stands for a place: in the middle of its aisle or cross aisle, or before the place itself."""
        if aisle in self.aisle_xs:
            return Spot(self.aisle_xs[aisle], y_mm, level, floor)
        if aisle in self.cross_ys:
            return Spot(x_mm, self.cross_ys[aisle], level, floor)
        return Spot(x_mm, y_mm, level, floor)

    def of(self, place: Location) -> Spot:
        """The same of a row."""
        return self.stand(
            aisle=place.aisle, x_mm=place.x_mm, y_mm=place.y_mm, level=place.level, floor=place.floor
        )

    def pick_from(self, *, aisle: str, x_mm: int, y_mm: int, level: int = 0, floor: int = 0) -> Spot:
        """The same for a pick; a place off the aisles (a reserve rack behind them) is reached from the front."""
        if floor or aisle in self.aisle_xs or aisle in self.cross_ys:
            return self.stand(aisle=aisle, x_mm=x_mm, y_mm=y_mm, level=level, floor=floor)
        return Spot(x_mm, min(y_mm, self.front_y_mm), level)


def lines(site: Site) -> Lines:
    """The site's aisles and cross aisles."""
    return Lines(aisle_xs(site), dict(site.cross_aisles.values_list("code", "y_mm")), site.front_y_mm)


def aisle_xs(site: Site) -> dict[str, int]:
    """x of each aisle by its code."""
    return dict(site.aisles.values_list("code", "x_mm"))


def spot(location: Location, xs: dict[str, int]) -> Spot:
    """Where a person stands to reach the location: in the middle of its aisle, or before the place itself."""
    x_mm = xs.get(location.aisle, location.x_mm)
    return Spot(x_mm, location.y_mm, location.level, location.floor)


def speed_mm_s(site: Site) -> int:
    """The walking speed of the site's labour standard."""
    labour = getattr(site, "labour", None)
    return labour.walk_mm_per_s if labour and labour.walk_mm_per_s else DEFAULT_SPEED_MM_S


def floor_plan(site: Site) -> FloorPlan:
    """Everything that people walk on. Raises ``LayoutError`` for a layout that contradicts itself."""
    return plan_and_lines(site)[0]


def plan_and_lines(site: Site) -> tuple[FloorPlan, Lines]:
    """The plan with where its ways run, read once."""
    aisles = list(site.aisles.select_related("zone").order_by("x_mm", "code"))
    rows = list(site.cross_aisles.select_related("zone").order_by("y_mm", "code"))
    speed = speed_mm_s(site)
    ways = [_aisle(site, aisle) for aisle in aisles]
    given = {(row.floor, row.y_mm) for row in rows}
    ends = _ends(aisles)
    for code, y_mm in ((FRONT, site.front_y_mm), (BACK, site.back_y_mm)):
        if (0, y_mm) not in given and 0 in ends and ends[0][0] < ends[0][1]:
            ways.append(Way(code, Axis.X, y_mm, *ends[0]))
    ways += [_cross(row, ends) for row in rows]
    lifts = [
        Lift(
            row.code,
            row.x_mm,
            row.y_mm,
            tuple(range(row.lowest_floor, row.highest_floor + 1)),
            wait_mm=row.wait_s * speed,
            ride_mm=row.ride_s * speed,
        )
        for row in site.lifts.order_by("code")
    ]
    doors = site.zones.filter(enter_s__gt=0).order_by("code").values_list("code", "enter_s")
    plan = FloorPlan(
        ways=tuple(ways),
        lifts=tuple(lifts),
        areas=(OpenArea(-_OPEN_MM, _OPEN_MM, -_OPEN_MM, site.front_y_mm),),
        turn_mm=site.turn_ms * speed // 1000,
        enter_mm=tuple((code, enter_s * speed) for code, enter_s in doors),
    )
    xs, ys = {row.code: row.x_mm for row in aisles}, {row.code: row.y_mm for row in rows}
    return plan, Lines(xs, ys, site.front_y_mm)


def _ends(aisles: list[Aisle]) -> dict[int, tuple[int, int]]:
    """First and last aisle of each floor."""
    found: dict[int, tuple[int, int]] = {}
    for aisle in aisles:
        first, last = found.get(aisle.floor, (aisle.x_mm, aisle.x_mm))
        found[aisle.floor] = (min(first, aisle.x_mm), max(last, aisle.x_mm))
    return found


def _aisle(site: Site, aisle: Aisle) -> Way:
    low = site.front_y_mm if aisle.from_y_mm is None else aisle.from_y_mm
    high = site.back_y_mm if aisle.to_y_mm is None else aisle.to_y_mm
    zone = aisle.zone.code if aisle.zone else ""
    return Way(aisle.code, Axis.Y, aisle.x_mm, low, high, Direction(aisle.direction), aisle.floor, zone)


def _cross(row: CrossAisle, ends: dict[int, tuple[int, int]]) -> Way:
    first, last = ends.get(row.floor, (0, 0))
    low = first if row.from_x_mm is None else row.from_x_mm
    high = last if row.to_x_mm is None else row.to_x_mm
    zone = row.zone.code if row.zone else ""
    return Way(row.code, Axis.X, row.y_mm, low, high, Direction(row.direction), row.floor, zone)


def blocks(site: Site) -> Walkway | None:
    """The site as plain blocks of parallel aisles, or None when it is more than that: then only its graph is right."""
    aisles = list(site.aisles.order_by("x_mm"))
    rows = list(site.cross_aisles.order_by("y_mm"))
    front, back = site.front_y_mm, site.back_y_mm
    first, last = (aisles[0].x_mm, aisles[-1].x_mm) if aisles else (0, 0)
    is_plain = (
        all(way.direction == WayDirection.BOTH and way.floor == 0 for way in (*aisles, *rows))
        and all(aisle.from_y_mm in (None, front) and aisle.to_y_mm in (None, back) for aisle in aisles)
        and all(row.from_x_mm in (None, first) and row.to_x_mm in (None, last) for row in rows)
        and not site.zones.filter(enter_s__gt=0).exists()
        and not (rows and site.locations.filter(aisle__in=[row.code for row in rows]).exists())
    )
    if not is_plain:
        return None
    middle = sorted({row.y_mm for row in rows} - {front, back})
    return Walkway(front, back, tuple(sorted({aisle.x_mm for aisle in aisles})), tuple(middle))


def walkway(site: Site) -> Walkway:
    """The site's blocks of aisles. Raises ``LayoutError`` when it has one-way aisles, storeys, doors or dead ends."""
    found = blocks(site)
    if found is None:
        raise LayoutError([f"{site.code} is more than plain blocks of aisles."])
    return found


def ground(site: Site) -> Ground:
    """What distances of the site are measured on: its blocks, or the graph of everything it is.

    Raises ``layout_broken`` when the layout contradicts itself.
    """
    try:
        return blocks(site) or graph_of(floor_plan(site))
    except ValueError as broken:
        raise DomainError("layout_broken", f"The layout of {site.code}: {broken}") from broken


def ways(site: Site) -> Callable[[Location, Location], int]:
    """Walking distances between places of a site, in millimetres; straight ones for places off the aisles."""
    where = lines(site)
    base = ground(site) if where.aisle_xs or where.cross_ys else None

    def between_mm(a: Location, b: Location) -> int:
        here, there = where.of(a), where.of(b)
        if base is not None:
            try:
                return way_mm(base, here, there)
            except ValueError:  # neither in an aisle nor on the front floor: a reserve rack, a second room
                pass
        return abs(here.x_mm - there.x_mm) + abs(here.y_mm - there.y_mm)

    return between_mm


def the_belt(site: Site) -> Location | None:
    """Where full carts go."""
    return Location.objects.filter(site=site, kind=LocationKind.BELT).order_by("pk").first()


def drop_places(site: Site) -> list[Location]:
    """Where a cart may be emptied; the first belt, where carts start, comes first."""
    rows = list(
        Location.objects.filter(Q(kind=LocationKind.BELT) | Q(drop_point=True), site=site).order_by("pk")
    )
    belt = next((place for place in rows if place.kind == LocationKind.BELT), None)
    more = [place for place in rows if place.drop_point and place is not belt]
    return ([belt] if belt else []) + more


def drop_points(site: Site) -> list[Spot]:
    """Where people stand for them."""
    where = lines(site)
    return [where.of(place) for place in drop_places(site)]
