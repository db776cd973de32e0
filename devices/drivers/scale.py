"""Scales over MQTT or a line link: a stable weight is an event, acknowledged after the WMS's commit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from devices.codecs import scale as codec
from devices.config import DeviceConfig
from devices.drivers.base import Context, Draft, Driver, log
from devices.errors import SpoolFullError
from devices.messages import Acknowledge, DeviceState, WeightRead
from devices.settings import ScaleSettings
from devices.transports.line import LineLink
from devices.transports.mqtt import MqttLink, MqttOptions, parse_address

# Weights that wait for the WMS; a scale sends one per load, and repeats what was never acknowledged.
MAX_WAITING = 256

Settle = Callable[[], None]


class ScaleLink(Protocol):
    """The two links look the same to the driver: readings with a way to settle each."""

    async def open(self) -> None: ...

    async def receive(self) -> tuple[codec.Reading | codec.ScaleFormatError, Settle]: ...

    async def close(self) -> None: ...


class ScaleDriver(Driver):
    def __init__(self, config: DeviceConfig, context: Context) -> None:
        super().__init__(config.key, context)
        assert isinstance(config.settings, ScaleSettings)
        self._config = config
        self._waiting: OrderedDict[str, Settle] = OrderedDict()  # source key -> how to tell the scale
        self._garbage = 0
        self._is_online = False

    async def session(self) -> None:
        link = self._make_link()
        try:
            await link.open()
            self._is_online = False
            self.report(DeviceState.SYNCING)
            while True:
                reading, settle = await link.receive()
                self._handle(reading, settle)
        finally:
            # settling belongs to a connection; the scale or the broker sends the rest again
            self._waiting.clear()
            await link.close()

    def acknowledged(self, ack: Acknowledge, source_key: str | None) -> None:
        settle = self._waiting.pop(source_key or "", None)
        if settle is not None:
            settle()

    def _make_link(self) -> ScaleLink:
        settings = self._config.settings
        assert isinstance(settings, ScaleSettings)
        if self._config.link.startswith("tcp://"):
            return _LineScale(self._config.link, settings)
        context = self.context
        topic = f"{context.root}/v1/{context.site}/{self._config.area}/{self.key}"
        client_id = f"{context.root}-gateway-{context.site}-{context.gateway}-{self.key}"
        return _MqttScale(self._config.link, settings, topic, client_id)

    def _handle(self, reading: codec.Reading | codec.ScaleFormatError, settle: Settle) -> None:
        if isinstance(reading, codec.Weight):
            self._weighed(reading, settle)
            return
        settle()
        if isinstance(reading, codec.ScaleFormatError):
            # acknowledged all the same: repeating it cannot make it right
            self._garbage += 1
            log.warning("%s: %s", self.key, reading)
            self._report_presence()
        elif isinstance(reading, codec.Availability):
            self._is_online = reading.is_online
            self._report_presence()

    def _weighed(self, weight: codec.Weight, settle: Settle) -> None:
        def make(event_id: str, at: str) -> WeightRead:
            return WeightRead(event_id=event_id, device=self.key, at=at, weight_g=weight.weight_g)

        source_key = f"{self.key}/{weight.boot_id}/{weight.seq}"
        try:
            [stored] = self.context.emit(self.key, [Draft(make, source_key)])
        except SpoolFullError as error:
            # not settled: the scale keeps it and sends it again after its next connection
            self.report(DeviceState.DEGRADED, str(error))
            return
        if stored.is_acknowledged:
            settle()
            return
        self._waiting[source_key] = settle
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)
        self._is_online = True
        self._report_presence()

    def _report_presence(self) -> None:
        if self._is_online:
            self.report(
                DeviceState.ONLINE, f"{self._garbage} messages against the contract" if self._garbage else ""
            )
        else:
            self.report(DeviceState.OFFLINE, "the scale says it is offline")


class _LineScale:
    def __init__(self, url: str, settings: ScaleSettings) -> None:
        self._link = LineLink(
            url, max_line=codec.MAX_PAYLOAD_BYTES, connect_timeout_s=settings.connect_timeout_ms / 1000
        )

    async def open(self) -> None:
        await self._link.open()

    async def receive(self) -> tuple[codec.Reading | codec.ScaleFormatError, Settle]:
        line = await self._link.receive()
        try:
            _, reading, mid = codec.parse_line(line)
        except codec.ScaleFormatError as error:
            return error, self._settle(codec.line_mid(line))
        return reading, self._settle(mid)

    async def close(self) -> None:
        await self._link.close()

    def _settle(self, mid: int | None) -> Settle:
        def settle() -> None:
            if mid is not None:
                self._link.write(codec.ack_line(mid))

        return settle


class _MqttScale:
    def __init__(self, url: str, settings: ScaleSettings, topic: str, client_id: str) -> None:
        options = MqttOptions(
            client_id=client_id,
            topics=tuple(f"{topic}/{word}" for word in codec.TOPICS),
            session_expiry_s=settings.session_expiry_s,
            keepalive_s=settings.keepalive_s,
            connect_timeout_s=settings.connect_timeout_ms / 1000,
        )
        self._link = MqttLink(parse_address(url), options)

    async def open(self) -> None:
        await self._link.open()

    async def receive(self) -> tuple[codec.Reading | codec.ScaleFormatError, Settle]:
        inbound = await self._link.receive()

        def settle() -> None:
            self._link.acknowledge(inbound)

        try:
            return codec.parse_payload(inbound.topic.rsplit("/", 1)[-1], inbound.payload), settle
        except codec.ScaleFormatError as error:
            return error, settle

    async def close(self) -> None:
        await self._link.close()
