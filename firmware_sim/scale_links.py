"""The two wires of a scale: a TCP line link that listens, and MQTT 5 through a broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from typing import cast
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from firmware_sim.scale import MAX_PENDING, Payload, Scale
from firmware_sim.world import ScaleSpec

MAX_LINE = 16 * 1024
RETAINED = ("birth", "availability", "state")
MAX_RECONNECT_S = 5
KEEPALIVE_S = 10


def link_for(spec: ScaleSpec) -> TcpLineLink | MqttLink:
    return MqttLink(spec) if spec.link.startswith("mqtt:") else TcpLineLink(spec)


class TcpLineLink:
    """The device listens; the newest connection is the one it talks to."""

    def __init__(self, spec: ScaleSpec) -> None:
        parts = urlsplit(spec.link)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 0
        self.scale: Scale | None = None
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._silent_until = 0.0

    async def start(self, scale: Scale) -> None:
        self.scale = scale
        await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=MAX_LINE)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._drop()

    async def cut(self, off_s: float) -> None:
        await self.stop()
        await asyncio.sleep(off_s)
        await self._listen()

    def silence(self, seconds: float) -> None:
        self._silent_until = time.monotonic() + seconds

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def publish(self, topic: str, payload: Payload, mid: int | None = None) -> None:
        if self._writer is None or time.monotonic() < self._silent_until:
            return
        line = {"topic": topic, "payload": payload} | ({} if mid is None else {"mid": mid})
        self._writer.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._drop()
        self._writer = writer
        assert self.scale is not None
        self.scale.greet()
        with contextlib.suppress(ConnectionError, ValueError, asyncio.CancelledError):
            while line := await reader.readline():
                self._heard(line)
        if self._writer is writer:
            self._writer = None
        writer.close()

    def _heard(self, line: bytes) -> None:
        assert self.scale is not None
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if isinstance(message.get("ack"), int):
            self.scale.acknowledged(message["ack"])
        elif message.get("topic") == "cmd" and isinstance(message.get("payload"), dict):
            self.scale.command(message["payload"])


class MqttLink:
    """Topics ``<root>/v1/<site>/<area>/<device>/…``; paho keeps a QoS 1 message until its PUBACK."""

    def __init__(self, spec: ScaleSpec) -> None:
        self.spec = spec
        self.base = f"{spec.root}/v1/{spec.site}/{spec.area}/{spec.key}"
        parts = urlsplit(spec.link)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 1883
        self.scale: Scale | None = None
        self._client: mqtt.Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sequence_of: dict[int, int] = {}  # message id of paho -> sequence of ours
        self._silent_until = 0.0

    async def start(self, scale: Scale) -> None:
        self.scale = scale
        self._loop = asyncio.get_running_loop()
        self._connect()

    def _connect(self) -> None:
        assert self.scale is not None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"mfc-sim-{self.spec.key}", protocol=mqtt.MQTTv5
        )
        client.max_queued_messages_set(MAX_PENDING)
        client.reconnect_delay_set(1, MAX_RECONNECT_S)
        client.suppress_exceptions = True
        will = json.dumps(self.scale.availability(False))
        client.will_set(f"{self.base}/availability", will, qos=1, retain=True)
        client.on_connect = lambda *_: self._in_loop("connected", 0, b"")
        client.on_publish = lambda _c, _u, mid, *_: self._in_loop("published", mid, b"")
        client.on_message = lambda _c, _u, message: self._in_loop("message", 0, bytes(message.payload))
        self._client = client
        client.connect_async(self.host, self.port, keepalive=KEEPALIVE_S, clean_start=True)
        client.loop_start()

    def _in_loop(self, what: str, mid: int, payload: bytes) -> None:
        """paho calls from its own thread."""
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._on_event, what, mid, payload)

    def _on_event(self, what: str, mid: int, payload: bytes) -> None:
        if self.scale is None or self._client is None:
            return
        if what == "connected":
            self._client.subscribe(f"{self.base}/cmd", qos=1)
            self.scale.greet()
        elif what == "published" and mid in self._sequence_of:
            self.scale.acknowledged(self._sequence_of.pop(mid))
        elif what == "message":
            with contextlib.suppress(ValueError):
                message = json.loads(payload)
                if isinstance(message, dict):
                    self.scale.command(message)

    def publish(self, topic: str, payload: Payload, mid: int | None = None) -> None:
        # Not connected: the scale keeps the event itself and greet() sends it after the connection.
        if self._client is None or not self._client.is_connected() or time.monotonic() < self._silent_until:
            return
        info = self._client.publish(
            f"{self.base}/{topic}", json.dumps(payload), qos=1, retain=topic in RETAINED
        )
        if mid is not None:
            self._sequence_of[info.mid] = mid
            while len(self._sequence_of) > MAX_PENDING:
                self._sequence_of.pop(next(iter(self._sequence_of)))

    async def stop(self) -> None:
        client, self._client = self._client, None
        if client is None or self.scale is None:
            return
        if client.is_connected():
            client.publish(f"{self.base}/availability", json.dumps(self.scale.availability(False)), 1, True)
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)

    async def cut(self, off_s: float) -> None:
        """Drop the connection without a word, so that the broker publishes the Will."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, AttributeError):
                cast(socket.socket, client.socket()).shutdown(socket.SHUT_RDWR)
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)
        await asyncio.sleep(off_s)
        self._connect()

    def silence(self, seconds: float) -> None:
        self._silent_until = time.monotonic() + seconds
