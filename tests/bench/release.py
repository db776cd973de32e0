"""Release rules on replayed baskets: how many orders per hour keep 99 % of their promises, beside what is usual elsewhere.

A promise is the time from the acceptance of an order until its cart is put down. The share of promises kept is that of all
orders of all days together; the rate is the day's mean, its peaks are 1.75 times as high.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mfc.insight.daymodel import Day
from mfc.insight.rules import Edd, Fifo, Rolling, Waves
from mfc.picking.batching import Pace
from mfc.picking.release import Policy, Settings
from tests.bench import releasefloor
from tests.bench.releasefloor import Trial

# Minutes -> share of the orders.
MIXES: dict[str, dict[int, float]] = {
    "10/20/30/60": {10: 0.25, 20: 0.25, 30: 0.25, 60: 0.25},
    "20/40/60": {20: 0.3, 40: 0.4, 60: 0.3},
    "60": {60: 1.0},
}
RULES: dict[str, Callable[[Policy], Any]] = {"fifo": Fifo, "edd": Edd, "waves_15_min": Waves, "ours": Rolling}
# Times the orders per hour of FIFO; what the product is to reach.
GOALS = {"10/20/30/60": 2.2, "20/40/60": 1.4}
KEPT = 0.99
STEP, MOST = 5, 50


def main(arguments: list[str]) -> int:
    """Run every rule on every mix; print one JSON document."""
    given = _parser().parse_args(arguments)
    pace = Pace(
        speed_mm_s=given.speed_mm_s,
        setup_s=given.setup_s,
        line_s=given.line_s,
        tote_s=given.tote_s,
        after_s=0.0,
    )
    trial = releasefloor.build(given.orders, pickers=given.pickers, pace=pace, positions=given.positions)
    mixes = {}
    for mix in given.mix or MIXES:
        mixes[mix] = _compare(trial, mix, given)
    body = {
        "bench": "release",
        "orders": given.orders.name,
        "pickers": given.pickers,
        "days": given.days,
        "lines_per_order": round(sum(map(len, trial.found)) / len(trial.found), 2),
        "mixes": mixes,
    }
    text = json.dumps(body, indent=1) + "\n"
    if given.json == "-":
        sys.stdout.write(text)
    else:
        Path(given.json).write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench release", description=__doc__)
    parser.add_argument("--orders", type=Path, required=True, metavar="FILE")
    parser.add_argument("--pickers", type=int, default=4)
    parser.add_argument("--positions", type=int, default=8, help="totes on a cart (8)")
    parser.add_argument("--days", type=int, default=4, help="days of ten hours (4)")
    parser.add_argument(
        "--first-day", type=int, default=0, help="number of the first day: others are other days"
    )
    parser.add_argument("--mix", choices=sorted(MIXES), action="append", help="only this mix of promises")
    parser.add_argument("--speed-mm-s", type=int, default=1200, help="walking (1200)")
    parser.add_argument(
        "--line-s", type=float, default=6.0, help="a line, without reaching for it: 1 to 2.5 s (6)"
    )
    parser.add_argument("--setup-s", type=float, default=45.0, help="a walk (45)")
    parser.add_argument("--tote-s", type=float, default=12.0, help="a tote (12)")
    parser.add_argument("--json", default="-", metavar="FILE")
    return parser


def _compare(trial: Trial, mix: str, given: argparse.Namespace) -> dict[str, Any]:
    days = range(given.first_day, given.first_day + given.days)
    found: dict[str, Any] = {}
    for name, rule in RULES.items():
        began = time.perf_counter()
        rate, best = capacity(trial, rule, MIXES[mix], days)
        found[name] = {
            "orders_per_hour": rate,
            **_figures(best),
            "seconds": round(time.perf_counter() - began, 1),
        }
    fifo, ours = found["fifo"]["orders_per_hour"], found["ours"]["orders_per_hour"]
    at_fifo = trial.run(RULES["ours"], Settings(), MIXES[mix], max(fifo, STEP), days)
    bound = _bound(trial)
    return {
        "rules": found,
        "ours_at_the_rate_of_fifo": _figures(at_fifo),
        "times_fifo": round(ours / fifo, 2) if fifo else None,
        "goal_times_fifo": GOALS.get(mix),
        "utilisation_bound_orders_per_hour": round(bound, 1),
        "share_of_bound": round(ours / bound, 2),
    }


def capacity(
    trial: Trial, rule: Callable[[Policy], Any], mix: dict[int, float], days: Sequence[int]
) -> tuple[int, list[Day]]:
    """The highest mean rate, in steps of 5 orders per hour, that keeps the goal: by bisection."""
    low, high, best = 0, MOST, list[Day]()
    while low < high:
        middle = (low + high + 1) // 2
        result = trial.run(rule, Settings(), mix, middle * STEP, days)
        if kept(result) >= KEPT:
            low, best = middle, result
        else:
            high = middle - 1
    return low * STEP, best


def kept(days: Sequence[Day]) -> float:
    """Share of the promises that were kept, over all days."""
    outcomes = [one for day in days for one in day.outcomes]
    return sum(one.is_on_time for one in outcomes) / len(outcomes) if outcomes else 1.0


def _figures(days: Sequence[Day]) -> dict[str, float]:
    orders, busy_h = sum(len(day.outcomes) for day in days), sum(day.busy_s for day in days) / 3600
    lines = sum(day.lines for day in days)
    return {
        "on_time_pct": round(100 * kept(days), 2),
        "lines_per_labour_hour": round(lines / busy_h) if busy_h else 0,
        "metres_per_line": round(sum(day.walked_mm for day in days) / 1000 / lines, 2) if lines else 0,
        "orders_per_walk": round(orders / max(sum(day.walks for day in days), 1), 2),
        "joined_pct": round(100 * sum(day.joined for day in days) / orders, 1) if orders else 0,
    }


def _bound(trial: Trial) -> float:
    """Orders per hour that full carts without a metre of walking would allow: no rule can do more."""
    pace, positions = trial.site.pace, trial.site.cart.positions
    lines = sum(map(len, trial.found)) / len(trial.found)
    seconds = pace.setup_s / positions + pace.tote_s + lines * (pace.line_s + releasefloor.LEAST_REACH_S)
    return trial.pickers * 3600 / seconds
