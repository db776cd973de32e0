"""Events from gateways: each has its effect once; the answer goes back after the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices.messages import (
    Acknowledge,
    ButtonPressed,
    Command,
    Direct,
    DirectionRequested,
    Event,
    LoadMoved,
    NoRead,
    ScanRead,
    Verdict,
    WeightRead,
)
from mfc.core import receipts
from mfc.core.errors import DomainError
from mfc.floor import conveyor
from mfc.floor.bindings import Bindings
from mfc.floor.models import Device
from mfc.scanning import interpret
from mfc.scanning.replies import SILENT, Reply, lock, refused, tell
from mfc.workforce.models import Station

# A tote reaches its diverter about a second after the reader; a later answer would only confuse.
DIRECTION_TTL_MS = 2_000


def handle(*, gateway_id: int, event: Event, bindings: Bindings | None = None) -> list[Command]:
    """Handle one event and return what goes back: always an acknowledgement, and a direction when one was asked.

    Raises only what is worth trying again (database trouble); every refusal is an answer.
    """
    bindings = bindings or Bindings(gateway_id)
    device = bindings.device(event.device)
    if device is None:
        return [
            Acknowledge(event_id=event.event_id, verdict=Verdict.REFUSED, text=f"{event.device} is not bound")
        ]
    payload = _payload(event)
    source = f"event/{event.event_id}"
    kind = event.KIND  # type: ignore[attr-defined]
    if isinstance(event, DirectionRequested | LoadMoved):
        return _conveyor(device, event, source, kind, payload)
    answer = receipts.once(
        source=source,
        kind=kind,
        payload=payload,
        act=lambda: _at_station(bindings, device, event).as_dict(),
        on_refusal=lambda refusal: _show_refusal(bindings, device, event, refusal),
    )
    reply = refused(answer.refusal) if answer.refusal else Reply(**answer.body)
    return [Acknowledge(event_id=event.event_id, verdict=Verdict(reply.verdict), text=reply.text)]


def _payload(event: Event) -> dict[str, Any]:
    names = [name for cls in type(event).__mro__ for name in getattr(cls, "__slots__", ())]
    return {name: getattr(event, name) for name in names if name not in {"event_id", "at"}}


def _at_station(bindings: Bindings, device: Device, event: Event) -> Reply:
    station, act = _meaning(bindings, device, event)
    if station is None:
        raise DomainError("unknown_device", f"{device.key} serves no station.")
    station = lock(station.pk)
    reply = act(station)
    if reply is not SILENT:
        tell(station, reply)
    return reply


def _meaning(
    bindings: Bindings, device: Device, event: Event
) -> tuple[Station | None, Callable[[Station], Reply]]:
    """The station an event belongs to, and what it does there."""
    match event:
        case ScanRead(data=data, symbology=symbology):
            return device.station, lambda station: interpret.code(
                station=station, data=data, symbology=symbology
            )
        case NoRead():
            return device.station, _no_read
        case WeightRead(weight_g=weight_g):
            return device.station, lambda station: interpret.weight(station=station, weight_g=weight_g)
        case ButtonPressed(channel=channel, press=press):
            return _button(bindings, device, channel, press)
        case _:
            raise DomainError("unknown_device", f"{type(event).__name__} means nothing for {device.key}.")


def _no_read(station: Station) -> Reply:
    raise DomainError("label_invalid", f"The reader at {station.key} saw no code.")


def _button(
    bindings: Bindings, device: Device, channel: int, press: str
) -> tuple[Station | None, Callable[[Station], Reply]]:
    point = bindings.point(device, channel)
    if point is None:
        raise DomainError("unknown_device", f"Light {device.key}/{channel} is not bound to a place.")
    if point.location is not None:
        location = point.location
        return (
            interpret.station_lit_at(location),
            lambda station: interpret.press_at_location(station=station, location=location, press=press),
        )
    position = point.position or 0
    return (
        point.station,
        lambda station: interpret.press_on_cart(station=station, position=position, press=press),
    )


def _show_refusal(bindings: Bindings, device: Device, event: Event, refusal: DomainError) -> None:
    """A refusal is seen where it was caused: on the screen of the station, if one is known."""
    try:
        station, _ = _meaning(bindings, device, event)
    except DomainError:
        station = device.station
    if station is not None:
        tell(lock(station.pk), refused(refusal))


def _conveyor(
    device: Device, event: DirectionRequested | LoadMoved, source: str, kind: str, payload: dict[str, Any]
) -> list[Command]:
    acknowledge = Acknowledge(event_id=event.event_id)
    if isinstance(event, LoadMoved):
        receipts.once(
            source=source,
            kind=kind,
            payload=payload,
            act=lambda: conveyor.record_outcome(device=device, event=event),
        )
        return [acknowledge]
    answer = receipts.once(
        source=source, kind=kind, payload=payload, act=lambda: conveyor.decide(device=device, request=event)
    )
    lane = 0 if answer.refusal else int(answer.body["lane"])
    direct = Direct(
        command_id=source,
        device=device.key,
        point=event.point,
        tracking_id=event.tracking_id,
        lane=lane,
        ttl_ms=DIRECTION_TTL_MS,
    )
    return [direct, acknowledge]
