"""Line scanners: frames become ScanRead or NoRead at once; the verdict's tone goes back in time or never."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from devices.codecs.code import Code, read_frame
from devices.codecs.line import LineFramer
from devices.config import DeviceConfig
from devices.drivers.base import Context, Draft, Driver, log
from devices.errors import SpoolFullError
from devices.messages import Acknowledge, DeviceState, NoRead, ScanRead, Verdict
from devices.settings import ScannerSettings
from devices.transports.serial import SerialLink

# Scans of one person that wait for their verdict; older ones get no tone.
MAX_WAITING = 64
# The count of garbage is shown at most this often.
GARBAGE_REPORT_S = 1.0
_FOREVER_S = 3600.0


class ScannerDriver(Driver):
    def __init__(self, config: DeviceConfig, context: Context) -> None:
        super().__init__(config.key, context)
        assert isinstance(config.settings, ScannerSettings)
        self.settings = config.settings
        self._port = config.port
        self._link: SerialLink | None = None
        self._framer = LineFramer(self.settings.framing, self.settings.max_frame)
        self._waiting: OrderedDict[str, float] = (
            OrderedDict()
        )  # event id -> monotonic deadline of its verdict
        self._last: tuple[Code, float] | None = None
        self._garbage_shown = 0

    async def session(self) -> None:
        link = await SerialLink.open(self._port, self.settings)
        self._link = link
        try:
            self._framer.reset()
            self._report_online()
            while True:
                await self._receive(link)
        finally:
            self._link = None
            self._waiting.clear()
            await link.close()

    def retry_delay_s(self) -> float:
        """A local port is looked for at a steady pace: opening a name that is not there costs nothing."""
        if "://" in self._port:
            return super().retry_delay_s()
        return self.settings.replug_ms / 1000

    def acknowledged(self, ack: Acknowledge, source_key: str | None) -> None:
        deadline = self._waiting.pop(ack.event_id, None)
        if deadline is None or self.context.clock.monotonic() > deadline or self._link is None:
            return
        self._sound(ack.verdict)

    async def _receive(self, link: SerialLink) -> None:
        try:
            async with asyncio.timeout(self._patience_s()):
                data = await link.receive()
        except TimeoutError:
            if self.settings.idle_flush_ms and self._framer.is_partial:
                self._handle(self._framer.flush())
            self._show_garbage()
            return
        self._handle(self._framer.feed(data))

    def _patience_s(self) -> float:
        if self.settings.idle_flush_ms and self._framer.is_partial:
            return self.settings.idle_flush_ms / 1000
        return GARBAGE_REPORT_S if self._framer.garbage != self._garbage_shown else _FOREVER_S

    def _handle(self, frames: list[bytes]) -> None:
        for frame in frames:
            code = read_frame(frame, aim=self.settings.aim, no_read=self.settings.no_read)
            if code is None or not self._is_bounce(code):
                self._emit(code)

    def _is_bounce(self, code: Code) -> bool:
        """The same code again while the reader still bounces; each repetition keeps the window open."""
        now = self.context.clock.monotonic()
        last, self._last = self._last, (code, now)
        return last is not None and last[0] == code and (now - last[1]) * 1000 < self.settings.repeat_ms

    def _emit(self, code: Code | None) -> None:
        def make(event_id: str, at: str) -> ScanRead | NoRead:
            if code is None:
                return NoRead(event_id=event_id, device=self.key, at=at)
            return ScanRead(
                event_id=event_id, device=self.key, at=at, data=code.data, symbology=code.symbology
            )

        try:
            [stored] = self.context.emit(self.key, [Draft(make)])
        except SpoolFullError as error:
            # the person must hear at once that this scan did not count
            self._sound(Verdict.REFUSED)
            self._last = None
            self.report(DeviceState.DEGRADED, str(error))
            return
        if self.state is DeviceState.DEGRADED:
            self._report_online()
        self._waiting[stored.event_id] = (
            self.context.clock.monotonic() + self.settings.verdict_timeout_ms / 1000
        )
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)

    def _sound(self, verdict: Verdict) -> None:
        tones = {Verdict.ACCEPTED: self.settings.accepted, Verdict.REFUSED: self.settings.refused}
        tone = tones.get(verdict, b"")
        if tone and self._link is not None and not self._link.write(tone):
            log.debug("%s takes no verdicts", self.key)

    def _show_garbage(self) -> None:
        if self._framer.garbage != self._garbage_shown:
            self._report_online()

    def _report_online(self) -> None:
        self._garbage_shown = self._framer.garbage
        self.report(
            DeviceState.ONLINE, f"{self._garbage_shown} garbage frames" if self._garbage_shown else ""
        )
