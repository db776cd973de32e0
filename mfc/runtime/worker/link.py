"""One gateway's link: its events in order per device, its levels, and the lamps it should show."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError
from procrastinate.contrib.django.utils import connector_params

from devices import bus
from devices.bus.base import BusEnd
from devices.messages import (
    Acknowledge,
    Command,
    DeviceStatus,
    Event,
    FacilityStatus,
    GatewayHello,
    LampsShown,
    Message,
    Status,
    Verdict,
)
from mfc.core import journal, txn
from mfc.core.actors import SYSTEM
from mfc.core.locks import LockSpace
from mfc.floor import ingest, status
from mfc.floor.bindings import Bindings
from mfc.floor.lights import Projector
from mfc.floor.models import Gateway
from mfc.runtime.worker.threads import Lane

log = logging.getLogger(__name__)

# Events of different devices are handled side by side; one slow device holds up at most every eighth other one.
EVENT_LANES = 8
# An unexpected failure is tried this often before the event is parked for a person to look at.
MAX_FAILURES = 3
LOCK_RETRY_S = 0.5
# A lost hint leaves a wrong lamp for this long at most.
PROJECTION_S = 1.0
# Shown lamps and device states are written at most this often; people do not see faster.
LEVELS_EVERY_S = 0.2


def _bus_url(gateway: Gateway) -> str:
    """The gateway's own address, else the broker of this installation, else a socket on this box."""
    env = settings.ENV
    return gateway.bus_url or env.mqtt_url or f"unix:{env.var_dir / 'run' / gateway.name}.sock"


class GatewayLink:
    """Runs while this worker holds the gateway's ingest lock; a second worker waits for it."""

    def __init__(self, gateway: Gateway, *, bus_root: str) -> None:
        self._gateway = gateway
        self._end: BusEnd = bus.wms_end(
            _bus_url(gateway), gateway=gateway.name, site=gateway.site.code, root=bus_root
        )
        self._lanes = [Lane(f"events-{number}") for number in range(EVENT_LANES)]
        self._next_lane = itertools.cycle(self._lanes)
        self._lane_of: dict[str, Lane] = {}
        self._status_lane = Lane("status")
        self._lights_lane = Lane("lights")
        # Versions must grow over restarts of the worker; milliseconds do.
        self._projector = Projector(gateway_id=gateway.pk, first_version=time.time_ns() // 1_000_000)
        self._bindings = Bindings(gateway.pk)
        self._lights_changed = asyncio.Event()
        self._levels: dict[tuple[str, str], Status] = {}
        self._levels_changed = asyncio.Event()
        self._was_connected = True  # a gateway that is not there at the start is lost, too
        self._running: set[asyncio.Task[None]] = set()

    def hint(self, topics: set[str]) -> None:
        """Something was committed: perhaps lamps must change."""
        if not topics or topics & {"lights", "all"}:
            self._lights_changed.set()

    async def run(self) -> None:
        """Hold the lock, serve the gateway until cancelled."""
        lock = await self._locked()
        try:
            await self._end.start()
            async with (
                asyncio.TaskGroup() as parts
            ):  # one that fails ends the link; the supervisor starts it again
                parts.create_task(self._listen())
                parts.create_task(self._project_forever())
                parts.create_task(self._record_forever())
        finally:
            await self._end.stop()
            await asyncio.gather(*self._running, return_exceptions=True)
            await lock.close()
            for lane in (*self._lanes, self._status_lane, self._lights_lane):
                lane.close()

    async def _listen(self) -> None:
        async for message in self._end.messages():
            self._take(message)

    async def _locked(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        """A connection that holds the ingest lock of this gateway for as long as it lives."""
        params = connector_params()
        connection = await psycopg.AsyncConnection.connect(**{**params, "autocommit": True})
        while True:
            cursor = await connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", [int(LockSpace.INGEST), self._gateway.pk]
            )
            row = await cursor.fetchone()
            if row and row[0]:
                return connection
            await asyncio.sleep(LOCK_RETRY_S)

    def _take(self, message: Message) -> None:
        if isinstance(message, Event):
            lane = self._lane_of.get(message.device)
            if lane is None:
                lane = self._lane_of[message.device] = next(self._next_lane)
            self._spawn(self._handle(lane, message))
        elif isinstance(message, GatewayHello):
            self._spawn(self._greet(message))
        elif isinstance(message, DeviceStatus | LampsShown | FacilityStatus):
            # Levels: only the newest of a device counts, and nobody looks ten times a second.
            self._levels[(message.KIND, message.device)] = message
            self._levels_changed.set()

    def _spawn(self, coroutine: object) -> None:
        task: asyncio.Task[None] = asyncio.create_task(coroutine)  # type: ignore[arg-type]
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Not acknowledged, so the gateway repeats it.
            log.warning("an event waits for its repetition: %s", error)

    async def _handle(self, lane: Lane, event: Event) -> None:
        commands = await lane.run(lambda: self._answer(event))
        for command in commands:
            await self._end.send(command)

    def _answer(self, event: Event) -> list[Command]:
        for attempt in range(1, MAX_FAILURES + 1):
            try:
                return ingest.handle(gateway_id=self._gateway.pk, event=event, bindings=self._bindings)
            except (OperationalError, InterfaceError):
                raise  # the lane tries again
            except Exception:
                log.exception("event %s failed (%d of %d)", event.event_id, attempt, MAX_FAILURES)
        return [_park(event)]

    async def _greet(self, hello: GatewayHello) -> None:
        await self._status_lane.run(lambda: status.record(gateway_id=self._gateway.pk, statuses=[hello]))
        await self._lights_lane.run(self._projector.forget)
        self._lights_changed.set()

    async def _record_forever(self) -> None:
        while True:
            await self._levels_changed.wait()
            self._levels_changed.clear()
            levels, self._levels = list(self._levels.values()), {}
            await self._status_lane.run(lambda: status.record(gateway_id=self._gateway.pk, statuses=levels))  # noqa: B023
            await asyncio.sleep(LEVELS_EVERY_S)

    async def _project_forever(self) -> None:
        while True:
            self._lights_changed.clear()
            if self._end.is_connected:
                for picture in await self._lights_lane.run(self._projector.changes):
                    await self._end.send(picture)
            elif self._was_connected:
                await self._status_lane.run(lambda: status.lost(gateway_id=self._gateway.pk))
            self._was_connected = self._end.is_connected
            try:
                async with asyncio.timeout(PROJECTION_S):
                    await self._lights_changed.wait()
            except TimeoutError:
                continue


@txn.use_case
def _park(event: Event) -> Acknowledge:
    """Give up on an event that fails whenever it is handled; the journal keeps it for a person."""
    journal.write(
        "event.failed",
        actor=SYSTEM,
        subject=f"device:{event.device}",
        event_id=event.event_id,
        event=repr(event)[:500],
    )
    return Acknowledge(event_id=event.event_id, verdict=Verdict.REFUSED, text="System error: call the lead")
