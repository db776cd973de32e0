"""The bus between boxes: MQTT 5; the broker is transport, never storage (docs/reference/mqtt.md)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from random import Random

from devices.bus.inbox import Inbox
from devices.clock import Clock
from devices.errors import LinkDownError
from devices.messages import Direct, Message, encode
from devices.tasks import end_all
from devices.transports.mqtt import Inbound, MqttLink, MqttOptions, parse_address
from devices.wake import Backoff

log = logging.getLogger("devices.bus")

STOP_S = 1.0


class _MqttEnd:
    """Keeps one connection to the broker; the two ends differ in topics and in what presence means."""

    def __init__(self, url: str, options: MqttOptions, send_topic: str, rng: Random) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.generation = 0
        self._address = parse_address(url)
        self._options = options
        self._send_topic = send_topic
        self._inbox = Inbox()
        self._backoff = Backoff(rng)
        self._link: MqttLink | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_loss_logged = False

    @property
    def is_connected(self) -> bool:
        return self._link is not None and self._link.is_open

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="bus mqtt end")

    async def stop(self) -> None:
        if self._task is not None:
            await end_all([self._task], STOP_S)
            self._task = None
        self._inbox.close()

    async def send(self, message: Message) -> bool:
        # a direction is worthless after its time; a broker that was cut off must not deliver it late
        expiry_s = max(1, message.ttl_ms // 1000) if isinstance(message, Direct) else None
        return self._publish(encode(message), expiry_s)

    async def send_line(self, line: bytes) -> bool:
        return self._publish(line, None)

    def messages(self) -> AsyncIterator[Message]:
        return self._inbox.messages()

    def _publish(self, line: bytes, expiry_s: int | None) -> bool:
        return self._link is not None and self._link.publish(self._send_topic, line, expiry_s=expiry_s)

    async def _run(self) -> None:
        while True:
            link = MqttLink(self._address, self._options)
            try:
                await link.open()
                self._link = link
                self._connected(link)
                while True:
                    inbound = await link.receive()
                    await self._received(inbound)
                    link.acknowledge(inbound)
            except LinkDownError as error:
                if not self._is_loss_logged:
                    log.warning("bus: %s", error)
                    self._is_loss_logged = True
            finally:
                self._link = None
                await link.close(self._farewell())
            self.on_change()
            await asyncio.sleep(self._backoff.next_s())

    def _connected(self, link: MqttLink) -> None:
        self._backoff.reset()
        if self._is_loss_logged:
            log.info("bus: connected to %s again", self._address)
            self._is_loss_logged = False
        topic, payload = self._greeting()
        link.publish(topic, payload, retain=True)
        self._renew()

    def _renew(self) -> None:
        self.generation += 1
        self.on_change()

    async def _received(self, inbound: Inbound) -> None:
        raise NotImplementedError

    def _greeting(self) -> tuple[str, bytes]:
        raise NotImplementedError

    def _farewell(self) -> tuple[str, bytes]:
        raise NotImplementedError


class MqttGatewayEnd(_MqttEnd):
    def __init__(self, url: str, *, gateway: str, site: str, root: str, boot: str, rng: Random) -> None:
        base = f"{root}/v1/{site}/gateway/{gateway}"
        self._presence = f"{base}/availability"
        self._down = f"{base}/down"
        self._wms_state = f"{root}/v1/{site}/wms/state"
        self._boot = boot
        options = MqttOptions(
            client_id=f"{root}-gateway-{site}-{gateway}",
            topics=(self._down, self._wms_state),
            will=(self._presence, self._availability("offline")),
        )
        super().__init__(url, options, f"{base}/up", rng)

    async def _received(self, inbound: Inbound) -> None:
        if inbound.topic == self._down:
            await self._inbox.put_line(inbound.payload)
        elif inbound.topic == self._wms_state and _flag(inbound.payload, "online") is True:
            # the WMS has (re)started: it knows nothing of us yet
            self._renew()

    def _greeting(self) -> tuple[str, bytes]:
        return self._presence, self._availability("online")

    def _farewell(self) -> tuple[str, bytes]:
        return self._presence, self._availability("offline")

    def _availability(self, state: str) -> bytes:
        return json.dumps({"state": state, "boot": self._boot}, separators=(",", ":")).encode()


class MqttWmsEnd(_MqttEnd):
    def __init__(self, url: str, *, gateway: str, site: str, root: str, rng: Random, clock: Clock) -> None:
        base = f"{root}/v1/{site}/gateway/{gateway}"
        self._up = f"{base}/up"
        self._presence = f"{base}/availability"
        self._wms_state = f"{root}/v1/{site}/wms/state"
        self._clock = clock
        self._is_gateway_online = False
        options = MqttOptions(
            client_id=f"{root}-wms-{site}-{gateway}",
            topics=(self._up, self._presence),
            will=(self._wms_state, self._state(online=False)),
        )
        super().__init__(url, options, f"{base}/down", rng)

    @property
    def is_connected(self) -> bool:
        """The broker is there and the gateway has not said (or left behind) that it is gone."""
        return super().is_connected and self._is_gateway_online

    async def send_line(self, line: bytes) -> bool:
        return self._is_gateway_online and await super().send_line(line)

    async def send(self, message: Message) -> bool:
        return self._is_gateway_online and await super().send(message)

    async def _received(self, inbound: Inbound) -> None:
        if inbound.topic == self._up:
            self._is_gateway_online = True
            await self._inbox.put_line(inbound.payload)
        elif inbound.topic == self._presence:
            self._is_gateway_online = _flag(inbound.payload, "state") == "online"

    def _connected(self, link: MqttLink) -> None:
        self._is_gateway_online = False
        super()._connected(link)

    def _greeting(self) -> tuple[str, bytes]:
        return self._wms_state, self._state(online=True)

    def _farewell(self) -> tuple[str, bytes]:
        return self._wms_state, self._state(online=False)

    def _state(self, *, online: bool) -> bytes:
        return json.dumps({"online": online, "ts": self._clock.epoch_ms()}, separators=(",", ":")).encode()


def _flag(payload: bytes, name: str) -> object:
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return body.get(name) if isinstance(body, dict) else None
