"""What an input means now: station, session and step lead to exactly one service call and one reply."""

from __future__ import annotations

from django.db.models import F

from mfc.core.errors import DomainError
from mfc.layout.models import Location, LocationKind
from mfc.picking.models import PickTask
from mfc.picking.states import TODO, BatchState
from mfc.scanning import cart, flows, hospital, pack, wall
from mfc.scanning.flows.frame import Work
from mfc.scanning.replies import SILENT, Desk, Reply, accepted
from mfc.scanning.resolve import BadgeScan, CommandScan, Scan, resolve
from mfc.workforce import sessions
from mfc.workforce.models import Station, StationKind

# Lighter than any tote: somebody leans on the scale.
MIN_TOTE_G = 200


def code(
    *, station: Station, data: str, symbology: str = "", qty: int | None = None, typed: str = ""
) -> Reply:
    """A code was scanned or typed at a station, or a button of its screen was pressed (with a number or a text)."""
    return _scan(station, resolve(site=station.site, data=data, symbology=symbology, qty=qty, typed=typed))


def _scan(station: Station, scan: Scan) -> Reply:
    open_session = sessions.open_at(station)
    if isinstance(scan, BadgeScan):
        if open_session is not None and cart.is_held(open_session, scan.badge):
            return cart.lead_agrees(Desk(station, open_session.person), open_session, scan.badge)
        session = sessions.start(station=station, badge=scan.badge)
        return accepted(f"Hello {session.person.name}.")
    if open_session is None:
        raise DomainError("no_session", f"Nobody is logged in at {station.key}.")
    if isinstance(scan, CommandScan) and scan.name == "END":
        sessions.end(session=open_session)
        return accepted("Logged out.")
    desk = Desk(station, open_session.person)
    match station.kind:
        case StationKind.CART:
            return cart.scan(desk, open_session, scan)
        case StationKind.PACK:
            return pack.scan(desk, scan)
        case StationKind.STOCK:
            return flows.scan(Work(station, open_session.person, open_session), scan)
        case StationKind.PUTWALL:
            return wall.scan(desk, scan)
        case _:
            return hospital.scan(desk, scan)


def weight(*, station: Station, weight_g: int) -> Reply:
    """A stable weight at a station's scale."""
    open_session = sessions.open_at(station)
    if open_session is None or station.kind != StationKind.PACK or weight_g < MIN_TOTE_G:
        return SILENT
    return pack.weight(Desk(station, open_session.person), weight_g)


def press_on_cart(*, station: Station, position: int, press: str) -> Reply:
    """A button of the light bar on a cart."""
    open_session = sessions.open_at(station)
    if open_session is None:
        raise DomainError("no_session", f"Nobody is logged in at {station.key}.")
    return cart.press_position(Desk(station, open_session.person), position, press)


def press_at_location(*, station: Station, location: Location, press: str) -> Reply:
    """A button of the light point at a location, pressed for the cart or wall whose lamp is lit there."""
    open_session = sessions.open_at(station)
    if open_session is None:
        raise DomainError("no_session", f"Nobody is logged in at {station.key}.")
    desk = Desk(station, open_session.person)
    if station.kind == StationKind.PUTWALL:
        return wall.press(desk, location, press)
    return cart.press_location(desk, location, press)


def station_lit_at(location: Location) -> Station:
    """The wall the location is a slot of, or the cart whose present stop is there (the first claimed, as the lamp shows).

    Raises ``nothing_expected`` when no lamp is lit there.
    """
    slot = wall.slot_at(location) if location.kind == LocationKind.PUTWALL else None
    if slot is not None:
        return slot.station
    task = (
        PickTask.objects.filter(
            location=location, state__in=TODO, batch__state=BatchState.PICKING, stop=F("batch__current_stop")
        )
        .select_related("batch__station__site")
        .order_by("batch__claimed_at", "batch_id")
        .first()
    )
    if task is None or task.batch.station is None:
        raise DomainError("nothing_expected", f"Nothing is to be picked at {location.code} now.")
    return task.batch.station
