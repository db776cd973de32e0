"""A site from above as SVG, with a walk on it. Pure.

Colours and widths are classes (`site-…`), styled by the page's own sheet, with attributes as a fallback: the drawing
follows the light and the dark theme. Each storey is a panel of its own, the ground floor lowest; y grows to the back, so
it is turned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from mfc.layout.travel import Axis, Direction, FloorPlan, Leg, OpenArea, Spot

# Units of the drawing: centimetres. Wider open floors than this around the aisles are cut off.
_CM = 10
MARGIN_MM = 1_200
GAP_CM = 120
# A walk has at most this many stops (see routing.MAX_STOPS) and a site some thousand places.
MAX_PLACES = 5_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered stop; the title is what a pointer sees."""

    number: str
    spot: Spot
    title: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: the plan, the faces of the places, the walk leg by leg, its stops, and where it begins and ends."""

    plan: FloorPlan
    width_mm: int
    depth_mm: int
    places: Sequence[Spot] = ()
    legs: Sequence[Leg] = ()
    marks: Sequence[Mark] = ()
    ends: Mapping[str, Spot] = field(default_factory=dict)
    title: str = "Site"


@dataclass(frozen=True, slots=True)
class _Panel:
    """One storey: its frame in millimetres, and where its panel begins in the drawing."""

    floor: int
    left_mm: int
    top_mm: int
    width_mm: int
    depth_mm: int
    offset_cm: float

    def at(self, x_mm: int, y_mm: int) -> tuple[float, float]:
        """A point of the floor in the drawing."""
        return (x_mm - self.left_mm) / _CM, self.offset_cm + (self.top_mm - y_mm) / _CM


def draw(scene: Scene) -> str:
    """The drawing as one SVG element; equal scenes give equal text."""
    panels = _panels(scene)
    first = panels[max(panels)]
    width = first.width_mm / _CM
    height = max(panel.offset_cm + panel.depth_mm / _CM for panel in panels.values())
    size = max(width, height) / 48
    body = [_ways(scene, panel, size) for panel in panels.values()]
    body += [_places(scene, panel, size) for panel in panels.values()]
    body += [_lifts(scene, panels, size), _walk(scene, panels, size), _marks(scene, panels, size)]
    return (
        f'<svg class="site-drawing" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(scene.title)}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(scene.title)}</title>{''.join(body)}</svg>"
    )


def _panels(scene: Scene) -> dict[int, _Panel]:
    floors = {way.floor for way in scene.plan.ways} | {0}
    xs = [0, scene.width_mm, *(spot.x_mm for spot in scene.places), *(mark.spot.x_mm for mark in scene.marks)]
    ys = [0, scene.depth_mm, *(spot.y_mm for spot in scene.places), *(mark.spot.y_mm for mark in scene.marks)]
    for spot in scene.ends.values():
        xs.append(spot.x_mm)
        ys.append(spot.y_mm)
    left, right = min(xs) - MARGIN_MM, max(xs) + MARGIN_MM
    low, high = min(ys) - MARGIN_MM, max(ys) + MARGIN_MM
    panels = {}
    offset = 0.0
    for floor in sorted(floors, reverse=True):
        panels[floor] = _Panel(floor, left, high, right - left, high - low, offset)
        offset += (high - low) / _CM + GAP_CM
    return panels


def _line(
    name: str, points: Sequence[tuple[float, float]], width: float, fallback: str, more: str = ""
) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline class="{name}" points="{path}" fill="none" stroke="{fallback}" stroke-width="{width:.1f}" '
        f'stroke-linecap="round" stroke-linejoin="round"{more}/>'
    )


def _ways(scene: Scene, panel: _Panel, size: float) -> str:
    x, y = panel.at(panel.left_mm, panel.top_mm)
    parts = [
        f'<rect class="site-floor" x="{x:.1f}" y="{y:.1f}" width="{panel.width_mm / _CM:.1f}" '
        f'height="{panel.depth_mm / _CM:.1f}" fill="none" stroke="currentColor" stroke-width="2" stroke-opacity="0.25"/>'
    ]
    if len({way.floor for way in scene.plan.ways}) > 1:
        foot = y + panel.depth_mm / _CM - size * 0.6
        parts.append(_text("site-label", (x + size * 0.6, foot), f"floor {panel.floor}", size * 0.9, "start"))
    for area in scene.plan.areas:
        if area.floor == panel.floor:
            parts.append(_area(area, panel))
    for way in scene.plan.ways:
        if way.floor != panel.floor:
            continue
        ends = [panel.at(*way.point(at)) for at in (way.from_mm, way.to_mm)]
        parts.append(_line("site-way", ends, size * 1.6, "currentColor", ' stroke-opacity="0.12"'))
        if way.along is Axis.Y:
            (tx, ty) = ends[1]
            parts.append(_text("site-label", (tx, ty - size * 1.1), way.code, size * 0.8, "middle"))
        if way.direction is not Direction.BOTH:
            parts.append(_arrow(way.along, way.direction, ends, size))
    return "".join(parts)


def _area(area: OpenArea, panel: _Panel) -> str:
    left = max(area.x_from_mm, panel.left_mm)
    right = min(area.x_to_mm, panel.left_mm + panel.width_mm)
    top, bottom = min(area.y_to_mm, panel.top_mm), max(area.y_from_mm, panel.top_mm - panel.depth_mm)
    x, y = panel.at(left, top)
    return (
        f'<rect class="site-open" x="{x:.1f}" y="{y:.1f}" width="{max(0, right - left) / _CM:.1f}" '
        f'height="{max(0, top - bottom) / _CM:.1f}" fill="currentColor" fill-opacity="0.05"/>'
    )


def _arrow(along: Axis, direction: Direction, ends: list[tuple[float, float]], size: float) -> str:
    """A chevron in the middle of a one-way way."""
    x, y = ((ends[0][axis] + ends[1][axis]) / 2 for axis in (0, 1))
    sign = 1 if direction is Direction.FORWARD else -1
    reach = size * 0.5
    if along is Axis.X:
        points = [(x - sign * reach, y - reach), (x + sign * reach, y), (x - sign * reach, y + reach)]
    else:  # y grows upwards on the floor and downwards in the drawing
        points = [(x - reach, y + sign * reach), (x, y - sign * reach), (x + reach, y + sign * reach)]
    return _line("site-one-way", points, size * 0.22, "currentColor")


def _places(scene: Scene, panel: _Panel, size: float) -> str:
    seen = sorted({(spot.x_mm, spot.y_mm) for spot in scene.places[:MAX_PLACES] if spot.floor == panel.floor})
    side = size * 0.7
    parts = []
    for place in seen:
        x, y = panel.at(*place)
        parts.append(f"M{x - side / 2:.1f} {y - side / 2:.1f}h{side:.1f}v{side:.1f}h{-side:.1f}z")
    path = "".join(parts)
    return f'<path class="site-place" d="{path}" fill="currentColor" fill-opacity="0.28"/>' if path else ""


def _lifts(scene: Scene, panels: Mapping[int, _Panel], size: float) -> str:
    parts = []
    for lift in scene.plan.lifts:
        for floor in lift.floors:
            if floor in panels:
                x, y = panels[floor].at(lift.x_mm, lift.y_mm)
                parts.append(
                    f'<rect class="site-lift" x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:.1f}" '
                    f'height="{2 * size:.1f}" fill="none" stroke="currentColor" stroke-width="{size * 0.2:.1f}"/>'
                )
                parts.append(_text("site-label", (x, y + size * 0.3), lift.code, size * 0.8, "middle"))
    return "".join(parts)


def _walk(scene: Scene, panels: Mapping[int, _Panel], size: float) -> str:
    """The legs as lines; where a leg rides a lift it goes on in the other panel."""
    parts = []
    for leg in scene.legs:
        run: list[tuple[float, float]] = []
        floor = leg.points[0][2]
        for x, y, storey in leg.points:
            if storey != floor and run:
                parts.append(run)
                run = []
            floor = storey
            if storey in panels:
                run.append(panels[storey].at(x, y))
        parts.append(run)
    return "".join(_line("site-walk", run, size * 0.32, "#2563eb") for run in parts if len(run) > 1)


def _marks(scene: Scene, panels: Mapping[int, _Panel], size: float) -> str:
    parts = []
    for name, spot in scene.ends.items():
        if spot.floor in panels:
            x, y = panels[spot.floor].at(spot.x_mm, spot.y_mm)
            side = size * 0.8
            parts.append(
                f'<rect class="site-end" x="{x - side:.1f}" y="{y - side:.1f}" width="{2 * side:.1f}" '
                f'height="{2 * side:.1f}" rx="{size * 0.3:.1f}" fill="#2563eb"/>'
            )
            parts.append(_text("site-label", (x, y + size * 2), name, size * 0.9, "middle"))
    at_place: dict[tuple[int, int, int], list[Mark]] = {}
    for mark in scene.marks:
        at_place.setdefault((mark.spot.floor, mark.spot.x_mm, mark.spot.y_mm), []).append(mark)
    for (floor, x_mm, y_mm), marks in at_place.items():
        if floor not in panels:
            continue
        x, y = panels[floor].at(x_mm, y_mm)
        number = marks[0].number if len(marks) == 1 else f"{marks[0].number}+"
        title = "; ".join(f"{mark.number}: {mark.title}" if mark.title else mark.number for mark in marks)
        parts.append(
            f'<g class="site-stop"><title>{escape(title)}</title>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="#2563eb"/>'
            f"{_text('site-number', (x, y + size * 0.36), number, size * (1.0 if len(number) < 3 else 0.8), 'middle')}</g>"
        )
    return "".join(parts)


def _text(name: str, at: tuple[float, float], text: str, size: float, anchor: str) -> str:
    colour = "#ffffff" if name == "site-number" else "currentColor"
    return (
        f'<text class="{name}" x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:.1f}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
