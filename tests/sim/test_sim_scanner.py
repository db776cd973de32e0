"""The simulated scanner on a pty, read with pyserial as a gateway would."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest
import serial

from firmware_sim.ports import PortError
from firmware_sim.scanner import CODE_128, GS1_128, Scanner, item_symbology
from firmware_sim.world import ScannerSpec


def make_scanner(tmp_path: Path) -> Scanner:
    scanner = Scanner(ScannerSpec("scanner-1", tmp_path / "by-id" / "usb-sim-01"), random.Random(1))
    scanner.plug()
    return scanner


def open_port(scanner: Scanner) -> serial.Serial:
    return serial.Serial(str(scanner.spec.link), timeout=1, exclusive=True)


@pytest.mark.parametrize(
    ("barcode", "expected"),
    [
        ("2000000851235", ("E0", "2000000851235")),
        ("036000291452", ("E0", "0036000291452")),
        ("96385074", ("E4", "96385074")),
        ("85123A", ("C0", "85123A")),
    ],
)
def test_an_item_is_sent_with_its_aim_identifier(barcode: str, expected: tuple[str, str]) -> None:
    assert item_symbology(barcode) == expected


def test_frames_and_verdict_tones_travel_both_ways(tmp_path: Path) -> None:
    async def run() -> None:
        scanner = make_scanner(tmp_path)
        port = await asyncio.to_thread(open_port, scanner)
        assert await scanner.scan(CODE_128, "L-A0307BX")
        assert await scanner.scan(GS1_128, "00340123450000000017")
        assert await asyncio.to_thread(port.read_until, b"\r") == b"]C0L-A0307BX\r"
        assert await asyncio.to_thread(port.read_until, b"\r") == b"]C100340123450000000017\r"
        port.write(b"\x1b7")
        await asyncio.sleep(0.05)
        assert scanner.tones == 0
        port.write(b",\x1b8,")
        await asyncio.sleep(0.05)
        assert (scanner.tones, scanner.last_tone) == (2, False)
        port.close()
        scanner.unplug()

    asyncio.run(run())


def test_a_reader_that_closes_does_not_hang_up_the_port(tmp_path: Path) -> None:
    async def run() -> None:
        scanner = make_scanner(tmp_path)
        (await asyncio.to_thread(open_port, scanner)).close()
        port = await asyncio.to_thread(open_port, scanner)
        await scanner.scan(CODE_128, "T-000017Q")
        assert await asyncio.to_thread(port.read_until, b"\r") == b"]C0T-000017Q\r"
        port.close()
        scanner.unplug()
        assert not scanner.spec.link.is_symlink()

    asyncio.run(run())


def test_unplugging_hangs_up_and_a_new_port_appears_under_the_same_name(tmp_path: Path) -> None:
    async def run() -> None:
        scanner = make_scanner(tmp_path)
        port = await asyncio.to_thread(open_port, scanner)
        replugging = asyncio.create_task(scanner.replug(0.2))
        await asyncio.sleep(0.05)
        with pytest.raises((serial.SerialException, OSError)):
            await asyncio.to_thread(port.read_until, b"\r")
        assert not scanner.spec.link.exists()
        assert not await scanner.scan(CODE_128, "LOST")
        await replugging
        fresh = await asyncio.to_thread(open_port, scanner)
        await scanner.scan(CODE_128, "FOUND")
        assert await asyncio.to_thread(fresh.read_until, b"\r") == b"]C0FOUND\r"
        fresh.close()
        scanner.unplug()

    asyncio.run(run())


def test_the_same_label_is_not_read_again_within_the_bounce_time(tmp_path: Path) -> None:
    async def run() -> None:
        scanner = make_scanner(tmp_path)
        started = time.monotonic()
        await scanner.scan(CODE_128, "A")
        await scanner.scan(CODE_128, "B")
        assert time.monotonic() - started < 0.1
        await scanner.scan(CODE_128, "B")
        assert time.monotonic() - started >= 0.3
        scanner.unplug()

    asyncio.run(run())


def test_double_scan_and_garbage_faults_reach_the_wire(tmp_path: Path) -> None:
    async def run() -> None:
        scanner = make_scanner(tmp_path)
        port = await asyncio.to_thread(open_port, scanner)
        scanner.double_next = True
        await scanner.scan(CODE_128, "A")
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(port.read, 10) == b"]C0A\r]C0A\r"
        scanner.garbage()
        noise = await asyncio.to_thread(port.read_until, b"\r")
        assert noise.endswith(b"\r")
        assert any(byte < 0x20 or byte > 0x7E for byte in noise[:-1])
        port.close()
        scanner.unplug()

    asyncio.run(run())


def test_a_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    async def run() -> None:
        link = tmp_path / "port"
        link.write_text("mine")
        with pytest.raises(PortError):
            Scanner(ScannerSpec("s", link), random.Random(1)).plug()
        assert link.read_text() == "mine"

    asyncio.run(run())
