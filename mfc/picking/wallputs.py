"""Putting at a put wall: into the order's tote, into the next one when it is full, what is missing, and undoing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import containers, counting_seam, sorting
from mfc.inventory.models import ReasonCode, ToteUse
from mfc.inventory.sorting import Part
from mfc.orders import services as orders
from mfc.orders.models import Order
from mfc.orders.states import OrderState
from mfc.picking import shorts, totes, walls, wallwork
from mfc.picking.models import PickTask, PutSlot, SortTote, WallPut, WallWork
from mfc.picking.states import SlotState
from mfc.picking.wallmodels import PutKind
from mfc.picking.walls import left
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


@dataclass(frozen=True, slots=True)
class Put:
    """``qty`` went in; ``left`` more belong there; ``complete``: the slot is; ``done``: the pick tote is sorted.

    ``aside``: units in the pick tote that no order wants any more.
    """

    qty: int
    left: int
    complete: bool
    done: bool
    aside: int


@txn.use_case
def put(*, slot: PutSlot, person: Person, qty: int | None = None) -> Put:
    """Units of the article in hand lie in the slot's tote: as many as it wants, or ``qty``.

    Raises ``wrong_slot``, ``task_taken`` when somebody else put them, ``quantity_invalid``, ``nothing_expected``.
    """
    work = wallwork.hold(slot.station)
    order, now, tasks = _wanted(work, slot)
    total = sum(left(task) for task in tasks)
    wanted = total if qty is None else qty
    if not 1 <= wanted <= total:
        raise DomainError(
            "quantity_invalid", f"{wanted} is not 1 to {total}: slot {slot.position} gets {total}."
        )
    _book(work, now, tasks, wanted, person)
    return _after(work, order, wanted, total - wanted, actor_of(person))


@txn.use_case
def full(*, slot: PutSlot, fits: int, person: Person) -> Put:
    """The slot's tote is full: ``fits`` of what is in hand still went in, the rest goes into a second tote.

    Raises ``nothing_expected`` for a slot without a tote or with an empty one, ``quantity_invalid``, ``wrong_slot``.
    """
    wallwork.hold(slot.station)
    if slot.order_id is None or slot.tote_use is None or slot.state != SlotState.FILLING:
        raise DomainError("nothing_expected", f"No tote is being filled in slot {slot.position}.")
    old = slot.tote_use
    done = put(slot=slot, person=person, qty=fits) if fits else None
    order = orders.lock([slot.order_id])[slot.order_id]
    now = walls.hold(order.pk)
    if now is None or not totes.holding([old]):
        raise DomainError("nothing_expected", f"Tote {old.container.label} is empty.")
    if now.state == SlotState.FILLING:
        ToteUse.objects.filter(pk=old.pk).update(full=True)
        walls.change(now, SlotState.BINDING, tote_use_id=None)
        journal.write(
            "tote.full",
            actor=actor_of(person),
            subject=f"order:{order.ref}",
            tote=old.container.label,
            fits=fits,
        )
    return done or Put(0, 0, complete=now.state == SlotState.COMPLETE, done=False, aside=0)


@txn.use_case
def finish_tote(*, station: Station, person: Person) -> int:
    """Nothing that an order wants is left in the pick tote: what the book still says is missing. Returns how many.

    The units become short with a reason code, a count of their bins is drafted. Raises ``nothing_expected``,
    ``lead_needed``.
    """
    work = wallwork.hold(station)
    if work.tote_use_id is None or work.tote_use is None:
        raise DomainError("nothing_expected", "No pick tote is being sorted.")
    use = work.tote_use
    batch = SortTote.objects.select_related("batch__site").get(tote_use=use).batch
    shorts.check_lead(batch, person, None)
    locked = orders.lock({task.batch_order.order_id for task in walls.wanted_of(use.pk)})
    tasks = list(walls.wanted_of(use.pk))
    actor = actor_of(person)
    missing = sum(left(task) for task in tasks)
    rows = [_row(work, task, left(task), PutKind.MISSING, None, person) for task in tasks]
    if rows:
        sorting.write_off(
            site_id=station.site_id,
            actor=actor,
            parts=[
                Part(task.sku_id, task.lot_id, row.qty, f"wall:{row.pk}")
                for task, row in zip(tasks, rows, strict=True)
            ],
            container_id=use.container_id,
            reason_code=ReasonCode.NOT_FOUND,
        )
    for task, row in zip(tasks, rows, strict=True):
        orders.record_picked(task.order_line_id, qty=-row.qty)
        orders.record_short(task.order_line_id, qty=row.qty, reason="missing at the put wall")
        counting_seam.draft(
            location_id=task.location_id, sku_id=task.sku_id, reason=str(ReasonCode.NOT_FOUND)
        )
        journal.write(
            "sort.short",
            actor=actor,
            subject=f"task:{task.pk}",
            sku=task.sku.code,
            qty=row.qty,
            tote=use.container.label,
            reason_code=str(ReasonCode.NOT_FOUND),
        )
    wallwork.unask(station)
    for order in locked.values():
        walls.settle(order, actor=actor)
    wallwork.finish(work, actor)
    return missing


@txn.use_case
def undo(*, station: Station, person: Person) -> str:
    """Take back the last step: a typed number, the wish for a tote, or the person's last put. Says what to do.

    Raises ``nothing_to_undo``, ``undo_too_late`` once the slot is sealed or the pick tote is used again.
    """
    work = wallwork.hold(station)
    if work.typed_qty is not None:
        wallwork.write(work, typed_qty=None)
        return "The number is forgotten."
    asking = (
        PutSlot.objects.filter(station=station, state=SlotState.BINDING)
        .select_related("order", "location")
        .order_by("position")
        .first()
    )
    if asking is not None and asking.order is not None:
        return _undo_asking(work, asking, asking.order)
    rows = WallPut.objects.filter(station=station, person=person, undone_at=None, kind=PutKind.PUT)
    last = (
        rows.select_related("task__sku", "task__batch_order", "source__container", "target__container")
        .order_by("-pk")
        .first()
    )
    if last is None:
        raise DomainError("nothing_to_undo", "There is no put of yours at this wall that can be taken back.")
    return _undo_put(work, last, person)


def _undo_asking(work: WallWork, slot: PutSlot, order: Order) -> str:
    orders.lock([order.pk])
    uses = walls.uses_of(order)
    if not uses:
        wallwork.unask(slot.station)
        wallwork.write(work, sku=None, lot=None)
        return "Put the article back into the pick tote."
    ToteUse.objects.filter(pk=uses[-1].pk).update(full=False)
    walls.change(slot, SlotState.FILLING, tote_use_id=uses[-1].pk)
    return f"Tote {uses[-1].container.label} is filled on in slot {slot.position}."


def _undo_put(work: WallWork, last: WallPut, person: Person) -> str:
    order_id = last.task.batch_order.order_id
    order = orders.lock([order_id])[order_id]
    slot = walls.hold(order_id)
    assert last.target is not None
    if slot is None or order.state != OrderState.PICKING:
        raise DomainError("undo_too_late", f"Tote {last.target.container.label} has left the wall.")
    containers.reopen(use=last.source)
    sorting.move(
        site_id=slot.site_id,
        actor=actor_of(person),
        parts=[Part(last.task.sku_id, last.task.lot_id, last.qty, f"wall:{last.pk}")],
        source_container_id=last.target.container_id,
        target_container_id=last.source.container_id,
    )
    WallPut.objects.filter(pk=last.pk).update(undone_at=clock.now())
    if slot.state == SlotState.COMPLETE:
        if slot.tote_use_id is None:
            walls.change(slot, SlotState.BINDING)
        else:
            walls.change(slot, SlotState.FILLING)
    if work.tote_use_id in {None, last.source_id}:
        wallwork.write(work, tote_use=last.source, sku=last.task.sku, lot=last.task.lot, typed_qty=None)
    journal.write(
        "sort.undone", actor=actor_of(person), subject=f"task:{last.task_id}", qty=last.qty, slot=str(slot)
    )
    return (
        f"Take {last.qty} × {last.task.sku.name} out of slot {slot.position}, back into tote "
        f"{last.source.container.label}."
    )


def _wanted(work: WallWork, slot: PutSlot) -> tuple[Order, PutSlot, list[PickTask]]:
    """The slot's order and what it wants of the article in hand, everything locked."""
    if work.sku_id is None or work.tote_use_id is None:
        raise (
            _gone(work, slot)
            if work.tote_use_id is None
            else DomainError("nothing_expected", "Scan an item first.")
        )
    locked = orders.lock([slot.order_id]) if slot.order_id is not None else {}
    now = walls.hold(slot.order_id) if slot.order_id is not None else None
    tasks = [task for task in wallwork.in_hand(work) if task.batch_order.order_id == slot.order_id]
    if not tasks or now is None or now.pk != slot.pk:
        raise _gone(work, slot)
    if now.state != SlotState.FILLING:
        raise DomainError(
            "wrong_slot", f"Slot {slot.position} has no tote yet.", remedy="Scan an empty tote for it first."
        )
    assert slot.order_id is not None
    return locked[slot.order_id], now, tasks


def _gone(work: WallWork, slot: PutSlot) -> DomainError:
    """Why a slot gets nothing: somebody put it a moment ago, or it never wanted it."""
    puts = WallPut.objects.filter(station_id=work.station_id, undone_at=None, kind=PutKind.PUT)
    puts = puts.filter(task__batch_order__order=slot.order)
    if work.sku is not None:
        puts = puts.filter(Q(task__lot=work.lot), task__sku=work.sku)
    last = puts.select_related("person").order_by("-pk").first() if slot.order_id is not None else None
    if last is not None:
        who = last.person.name
        return DomainError("task_taken", f"Slot {slot.position} has its units: {who} put them.", by=who)
    shown = PutSlot.objects.filter(pk__in=wallwork.lit(work)).order_by("position")
    numbers = ", ".join(str(number) for number in shown.values_list("position", flat=True))
    if not numbers:
        return DomainError("nothing_expected", f"Slot {slot.position} is dark: scan an item first.")
    return DomainError("wrong_slot", f"Slot {slot.position} gets nothing of this. Lit: {numbers}.")


def _row(
    work: WallWork, task: PickTask, qty: int, kind: PutKind, target: ToteUse | None, person: Person
) -> WallPut:
    assert work.tote_use is not None, "an article is in hand from a pick tote"
    return WallPut.objects.create(
        station_id=work.station_id,
        task=task,
        kind=kind,
        qty=qty,
        source=work.tote_use,
        target=target,
        person=person,
        at=clock.now(),
    )


def _book(work: WallWork, slot: PutSlot, tasks: Sequence[PickTask], qty: int, person: Person) -> None:
    use, source = slot.tote_use, work.tote_use
    assert use is not None, "a slot that fills has a tote"
    assert source is not None, "an article is in hand from a pick tote"
    parts, rest = [], qty
    for task in tasks:
        part = min(rest, left(task))
        rest -= part
        if part:
            row = _row(work, task, part, PutKind.PUT, use, person)
            parts.append(Part(task.sku_id, task.lot_id, part, f"wall:{row.pk}"))
    actor = actor_of(person)
    sorting.move(
        site_id=slot.site_id,
        actor=actor,
        parts=parts,
        source_container_id=source.container_id,
        target_container_id=use.container_id,
    )
    journal.write(
        "sort.put",
        actor=actor,
        subject=f"slot:{slot.pk}",
        slot=str(slot),
        sku=tasks[0].sku.code,
        qty=qty,
        tote=use.container.label,
    )


def _after(work: WallWork, order: Order, qty: int, rest: int, actor: Actor) -> Put:
    """What follows from a put: is the article gone, the slot complete, the pick tote sorted?"""
    slot = walls.settle(order, actor=actor)
    assert work.tote_use_id is not None
    done, aside = not walls.wanted_of(work.tote_use_id).exists(), 0
    if done:
        aside = wallwork.finish(work, actor)
    elif not wallwork.in_hand(work):
        wallwork.write(work, sku=None, lot=None, typed_qty=None)
    else:
        wallwork.write(work, typed_qty=None)
    return Put(qty, rest, slot is not None, done, aside)
