"""Levels from gateways: who is connected, how devices fare, what lamps and belts show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devices.messages import DeviceState, DeviceStatus, FacilityStatus, GatewayHello, LampsShown, Status
from mfc.core import clock, journal, txn
from mfc.core.actors import SYSTEM
from mfc.floor.models import Device, Gateway

# A change to or from one of these is worth a journal line; the steps in between are not.
_NOTABLE = frozenset({DeviceState.ONLINE, DeviceState.OFFLINE, DeviceState.FAULT, DeviceState.DEGRADED})


@txn.use_case
def record(*, gateway_id: int, statuses: Sequence[Status]) -> None:
    """Keep the newest levels; those of unknown devices change nothing."""
    txn.hint("board")
    for status in statuses:
        _record(gateway_id, status)


def _record(gateway_id: int, status: Status) -> None:
    match status:
        case GatewayHello(boot=boot):
            Gateway.objects.filter(pk=gateway_id).update(boot=boot, connected=True, seen_at=clock.now())
        case DeviceStatus(device=key, state=state, detail=detail):
            _device_state(gateway_id, key, state, detail)
        case LampsShown(device=key, lamps=lamps):
            shown = {str(channel): [lamp.colour, lamp.mode, lamp.quantity] for channel, lamp in lamps.items()}
            _reported(gateway_id, key, {"lamps": shown})
        case FacilityStatus():
            _reported(
                gateway_id,
                status.device,
                {
                    "automatic": status.automatic,
                    "running": status.running,
                    "emergency_stop": status.emergency_stop,
                    "jam": status.jam,
                    "fault_code": status.fault_code,
                    "full_lanes": list(status.full_lanes),
                    "occupied_lanes": list(status.occupied_lanes),
                },
            )


def _device_state(gateway_id: int, key: str, state: DeviceState, detail: str) -> None:
    rows = Device.objects.filter(gateway_id=gateway_id, key=key)
    changed = rows.exclude(state=state, detail=detail[:200]).update(
        state=state, detail=detail[:200], state_since=clock.now()
    )
    if changed and state in _NOTABLE:
        journal.write(f"device.{state}", actor=SYSTEM, subject=f"device:{key}", detail=detail)


def _reported(gateway_id: int, key: str, level: dict[str, Any]) -> None:
    Device.objects.filter(gateway_id=gateway_id, key=key).update(reported=level)


@txn.use_case
def lost(*, gateway_id: int) -> None:
    """The bus to the gateway is gone: its devices are unknown until it is back."""
    if Gateway.objects.filter(pk=gateway_id, connected=True).update(connected=False):
        txn.hint("board")
        journal.write("gateway.lost", actor=SYSTEM, subject=f"gateway:{gateway_id}")
