"""The scale driver over the line link and over a real broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from broker_double import Broker, Publisher
from wire_doubles import BenchContext, device_config, running, until

from devices.drivers.scale import ScaleDriver
from devices.messages import Acknowledge, WeightRead

AVAILABLE = b'{"topic":"availability","payload":{"state":"online","boot_id":"s1"}}\n'


def make(
    tmp_path: Path, link: str, boot: str = "b1", max_events: int = 100
) -> tuple[ScaleDriver, BenchContext]:
    context = BenchContext(tmp_path / "spool.sqlite", boot=boot, max_events=max_events)
    return ScaleDriver(device_config("scale", tmp_path, link=link, area="pack"), context), context


def weights(context: BenchContext) -> list[int]:
    return [event.weight_g for event in context.events() if isinstance(event, WeightRead)]


def commit(driver: ScaleDriver, context: BenchContext, event_id: str) -> None:
    settled = context.spool.settle(event_id)
    assert settled is not None
    driver.acknowledged(Acknowledge(event_id=event_id), settled.source_key)


def event(weight_g: int, seq: int) -> dict[str, Any]:
    return {"type": "weight", "weight_g": weight_g, "seq": seq, "boot_id": "s1", "ts": 1, "msg_id": f"m{seq}"}


def line(weight_g: int, seq: int) -> bytes:
    return json.dumps({"topic": "event", "payload": event(weight_g, seq), "mid": seq}).encode() + b"\n"


class LineScale:
    """A scale that listens; ``greeting`` is sent after each connection."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting
        self.answers: list[bytes] = []
        self.writer: asyncio.StreamWriter | None = None
        self.server: asyncio.Server | None = None

    async def start(self) -> str:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"tcp://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def send(self, data: bytes) -> None:
        assert self.writer is not None
        self.writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        writer.write(self.greeting)
        while data := await reader.readline():
            self.answers.append(data)


def test_a_weight_is_answered_only_after_the_commit(tmp_path: Path) -> None:
    async def run() -> None:
        scale = LineScale(AVAILABLE)
        driver, context = make(tmp_path, await scale.start())
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scale.send(line(812, 7))
            [weight] = await until(context.events)
            assert (weight.device, weight.weight_g) == ("dev-1", 812)
            await asyncio.sleep(0.05)
            assert scale.answers == []
            commit(driver, context, weight.event_id)
            await until(lambda: scale.answers == [b'{"ack":7}\n'])

    asyncio.run(run())


def test_a_repeated_weight_is_no_second_event_and_is_answered_when_it_was_committed(tmp_path: Path) -> None:
    async def run() -> None:
        scale = LineScale(AVAILABLE + line(812, 7))
        driver, context = make(tmp_path, await scale.start())
        async with running(driver):
            [weight] = await until(context.events)
            assert scale.writer is not None
            scale.writer.close()
            context.spool.settle(weight.event_id)  # the commit comes while the line is down
            await until(lambda: scale.answers == [b'{"ack":7}\n'])
            assert len(context.spool) == 0

    asyncio.run(run())


def test_a_line_against_the_contract_is_answered_counted_and_dropped(tmp_path: Path) -> None:
    async def run() -> None:
        scale = LineScale(AVAILABLE)
        driver, context = make(tmp_path, await scale.start())
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scale.send(b'{"topic":"event","payload":{"type":"weight","weight_g":"x"},"mid":9}\nnot json\n')
            scale.send(line(5, 10))
            await until(lambda: weights(context) == [5])
            assert scale.answers == [b'{"ack":9}\n']
            await until(lambda: context.details()[-1] == "2 messages against the contract")

    asyncio.run(run())


def test_a_full_spool_leaves_the_weight_with_the_scale(tmp_path: Path) -> None:
    async def run() -> None:
        scale = LineScale(AVAILABLE)
        driver, context = make(tmp_path, await scale.start(), max_events=1)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scale.send(line(1, 1) + line(2, 2))
            await until(lambda: context.states()[-1:] == ["degraded"])
            assert (weights(context), scale.answers) == ([1], [])

    asyncio.run(run())


def test_a_scale_that_says_it_is_offline_is_shown_so(tmp_path: Path) -> None:
    async def run() -> None:
        scale = LineScale(AVAILABLE)
        driver, context = make(tmp_path, await scale.start())
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scale.send(AVAILABLE.replace(b"online", b"offline"))
            await until(lambda: context.states()[-1:] == ["offline"])
            scale.send(AVAILABLE)
            await until(lambda: context.states()[-1:] == ["online"])

    asyncio.run(run())


TOPIC = "mfc/v1/DEMO/pack/dev-1"
ONLINE = {"state": "online", "boot_id": "s1"}


@pytest.mark.broker
def test_over_mqtt_an_uncommitted_weight_survives_the_gateway_and_a_committed_one_is_gone(
    tmp_path: Path, mosquitto: str
) -> None:
    async def run() -> None:
        async with Broker(mosquitto, tmp_path) as broker, Publisher(broker) as scale:
            scale.publish(f"{TOPIC}/availability", ONLINE, retain=True)
            driver, context = make(tmp_path, broker.url)
            async with running(driver):
                await until(lambda: context.states()[-1:] == ["online"])
                scale.publish(f"{TOPIC}/event", event(100, 1))
                scale.publish(f"{TOPIC}/event", event(200, 2))
                await until(lambda: weights(context) == [100, 200])
                commit(driver, context, "gw-1/b1/1")
                await asyncio.sleep(0.1)
            scale.publish(f"{TOPIC}/event", event(300, 3))  # while the gateway is away
            context.spool.close()
            (tmp_path / "spool.sqlite").unlink()  # the broker alone must know what was not committed
            driver, context = make(tmp_path, broker.url, boot="b2")
            async with running(driver):
                await until(lambda: weights(context) == [200, 300])
                await asyncio.sleep(0.1)
                assert weights(context) == [200, 300]

    asyncio.run(run())


@pytest.mark.broker
def test_a_broker_that_restarts_is_found_again(tmp_path: Path, mosquitto: str) -> None:
    async def run() -> None:
        broker = Broker(mosquitto, tmp_path)
        async with broker, Publisher(broker) as scale:
            scale.publish(f"{TOPIC}/availability", ONLINE, retain=True)
            driver, context = make(tmp_path, broker.url)
            async with running(driver):
                await until(lambda: context.states()[-1:] == ["online"])
                await broker.stop()
                await until(lambda: context.states()[-1:] == ["offline"])
                await broker.start()
                async with Publisher(broker) as again:
                    again.publish(f"{TOPIC}/availability", ONLINE, retain=True)
                    await until(lambda: context.states()[-1:] == ["online"], 12)

    asyncio.run(run())
