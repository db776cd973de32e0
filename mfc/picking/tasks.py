"""Working off a stop: verify, put, short, undo."""

from __future__ import annotations

from collections.abc import Sequence

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import reservations, transfers
from mfc.inventory.models import Reservation
from mfc.orders import services as orders
from mfc.picking.models import Batch, PickTask
from mfc.picking.states import BATCH_TRANSITIONS, TASK_TRANSITIONS, TODO, BatchState, TaskState
from mfc.workforce.models import Person
from mfc.workforce.sessions import actor_of

# What a screen, a check or a confirmation needs of a task: this runs twice per scan, so nothing else is read.
_AT_STOP_FIELDS = (
    "state",
    "qty",
    "stop",
    "batch",
    "order_line",
    "reservation",
    "sku__code",
    "sku__name",
    "location__code",
    "location__label",
    "location__check_code",
    "lot__code",
    "lot__expires_on",
    "batch_order__position",
    "batch_order__batch",
    "batch_order__tote_use__container__label",
)


def at_stop(batch: Batch) -> list[PickTask]:
    """The tasks of the batch's present stop that are still to do, by tote position."""
    return list(
        PickTask.objects.filter(batch=batch, stop=batch.current_stop, state__in=TODO)
        .select_related("sku", "location", "lot", "batch_order__tote_use__container")
        .only(*_AT_STOP_FIELDS)
        .order_by("batch_order__position", "pk")
    )


def touch(batch: Batch) -> None:
    """Tell screens and lamps that the batch has moved on."""
    txn.hint("lights", "board", f"station:{batch.station_id}")


@txn.use_case
def verify(*, batch: Batch, tasks: Sequence[PickTask], person: Person, by: str) -> None:
    """The right item of the present stop is in hand; ``by`` says how we know (item, location, light).

    Raises ``state_conflict`` when somebody else did it.
    """
    for task in tasks:
        advance(task, TaskState.VERIFIED, table=TASK_TRANSITIONS, verified_by=by, done_by=person)
    touch(batch)


@txn.use_case
def confirm_pick(*, batch: Batch, task: PickTask, person: Person) -> None:
    """The item lies in its tote: stock moves from the bin to the tote.

    Raises ``task_taken`` when the task is done already (and says by whom), ``reservation_missing``.
    """
    try:
        advance(task, TaskState.PICKED, table=TASK_TRANSITIONS, done_at=clock.now(), done_by=person)
    except DomainError as refusal:
        raise _taken(task) from refusal
    use = task.batch_order.tote_use
    assert use is not None, "a batch is picked only after its totes are loaded"
    actor = actor_of(person)
    reservation = Reservation.objects.select_related("balance").get(pk=task.reservation_id)
    transfers.pick(
        site_id=batch.site_id,
        actor=actor,
        reservation=reservation,
        qty=task.qty,
        container_id=use.container_id,
        reference=f"task:{task.pk}",
    )
    orders.record_picked(task.order_line_id, qty=task.qty)
    journal.write("task.picked", actor=actor, subject=f"task:{task.pk}", sku=task.sku.code, qty=task.qty)
    go_on(batch, actor)


def _taken(task: PickTask) -> DomainError:
    now = PickTask.objects.select_related("done_by").get(pk=task.pk)
    who = now.done_by.name if now.done_by else "somebody"
    return DomainError("task_taken", f"This is {now.state}: {who} did it.", by=who, state=now.state)


@txn.use_case
def report_short(*, batch: Batch, tasks: Sequence[PickTask], found: int, person: Person, reason: str) -> int:
    """The bin holds only ``found`` of what the stop wants: serve the first totes, give up the rest.

    What is given up is reserved elsewhere when another bin has it, otherwise it is short on the order line.
    Returns how many come from elsewhere. Raises ``short_invalid``.
    """
    wanted = sum(task.qty for task in tasks)
    if not tasks or not 0 <= found < wanted:
        raise DomainError(
            "short_invalid", f"Found {found} of {wanted}: enter 0 to {wanted - 1}.", wanted=wanted
        )
    actor = actor_of(person)
    left, elsewhere = found, 0
    for task in tasks:
        served = min(left, task.qty)
        left -= served
        if served < task.qty:
            missing = task if served == 0 else _split(task, served)
            elsewhere += _give_up(batch, missing, person, actor, reason)
        if served and task.state == TaskState.OPEN:
            advance(task, TaskState.VERIFIED, table=TASK_TRANSITIONS, verified_by="short", done_by=person)
    go_on(batch, actor)
    return elsewhere


def _split(task: PickTask, served: int) -> PickTask:
    """Cut what was not found off a task as a task of its own."""
    missing = PickTask.objects.create(
        batch=task.batch,
        batch_order=task.batch_order,
        order_line=task.order_line,
        reservation=task.reservation,
        location=task.location,
        sku=task.sku,
        lot=task.lot,
        qty=task.qty - served,
        stop=task.stop,
    )
    PickTask.objects.filter(pk=task.pk).update(qty=served)
    task.qty = served
    return missing


def _give_up(batch: Batch, task: PickTask, person: Person, actor: Actor, reason: str) -> int:
    """Returns the quantity that another bin will give."""
    advance(task, TaskState.SHORT, table=TASK_TRANSITIONS, done_at=clock.now(), done_by=person, reason=reason)
    written_off = transfers.give_up(
        site_id=batch.site_id,
        actor=actor,
        reservation=task.reservation,
        qty=task.qty,
        reference=f"task:{task.pk}",
        reason=reason,
    )
    replaced = _reserve_elsewhere(batch, task, actor)
    short = task.qty - replaced
    if short:
        orders.record_short(task.order_line_id, qty=short, reason=f"{reason} at {task.location.code}")
    journal.write(
        "task.short",
        actor=actor,
        subject=f"task:{task.pk}",
        sku=task.sku.code,
        location=task.location.code,
        qty=task.qty,
        elsewhere=replaced,
        written_off=written_off,
        reason=reason,
    )
    return replaced


def _reserve_elsewhere(batch: Batch, task: PickTask, actor: Actor) -> int:
    """Reserve what another bin can give and add it as a later stop; returns the quantity found."""
    need = reservations.Need(task.order_line_id, task.sku_id, task.qty, 0)
    available = reservations.sources(site_id=batch.site_id, sku_ids=[task.sku_id])
    taken = reservations.choose(needs=[need], available=available)
    if not taken:
        return 0
    rows = reservations.reserve(site_id=batch.site_id, actor=actor, needs=[need], taken=taken)
    last = PickTask.objects.filter(batch=batch).order_by("-stop").values_list("stop", flat=True)[0]
    for number, (item, row) in enumerate(zip(taken, rows, strict=True), start=1):
        PickTask.objects.create(
            batch=batch,
            batch_order=task.batch_order,
            order_line_id=task.order_line_id,
            reservation=row,
            location_id=item.source.location_id,
            sku_id=task.sku_id,
            lot_id=item.source.lot_id,
            qty=item.qty,
            stop=last + number,
            reason=f"instead of {task.location.code}",
        )
    return sum(item.qty for item in taken)


@txn.use_case
def undo(*, batch: Batch, person: Person) -> str:
    """Take back the person's last action: the verification of the present stop, else the last pick.

    Returns what people should do. Raises ``nothing_to_undo``.
    """
    present = [task for task in at_stop(batch) if task.state == TaskState.VERIFIED]
    if present:
        for task in present:
            advance(task, TaskState.OPEN, table=TASK_TRANSITIONS, verified_by="", done_by=None)
        touch(batch)
        return f"Put the {present[0].sku.name} back at {present[0].location.code} and scan again."
    last = (
        PickTask.objects.filter(batch=batch, state=TaskState.PICKED, done_by=person)
        .select_related("sku", "location", "reservation__balance", "batch_order__tote_use")
        .order_by("-done_at", "-pk")
        .first()
    )
    if last is None or batch.state not in {BatchState.PICKING, BatchState.PICKED}:
        raise DomainError("nothing_to_undo", "There is no pick of yours on this cart that can be taken back.")
    return _unpick(batch, last, person)


def _unpick(batch: Batch, task: PickTask, person: Person) -> str:
    actor = actor_of(person)
    use = task.batch_order.tote_use
    assert use is not None
    advance(task, TaskState.OPEN, table=TASK_TRANSITIONS, verified_by="", done_by=None, done_at=None)
    again = transfers.unpick(
        site_id=batch.site_id,
        actor=actor,
        reservation=task.reservation,
        qty=task.qty,
        container_id=use.container_id,
        reference=f"task:{task.pk}",
    )
    PickTask.objects.filter(pk=task.pk).update(reservation=again)
    orders.record_picked(task.order_line_id, qty=-task.qty)
    if batch.state == BatchState.PICKED:
        advance(batch, BatchState.PICKING, table=BATCH_TRANSITIONS, current_stop=task.stop)
    else:
        Batch.objects.filter(pk=batch.pk).update(current_stop=task.stop)
        batch.current_stop = task.stop
    journal.write("task.undone", actor=actor, subject=f"task:{task.pk}", sku=task.sku.code, qty=task.qty)
    touch(batch)
    return f"Put {task.qty} × {task.sku.name} back at {task.location.code} and start this stop again."


def go_on(batch: Batch, actor: Actor) -> None:
    """Step to the first stop with work left; when there is none, the batch is picked."""
    stop = (
        PickTask.objects.filter(batch=batch, state__in=TODO)
        .order_by("stop")
        .values_list("stop", flat=True)
        .first()
    )
    if stop is None:
        if batch.state == BatchState.PICKING:
            advance(batch, BatchState.PICKED, table=BATCH_TRANSITIONS)
            journal.write("batch.picked", actor=actor, subject=f"batch:{batch.pk}")
    elif stop != batch.current_stop:
        Batch.objects.filter(pk=batch.pk).update(current_stop=stop)
        batch.current_stop = stop
    touch(batch)
