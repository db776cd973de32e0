"""The bus through a real broker: the same behaviour as the local one."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from broker_double import Broker, Publisher
from wire_doubles import WmsDouble, until

from devices import bus
from devices.config import parse
from devices.gateway.app import Gateway
from devices.messages import Acknowledge, GatewayHello, Message, SetLamps

pytestmark = pytest.mark.broker
BASE = "mfc/v1/DEMO"


def gateway(base: Path, url: str) -> Gateway:
    body = {
        "gateway": {"name": "gw-1", "site": "DEMO", "spool": "spool.sqlite"},
        "bus": {"url": url},
        "device": [{"key": "l-1", "profile": "mfc-l1", "host": "127.0.0.1", "port": 1}],
    }
    return Gateway(parse(body, base=base), rng=random.Random(5))


def wms(url: str) -> WmsDouble:
    return WmsDouble(bus.wms_end(url, gateway="gw-1", site="DEMO", rng=random.Random(6)))


class Running:
    """A gateway in this process."""

    def __init__(self, made: Gateway) -> None:
        self.gateway = made
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Gateway:
        self._task = asyncio.create_task(self.gateway.run(self._stop))
        return self.gateway

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        assert self._task is not None
        await asyncio.wait_for(self._task, 2.0)


def test_hello_and_levels_come_whoever_starts_first(tmp_path: Path, mosquitto: str) -> None:
    async def run() -> None:
        async with Broker(mosquitto, tmp_path) as broker:
            early = wms(broker.url)
            await early.start()
            async with Running(gateway(tmp_path, broker.url)) as made:
                await until(lambda: early.of(GatewayHello))
                assert early.of(GatewayHello)[0] == GatewayHello(
                    gateway="gw-1", boot=made.boot, devices=("l-1",)
                )
                await until(lambda: "device_status" in [message.KIND for message in early.received])
                await early.stop()
                late = wms(broker.url)
                await late.start()
                await until(lambda: late.of(GatewayHello))
                assert isinstance(late.received[0], GatewayHello)
                await until(lambda: "device_status" in [message.KIND for message in late.received])
                await late.stop()

    asyncio.run(run())


def test_commands_arrive_and_presence_is_told_by_both_sides(tmp_path: Path, mosquitto: str) -> None:
    async def run() -> None:
        topics = (f"{BASE}/wms/state", f"{BASE}/gateway/gw-1/availability")
        async with Broker(mosquitto, tmp_path) as broker, Publisher(broker, *topics) as witness:
            double = wms(broker.url)
            await double.start()
            assert await double.end.send(Acknowledge(event_id="x")) is False
            async with Running(gateway(tmp_path, broker.url)) as made:
                seen: list[Message] = []
                made._route = seen.append  # type: ignore[method-assign]
                await until(lambda: double.of(GatewayHello))
                picture = SetLamps(device="l-1", version=1, lamps={})
                assert await double.end.send(picture) is True
                await until(lambda: seen == [picture])
                boot = made.boot
            await until(lambda: not double.end.is_connected)
            assert await double.end.send(picture) is False
            await double.stop()
            await until(lambda: len(witness.received) == 4)
            states = {topic: [body for name, body in witness.received if name == topic] for topic in topics}
            assert [body["online"] for body in states[topics[0]]] == [True, False]
            assert states[topics[1]] == [
                {"state": "online", "boot": boot},
                {"state": "offline", "boot": boot},
            ]

    asyncio.run(run())


def test_a_broker_that_restarts_costs_only_time(tmp_path: Path, mosquitto: str) -> None:
    async def run() -> None:
        broker = Broker(mosquitto, tmp_path)
        async with broker, Running(gateway(tmp_path, broker.url)):
            double = wms(broker.url)
            await double.start()
            await until(lambda: double.of(GatewayHello))
            await broker.stop()
            await until(lambda: not double.end.is_connected)
            count = len(double.of(GatewayHello))
            await broker.start()
            await until(lambda: len(double.of(GatewayHello)) > count, 10)
            await double.stop()

    asyncio.run(run())
