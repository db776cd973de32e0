"""Inputs at a picking cart: take a cart, load totes, verify, put, undo, drop. Exceptions: ``cart_exceptions``."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.core.labels import Kind
from mfc.inventory import containers
from mfc.inventory.models import ContainerKind
from mfc.layout import queries as layout
from mfc.layout.models import Location
from mfc.packing import bench
from mfc.picking import batches, catchweight, sorting, tasks, totes, undo
from mfc.picking.models import Batch, Method, PickTask
from mfc.picking.states import BatchState, TaskState
from mfc.scanning import cart_exceptions as exceptions
from mfc.scanning import zero_check
from mfc.scanning.cart_exceptions import is_held, lead_agrees, where_to_put
from mfc.scanning.replies import Desk, Reply, accepted
from mfc.scanning.resolve import CommandScan, ContainerScan, LocationScan, Scan, SkuScan
from mfc.workforce import sessions
from mfc.workforce.models import WorkSession

__all__ = ["is_held", "lead_agrees", "press_location", "press_position", "scan"]


def scan(desk: Desk, session: WorkSession, scan: Scan) -> Reply:
    """One input at a cart."""
    batch = batches.on_station(desk.station)
    if batch is None:
        return _without_batch(desk, session, scan)
    if isinstance(scan, CommandScan):
        reply = zero_check.answer(desk, session, scan.name, scan.qty)
        if reply is not None:
            return reply
    zero_check.leave(session)
    if isinstance(scan, CommandScan):
        return _command(desk, session, batch, scan)
    exceptions.refuse_while_held(session, batch)
    match BatchState(batch.state):
        case BatchState.LOADING:
            return _load(desk, batch, scan)
        case BatchState.PICKING:
            return _pick(desk, batch, scan)
        case _:
            return _drop(desk, batch, scan)


def _without_batch(desk: Desk, session: WorkSession, scan: Scan) -> Reply:
    if not isinstance(scan, ContainerScan) or scan.kind is not Kind.CART:
        raise DomainError(
            "nothing_expected",
            "No batch is on this cart yet.",
            remedy="Scan the cart's label, or wait for work.",
        )
    cart = containers.by_label(site_id=desk.station.site_id, label=scan.label, kind=ContainerKind.CART)
    sessions.take_cart(session=session, cart=cart.label)
    batch = batches.claim_next(station=desk.station, person=desk.person)
    if batch is None:
        return accepted("Cart is yours. Work comes as soon as orders are released.")
    if batch.method == Method.SORT:
        return accepted(f"Batch {batch.pk} for the put wall: load one empty tote.")
    return accepted(f"Batch {batch.pk}: load {len(totes.live(batches.cart_orders(batch)))} empty totes.")


def _load(desk: Desk, batch: Batch, scan: Scan) -> Reply:
    if not isinstance(scan, ContainerScan) or scan.kind is not Kind.TOTE:
        raise DomainError(
            "unexpected_scan", "An empty tote is wanted now.", remedy="Scan the label of an empty tote."
        )
    if batch.method == Method.SORT:
        return _load_pick_tote(desk, batch, scan.label)
    entry = batches.load_tote(batch=batch, label=scan.label, person=desk.person)
    return accepted(f"Tote on {entry.letter}.")


def _pick(desk: Desk, batch: Batch, scan: Scan) -> Reply:
    if totes.waiting(batches.cart_orders(batch)) is not None:
        return _load_next(desk, batch, scan)
    stop = tasks.present(batch)
    in_hand = [task for task in stop if task.state == TaskState.VERIFIED]
    match scan:
        case ContainerScan(kind=Kind.TOTE, label=label):
            return _put(desk, batch, in_hand, label)
        case SkuScan(sku=sku, lot=lot):
            _check_pack(stop, scan)
            return _item(desk, batch, stop, in_hand, sku.pk, sku.code, lot, scan.weight_g)
        case LocationScan(location=location):
            return _place(desk, batch, stop, in_hand, location, by="location")
        case _:
            raise DomainError("unexpected_scan", "The item, its place or a tote is wanted now.")


def _check_pack(stop: list[PickTask], scan: SkuScan) -> None:
    """A case must not pass for one piece."""
    wanted = sum(task.qty for task in stop)
    if scan.sku.pk == stop[0].sku_id and scan.eaches > wanted:
        unit = f"a {scan.pack_level} of" if scan.pack_level else "a label for"
        raise DomainError("wrong_pack", f"That is {unit} {scan.eaches}. Wanted: {wanted}.", wanted=wanted)


def _load_next(desk: Desk, batch: Batch, scan: Scan) -> Reply:
    if not isinstance(scan, ContainerScan) or scan.kind is not Kind.TOTE:
        raise DomainError(
            "unexpected_scan",
            "An empty tote is wanted where the full one stood.",
            remedy="Scan the label of an empty tote, or press Undo.",
        )
    if batch.method == Method.SORT:
        return _load_pick_tote(desk, batch, scan.label)
    entry = totes.load_next(batch=batch, label=scan.label, person=desk.person)
    return accepted(f"Tote on {entry.letter}. Go on.")


def _load_pick_tote(desk: Desk, batch: Batch, label: str) -> Reply:
    row = sorting.load(batch=batch, label=label, person=desk.person)
    return accepted(f"Pick tote {row.number} on the cart.")


def _item(
    desk: Desk,
    batch: Batch,
    stop: list[PickTask],
    in_hand: list[PickTask],
    sku_id: int,
    code: str,
    lot: str,
    weight_g: int | None,
) -> Reply:
    wanted = stop[0]
    if sku_id != wanted.sku_id:
        raise DomainError(
            "wrong_item",
            f"That is {code}. Wanted: {wanted.sku.code} {wanted.sku.name}.",
            remedy=f"Put it back and scan the item at {wanted.location.code}.",
            wanted=wanted.sku.code,
        )
    if lot and wanted.lot is not None and lot != wanted.lot.code:
        raise DomainError(
            "wrong_item",
            f"That is lot {lot}. Wanted: lot {wanted.lot.code}.",
            remedy=f"Take lot {wanted.lot.code} at {wanted.location.code}.",
            wanted=wanted.sku.code,
        )
    if in_hand:
        return accepted(f"Already scanned. {where_to_put(in_hand)}")
    if wanted.sku.catch_weight:
        if weight_g is not None:
            return exceptions.weigh(desk, batch, stop, weight_g)
        catchweight.identify(batch=batch, tasks=stop)
        done, pieces = catchweight.pieces(stop)
        return accepted(f"Piece {done + 1} of {pieces}: weigh it and type its weight.")
    tasks.verify(batch=batch, tasks=stop, person=desk.person, by="item")
    return accepted(where_to_put(stop))


def _place(
    desk: Desk, batch: Batch, stop: list[PickTask], in_hand: list[PickTask], location: Location, *, by: str
) -> Reply:
    wanted = stop[0].location
    if location.pk != wanted.pk:
        raise DomainError(
            "wrong_location",
            f"This is {location.code}. Wanted: {wanted.code}.",
            remedy=f"Go to {wanted.code}.",
        )
    if in_hand:
        return accepted(f"Already confirmed. {where_to_put(in_hand)}")
    if stop[0].sku.catch_weight:
        raise DomainError("weight_needed", f"{stop[0].sku.name} is sold by weight.")
    tasks.verify(batch=batch, tasks=stop, person=desk.person, by=by)
    return accepted(where_to_put(stop))


def _put(desk: Desk, batch: Batch, in_hand: list[PickTask], label: str) -> Reply:
    if not in_hand:
        raise DomainError("unexpected_scan", "Scan the item first, then the tote.")
    if batch.method == Method.SORT:
        row = totes.pick_tote(batch)
        if row is not None and row.tote_use.container.label == label:
            return _confirm_stop(desk, batch, in_hand)
        raise DomainError("wrong_tote", f"Tote {label} is not the pick tote. {where_to_put(in_hand)}")
    for task in in_hand:
        use = task.batch_order.tote_use
        if use is not None and use.container.label == label:
            return _confirm(desk, batch, task)
    raise DomainError("wrong_tote", f"Tote {label} gets nothing of this. {where_to_put(in_hand)}")


def _confirm(desk: Desk, batch: Batch, task: PickTask) -> Reply:
    tasks.confirm_pick(batch=batch, task=task, person=desk.person)
    zero_check.ask(desk, task)
    if batch.state == BatchState.PICKED:
        return accepted("That was the last one. Bring the cart to the belt.")
    return accepted(f"{task.qty} in {task.batch_order.letter}.")


def _confirm_stop(desk: Desk, batch: Batch, in_hand: list[PickTask]) -> Reply:
    qty = sorting.confirm_stop(batch=batch, in_hand=in_hand, person=desk.person)
    zero_check.ask(desk, in_hand[0])
    if batch.state == BatchState.PICKED:
        return accepted("That was the last one. Bring the cart to the put wall.")
    return accepted(f"{qty} in the pick tote.")


def _drop_at_wall(desk: Desk, batch: Batch, scan: Scan) -> Reply:
    if not isinstance(scan, LocationScan):
        raise DomainError(
            "unexpected_scan",
            "The cart is finished.",
            remedy="Bring it to the put wall and scan a label of the wall.",
        )
    sorting.check_wall(batch, scan.location)
    dropped = sorting.drop(batch=batch, person=desk.person)
    batches.claim_next(station=desk.station, person=desk.person)
    back = f", {dropped.empty} empty back to the stack" if dropped.empty else ""
    return accepted(f"{len(dropped.full)} pick totes at the wall{back}.")


def _drop(desk: Desk, batch: Batch, scan: Scan) -> Reply:
    if batch.method == Method.SORT:
        return _drop_at_wall(desk, batch, scan)
    drops = {place.pk for place in layout.drop_places(desk.station.site)}
    if not isinstance(scan, LocationScan) or scan.location.pk not in drops:
        raise DomainError(
            "unexpected_scan",
            "The cart is finished.",
            remedy="Bring it to the belt and scan the belt's label.",
        )
    dropped = bench.drop_cart(batch=batch, person=desk.person)
    batches.claim_next(station=desk.station, person=desk.person)
    back = f", {dropped.empty} empty back to the stack" if dropped.empty else ""
    return accepted(f"{len(dropped.full)} totes on the belt{back}.")


def _command(desk: Desk, session: WorkSession, batch: Batch, command: CommandScan) -> Reply:
    if command.name == "UNDO":
        if exceptions.forget(session, batch):
            return accepted("Taken back: nothing was reported.")
        return accepted(undo.undo(batch=batch, person=desk.person))
    exceptions.refuse_while_held(session, batch)
    reply = exceptions.command(desk, session, batch, command)
    if reply is None:
        raise DomainError(
            "unexpected_scan",
            f"C-{command.name} does nothing at a cart.",
            remedy="Use the buttons on the screen.",
        )
    return reply


def press_position(desk: Desk, position: int, press: str) -> Reply:
    """A button of the cart's light bar: the confirm button puts, the short button reports a short."""
    batch = batches.on_station(desk.station)
    if batch is None or batch.state != BatchState.PICKING:
        raise DomainError("nothing_expected", "No light of this cart waits for a button.")
    _refuse_buttons(desk, batch)
    if press == "short":
        return exceptions.short(desk, sessions.open_at(desk.station), batch, "", 0)
    in_hand = [task for task in tasks.at_stop(batch) if task.state == TaskState.VERIFIED]
    if not in_hand:
        raise DomainError("unexpected_scan", "Scan the item first, then press the tote's button.")
    if batch.method == Method.SORT:
        return _confirm_stop(desk, batch, in_hand)
    for task in in_hand:
        if task.batch_order.position == position:
            return _confirm(desk, batch, task)
    letter = chr(ord("A") + position - 1)
    raise DomainError("wrong_tote", f"Tote {letter} gets nothing of this. {where_to_put(in_hand)}")


def press_location(desk: Desk, location: Location, press: str) -> Reply:
    """A button at a shelf: confirm = the person is there and takes it, short = nothing is there."""
    batch = batches.on_station(desk.station)
    if batch is None or batch.state != BatchState.PICKING:
        raise DomainError("nothing_expected", f"Nothing is to be picked at {location.code} now.")
    _refuse_buttons(desk, batch)
    stop = tasks.present(batch)
    if press == "short":
        return exceptions.short(desk, sessions.open_at(desk.station), batch, "", 0)
    in_hand = [task for task in stop if task.state == TaskState.VERIFIED]
    return _place(desk, batch, stop, in_hand, location, by="light")


def _refuse_buttons(desk: Desk, batch: Batch) -> None:
    """Lamps are dark while a lead or a tote is waited for."""
    zero_check.leave(sessions.open_at(desk.station))
    exceptions.refuse_while_held(sessions.open_at(desk.station), batch)
    entry = totes.waiting(batches.cart_orders(batch))
    if entry is not None:
        raise DomainError(
            "unexpected_scan",
            f"An empty tote is wanted on {entry.letter}.",
            remedy="Scan the label of an empty tote, or press Undo.",
        )
