"""MFC-L1 light controllers: wanted picture against shown picture; presses counted, never sampled."""

from __future__ import annotations

from devices.codecs import mfc_l1
from devices.config import DeviceConfig
from devices.drivers.base import Context, Draft, Driver, MakeEvent, log
from devices.drivers.heartbeat import HeartbeatWatch
from devices.drivers.presses import PressCounters, compare
from devices.errors import LinkDownError, LinkTimeoutError, SpoolFullError, WrongDeviceError
from devices.messages import ButtonPressed, DeviceState, Direct, LampsShown, Press, SetLamps
from devices.settings import LightsSettings
from devices.transports.modbus import ModbusLink
from devices.wake import Every, Wake

# Quick repairs of a point that shows something else; after these it is flagged and written at a slow pace.
MAX_QUICK_REPAIRS = 3
# A jumped counter is shown this long.
JUMP_SHOWN_S = 10.0


class LightsDriver(Driver):
    def __init__(self, config: DeviceConfig, context: Context) -> None:
        super().__init__(config.key, context)
        assert isinstance(config.settings, LightsSettings)
        self.settings = config.settings
        self._address = (config.host, config.tcp_port)
        self._wake = Wake()
        self._wanted: SetLamps | None = None
        self._memory_key = f"presses/{config.key}"
        self._counters = PressCounters.from_text(context.recall(self._memory_key))
        self._shown: list[int] | None = None  # as last reported
        self._jump: tuple[str, float] | None = None  # text, shown until
        self._host_beat = 0
        self._trouble = ""  # what kept the last poll from storing presses
        self._foreign: list[int] = []  # wanted points that the controller does not have, as last logged
        self._start_session(points=0, boot=0, believed=[])

    def _start_session(self, *, points: int, boot: int, believed: list[int]) -> None:
        self._points = points
        self._boot = boot
        self._believed = believed  # what the controller should be showing, as far as we know
        self._want: list[int] | None = None
        self._wrong: set[int] = set()  # points that differed at the last look
        self._repairs = 0
        self._beat = HeartbeatWatch()
        now = self.context.clock.monotonic()
        self._poll_due = Every(self.settings.poll_ms / 1000, now)
        self._beat_due = Every(self.settings.heartbeat_ms / 1000, now)
        self._verify_due = Every(self.settings.verify_ms / 1000, now)
        self._repair_due = Every(self.settings.retry_lamp_ms / 1000, now)

    def command(self, command: SetLamps | Direct) -> None:
        if not isinstance(command, SetLamps):
            super().command(command)
            return
        if self._wanted is not None and command.version < self._wanted.version:
            log.debug("%s: picture %d is older than %d", self.key, command.version, self._wanted.version)
            return
        self._wanted = command
        self._want = None
        self._wake.set()

    def forget_version(self) -> None:
        """The WMS is new on the bus: its versions may start again."""
        if self._wanted is not None:
            self._wanted = SetLamps(device=self.key, version=-1, lamps=self._wanted.lamps)

    async def session(self) -> None:
        host, port = self._address
        link = ModbusLink(
            host, port, unit_id=self.settings.unit_id, timeout_s=self.settings.timeout_ms / 1000
        )
        try:
            await link.open()
            self.report(DeviceState.SYNCING)
            await self._sync(link)
            while True:
                try:
                    await self._turn(link)
                except LinkTimeoutError as error:
                    self.report(DeviceState.DEGRADED, str(error))
        finally:
            await link.close()

    async def _sync(self, link: ModbusLink) -> None:
        head = mfc_l1.parse_head(await link.read(0, mfc_l1.HEAD_COUNT))
        self._check(head)
        shown = await link.read(mfc_l1.SHOWN, head.points)
        self._start_session(points=head.points, boot=head.boot, believed=list(shown))
        self._shown = None
        self._report_shown(shown)

    def _check(self, head: mfc_l1.Head) -> None:
        if head.map_id != mfc_l1.MAP_ID:
            raise WrongDeviceError(
                f"map id is 0x{head.map_id:04X}, expected 0x{mfc_l1.MAP_ID:04X}; nothing is written"
            )
        if not 1 <= head.points <= mfc_l1.MAX_POINTS:
            raise WrongDeviceError(
                f"{head.points} points, expected 1..{mfc_l1.MAX_POINTS}; nothing is written"
            )

    async def _turn(self, link: ModbusLink) -> None:
        """Writes what is wanted at once, then sleeps until something is due or wanted."""
        await self._write_wanted(link)
        clock = self.context.clock
        next_at = min(self._poll_due.at, self._beat_due.at, self._verify_due.at)
        if await self._wake.wait(next_at - clock.monotonic()):
            await self._write_wanted(link)
        now = clock.monotonic()
        if self._poll_due.take(now):
            await self._poll(link)
        if self._beat_due.take(now):
            self._host_beat = (self._host_beat + 1) & 0xFFFF
            await link.write(mfc_l1.HOST_HEARTBEAT, [self._host_beat])
        if self._verify_due.take(now):
            await self._verify(link)

    async def _write_wanted(self, link: ModbusLink) -> None:
        want = self._wanted_words()
        if want is None:
            return
        span = mfc_l1.changed_span(self._believed, want)
        if span is None:
            return
        start, end = span
        await link.write(mfc_l1.WANTED + start, want[start:end])
        self._believed[start:end] = want[start:end]
        self._verify_due.hasten(self.context.clock.monotonic() + self.settings.settle_ms / 1000)

    def _wanted_words(self) -> list[int] | None:
        if self._wanted is not None and self._want is None:
            self._want = mfc_l1.picture_words(self._wanted.lamps, self._points)
            foreign = [channel for channel in self._wanted.lamps if not 0 <= channel < self._points]
            if foreign and foreign != self._foreign:
                log.warning("%s has %d points, no point %s", self.key, self._points, foreign)
            self._foreign = foreign
        return self._want

    async def _poll(self, link: ModbusLink) -> None:
        registers = await link.read(0, mfc_l1.PRESSES + self._points)
        head = mfc_l1.parse_head(registers)
        self._check(head)
        if head.points != self._points:
            raise LinkDownError(f"the number of points changed from {self._points} to {head.points}")
        if head.boot != self._boot:
            self._rebooted(head.boot)
        self._count(PressCounters(head.boot, tuple(registers[mfc_l1.PRESSES :])))
        self._report_health(head)

    def _rebooted(self, boot: int) -> None:
        """A rebooted controller is dark: -1 is a word that nothing wants, so the whole picture is written."""
        log.info("%s rebooted (boot id %d -> %d)", self.key, self._boot, boot)
        self._boot = boot
        self._believed = [-1] * self._points if self._wanted is not None else [0] * self._points
        self._wrong.clear()
        self._wake.set()

    def _count(self, counters: PressCounters) -> None:
        self._trouble = ""
        if counters == self._counters:
            return
        found = compare(self._counters, counters)
        drafts = [Draft(self._pressed(channel, press)) for channel, press in found.presses]
        try:
            self.context.emit(self.key, drafts, {self._memory_key: counters.to_text()})
        except SpoolFullError as error:
            # the counters stay as they were: the presses are found again at the next poll
            self._trouble = str(error)
            return
        self._counters = counters
        if found.jumps:
            text = "; ".join(found.jumps)
            log.error("%s: %s", self.key, text)
            self._jump = (text, self.context.clock.monotonic() + JUMP_SHOWN_S)

    def _pressed(self, channel: int, press: Press) -> MakeEvent:
        def make(event_id: str, at: str) -> ButtonPressed:
            return ButtonPressed(event_id=event_id, device=self.key, at=at, channel=channel, press=press)

        return make

    async def _verify(self, link: ModbusLink) -> None:
        shown = await link.read(mfc_l1.SHOWN, self._points)
        self._report_shown(shown)
        want = self._wanted_words()
        if want is None:
            return
        wrong = {channel for channel in range(self._points) if shown[channel] != want[channel]}
        lasting = wrong & self._wrong
        self._wrong = wrong
        now = self.context.clock.monotonic()
        if not wrong:
            self._repairs = 0
            return
        if self._repairs < MAX_QUICK_REPAIRS:
            self._verify_due.hasten(now + self.settings.settle_ms / 1000)
        if lasting and (self._repairs < MAX_QUICK_REPAIRS or self._repair_due.take(now)):
            self._repairs += 1
            self._repair_due.at = now + self._repair_due.period_s
            self._wrong = set()
            for channel in lasting:
                self._believed[channel] = -1

    def _report_shown(self, shown: list[int]) -> None:
        if shown != self._shown:
            self._shown = shown
            lamps = mfc_l1.picture_of(shown)
            self.context.level(LampsShown(device=self.key, lamps=lamps, at=self.context.clock.stamp()))

    def _report_health(self, head: mfc_l1.Head) -> None:
        now = self.context.clock.monotonic()
        if self._jump is not None and now >= self._jump[1]:
            self._jump = None
        if self._jump is not None:
            self.report(DeviceState.FAULT, self._jump[0])
        elif self._beat.still_s(head.heartbeat, now) * 1000 >= self.settings.stale_ms:
            self.report(DeviceState.DEGRADED, "the controller's heartbeat has stopped")
        elif self._trouble:
            self.report(DeviceState.DEGRADED, self._trouble)
        elif head.state & mfc_l1.STATE_FAULT:
            self.report(DeviceState.DEGRADED, "the controller reports a fault")
        elif self._repairs >= MAX_QUICK_REPAIRS:
            points = ", ".join(str(channel) for channel in sorted(self._wrong)) or "?"
            self.report(DeviceState.DEGRADED, f"points {points} do not show what is wanted")
        else:
            self.report(DeviceState.ONLINE)
