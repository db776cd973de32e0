"""The local bus, and what the publisher sends over it: hello first, order, repetition, newest WMS wins."""

from __future__ import annotations

import asyncio
import os
import random
import stat
from pathlib import Path

import pytest
from wire_doubles import WmsDouble, until

from devices import bus
from devices.bus.local import LocalGatewayEnd, socket_path
from devices.clock import SystemClock
from devices.drivers.base import Draft
from devices.errors import ConfigError
from devices.gateway import publisher as publisher_module
from devices.gateway.publisher import Publisher
from devices.gateway.spool import Spool
from devices.messages import (
    Acknowledge,
    DeviceState,
    DeviceStatus,
    GatewayHello,
    Message,
    NoRead,
    SetLamps,
    encode,
)
from devices.tasks import end_all

HELLO = GatewayHello(gateway="gw-1", boot="b1", devices=("s-1",))


def wms(path: Path) -> WmsDouble:
    return WmsDouble(bus.wms_end(f"unix:{path}", gateway="gw-1", site="DEMO", rng=random.Random(1)))


class Bench:
    """Spool, publisher and gateway end without drivers."""

    def __init__(self, base: Path) -> None:
        self.path = base / "bus.sock"
        self.clock = SystemClock()
        self.spool = Spool(
            base / "spool.sqlite", gateway="gw-1", boot="b1", max_events=1000, stamp=self.clock.stamp
        )
        self.end = bus.gateway_end(
            f"unix:{self.path}", gateway="gw-1", site="DEMO", root="mfc", boot="b1", rng=random.Random(1)
        )
        self.publisher = Publisher(self.end, self.spool, self.clock, HELLO)
        self.end.on_change = self.publisher.wake
        self.commands: list[Message] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Bench:
        await self.end.start()
        self._tasks = [asyncio.create_task(self.publisher.run()), asyncio.create_task(self._listen())]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert not await end_all(self._tasks, 1.0)
        await self.end.stop()

    async def _listen(self) -> None:
        async for message in self.end.messages():
            self.commands.append(message)

    def event(self) -> str:
        def make(event_id: str, at: str) -> NoRead:
            return NoRead(event_id=event_id, device="s-1", at=at)

        [stored] = self.spool.append("s-1", [Draft(make)])
        self.publisher.wake()
        return stored.event_id

    def acknowledge(self, event_id: str) -> None:
        self.publisher.settled(event_id)
        self.spool.settle(event_id)

    def status(self, state: DeviceState, device: str = "s-1") -> None:
        self.publisher.level(DeviceStatus(device=device, state=state, at="now"))


def event_ids(double: WmsDouble) -> list[str]:
    return [event.event_id for event in double.of(NoRead)]


def test_hello_comes_first_then_the_newest_levels_then_what_waits(tmp_path: Path) -> None:
    async def run() -> None:
        async with Bench(tmp_path) as bench:
            bench.status(DeviceState.CONNECTING)
            bench.status(DeviceState.ONLINE)
            first = bench.event()
            double = wms(bench.path)
            await double.start()
            await until(lambda: len(double.received) == 3)
            assert double.received[0] == HELLO
            assert double.received[1] == DeviceStatus(device="s-1", state=DeviceState.ONLINE, at="now")
            assert event_ids(double) == [first]
            second = bench.event()
            await until(lambda: event_ids(double) == [first, second])
            await double.stop()

    asyncio.run(run())


def test_after_a_reconnect_only_the_unacknowledged_events_come_again_in_order(tmp_path: Path) -> None:
    async def run() -> None:
        async with Bench(tmp_path) as bench:
            double = wms(bench.path)
            await double.start()
            ids = [bench.event() for _ in range(4)]
            await until(lambda: event_ids(double) == ids)
            bench.acknowledge(ids[1])
            await double.stop()
            ids.append(bench.event())
            again = wms(bench.path)
            await again.start()
            await until(lambda: event_ids(again) == [ids[0], *ids[2:]])
            assert again.received[0] == HELLO
            await again.stop()

    asyncio.run(run())


def test_an_unacknowledged_event_is_repeated_and_an_acknowledged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "REPEAT_S", 0.1)
    monkeypatch.setattr(publisher_module, "TICK_S", 0.02)

    async def run() -> None:
        async with Bench(tmp_path) as bench:
            double = wms(bench.path)
            await double.start()
            first, second = bench.event(), bench.event()
            await until(lambda: event_ids(double) == [first, second])
            bench.acknowledge(first)
            await until(lambda: event_ids(double) == [first, second, second])
            bench.acknowledge(second)
            await asyncio.sleep(0.25)
            assert event_ids(double) == [first, second, second]
            await double.stop()

    asyncio.run(run())


def test_a_wms_that_acknowledges_nothing_has_a_bounded_number_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "MAX_IN_FLIGHT", 3)

    async def run() -> None:
        async with Bench(tmp_path) as bench:
            ids = [bench.event() for _ in range(5)]
            double = wms(bench.path)
            await double.start()
            await until(lambda: event_ids(double) == ids[:3])
            await asyncio.sleep(0.05)
            assert event_ids(double) == ids[:3]
            bench.acknowledge(ids[0])
            await until(lambda: event_ids(double) == ids[:4])
            await double.stop()

    asyncio.run(run())


def test_the_newest_wms_connection_wins(tmp_path: Path) -> None:
    async def run() -> None:
        async with Bench(tmp_path) as bench:
            old = wms(bench.path)
            await old.start()
            await until(lambda: old.received)
            old.end._path = Path("/nowhere")  # it must not come back
            new = wms(bench.path)
            await new.start()
            await until(lambda: new.received)
            await until(lambda: not old.end.is_connected)
            one = bench.event()
            await until(lambda: event_ids(new) == [one])
            assert event_ids(old) == []
            assert await old.end.send(Acknowledge(event_id=one)) is False
            assert await new.end.send(Acknowledge(event_id=one)) is True
            await until(lambda: bench.commands == [Acknowledge(event_id=one)])
            await old.stop()
            await new.stop()

    asyncio.run(run())


def test_the_wms_end_waits_for_a_gateway_that_starts_later_or_again(tmp_path: Path) -> None:
    async def run() -> None:
        double = wms(tmp_path / "bus.sock")
        await double.start()
        assert await double.end.send(Acknowledge(event_id="x")) is False
        async with Bench(tmp_path) as bench:
            await until(lambda: double.of(GatewayHello) == [HELLO])
            bench.spool.close()
        await until(lambda: not double.end.is_connected)
        async with Bench(tmp_path):
            await until(lambda: double.of(GatewayHello) == [HELLO, HELLO])
            await double.stop()

    asyncio.run(run())


def test_foreign_lines_are_dropped_and_an_overlong_one_ends_the_connection(tmp_path: Path) -> None:
    async def run() -> None:
        async with Bench(tmp_path) as bench:
            reader, writer = await asyncio.open_unix_connection(str(bench.path))
            picture = SetLamps(device="l-1", version=1, lamps={})
            writer.write(b'nonsense\n{"v":1,"kind":"x"}\n' + encode(picture) + b"\n")
            await until(lambda: bench.commands == [picture])
            writer.write(b"x" * 200_000)
            rest = await reader.read()  # ends: the gateway has closed
            assert rest.startswith(encode(HELLO))
            await until(lambda: not bench.end.is_connected)
            writer.close()

    asyncio.run(run())


def test_the_socket_is_private_and_removed_at_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        async with Bench(tmp_path) as bench:
            assert stat.S_IMODE(bench.path.stat().st_mode) == 0o600
        assert not bench.path.exists()

    asyncio.run(run())


def test_a_stale_socket_file_is_replaced_and_a_living_gateway_is_not(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "bus.sock"
        server = await asyncio.start_unix_server(lambda r, w: None, path)
        server.close()
        assert path.exists()
        first = LocalGatewayEnd(str(path))
        await first.start()
        with pytest.raises(ConfigError, match="another gateway listens"):
            await LocalGatewayEnd(str(path)).start()
        await first.stop()

    asyncio.run(run())


def test_a_path_too_long_for_a_socket_gets_the_same_stand_in_at_both_ends(tmp_path: Path) -> None:
    async def run() -> None:
        base = tmp_path / ("d" * 120)
        base.mkdir()
        async with Bench(base) as bench:
            real = socket_path(str(bench.path))
            assert real != bench.path
            assert len(os.fsencode(real)) <= 100
            double = wms(bench.path)
            await double.start()
            await until(lambda: double.received == [HELLO])
            await double.stop()
        assert not real.exists()
        assert socket_path(str(tmp_path / "s")) == tmp_path / "s"

    asyncio.run(run())


def test_a_bus_url_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"expected unix:PATH, mqtt://host:port"):
        bus.wms_end("tcp://x:1", gateway="gw-1", site="DEMO")
