"""Charts of planning as SVG text: where is picked, before and after; a forecast with its interval. Pure.

Colours come from classes that the page defines for light and dark; sizes are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# Steps of the heat: none, then five equal classes of the root of the share (few slots hold most picks).
HEAT_STEPS = 5
# Around the shelves.
AIR_MM = 600
CHART_WIDTH, CHART_HEIGHT, MARGIN = 640, 220, 34


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on the plan; millimetres, y grows downwards. ``share`` of the busiest place's picks."""

    name: str
    x: int
    y: int
    width: int
    height: int
    share: float
    moved: bool = False


def heat_step(share: float) -> int:
    """0 for no picks, else 1 to ``HEAT_STEPS``."""
    return 0 if share <= 0 else min(HEAT_STEPS, 1 + int(share**0.5 * HEAT_STEPS * 0.9999))


def heat_map(cells: Sequence[Cell], *, title: str) -> str:
    """The shelves from above; each place coloured by its picks, with its name and share as a tooltip."""
    left = min((cell.x for cell in cells), default=0) - AIR_MM
    top = min((cell.y for cell in cells), default=0) - AIR_MM
    width = max((cell.x + cell.width for cell in cells), default=0) + AIR_MM - left
    height = max((cell.y + cell.height for cell in cells), default=0) + AIR_MM - top
    parts = [
        f'<svg class="heat" viewBox="{left} {top} {width} {height}" role="img" aria-label="{escape(title)}">'
        f'<rect class="floor" x="{left}" y="{top}" width="{width}" height="{height}"/>'
    ]
    for cell in cells:
        moved = " moved" if cell.moved else ""
        parts.append(
            f'<rect class="h{heat_step(cell.share)}{moved}" x="{cell.x}" y="{cell.y}" width="{cell.width}"'
            f' height="{cell.height}"><title>{escape(cell.name)}: {cell.share:.0%}</title></rect>'
        )
    return "".join([*parts, "</svg>"])


def forecast_chart(history: Sequence[float], mean: float, low: float, high: float, *, title: str) -> str:
    """Weeks of the past as a line, the next week as a point with its interval."""
    points = [*history, mean]
    top = max([*points, high, 1.0]) * 1.08
    step = (CHART_WIDTH - 2 * MARGIN) / max(len(history), 1)

    def at(index: int, value: float) -> tuple[float, float]:
        return MARGIN + index * step, CHART_HEIGHT - MARGIN + -value / top * (CHART_HEIGHT - 2 * MARGIN)

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(i, value) for i, value in enumerate(history)))
    x, y = at(len(history), mean)
    y_low, y_high = at(0, low)[1], at(0, high)[1]
    grid = "".join(
        f'<line class="grid" x1="{MARGIN}" x2="{CHART_WIDTH - MARGIN}" y1="{gy:.1f}" y2="{gy:.1f}"/>'
        f'<text x="{MARGIN - 4}" y="{gy + 4:.1f}" text-anchor="end">{value:.0f}</text>'
        for value, gy in ((value, at(0, value)[1]) for value in (0.0, top / 2.16, top / 1.08))
    )
    return (
        f'<svg class="forecast" viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" role="img" aria-label="{escape(title)}">{grid}'
        f'<rect class="interval" x="{x - 7:.1f}" y="{y_high:.1f}" width="14" height="{max(y_low - y_high, 1):.1f}">'
        f"<title>{low:.1f} to {high:.1f}</title></rect>"
        f'<polyline class="past" points="{line}"/><circle class="next" cx="{x:.1f}" cy="{y:.1f}" r="4">'
        f"<title>{mean:.1f} expected</title></circle>"
        f'<text x="{MARGIN}" y="{CHART_HEIGHT - 10}">{len(history)} weeks ago</text>'
        f'<text x="{CHART_WIDTH - MARGIN}" y="{CHART_HEIGHT - 10}" text-anchor="end">next week</text></svg>'
    )
