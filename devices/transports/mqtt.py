"""One MQTT 5 connection (paho-mqtt 2): its callbacks only hand over to the event loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.errors import ConfigError, LinkDownError
from devices.transports.threads import in_thread

# Unacknowledged messages that the broker may have on the way to us.
RECEIVE_MAXIMUM = 64
# Messages between the network thread and the reader; over that, messages are left to the broker's repetition.
MAX_INBOUND = 1024
# Publications that wait for the wire; over that ``publish`` refuses.
MAX_OUTBOUND = 1000
CLOSE_TIMEOUT_S = 0.5


@dataclass(frozen=True, slots=True)
class MqttAddress:
    host: str
    port: int
    is_tls: bool
    username: str | None
    password: str | None

    def __str__(self) -> str:
        """Without the password: this text goes to logs and screens."""
        return f"mqtt{'s' if self.is_tls else ''}://{self.host}:{self.port}"


def parse_address(url: str) -> MqttAddress:
    """Address of ``mqtt://user:pass@host:port`` or ``mqtts://…``."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"mqtt url: {error}") from error
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ConfigError("mqtt url: expected mqtt://host:port or mqtts://host:port")
    is_tls = parts.scheme == "mqtts"
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return MqttAddress(parts.hostname, port or (8883 if is_tls else 1883), is_tls, username, password)


@dataclass(frozen=True, slots=True)
class Inbound:
    topic: str
    payload: bytes
    is_retained: bool
    mid: int
    qos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOptions:
    client_id: str
    topics: tuple[str, ...]
    will: tuple[str, bytes] | None = None  # published retained when we are gone
    session_expiry_s: int = 0  # 0 = a clean session each time
    keepalive_s: int = 15
    connect_timeout_s: float = 5.0


class MqttLink:
    """Opened once, closed once. ``receive`` raises LinkDownError when the connection is lost."""

    def __init__(self, address: MqttAddress, options: MqttOptions) -> None:
        self._address = address
        self._options = options
        self._is_open = False
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._inbound: asyncio.Queue[Inbound | LinkDownError] = asyncio.Queue()
        self._client = self._make_client()

    def _make_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._options.client_id,
            protocol=paho.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.max_queued_messages_set(MAX_OUTBOUND)
        client.connect_timeout = self._options.connect_timeout_s
        # an exception in a callback would end the network thread and leave is_connected() true
        client.suppress_exceptions = True
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        if self._address.username is not None:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.is_tls:
            client.tls_set_context(ssl.create_default_context())
        if self._options.will is not None:
            topic, payload = self._options.will
            client.will_set(topic, payload, qos=1, retain=True)
        return client

    async def open(self) -> None:
        """Connected and subscribed when it returns; raises LinkDownError."""
        properties = Properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.SessionExpiryInterval = self._options.session_expiry_s

        def blocking() -> None:
            self._client.connect(
                self._address.host,
                self._address.port,
                keepalive=self._options.keepalive_s,
                clean_start=self._options.session_expiry_s == 0,
                properties=properties,
            )
            self._client.loop_start()

        try:
            async with asyncio.timeout(self._options.connect_timeout_s * 2):
                await in_thread(blocking, discard=lambda _: self._client.disconnect())
                await self._ready
        except (OSError, ValueError, TimeoutError) as error:
            reason = str(error) or "no answer"
            raise LinkDownError(f"cannot connect to {self._address}: {reason}") from error
        self._is_open = True

    @property
    def is_open(self) -> bool:
        return self._is_open

    async def receive(self) -> Inbound:
        """Next message. May be cancelled; nothing is lost."""
        item = await self._inbound.get()
        if isinstance(item, LinkDownError):
            self._inbound.put_nowait(item)  # every later call fails the same way
            raise item
        return item

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> bool:
        """QoS 1. False when the connection is down or too much waits; nothing is kept then."""
        if not self._is_open:
            return False
        properties = None
        if expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = expiry_s
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return info.rc == paho.MQTT_ERR_SUCCESS

    def acknowledge(self, inbound: Inbound) -> None:
        """PUBACK: the broker forgets the message."""
        self._client.ack(inbound.mid, inbound.qos)

    async def close(self, farewell: tuple[str, bytes] | None = None) -> None:
        """Publishes a last retained message, disconnects, ends the thread."""

        def blocking() -> None:
            if farewell is not None and self._is_open:
                info = self._client.publish(farewell[0], farewell[1], qos=1, retain=True)
                if info.rc == paho.MQTT_ERR_SUCCESS:
                    info.wait_for_publish(CLOSE_TIMEOUT_S)
            self._client.disconnect()
            self._client.loop_stop()

        try:
            async with asyncio.timeout(2 * CLOSE_TIMEOUT_S):
                await in_thread(blocking)
        except (TimeoutError, RuntimeError, ValueError):
            pass  # a broker that does not answer does not hold up the stop; the Will tells the others
        self._is_open = False

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._fail(f"{self._address} refuses: {reason}")
        elif self._options.topics:
            client.subscribe([(topic, paho.SubscribeOptions(qos=1)) for topic in self._options.topics])
        else:
            self._call(self._set_ready)

    def _on_subscribe(
        self,
        _client: paho.Client,
        _data: Any,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._fail(f"{self._address} refuses a subscription: {refused[0]}")
        else:
            self._call(self._set_ready)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        item = Inbound(message.topic, bytes(message.payload), message.retain, message.mid, message.qos)
        if self._inbound.qsize() < MAX_INBOUND:
            self._call(lambda: self._inbound.put_nowait(item))

    def _on_disconnect(
        self,
        _client: paho.Client,
        _data: Any,
        _flags: Any,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._fail(f"connection to {self._address} lost: {reason}")

    def _set_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _fail(self, text: str) -> None:
        self._call(lambda: self._set_failed(text))

    def _set_failed(self, text: str) -> None:
        self._is_open = False
        if not self._ready.done():
            self._ready.set_exception(ConnectionError(text))
        self._inbound.put_nowait(LinkDownError(text))

    def _call(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # the loop is closed: nobody listens any more
