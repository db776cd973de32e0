"""A real Mosquitto on a free port, and a client of its own to speak as the other side."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class Broker:
    def __init__(self, program: str, base: Path) -> None:
        self._program = program
        self._base = base
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        config = self._base / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            "-c",
            str(config),
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        for _ in range(500):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return
        raise AssertionError("mosquitto does not listen")

    async def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None

    async def __aenter__(self) -> Broker:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class Publisher:
    """Publishes with QoS 1 and collects what it is subscribed to."""

    def __init__(self, broker: Broker, *topics: str) -> None:
        self._broker = broker
        self._topics = topics
        self.received: list[tuple[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = lambda client, data, message: self.received.append(
            (message.topic, json.loads(message.payload))
        )

    def publish(self, topic: str, body: Any, *, retain: bool = False) -> None:
        info = self._client.publish(topic, json.dumps(body), qos=1, retain=retain)
        info.wait_for_publish(2.0)
        assert info.is_published()

    async def __aenter__(self) -> Publisher:
        self._client.connect("127.0.0.1", self._broker.port)
        self._client.loop_start()
        for topic in self._topics:
            self._client.subscribe(topic, qos=1)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
