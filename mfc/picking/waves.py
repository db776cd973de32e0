"""Release: what to pick now, and why. Rolling, one batch at a time, driven by promises and idle pickers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef

from mfc.catalog.models import CARRY_RANK
from mfc.core import clock, journal, locks, txn
from mfc.core.actors import SYSTEM
from mfc.core.locks import LockSpace
from mfc.inventory import reservations
from mfc.inventory.reservations import Need, Taken
from mfc.layout import queries as layout
from mfc.layout.models import Site
from mfc.layout.travel import Spot
from mfc.orders import services as orders
from mfc.orders import timing
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import OrderState
from mfc.picking import batches
from mfc.picking.batching import MAX_CANDIDATES, Batcher, Cart, OpenOrder, Pace
from mfc.picking.batching import Batch as PlannedBatch
from mfc.picking.models import Batch, BatchOrder, PickTask, Wave
from mfc.picking.routing import Stop
from mfc.picking.states import ON_CART, BatchState
from mfc.workforce.models import LabourStandard, StationKind, WorkSession

# Seconds from the belt to the release of a tote: conveying, weighing, sealing, staging. A site setting once measured.
AFTER_PICKING_S = 300.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """An accepted order with what release needs to know of it."""

    order: Order
    lines: tuple[OrderLine, ...]
    latest_start: datetime


def idle_pickers(site: Site) -> int:
    """Pickers who are logged in at a cart without a batch."""
    busy = Batch.objects.filter(station=OuterRef("station"), state__in=ON_CART)
    return (
        WorkSession.objects.filter(ended_at=None, station__site=site, station__kind=StationKind.CART)
        .exclude(cart="")
        .exclude(Exists(busy))
        .count()
    )


def go_reason(site: Site, waiting: Sequence[Waiting], *, idle: int) -> str:
    """Why to release now, or an empty text: wait.

    Due work is released in any case. With idle pickers, work is released early when enough orders wait to make a
    good walk, or one has waited long enough.
    """
    if not waiting:
        return ""
    now = clock.now()
    first = min(waiting, key=lambda one: one.latest_start)
    slack_s = (first.latest_start - now).total_seconds()
    if slack_s <= site.release_horizon_s:
        return f"order {first.order.ref} must start within {max(slack_s, 0) / 60:.0f} min"
    if not idle:
        return ""
    if len(waiting) >= site.early_orders:
        return f"{len(waiting)} orders wait and {idle} pickers are idle"
    oldest_s = max((now - one.order.accepted_at).total_seconds() for one in waiting)
    if oldest_s >= site.early_wait_s:
        return f"an order has waited {oldest_s / 60:.0f} min and {idle} pickers are idle"
    return ""


def waiting_orders(site: Site) -> list[Waiting]:
    """Accepted orders, most urgent first, at most as many as one plan looks at."""
    labour = timing.standard(site)
    rows = (
        Order.objects.filter(site=site, state=OrderState.ACCEPTED)
        .annotate(line_count=Count("lines"))
        .prefetch_related("lines__sku")
        .order_by("promise_until", "number")[:MAX_CANDIDATES]
    )
    return [
        Waiting(
            row,
            tuple(row.lines.all()),
            timing.latest_start(row.promise_until, site=site, labour=labour, lines=row.line_count),
        )
        for row in rows
    ]


def release_due(*, site: Site) -> list[Batch]:
    """Plan batches while there is a reason to and fewer wait than pickers want; one transaction each."""
    batches: list[Batch] = []
    while True:
        batch = _release_one(site=site)
        if batch is None:
            return batches
        batches.append(batch)


@txn.use_case
def _release_one(*, site: Site) -> Batch | None:
    locks.hold(LockSpace.PLANNER, site.pk)
    idle = idle_pickers(site)
    planned = Batch.objects.filter(site=site, state=BatchState.PLANNED).count()
    if planned > idle:
        return None
    waiting = waiting_orders(site)
    reason = go_reason(site, waiting, idle=max(idle - planned, 0))
    if not reason:
        return None
    return _release(site, waiting, reason)


def _release(site: Site, waiting: list[Waiting], reason: str) -> Batch | None:
    labour = timing.standard(site)
    sources = reservations.sources(
        site_id=site.pk, sku_ids={line.sku_id for one in waiting for line in one.lines}
    )
    xs = layout.aisle_xs(site)
    chosen: dict[str, list[Taken]] = {}
    by_ref: dict[str, Waiting] = {}
    open_orders = []
    for one in waiting:
        needs = [Need(line.pk, line.sku_id, line.qty, line.qty_promised) for line in one.lines]
        taken = reservations.choose(needs=needs, available=sources)
        chosen[one.order.ref], by_ref[one.order.ref] = taken, one
        open_orders.append(_open_order(site, one, taken, xs))
    plan = _batcher(site, labour).next_batch(open_orders, now_s=clock.now().timestamp())
    assert plan is not None, "an order that fits no tote is refused at intake"
    members = [by_ref[str(ref)] for ref in plan.order_ids]
    return _write(site, plan, members, {ref: chosen[ref] for ref in map(str, plan.order_ids)}, reason)


def _open_order(site: Site, one: Waiting, taken: list[Taken], xs: dict[str, int]) -> OpenOrder:
    rank = {line.pk: CARRY_RANK[line.sku.temperature] for line in one.lines}
    stops = tuple(
        Stop(
            key=(one.order.ref, number),
            spot=Spot(xs.get(item.source.aisle, item.source.x_mm), item.source.y_mm, item.source.level),
            rank=rank[item.need.order_line_id],
        )
        for number, item in enumerate(taken)
    )
    return OpenOrder(
        order_id=one.order.ref,
        due_s=timing.dispatch_deadline(one.order.promise_until, site=site).timestamp(),
        stops=stops,
        volume_ml=one.order.volume_ml,
        weight_g=one.order.weight_g,
    )


def _batcher(site: Site, labour: LabourStandard) -> Batcher:
    belt = layout.the_belt(site)
    depot = Spot(belt.x_mm, belt.y_mm) if belt else Spot(0, 0)
    return Batcher(
        walkway=layout.walkway(site),
        start=depot,
        end=depot,
        cart=Cart(
            positions=site.cart_orders,
            tote_volume_ml=site.tote_volume_ml,
            tote_weight_g=site.tote_weight_g,
            cart_weight_g=site.cart_weight_g,
        ),
        pace=Pace(
            speed_mm_s=labour.walk_mm_per_s,
            setup_s=labour.setup_s,
            line_s=labour.stop_s,
            tote_s=labour.put_s,
            after_s=AFTER_PICKING_S,
        ),
    )


def _write(
    site: Site, plan: PlannedBatch, members: list[Waiting], chosen: dict[str, list[Taken]], reason: str
) -> Batch:
    now = clock.now()
    taken = [item for one in members for item in chosen[one.order.ref]]
    needs = [Need(line.pk, line.sku_id, line.qty, line.qty_promised) for one in members for line in one.lines]
    rows = reservations.reserve(site_id=site.pk, actor=SYSTEM, needs=needs, taken=taken)
    reservation_of = {id(item): row for item, row in zip(taken, rows, strict=True)}
    OrderLine.objects.filter(pk__in=[need.order_line_id for need in needs]).update(qty_promised=0)
    _record_shorts(needs, taken)
    wave = Wave.objects.create(site=site, released_at=now, reason=reason)
    batch = Batch.objects.create(
        site=site,
        wave=wave,
        length_mm=plan.length_mm,
        policy=plan.policy,
        reason=plan.reason[:300],
        latest_start=min(one.latest_start for one in members),
        planned_at=now,
    )
    entries: dict[str, BatchOrder] = {}
    for position, one in enumerate((one for one in members if chosen[one.order.ref]), start=1):
        orders.move(one.order, OrderState.RELEASED, actor=SYSTEM, batch=batch.pk)
        entries[one.order.ref] = BatchOrder.objects.create(batch=batch, order=one.order, position=position)
    for one in members:
        if not chosen[one.order.ref]:
            orders.move(one.order, OrderState.UNFILLED, actor=SYSTEM, reason="no stock at release")
    _create_tasks(batch, plan, chosen, entries, {key: row.pk for key, row in reservation_of.items()})
    journal.write(
        "batch.planned",
        actor=SYSTEM,
        subject=f"batch:{batch.pk}",
        site=site.code,
        why_now=reason,
        why_these=plan.reason,
    )
    txn.hint("plan")
    return batch if entries else _close_empty(batch)


def _record_shorts(needs: Sequence[Need], taken: Sequence[Taken]) -> None:
    covered: dict[int, int] = {}
    for item in taken:
        covered[item.need.order_line_id] = covered.get(item.need.order_line_id, 0) + item.qty
    for need in needs:
        missing = need.qty - covered.get(need.order_line_id, 0)
        if missing:
            orders.record_short(need.order_line_id, qty=missing, reason="no stock at release")


def _create_tasks(
    batch: Batch,
    plan: PlannedBatch,
    chosen: dict[str, list[Taken]],
    entries: dict[str, BatchOrder],
    reservation_ids: dict[int, int],
) -> None:
    """One task per reservation; the same SKU and lot at the same place is one stop for all totes."""
    stops: dict[tuple[int, int, int | None], int] = {}
    tasks = []
    for stop in plan.stops:
        ref, number = stop.key  # type: ignore[misc]
        item = chosen[str(ref)][number]
        key = (item.source.location_id, item.need.sku_id, item.source.lot_id)
        tasks.append(
            PickTask(
                batch=batch,
                batch_order=entries[str(ref)],
                order_line_id=item.need.order_line_id,
                reservation_id=reservation_ids[id(item)],
                location_id=item.source.location_id,
                sku_id=item.need.sku_id,
                lot_id=item.source.lot_id,
                qty=item.qty,
                stop=stops.setdefault(key, len(stops) + 1),
                reason=item.reason[:200],
            )
        )
    PickTask.objects.bulk_create(tasks)


def _close_empty(batch: Batch) -> Batch | None:
    """Every order of the plan found no stock: nothing to walk for."""
    batch.delete()
    return None


def hand_out(*, site: Site) -> list[Batch]:
    """Give planned batches to pickers who wait at a cart, longest waiting first; one transaction each."""
    given = []
    busy = Batch.objects.filter(station=OuterRef("station"), state__in=ON_CART)
    sessions = (
        WorkSession.objects.filter(ended_at=None, station__site=site, station__kind=StationKind.CART)
        .exclude(cart="")
        .exclude(Exists(busy))
        .select_related("station", "person")
        .order_by("pk")
    )
    for session in sessions:
        batch = batches.claim_next(station=session.station, person=session.person)
        if batch is None:
            break
        given.append(batch)
    return given
