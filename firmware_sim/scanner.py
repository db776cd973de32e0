"""A handheld scanner: sends codes, hears the verdict (docs/reference/serial-scanner.md)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from firmware_sim.ports import Pty
from firmware_sim.world import ScannerSpec

ACCEPTED, REFUSED = b"\x1b7,", b"\x1b8,"
CODE_128, GS1_128, EAN_13, EAN_8 = "C0", "C1", "E0", "E4"
TERMINATOR = b"\r"
# Readers drop the same code within 300 ms as a bounce of the trigger; a person is not that fast.
REPEAT_GUARD_S = 0.35
BOUNCE_S = 0.05
MAX_HEARD = 64
GARBAGE_BYTES = 24


def item_symbology(barcode: str) -> tuple[str, str]:
    """AIM identifier and transmitted data for an article's barcode: a reader sends UPC-A as 13 digits."""
    if barcode.isdigit():
        if len(barcode) in (12, 13):
            return EAN_13, barcode.zfill(13)
        if len(barcode) == 8:
            return EAN_8, barcode
    return CODE_128, barcode


class Scanner:
    """One scanner on one port; ``tones`` counts verdicts heard, ``last_tone`` is True for the good one."""

    def __init__(self, spec: ScannerSpec, rng: random.Random) -> None:
        self.spec = spec
        self.rng = rng
        self.port = Pty(spec.link, self._hear)
        self.listeners: list[Callable[[], None]] = []
        self.tones = 0
        self.last_tone: bool | None = None
        self.double_next = False
        self._heard = b""
        self._last_frame = b""
        self._last_sent_s = 0.0

    def plug(self) -> None:
        self.port.open()

    def unplug(self) -> None:
        self.port.close()

    async def replug(self, off_s: float) -> None:
        self.unplug()
        await asyncio.sleep(off_s)
        self.plug()

    async def scan(self, symbology: str, data: str) -> bool:
        """Read one label. Waits as long as a person needs to read the same label again."""
        frame = f"]{symbology}{data}".encode("latin-1") + TERMINATOR
        if frame == self._last_frame:
            await asyncio.sleep(max(0.0, self._last_sent_s + REPEAT_GUARD_S - time.monotonic()))
        self._last_frame, self._last_sent_s = frame, time.monotonic()
        sent = self.port.write(frame)
        if self.double_next:
            self.double_next = False
            asyncio.get_running_loop().call_later(BOUNCE_S, self.port.write, frame)
        return sent

    def last_code(self) -> tuple[str, str] | None:
        """AIM identifier and data of the label read last."""
        text = self._last_frame.decode("latin-1").rstrip()
        return (text[1:3], text[3:]) if text else None

    def garbage(self) -> None:
        """Line noise: bytes that are no code, ended like one."""
        noise = bytes(
            self.rng.choice((0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF, 0x41)) for _ in range(GARBAGE_BYTES)
        )
        self.port.write(b"\x80" + noise + TERMINATOR)

    def _hear(self, data: bytes) -> None:
        self._heard = (self._heard + data)[-MAX_HEARD:]
        while True:
            found = [(at, tone) for tone in (ACCEPTED, REFUSED) if (at := self._heard.find(tone)) >= 0]
            if not found:
                return
            at, tone = min(found)
            self._heard = self._heard[at + len(tone) :]
            self.tones += 1
            self.last_tone = tone == ACCEPTED
            for listener in self.listeners:
                listener()
