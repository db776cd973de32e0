"""What is in hand at a put wall: the pick tote, the article, and the tote that a slot asks for."""

from __future__ import annotations

import uuid
from typing import Any

from mfc.catalog.models import Sku
from mfc.core import journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import containers
from mfc.inventory.models import Balance, ContainerKind, ToteUse
from mfc.orders import services as orders
from mfc.orders.states import OrderState
from mfc.picking import walls
from mfc.picking.models import PickTask, PutSlot, SortTote, WallWork
from mfc.picking.states import BatchState, SlotState
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


def work_at(station: Station) -> WallWork:
    """What is in hand at the wall."""
    row = WallWork.objects.filter(station=station).select_related("tote_use__container", "sku", "lot").first()
    return row or WallWork(station=station)


def hold(station: Station) -> WallWork:
    """The same, locked: before orders, slots and stock."""
    WallWork.objects.get_or_create(station=station)
    rows = WallWork.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("tote_use__container", "sku", "lot").get(station=station)


def in_hand(work: WallWork) -> list[PickTask]:
    """Tasks that still want the article in hand, the most urgent order first."""
    if work.tote_use_id is None or work.sku_id is None:
        return []
    rows = walls.wanted_of(work.tote_use_id).filter(sku_id=work.sku_id)
    return [task for task in rows if task.lot_id == work.lot_id]


def lit(work: WallWork) -> dict[int, int]:
    """Quantity by id of the slot that gets the article in hand."""
    by_order: dict[uuid.UUID, int] = {}
    for task in in_hand(work):
        order_id = task.batch_order.order_id
        by_order[order_id] = by_order.get(order_id, 0) + walls.left(task)
    rows = PutSlot.objects.filter(station_id=work.station_id, order_id__in=by_order)
    return {slot.pk: by_order[slot.order_id] for slot in rows if slot.order_id is not None}


@txn.use_case
def take_tote(*, station: Station, label: str) -> int:
    """Begin to sort a pick tote; returns the eaches that orders want of it.

    Raises ``unknown_tote``, ``tote_not_here`` (no pick tote, or its cart is not at the wall yet), ``wall_busy`` while
    another one is being sorted.
    """
    tote = containers.by_label(site_id=station.site_id, label=label, kind=ContainerKind.TOTE)
    work = hold(station)
    use = containers.current_use(tote)
    row = SortTote.objects.select_related("batch").filter(tote_use=use).first() if use else None
    if use is None or row is None:
        raise DomainError("tote_not_here", f"Tote {label} holds nothing to sort.")
    if row.batch.state != BatchState.CLOSED:
        raise DomainError(
            "tote_not_here",
            f"Tote {label} is on a cart under way.",
            remedy="Bring the cart to the wall and scan the wall's label at the cart first.",
        )
    if work.tote_use_id not in {None, use.pk} and walls.wanted_of(work.tote_use_id or 0).exists():
        assert work.tote_use is not None
        raise DomainError("wall_busy", f"Tote {work.tote_use.container.label} is not sorted yet.")
    wanted = sum(walls.left(task) for task in walls.wanted_of(use.pk))
    write(work, tote_use=use if wanted else None, sku=None, lot=None, typed_qty=None)
    return wanted


@txn.use_case
def take_item(*, station: Station, sku: Sku, lot: str, person: Person) -> WallWork:
    """An article of the pick tote is in hand: its slots light up, a slot without a tote asks for one.

    Of several lots the first to expire comes first, unless the label says which. Raises ``nothing_expected``,
    ``wrong_item``, ``put_aside`` when no order wants it any more, ``no_slot_free``.
    """
    work = hold(station)
    if work.tote_use_id is None:
        raise DomainError("nothing_expected", "Scan the pick tote first.")
    if in_hand(work) and work.sku_id != sku.pk:
        assert work.sku is not None
        raise DomainError(
            "wrong_item",
            f"That is {sku.code}. In hand: {work.sku.code} {work.sku.name}.",
            remedy="Put what is in hand into the lit slots first, or press Other item.",
            wanted=work.sku.code,
        )
    tasks = [task for task in walls.wanted_of(work.tote_use_id) if task.sku_id == sku.pk]
    if lot:
        tasks = [task for task in tasks if task.lot is None or task.lot.code == lot]
    if not tasks:
        raise _not_wanted(work, sku, lot)
    chosen = min(tasks, key=_first_to_expire).lot
    write(work, sku=sku, lot=chosen, typed_qty=None)
    order_ids = {task.batch_order.order_id for task in in_hand(work)}
    for order in orders.lock(order_ids).values():
        if order.state == OrderState.PICKING and walls.hold(order.pk) is None:
            walls.assign(_free_slot(station), order, actor=actor_of(person))
    ask_for_tote(work)
    return work


def _first_to_expire(task: PickTask) -> tuple[bool, str]:
    last = task.lot.expires_on if task.lot else None
    return last is None, str(last or "")


def _free_slot(station: Station) -> PutSlot:
    slot = PutSlot.objects.filter(station=station, state=SlotState.IDLE).order_by("position").first()
    if slot is None:
        raise DomainError("no_slot_free", f"Every slot of {station.key} is taken.")
    return slot


def _not_wanted(work: WallWork, sku: Sku, lot: str) -> DomainError:
    assert work.tote_use is not None
    held = Balance.objects.filter(container_id=work.tote_use.container_id, sku=sku, on_hand__gt=0)
    if lot:
        held = held.filter(lot__code__in=[lot, ""])
    label = work.tote_use.container.label
    if held.exists():
        return DomainError(
            "put_aside",
            f"No order wants the {sku.name} any more. Leave it in tote {label}: it is put back.",
            sku=sku.code,
        )
    return DomainError(
        "wrong_item",
        f"{sku.code} {f'lot {lot} ' if lot else ''}is not in tote {label} by the book.",
        remedy="Set it aside for the lead, and scan the next item.",
    )


def ask_for_tote(work: WallWork) -> PutSlot | None:
    """Of the slots that get what is in hand, the first one without a tote asks for one."""
    shown = lit(work)
    rows = PutSlot.objects.filter(pk__in=shown).select_related("location").order_by("position")
    slots = list(rows)
    asking = next((slot for slot in slots if slot.state == SlotState.BINDING), None)
    if asking is None:
        asking = next((slot for slot in slots if slot.state == SlotState.ASSIGNED), None)
        if asking is not None:
            walls.change(asking, SlotState.BINDING)
    return asking


@txn.use_case
def put_down(*, station: Station) -> None:
    """The article in hand goes back into the pick tote. Raises ``nothing_expected``."""
    work = hold(station)
    if work.sku_id is None:
        raise DomainError("nothing_expected", "No article is in hand.")
    unask(station)
    write(work, sku=None, lot=None, typed_qty=None)


def unask(station: Station) -> None:
    """Slots that were only asked for a tote wait again; a full one still wants its next tote."""
    for slot in PutSlot.objects.filter(station=station, state=SlotState.BINDING).select_related("order"):
        if slot.order is not None and not walls.uses_of(slot.order):
            walls.change(slot, SlotState.ASSIGNED)


@txn.use_case
def type_qty(*, station: Station, qty: int) -> None:
    """The next put is of ``qty`` only. Raises ``nothing_expected``, ``quantity_invalid``."""
    work = hold(station)
    most = max(lit(work).values(), default=0)
    if not most:
        raise DomainError("nothing_expected", "Scan an item first.")
    if not 1 <= qty <= most:
        raise DomainError("quantity_invalid", f"{qty} is not 1 to {most}.")
    write(work, typed_qty=qty)


@txn.use_case
def ask_at(*, slot: PutSlot) -> None:
    """An empty tote is to be stood into a slot before its first article comes."""
    walls.change(slot, SlotState.BINDING)


@txn.use_case
def bind(*, slot: PutSlot, label: str, person: Person) -> ToteUse:
    """Stand an empty tote into a slot that asks for one. Raises ``unknown_tote``, ``tote_in_use``, ``state_conflict``."""
    tote = containers.by_label(site_id=slot.site_id, label=label, kind=ContainerKind.TOTE)
    work = hold(slot.station)
    assert slot.order_id is not None
    order = orders.lock([slot.order_id])[slot.order_id]
    now = walls.hold(order.pk)
    if now is None or now.pk != slot.pk or now.state != SlotState.BINDING:
        raise DomainError("state_conflict", f"Slot {slot.position} wants no tote any more.")
    use = containers.open_use(container=tote, order=order)
    walls.change(now, SlotState.FILLING, tote_use_id=use.pk)
    journal.write(
        "tote.bound", actor=actor_of(person), subject=f"order:{order.ref}", tote=tote.label, slot=str(now)
    )
    ask_for_tote(work)
    return use


def write(work: WallWork, **fields: Any) -> None:
    """Change what is in hand; lamps and screens follow."""
    for name, value in fields.items():
        setattr(work, name, value)
    work.save(update_fields=list(fields))
    walls.touch(work.station_id)


def finish(work: WallWork, actor: Actor) -> int:
    """The pick tote in work is sorted: its use ends, unless something is to be put back. Returns how many eaches that is."""
    use = work.tote_use
    assert use is not None
    held = Balance.objects.filter(container_id=use.container_id, on_hand__gt=0)
    aside = sum(held.values_list("on_hand", flat=True))
    if not aside:
        containers.close_use(use_id=use.pk)
    write(work, tote_use=None, sku=None, lot=None, typed_qty=None)
    journal.write("tote.sorted", actor=actor, subject=f"tote:{use.container.label}", put_back=aside)
    return aside
