"""The walk of a batch for people: drawn on the site, with its length by every policy and the shortest beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from mfc.layout.drawing import Mark, Scene, draw
from mfc.layout.models import LocationKind, Site
from mfc.layout.queries import drop_places, plan_and_lines
from mfc.layout.travel import LayoutError, Spot, UnreachableError, graph_of
from mfc.picking.models import Batch, PickTask


@dataclass(frozen=True, slots=True)
class PolicyLength:
    """The walk by one policy; ``excess_percent`` over the shortest."""

    policy: str
    length_mm: int
    excess_percent: float
    is_chosen: bool

    @property
    def length_m(self) -> float:
        """Metres, for people."""
        return self.length_mm / 1000


def lengths(batch: Batch) -> list[PolicyLength]:
    """The walk by every policy, shortest first."""
    shortest = batch.shortest_mm or 0
    rows = [
        PolicyLength(
            name,
            length_mm,
            100 * (length_mm - shortest) / shortest if shortest else 0.0,
            name == batch.policy or (name == "exact" and batch.policy not in batch.lengths_mm),
        )
        for name, length_mm in batch.lengths_mm.items()
    ]
    return sorted(rows, key=lambda row: (row.length_mm, row.policy))


def cost(batch: Batch) -> str:
    """What the site's choice costs, in a sentence; empty when nothing is known."""
    if not batch.shortest_mm:
        return ""
    over_mm = batch.length_mm - batch.shortest_mm
    if over_mm <= 0:
        return f"{batch.length_mm / 1000:.1f} m, proven shortest"
    share = 100 * over_mm / batch.shortest_mm
    exact_mm = batch.lengths_mm.get("exact", batch.length_mm)
    if exact_mm > batch.shortest_mm:
        return f"{batch.length_mm / 1000:.1f} m, at most {share:.1f} % above the shortest"
    return f"{batch.length_mm / 1000:.1f} m, {share:.1f} % above the shortest ({exact_mm / 1000:.1f} m)"


def drawing(batch: Batch) -> str:
    """The walk as SVG; empty when the layout cannot be drawn (the check of the ways says why)."""
    site: Site = batch.site
    try:
        plan, where = plan_and_lines(site)
    except LayoutError:
        return ""
    graph = graph_of(plan)
    tasks = list(
        PickTask.objects.filter(batch=batch).select_related("location", "sku").order_by("stop", "pk")
    )
    drops = drop_places(site)
    home = where.of(drops[0]) if drops else Spot(0, 0)
    end = where.of(batch.drop) if batch.drop else home
    marks: dict[int, Mark] = {}
    for task in tasks:
        place = task.location
        spot = where.pick_from(
            aisle=place.aisle, x_mm=place.x_mm, y_mm=place.y_mm, level=place.level, floor=place.floor
        )
        if task.stop not in marks:
            marks[task.stop] = Mark(str(task.stop), spot, f"{task.qty} × {task.sku.code} at {place.code}")
    legs = []
    for a, b in pairwise([home, *(mark.spot for mark in marks.values()), end]):
        try:
            legs.append(graph.leg(a, b, turns=False))
        except UnreachableError:
            continue  # drawn without this leg; the stop is still there
    shelves = site.locations.filter(kind__in=[LocationKind.BIN, LocationKind.RESERVE])
    return draw(
        Scene(
            plan=plan,
            width_mm=site.width_mm,
            depth_mm=site.depth_mm,
            places=[
                Spot(x, y, 0, floor)
                for x, y, floor in shelves.values_list("x_mm", "y_mm", "floor").distinct()
            ],
            legs=legs,
            marks=list(marks.values()),
            ends={"start": home, "end": end} if end != home else {"start and end": home},
            title=f"Walk of batch {batch.pk}: {len(marks)} stops",
        )
    )
