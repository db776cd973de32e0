"""The gateway put together: drivers <-> spool <-> bus, started and stopped as one."""

from __future__ import annotations

import asyncio
import logging
from random import Random, SystemRandom

from devices import bus
from devices.clock import Clock, SystemClock, new_boot
from devices.config import DeviceConfig, FloorConfig
from devices.drivers.base import Draft, Driver, Level, Stored
from devices.drivers.conveyor import ConveyorDriver
from devices.drivers.lights import LightsDriver
from devices.drivers.scale import ScaleDriver
from devices.drivers.scanner import ScannerDriver
from devices.errors import SpoolFullError
from devices.gateway.publisher import Publisher
from devices.gateway.spool import Spool
from devices.gateway.supervisor import STOP_S, Supervisor
from devices.messages import Acknowledge, Direct, GatewayHello, Message, SetLamps
from devices.tasks import end_all
from devices.wake import Backoff

log = logging.getLogger("devices.gateway")

_DRIVERS: dict[str, type[Driver]] = {
    "scanner": ScannerDriver,
    "lights": LightsDriver,
    "conveyor": ConveyorDriver,
    "scale": ScaleDriver,
}


class Gateway:
    """Also the context of its drivers (drivers.base.Context)."""

    def __init__(self, config: FloorConfig, *, clock: Clock | None = None, rng: Random | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.rng: Random = rng or SystemRandom()
        self.gateway = config.gateway.name
        self.site = config.gateway.site
        self.root = config.bus.root
        self.boot = new_boot(self.clock, self.rng)
        self._devices: dict[str, DeviceConfig] = {device.key: device for device in config.devices}
        self._spool = Spool(
            config.gateway.spool,
            gateway=self.gateway,
            boot=self.boot,
            max_events=config.gateway.max_events,
            stamp=self.clock.stamp,
        )
        self._is_spool_full = False
        self._end = bus.gateway_end(
            config.bus.url, gateway=self.gateway, site=self.site, root=self.root, boot=self.boot, rng=self.rng
        )
        hello = GatewayHello(gateway=self.gateway, boot=self.boot, devices=tuple(self._devices))
        self._publisher = Publisher(self._end, self._spool, self.clock, hello)
        self._end.on_change = self._bus_changed
        self._wanted: dict[str, SetLamps] = {}  # survives the crash of a driver
        self._supervisor = Supervisor(self._make_driver, self.clock, lambda: Backoff(self.rng))
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; every line is closed and the spool is flushed when it returns."""
        try:
            await self._end.start()
            self._tasks = [
                asyncio.create_task(self._publisher.run(), name="publisher"),
                asyncio.create_task(self._listen(), name="commands"),
            ]
            self._supervisor.start(list(self._devices))
            log.info("gateway %s (boot %s) serves %d devices", self.gateway, self.boot, len(self._devices))
            stopping = asyncio.create_task(stop.wait(), name="stop")
            # publisher and listener never end by themselves: if one does, its error ends the gateway
            done, _ = await asyncio.wait([stopping, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            for task in done - {stopping}:
                task.result()
        finally:
            await self._shut_down()

    async def _shut_down(self) -> None:
        await self._supervisor.stop()
        await end_all(self._tasks, STOP_S)
        await self._end.stop()
        self._spool.close()

    def emit(self, device: str, drafts: list[Draft], memory: dict[str, str] | None = None) -> list[Stored]:
        try:
            stored = self._spool.append(device, drafts, memory)
        except SpoolFullError:
            if not self._is_spool_full:
                log.error("the spool is full: new events are refused until the WMS acknowledges")
                self._is_spool_full = True
            raise
        if self._is_spool_full:
            log.info("the spool has room again")
            self._is_spool_full = False
        if any(item.is_new for item in stored):
            self._publisher.wake()
        return stored

    def level(self, level: Level) -> None:
        self._publisher.level(level)

    def recall(self, key: str) -> str | None:
        return self._spool.recall(key)

    def remember(self, memory: dict[str, str]) -> None:
        self._spool.remember(memory)

    def _make_driver(self, key: str) -> Driver:
        config = self._devices[key]
        driver = _DRIVERS[config.driver](config, self)  # type: ignore[arg-type]
        if key in self._wanted:
            driver.command(self._wanted[key])
        return driver

    def _bus_changed(self) -> None:
        for driver in self._supervisor.drivers.values():
            if isinstance(driver, LightsDriver):
                driver.forget_version()
        self._publisher.wake()

    async def _listen(self) -> None:
        async for message in self._end.messages():
            self._route(message)

    def _route(self, message: Message) -> None:
        if isinstance(message, Acknowledge):
            self._acknowledged(message)
        elif isinstance(message, SetLamps | Direct):
            driver = self._supervisor.drivers.get(message.device)
            if driver is None:
                log.warning("%s for the unknown device %s dropped", message.KIND, message.device)
                return
            if isinstance(message, SetLamps):
                self._wanted[message.device] = message
            driver.command(message)
        else:
            log.warning("a gateway does not take %s", type(message).__name__)

    def _acknowledged(self, ack: Acknowledge) -> None:
        self._publisher.settled(ack.event_id)
        settled = self._spool.settle(ack.event_id)
        if settled is None:
            return  # a repetition's second acknowledgement
        driver = self._supervisor.drivers.get(settled.device)
        if driver is not None:
            driver.acknowledged(ack, settled.source_key)
