"""Inputs at a put wall: a pick tote, an article, the slots it goes into, and the totes that leave."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.core.labels import Kind
from mfc.inventory.models import ToteUse
from mfc.layout.models import Location
from mfc.packing import bench
from mfc.picking import wallputs, wallwork
from mfc.picking.models import PutSlot, WallWork
from mfc.picking.states import SlotState
from mfc.picking.wallputs import Put
from mfc.scanning.replies import Desk, Reply, accepted
from mfc.scanning.resolve import CommandScan, ContainerScan, LocationScan, Scan, SkuScan


def scan(desk: Desk, scan: Scan) -> Reply:
    """One input at a put wall."""
    match scan:
        case CommandScan():
            return _command(desk, scan)
        case ContainerScan(kind=Kind.TOTE, label=label):
            return _tote(desk, label)
        case LocationScan(location=location):
            return _slot(desk, _at(desk, location))
        case SkuScan():
            return _item(desk, scan)
        case _:
            raise DomainError("unexpected_scan", "A tote, an item or a slot is wanted at the put wall.")


def press(desk: Desk, location: Location, press: str) -> Reply:
    """The button of a slot's light: the same as scanning the slot's label."""
    if press == "short":
        raise DomainError(
            "unexpected_scan",
            "The short button does nothing at the wall.",
            remedy="Type how many went in, or press Tote is empty when nothing is left.",
        )
    return _slot(desk, _at(desk, location))


def slot_at(location: Location) -> PutSlot | None:
    """The put slot at a place."""
    rows = PutSlot.objects.filter(location=location).exclude(state=SlotState.RETIRED)
    return rows.select_related("station__site", "tote_use__container", "location").first()


def _at(desk: Desk, location: Location) -> PutSlot:
    slot = slot_at(location)
    if slot is None or slot.station_id != desk.station.pk:
        raise DomainError("wrong_slot", f"{location.code} is no slot of this wall.")
    return slot


def asking(desk: Desk) -> PutSlot | None:
    """The slot that wants an empty tote now."""
    rows = PutSlot.objects.filter(station=desk.station, state=SlotState.BINDING)
    return rows.select_related("station", "location").order_by("position").first()


def _tote(desk: Desk, label: str) -> Reply:
    use = ToteUse.objects.filter(
        container__site=desk.station.site_id, container__label=label, closed_at=None
    ).first()
    if use is not None and use.order_id is not None:
        slot = PutSlot.objects.filter(station=desk.station, order_id=use.order_id).first()
        if slot is not None and slot.state == SlotState.COMPLETE:
            return _seal(desk, slot)
        if slot is not None:
            raise DomainError(
                "slot_not_complete",
                f"Slot {slot.position} is not complete.",
                remedy="Sort on, or press Tote full when nothing more goes in.",
            )
    wanting = asking(desk)
    if wanting is not None and use is None:
        wallputs_use = wallwork.bind(slot=wanting, label=label, person=desk.person)
        return accepted(
            " ".join([f"Tote {wallputs_use.container.label} in slot {wanting.position}.", _next(desk)])
        )
    wanted = wallwork.take_tote(station=desk.station, label=label)
    if not wanted:
        return accepted(f"No order wants anything of tote {label}. Stand it aside: its goods are put back.")
    return accepted(f"{wanted} units to sort. Scan an item.")


def _next(desk: Desk) -> str:
    wanting = asking(desk)
    if wanting is not None:
        return f"Put an empty tote in slot {wanting.position} and scan it."
    return _where(wallwork.work_at(desk.station)) or "Scan an item."


def _where(work: WallWork) -> str:
    shown = wallwork.lit(work)
    slots = PutSlot.objects.filter(pk__in=shown).order_by("position")
    puts = ", ".join(f"{shown[slot.pk]} into {slot.position}" for slot in slots)
    return f"Put {puts}." if puts else ""


def _item(desk: Desk, scan: SkuScan) -> Reply:
    wallwork.take_item(station=desk.station, sku=scan.sku, lot=scan.lot, person=desk.person)
    return accepted(_next(desk))


def _slot(desk: Desk, slot: PutSlot) -> Reply:
    if slot.state == SlotState.COMPLETE:
        return _seal(desk, slot)
    work = wallwork.work_at(desk.station)
    if slot.state == SlotState.ASSIGNED and work.sku_id is None:
        wallwork.ask_at(slot=slot)
        return accepted(f"Put an empty tote in slot {slot.position} and scan it.")
    done = wallputs.put(slot=slot, person=desk.person, qty=work.typed_qty)
    return accepted(_told(desk, slot, done))


def _seal(desk: Desk, slot: PutSlot) -> Reply:
    labels = bench.send_slot(slot=slot, person=desk.person)
    if not labels:
        return accepted(f"Slot {slot.position} is free.")
    return accepted(f"Slot {slot.position} is free. Onto the belt: {', '.join(labels)}.")


def _told(desk: Desk, slot: PutSlot, done: Put) -> str:
    said = [f"{done.qty} in slot {slot.position}."] if done.qty else []
    if done.left:
        said.append(f"{done.left} more go there.")
    if done.complete:
        said.append(f"Slot {slot.position} is complete: close its tote and scan it.")
    if done.done:
        said.append("The pick tote is sorted.")
        if done.aside:
            said.append(f"{done.aside} units stay in it: stand it aside, they are put back.")
    elif not done.complete and not done.left:
        more = _where(wallwork.work_at(desk.station))
        said += [more] if more else []
    return " ".join(said)


def _command(desk: Desk, command: CommandScan) -> Reply:
    name, qty = command.name, command.qty
    if name.startswith("FULL"):
        return _full(desk, name.removeprefix("FULL"), qty or 0)
    match name:
        case "UNDO":
            return accepted(wallputs.undo(station=desk.station, person=desk.person))
        case "BACK":
            wallwork.put_down(station=desk.station)
            return accepted("Put the article back into the pick tote. Scan another item.")
        case "ENTER" if qty is not None:
            wallwork.type_qty(station=desk.station, qty=qty)
            return accepted(f"Put {qty} and press the light of their slot.")
        case "DONE":
            missing = wallputs.finish_tote(station=desk.station, person=desk.person)
            return accepted(
                f"The pick tote is sorted. {missing} missing." if missing else "The pick tote is sorted."
            )
        case _:
            raise DomainError(
                "unexpected_scan",
                f"C-{name} does nothing at a put wall.",
                remedy="Use the buttons on the screen.",
            )


def _full(desk: Desk, number: str, fits: int) -> Reply:
    rows = PutSlot.objects.filter(station=desk.station, state=SlotState.FILLING)
    rows = rows.select_related("station", "location", "tote_use__container")
    if number.isdigit():
        slot = rows.filter(position=int(number[:4])).first()
    else:
        shown = list(rows.filter(pk__in=wallwork.lit(wallwork.work_at(desk.station))))
        slot = shown[0] if len(shown) == 1 else None
    if slot is None:
        raise DomainError(
            "nothing_expected", "Which tote is full?", remedy="Choose the number of its slot on the screen."
        )
    done = wallputs.full(slot=slot, fits=fits, person=desk.person)
    if done.complete:
        return accepted(_told(desk, slot, done))
    return accepted(f"Leave the full tote there. {_next(desk)}")
