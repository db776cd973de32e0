"""The gateway as a process: every wire at once, stopped politely and killed rudely, no event lost."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from wire_doubles import LightsDouble, PlcDouble, PtyScanner, WmsDouble, until

from devices import bus
from devices.messages import (
    Acknowledge,
    ButtonPressed,
    Colour,
    DeviceStatus,
    Direct,
    DirectionRequested,
    Event,
    GatewayHello,
    Lamp,
    Message,
    ScanRead,
    SetLamps,
    Verdict,
    WeightRead,
)

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]


class Floor:
    """One of each device, and the file that names them."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.scanner = PtyScanner(base / "dev/serial/by-id/usb-1")
        self.lights = LightsDouble()
        self.plc = PlcDouble()
        self.settled: list[bytes] = []
        self.scale_port = 0
        self._scale: asyncio.Server | None = None

    async def start(self) -> None:
        await self.lights.start()
        await self.plc.start()
        self._scale = await asyncio.start_server(self._weigh, "127.0.0.1", 0)
        self.scale_port = self._scale.sockets[0].getsockname()[1]
        (self.base / "floor.toml").write_text(self._toml(), encoding="utf-8")

    async def stop(self) -> None:
        assert self._scale is not None
        self._scale.close()
        await self.lights.stop()
        await self.plc.stop()
        self.scanner.unplug()

    async def _weigh(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"topic":"availability","payload":{"state":"online","boot_id":"s1"}}\n')
        if not self.settled:  # repeated after each connection until it is acknowledged
            event = b'{"type":"weight","weight_g":812,"seq":7,"boot_id":"s1","ts":1,"msg_id":"m"}'
            writer.write(b'{"topic":"event","payload":' + event + b',"mid":7}\n')
        while line := await reader.readline():
            self.settled.append(line)

    def _toml(self) -> str:
        return f"""
            gateway = {{ name = "gw-1", site = "DEMO", spool = "spool.sqlite" }}
            bus = {{ url = "unix:bus.sock" }}
            [[device]]
            key = "scanner-1"
            profile = "line-scanner"
            port = "dev/serial/by-id/usb-1"
            [[device]]
            key = "lights-1"
            profile = "mfc-l1"
            host = "127.0.0.1"
            port = {self.lights.port}
            [[device]]
            key = "plc-1"
            profile = "mfc-1"
            host = "127.0.0.1"
            port = {self.plc.port}
            settings = {{ points = 2 }}
            [[device]]
            key = "scale-1"
            profile = "scale"
            link = "tcp://127.0.0.1:{self.scale_port}"
            area = "pack"
        """

    def wms(self, *, acknowledges: bool) -> WmsDouble:
        def ack(message: Message) -> Message | None:
            return (
                Acknowledge(event_id=message.event_id, verdict=Verdict.ACCEPTED)
                if isinstance(message, Event)
                else None
            )

        return WmsDouble(
            bus.wms_end(f"unix:{self.base}/bus.sock", gateway="gw-1", site="DEMO"),
            ack if acknowledges else None,
        )


@asynccontextmanager
async def floor_at(base: Path) -> AsyncIterator[Floor]:
    floor = Floor(base)
    await floor.start()
    try:
        yield floor
    finally:
        await floor.stop()


@asynccontextmanager
async def gateway(floor: Floor) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.gateway", str(floor.base / "floor.toml"), cwd=ROOT
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def online(double: WmsDouble) -> None:
    await until(lambda: {s.device for s in double.of(DeviceStatus) if s.state == "online"} >= {
        "scanner-1", "lights-1", "plc-1", "scale-1"}, 10)  # fmt: skip


def test_every_wire_works_and_a_polite_stop_is_quick_and_clean(tmp_path: Path) -> None:
    async def run() -> None:
        async with floor_at(tmp_path) as floor, gateway(floor) as process:
            double = floor.wms(acknowledges=True)
            await double.start()
            await online(double)
            hello = double.received[0]
            assert isinstance(hello, GatewayHello)
            assert (hello.gateway, hello.devices) == ("gw-1", ("scanner-1", "lights-1", "plc-1", "scale-1"))
            floor.scanner.send(b"]C0T-000017Q\r")
            [scan] = await until(lambda: double.of(ScanRead))
            assert (scan.data, scan.symbology, scan.event_id.split("/")[:2]) == (
                "T-000017Q",
                "C0",
                ["gw-1", hello.boot],
            )
            await until(lambda: floor.scanner.heard() == b"\x1b7,")
            assert await double.end.send(
                SetLamps(device="lights-1", version=1, lamps={3: Lamp(Colour.BLUE, quantity=3)})
            )
            await until(lambda: floor.lights.pictures() == [(203, [0xAC03])])
            floor.lights.press(3)
            [press] = await until(lambda: double.of(ButtonPressed))
            assert (press.device, press.channel, press.press) == ("lights-1", 3, "confirm")
            floor.plc.event(0, 1, 77, "T-000017Q")
            [request] = await until(lambda: double.of(DirectionRequested))
            assert (request.device, request.tracking_id) == ("plc-1", 77)
            await until(lambda: floor.plc.registers[34] == 1)
            await double.end.send(
                Direct(command_id="c", device="plc-1", point=0, tracking_id=77, lane=2, ttl_ms=900)
            )
            await until(lambda: floor.plc.commands == [(0, [1, 0, 77, 2, 0])])
            assert [event.weight_g for event in double.of(WeightRead)] == [812]
            await until(lambda: floor.settled == [b'{"ack":7}\n'])

            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 2.0) == 0
            await until(lambda: (floor.plc.connections, floor.lights.connections) == (0, 0))
            assert not (tmp_path / "bus.sock").exists()
            await double.stop()

    asyncio.run(run())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_event_is_lost_and_none_is_new_when_the_gateway_ends_before_the_commit(
    tmp_path: Path, number: signal.Signals
) -> None:
    async def run() -> None:
        async with floor_at(tmp_path) as floor:
            silent = floor.wms(acknowledges=False)
            await silent.start()
            async with gateway(floor) as process:
                await online(silent)
                for code in range(10):
                    floor.scanner.send(f"]C0CODE-{code}\r".encode())
                floor.plc.event(0, 1, 77, "T")
                floor.lights.press(2)
                await until(lambda: len({e.event_id for e in silent.of(Event)}) == 13)
                process.send_signal(number)
                await process.wait()
            first = {event.event_id for event in silent.of(Event)}
            await silent.stop()
            floor.lights.press(2)  # while nobody looks

            double = floor.wms(acknowledges=True)
            await double.start()
            async with gateway(floor):
                await online(double)
                await until(lambda: len(double.of(Event)) == 14)
                await until(lambda: floor.plc.registers[34] == 1)
                await until(lambda: floor.settled == [b'{"ack":7}\n'])
                scans = [event.data for event in double.of(ScanRead)]
                assert scans == [f"CODE-{code}" for code in range(10)]
                assert len(double.of(ButtonPressed)) == 2
                fresh = {event.event_id for event in double.of(Event)} - first
                assert len(fresh) == 1  # the press made in between
                await double.stop()

    asyncio.run(run())


def test_a_wrong_configuration_ends_the_process_with_its_text(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "floor.toml").write_text(
            'gateway = { name = "g", site = "S", spol = "x" }', encoding="utf-8"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "devices.gateway", "--check", str(tmp_path / "floor.toml"),
            cwd=ROOT, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert "gateway: unknown key 'spol'; did you mean 'spool'?" in errors.decode()

    asyncio.run(run())
