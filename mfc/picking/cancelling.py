"""An order that is called off while it is picked: its tasks end, its stock is free again, its totes are to be put back."""

from __future__ import annotations

from mfc.core import clock, journal
from mfc.core.actors import Actor
from mfc.core.transitions import advance
from mfc.inventory import containers, damage
from mfc.inventory.models import Balance, Reservation, ToteUse
from mfc.orders.models import Order, OrderLine
from mfc.picking import batches, substitution, tasks, totes, walls
from mfc.picking.models import Batch, BatchOrder, PickTask, PutBack, SubstitutionAsk
from mfc.picking.states import TASK_TRANSITIONS, TODO, AskState, BatchState, TaskState


def call_off(order: Order, actor: Actor) -> None:
    """Picking's part of a cancellation; the order's row is locked."""
    entry = BatchOrder.objects.select_related("batch").filter(order=order).first()
    if entry is None:
        return
    batch = entry.batch
    tasks.hold(batch, [])
    _end_tasks(batch, entry, actor)
    for ask in SubstitutionAsk.objects.filter(batch_order=entry, state=AskState.ASKED).order_by("pk"):
        substitution.withdraw(ask, actor)
    walls.called_off(order)
    put_backs = _plan_put_backs(order)
    journal.write(
        "order.called_off", actor=actor, subject=f"order:{order.ref}", batch=batch.pk, put_backs=put_backs
    )
    _free_cart(batch, actor)


def _end_tasks(batch: Batch, entry: BatchOrder, actor: Actor) -> None:
    todo = list(PickTask.objects.filter(batch_order=entry, state__in=TODO).order_by("pk"))
    for task in todo:
        advance(task, TaskState.CANCELLED, table=TASK_TRANSITIONS, reason="order cancelled")
    damage.unreserve_all(
        site_id=batch.site_id,
        actor=actor,
        reservations=Reservation.objects.select_related("balance")
        .filter(tasks__in=todo)
        .distinct()
        .order_by("pk"),
    )


def _free_cart(batch: Batch, actor: Actor) -> None:
    """Lead the cart on: past the cancelled order's stops, or back to the stack when nothing is left of the batch."""
    entries = totes.on_cart(batch)
    is_over = not totes.live(entries)
    match BatchState(batch.state):
        case BatchState.PLANNED if is_over:
            batches.close_empty(batch, actor)
        case BatchState.LOADING if is_over:
            for entry in entries:
                if entry.tote_use_id is not None:
                    containers.close_use(use_id=entry.tote_use_id)
            batches.close_empty(batch, actor)
        case BatchState.LOADING:
            batches.begin(batch, entries, actor)
        case BatchState.PICKING:
            tasks.go_on(batch, actor)
        case _:
            pass
    tasks.touch(batch)


def _plan_put_backs(order: Order) -> int:
    """One line of work for everything that lies in the order's totes; returns how many."""
    uses = ToteUse.objects.filter(order=order, closed_at=None).order_by("pk")
    done = list(
        PickTask.objects.filter(batch_order__order=order, state=TaskState.PICKED)
        .select_related("location")
        .order_by("pk")
    )
    made = []
    for use in uses:
        for held in Balance.objects.filter(container_id=use.container_id, on_hand__gt=0).order_by("pk"):
            left = held.on_hand
            own = [task for task in done if (task.sku_id, task.lot_id) == (held.sku_id, held.lot_id)]
            for task in [one for one in own if one.tote_use_id == use.pk]:
                part = min(left, task.qty)
                left -= part
                if part:
                    made.append(_put_back(order, use, held, task.order_line_id, task.location_id, part))
            if left:  # came into this tote another way than by a pick into it
                line_id, location_id = _home(order, held, own)
                made.append(_put_back(order, use, held, line_id, location_id, left))
    for task in (
        walls.unsorted().filter(batch_order__order=order).select_related("tote_use")
    ):  # in a pick tote, among goods of others
        made.append(
            PutBack(
                site_id=order.site_id,
                order_line_id=task.order_line_id,
                tote_use=task.tote_use,
                sku_id=task.sku_id,
                lot_id=task.lot_id,
                qty=walls.left(task),
                location_id=task.location_id,
                created_at=clock.now(),
            )
        )
    PutBack.objects.bulk_create(made)
    return len(made)


def _home(order: Order, held: Balance, own: list[PickTask]) -> tuple[int, int]:
    """The line such goods count for, and where they may go: where they lie already, else where the order was picked."""
    if own:
        return own[0].order_line_id, own[0].location_id
    line_id = OrderLine.objects.filter(order=order, sku_id=held.sku_id).values_list("pk", flat=True)[0]
    lies = Balance.objects.filter(site_id=order.site_id, sku_id=held.sku_id).exclude(location=None)
    known = lies.order_by("-pickable", "-on_hand", "pk").values_list("location_id", flat=True).first()
    tried = PickTask.objects.filter(batch_order__order=order).values_list("location_id", flat=True)
    return line_id, known if known is not None else tried[0]


def _put_back(order: Order, use: ToteUse, held: Balance, line_id: int, location_id: int, qty: int) -> PutBack:
    return PutBack(
        site_id=order.site_id,
        order_line_id=line_id,
        tote_use=use,
        sku_id=held.sku_id,
        lot_id=held.lot_id,
        qty=qty,
        location_id=location_id,
        created_at=clock.now(),
    )
