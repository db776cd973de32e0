"""Bench ``slotting``: assign SKUs to slots on the past, walk the orders of the following weeks; re-slot in few moves.

Metres per line of exact tours: orders one by one, carts of 8 in the sequence of arrival, and carts of 8 joined by
proximity. The best rule of the trade for carts of 8 by proximity is what the search is compared with.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from mfc.slotting import assignment, assortment, reslot
from mfc.slotting.aisles import Block, all_tours
from mfc.slotting.assignment import Goods, Slots
from mfc.slotting.baskets import Baskets, Floats, Ints
from mfc.slotting.fast import HAS_COMPILER
from tests.bench import orderfiles
from tests.bench.carts import WAITING, carts_by_proximity

CART = 8
AISLES, LEVELS = 12, 5
AISLE_MM, CELL_MM = 3_000, 1_000
# Slots are a few more than SKUs, as on a real floor.
SLOTS_PER_SKU = 1.05
TESTED_ORDERS = 2_000
LATER_DAYS = 56.0
# More than the seconds allow on most sets: time ends the search.
PROPOSALS = 1_500
BUDGETS = (0.05, 0.10, 0.20, 0.25)


def main(arguments: list[str]) -> int:
    """Run for each file; print one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench slotting", description=__doc__)
    parser.add_argument("--orders", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--share", type=float, default=0.2, help="SKUs kept, of those seen in the past (0.2)")
    parser.add_argument("--skus", type=int, help="SKUs kept, instead of a share")
    parser.add_argument("--most-lines", type=int, default=60, help="leave out larger orders: wholesale (60)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each search (60)")
    parser.add_argument("--no-reslot", action="store_true", help="leave out the re-slotting part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", default="-", metavar="FILE")
    given = parser.parse_args(arguments)
    sets = [_measure(orderfiles.read(path, most_lines=given.most_lines), given) for path in given.orders]
    body: dict[str, Any] = {"bench": "slotting", "compiled": HAS_COMPILER, "cart_orders": CART, "sets": sets}
    text = json.dumps(body, indent=1) + "\n"
    if given.json == "-":
        sys.stdout.write(text)
    else:
        Path(given.json).write_text(text, encoding="utf-8")
    return 0


def site(skus: int) -> tuple[Block, Slots]:
    """Twelve aisles of bays with five levels, as long as the SKUs need; the depot before the middle."""
    cells = -(-int(SLOTS_PER_SKU * skus) // (AISLES * LEVELS))
    block = Block(np.arange(AISLES, dtype=np.int64) * AISLE_MM, cells * CELL_MM, (AISLES - 1) * AISLE_MM // 2)
    bays = [(aisle, cell) for aisle in range(AISLES) for cell in range(cells)]
    keys = [block.key(aisle, cell * CELL_MM + CELL_MM // 2) for aisle, cell in bays for _ in range(LEVELS)]
    slots = Slots.plain(np.array(keys, dtype=np.int64))
    level = np.tile(np.arange(LEVELS, dtype=np.int64), len(bays))
    return block, Slots(slots.key, slots.kind, slots.room, slots.bay, level)


def walked(block: Block, slots: Slots, slot_of: Ints, later: Baskets) -> dict[str, float]:
    """Metres per line of the later orders."""
    key = slots.key[slot_of]
    given = (later.starts, later.items, key, block.xs, block.length, block.depot_x)
    metres = 1_000 * len(later.items)
    return {
        "single": float(all_tours(*given, 1).sum()) / metres,
        "cart_fcfs": float(all_tours(*given, CART).sum()) / metres,
        "cart_near": float(carts_by_proximity(*given, CART, WAITING).sum()) / metres,
    }


def _measure(orders: orderfiles.OrderSet, given: argparse.Namespace) -> dict[str, Any]:
    baskets = orders.baskets
    span = float(baskets.days[-1] - baskets.days[0])
    cut = baskets.days[-1] - min(LATER_DAYS, 0.15 * span)
    if not orders.has_times:
        cut = baskets.days[round(0.85 * len(baskets))]
    past = baskets.between(-np.inf, cut)
    size = given.skus or max(60, int(given.share * len(np.unique(past.items))))
    kept = assortment.choose(past, assortment.Range.plain(size, past.skus), shrinkage=assortment.DEFAULT).kept
    volume = orders.volume[kept] if orders.volume is not None else None
    inside = baskets.within(kept)
    past, later = inside.between(-np.inf, cut), inside.between(cut, np.inf)
    later = later.part(0, min(len(later), TESTED_ORDERS))
    block, slots = site(inside.skus)
    picks = past.counts()
    goods = Goods.plain(picks)
    plans: dict[str, Ints] = {"random": assignment.at_random(slots, goods, given.seed)}
    for rule in ("nearest", "within-aisle", "across-aisle"):
        plans[f"velocity {rule}"] = assignment.by_rule(block, slots, goods, rule)
    plans["cube per order"] = _cube(block, slots, goods, volume, past)
    rows = {name: walked(block, slots, plan, later) for name, plan in plans.items()}
    rules = [name for name in plans if name.startswith("velocity")]
    began = time.monotonic()
    half_life = assortment.fading(past)
    start = min(
        rules,
        key=lambda name: walked(block, slots, plans[name], past.part(max(0, len(past) - 2_000), len(past)))[
            "cart_near"
        ],
    )
    found = assignment.improve(
        block, slots, goods, past, start=plans[start], seed=given.seed, seconds=given.seconds,
        half_life_days=half_life, proposals_per_sku=PROPOSALS,
    )  # fmt: skip
    seconds = time.monotonic() - began
    rows["search"] = walked(block, slots, found.slot_of, later)
    answer: dict[str, Any] = {
        "set": orders.name,
        "skus": inside.skus,
        "slots": len(slots),
        "past_orders": len(past),
        "later_orders": len(later),
        "lines_per_order": round(float(later.sizes.mean()), 2),
        "metres_per_line": {name: {k: round(v, 3) for k, v in row.items()} for name, row in rows.items()},
        "half_life_days": half_life if half_life < 1e9 else None,
        "started_from": start,
        "seconds": round(seconds, 1),
        "against_best_velocity_pct": {
            kind: round(100 * (rows["search"][kind] / min(rows[name][kind] for name in rules) - 1), 2)
            for kind in ("single", "cart_fcfs", "cart_near")
        },
        "against_random_single_pct": round(
            100 * (rows["search"]["cart_near"] / rows["random"]["single"] - 1), 2
        ),
        "walking_over_time": [
            (round(at, 2), round(mean / 1000, 2))
            for at, mean in found.trail[:: max(1, len(found.trail) // 20)]
        ],
    }
    if not given.no_reslot:
        answer["reslot"] = _reslot(block, slots, past, later, given, half_life)
    return answer


def _cube(block: Block, slots: Slots, goods: Goods, volume: Floats | None, past: Baskets) -> Ints:
    """Cube-per-order index (Heskett 1963): small and often ordered first; without measures, what is sold stands for cube."""
    eaches = np.bincount(past.items, weights=past.qty, minlength=past.skus)
    cube = eaches * (volume if volume is not None else 1.0)
    desire = cube / np.maximum(goods.picks, 1e-9)
    return assignment.fill(
        slots, goods, assignment.slot_order(block, slots, "nearest"), np.argsort(desire, kind="stable")
    )


def _reslot(
    block: Block, slots: Slots, past: Baskets, later: Baskets, given: argparse.Namespace, half_life: float
) -> dict[str, Any]:
    """Slots by velocity of the first half of the past have grown stale; re-slot on what is known now."""
    old, new = past.part(0, len(past) // 2), past
    home = assignment.by_rule(block, slots, Goods.plain(old.counts()), "within-aisle")
    goods = Goods.plain(new.counts(assignment.by_age(new, half_life))).at_home(home)
    stale = walked(block, slots, home, later)
    velocity = assignment.by_rule(block, slots, goods, "within-aisle")
    free = assignment.improve(
        block,
        slots,
        goods,
        new,
        start=home,
        seed=given.seed,
        seconds=given.seconds,
        half_life_days=half_life,
        proposals_per_sku=PROPOSALS,
    )
    unlimited = walked(block, slots, free.slot_of, later)
    rows: list[dict[str, Any]] = []

    def row(name: str, slot_of: Ints) -> dict[str, Any]:
        now = walked(block, slots, slot_of, later)
        return {
            "plan": name,
            "moves": int((slot_of != home).sum()),
            **{f"{kind}_pct": round(100 * (now[kind] / stale[kind] - 1), 2) for kind in now},
            **{
                f"{kind}_share_pct": round(
                    100 * (stale[kind] - now[kind]) / max(stale[kind] - unlimited[kind], 1e-9), 1
                )
                for kind in now
            },
        }

    rows.append(row("velocity again", velocity))
    rows.append(row("unlimited", free.slot_of))
    work = reslot.MoveWork(np.full(len(goods), 2.0), 72_000.0)
    for budget in BUDGETS:
        plan = reslot.search(
            block,
            slots,
            goods,
            new,
            most_moves=int(budget * len(goods)),
            seed=given.seed,
            seconds=given.seconds,
            half_life_days=half_life,
            proposals_per_sku=PROPOSALS,
        )
        steps = reslot.sequence(block, slots, goods, new.part(max(0, len(new) - 4_000), len(new)), plan, work)
        rows.append(
            row(f"{budget:.0%} of the SKUs", plan)
            | {"chains": len(steps), "single_moves": sum(len(chain.steps) for chain in steps)}
        )
    return {"stale_metres_per_line": {kind: round(value, 3) for kind, value in stale.items()}, "plans": rows}
