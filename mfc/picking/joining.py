"""An order joins a batch that is being picked: its stops go into the walk ahead of the picker, its tote onto the cart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from mfc.core import clock, journal
from mfc.core.actors import SYSTEM
from mfc.core.errors import DomainError
from mfc.inventory import reservations
from mfc.inventory.reservations import Need, Taken
from mfc.layout.models import Site
from mfc.layout.travel import Spot, reach_s, way_mm
from mfc.orders import services as orders
from mfc.orders import timing
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import OrderState
from mfc.picking import deciding, tasks, totes
from mfc.picking.models import Batch, BatchOrder, Method, PickTask, SubstitutionAsk
from mfc.picking.release import Join, Policy, Visit, Walk
from mfc.picking.sitewalks import Floor
from mfc.picking.states import TODO, AskState, BatchState


@dataclass(frozen=True, slots=True)
class Ahead:
    """Names a stop of the batch that the picker has not reached yet."""

    stop: int


def walks(floor: Floor, policy: Policy) -> list[Walk]:
    """Batches under way that could take an order along: a free place, no tote asked for, no question open."""
    rows = Batch.objects.filter(site=floor.site, state=BatchState.PICKING, method=Method.CLUSTER)
    found = [_walk(floor, batch, policy) for batch in rows.select_related("site").order_by("pk")]
    return [walk for walk in found if walk is not None]


def _walk(floor: Floor, batch: Batch, policy: Policy) -> Walk | None:
    entries = totes.on_cart(batch)
    free = policy.cart.positions - max((entry.position for entry in entries), default=0)
    asked = SubstitutionAsk.objects.filter(task__batch=batch, state=AskState.ASKED)
    if free <= 0 or totes.waiting(entries) is not None or asked.exists():
        return None
    rows = PickTask.objects.filter(batch=batch, state__in=TODO).select_related("location", "sku")
    at: dict[int, list[PickTask]] = defaultdict(list)
    for task in rows.order_by("stop", "pk"):
        at[task.stop].append(task)
    here = at.pop(batch.current_stop, [])
    if not here:
        return None

    def spot(task: PickTask) -> Spot:
        return floor.place(task.location)

    visits = tuple(Visit(spot(group[0]), Ahead(stop), len(group)) for stop, group in sorted(at.items()))
    now_s = clock.now().timestamp()
    free_s = now_s + sum(policy.pace.line_s + reach_s(task.location.level) for task in here)
    ends_s = free_s
    way = [spot(here[0]), *(visit.spot for visit in visits), policy.end]
    for a, b in pairwise(way):
        ends_s += way_mm(policy.walkway, a, b) / policy.pace.speed_mm_s
    ends_s += sum(visit.lines * (policy.pace.line_s + reach_s(visit.spot.level)) for visit in visits)
    members = [entry.order for entry in totes.live(entries)]
    dues = [timing.dispatch_deadline(order.promise_until, site=floor.site).timestamp() for order in members]
    return Walk(
        key=batch.pk,
        free_positions=free,
        stands_at=way[0],
        free_s=free_s,
        visits=visits,
        ends_s=ends_s,
        due_s=deciding.due_s(dues, ends_s),
        weight_left_g=policy.cart.cart_weight_g - sum(order.weight_g for order in members),
    )


def join(
    *,
    site: Site,
    decision: Join,
    order: Order,
    latest_start: datetime,
    needs: Sequence[Need],
    taken: Sequence[Taken],
    spots: Sequence[Spot],
) -> Batch:
    """Write the decision; ``spots`` are where the picker stands for each of ``taken``.

    Raises ``state_conflict`` when the batch or the order has gone on meanwhile.
    """
    batch = Batch.objects.select_related("site").get(pk=int(str(decision.walk)))
    entries = totes.on_cart(batch)
    stop_before = batch.current_stop
    locked = tasks.hold(batch, [order.pk, *(entry.order_id for entry in entries)])
    row = locked.get(order.pk)
    if row is None or row.state != OrderState.ACCEPTED:
        raise DomainError("state_conflict", f"Order {order.ref} was called off meanwhile.")
    if batch.state != BatchState.PICKING or batch.current_stop != stop_before:
        raise DomainError("state_conflict", f"Batch {batch.pk} has gone on meanwhile.")
    rows = reservations.reserve(site_id=site.pk, actor=SYSTEM, needs=needs, taken=taken)
    OrderLine.objects.filter(pk__in=[need.order_line_id for need in needs]).update(qty_promised=0)
    entry = BatchOrder.objects.create(
        batch=batch, order=row, position=max((one.position for one in entries), default=0) + 1
    )
    stops = _make_room(batch, decision.visits, spots, taken)
    PickTask.objects.bulk_create(
        PickTask(
            batch=batch,
            batch_order=entry,
            order_line_id=item.need.order_line_id,
            reservation_id=reservation.pk,
            location_id=item.source.location_id,
            sku_id=item.need.sku_id,
            lot_id=item.source.lot_id,
            qty=item.qty,
            stop=stops[number],
            reason=item.reason[:200],
        )
        for number, (item, reservation) in enumerate(zip(taken, rows, strict=True))
    )
    Batch.objects.filter(pk=batch.pk, latest_start__gt=latest_start).update(latest_start=latest_start)
    for target in (OrderState.RELEASED, OrderState.PICKING):
        orders.move(row, target, actor=SYSTEM, batch=batch.pk)
    journal.write(
        "batch.joined",
        actor=SYSTEM,
        subject=f"batch:{batch.pk}",
        order=row.ref,
        position=entry.letter,
        added_s=round(decision.added_s),
        why_now=decision.why_now,
    )
    tasks.touch(batch)
    return batch


def _make_room(
    batch: Batch, visits: Sequence[Visit], spots: Sequence[Spot], taken: Sequence[Taken]
) -> list[int]:
    """Number the stops ahead anew, in the sequence of ``visits``; answers the stop of each of ``taken``.

    Stops that are done or called off come last: they keep numbers of their own, so that an undo finds them alone. The
    same SKU and lot at the same place is one stop for all totes.
    """
    ahead = list(PickTask.objects.filter(batch=batch, stop__gt=batch.current_stop).order_by("stop", "pk"))
    known = {(task.location_id, task.sku_id, task.lot_id): task.stop for task in ahead if task.state in TODO}
    keys = [(item.source.location_id, item.need.sku_id, item.source.lot_id) for item in taken]
    at_spot: dict[Spot, list[int]] = defaultdict(list)
    for index, spot in enumerate(spots):
        at_spot[spot].append(index)
    renumbered: dict[int, int] = {}
    fresh: dict[tuple[int, int, int | None], int] = {}
    number = batch.current_stop
    for visit in visits:
        if isinstance(visit.order_id, Ahead):
            number += 1
            renumbered[visit.order_id.stop] = number
            continue
        key = keys[at_spot[visit.spot].pop(0)]
        if key not in known and key not in fresh:
            number += 1
            fresh[key] = number
    for task in ahead:
        if task.stop not in renumbered:
            number += 1
            renumbered[task.stop] = number
    for task in ahead:
        task.stop = renumbered[task.stop]
    PickTask.objects.bulk_update(ahead, ["stop"])
    return [renumbered[known[key]] if key in known else fresh[key] for key in keys]
