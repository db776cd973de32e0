"""What every driver shares: its context, its states, log once, reconnect with back-off."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from devices.clock import Clock
from devices.errors import DeviceError
from devices.messages import (
    Acknowledge,
    DeviceState,
    DeviceStatus,
    Direct,
    Event,
    FacilityStatus,
    LampsShown,
    SetLamps,
)
from devices.wake import Backoff

log = logging.getLogger("devices.drivers")

Level = DeviceStatus | LampsShown | FacilityStatus
# Builds an event from its (event_id, at).
MakeEvent = Callable[[str, str], Event]
# A line that was good for so long has earned a fresh back-off.
HEALTHY_S = 5.0
# A detail is for a person on a small screen.
MAX_DETAIL = 200

_SILENT_STATES = (DeviceState.CONNECTING, DeviceState.SYNCING)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to be stored. ``source_key`` is the device's own unique name for it, if it has one."""

    make: MakeEvent
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a draft: a known source key gives the event of the first time."""

    event_id: str
    is_new: bool
    is_acknowledged: bool


class Context(Protocol):
    """What the gateway gives a driver. No call waits, but for the disk: ``emit`` returns after the fsync."""

    clock: Clock
    rng: Random
    gateway: str
    site: str
    root: str

    def emit(self, device: str, drafts: list[Draft], memory: dict[str, str] | None = None) -> list[Stored]:
        """Stores events and memory in one transaction; raises SpoolFullError and stores nothing then."""
        ...

    def level(self, level: Level) -> None: ...

    def recall(self, key: str) -> str | None: ...

    def remember(self, memory: dict[str, str]) -> None: ...


class Driver(ABC):
    """Runs for ever; ``run`` is cancelled to stop it."""

    def __init__(self, key: str, context: Context) -> None:
        self.key = key
        self.context = context
        self.state = DeviceState.CONNECTING
        self._detail: str | None = None
        self._logged = DeviceState.CONNECTING
        self._online_since: float | None = None
        self._backoff = Backoff(context.rng)

    async def run(self) -> None:
        self.report(DeviceState.CONNECTING)
        while True:
            try:
                await self.session()
            except DeviceError as error:
                self.report(DeviceState.OFFLINE if error.retryable else DeviceState.FAULT, str(error))
            await asyncio.sleep(self.retry_delay_s())

    @abstractmethod
    async def session(self) -> None:
        """One connection from open to loss; closes it whatever happens."""

    def retry_delay_s(self) -> float:
        since, self._online_since = self._online_since, None
        if since is not None and self.context.clock.monotonic() - since >= HEALTHY_S:
            self._backoff.reset()
        return self._backoff.next_s()

    def acknowledged(self, ack: Acknowledge, source_key: str | None) -> None:  # noqa: B027 - not every device hears
        """The WMS has committed an event of this device."""

    def command(self, command: SetLamps | Direct) -> None:
        """A command for this device has arrived."""
        log.warning("%s: cannot do %s", self.key, command.KIND)

    def report(self, state: DeviceState, detail: str = "") -> None:
        """Publishes a change of state; a reconnection attempt of an offline device is no change."""
        if state in _SILENT_STATES and self.state in (DeviceState.OFFLINE, DeviceState.FAULT) and not detail:
            return
        detail = detail[:MAX_DETAIL]
        if state is DeviceState.ONLINE and self._online_since is None:
            self._online_since = self.context.clock.monotonic()
        if (state, detail) == (self.state, self._detail):
            return
        self.state, self._detail = state, detail
        self._log(state, detail)
        self.context.level(
            DeviceStatus(device=self.key, state=state, detail=detail, at=self.context.clock.stamp()),
        )

    def _log(self, state: DeviceState, detail: str) -> None:
        """Once on loss, once on recovery."""
        if state in _SILENT_STATES or state is self._logged:
            return
        level = logging.INFO if state is DeviceState.ONLINE else logging.WARNING
        log.log(level, "%s is %s%s", self.key, state, f": {detail}" if detail else "")
        self._logged = state
