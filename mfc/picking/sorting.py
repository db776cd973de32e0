"""Picking for the put wall: one tote takes the goods of all orders of a batch, and the cart ends at the wall."""

from __future__ import annotations

from collections.abc import Sequence

from mfc.core import clock, journal, txn
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers
from mfc.inventory.models import ContainerKind, ToteUse
from mfc.layout.models import Location, LocationKind
from mfc.orders.states import OrderState
from mfc.picking import batches, substitution, tasks, totes, walls
from mfc.picking.batches import Dropped
from mfc.picking.models import ActionKind, Batch, PickTask, PutSlot, SortTote
from mfc.picking.states import BATCH_TRANSITIONS, BatchState, TaskState
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


@txn.use_case
def load(*, batch: Batch, label: str, person: Person) -> SortTote:
    """Stand an empty pick tote on the cart; with the first one picking begins.

    Raises ``unknown_tote``, ``tote_in_use``, ``nothing_expected`` while one is being filled.
    """
    tote = containers.by_label(site_id=batch.site_id, label=label, kind=ContainerKind.TOTE)
    tasks.hold(batch, batch.orders.values_list("order_id", flat=True))
    if totes.pick_tote(batch) is not None:
        raise DomainError("nothing_expected", "A pick tote is being filled.")
    use = containers.open_sort(container=tote)
    row = SortTote.objects.create(batch=batch, tote_use=use, number=batch.sort_totes.count() + 1)
    actor = actor_of(person)
    journal.write("tote.loaded", actor=actor, subject=f"batch:{batch.pk}", tote=tote.label)
    if batch.state == BatchState.LOADING:
        advance(batch, BatchState.PICKING, table=BATCH_TRANSITIONS)
    else:
        tasks.record(batch, person, ActionKind.TOTE, entry=None, use=use.pk)
    tasks.go_on(batch, actor)
    return row


@txn.use_case
def confirm_stop(*, batch: Batch, in_hand: Sequence[PickTask], person: Person) -> int:
    """All that is in hand lies in the pick tote; returns how many eaches. Raises ``task_taken``, ``nothing_expected``."""
    tasks.hold(batch, {task.batch_order.order_id for task in in_hand})
    use = _filling(batch)
    states = dict(PickTask.objects.filter(pk__in=[t.pk for t in in_hand]).values_list("pk", "state"))
    # An order that was called off a moment ago wants nothing; with none left, `put` says why.
    still = [task for task in in_hand if states[task.pk] == TaskState.VERIFIED] or list(in_hand)
    for task in still:
        tasks.put(batch, task, person, use=use)
    tasks.record(batch, person, ActionKind.PUT_ALL, tasks=[task.pk for task in still])
    tasks.go_on(batch, actor_of(person))
    return sum(task.qty for task in still)


@txn.use_case
def full(*, batch: Batch, fits: int, person: Person) -> None:
    """The pick tote is full: ``fits`` of what is in hand still went in, the rest waits for the next tote.

    Raises ``nothing_expected`` (no tote, or an empty one), ``split_invalid``.
    """
    in_hand = [task for task in tasks.at_stop(batch) if task.state == TaskState.VERIFIED]
    wanted = sum(task.qty for task in in_hand)
    tasks.hold(batch, {task.batch_order.order_id for task in in_hand})
    use = _filling(batch)
    if fits and not 0 < fits < wanted:
        raise DomainError("split_invalid", f"{fits} of {wanted} in hand cannot be split off.", in_hand=wanted)
    if not fits and not totes.holding([use]):
        raise DomainError("nothing_expected", f"Tote {use.container.label} is empty.")
    done, left = [], fits
    for task in in_hand:
        served = min(left, task.qty)
        left -= served
        if not served:
            continue
        if served < task.qty:
            tasks.split(task, served)
        tasks.put(batch, task, person, use=use)
        done.append(task.pk)
    ToteUse.objects.filter(pk=use.pk).update(full=True)
    journal.write(
        "tote.full",
        actor=actor_of(person),
        subject=f"batch:{batch.pk}",
        tote=use.container.label,
        fits=fits,
    )
    tasks.record(batch, person, ActionKind.SORT_FULL, use=use.pk, tasks=done)
    tasks.touch(batch)


def _filling(batch: Batch) -> ToteUse:
    row = totes.pick_tote(batch)
    if row is None:
        raise DomainError("nothing_expected", "No pick tote is being filled.")
    return row.tote_use


def wall_of(batch: Batch) -> Station | None:
    """The wall where the batch is sorted."""
    slot = (
        PutSlot.objects.filter(order__batch_order__batch=batch)
        .select_related("station")
        .order_by("position")
        .first()
    ) or PutSlot.objects.filter(site_id=batch.site_id).select_related("station").order_by("pk").first()
    return slot.station if slot else None


def check_wall(batch: Batch, location: Location) -> None:
    """Raise ``wrong_location`` unless the place belongs to the batch's wall: one of its slots, or a label of its own."""
    wall = wall_of(batch)
    slot = PutSlot.objects.filter(location=location).first()
    if location.kind == LocationKind.PUTWALL and (slot is None or wall is None or slot.station_id == wall.pk):
        return
    name = wall.key if wall else "put wall"
    raise DomainError("wrong_location", f"This is {location.code}. Wanted: {name}.", remedy=f"Go to {name}.")


@txn.use_case
def drop(*, batch: Batch, person: Person) -> Dropped:
    """The cart is at the wall: its pick totes wait there, empty ones go back to the stack, the cart is free.

    Orders of which nothing was found end here. Raises ``customer_asked``.
    """
    actor = actor_of(person)
    locked = tasks.hold(batch, batch.orders.values_list("order_id", flat=True))
    substitution.refuse_while_asked(batch)
    advance(batch, BatchState.CLOSED, table=BATCH_TRANSITIONS, closed_at=clock.now())
    rows = [row for row in totes.pick_totes(batch) if row.tote_use.closed_at is None]
    held = totes.holding([row.tote_use for row in rows])
    full = [row.tote_use_id for row in rows if row.tote_use.container_id in held]
    for row in rows:
        if row.tote_use_id not in full:
            containers.close_use(use_id=row.tote_use_id)
    for entry in batches.cart_orders(batch):
        order = locked[entry.order_id]
        if order.state != OrderState.CANCELLED:
            walls.settle(order, actor=actor)
    journal.write(
        "batch.at_wall", actor=actor, subject=f"batch:{batch.pk}", full=len(full), empty=len(rows) - len(full)
    )
    tasks.touch(batch)
    wall = wall_of(batch)
    if wall is not None:
        walls.touch(wall.pk)
    return Dropped(tuple(full), len(rows) - len(full))
