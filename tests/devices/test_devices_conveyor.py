"""The conveyor driver against a PLC double: acknowledgements, directions, cold starts, cuts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from wire_doubles import BenchContext, PlcDouble, device_config, running, until

from devices.drivers.conveyor import ConveyorDriver
from devices.messages import (
    Acknowledge,
    Direct,
    DirectionRequested,
    FacilityStatus,
    LoadMoved,
    Outcome,
    ReadKind,
)

FAST = {"points": 2, "poll_ms": 10, "timeout_ms": 200, "stale_ms": 600, "lost_ms": 1500}


def make(
    tmp_path: Path, port: int, boot: str = "b1", max_events: int = 1000, **settings: Any
) -> tuple[ConveyorDriver, BenchContext]:
    context = BenchContext(tmp_path / "spool.sqlite", boot=boot, max_events=max_events)
    config = device_config("mfc-1", tmp_path, {**FAST, **settings}, host="127.0.0.1", port=port)
    return ConveyorDriver(config, context), context


def direct(command: str, *, point: int = 0, tracking: int = 77, lane: int = 1, ttl_ms: int = 1000) -> Direct:
    return Direct(
        command_id=command, device="dev-1", point=point, tracking_id=tracking, lane=lane, ttl_ms=ttl_ms
    )


def commit(driver: ConveyorDriver, context: BenchContext, event_id: str) -> None:
    """What the gateway does when the WMS has committed an event."""
    settled = context.spool.settle(event_id)
    assert settled is not None
    driver.acknowledged(Acknowledge(event_id=event_id), settled.source_key)


def test_an_event_is_acknowledged_to_the_plc_only_after_the_commit(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(0, 1, 77, "T-000017Q")
            plc.event(0, 2, 76, "T-000016Q", lane=7)
            [event] = await until(context.events)
            assert event == DirectionRequested(
                event_id="gw-1/b1/1",
                device="dev-1",
                at=event.at,
                point=0,
                tracking_id=77,
                read=ReadKind.READ,
                barcode="T-000017Q",
            )
            await asyncio.sleep(0.1)
            assert (plc.registers[16], plc.registers[34], len(context.spool)) == (1, 0, 1)
            commit(driver, context, event.event_id)
            await until(lambda: plc.registers[34] == 1)
            [moved] = await until(context.events)
            assert isinstance(moved, LoadMoved)
            assert (moved.outcome, moved.lane, moved.tracking_id) == (Outcome.DIVERTED, 7, 76)
            assert plc.written(34) == [[1]]
        await plc.stop()

    asyncio.run(run())


def test_no_reads_multi_reads_and_bad_barcodes_ask_for_a_direction_too(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(0, 6, 1)
            plc.event(1, 7, 2, "AB")
            await until(lambda: len(context.spool) == 2)
            found = [(e.point, e.read, e.barcode) for e in context.events()]
            assert found == [(0, ReadKind.NO_READ, ""), (1, ReadKind.MULTI_READ, "AB")]
            for event in context.events():
                commit(driver, context, event.event_id)
            await until(lambda: plc.registers[34] == 1)
            plc.event(0, 1, 3, "\x01\x02")
            [event] = await until(context.events)
            assert (event.read, event.barcode) == (ReadKind.NO_READ, "")
        await plc.stop()

    asyncio.run(run())


def test_a_direction_is_one_write_with_a_new_sequence_and_happens_once(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            driver.command(direct("c1", lane=3))
            driver.command(direct("c1", lane=3))
            driver.command(direct("c2", tracking=0x12345678, lane=0xFFFF))
            driver.command(direct("c3", point=1, lane=5))
            driver.command(direct("c4", point=2))
            driver.command(direct("c5", tracking=0))
            await until(lambda: len(plc.commands) == 3)
            await asyncio.sleep(0.1)
            assert sorted(plc.commands) == [
                (0, [1, 0, 77, 3, 0]),
                (0, [2, 0x1234, 0x5678, 0xFFFF, 0]),
                (1, [1, 0, 77, 5, 0]),
            ]
        await plc.stop()

    asyncio.run(run())


def test_a_direction_older_than_its_time_is_dropped(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        driver, _context = make(tmp_path, 1)  # nobody listens there
        driver.command(direct("late", ttl_ms=30))
        driver.command(direct("good", lane=2, ttl_ms=5000))
        await asyncio.sleep(0.05)
        await plc.start()
        driver._address = ("127.0.0.1", plc.port)
        async with running(driver):
            await until(lambda: plc.commands)
            await asyncio.sleep(0.05)
            assert plc.commands == [(0, [1, 0, 77, 2, 0])]
        await plc.stop()

    asyncio.run(run())


def test_a_command_sequence_goes_on_where_the_plc_is(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble(is_cold=False)
        plc.registers[16 + 19] = 65535
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            driver.command(direct("c1"))
            await until(lambda: plc.commands == [(0, [1, 0, 77, 1, 0])])
        await plc.stop()

    asyncio.run(run())


def test_a_cold_start_is_acknowledged_by_an_edge_and_old_numbers_are_new_events(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            assert plc.written(6) == [[0], [8], [0]]
            plc.event(0, 1, 77, "A")
            [first] = await until(context.events)
            commit(driver, context, first.event_id)
            await until(lambda: plc.registers[34] == 1)
            plc.power_up()
            plc.event(0, 1, 77, "A")  # sequence 1, load unit 77 again: another event all the same
            [second] = await until(context.events)
            assert second.event_id == "gw-1/b1/2"
            await until(lambda: plc.registers[3] & 64 == 0)
        await plc.stop()

    asyncio.run(run())


def test_an_event_that_waits_in_the_spool_is_not_a_new_one_after_a_crash(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(0, 1, 77, "A")
            await until(lambda: len(context.spool) == 1)
        context.spool.close()
        driver, context = make(tmp_path, plc.port, boot="b2")
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            await asyncio.sleep(0.05)
            assert [event.event_id for event in context.events()] == ["gw-1/b1/1"]
            commit(driver, context, "gw-1/b1/1")
            await until(lambda: plc.registers[34] == 1)
        await plc.stop()

    asyncio.run(run())


def test_an_event_committed_before_a_crash_is_only_told_to_the_plc(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(0, 1, 77, "A")
            [event] = await until(context.events)
        context.spool.settle(event.event_id)  # the commit came, the crash was before register +18
        context.spool.close()
        driver, context = make(tmp_path, plc.port, boot="b2")
        async with running(driver):
            await until(lambda: plc.registers[34] == 1)
            assert len(context.spool) == 0
        await plc.stop()

    asyncio.run(run())


def test_a_cut_plc_comes_back_and_its_event_stays_one(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(1, 3, 5, reason=1)
            [event] = await until(context.events)
            await plc.stop()
            await until(lambda: context.states()[-1:] == ["offline"])
            commit(driver, context, event.event_id)  # while the line is down
            await plc.start()
            await until(lambda: plc.registers[16 + 24 + 18] == 1)
            await until(lambda: context.states()[-1:] == ["online"])
            assert len(context.spool) == 0
        assert plc.written(6) == [[0], [8], [0]]  # it was never powered down
        await plc.stop()
        assert plc.connections == 0

    asyncio.run(run())


def test_both_heartbeats_are_kept_and_a_still_plc_is_degraded_then_offline(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port, heartbeat_ms=50)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            await until(lambda: len(plc.written(2)) >= 4)
            beats = [values[0] for values in plc.written(2)]
            assert beats == list(range(1, len(beats) + 1))
            plc.is_alive = False
            await until(lambda: context.states()[-1:] == ["degraded"])
            assert context.details()[-1] == "the PLC's heartbeat has stopped"
            await until(lambda: context.states()[-1:] == ["offline"])
            plc.is_alive = True
            await until(lambda: context.states()[-1:] == ["online"])
        await plc.stop()

    asyncio.run(run())


def test_the_facility_is_told_when_it_changes_and_only_then(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)

        def facilities() -> list[FacilityStatus]:
            return [level for level in context.levels if isinstance(level, FacilityStatus)]

        async with running(driver):
            await until(facilities)
            await asyncio.sleep(0.1)
            assert len(facilities()) == 1
            plc.registers[3] |= 0b11100
            plc.registers[4], plc.registers[8], plc.registers[15] = 42, 0x8001, 0x8000
            last = (await until(lambda: facilities()[1:]))[-1]
            assert (last.emergency_stop, last.jam, last.fault_code) == (True, True, 42)
            assert (last.full_lanes, last.occupied_lanes) == ((1, 16), (64,))
        await plc.stop()

    asyncio.run(run())


def test_many_points_are_read_without_splitting_one(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble(points=11)
        await plc.start()
        driver, context = make(tmp_path, plc.port, points=11)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            for point in range(11):
                plc.event(point, 1, 100 + point, f"T{point}")
            await until(lambda: len(context.spool) == 11)
            # Points are read in blocks: a block that was read just before these events is read again after the others.
            found = sorted((event.point, event.tracking_id, event.barcode) for event in context.events())
            assert found == [(point, 100 + point, f"T{point}") for point in range(11)]
        await plc.stop()

    asyncio.run(run())


def test_an_unknown_event_type_does_not_block_the_queue(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(0, 9, 1)
            plc.event(0, 1, 2, "OK")
            [event] = await until(context.events)
            assert event.barcode == "OK"
        await plc.stop()

    asyncio.run(run())


def test_a_foreign_device_is_never_written_to(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        plc.registers[0] = 0x4C01
        await plc.start()
        driver, context = make(tmp_path, plc.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["fault"])
        assert plc.writes == []
        await plc.stop()

    asyncio.run(run())


def test_a_full_spool_leaves_the_event_with_the_plc_until_there_is_room(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port, max_events=1)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.event(0, 1, 77, "A")
            plc.event(1, 1, 78, "B")
            await until(lambda: context.states()[-1:] == ["degraded"])
            await asyncio.sleep(0.1)
            assert context.states().count("degraded") == 1  # said once, not at every poll
            [first] = context.events()
            commit(driver, context, first.event_id)
            await until(lambda: [event.barcode for event in context.events()] == ["B"])
            await until(lambda: context.states()[-1:] == ["online"])
        await plc.stop()

    asyncio.run(run())


def test_a_direction_that_met_a_silent_plc_is_written_after_the_reconnection(tmp_path: Path) -> None:
    async def run() -> None:
        plc = PlcDouble()
        await plc.start()
        driver, context = make(tmp_path, plc.port, timeout_ms=60)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            plc.is_silent = True
            driver.command(direct("c1", lane=4, ttl_ms=5000))
            await until(lambda: context.states()[-1:] == ["offline"])
            assert plc.commands == []
            plc.is_silent = False
            await until(lambda: plc.commands)
            assert [(point, block[1:]) for point, block in plc.commands] == [(0, [0, 77, 4, 0])]
        await plc.stop()

    asyncio.run(run())
