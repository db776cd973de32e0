"""Keeps every driver running: a crash restarts only that driver, with a pause, and is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from devices.clock import Clock
from devices.drivers.base import HEALTHY_S, Driver
from devices.messages import DeviceState
from devices.tasks import end_all
from devices.wake import Backoff

log = logging.getLogger("devices.gateway")

# A cancelled driver closes its line within this time; after it the process ends anyway.
STOP_S = 1.0


class Supervisor:
    """One task per device. ``make`` gives a fresh driver: the state of a crashed one is not trusted."""

    def __init__(self, make: Callable[[str], Driver], clock: Clock, backoff: Callable[[], Backoff]) -> None:
        self._make = make
        self._clock = clock
        self._backoff = backoff
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.drivers: dict[str, Driver] = {}

    def start(self, keys: list[str]) -> None:
        for key in keys:
            self.drivers[key] = self._make(key)
            self._tasks[key] = asyncio.create_task(self._keep(key), name=f"driver {key}")

    async def stop(self) -> None:
        for task in await end_all(self._tasks.values(), STOP_S):
            log.warning("%s did not close in time", task.get_name())
        self._tasks.clear()

    async def _keep(self, key: str) -> None:
        backoff = self._backoff()
        while True:
            started = self._clock.monotonic()
            try:
                await self.drivers[key].run()
            except Exception as error:
                log.exception("driver of %s crashed; it starts again", key)
                self.drivers[key].report(
                    DeviceState.FAULT, f"driver crashed: {type(error).__name__}: {error}"
                )
            if self._clock.monotonic() - started >= HEALTHY_S:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())
            self.drivers[key] = self._make(key)
