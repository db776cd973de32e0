"""The worker's part of a planning run: read, search with progress, store. Searches run outside any transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mfc.catalog.models import Sku
from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.inventory.models import SkuPosition
from mfc.layout.travel import DEFAULT_REACH_S
from mfc.orders import timing
from mfc.slotting import assignment, assortment, demand, floorplan, golden, history, reslot, results, runs
from mfc.slotting.baskets import Baskets, Floats, Ints
from mfc.slotting.coverage import Room
from mfc.slotting.fillbound import bound
from mfc.slotting.models import PlanRun, RuleKind, RunKind, SlottingRule

log = logging.getLogger(__name__)
# The database hears of progress this often.
TELL_EVERY_S = 1.0
# Below this nothing can be learned.
LEAST_ORDERS = 20
# Seconds to take a whole slot out and put it in again, and seconds for each piece carried.
HANDLING_S, EACH_S = 90.0, 1.5
BOUND_S = 30.0

Progress = Callable[[float, str], bool]


def work(*, run_id: int) -> None:
    """Work a run out. Doing it twice, or again after a crash, gives the same."""
    run = runs.begin(run_id=run_id)
    if run is None:
        return
    try:
        _PLANS[run.kind](run, _teller(run_id))
    except DomainError as refusal:
        runs.fail(run_id=run_id, actor=runs.sender(run), why=f"{refusal.message} {refusal.remedy}")
    except assignment.DoesNotFitError as error:
        runs.fail(run_id=run_id, actor=runs.sender(run), why=str(error))


def _teller(run_id: int) -> Progress:
    """Progress to the database now and then; true once somebody wants to stop."""
    told_at = 0.0
    wanted = False

    def tell(done: float, text: str) -> bool:
        nonlocal told_at, wanted
        now = time.monotonic()
        if now - told_at >= TELL_EVERY_S:
            told_at = now
            wanted = runs.report_progress(run_id=run_id, share=done, text=text)
        return wanted

    return tell


def _orders(run: PlanRun) -> tuple[Baskets, list[int]]:
    found, sku_ids = history.baskets(run.site, days=run.settings["days"])
    if len(found) < LEAST_ORDERS:
        raise DomainError(
            "plan_impossible", f"There are {len(found)} orders in that time; {LEAST_ORDERS} are needed."
        )
    return found, sku_ids


def _plan_demand(run: PlanRun, tell: Progress) -> None:
    found, sku_ids = _orders(run)
    tell(0.1, "reading orders")
    end_day = float(np.floor(history.day_of(clock.now())))
    made = demand.forecast(found, end_day)
    tell(0.8, "storing forecasts")
    results.store_demand(run=run, made=made, sku_ids=sku_ids, end_day=end_day)


def _plan_assortment(run: PlanRun, tell: Progress) -> None:
    found, sku_ids = _orders(run)
    flags = _range_flags(run, sku_ids)
    wanted = int(run.settings["skus"]) or int(flags["current"].sum()) or max(1, len(sku_ids) // 5)
    most_new = int(run.settings["most_new"])
    given = assortment.Range(
        Room.of_size(wanted, len(sku_ids)), flags["keep"], flags["never"], flags["current"]
    )
    made = assortment.choose(
        found,
        given,
        most_new=most_new if most_new >= 0 else None,
        progress=lambda done, text: tell(0.8 * done, text),
    )
    end = time.monotonic() + BOUND_S
    limit = bound(found, wanted, should_stop=lambda: tell(0.85, "bound") or time.monotonic() > end)
    frequency = assortment.by_frequency(found, given)
    results.store_assortment(
        run=run, made=made, sku_ids=sku_ids, size=wanted, limit=limit,
        filled_by_frequency=float(found.filled(frequency).mean()),
        filled_now=float(found.filled(flags["current"]).mean()),
    )  # fmt: skip


def _range_flags(run: PlanRun, sku_ids: list[int]) -> dict[str, Any]:
    """Which SKUs are stocked, must stay and are left out, by number."""
    stocked = set(SkuPosition.objects.filter(site=run.site, on_hand__gt=0).values_list("sku_id", flat=True))
    rules = SlottingRule.objects.filter(site=run.site)
    keep = set(rules.filter(kind=RuleKind.KEEP_SKU).values_list("sku_id", flat=True))
    out = set(rules.filter(kind=RuleKind.EXCLUDE_SKU).values_list("sku_id", flat=True))
    inactive = set(Sku.objects.filter(active=False).values_list("pk", flat=True))

    def flags(ids: set[Any]) -> np.ndarray:
        return np.array([sku_id in ids for sku_id in sku_ids], dtype=np.bool_)

    return {"current": flags(stocked), "keep": flags(keep), "never": flags((out | inactive) - keep)}


def _plan_slots(run: PlanRun, tell: Progress) -> None:
    found, sku_ids = _orders(run)
    floor = floorplan.read(run.site, sku_ids, found.counts())
    inside = _renumbered(found, sku_ids, floor.sku_ids)
    if len(inside) < LEAST_ORDERS:
        raise DomainError("plan_impossible", f"Only {len(inside)} orders hold goods that lie in bins.")
    days = max(1.0, float(found.days[-1] - found.days[0]))
    movable = int((~floor.goods.locked).sum())
    most_moves = max(2, int(run.settings["moves_percent"] * movable / 100))
    slot_of = reslot.search(
        floor.block, floor.slots, floor.goods, inside, most_moves=most_moves, seed=int(run.settings["seed"]),
        half_life_days=assortment.fading(inside),
        seconds=float(run.settings["seconds"]), progress=lambda done, text: tell(0.9 * done, text),
    )  # fmt: skip
    slot_of = _better_levels(floor, slot_of, inside, most_moves)
    labour = timing.standard(run.site)
    work_of = reslot.MoveWork(_handling(floor.sku_ids), labour.walk_mm_per_s * 60.0)
    chains = reslot.sequence(floor.block, floor.slots, floor.goods, inside, slot_of, work_of)
    units = labour.walk_mm_per_s * 60.0
    chains = [
        chain
        for chain in chains
        if chain.payback_days(len(inside) / days, units) <= run.settings["payback_days"]
    ]
    results.store_slots(
        run=run, floor=floor, baskets=inside, chains=chains, days=days, walk_mm_per_s=labour.walk_mm_per_s
    )


def _better_levels(floor: floorplan.Floor, slot_of: Ints, inside: Baskets, most_moves: int) -> Ints:
    """Levels for those that move anyway: a SKU that stays in its bay stays on its level."""
    stays = slot_of == floor.goods.home
    goods = replace(
        floor.goods, locked=floor.goods.locked | stays, home=np.where(stays, slot_of, floor.goods.home)
    )
    better = golden.levels(floor.slots, goods, slot_of, DEFAULT_REACH_S)
    del inside
    return better if int((better != floor.goods.home).sum()) <= most_moves else slot_of


def _renumbered(found: Baskets, sku_ids: list[int], names: list[int]) -> Baskets:
    """The baskets by the floor's numbers; lines of SKUs that lie in no bin vanish."""
    number = {sku_id: index for index, sku_id in enumerate(names)}
    kept = np.array([sku_id in number for sku_id in sku_ids], dtype=np.bool_)
    inside = found.within(kept)
    to = np.array(
        [number[sku_id] for sku_id, stays in zip(sku_ids, kept, strict=True) if stays], dtype=np.int64
    )
    return Baskets(inside.starts, to[inside.items], inside.days, inside.qty, len(names))


def _handling(sku_ids: list[int]) -> Floats:
    """Minutes to move each SKU's stock."""
    held = dict(SkuPosition.objects.filter(sku_id__in=sku_ids).values_list("sku_id", "on_hand"))
    return np.array([(HANDLING_S + EACH_S * held.get(sku_id, 0)) / 60.0 for sku_id in sku_ids])


_PLANS: dict[str, Callable[[PlanRun, Progress], None]] = {
    RunKind.DEMAND: _plan_demand,
    RunKind.ASSORTMENT: _plan_assortment,
    RunKind.SLOTS: _plan_slots,
}
