"""MFC-1 conveyor PLCs: events up, acknowledged after the WMS's commit; directions down, once, in time."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict

from devices.codecs import mfc_1
from devices.config import DeviceConfig
from devices.drivers.base import Context, Draft, Driver, log
from devices.drivers.commands import Directions, Due
from devices.drivers.heartbeat import HeartbeatWatch
from devices.errors import DeviceError, LinkDownError, LinkTimeoutError, SpoolFullError, WrongDeviceError
from devices.messages import (
    Acknowledge,
    DeviceState,
    Direct,
    DirectionRequested,
    Event,
    FacilityStatus,
    LoadMoved,
    Outcome,
    ReadKind,
    SetLamps,
)
from devices.settings import ConveyorSettings
from devices.transports.modbus import MAX_READ, ModbusLink
from devices.wake import Every, Wake

# After an acknowledgement the PLC shows its next event within one scan; do not wait for the ordinary poll.
NEXT_EVENT_S = 0.01
# Acknowledgements that wait for their register: the PLC queues 8 events a point and keeps what is not told.
MAX_ACKS = 512

_READS = {
    mfc_1.SCAN_REQUEST: ReadKind.READ,
    mfc_1.NO_READ: ReadKind.NO_READ,
    mfc_1.MULTI_READ: ReadKind.MULTI_READ,
}
_OUTCOMES = {
    mfc_1.DIVERTED: Outcome.DIVERTED,
    mfc_1.MISSED: Outcome.MISSED,
    mfc_1.LOST: Outcome.LOST,
    mfc_1.UNKNOWN: Outcome.UNKNOWN,
}


class ConveyorDriver(Driver):
    def __init__(self, config: DeviceConfig, context: Context) -> None:
        super().__init__(config.key, context)
        assert isinstance(config.settings, ConveyorSettings)
        self.settings = config.settings
        self._address = (config.host, config.tcp_port)
        self._wake = Wake()
        self._directions = Directions(config.key, self.settings.points, self.settings.command_gap_ms / 1000)
        self._acks: OrderedDict[str, None] = OrderedDict()  # source keys, oldest first
        # A cold start begins a new epoch: the PLC counts its events from 1 again.
        self._epoch_key = f"epoch/{config.key}"
        self._epoch = int(context.recall(self._epoch_key) or 0)
        self._wcs_beat = 0
        self._facility: FacilityStatus | None = None
        self._start_session()

    def _start_session(self) -> None:
        points = self.settings.points
        self._blocks: list[mfc_1.PointBlock | None] = [None] * points
        self._taken = [0] * points  # sequence of the event that is in the spool
        self._trouble = ""  # what kept the last poll from taking an event
        self._beat = HeartbeatWatch()
        now = self.context.clock.monotonic()
        self._poll_due = Every(self.settings.poll_ms / 1000, now)
        self._beat_due = Every(self.settings.heartbeat_ms / 1000, now)

    def command(self, command: SetLamps | Direct) -> None:
        if isinstance(command, Direct):
            self._directions.add(command, self.context.clock.monotonic())
            self._wake.set()
        else:
            super().command(command)

    def acknowledged(self, ack: Acknowledge, source_key: str | None) -> None:
        if source_key is not None:
            self._want_ack(source_key)

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
        self._start_session()
        status, blocks = await self._read_all(link)
        if status.cold_start:
            blocks = await self._cold_start(link)
        self._directions.start_session([block.command_sequence for block in blocks])
        self._facility = None

    async def _cold_start(self, link: ModbusLink) -> list[mfc_1.PointBlock]:
        """Ends the old epoch on disk, then raises the acknowledge bit until the PLC clears its power-up bit.

        No event is taken before the bit is clear: a crash in between only starts one more empty epoch.
        """
        clock = self.context.clock
        log.info("%s: the PLC was powered up; starting epoch %d", self.key, self._epoch + 1)
        self._epoch += 1
        self.context.remember({self._epoch_key: str(self._epoch)})
        self._acks.clear()
        give_up_at = clock.monotonic() + self.settings.cold_start_ms / 1000
        pause, pulse = Wake(), 0
        while clock.monotonic() < give_up_at:
            # an edge: down for one poll, up for some, again if it was missed
            word = mfc_1.COMMAND_ACK_POWER_UP if pulse % 10 else 0
            pulse += 1
            await link.write(self._at(mfc_1.COMMAND_WORD), [word])
            await self._beat_host(link)
            await pause.wait(self.settings.poll_ms / 1000)
            status, blocks = await self._read_all(link)
            if not status.cold_start:
                await link.write(self._at(mfc_1.COMMAND_WORD), [0])
                return blocks
        raise LinkDownError("the PLC does not clear its power-up bit")

    async def _turn(self, link: ModbusLink) -> None:
        await self._write_all(link)
        clock = self.context.clock
        now = clock.monotonic()
        next_at = min(self._poll_due.at, self._beat_due.at, self._directions.next_at(now))
        if await self._wake.wait(next_at - now):
            await self._write_all(link)
        now = clock.monotonic()
        if self._poll_due.take(now):
            status, blocks = await self._read_all(link)
            if status.cold_start:
                raise LinkDownError("the PLC was powered up")
            self._take_events(blocks)
            self._report_facility(status)
            self._report_health(status)
        if self._beat_due.take(now):
            await self._beat_host(link)

    async def _write_all(self, link: ModbusLink) -> None:
        """Directions first: a load unit is rolling towards its diverter."""
        clock = self.context.clock
        while (due := self._directions.take(clock.monotonic())) is not None:
            await self._write_direction(link, due)
        while self._acks:
            source_key = next(iter(self._acks))
            await self._write_ack(link, source_key)
            self._acks.pop(source_key, None)

    async def _write_direction(self, link: ModbusLink, due: Due) -> None:
        try:
            await link.write(self._at(mfc_1.point_address(due.point) + mfc_1.COMMAND), due.block)
        except DeviceError:
            # perhaps it was done: a sequence seen twice, or a load unit that has left, is no second action
            self._directions.put_back(due)
            raise

    async def _write_ack(self, link: ModbusLink, source_key: str) -> None:
        """Only the event that the point shows now: an older one was told, or is of another epoch."""
        for point, block in enumerate(self._blocks):
            if block is not None and block.is_waiting and self._source_key(point, block) == source_key:
                await link.write(self._at(mfc_1.point_address(point) + mfc_1.ACKNOWLEDGED), [block.sequence])
                self._poll_due.hasten(self.context.clock.monotonic() + NEXT_EVENT_S)
                return

    async def _beat_host(self, link: ModbusLink) -> None:
        self._wcs_beat = (self._wcs_beat + 1) & 0xFFFF
        await link.write(self._at(mfc_1.WCS_HEARTBEAT), [self._wcs_beat])

    async def _read_all(self, link: ModbusLink) -> tuple[mfc_1.PlcStatus, list[mfc_1.PointBlock]]:
        """Status and all points; a point is never split over two requests: its block is of one moment."""
        total = mfc_1.FIRST_POINT + mfc_1.STRIDE * self.settings.points
        registers: list[int] = []
        while len(registers) < total:
            head = 0 if registers else mfc_1.FIRST_POINT
            room = head + (MAX_READ - head) // mfc_1.STRIDE * mfc_1.STRIDE
            registers += await link.read(self._at(len(registers)), min(room, total - len(registers)))
        status = mfc_1.parse_status(registers)
        if status.map_id != mfc_1.MAP_ID:
            raise WrongDeviceError(
                f"map id is 0x{status.map_id:04X}, expected 0x{mfc_1.MAP_ID:04X}; nothing is written"
            )
        starts = [mfc_1.point_address(point) for point in range(self.settings.points)]
        blocks = [mfc_1.parse_point(registers[start : start + mfc_1.STRIDE]) for start in starts]
        return status, blocks

    def _take_events(self, blocks: list[mfc_1.PointBlock]) -> None:
        self._blocks = list(blocks)
        self._trouble = ""
        for point, block in enumerate(blocks):
            if block.is_waiting and block.sequence != self._taken[point]:
                self._take(point, block)

    def _take(self, point: int, block: mfc_1.PointBlock) -> None:
        source_key = self._source_key(point, block)
        if block.kind not in _READS and block.kind not in _OUTCOMES:
            log.error("%s point %d: unknown event type %d is passed over", self.key, point, block.kind)
            self._taken[point] = block.sequence
            self._want_ack(source_key)
            return

        def make(event_id: str, at: str) -> Event:
            return self._event(event_id, at, point, block)

        try:
            [stored] = self.context.emit(self.key, [Draft(make, source_key)])
        except SpoolFullError as error:
            # not taken: the PLC keeps the event and shows it until there is room
            self._trouble = str(error)
            return
        self._taken[point] = block.sequence
        if stored.is_acknowledged:
            self._want_ack(source_key)

    def _event(self, event_id: str, at: str, point: int, block: mfc_1.PointBlock) -> Event:
        if block.kind in _READS:
            read = ReadKind.NO_READ if block.is_barcode_bad else _READS[block.kind]
            return DirectionRequested(
                event_id=event_id,
                device=self.key,
                at=at,
                point=point,
                tracking_id=block.tracking_id,
                read=read,
                barcode=block.barcode,
            )
        return LoadMoved(
            event_id=event_id,
            device=self.key,
            at=at,
            point=point,
            tracking_id=block.tracking_id,
            outcome=_OUTCOMES[block.kind],
            lane=block.lane,
            barcode=block.barcode,
            reason=block.reason,
        )

    def _want_ack(self, source_key: str) -> None:
        self._acks[source_key] = None
        if len(self._acks) > MAX_ACKS:
            self._acks.popitem(last=False)
        self._wake.set()

    def _source_key(self, point: int, block: mfc_1.PointBlock) -> str:
        return f"{self.key}/{self._epoch}/{point}/{block.sequence}/{block.kind}/{block.tracking_id}"

    def _at(self, address: int) -> int:
        return self.settings.base + address

    def _report_facility(self, status: mfc_1.PlcStatus) -> None:
        at = self._facility.at if self._facility is not None else ""
        level = FacilityStatus(
            device=self.key,
            automatic=status.automatic,
            running=status.running,
            emergency_stop=status.emergency_stop,
            jam=status.jam,
            fault_code=status.fault_code if status.fault else 0,
            full_lanes=status.full_lanes,
            occupied_lanes=status.occupied_lanes,
            at=at or self.context.clock.stamp(),
        )
        if level != self._facility:
            changed = dataclasses.replace(level, at=self.context.clock.stamp())
            self._facility = changed
            self.context.level(changed)

    def _report_health(self, status: mfc_1.PlcStatus) -> None:
        still_ms = self._beat.still_s(status.heartbeat, self.context.clock.monotonic()) * 1000
        if still_ms >= self.settings.lost_ms:
            raise LinkDownError("the PLC's heartbeat has stopped")
        if still_ms >= self.settings.stale_ms:
            self.report(DeviceState.DEGRADED, "the PLC's heartbeat has stopped")
        elif self._trouble:
            self.report(DeviceState.DEGRADED, self._trouble)
        elif status.maintenance:
            self.report(DeviceState.DEGRADED, "the PLC is in maintenance")
        elif not status.ready:
            self.report(DeviceState.DEGRADED, "the PLC is not ready for commands")
        else:
            self.report(DeviceState.ONLINE)
