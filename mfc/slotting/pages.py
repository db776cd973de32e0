"""What the pages of planning show: figures, heat maps and tables of a run."""

from __future__ import annotations

import itertools
from typing import Any

from mfc.layout import queries as layout
from mfc.layout.models import Location, LocationKind, Site
from mfc.slotting import drawing
from mfc.slotting.models import DemandForecast, PlanRun, RunKind

# The page shows so many rows; the lists of moves and changes have all of them.
SHOWN = 50
SHELF_MM, BAY_MM, GAP_MM = 500, 1_000, 15
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Table = dict[str, Any]


def _table(headers: list[str], rows: list[list[Any]]) -> Table:
    return {"headers": headers, "rows": rows}


def figures(run: PlanRun) -> Table | None:
    """The result in words and numbers; None while there is none."""
    found = run.result
    if not found or run.kind == RunKind.DEMAND:
        return None
    if run.kind == RunKind.SLOTS:
        rows = [
            ["Walking of single orders", f"{found['walking_pct']:+.1f} %"],
            ["Walking of carts of 8", f"{found['cart_walking_pct']:+.1f} %"],
            ["Metres per order", f"{found['metres_per_order_before']} → {found['metres_per_order_after']}"],
            ["Saved a day", f"{found['saved_metres_a_day']} m at {found['orders_a_day']} orders"],
            ["Work", f"{found['moves']} moves, {found['chains']} chains, {found['minutes']} minutes"],
            [
                "Pays back in",
                f"{found['payback_days']} days" if found["payback_days"] is not None else "never",
            ],
        ]
        return _table(["What", "Result"], rows)
    expected = found["expected_pct"]
    rows = [
        ["Orders filled whole by this range", f"{found['filled_pct']} %"],
        ["No set of this size could fill more than", f"{found['bound_pct']} %"],
        ["By the range of today", f"{found['filled_now_pct']} %"],
        ["By the top movers, as many", f"{found['filled_by_frequency_pct']} %"],
        [
            "Expected in weeks to come",
            "–" if expected is None else f"{expected} % (top movers {found['expected_by_frequency_pct']} %)",
        ],
        ["Orders split between here and elsewhere", f"{found['split_pct']} %"],
        ["Lines covered", f"{found['lines_pct']} %"],
        ["The next SKU would add at most", f"{found['next_sku_pct']} % ({found['next_sku'] or '–'})"],
    ]
    return _table(["What", "Result"], rows)


def tables(run: PlanRun) -> list[tuple[str, Table]]:
    """Moves, or what enters and leaves."""
    if run.kind == RunKind.SLOTS:
        return _moves(run)
    if run.kind == RunKind.ASSORTMENT:
        return [found for enters in (True, False) for found in _changes(run, enters=enters)]
    return []


def _moves(run: PlanRun) -> list[tuple[str, Table]]:
    rows = list(run.moves.select_related("sku", "source", "target").order_by("number")[:SHOWN])
    if not rows:
        return []
    body = [
        [
            move.number,
            move.chain,
            f"{move.sku.code} {move.sku.name}",
            move.source.code,
            f"{move.target.code}{' (waits there)' if move.to_buffer else ''}",
            f"{move.minutes:.1f}",
            f"{move.saved_mm_a_day / 1000:.1f}" if move.saved_mm_a_day else "",
            f"{move.payback_days:.1f}" if move.payback_days is not None else "never",
            move.state,
        ]
        for move in rows
    ]
    total = run.moves.count()
    title = "Moves" if total <= SHOWN else f"The first {SHOWN} of {total} moves"
    headers = ["No.", "Chain", "SKU", "From", "To", "Minutes", "Metres a day", "Pays back, days", "State"]
    return [(title, _table(headers, body))]


def _changes(run: PlanRun, *, enters: bool) -> list[tuple[str, Table]]:
    order = "-share" if enters else "share"
    rows = list(run.changes.filter(enters=enters).select_related("sku").order_by(order, "pk")[:SHOWN])
    if not rows:
        return []
    body = [
        [
            change.sku.code,
            change.sku.name,
            f"{100 * change.share:.3f} %",
            f"{change.minutes:.0f}",
            "left as it is" if change.dropped else "",
        ]
        for change in rows
    ]
    count = run.changes.filter(enters=enters).count()
    title = f"{'Enter' if enters else 'Leave'}: {count}"
    return [(title, _table(["SKU", "Name", "Orders that hang on it", "Minutes", ""], body))]


def maps(run: PlanRun) -> list[tuple[str, str]]:
    """Heat maps before and after, as SVG."""
    if run.kind != RunKind.SLOTS or not run.result.get("heat_before"):
        return []
    moved = set(run.moves.values_list("source__code", flat=True)) | set(
        run.moves.filter(to_buffer=False).values_list("target__code", flat=True)
    )
    bins = list(Location.objects.filter(site=run.site, kind=LocationKind.BIN).order_by("code"))
    return [
        (title, _heat(run.site, bins, run.result[name], moved if name == "heat_after" else set(), title))
        for title, name in (("Before", "heat_before"), ("After", "heat_after"))
    ]


def _heat(site: Site, bins: list[Location], shares: dict[str, float], moved: set[str], title: str) -> str:
    xs = layout.aisle_xs(site)
    levels = max((place.level for place in bins), default=0) + 1
    width = SHELF_MM // levels
    bay = _bay_mm(bins)
    cells = []
    for place in bins:
        offset = place.level * width
        is_left = place.x_mm < xs.get(place.aisle, place.x_mm)
        x = place.x_mm - offset - width if is_left else place.x_mm + offset
        cells.append(
            drawing.Cell(
                place.code,
                x + GAP_MM,
                site.depth_mm - place.y_mm - bay // 2 + GAP_MM,
                max(width - 2 * GAP_MM, 10),
                max(bay - 2 * GAP_MM, 10),
                shares.get(place.code, 0.0),
                place.code in moved,
            )
        )
    return drawing.heat_map(cells, title=f"Picks by place, {title.lower()}")


def _bay_mm(bins: list[Location]) -> int:
    """The smallest distance of two bays in one aisle."""
    by_aisle: dict[str, set[int]] = {}
    for place in bins:
        by_aisle.setdefault(place.aisle, set()).add(place.y_mm)
    gaps = [far - near for ys in by_aisle.values() for near, far in itertools.pairwise(sorted(ys))]
    return min(gaps, default=BAY_MM)


def weekdays(row: DemandForecast) -> Table | None:
    """Shares of a week."""
    if not row.weekdays:
        return None
    return _table(list(WEEKDAYS), [[f"{100 * share:.0f} %" for share in row.weekdays]])
