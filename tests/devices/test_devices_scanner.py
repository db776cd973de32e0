"""The scanner driver over real ptys and sockets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import serial
from wire_doubles import BenchContext, PtyScanner, device_config, running, until

from devices.drivers.scanner import ScannerDriver
from devices.messages import Acknowledge, NoRead, ScanRead, Verdict

Bench = Callable[..., Awaitable[None]]


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "serial/by-id/usb-scanner"


def make(
    tmp_path: Path, port: str, *, max_events: int = 1000, **settings: Any
) -> tuple[ScannerDriver, BenchContext]:
    context = BenchContext(tmp_path / "spool.sqlite", max_events=max_events)
    config = device_config("line-scanner", tmp_path, {"replug_ms": 20, **settings}, port=port)
    return ScannerDriver(config, context), context


def codes(context: BenchContext) -> list[tuple[str, str]]:
    return [(event.data, event.symbology) for event in context.events() if isinstance(event, ScanRead)]


def test_a_scan_becomes_an_event_with_its_symbology(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link))
        async with running(driver):
            await until(lambda: context.states() == ["connecting", "online"])
            scanner.send(b"]C1" + b"010952400005910910LOT1\x1d21SER\r\nT-00001")
            await until(lambda: len(context.spool) == 1)
            scanner.send(b"7Q\rNOREAD\r")
            await until(lambda: len(context.spool) == 3)
        assert codes(context) == [("010952400005910910LOT1\x1d21SER", "C1"), ("T-000017Q", "")]
        last = context.events()[-1]
        assert isinstance(last, NoRead)
        assert (last.device, last.event_id) == ("dev-1", "gw-1/b1/3")
        scanner.unplug()

    asyncio.run(run())


def test_a_vanished_scanner_is_found_again_under_its_name_on_another_port(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link))
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"HALF-OF-A-CO")
            await asyncio.sleep(0.02)
            scanner.unplug()
            await until(lambda: context.states()[-1:] == ["offline"])
            keep = os.openpty()  # the old number is taken: the scanner comes back as another one
            scanner.plug()
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"]C0AFTER\r")
            await until(lambda: len(context.spool) == 1)
            for handle in keep:
                os.close(handle)
        assert codes(context) == [("AFTER", "C0")]
        assert context.states() == ["connecting", "online", "offline", "online"]
        scanner.unplug()

    asyncio.run(run())


def test_a_name_that_moves_to_another_port_is_followed(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        old = PtyScanner(link)
        driver, context = make(tmp_path, str(link))
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            link.unlink()  # no hang-up is reported: only the name tells
            new = PtyScanner(link)
            await until(lambda: context.states().count("online") == 2)
            new.send(b"]C0NEW\r")
            await until(lambda: codes(context) == [("NEW", "C0")])
        new.unplug()
        old.unplug()

    asyncio.run(run())


def test_the_port_is_held_exclusively(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link))
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            with pytest.raises(serial.SerialException, match="exclusively lock"):
                serial.serial_for_url(str(link), exclusive=True)
        serial.serial_for_url(str(link), exclusive=True).close()  # free again after the stop
        scanner.unplug()

    asyncio.run(run())


def test_garbage_is_counted_shown_and_never_a_code(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link))
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"\x00\xff\x80garb\x01age\r]C0GOOD\r")
            await until(lambda: len(context.spool) == 1)
            await until(lambda: context.details()[-1:] == ["1 garbage frames"])
        assert codes(context) == [("GOOD", "C0")]
        scanner.unplug()

    asyncio.run(run())


def test_stx_etx_framing_works_on_the_wire(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link), framing="stx-etx")
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"\x02]C0ONE\x03\r\n\x02]C0TW")
            scanner.send(b"O\x03")
            await until(lambda: len(context.spool) == 2)
        assert codes(context) == [("ONE", "C0"), ("TWO", "C0")]
        scanner.unplug()

    asyncio.run(run())


def test_a_code_without_terminator_ends_with_the_silence(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link), idle_flush_ms=40)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"]C0NO-END")
            await until(lambda: len(context.spool) == 1)
        assert codes(context) == [("NO-END", "C0")]
        scanner.unplug()

    asyncio.run(run())


def test_a_bouncing_trigger_is_one_scan_but_another_code_between_is_not(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link), repeat_ms=100)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"A\rA\rA\rB\rA\r")
            await until(lambda: len(context.spool) == 3)
            await asyncio.sleep(0.12)
            scanner.send(b"A\r")
            await until(lambda: len(context.spool) == 4)
        assert [data for data, _ in codes(context)] == ["A", "B", "A", "A"]
        scanner.unplug()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("verdict", "tone"), [(Verdict.ACCEPTED, b"\x1b7,"), (Verdict.REFUSED, b"\x1b8,"), (Verdict.NONE, b"")]
)
def test_the_person_hears_the_verdict(tmp_path: Path, link: Path, verdict: Verdict, tone: bytes) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link))
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"A\r")
            [event] = await until(context.events)
            driver.acknowledged(Acknowledge(event_id=event.event_id, verdict=verdict), None)
            await asyncio.sleep(0.05)
            driver.acknowledged(Acknowledge(event_id=event.event_id, verdict=verdict), None)  # once is enough
            await asyncio.sleep(0.05)
        assert scanner.heard() == tone
        scanner.unplug()

    asyncio.run(run())


def test_a_late_verdict_is_not_sounded(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link), verdict_timeout_ms=30)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"A\r")
            [event] = await until(context.events)
            await asyncio.sleep(0.06)
            driver.acknowledged(Acknowledge(event_id=event.event_id, verdict=Verdict.ACCEPTED), None)
            await asyncio.sleep(0.05)
        assert scanner.heard() == b""
        scanner.unplug()

    asyncio.run(run())


def test_a_full_spool_is_heard_at_once_and_seen(tmp_path: Path, link: Path) -> None:
    async def run() -> None:
        scanner = PtyScanner(link)
        driver, context = make(tmp_path, str(link), max_events=1)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            scanner.send(b"A\rB\r")
            await until(lambda: context.states()[-1:] == ["degraded"])
            await asyncio.sleep(0.05)
            assert scanner.heard() == b"\x1b8,"
            context.spool.settle("gw-1/b1/1")
            scanner.send(b"B\r")  # the same person tries again, at once
            await until(lambda: context.states()[-1:] == ["online"])
        assert codes(context) == [("B", "")]
        scanner.unplug()

    asyncio.run(run())


def test_a_scanner_behind_a_socket_is_read_answered_and_reconnected(tmp_path: Path) -> None:
    async def run() -> None:
        heard: list[bytes] = []
        writers: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            while data := await reader.read(100):
                heard.append(data)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        driver, context = make(tmp_path, f"socket://127.0.0.1:{port}")
        async with running(driver):
            await until(lambda: writers and context.states()[-1:] == ["online"])
            writers[0].write(b"]C0ONE\r")
            [event] = await until(context.events)
            driver.acknowledged(Acknowledge(event_id=event.event_id, verdict=Verdict.ACCEPTED), None)
            await until(lambda: heard == [b"\x1b7,"])
            writers[0].close()
            # what comes before the port is open is dropped: nobody was there to hear it
            await until(lambda: len(writers) == 2 and context.states().count("online") == 2)
            writers[1].write(b"]C0TWO\r")
            await until(lambda: codes(context) == [("ONE", "C0"), ("TWO", "C0")])
        server.close()

    asyncio.run(run())
