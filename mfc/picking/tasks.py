"""Working off a stop: verify, put, go on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import transfers
from mfc.inventory.models import Reservation, ToteUse
from mfc.orders import services as orders
from mfc.orders.models import Order
from mfc.picking.models import ActionKind, Batch, PickTask
from mfc.picking.states import BATCH_TRANSITIONS, TASK_TRANSITIONS, TODO, BatchState, TaskState
from mfc.workforce.models import Person
from mfc.workforce.sessions import actor_of

# What a screen, a check or a confirmation needs of a task: this runs twice per scan, so nothing else is read.
_AT_STOP_FIELDS = (
    "state",
    "qty",
    "stop",
    "batch",
    "order_line__instead_of__sku__name",
    "reservation",
    "verified_by",
    "weights_g",
    "weight_g",
    "sku__code",
    "sku__name",
    "sku__catch_weight",
    "sku__weight_g",
    "sku__catch_tolerance_percent",
    "location__code",
    "location__label",
    "location__check_code",
    "lot__code",
    "lot__expires_on",
    "batch_order__position",
    "batch_order__batch",
    "batch_order__order",
    "batch_order__tote_use__container__label",
)


def at_stop(batch: Batch) -> list[PickTask]:
    """The tasks of the batch's present stop that are still to do, by tote position."""
    rows = list(
        PickTask.objects.filter(batch=batch, stop=batch.current_stop, state__in=TODO)
        .select_related(
            "sku",
            "location",
            "lot",
            "order_line__instead_of__sku",
            "batch_order__tote_use__container",
        )
        .only(*_AT_STOP_FIELDS)
        .order_by("batch_order__position", "pk")
    )
    for row in rows:
        row.batch = batch
    return rows


def present(batch: Batch) -> list[PickTask]:
    """``at_stop``; raises ``state_conflict`` when a cancellation or a hold has just taken the last task away."""
    stop = at_stop(batch)
    if not stop:
        raise DomainError(
            "state_conflict",
            "The work has just changed.",
            remedy="Look at the screen and follow what it says.",
        )
    return stop


def touch(batch: Batch) -> None:
    """Tell screens and lamps that the batch has moved on."""
    txn.hint("lights", "board", f"station:{batch.station_id}")


def hold(batch: Batch, order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Order]:
    """Lock orders by id, then their batch, as everybody does before tasks and stock; reads the batch anew."""
    locked = orders.lock(order_ids)
    _hold_batch(batch)
    return locked


def _hold_batch(batch: Batch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, current_stop FROM picking_batch WHERE id = %s FOR NO KEY UPDATE", [batch.pk]
        )
        batch.state, batch.current_stop = cursor.fetchone()


def record(batch: Batch, person: Person, kind: ActionKind, **data: object) -> None:
    """Remember an action, so that the person can take it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO picking_pickaction (batch_id, person_id, kind, at, data) VALUES (%s, %s, %s, %s, %s)",
            [batch.pk, person.pk, str(kind), clock.now(), json.dumps(data)],
        )


@txn.use_case
def verify(*, batch: Batch, tasks: Sequence[PickTask], person: Person, by: str) -> None:
    """The right item of the present stop is in hand; ``by`` says how we know (item, location, light, weight).

    Raises ``state_conflict`` when somebody else did it.
    """
    for task in tasks:
        advance(task, TaskState.VERIFIED, table=TASK_TRANSITIONS, verified_by=by, done_by=person)
    record(batch, person, ActionKind.VERIFY, tasks=[task.pk for task in tasks])
    touch(batch)


@txn.use_case
def confirm_pick(*, batch: Batch, task: PickTask, person: Person) -> None:
    """The item lies in its tote: stock moves from the bin to the tote.

    Raises ``task_taken`` when the task is done already (and says by whom), ``reservation_missing``.
    """
    orders.hold(task.batch_order.order_id)
    _hold_batch(batch)
    actor = actor_of(person)
    put(batch, task, person)
    record(batch, person, ActionKind.PUT, task=task.pk)
    go_on(batch, actor)


def put(batch: Batch, task: PickTask, person: Person, *, use: ToteUse | None = None) -> None:
    """Book one task into its order's tote, or into ``use`` when one tote takes all."""
    use = use or task.batch_order.tote_use
    assert use is not None, "nothing is put while a position waits for its tote"
    try:
        advance(
            task,
            TaskState.PICKED,
            table=TASK_TRANSITIONS,
            done_at=clock.now(),
            done_by=person,
            tote_use_id=use.pk,
        )
    except DomainError as refusal:
        raise _taken(task) from refusal
    actor = actor_of(person)
    reservation = Reservation.objects.select_related("balance").get(pk=task.reservation_id)
    transfers.pick(
        site_id=batch.site_id,
        actor=actor,
        reservation=reservation,
        qty=task.qty,
        container_id=use.container_id,
        reference=f"task:{task.pk}",
        weight_g=task.weight_g,
    )
    orders.record_picked(task.order_line_id, qty=task.qty)
    facts: dict[str, Any] = {}
    if task.weight_g is not None:
        orders.record_weight(task.order_line_id, weight_g=task.weight_g)
        facts["weight_g"] = task.weight_g
    journal.write(
        "task.picked", actor=actor, subject=f"task:{task.pk}", sku=task.sku.code, qty=task.qty, **facts
    )


def _taken(task: PickTask) -> DomainError:
    now = PickTask.objects.select_related("done_by").get(pk=task.pk)
    if now.state == TaskState.CANCELLED:
        return DomainError(
            "task_taken",
            "The order was cancelled meanwhile.",
            remedy="Put the item back and go on.",
            state=now.state,
        )
    who = now.done_by.name if now.done_by else "somebody"
    return DomainError("task_taken", f"This is {now.state}: {who} did it.", by=who, state=now.state)


def split(task: PickTask, served: int) -> PickTask:
    """Cut what exceeds ``served`` off a task as a task of its own, in the same state."""
    rest = PickTask.objects.create(
        batch=task.batch,
        batch_order=task.batch_order,
        order_line_id=task.order_line_id,
        reservation_id=task.reservation_id,
        location=task.location,
        sku=task.sku,
        lot=task.lot,
        qty=task.qty - served,
        stop=task.stop,
        state=task.state,
        verified_by=task.verified_by,
        done_by=task.done_by,
        reason=task.reason,
        **weights(task.weights_g[served:]),
    )
    kept = weights(task.weights_g[:served])
    PickTask.objects.filter(pk=task.pk).update(qty=served, **kept)
    task.qty, task.weights_g, task.weight_g = served, kept["weights_g"], kept["weight_g"]
    return rest


def weights(pieces: Sequence[int]) -> dict[str, Any]:
    """The fields of a task that keep its pieces' weights."""
    return {"weights_g": list(pieces), "weight_g": sum(pieces) if pieces else None}


def go_on(batch: Batch, actor: Actor) -> None:
    """Step to the first stop with work left; when there is none, the batch is picked. Its row is locked (``hold``)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(stop) FROM picking_picktask WHERE batch_id = %s AND state = ANY(%s)",
            [batch.pk, [str(state) for state in TODO]],
        )
        stop = cursor.fetchone()[0]
    if stop is None:
        if batch.state == BatchState.PICKING:
            advance(batch, BatchState.PICKED, table=BATCH_TRANSITIONS)
            journal.write("batch.picked", actor=actor, subject=f"batch:{batch.pk}")
    elif batch.state == BatchState.PICKED:
        advance(batch, BatchState.PICKING, table=BATCH_TRANSITIONS, current_stop=stop)
    elif stop != batch.current_stop:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE picking_batch SET current_stop = %s WHERE id = %s", [stop, batch.pk])
        batch.current_stop = stop
    touch(batch)
