"""The registers of an MFC-1 conveyor PLC: events, commands, watchdog (docs/reference/mfc-1.md)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_sim.modbus import ModbusServer
from firmware_sim.world import ServerSpec

MAP_ID = 0x4D01
HEARTBEAT_S = 0.5
WCS_SILENT_S = 3.0
SCAN_S = 0.010
QUEUE_SIZE = 8
HEAD_SIZE, STRIDE, ACK, COMMAND = 16, 24, 18, 19
WCS_HEARTBEAT, COMMAND_WORD = 2, 6
AUTOMATIC, RUNNING, READY, POWER_UP = 0x01, 0x02, 0x20, 0x40
CMD_START, CMD_STOP, CMD_RESET, CMD_ACKNOWLEDGE = 0x1, 0x2, 0x4, 0x8
SCAN_REQUEST, DIVERTED, MISSED, LOST, UNKNOWN, NO_READ, MULTI_READ = 1, 2, 3, 4, 5, 6, 7
ASKS = (SCAN_REQUEST, NO_READ, MULTI_READ)
AS_COMMANDED, DEADLINE_PASSED, LANE_FULL, WCS_SILENT, DIVERT_FAILED = 0, 1, 2, 3, 4
HOLD = 0xFFFF
BARCODE_SIZE = 20
FAULT_EVENT_LOST = 1
MAX_CLIENTS = 1


@dataclass(frozen=True, slots=True)
class PlcEvent:
    kind: int
    tracking: int
    barcode: str = ""
    quality: int = 0
    lane: int = 0
    reason: int = 0

    def words(self, sequence: int) -> list[int]:
        """Registers +0 … +17."""
        text = self.barcode.encode("ascii", "replace")[:BARCODE_SIZE]
        padded = text.ljust(BARCODE_SIZE, b"\0")
        chars = [padded[at] << 8 | padded[at + 1] for at in range(0, BARCODE_SIZE, 2)]
        high, low = self.tracking >> 16, self.tracking & 0xFFFF
        return [sequence, self.kind, high, low, len(text), *chars, self.quality, self.lane, self.reason]


def _next(sequence: int) -> int:
    return sequence % 0xFFFF + 1


@dataclass(slots=True)
class _PointMemory:
    event: list[int] = field(default_factory=lambda: [0] * ACK)
    wcs: list[int] = field(default_factory=lambda: [0] * (STRIDE - ACK))
    queue: deque[PlcEvent] = field(default_factory=deque)
    sequence: int = 0
    last_command: int = 0

    @property
    def free(self) -> bool:
        """The WCS has acknowledged what is shown."""
        return self.event[0] == self.wcs[0]


class Plc:
    """``on_command(point, tracking, lane)`` is called once per new command sequence."""

    def __init__(self, spec: ServerSpec) -> None:
        self.spec = spec
        self.server = ModbusServer(spec.host, spec.port, self, MAX_CLIENTS)
        self.on_command: Callable[[int, int, int], None] = lambda point, tracking, lane: None
        self.on_run: Callable[[bool], None] = lambda running: None
        self.on_answer_ms: Callable[[float], None] = lambda sample: None
        self.full: set[int] = set()
        self.occupied: set[int] = set()
        self._scan: asyncio.TimerHandle | None = None
        self._clear()

    def _clear(self) -> None:
        self.points = [_PointMemory() for _ in range(self.spec.points)]
        self.running = True
        self.power_up = True
        self.wcs_heartbeat = 0
        self.command_word = 0
        self.fault_code = self.fault_count = 0
        self.power_on_s = time.monotonic()
        self.wcs_changed_s = float("-inf")  # silent until its first heartbeat
        self.shown_at: dict[int, float] = {}  # tracking -> perf_counter of its request in the registers

    async def start(self) -> None:
        """Power on after a cold start: sequences from 0, all memory of the WCS side 0."""
        self._clear()
        await self.server.start()

    def stop(self) -> None:
        self.server.stop()
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None

    async def reboot(self, off_s: float) -> None:
        self.stop()
        self._clear()
        await asyncio.sleep(off_s)
        await self.start()

    async def cut(self, off_s: float) -> None:
        """Only the network: the program runs on and remembers."""
        self.server.stop()
        await asyncio.sleep(off_s)
        await self.server.start()

    @property
    def wcs_silent(self) -> bool:
        return time.monotonic() - self.wcs_changed_s > WCS_SILENT_S

    def post(self, point: int, event: PlcEvent) -> None:
        """Queue an event; a full queue loses it and counts a fault, as a PLC without memory left does."""
        memory = self.points[point]
        if len(memory.queue) >= QUEUE_SIZE:
            self.fault_code, self.fault_count = FAULT_EVENT_LOST, (self.fault_count + 1) & 0xFFFF
            return
        memory.queue.append(event)
        self._soon()

    def _soon(self) -> None:
        if self._scan is None:
            self._scan = asyncio.get_running_loop().call_later(SCAN_S, self._advance)

    def _advance(self) -> None:
        self._scan = None
        for memory in self.points:
            if memory.queue and memory.free:
                event = memory.queue.popleft()
                memory.sequence = _next(memory.sequence)
                memory.event = event.words(memory.sequence)
                if event.kind in ASKS:
                    self.shown_at[event.tracking] = time.perf_counter()

    # registers -------------------------------------------------------------------------------------------

    def read(self, address: int, count: int) -> list[int] | None:
        bank = self._head()
        for memory in self.points:
            bank += memory.event
            bank += memory.wcs
        first = address - self.spec.base
        if first < 0 or first + count > len(bank):
            return None
        return bank[first : first + count]

    def _head(self) -> list[int]:
        state = AUTOMATIC | READY
        state |= RUNNING if self.running else 0
        state |= POWER_UP if self.power_up else 0
        heartbeat = int((time.monotonic() - self.power_on_s) / HEARTBEAT_S) & 0xFFFF
        head = [MAP_ID, heartbeat, self.wcs_heartbeat, state, self.fault_code, self.fault_count]
        head += [self.command_word, self.command_word]
        return head + _bitmap(self.full) + _bitmap(self.occupied)

    def write(self, address: int, values: list[int]) -> bool:
        first = address - self.spec.base
        if first in (WCS_HEARTBEAT, COMMAND_WORD) and len(values) == 1:
            self._write_head(first, values[0])
            return True
        point, offset = divmod(first - HEAD_SIZE, STRIDE)
        if not (0 <= point < len(self.points) and offset >= ACK and offset + len(values) <= STRIDE):
            return False
        memory = self.points[point]
        memory.wcs[offset - ACK : offset - ACK + len(values)] = values
        if memory.queue and memory.free:
            self._soon()
        sequence, high, low, lane = memory.wcs[1:5]
        if sequence not in (0, memory.last_command):
            memory.last_command = sequence
            self._command(point, high << 16 | low, lane)
        return True

    def _write_head(self, register: int, value: int) -> None:
        if register == WCS_HEARTBEAT:
            if value != self.wcs_heartbeat:
                self.wcs_heartbeat, self.wcs_changed_s = value, time.monotonic()
            return
        edges = value & ~self.command_word
        self.command_word = value
        if edges & CMD_ACKNOWLEDGE:
            self.power_up = False
        if edges & CMD_RESET:
            self.fault_code = 0
        if edges & (CMD_START | CMD_STOP):
            self.running = not edges & CMD_STOP
            self.on_run(self.running)

    def _command(self, point: int, tracking: int, lane: int) -> None:
        shown_at = self.shown_at.pop(tracking, None)
        if shown_at is not None:
            self.on_answer_ms((time.perf_counter() - shown_at) * 1000)
        self.on_command(point, tracking, lane)


def _bitmap(lanes: set[int]) -> list[int]:
    """Four words; bit n-1 of the 64 bits is lane n, lanes 1-16 in the first word."""
    words = [0, 0, 0, 0]
    for lane in lanes:
        words[(lane - 1) // 16] |= 1 << (lane - 1) % 16
    return words
