"""Put slots: which are free, whose they are, what is still to come into them, and when an order is complete."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from mfc.core import journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers
from mfc.inventory.models import ToteUse, UsePurpose
from mfc.layout.models import Site
from mfc.orders import services as orders
from mfc.orders.models import Order
from mfc.orders.states import OrderState
from mfc.picking import totes
from mfc.picking.models import Colour, PickTask
from mfc.picking.states import SLOT_TRANSITIONS, TODO, SlotState, TaskState
from mfc.picking.wallmodels import PutSlot
from mfc.workforce.models import Station, StationKind

# A slot that waits for its order's goods, or holds some of them.
TAKEN = frozenset({SlotState.ASSIGNED, SlotState.BINDING, SlotState.FILLING, SlotState.COMPLETE})


def room(site: Site) -> list[PutSlot]:
    """Free slots for one more sort batch, at the wall with the most of them; none at a site without a put wall."""
    if not site.wall_orders:
        return []
    idle = PutSlot.objects.filter(site=site, state=SlotState.IDLE)
    most = idle.values("station_id").annotate(free=Count("pk")).order_by("-free", "station_id").first()
    if most is None:
        return []
    return list(idle.filter(station_id=most["station_id"]).order_by("position")[: site.wall_orders])


def slots_of(station: Station) -> list[PutSlot]:
    """The wall as it hangs, by position."""
    rows = PutSlot.objects.filter(station=station).exclude(state=SlotState.RETIRED)
    return list(rows.select_related("order", "location", "tote_use__container").order_by("position"))


def colours(site_id: int) -> dict[int, str]:
    """The lamp colour of every wall of a site, so that neighbours differ."""
    stations = Station.objects.filter(site_id=site_id, kind=StationKind.PUTWALL).order_by("pk")
    names = Colour.values
    return {pk: names[index % len(names)] for index, pk in enumerate(stations.values_list("pk", flat=True))}


def change(slot: PutSlot, state: SlotState, **fields: Any) -> None:
    """Move a slot on and have lamps and screens follow. Raises ``state_conflict`` when somebody was faster."""
    advance(slot, state, table=SLOT_TRANSITIONS, revision=slot.revision + 1, **fields)
    touch(slot.station_id)


def touch(station_id: int) -> None:
    """Tell screens and lamps of a wall."""
    txn.hint("lights", "board", f"station:{station_id}")


def assign(slot: PutSlot, order: Order, *, actor: Actor) -> None:
    """Keep a free slot for an order."""
    change(slot, SlotState.ASSIGNED, order_id=order.pk)
    journal.write("slot.assigned", actor=actor, subject=f"order:{order.ref}", slot=str(slot))


def hold(order_id: uuid.UUID) -> PutSlot | None:
    """The slot of an order, locked; the order is locked before."""
    row = PutSlot.objects.select_for_update(of=("self",), no_key=True).filter(order_id=order_id)
    return row.select_related("location").first()


def unsorted() -> QuerySet[PickTask]:
    """Picked tasks whose units still lie in a pick tote; ``left`` of each. The most urgent order first."""
    gone = Coalesce(Sum("wall_puts__qty", filter=Q(wall_puts__undone_at=None)), 0)
    return (
        PickTask.objects.filter(state=TaskState.PICKED, tote_use__purpose=UsePurpose.SORT)
        .annotate(left=F("qty") - gone)
        .filter(left__gt=0)
        .order_by("batch_order__position", "pk")
    )


def left(task: PickTask) -> int:
    """Units of a task from ``unsorted`` that still lie in its pick tote."""
    return int(task.left)  # type: ignore[attr-defined]


def wanted_of(use_id: int) -> QuerySet[PickTask]:
    """What orders still want of a pick tote; what is left of cancelled orders is put back instead."""
    rows = unsorted().filter(tote_use_id=use_id)
    return rows.exclude(batch_order__order__state=OrderState.CANCELLED).select_related(
        "sku", "lot", "batch_order"
    )


def is_missing_nothing(order: Order) -> bool:
    """Whether every unit of the order that was picked has left the pick totes, and no more is to be picked."""
    tasks = PickTask.objects.filter(batch_order__order=order)
    return not (tasks.filter(state__in=TODO).exists() or unsorted().filter(batch_order__order=order).exists())


def uses_of(order: Order) -> list[ToteUse]:
    """The totes of the order at the wall."""
    rows = ToteUse.objects.filter(order=order, closed_at=None).select_related("container")
    return list(rows.order_by("pk"))


def settle(order: Order, *, actor: Actor) -> PutSlot | None:
    """Nothing more comes for the order: its slot is complete, or free when nothing came at all. The order is locked.

    None while something is still to come.
    """
    if not is_missing_nothing(order):
        return None
    slot = hold(order.pk)
    uses = uses_of(order)
    if totes.holding(uses):
        if slot is not None and slot.state in {SlotState.BINDING, SlotState.FILLING}:
            change(slot, SlotState.COMPLETE)
        return slot
    for use in uses:
        containers.close_use(use_id=use.pk)
    if order.state == OrderState.PICKING:
        orders.move(order, OrderState.UNFILLED, actor=actor, reason="every line short")
    if slot is not None and slot.state in TAKEN - {SlotState.COMPLETE}:
        change(slot, SlotState.IDLE, order_id=None, tote_use_id=None)
    return slot


def called_off(order: Order) -> None:
    """An order was cancelled: its slot is free, or its tote must be taken out. The order is locked."""
    slot = hold(order.pk)
    if slot is None:
        return
    if slot.state in {SlotState.BINDING, SlotState.FILLING} and uses_of(order):
        change(slot, SlotState.COMPLETE)
    elif slot.state in {SlotState.ASSIGNED, SlotState.BINDING}:
        change(slot, SlotState.IDLE, order_id=None)


@txn.use_case
def seal(*, slot: PutSlot, actor: Actor) -> list[int]:
    """The totes of a complete slot are closed and leave for the belt; the slot is free. Returns the uses that hold goods.

    Raises ``slot_not_complete``.
    """
    order_id = slot.order_id
    if slot.state != SlotState.COMPLETE or order_id is None:
        raise DomainError("slot_not_complete", f"Slot {slot.position} is {slot.state}, not complete.")
    order = orders.lock([order_id])[order_id]
    now = hold(order_id)
    if now is None or now.pk != slot.pk or now.state != SlotState.COMPLETE:
        raise DomainError("slot_not_complete", f"Slot {slot.position} was emptied meanwhile.")
    uses = uses_of(order)
    held = totes.holding(uses)
    for use in uses:
        if use.container_id not in held:
            containers.close_use(use_id=use.pk)
    leaving = [use for use in uses if use.container_id in held]
    labels = ", ".join(use.container.label for use in leaving)
    change(now, SlotState.SEALED)
    journal.write("slot.sealed", actor=actor, subject=f"order:{order.ref}", slot=str(slot), totes=labels)
    # The wall needs no word that the belt has the totes: its readers tell. The cubby is empty now.
    change(now, SlotState.IDLE, order_id=None, tote_use_id=None)
    if order.state == OrderState.PICKING:
        orders.move(order, OrderState.PICKED, actor=actor, tote=labels)
    return [use.pk for use in leaving]


@txn.use_case
def free(*, slot: PutSlot, actor: Actor) -> None:
    """A manager gives an empty slot to other orders; its order gets another one when its goods come.

    Raises ``slot_not_empty``, ``nothing_expected`` when it is free already.
    """
    if slot.order_id is None or slot.state not in TAKEN:
        raise DomainError("nothing_expected", f"Slot {slot.position} is free.")
    order = orders.lock([slot.order_id])[slot.order_id]
    now = hold(order.pk)
    if now is None or now.pk != slot.pk:
        raise DomainError("state_conflict", f"Slot {slot.position} was freed meanwhile.")
    uses = uses_of(order)
    if totes.holding(uses) or now.state == SlotState.COMPLETE:
        raise DomainError("slot_not_empty", f"Slot {slot.position} holds goods of order {order.ref}.")
    for use in uses:
        containers.close_use(use_id=use.pk)
    change(now, SlotState.IDLE, order_id=None, tote_use_id=None)
    journal.write("slot.freed", actor=actor, subject=f"order:{order.ref}", slot=str(slot))


@txn.use_case
def retire(*, slot: PutSlot, actor: Actor) -> None:
    """Take a free slot off the wall for good. Raises ``illegal_transition`` while it is in use."""
    change(slot, SlotState.RETIRED)
    journal.write("slot.retired", actor=actor, subject=f"slot:{slot.pk}", slot=str(slot))
