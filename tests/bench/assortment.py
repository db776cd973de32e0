"""Bench ``assortment``: choose SKUs on the past, count the orders of the following weeks that they fill whole."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from mfc.slotting import assortment
from mfc.slotting.assortment import Range
from mfc.slotting.baskets import Baskets
from mfc.slotting.coverage import BY_SIZE, FREQUENCY, Coverage, Room, Shrinkage, peel
from mfc.slotting.fillbound import bound
from tests.bench import orderfiles

WINDOW_DAYS = 28.0
# A file that spans less is cut into parts of equal numbers of orders.
LEAST_WEEKS = 20
# The flow of a bound takes longer than this on no set that fits a small machine's patience.
BOUND_S = 20.0


def main(arguments: list[str]) -> int:
    """Run for each file; print one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench assortment", description=__doc__)
    parser.add_argument("--orders", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--share", type=float, default=0.2, help="SKUs kept, of those seen in the past (0.2)")
    parser.add_argument("--windows", type=int, default=4, help="following periods of four weeks (4)")
    parser.add_argument("--most-lines", type=int, help="leave out larger orders")
    parser.add_argument(
        "--seconds", type=float, default=120.0, help="at most for the search of one window (120)"
    )
    parser.add_argument("--json", default="-", metavar="FILE")
    given = parser.parse_args(arguments)
    sets = [_measure(orderfiles.read(path, most_lines=given.most_lines), given) for path in given.orders]
    body: dict[str, Any] = {
        "bench": "assortment",
        "sets": sets,
        "mean_gain_pct": round(float(np.mean([one["mean_gain_pct"] for one in sets])), 2),
    }
    text = json.dumps(body, indent=1) + "\n"
    if given.json == "-":
        sys.stdout.write(text)
    else:
        Path(given.json).write_text(text, encoding="utf-8")
    return 0


def windows(baskets: Baskets, count: int, *, has_times: bool) -> list[tuple[Baskets, Baskets]]:
    """``(past, following weeks)``: the newest four-week periods, each with all that came before it."""
    last = float(baskets.days[-1])
    if has_times and last - float(baskets.days[0]) >= LEAST_WEEKS * 7:
        edges = [last + 1e-6 - WINDOW_DAYS * back for back in range(count, -1, -1)]
        return [
            (baskets.between(-np.inf, edge), baskets.between(edge, end))
            for edge, end in itertools.pairwise(edges)
        ]
    cuts = [round(len(baskets) * (1 - 0.1 * back)) for back in range(count, -1, -1)]
    return [(baskets.part(0, cut), baskets.part(cut, end)) for cut, end in itertools.pairwise(cuts)]


def _measure(orders: orderfiles.OrderSet, given: argparse.Namespace) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    kept = None
    for past, later in windows(orders.baskets, given.windows, has_times=orders.has_times):
        row, kept = _window(past, later, given, kept)
        rows.append(row)
    gains = [row["gain_pct"] for row in rows]
    return {
        "set": orders.name,
        "orders": len(orders.baskets),
        "lines": len(orders.baskets.items),
        "skus": orders.baskets.skus,
        "mean_gain_pct": round(float(np.mean(gains)), 2),
        "mean_gain_by_size_rule_pct": round(
            float(np.mean([row["gain_by_size_rule_pct"] for row in rows])), 2
        ),
        "mean_gain_plain_peeling_pct": round(
            float(np.mean([row["gain_plain_peeling_pct"] for row in rows])), 2
        ),
        "mean_seconds": round(float(np.mean([row["seconds"] for row in rows])), 2),
        "windows": rows,
        "bound": _bound(*windows(orders.baskets, given.windows, has_times=orders.has_times)[-1], given.share),
    }


def _size(past: Baskets, share: float) -> int:
    return max(1, int(share * len(np.unique(past.items))))


def _window(
    past: Baskets, later: Baskets, given: argparse.Namespace, before: Any
) -> tuple[dict[str, Any], Any]:
    size = _size(past, given.share)
    began = time.monotonic()
    end = began + given.seconds
    found = assortment.choose(
        past, Range.plain(size, past.skus), progress=lambda done, text: time.monotonic() > end
    )
    seconds = time.monotonic() - began
    every = np.ones(past.skus, dtype=np.bool_)

    def share(shrinkage: Shrinkage) -> float:
        coverage = Coverage(past, shrinkage)
        peel(coverage, Room.of_size(size, past.skus), every)
        return float(later.filled(coverage.alive).mean())

    ours, frequency = float(later.filled(found.kept).mean()), share(FREQUENCY)
    touched = np.bincount(later.line_orders[found.kept[later.items]], minlength=len(later)) > 0

    def gain(value: float) -> float:
        return round(100 * (value / max(frequency, 1e-9) - 1), 2)

    row: dict[str, Any] = {
        "size": size,
        "later_orders": len(later),
        "filled_pct": round(100 * ours, 2),
        "frequency_pct": round(100 * frequency, 2),
        "gain_pct": gain(ours),
        "gain_by_size_rule_pct": gain(share(BY_SIZE)),
        "gain_plain_peeling_pct": gain(share(Shrinkage(miss=0.0, prior=0.0))),
        "forecast_pct": round(100 * found.expected, 2) if found.expected is not None else None,
        "split_pct": round(100 * float(touched.mean()) - 100 * ours, 2),
        "lines_pct": round(100 * float(found.kept[later.items].mean()), 2),
        "next_sku_pct": round(100 * found.next_share, 3),
        "shrinkage": {
            "miss": found.shrinkage.miss,
            "prior": found.shrinkage.prior,
            "half_life_days": found.shrinkage.half_life_days
            if found.shrinkage.half_life_days < 1e9
            else None,
            "by_size": found.shrinkage.by_size,
        },
        "seconds": round(seconds, 2),
    }
    if before is not None:
        row |= _few_changes(past, later, found, before, size, frequency)
    return row, found.kept


def _few_changes(
    past: Baskets, later: Baskets, found: Any, before: Any, size: int, frequency: float
) -> dict[str, Any]:
    """What changes since the window before, and what is left of the gain when only one in twenty SKUs may change."""
    none = np.zeros(past.skus, dtype=np.bool_)
    given = Range(Room.of_size(size, past.skus), none, none, before)
    budget = max(1, size // 20) + max(0, size - int(before.sum()))
    few = assortment.choose(past, given, shrinkage=found.shrinkage, most_new=budget)
    return {
        "entered": int((found.kept & ~before).sum()),
        "entered_within_budget": int((few.kept & ~before).sum()),
        "gain_within_budget_pct": round(
            100 * (float(later.filled(few.kept).mean()) / max(frequency, 1e-9) - 1), 2
        ),
    }


def _bound(past: Baskets, later: Baskets, share: float) -> dict[str, Any]:
    """No set of this size could have filled more of the past, or, chosen with hindsight, of the later orders."""
    size = _size(past, share)
    answer: dict[str, Any] = {"size": size}
    for name, orders in (("past", past), ("later_with_hindsight", later)):
        began = time.monotonic()
        end = began + BOUND_S
        found = bound(orders, size, should_stop=lambda end=end: time.monotonic() > end)
        answer[f"{name}_pct"] = round(100 * found.share, 2)
        answer[f"{name}_seconds"] = round(time.monotonic() - began, 2)
        coverage = Coverage(orders, Shrinkage(miss=0.0, prior=0.0))
        peel(coverage, Room.of_size(size, orders.skus), np.ones(orders.skus, dtype=np.bool_))
        answer[f"{name}_peeled_pct"] = round(100 * float(orders.filled(coverage.alive).mean()), 2)
    return answer
