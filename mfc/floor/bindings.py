"""What a gateway's devices and light points are bound to, remembered for a few seconds: every event asks for it."""

from __future__ import annotations

import time

from mfc.floor.models import Device, LightPoint

# An edit in the admin is in force after this time; asking the database for each event costs a millisecond.
FRESH_FOR_S = 5.0


class Bindings:
    """One per worker and gateway; reads what it does not know or what has grown old."""

    def __init__(self, gateway_id: int) -> None:
        self._gateway_id = gateway_id
        self._devices: dict[str, tuple[float, Device]] = {}
        self._points: dict[tuple[int, int], tuple[float, LightPoint]] = {}

    def device(self, key: str) -> Device | None:
        """The device with this key, with its station."""
        known = self._devices.get(key)
        if known is not None and time.monotonic() - known[0] < FRESH_FOR_S:
            return known[1]
        device = Device.objects.select_related("station").filter(gateway_id=self._gateway_id, key=key).first()
        if device is not None:
            self._devices[key] = (time.monotonic(), device)
        return device

    def point(self, device: Device, channel: int) -> LightPoint | None:
        """The light point on a channel, with its location or station."""
        known = self._points.get((device.pk, channel))
        if known is not None and time.monotonic() - known[0] < FRESH_FOR_S:
            return known[1]
        point = (
            LightPoint.objects.select_related("location", "station")
            .filter(device=device, channel=channel)
            .first()
        )
        if point is not None:
            self._points[(device.pk, channel)] = (time.monotonic(), point)
        return point
