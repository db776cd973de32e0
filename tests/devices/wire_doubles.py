"""The other side of the wires, for tests: ptys, Modbus servers, a WMS, a driver's context."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from devices import profiles
from devices.clock import SystemClock
from devices.config import DeviceConfig, FloorConfig, parse
from devices.drivers.base import Draft, Driver, Level, Stored
from devices.gateway.spool import Spool
from devices.messages import DeviceStatus, Message, decode
from devices.tasks import end_all


class PtyScanner:
    """A scanner on a pty behind a stable name. The slave stays open here, or a close would hang up."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = self.slave = -1
        self.plug()

    def plug(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))

    def unplug(self) -> None:
        self.link.unlink(missing_ok=True)
        for handle in (self.master, self.slave):
            if handle >= 0:
                os.close(handle)
        self.master = self.slave = -1

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def heard(self) -> bytes:
        """What was written to the scanner since the last call."""
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""


class ModbusDouble:
    """Registers behind a real Modbus TCP server; ``writes`` are the requests as they came."""

    def __init__(self, size: int = 600) -> None:
        self.registers = [0] * size
        self.writes: list[tuple[int, list[int]]] = []
        self.on_write: Callable[[int, list[int]], None] = lambda address, values: None
        self.is_silent = False
        self.port = 0
        self.connections = 0
        self._server: ModbusTcpServer | None = None

    async def start(self) -> None:
        data = SimData(0, count=len(self.registers), values=0, datatype=DataType.REGISTERS)
        device = SimDevice(1, simdata=[data], action=self._action)
        self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port), trace_connect=self._count)
        await self._server.serve_forever(background=True)
        self.port = self._server.transport.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.shutdown()
            self._server = None
            await asyncio.sleep(0.01)

    def _count(self, is_connected: bool) -> None:
        self.connections += 1 if is_connected else -1

    async def _action(
        self, function: int, start: int, address: int, count: int, current: list[int], values: Any
    ) -> None:
        if self.is_silent:
            await asyncio.sleep(3600)
        if values is None:
            current[address - start : address - start + count] = self.registers[address : address + count]
            return
        if function != 16:
            raise AssertionError(f"function {function} is not in the contract")
        self.registers[address : address + count] = list(values)
        self.writes.append((address, list(values)))
        self.on_write(address, list(values))

    def written(self, address: int) -> list[list[int]]:
        return [values for start, values in self.writes if start == address]


class LightsDouble(ModbusDouble):
    """An MFC-L1 controller: shows what is wanted, counts presses, beats its heart."""

    def __init__(self, points: int = 8, boot: int = 7) -> None:
        super().__init__()
        self.points = points
        self.broken: set[int] = set()
        self.power_up(boot)
        self.on_write = self._show
        self._task: asyncio.Task[None] | None = None
        self.is_alive = True

    def power_up(self, boot: int) -> None:
        self.registers[:] = [0] * len(self.registers)
        self.registers[0] = 0x4C01
        self.registers[3], self.registers[4], self.registers[5] = boot, self.points, 1

    def press(self, channel: int, *, confirm: int = 1, short: int = 0) -> None:
        word = self.registers[10 + channel]
        low, high = (word + confirm) & 0xFF, ((word >> 8) + short) & 0xFF
        self.registers[10 + channel] = high << 8 | low
        self.registers[7] = (self.registers[7] + confirm + short) & 0xFFFF

    def shown(self) -> list[int]:
        return self.registers[400 : 400 + self.points]

    def pictures(self) -> list[tuple[int, list[int]]]:
        """Writes to the wanted words."""
        return [(address, values) for address, values in self.writes if address >= 200]

    async def start(self) -> None:
        await super().start()
        self._task = self._task or asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            if self.is_alive:
                self.registers[1] = (self.registers[1] + 1) & 0xFFFF

    def _show(self, address: int, values: list[int]) -> None:
        for channel in range(self.points):
            if channel not in self.broken:
                self.registers[400 + channel] = self.registers[200 + channel]


class PlcDouble(ModbusDouble):
    """An MFC-1 PLC: shows one event per point, clears its power-up bit on the edge of command b3."""

    def __init__(self, points: int = 2, *, is_cold: bool = True) -> None:
        super().__init__()
        self.points = points
        self.events: list[list[list[int]]] = [[] for _ in range(points)]
        self.sequences = [0] * points
        self.commands: list[tuple[int, list[int]]] = []
        self.on_write = self._scan
        self.is_alive = True
        self._command_word = 0
        self._task: asyncio.Task[None] | None = None
        self.power_up(is_cold=is_cold)

    def power_up(self, *, is_cold: bool = True) -> None:
        self.registers[:] = [0] * len(self.registers)
        self.registers[0] = 0x4D01
        self.registers[3] = 0b100011 | (0b1000000 if is_cold else 0)
        self.events = [[] for _ in range(self.points)]
        self.sequences = [0] * self.points
        self._command_word = 0

    def event(
        self, point: int, kind: int, tracking: int, barcode: str = "", lane: int = 0, reason: int = 0
    ) -> None:
        self.sequences[point] = self.sequences[point] % 0xFFFF + 1
        text = barcode.encode().ljust(20, b"\0")
        words = [int.from_bytes(text[i : i + 2], "big") for i in range(0, 20, 2)]
        head = [self.sequences[point], kind, tracking >> 16, tracking & 0xFFFF, len(barcode)]
        self.events[point].append([*head, *words, 100, lane, reason])
        self._show(point)

    async def start(self) -> None:
        await super().start()
        self._task = self._task or asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            if self.is_alive:
                self.registers[1] = (self.registers[1] + 1) & 0xFFFF

    def _show(self, point: int) -> None:
        base = 16 + 24 * point
        if self.registers[base] == self.registers[base + 18] and self.events[point]:
            event = self.events[point].pop(0)
            self.registers[base : base + 18] = event

    def _scan(self, address: int, values: list[int]) -> None:
        if address == 6:
            if values[0] & 8 and not self._command_word & 8:
                self.registers[3] &= ~0b1000000
            self._command_word = values[0]
        for point in range(self.points):
            if address == 16 + 24 * point + 19:
                self.commands.append((point, values))
            self._show(point)


class WmsDouble:
    """A WMS end that collects what arrives, and acknowledges when told to."""

    def __init__(self, end: Any, make_ack: Callable[[Message], Message | None] | None = None) -> None:
        self.end = end
        self.received: list[Message] = []
        self._make_ack = make_ack
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.end.start()
        self._task = asyncio.create_task(self._collect())

    async def stop(self) -> None:
        await self.end.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _collect(self) -> None:
        async for message in self.end.messages():
            self.received.append(message)
            answer = self._make_ack(message) if self._make_ack else None
            if answer is not None:
                await self.end.send(answer)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.received if isinstance(message, kind)]


class BenchContext:
    """A driver's context with a real spool and no bus."""

    def __init__(self, spool_path: Path, *, boot: str = "b1", max_events: int = 1000) -> None:
        self.clock = SystemClock()
        self.rng = random.Random(1)
        self.gateway, self.site, self.root = "gw-1", "DEMO", "mfc"
        self.levels: list[Level] = []
        self.spool = Spool(
            spool_path, gateway="gw-1", boot=boot, max_events=max_events, stamp=self.clock.stamp
        )

    def emit(self, device: str, drafts: list[Draft], memory: dict[str, str] | None = None) -> list[Stored]:
        return self.spool.append(device, drafts, memory)

    def level(self, level: Level) -> None:
        self.levels.append(level)

    def recall(self, key: str) -> str | None:
        return self.spool.recall(key)

    def remember(self, memory: dict[str, str]) -> None:
        self.spool.remember(memory)

    def events(self) -> list[Any]:
        return [decode(item.line) for item in self.spool.waiting(0, 1000)]

    def states(self) -> list[str]:
        return [level.state.value for level in self.levels if isinstance(level, DeviceStatus)]

    def details(self) -> list[str]:
        return [level.detail for level in self.levels if isinstance(level, DeviceStatus)]


def device_config(
    profile: str, base: Path, settings: dict[str, Any] | None = None, **wiring: Any
) -> DeviceConfig:
    """One device through the real configuration, so that the profile's defaults are the ones that ship."""
    body = {
        "gateway": {"name": "gw-1", "site": "DEMO", "spool": "spool.sqlite"},
        "bus": {"url": "unix:bus.sock"},
        "device": [{"key": "dev-1", "profile": profile, "settings": settings or {}, **wiring}],
    }
    assert profile in profiles.NAMES
    floor: FloorConfig = parse(body, base=base)
    return floor.devices[0]


@asynccontextmanager
async def running(driver: Driver) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(driver.run())
    try:
        yield task
    finally:
        assert not await end_all([task], 2.0)


async def until(condition: Callable[[], Any], timeout_s: float = 5.0) -> Any:
    """Waits for a condition that must come true; its value."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while not (value := condition()):
        if loop.time() > end:
            raise AssertionError(f"did not happen within {timeout_s} s")
        await asyncio.sleep(0.002)
    return value
