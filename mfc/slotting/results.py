"""Storing what a planning run found: forecasts, changes of the range, moves with their pay-back, heat maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from django.db.models.functions import Now

from mfc.catalog.models import Sku
from mfc.core import clock, journal, txn
from mfc.core.transitions import advance
from mfc.layout.models import Location, LocationKind
from mfc.slotting import assignment, floorplan, runs
from mfc.slotting.assortment import Assortment
from mfc.slotting.baskets import Baskets
from mfc.slotting.demand import Forecast, by_analogues
from mfc.slotting.fillbound import Bound
from mfc.slotting.models import DemandForecast, PlanRun, RangeChange, SlotMove
from mfc.slotting.reslot import BUFFER, Chain
from mfc.slotting.states import RUN_TRANSITIONS, RunState

# Weeks of the past that are kept beside a forecast for its chart.
SHOWN_WEEKS = 26
CART_ORDERS = 8
# Work of taking an article in or giving it up: place, labels, first filling.
CHANGE_MINUTES = 8.0
MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday


def _ready(run: PlanRun, note: str, result: dict[str, Any]) -> None:
    advance(
        run, RunState.READY, table=RUN_TRANSITIONS, note=note[:300], result=result, percent=100,
        ended_at=clock.now(), touched_at=Now(),
    )  # fmt: skip
    journal.write(
        "planning.ready",
        actor=runs.sender(run),
        subject=f"planrun:{run.pk}",
        site=run.site.code,
        note=note[:300],
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _percent(share: float) -> float:
    return round(100 * share, 2)


@txn.use_case
def store_demand(*, run: PlanRun, made: Forecast, sku_ids: list[int], end_day: float) -> None:
    """Replace the site's forecasts; new SKUs get theirs by analogues."""
    from_monday = (int(end_day) + MONDAY_OFFSET) % 7
    now = clock.now()
    DemandForecast.objects.filter(site=run.site).delete()
    coverage = None if math.isnan(made.coverage) else made.coverage
    rows = [
        DemandForecast(
            site=run.site,
            sku_id=sku_id,
            made_at=now,
            mean=float(made.mean[number]),
            low=float(made.low[number]),
            high=float(made.high[number]),
            confidence=made.confidence,
            coverage=coverage,
            method="intermittent" if made.by_tsb[number] else "trend",
            weekdays=[round(float(made.weekdays[number, (day - from_monday) % 7]), 4) for day in range(7)],
            history=made.history[number, -SHOWN_WEEKS:].tolist(),
        )
        for number, sku_id in enumerate(sku_ids)
    ]
    rows += _analogues(run, made, sku_ids)
    DemandForecast.objects.bulk_create(rows, batch_size=500)
    held = f"; intervals held {coverage:.0%} of the time on weeks not seen" if coverage is not None else ""
    _ready(
        run,
        f"{len(rows)} SKUs forecast{held}.",
        {"skus": len(rows), "coverage": coverage, "confidence": made.confidence},
    )


def _analogues(run: PlanRun, made: Forecast, sku_ids: list[int]) -> list[DemandForecast]:
    known = set(sku_ids)
    skus = {sku.pk: sku for sku in Sku.objects.filter(active=True)}
    new = [sku for sku in skus.values() if sku.pk not in known]
    everyone = [*[sku_id for sku_id in sku_ids if sku_id in skus], *[sku.pk for sku in new]]
    if not new or len(everyone) == len(new):
        return []
    families = {name: number for number, name in enumerate(sorted({skus[pk].family for pk in everyone}))}
    family = np.array([families[skus[pk].family] for pk in everyone], dtype=np.int64)
    price = np.array([float(skus[pk].price_cents or 0) for pk in everyone])
    position = {sku_id: number for number, sku_id in enumerate(sku_ids)}
    mean = np.array([float(made.mean[position[pk]]) if pk in position else 0.0 for pk in everyone])
    with_history = np.flatnonzero([pk in position for pk in everyone])
    rows = []
    for number in range(len(with_history), len(everyone)):
        middle, low, high = by_analogues(mean, with_history, family, price, number)
        rows.append(
            DemandForecast(
                site=run.site,
                sku_id=everyone[number],
                made_at=clock.now(),
                mean=middle,
                low=low,
                high=high,
                confidence=made.confidence,
                coverage=None,
                method="analogues",
            )
        )
    return rows


@txn.use_case
def store_assortment(
    *,
    run: PlanRun,
    made: Assortment,
    sku_ids: list[int],
    size: int,
    limit: Bound,
    filled_by_frequency: float,
    filled_now: float,
) -> None:
    """Keep the figures and the changes."""
    changes = made.changes
    RangeChange.objects.filter(run=run).delete()
    RangeChange.objects.bulk_create(
        [
            RangeChange(
                run=run, sku_id=sku_ids[change.sku], enters=change.enters, share=change.share, minutes=CHANGE_MINUTES,
                why=f"{'would help to fill' if change.enters else 'helps to fill'} {change.share:.2%} of the orders",
            )
            for change in changes
        ],
        batch_size=500,
    )  # fmt: skip
    result = {
        "size": size,
        "filled_pct": _percent(made.filled),
        "filled_now_pct": _percent(filled_now),
        "filled_by_frequency_pct": _percent(filled_by_frequency),
        "bound_pct": _percent(limit.share),
        "split_pct": _percent(made.split),
        "lines_pct": _percent(made.lines),
        "expected_pct": _percent(made.expected) if made.expected is not None else None,
        "expected_by_frequency_pct": (
            _percent(made.expected_by_frequency) if made.expected_by_frequency is not None else None
        ),
        "next_sku": Sku.objects.get(pk=sku_ids[made.next_sku]).code if made.next_sku is not None else None,
        "next_sku_pct": round(100 * made.next_share, 4),
        "enter": sum(change.enters for change in changes),
        "leave": sum(not change.enters for change in changes),
        "stopped": made.stopped,
    }
    note = (
        f"{size} SKUs fill {made.filled:.1%} of the orders whole; no set of this size could fill more than"
        f" {limit.share:.1%}. {result['enter']} enter, {result['leave']} leave."
    )
    _ready(run, ("Stopped early. " if made.stopped else "") + note, result)


@txn.use_case
def store_slots(
    *,
    run: PlanRun,
    floor: floorplan.Floor,
    baskets: Baskets,
    chains: list[Chain],
    days: float,
    walk_mm_per_s: int,
) -> None:
    """Keep the moves in their sequence, the pay-back of each chain, and where is picked before and after."""
    tours_a_day = len(baskets) / days
    slot_of = floor.goods.home.copy()
    rows: list[SlotMove] = []
    SlotMove.objects.filter(run=run).delete()
    buffers = _Buffers(run, floor)
    kept: list[Chain] = []
    for chain in chains:
        buffer = (
            buffers.for_chain(chain)
            if any(BUFFER in (step.source, step.target) for step in chain.steps)
            else None
        )
        if buffer is None and any(BUFFER in (step.source, step.target) for step in chain.steps):
            continue  # no place to put anything down meanwhile: the ring cannot be done
        kept.append(chain)
        days_to_pay = chain.payback_days(tours_a_day, walk_mm_per_s * 60.0)
        for step in chain.steps:
            number = len(rows) + 1
            is_last = step is chain.steps[-1]
            rows.append(
                SlotMove(
                    run=run,
                    site=run.site,
                    chain=len(kept),
                    number=number,
                    sku_id=floor.sku_ids[step.sku],
                    source=buffer if step.source == BUFFER else floor.locations[step.source],
                    target=buffer if step.target == BUFFER else floor.locations[step.target],
                    to_buffer=step.target == BUFFER,
                    minutes=round(step.minutes, 2),
                    saved_mm_a_day=round(chain.saved * tours_a_day, 1) if is_last else 0.0,
                    payback_days=round(days_to_pay, 2) if math.isfinite(days_to_pay) else None,
                    why=_why(chain, step.target == BUFFER, tours_a_day),
                )
            )
        for step in chain.steps:
            if step.target != BUFFER:
                slot_of[step.sku] = step.target
        buffers.done(chain)
    SlotMove.objects.bulk_create(rows, batch_size=500)
    before, after = (
        {
            together: assignment.mean_tour(floor.block, floor.slots, slots, baskets, together)
            for together in (1, CART_ORDERS)
        }
        for slots in (floor.goods.home, slot_of)
    )
    minutes = sum(row.minutes for row in rows)
    saved = (before[1] - after[1]) * tours_a_day
    result = {
        "orders": len(baskets),
        "orders_a_day": round(tours_a_day, 1),
        "moves": len(rows),
        "chains": len(kept),
        "minutes": round(minutes, 1),
        "metres_per_order_before": round(before[1] / 1000, 2),
        "metres_per_order_after": round(after[1] / 1000, 2),
        "walking_pct": round(100 * (after[1] / before[1] - 1), 2) if before[1] else 0.0,
        "cart_walking_pct": round(100 * (after[CART_ORDERS] / before[CART_ORDERS] - 1), 2)
        if before[CART_ORDERS]
        else 0.0,
        "saved_metres_a_day": round(saved / 1000, 1),
        "payback_days": round(minutes / (saved / (walk_mm_per_s * 60.0)), 2) if saved > 0 else None,
        # A SKU on its way over a buffer place must find its limits again.
        "limits": {
            str(row.sku_id): [row.source.slot_min, row.source.slot_max]
            for row in rows
            if row.to_buffer and row.source.slotted_sku_id == row.sku_id
        },
        "heat_before": _heat(floor, floor.goods.home),
        "heat_after": _heat(floor, slot_of),
    }
    note = (
        f"{_count(len(rows), 'move')} in {_count(len(kept), 'chain')}: {result['walking_pct']:+.1f} % walking for single"
        f" orders, {result['cart_walking_pct']:+.1f} % for carts of {CART_ORDERS}; {minutes:.0f} minutes of work."
    )
    _ready(run, note, result)


def _why(chain: Chain, to_buffer: bool, tours_a_day: float) -> str:
    if to_buffer:
        return "makes room; goes to its new slot when that is empty"
    return f"its chain saves {chain.saved * tours_a_day / 1000:.1f} m a day for {chain.minutes:.1f} minutes of work"


def _heat(floor: floorplan.Floor, slot_of: np.ndarray) -> dict[str, float]:
    picks = {
        floor.locations[slot].pk: float(count)
        for slot, count in zip(slot_of.tolist(), floor.goods.picks, strict=True)
    }
    return floorplan.shares(floor.locations, picks)


class _Buffers:
    """Where goods of a ring wait: an empty bin of their class that no move of the plan needs, else a reserve place."""

    def __init__(self, run: PlanRun, floor: floorplan.Floor) -> None:
        self._floor = floor
        self._taken = set(floor.goods.home.tolist())
        self._reserve = list(
            Location.objects.filter(site=run.site, kind=LocationKind.RESERVE)
            .select_related("zone")
            .order_by("pk")
        )

    def for_chain(self, chain: Chain) -> Location | None:
        sku = chain.steps[0].sku
        kind, need = int(self._floor.goods.kind[sku]), float(self._floor.goods.need[sku])
        used = {step.target for step in chain.steps} | self._taken
        for slot, place in enumerate(self._floor.locations):
            slots = self._floor.slots
            if slot not in used and int(slots.kind[slot]) == kind and slots.room[slot] >= need:
                return place
        for place in self._reserve:
            if floorplan.KINDS[place.zone.temperature if place.zone else floorplan.NO_ZONE] == kind:
                return place
        return None

    def done(self, chain: Chain) -> None:
        """After its moves other slots are taken."""
        for step in chain.steps:
            self._taken.discard(step.source)
        for step in chain.steps:
            if step.target != BUFFER:
                self._taken.add(step.target)
