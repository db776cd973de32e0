"""An MFC-L1 light controller: lamps, displays and buttons behind Modbus TCP (docs/reference/mfc-l1.md)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_sim.modbus import ModbusServer
from firmware_sim.world import ServerSpec

MAP_ID = 0x4C01
FIRMWARE_BCD = 0x0107
HEARTBEAT_S = 0.5
HOST_LOST_S = 10.0
SCAN_S = 0.020
READY, HOST_LOST = 0x0001, 0x0004
PRESS_BASE, WANTED_BASE, SHOWN_BASE, BANK_SIZE = 10, 200, 400, 500
HOST_HEARTBEAT = 2
# The gateway is the only client; one more place lets its new connection in before the old one has closed.
MAX_CLIENTS = 2
MAX_PROBES = 64
COLOURS = ("none", "red", "green", "blue", "amber", "white", "cyan", "magenta")
MODES = ("off", "steady", "slow", "fast")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees of one lamp; ``qty`` None = display dark."""

    colour: str
    mode: str
    qty: int | None

    @property
    def lit(self) -> bool:
        return self.mode != "off" and self.colour != "none"


def see(word: int) -> Shown:
    """The lamp word as a person sees it."""
    return Shown(COLOURS[word >> 10 & 0x7], MODES[word >> 13 & 0x3], word & 0x3FF if word & 0x8000 else None)


@dataclass(slots=True)
class Probe:
    """Waits for the first change of some wanted words after a scan; ``found_at`` is a perf_counter."""

    since: float
    channels: set[tuple[str, int]] = field(default_factory=set)
    found_at: float | None = None


class LightController:
    """The firmware: registers, a 20 ms scan from wanted to shown, press counters, EEPROM boot id."""

    def __init__(self, spec: ServerSpec, boot_id: int = 1) -> None:
        self.spec = spec
        self.boot_id = boot_id or 1
        self.powered = False
        self.written_at: list[float] = [0.0] * spec.points
        self.listeners: list[Callable[[], None]] = []
        self.probes: list[Probe] = []
        self.server = ModbusServer(spec.host, spec.port, self, MAX_CLIENTS)
        self._scan: asyncio.TimerHandle | None = None
        self._clear()

    def _clear(self) -> None:
        points = self.spec.points
        self.wanted, self.shown, self.presses = [0] * points, [0] * points, [0] * points
        self.press_count = 0
        self.host_heartbeat = 0
        self.power_on_s = self.host_changed_s = time.monotonic()
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None

    async def start(self) -> None:
        self._clear()
        await self.server.start()
        self.powered = True

    def stop(self) -> None:
        """Power off: lamps dark, registers lost. The boot id survives in EEPROM."""
        self.powered = False
        self.server.stop()
        self._clear()
        self._tell()

    async def reboot(self, off_s: float) -> None:
        self.stop()
        await asyncio.sleep(off_s)
        self.boot_id = self.boot_id % 0xFFFF + 1
        await self.start()

    async def cut(self, off_s: float) -> None:
        """Only the network: lamps hold, counters go on."""
        self.server.stop()
        await asyncio.sleep(off_s)
        await self.server.start()

    def press(self, channel: int, *, short: bool = False) -> None:
        """A finger on a button; a controller without power notices nothing."""
        if not self.powered:
            return
        word = self.presses[channel]
        low, high = word & 0xFF, word >> 8
        if short:
            high = (high + 1) & 0xFF
        else:
            low = (low + 1) & 0xFF
        self.presses[channel] = high << 8 | low
        self.press_count = (self.press_count + 1) & 0xFFFF

    def lamp(self, channel: int) -> Shown:
        return see(self.shown[channel])

    def watch(self, probe: Probe) -> None:
        self.probes = [*self.probes, probe][-MAX_PROBES:]

    def unwatch(self, probe: Probe) -> None:
        self.probes = [other for other in self.probes if other is not probe]

    # registers -------------------------------------------------------------------------------------------

    def read(self, address: int, count: int) -> list[int] | None:
        if address + count > BANK_SIZE:
            return None
        bank = [0] * BANK_SIZE
        bank[:10] = self._head()
        points = self.spec.points
        bank[PRESS_BASE : PRESS_BASE + points] = self.presses
        bank[WANTED_BASE : WANTED_BASE + points] = self.wanted
        bank[SHOWN_BASE : SHOWN_BASE + points] = self.shown
        return bank[address : address + count]

    def _head(self) -> list[int]:
        now = time.monotonic()
        lost = HOST_LOST if now - self.host_changed_s > HOST_LOST_S else 0
        heartbeat = int((now - self.power_on_s) / HEARTBEAT_S) & 0xFFFF
        return [
            MAP_ID,
            heartbeat,
            self.host_heartbeat,
            self.boot_id,
            self.spec.points,
            READY | lost,
            FIRMWARE_BCD,
            self.press_count,
            0,
            0,
        ]

    def write(self, address: int, values: list[int]) -> bool:
        if address == HOST_HEARTBEAT and len(values) == 1:
            if values[0] != self.host_heartbeat:
                self.host_heartbeat, self.host_changed_s = values[0], time.monotonic()
            return True
        first = address - WANTED_BASE
        if first < 0 or first + len(values) > self.spec.points:
            return False
        now = time.perf_counter()
        for channel, word in enumerate(values, start=first):
            if word != self.wanted[channel]:
                self.wanted[channel] = word
                self.written_at[channel] = now
                self._probe(channel, now)
        if self._scan is None and self.wanted != self.shown:
            self._scan = asyncio.get_running_loop().call_later(SCAN_S, self._drive)
        return True

    def _probe(self, channel: int, now: float) -> None:
        for probe in self.probes:
            if probe.found_at is None and (self.spec.key, channel) in probe.channels:
                probe.found_at = now

    def _drive(self) -> None:
        self._scan = None
        self.shown = list(self.wanted)
        self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()
