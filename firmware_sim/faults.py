"""Device faults: on request, or a seeded wild schedule."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any

from firmware_sim.figures import Figures
from firmware_sim.lights import LightController
from firmware_sim.plc import Plc
from firmware_sim.scale import Scale
from firmware_sim.scanner import Scanner

log = logging.getLogger(__name__)

# Wall seconds between two faults of the wild schedule: hardware does not break faster with the clock.
WILD_PAUSE_S = (8.0, 15.0)
DEFAULT_SECONDS = {"unplug": 3.0, "reboot": 1.0, "cut": 2.5, "silence": 2.0, "slow": 4.0}
MAX_SECONDS = 600.0
SLOW_ANSWER_S = 0.3
KINDS = ("unplug", "reboot", "cut", "silence", "slow", "garbage", "double_scan")
# How often each fault of the wild schedule is drawn, by kind of device.
WILD_KINDS: dict[type, tuple[str, ...]] = {
    Scanner: ("unplug", "garbage", "double_scan"),
    LightController: ("reboot", "reboot", "silence", "slow", "cut"),
    Plc: ("cut", "silence", "slow"),
    Scale: ("cut",),
}

Work = Coroutine[Any, Any, None]


class FaultError(ValueError):
    """A fault that cannot be made here; the message says what could."""


class Faults:
    """Breaks devices for a while; one fault at a time per device."""

    def __init__(
        self,
        devices: dict[str, Scanner | LightController | Plc | Scale],
        figures: Figures,
        rng: random.Random,
        on_plc_reboot: Callable[[], None],
    ) -> None:
        self.devices, self.figures, self.rng = devices, figures, rng
        self.on_plc_reboot = on_plc_reboot
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def make(self, kind: str, key: str, seconds: float | None = None) -> None:
        """Start a fault now; raises FaultError when this device has no such fault."""
        device = self.devices.get(key)
        if device is None:
            raise FaultError(f"no device {key!r}")
        if kind not in KINDS:
            raise FaultError(f"no fault {kind!r}; there are: {', '.join(KINDS)}")
        running = self._tasks.get(key)
        if running is not None and not running.done():
            raise FaultError(f"{key} has a fault already")
        duration_s = DEFAULT_SECONDS.get(kind, 1.0) if seconds is None else float(seconds)
        if not 0 <= duration_s <= MAX_SECONDS:
            raise FaultError(f"seconds: 0 … {MAX_SECONDS:g} is expected")
        work = self._work(device, kind, duration_s)
        if work is None:
            raise FaultError(f"{key} cannot have the fault {kind!r}")
        log.info("fault: %s %s for %.1f s", kind, key, duration_s)
        self.figures.faults_made[kind] += 1
        self._tasks[key] = asyncio.get_running_loop().create_task(work)

    def _work(
        self, device: Scanner | LightController | Plc | Scale, kind: str, seconds: float
    ) -> Work | None:
        if isinstance(device, Scanner):
            return self._on_scanner(device, kind, seconds)
        if isinstance(device, Scale):
            works = {"cut": device.link.cut, "unplug": device.link.cut, "reboot": device.reboot}
            if kind == "silence":
                return _at_once(lambda: device.link.silence(seconds))
            return works[kind](seconds) if kind in works else None
        return self._on_server(device, kind, seconds)

    def _on_scanner(self, scanner: Scanner, kind: str, seconds: float) -> Work | None:
        if kind in ("unplug", "cut"):
            return scanner.replug(seconds)
        if kind == "garbage":
            return _at_once(scanner.garbage)
        if kind == "double_scan":
            return _at_once(lambda: setattr(scanner, "double_next", True))
        return None

    def _on_server(self, device: LightController | Plc, kind: str, seconds: float) -> Work | None:
        if kind == "silence":
            return _at_once(lambda: device.server.silence(seconds))
        if kind == "slow":
            return _at_once(lambda: device.server.slow(seconds, SLOW_ANSWER_S))
        if kind in ("cut", "unplug"):
            return device.cut(seconds)
        if kind == "reboot":
            if isinstance(device, Plc):
                self.on_plc_reboot()
            return device.reboot(seconds)
        return None

    async def wild(self) -> None:
        """Every few seconds one device, one fault."""
        while True:
            await asyncio.sleep(self.rng.uniform(*WILD_PAUSE_S))
            # A kind of device first: otherwise dozens of scanners would hide the one PLC.
            kinds = sorted({type(device) for device in self.devices.values()}, key=lambda kind: kind.__name__)
            chosen = self.rng.choice(kinds)
            keys = sorted(key for key, device in self.devices.items() if type(device) is chosen)
            try:
                self.make(self.rng.choice(WILD_KINDS[chosen]), self.rng.choice(keys))
            except FaultError as exc:
                log.info("fault skipped: %s", exc)

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


async def _at_once(act: Callable[[], None]) -> None:
    act()
