"""The lamp projection: wanted pictures, recomputed from the active tasks whenever something has changed."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import F

from devices.messages import Colour, Lamp, LampMode, SetLamps
from mfc.floor import walllights
from mfc.floor.models import Device, DeviceKind, Gateway, LightPoint
from mfc.orders.states import OrderState
from mfc.picking.models import Batch, BatchOrder, Method, PickTask
from mfc.picking.states import TODO, BatchState, TaskState

Picture = dict[int, Lamp]
# Three digits on a light point.
MAX_SHOWN = 999
# An edit of the wiring in the admin is in force after this time.
WIRING_FRESH_FOR_S = 10.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which controller and channel lights which place; read every few seconds, it hardly ever changes."""

    site_id: int
    devices: tuple[str, ...]
    by_location: dict[int, tuple[str, int]]
    by_position: dict[tuple[int, int], tuple[str, int]]

    @classmethod
    def read(cls, gateway_id: int) -> Wiring:
        """The wiring of a gateway's light points."""
        keys = Device.objects.filter(gateway_id=gateway_id, kind=DeviceKind.LIGHTS).values_list(
            "key", flat=True
        )
        by_location: dict[int, tuple[str, int]] = {}
        by_position: dict[tuple[int, int], tuple[str, int]] = {}
        rows = LightPoint.objects.filter(
            device__gateway_id=gateway_id, device__kind=DeviceKind.LIGHTS
        ).values_list("device__key", "channel", "location_id", "station_id", "position")
        for key, channel, location, station, position in rows:
            if location is not None:
                by_location[location] = (key, channel)
            elif station is not None and position is not None:
                by_position[(station, position)] = (key, channel)
        site_id = Gateway.objects.values_list("site_id", flat=True).get(pk=gateway_id)
        return cls(site_id, tuple(keys), by_location, by_position)


def wanted(wiring: Wiring) -> dict[str, Picture]:
    """The wanted picture of every light controller of a gateway, by device key."""
    pictures: dict[str, Picture] = {key: {} for key in wiring.devices}
    if not pictures:
        return pictures
    at_location, at_position = _lit(wiring.site_id)
    lit = [(wiring.by_location.get(place), lamp) for place, lamp in at_location.items()]
    lit += [(wiring.by_position.get(place), lamp) for place, lamp in at_position.items()]
    for point, lamp in lit:
        if point is not None:
            device, channel = point
            pictures[device][channel] = lamp
    return pictures


def _lit(site_id: int) -> tuple[dict[int, Lamp], dict[tuple[int, int], Lamp]]:
    """Lamps by location, and by (station, position). A location with two carts shows the first claimed one."""
    tasks = (
        PickTask.objects.filter(
            batch__state=BatchState.PICKING,
            batch__site_id=site_id,
            state__in=TODO,
            stop=F("batch__current_stop"),
        )
        .order_by("batch__claimed_at", "batch_id")
        .values_list(
            "location_id",
            "batch_id",
            "batch__colour",
            "batch__station_id",
            "qty",
            "state",
            "batch_order__position",
            "batch__method",
        )
    )
    owner: dict[int, int] = {}
    quantity: dict[int, int] = defaultdict(int)
    colour_at: dict[int, str] = {}
    at_position: dict[tuple[int, int], Lamp] = {}
    verified: set[int] = set()
    in_pick_tote: dict[int, int] = defaultdict(int)
    for location, batch, colour, station, qty, state, position, method in tasks:
        if owner.setdefault(location, batch) == batch:
            quantity[location] += qty
            colour_at[location] = colour
            if state == TaskState.VERIFIED:
                verified.add(location)
        if state == TaskState.VERIFIED and station is not None:
            place, shown = (station, position), qty
            if method == Method.SORT:  # one tote takes all
                in_pick_tote[station] += qty
                place, shown = (station, 1), in_pick_tote[station]
            at_position[place] = Lamp(Colour(colour), LampMode.STEADY, min(shown, MAX_SHOWN))
    at_location = {
        location: Lamp(
            Colour(colour_at[location]),
            LampMode.SLOW if location in verified else LampMode.STEADY,
            min(qty, MAX_SHOWN),
        )
        for location, qty in quantity.items()
    }
    at_position |= _loading(site_id)
    return at_location | walllights.lit(site_id), at_position | walllights.loading(site_id)


def _loading(site_id: int) -> dict[tuple[int, int], Lamp]:
    """While totes are loaded, or one is exchanged, the next free position of the cart blinks."""
    lamps: dict[tuple[int, int], Lamp] = {}
    batches = Batch.objects.filter(
        state__in=[BatchState.LOADING, BatchState.PICKING], site_id=site_id, method=Method.CLUSTER
    )
    rows = (
        BatchOrder.objects.filter(batch__in=batches, tote_use=None)
        .exclude(order__state=OrderState.CANCELLED)
        .order_by("batch_id", "position")
        .distinct("batch_id")
        .values_list("batch__station_id", "position", "batch__colour")
    )
    for station, position, colour in rows:
        if station is not None:
            lamps[(station, position)] = Lamp(Colour(colour), LampMode.FAST, None)
    return lamps


class Projector:
    """Remembers what was sent and turns changes into whole pictures; one per connected gateway."""

    def __init__(self, *, gateway_id: int, first_version: int) -> None:
        self._gateway_id = gateway_id
        self._version = first_version
        self._sent: dict[str, Picture] = {}
        self._wiring: Wiring | None = None
        self._wiring_read_at = 0.0

    def forget(self) -> None:
        """The gateway has (re)connected: it needs everything."""
        self._sent.clear()
        self._wiring = None

    def changes(self) -> list[SetLamps]:
        """Pictures that differ from what was sent last."""
        now = time.monotonic()
        if self._wiring is None or now - self._wiring_read_at > WIRING_FRESH_FOR_S:
            self._wiring, self._wiring_read_at = Wiring.read(self._gateway_id), now
        fresh = []
        for key, picture in wanted(self._wiring).items():
            if self._sent.get(key) != picture:
                self._version += 1
                self._sent[key] = picture
                fresh.append(SetLamps(device=key, version=self._version, lamps=picture))
        return fresh
