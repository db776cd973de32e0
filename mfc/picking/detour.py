"""Stops added to a walk under way: where they cost least walking, warm before cold as planned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from django.db.models import F, Max, Q

from mfc.catalog.models import CARRY_RANK
from mfc.core.actors import Actor
from mfc.inventory import reservations
from mfc.inventory.reservations import Need, Taken
from mfc.layout import queries as layout
from mfc.layout.travel import Ground, Spot, way_mm
from mfc.orders.models import OrderLine
from mfc.picking.models import Batch, BatchOrder, PickTask
from mfc.picking.states import TODO


def life_wanted(line: OrderLine) -> int:
    """Days of life the customer must still get from what is taken for this line."""
    return max(line.order.min_remaining_days, line.sku.min_remaining_days)


def choose(batch: Batch, line: OrderLine, qty: int) -> list[Taken]:
    """Which places can give ``qty`` for the line: first to expire first, nothing with too little life left."""
    need = Need(line.pk, line.sku_id, qty, 0, life_wanted(line))
    return reservations.choose(
        needs=[need], available=reservations.sources(site_id=batch.site_id, sku_ids=[line.sku_id])
    )


def add(
    batch: Batch, entry: BatchOrder, line: OrderLine, taken: Sequence[Taken], *, actor: Actor, reason: str
) -> list[PickTask]:
    """Reserve what was chosen and add it to the walk."""
    if not taken:
        return []
    need = taken[0].need
    rows = reservations.reserve(site_id=batch.site_id, actor=actor, needs=[need], taken=taken)
    added = []
    for item, row in zip(taken, rows, strict=True):
        added.append(
            PickTask.objects.create(
                batch=batch,
                batch_order=entry,
                order_line=line,
                reservation=row,
                location_id=item.source.location_id,
                sku_id=item.need.sku_id,
                lot_id=item.source.lot_id,
                qty=item.qty,
                stop=_stop_for(batch, line, item),
                reason=reason[:200],
            )
        )
    return added


def _stop_for(batch: Batch, line: OrderLine, item: Taken) -> int:
    """The number of the stop; the stops behind it move up. The same goods at the same place are one stop."""
    ahead = PickTask.objects.filter(batch=batch, state__in=TODO, stop__gt=batch.current_stop)
    same = ahead.filter(Q(lot_id=item.source.lot_id), location_id=item.source.location_id, sku_id=line.sku_id)
    joined = same.values_list("stop", flat=True).first()
    if joined is not None:
        return joined
    number = _cheapest(batch, line, item)
    if number is None:
        last = PickTask.objects.filter(batch=batch).aggregate(last=Max("stop"))["last"]
        return max(last or 0, batch.current_stop) + 1
    PickTask.objects.filter(batch=batch, stop__gte=number).update(stop=F("stop") + 1)
    return number


def _cheapest(batch: Batch, line: OrderLine, item: Taken) -> int | None:
    """The stop before which the new place costs least walking; None: after the last one."""
    site = batch.site
    ground, where = layout.ground(site), layout.lines(site)
    rows = (
        PickTask.objects.filter(batch=batch, stop__gte=batch.current_stop)
        .select_related("location", "sku")
        .order_by("stop", "pk")
    )
    places: dict[int, tuple[Spot, int]] = {}
    for row in rows:
        if row.stop == batch.current_stop or row.state in TODO:
            places.setdefault(row.stop, (where.of(row.location), CARRY_RANK[row.sku.temperature]))
    source = item.source
    place = where.stand(
        aisle=source.aisle, x_mm=source.x_mm, y_mm=source.y_mm, level=source.level, floor=source.floor
    )
    rank = CARRY_RANK[line.sku.temperature]
    belt = layout.the_belt(site)
    end = where.of(belt) if belt else place
    way = [(stop, spot, own) for stop, (spot, own) in places.items()]
    gaps = [
        (before[1], after[1], after[0])
        for before, after in pairwise(way)
        if before[2] <= rank <= after[2] or (before[0] == batch.current_stop and rank <= after[2])
    ]
    options: list[tuple[int, int | None]] = []
    try:
        options = [(_extra_mm(ground, a, place, b), stop) for a, b, stop in gaps]
        if way:
            options.append((_extra_mm(ground, way[-1][1], place, end), None))
    except ValueError:
        return None  # a place off the walkway: it is visited last
    return min(options, key=lambda one: one[0])[1] if options else None


def _extra_mm(ground: Ground, a: Spot, place: Spot, b: Spot) -> int:
    return way_mm(ground, a, place) + way_mm(ground, place, b) - way_mm(ground, a, b)
