"""The simulated scale on its TCP line link and through a broker."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from floor_fixture import fast_clock, free_port

from firmware_sim.scale import Scale
from firmware_sim.scale_links import link_for
from firmware_sim.world import ScaleSpec

TRUE_WEIGHT_G = 1860


def make_scale(link: str) -> Scale:
    spec = ScaleSpec("scale-1", link, "TEST", "pack", "mfc")
    return Scale(spec, link_for(spec), fast_clock(10.0), random.Random(1))


class LineReader:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, scale: Scale) -> LineReader:
        port = int(scale.spec.link.rsplit(":", 1)[1])
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def next(self, topic: str) -> dict[str, Any]:
        async with asyncio.timeout(2):
            while True:
                line = json.loads(await self.reader.readline())
                if line["topic"] == topic:
                    return dict(line)

    def send(self, message: dict[str, Any]) -> None:
        self.writer.write(json.dumps(message).encode() + b"\n")


def test_a_stable_weight_is_sent_once_and_repeated_after_a_reconnect_until_acknowledged() -> None:
    async def run() -> None:
        scale = make_scale(f"tcp://127.0.0.1:{free_port()}")
        await scale.start()
        first = await LineReader.connect(scale)
        assert (await first.next("birth"))["payload"]["boot_id"] == scale.boot_id
        assert (await first.next("availability"))["payload"]["state"] == "online"
        assert (await first.next("state"))["payload"]["weight_g"] == 0
        scale.put_on(TRUE_WEIGHT_G)
        event = await first.next("event")
        assert event["mid"] == event["payload"]["seq"] == 1
        assert event["payload"]["type"] == "weight"
        assert abs(event["payload"]["weight_g"] - TRUE_WEIGHT_G) <= 1
        await scale.link.cut(0.05)
        second = await LineReader.connect(scale)
        repeat = await second.next("event")
        assert repeat == event
        second.send({"ack": 1})
        await asyncio.sleep(0.05)
        assert not scale.pending
        await scale.link.cut(0.05)
        third = await LineReader.connect(scale)
        await third.next("state")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await third.next("event")
        await scale.stop()

    asyncio.run(run())


def test_a_tote_taken_off_before_the_weight_is_stable_sends_no_event() -> None:
    async def run() -> None:
        scale = make_scale(f"tcp://127.0.0.1:{free_port()}")
        await scale.start()
        scale.put_on(TRUE_WEIGHT_G)
        await asyncio.sleep(0.02)
        scale.take_off()
        await asyncio.sleep(0.15)
        assert scale.sequence == 0
        assert scale.stable
        await scale.stop()

    asyncio.run(run())


def test_commands_are_obeyed_once_and_always_answered() -> None:
    async def run() -> None:
        scale = make_scale(f"tcp://127.0.0.1:{free_port()}")
        await scale.start()
        line = await LineReader.connect(scale)
        scale.load_g = 300
        statuses = []
        for payload in (
            {"cmd_id": "c1", "op": "tare"},
            {"cmd_id": "c1", "op": "tare"},
            {"cmd_id": "c2", "op": "dance"},
            {"cmd_id": "c3", "op": "zero", "ts": 1000, "ttl_ms": 10},
        ):
            line.send({"topic": "cmd", "payload": payload})
            statuses.append((await line.next("ack"))["payload"]["status"])
        assert statuses == ["accepted", "duplicate", "rejected", "expired"]
        assert scale.state()["weight_g"] == 0
        await scale.stop()

    asyncio.run(run())


@pytest.mark.broker
def test_through_a_broker_birth_event_will_and_commands_follow_the_contract(tmp_path: Path) -> None:
    broker = shutil.which("mosquitto")
    if broker is None:
        pytest.skip("no Mosquitto on PATH")
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([broker, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        asyncio.run(_mqtt_conversation(port))
    finally:
        process.terminate()
        process.wait(5)


async def _mqtt_conversation(port: int) -> None:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    seen: dict[str, list[dict[str, Any]]] = {}
    listener = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    listener.on_message = lambda _c, _u, message: seen.setdefault(message.topic.rsplit("/", 1)[1], []).append(
        json.loads(message.payload)
    )
    for _ in range(50):
        try:
            listener.connect("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.05)
    listener.subscribe("mfc/v1/TEST/pack/scale-1/#", qos=1)
    listener.loop_start()

    async def until(topic: str, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(5):
            while len(seen.get(topic, [])) < count:
                await asyncio.sleep(0.02)
        return seen[topic]

    scale = make_scale(f"mqtt://127.0.0.1:{port}")
    await scale.start()
    assert (await until("birth", 1))[0]["boot_id"] == scale.boot_id
    assert (await until("availability", 1))[0]["state"] == "online"
    scale.put_on(TRUE_WEIGHT_G)
    event = (await until("event", 1))[0]
    assert (event["seq"], event["boot_id"]) == (1, scale.boot_id)
    listener.publish("mfc/v1/TEST/pack/scale-1/cmd", json.dumps({"cmd_id": "c1", "op": "zero"}), 1)
    assert (await until("ack", 1))[0]["status"] == "accepted"
    async with asyncio.timeout(2):
        while scale.pending:
            await asyncio.sleep(0.02)
    await scale.link.cut(0.1)
    assert [message["state"] for message in await until("availability", 3)] == ["online", "offline", "online"]
    await scale.stop()
    assert (await until("availability", 4))[3]["state"] == "offline"
    listener.disconnect()
    listener.loop_stop()
