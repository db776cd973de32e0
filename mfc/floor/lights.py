"""The lamp projection: wanted pictures, recomputed from the active tasks whenever something has changed."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import F

from devices.messages import Colour, Lamp, LampMode, SetLamps
from mfc.floor.models import Device, DeviceKind, LightPoint
from mfc.picking.models import Batch, BatchOrder, PickTask
from mfc.picking.states import TODO, BatchState, TaskState

Picture = dict[int, Lamp]
# Three digits on a light point.
MAX_SHOWN = 999


def wanted(*, gateway_id: int) -> dict[str, Picture]:
    """The wanted picture of every light controller of a gateway, by device key."""
    keys = Device.objects.filter(gateway_id=gateway_id, kind=DeviceKind.LIGHTS).values_list("key", flat=True)
    pictures: dict[str, Picture] = {key: {} for key in keys}
    if not pictures:
        return pictures
    at_location, at_position = _lit(gateway_id)
    points = LightPoint.objects.filter(device__gateway_id=gateway_id).select_related("device")
    for point in points.filter(location_id__in=list(at_location)):
        pictures[point.device.key][point.channel] = at_location[point.location_id or 0]
    for point in points.filter(station_id__in={station for station, _ in at_position}):
        lamp = at_position.get((point.station_id or 0, point.position or 0))
        if lamp is not None:
            pictures[point.device.key][point.channel] = lamp
    return pictures


def _lit(gateway_id: int) -> tuple[dict[int, Lamp], dict[tuple[int, int], Lamp]]:
    """Lamps by location, and by (station, position). A location with two carts shows the first claimed one."""
    tasks = (
        PickTask.objects.filter(
            batch__state=BatchState.PICKING,
            batch__site__gateway=gateway_id,
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
        )
    )
    owner: dict[int, int] = {}
    quantity: dict[int, int] = defaultdict(int)
    colour_at: dict[int, str] = {}
    at_position: dict[tuple[int, int], Lamp] = {}
    verified: set[int] = set()
    for location, batch, colour, station, qty, state, position in tasks:
        if owner.setdefault(location, batch) == batch:
            quantity[location] += qty
            colour_at[location] = colour
            if state == TaskState.VERIFIED:
                verified.add(location)
        if state == TaskState.VERIFIED and station is not None:
            at_position[(station, position)] = Lamp(Colour(colour), LampMode.STEADY, min(qty, MAX_SHOWN))
    at_location = {
        location: Lamp(
            Colour(colour_at[location]),
            LampMode.SLOW if location in verified else LampMode.STEADY,
            min(qty, MAX_SHOWN),
        )
        for location, qty in quantity.items()
    }
    at_position |= _loading(gateway_id)
    return at_location, at_position


def _loading(gateway_id: int) -> dict[tuple[int, int], Lamp]:
    """While totes are loaded, the next free position of the cart blinks."""
    lamps: dict[tuple[int, int], Lamp] = {}
    batches = Batch.objects.filter(state=BatchState.LOADING, site__gateway=gateway_id)
    rows = (
        BatchOrder.objects.filter(batch__in=batches, tote_use=None)
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

    def forget(self) -> None:
        """The gateway has (re)connected: it needs everything."""
        self._sent.clear()

    def changes(self) -> list[SetLamps]:
        """Pictures that differ from what was sent last."""
        fresh = []
        for key, picture in wanted(gateway_id=self._gateway_id).items():
            if self._sent.get(key) != picture:
                self._version += 1
                self._sent[key] = picture
                fresh.append(SetLamps(device=key, version=self._version, lamps=picture))
        return fresh
