"""What goes up the bus: hello, levels, then events in order from the spool, repeated until acknowledged."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from devices.bus.base import BusEnd
from devices.clock import Clock
from devices.drivers.base import Level
from devices.gateway.spool import Spool
from devices.messages import GatewayHello
from devices.wake import Wake

# Sent events without their acknowledgement; beyond that the WMS is behind, and the rest waits in the spool.
MAX_IN_FLIGHT = 500
REPEAT_S = 5.0
# How often repetition and lazy deletions are looked at.
TICK_S = 1.0


@dataclass(slots=True)
class _Sent:
    line: bytes
    at: float


class Publisher:
    """The only sender of the gateway's end, so that the order on the wire is the order here."""

    def __init__(self, end: BusEnd, spool: Spool, clock: Clock, hello: GatewayHello) -> None:
        self._end = end
        self._spool = spool
        self._clock = clock
        self._hello = hello
        self._wake = Wake()
        self._levels: dict[tuple[str, str], Level] = {}  # newest of each kind and device
        self._dirty: dict[tuple[str, str], None] = {}
        self._in_flight: OrderedDict[str, _Sent] = OrderedDict()
        self._row = 0  # last event sent on this connection
        self._greeted = 0  # generation of the connection that has had its hello

    def level(self, level: Level) -> None:
        key = (level.KIND, level.device)
        self._levels[key] = level
        self._dirty[key] = None
        self._wake.set()

    def wake(self) -> None:
        """There is a new event, or a new peer."""
        self._wake.set()

    def settled(self, event_id: str) -> None:
        was_full = len(self._in_flight) >= MAX_IN_FLIGHT
        self._in_flight.pop(event_id, None)
        if was_full:
            self._wake.set()

    async def run(self) -> None:
        while True:
            if not await self._wake.wait(TICK_S):
                self._spool.flush()
            if self._end.is_connected:
                await self._pass()

    async def _pass(self) -> None:
        """Stops at the first refusal: the next generation or the next tick starts again."""
        if self._end.generation != self._greeted and not await self._greet():
            return
        if await self._send_events() and await self._send_levels():
            await self._repeat()

    async def _greet(self) -> bool:
        generation = self._end.generation
        self._row = 0
        self._in_flight.clear()
        self._dirty = dict.fromkeys(self._levels)
        if not await self._end.send(self._hello):
            return False
        self._greeted = generation
        return await self._send_levels()

    async def _send_levels(self) -> bool:
        while self._dirty:
            if not self._is_current():
                return False
            key = next(iter(self._dirty))
            del self._dirty[key]
            if not await self._end.send(self._levels[key]):
                self._dirty[key] = None
                return False
        return True

    async def _send_events(self) -> bool:
        while (room := MAX_IN_FLIGHT - len(self._in_flight)) > 0:
            batch = self._spool.waiting(self._row, min(room, 100))
            if not batch:
                break
            for item in batch:
                if not self._is_current():
                    return False
                self._in_flight[item.event_id] = _Sent(item.line, self._clock.monotonic())
                self._row = item.row
                if not await self._end.send_line(item.line):
                    return False
        return True

    async def _repeat(self) -> None:
        now = self._clock.monotonic()
        for event_id, sent in list(self._in_flight.items()):
            if now - sent.at < REPEAT_S:
                continue
            if not self._is_current():
                return
            if event_id in self._in_flight:
                sent.at = now
                if not await self._end.send_line(sent.line):
                    return

    def _is_current(self) -> bool:
        """False when a new peer came in between: it must hear the hello first."""
        if self._end.generation == self._greeted:
            return True
        self._wake.set()
        return False
