"""Release: what to pick now, and why. Rolling, one batch at a time, driven by promises and idle pickers."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db.models import Count, Exists, F, Max, OuterRef, prefetch_related_objects
from django.db.models.functions import Coalesce

from mfc.catalog.models import CARRY_RANK
from mfc.core import clock, journal, locks, txn
from mfc.core.actors import SYSTEM
from mfc.core.errors import DomainError
from mfc.core.locks import LockSpace
from mfc.inventory import reservations
from mfc.inventory.reservations import Need, Source, Taken
from mfc.layout.models import Site
from mfc.orders import services as orders
from mfc.orders import timing
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import OrderState
from mfc.picking import batches, deciding, joining, sourcing, walls
from mfc.picking.batching import MAX_CANDIDATES, OpenOrder
from mfc.picking.batching import Batch as PlannedBatch
from mfc.picking.models import Batch, BatchOrder, Method, PickTask, PutSlot, Wave
from mfc.picking.release import Go, Join, Policy, Situation, decide
from mfc.picking.routing import Stop
from mfc.picking.routing import plan as plan_route
from mfc.picking.sitewalks import Floor, SiteWalk
from mfc.picking.states import ON_CART, BatchState
from mfc.workforce.models import LabourStandard, StationKind, WorkSession

# Refusals that say "somebody was faster": the plan is made again from the present state, at most this often.
_MEANWHILE = frozenset({"state_conflict", "stock_insufficient", "stock_regraded"})
MAX_CONFLICTS = 5


@dataclass(frozen=True, slots=True)
class _Name:
    """An order in a plan: told apart by its id (references are unique per client only), shown by its reference."""

    pk: uuid.UUID
    ref: str

    def __str__(self) -> str:
        return self.ref


@dataclass(frozen=True, slots=True)
class Waiting:
    """An accepted order with what release needs to know of it."""

    order: Order
    latest_start: datetime

    @property
    def lines(self) -> tuple[OrderLine, ...]:
        """The order's lines; read once."""
        return tuple(self.order.lines.all())

    @property
    def name(self) -> _Name:
        """What the plan calls the order."""
        return _Name(self.order.pk, self.order.ref)


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
    """Accepted orders, most urgent first, at most as many as one plan looks at. Their lines are read when needed."""
    labour = timing.standard(site)
    rows = (
        Order.objects.filter(site=site, state=OrderState.ACCEPTED)
        .annotate(line_count=Count("lines"))
        .order_by("promise_until", "number")[:MAX_CANDIDATES]
    )
    return [
        Waiting(
            row,
            timing.latest_start(row.promise_until, site=site, labour=labour, lines=row.line_count),
        )
        for row in rows
    ]


def release_due(*, site: Site) -> list[Batch]:
    """Plan batches while there is a reason to and fewer wait than pickers want; one transaction each."""
    released: list[Batch] = []
    conflicts = 0
    while True:
        try:
            planned = _release_one(site=site)
        except DomainError as refusal:
            conflicts += 1
            if refusal.code not in _MEANWHILE or conflicts > MAX_CONFLICTS:
                raise
            continue
        if planned is None:
            return released
        released += planned


@txn.use_case
def _release_one(*, site: Site) -> list[Batch] | None:
    """None: no reason to release. Empty: orders were closed for want of stock, nothing is to be walked for."""
    locks.hold(LockSpace.PLANNER, site.pk)
    idle = idle_pickers(site)
    planned = Batch.objects.filter(site=site, state=BatchState.PLANNED).count()
    waiting = waiting_orders(site)
    if not waiting or (planned > idle and not site.join_walks):
        return None
    draft = _draft(site, waiting)
    free = max(idle - planned, 0)
    if not free and site.join_walks and _join_one(draft):
        return []
    if planned > idle:
        return None
    reason = go_reason(site, waiting, idle=free) or _why_early(draft, free)
    if not reason:
        return None
    batch = _release(draft, reason)
    return [batch] if batch else []


@dataclass(slots=True)
class _Draft:
    """Everything that waits, with the stock chosen for each order: what a decision is made of."""

    site: Site
    labour: LabourStandard
    policy: Policy
    waiting: list[Waiting]
    chosen: dict[_Name, list[Taken]]
    open_orders: list[OpenOrder]
    floor: Floor
    free: dict[int, list[Source]]

    def waiting_of(self, name: Hashable) -> Waiting:
        """The order that the plan calls so."""
        return next(one for one in self.waiting if one.name == name)


def _draft(site: Site, waiting: list[Waiting]) -> _Draft:
    prefetch_related_objects([one.order for one in waiting], "lines__sku")
    labour = timing.standard(site)
    sources = reservations.sources(
        site_id=site.pk, sku_ids={line.sku_id for one in waiting for line in one.lines}
    )
    free = {sku_id: list(rows) for sku_id, rows in sources.items()}
    floor = Floor.of(site)
    chosen: dict[_Name, list[Taken]] = {}
    open_orders = []
    for one in waiting:
        needs = _needs(one)
        chosen[one.name] = reservations.choose(needs=needs, available=sources)
        open_orders.append(_open_order(floor, one, chosen[one.name]))
    policy = deciding.policy_of(floor, labour, positions=site.cart_orders)
    return _Draft(site, labour, policy, waiting, chosen, open_orders, floor, free)


def _why_early(draft: _Draft, idle: int) -> str:
    """Why not to wait for company although there is time: nobody else is expected, or the pickers are needed. Or empty."""
    if not idle:
        return ""
    decision = decide(
        draft.policy,
        Situation(
            now_s=clock.now().timestamp(),
            waiting=tuple(draft.open_orders),
            idle=idle,
            arrivals_per_s=deciding.arrivals_per_s(draft.site),
        ),
    )
    return decision.why_now if isinstance(decision, Go) else ""


def _join_one(draft: _Draft) -> bool:
    """Whether an order joined a batch that is being picked, since nobody is idle to start it."""
    walks = joining.walks(draft.floor, draft.policy)
    if not walks:
        return False
    # Only what has all its stock: a short is not worth stopping somebody on the way.
    whole = [
        order
        for order, one in zip(draft.open_orders, draft.waiting, strict=True)
        if sum(item.qty for item in draft.chosen[one.name]) == sum(line.qty for line in one.lines)
    ]
    decision = decide(
        draft.policy,
        Situation(now_s=clock.now().timestamp(), waiting=tuple(whole), idle=0, walks=tuple(walks)),
    )
    if not isinstance(decision, Join):
        return False
    one = draft.waiting_of(decision.order_id)
    stops = next(order.stops for order in whole if order.order_id == decision.order_id)
    joining.join(
        site=draft.site,
        decision=decision,
        order=one.order,
        latest_start=one.latest_start,
        needs=_needs(one),
        taken=draft.chosen[one.name],
        spots=[stop.spot for stop in stops],
    )
    return True


def _release(draft: _Draft, reason: str) -> Batch | None:
    slots = walls.room(draft.site)
    plan = _sort_plan(draft, slots)
    if plan is None:
        slots = []
        plan = _plan(draft.policy, draft.open_orders)
    members = [draft.waiting_of(name) for name in plan.order_ids]
    _hold_accepted(members)
    _shorten(draft, members)
    walk = draft.floor.walk(
        [stop for one in members for stop in _stops(draft.floor, one, draft.chosen[one.name])]
    )
    return _write(draft.site, plan, walk, members, draft.chosen, reason, slots)


def _shorten(draft: _Draft, members: list[Waiting]) -> None:
    """Take from places on the way where several are equally allowed."""
    ranks = {line.pk: CARRY_RANK[line.sku.temperature] for one in members for line in one.lines}
    taken = [item for one in members for item in draft.chosen[one.name]]
    pace = sourcing.Pace(draft.labour.walk_mm_per_s, draft.labour.stop_s)
    better = sourcing.shorten(draft.floor, taken, draft.free, ranks=ranks, pace=pace)
    for one in members:
        own = {line.pk for line in one.lines}
        draft.chosen[one.name] = [item for item in better if item.need.order_line_id in own]


def _plan(policy: Policy, open_orders: Sequence[OpenOrder]) -> PlannedBatch:
    """The batch that should be picked next, and its walk."""
    now = Situation(now_s=clock.now().timestamp(), waiting=tuple(open_orders), idle=1)
    decision = decide(policy, now)
    assert isinstance(decision, Go), "an order that fits no tote is refused at intake"
    members = [order for order in open_orders if order.order_id in decision.order_ids]
    stops = [stop for order in members for stop in order.stops]
    route = plan_route(stops, walkway=policy.walkway, start=policy.end, end=policy.end)
    return PlannedBatch(
        order_ids=decision.order_ids,
        stops=route.stops,
        length_mm=route.length_mm,
        duration_s=policy.duration_s(members, route.length_mm),
        policy=route.policy,
        reason=decision.why_these,
    )


def _sort_plan(draft: _Draft, slots: list[PutSlot]) -> PlannedBatch | None:
    """A walk for the put wall; None: each order is picked into its own tote.

    Goods sold by weight are weighed one by one for their customer: such orders are not mixed. When the most urgent
    order is one of them it goes first, and a walk for a single order needs no wall.
    """
    fit = [
        one
        for one, row in zip(draft.open_orders, draft.waiting, strict=True)
        if not any(line.sku.catch_weight for line in row.lines)
    ]
    if len(slots) < 2 or not fit or fit[0] is not draft.open_orders[0]:
        return None
    plan = _plan(deciding.policy_of(draft.floor, draft.labour, positions=len(slots)), fit)
    return plan if len(plan.order_ids) > 1 else None


def _needs(one: Waiting) -> list[Need]:
    return [
        Need(
            line.pk,
            line.sku_id,
            line.qty,
            line.qty_promised,
            max(one.order.min_remaining_days, line.sku.min_remaining_days),
        )
        for line in one.lines
    ]


def _hold_accepted(members: Sequence[Waiting]) -> None:
    """Lock the orders before their stock, as everybody does; one that was cancelled meanwhile ends this plan."""
    ids = [one.order.pk for one in members]
    rows = Order.objects.select_for_update(no_key=True).filter(pk__in=ids, state=OrderState.ACCEPTED)
    if len(rows.order_by("pk")) != len(ids):
        raise DomainError("state_conflict", "An order of the plan was called off meanwhile.")


def _stops(floor: Floor, one: Waiting, taken: list[Taken]) -> tuple[Stop, ...]:
    rank = {line.pk: CARRY_RANK[line.sku.temperature] for line in one.lines}
    return tuple(
        Stop(key=(one.name, number), spot=floor.spot(item.source), rank=rank[item.need.order_line_id])
        for number, item in enumerate(taken)
    )


def _open_order(floor: Floor, one: Waiting, taken: list[Taken]) -> OpenOrder:
    return OpenOrder(
        order_id=one.name,
        due_s=timing.dispatch_deadline(one.order.promise_until, site=floor.site).timestamp(),
        stops=_stops(floor, one, taken),
        volume_ml=one.order.volume_ml,
        weight_g=one.order.weight_g,
    )


def _write(
    site: Site,
    plan: PlannedBatch,
    walk: SiteWalk,
    members: list[Waiting],
    chosen: dict[_Name, list[Taken]],
    reason: str,
    slots: list[PutSlot],
) -> Batch | None:
    """``slots`` of a put wall make it a sort batch: the most urgent order has the first place and slot."""
    now = clock.now()
    if slots:
        members = sorted(members, key=lambda one: (one.order.promise_until, one.order.number))
    taken = [item for one in members for item in chosen[one.name]]
    needs = [need for one in members for need in _needs(one)]
    rows = reservations.reserve(site_id=site.pk, actor=SYSTEM, needs=needs, taken=taken)
    reservation_of = {id(item): row for item, row in zip(taken, rows, strict=True)}
    OrderLine.objects.filter(pk__in=[need.order_line_id for need in needs]).update(qty_promised=0)
    _record_shorts(needs, taken)
    wave = Wave.objects.create(site=site, released_at=now, reason=reason)
    batch = Batch.objects.create(
        site=site,
        wave=wave,
        method=Method.SORT if slots else Method.CLUSTER,
        length_mm=walk.length_mm,
        policy=walk.policy,
        shortest_mm=walk.shortest_mm,
        lengths_mm=walk.lengths_mm,
        drop=walk.drop,
        reason=plan.reason[:300],
        latest_start=min(one.latest_start for one in members),
        planned_at=now,
    )
    entries: dict[_Name, BatchOrder] = {}
    for position, one in enumerate((one for one in members if chosen[one.name]), start=1):
        orders.move(one.order, OrderState.RELEASED, actor=SYSTEM, batch=batch.pk)
        entries[one.name] = BatchOrder.objects.create(batch=batch, order=one.order, position=position)
        if slots:
            walls.assign(slots[position - 1], one.order, actor=SYSTEM)
    for one in members:
        if not chosen[one.name]:
            orders.move(one.order, OrderState.UNFILLED, actor=SYSTEM, reason="no stock at release")
    if not entries:
        batch.delete()  # nothing to walk for
        return None
    _create_tasks(batch, walk, chosen, entries, {key: row.pk for key, row in reservation_of.items()})
    journal.write(
        "batch.planned",
        actor=SYSTEM,
        subject=f"batch:{batch.pk}",
        site=site.code,
        why_now=reason,
        why_these=plan.reason,
    )
    txn.hint("plan")
    return batch


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
    walk: SiteWalk,
    chosen: dict[_Name, list[Taken]],
    entries: dict[_Name, BatchOrder],
    reservation_ids: dict[int, int],
) -> None:
    """One task per reservation; the same SKU and lot at the same place is one stop for all totes."""
    stops: dict[tuple[int, int, int | None], int] = {}
    tasks = []
    for stop in walk.stops:
        name, number = cast("tuple[_Name, int]", stop.key)
        item = chosen[name][number]
        key = (item.source.location_id, item.need.sku_id, item.source.lot_id)
        tasks.append(
            PickTask(
                batch=batch,
                batch_order=entries[name],
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


def hand_out(*, site: Site) -> list[Batch]:
    """Give planned batches to pickers who wait at a cart, longest waiting first; one transaction each."""
    given = []
    busy = Batch.objects.filter(station=OuterRef("station"), state__in=ON_CART)
    sessions = (
        WorkSession.objects.filter(ended_at=None, station__site=site, station__kind=StationKind.CART)
        .exclude(cart="")
        .exclude(Exists(busy))
        .select_related("station", "person")
        .annotate(idle_since=Coalesce(Max("station__batches__closed_at"), F("started_at")))
        .order_by("idle_since", "pk")
    )
    for session in sessions:
        try:
            batch = batches.claim_next(station=session.station, person=session.person)
        except DomainError as refusal:
            if refusal.code != "cart_in_use":
                raise
            continue  # the picker took one by scan meanwhile
        if batch is None:
            break
        given.append(batch)
    return given
