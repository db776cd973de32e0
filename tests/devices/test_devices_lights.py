"""The light driver against a Modbus server: pictures, reboots, presses, broken lamps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from wire_doubles import BenchContext, LightsDouble, device_config, running, until

from devices.drivers.lights import LightsDriver
from devices.messages import ButtonPressed, Colour, Lamp, LampMode, LampsShown, Press, SetLamps

FAST = {
    "poll_ms": 10,
    "verify_ms": 40,
    "settle_ms": 5,
    "stale_ms": 500,
    "timeout_ms": 200,
    "retry_lamp_ms": 500,
}
BLUE_3 = 0xAC03  # blue, steady, quantity 3 shown
AMBER_FAST = 0x7000


def make(tmp_path: Path, port: int, boot: str = "b1", **settings: Any) -> tuple[LightsDriver, BenchContext]:
    context = BenchContext(tmp_path / "spool.sqlite", boot=boot)
    config = device_config("mfc-l1", tmp_path, {**FAST, **settings}, host="127.0.0.1", port=port)
    return LightsDriver(config, context), context


def picture(version: int, lamps: dict[int, Lamp]) -> SetLamps:
    return SetLamps(device="dev-1", version=version, lamps=lamps)


def presses(context: BenchContext) -> list[tuple[int, str]]:
    return [
        (event.channel, event.press.value) for event in context.events() if isinstance(event, ButtonPressed)
    ]


BLUE = Lamp(Colour.BLUE, quantity=3)
AMBER = Lamp(Colour.AMBER, LampMode.FAST)


def test_a_changed_picture_is_one_block_write_over_the_smallest_span(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, context = make(tmp_path, lights.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            assert lights.pictures() == []  # nobody has said what is wanted: the lamps hold
            driver.command(picture(1, {2: BLUE, 5: AMBER}))
            await until(lambda: lights.pictures() == [(202, [BLUE_3, 0, 0, AMBER_FAST])])
            await until(lambda: isinstance(context.levels[-1], LampsShown))
            driver.command(picture(2, {2: BLUE, 4: BLUE}))
            await until(lambda: lights.pictures()[1:] == [(204, [BLUE_3, 0])])
            await until(lambda: lights.shown() == [0, 0, BLUE_3, 0, BLUE_3, 0, 0, 0])
            driver.command(picture(3, {2: BLUE, 4: BLUE}))
            await asyncio.sleep(0.1)
            assert len(lights.pictures()) == 2  # the same picture again is no write
            shown = [level.lamps for level in context.levels if isinstance(level, LampsShown)]
            assert shown == [{}, {2: BLUE, 5: AMBER}, {2: BLUE, 4: BLUE}]
        await lights.stop()

    asyncio.run(run())


def test_an_older_picture_is_ignored_until_the_wms_is_a_new_one(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, _context = make(tmp_path, lights.port)
        async with running(driver):
            driver.command(picture(9, {0: BLUE}))
            await until(lambda: lights.shown()[0] == BLUE_3)
            driver.command(picture(8, {}))
            await asyncio.sleep(0.05)
            assert lights.shown()[0] == BLUE_3
            driver.forget_version()
            driver.command(picture(1, {}))
            await until(lambda: lights.shown()[0] == 0)
        await lights.stop()

    asyncio.run(run())


def test_a_rebooted_controller_gets_the_whole_picture_again(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, _context = make(tmp_path, lights.port)
        async with running(driver):
            driver.command(picture(1, {1: BLUE, 6: AMBER}))
            await until(lambda: lights.shown()[6] == AMBER_FAST)
            lights.writes.clear()
            lights.power_up(boot=8)
            whole = [0, BLUE_3, 0, 0, 0, 0, AMBER_FAST, 0]
            await until(lambda: (200, whole) in lights.pictures())
            await until(lambda: lights.shown() == whole)
        await lights.stop()

    asyncio.run(run())


def test_a_cut_connection_comes_back_and_only_the_difference_is_written(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, context = make(tmp_path, lights.port)
        async with running(driver):
            driver.command(picture(1, {1: BLUE}))
            await until(lambda: lights.shown()[1] == BLUE_3)
            await lights.stop()
            await until(lambda: context.states()[-1:] == ["offline"])
            driver.command(picture(2, {1: BLUE, 2: BLUE}))
            lights.writes.clear()
            await lights.start()
            await until(lambda: lights.pictures() == [(202, [BLUE_3])])
            await until(lambda: context.states()[-1:] == ["online"])
        await lights.stop()
        assert lights.connections == 0

    asyncio.run(run())


def test_presses_are_counted_across_a_restart_of_the_gateway(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        lights.press(0, confirm=200)  # long before this gateway: not ours
        driver, context = make(tmp_path, lights.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            lights.press(3)
            await until(lambda: presses(context) == [(3, "confirm")])
        context.spool.close()
        lights.press(3, confirm=2, short=1)
        lights.press(5, confirm=0, short=1)
        driver, context = make(tmp_path, lights.port, boot="b2")
        async with running(driver):
            await until(lambda: len(context.spool) == 5)
            await asyncio.sleep(0.05)
        assert presses(context) == [
            (3, "confirm"),
            (3, "confirm"),
            (3, "confirm"),
            (3, "short"),
            (5, "short"),
        ]
        await lights.stop()

    asyncio.run(run())


def test_counters_of_a_new_boot_start_from_zero(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, context = make(tmp_path, lights.port)
        async with running(driver):
            lights.press(1, confirm=5)
            await until(lambda: context.states()[-1:] == ["online"])
            known = len(context.spool)
            lights.power_up(boot=8)
            lights.press(1, confirm=2)
            await until(lambda: len(context.spool) == known + 2)
            await asyncio.sleep(0.05)
            assert len(context.spool) == known + 2
        await lights.stop()

    asyncio.run(run())


def test_a_counter_that_jumps_is_a_fault_and_no_picks(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, context = make(tmp_path, lights.port)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            lights.press(2, confirm=9)
            lights.press(4, confirm=8)
            await until(lambda: context.states()[-1:] == ["fault"])
            assert context.details()[-1] == "point 2: confirm counter jumped by 9"
            assert presses(context) == [(4, Press.CONFIRM)] * 8
            driver.command(picture(1, {2: BLUE}))  # the lamps still work
            await until(lambda: lights.shown()[2] == BLUE_3)
        await lights.stop()

    asyncio.run(run())


def test_a_lamp_that_stays_dark_is_repaired_a_few_times_then_flagged(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        lights.broken = {3}
        await lights.start()
        driver, context = make(tmp_path, lights.port, retry_lamp_ms=60000)
        async with running(driver):
            driver.command(picture(1, {3: BLUE, 4: BLUE}))
            await until(lambda: context.details()[-1:] == ["points 3 do not show what is wanted"])
            assert context.states()[-1] == "degraded"
            assert lights.pictures()[0] == (203, [BLUE_3, BLUE_3])
            await asyncio.sleep(0.2)
            assert lights.pictures()[1:] == [(203, [BLUE_3])] * 3
            lights.broken.clear()
            driver.command(picture(2, {4: BLUE}))
            await until(lambda: context.states()[-1:] == ["online"])
        await lights.stop()

    asyncio.run(run())


def test_a_foreign_device_is_never_written_to(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        lights.registers[0] = 0x4D01
        await lights.start()
        driver, context = make(tmp_path, lights.port)
        driver.command(picture(1, {3: BLUE}))
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["fault"])
            assert context.details()[-1] == "map id is 0x4D01, expected 0x4C01; nothing is written"
            await asyncio.sleep(0.1)
        assert lights.writes == []
        await lights.stop()

    asyncio.run(run())


def test_the_host_heartbeat_counts_on_and_a_still_controller_is_degraded(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, context = make(tmp_path, lights.port, heartbeat_ms=50)
        async with running(driver):
            await until(lambda: len(lights.written(2)) >= 3)
            assert lights.written(2)[:3] == [[1], [2], [3]]
            lights.is_alive = False
            await until(lambda: context.states()[-1:] == ["degraded"])
            assert context.details()[-1] == "the controller's heartbeat has stopped"
            lights.is_alive = True
            await until(lambda: context.states()[-1:] == ["online"])
        await lights.stop()

    asyncio.run(run())


def test_a_half_open_connection_is_found_and_left(tmp_path: Path) -> None:
    async def run() -> None:
        lights = LightsDouble()
        await lights.start()
        driver, context = make(tmp_path, lights.port, timeout_ms=60)
        async with running(driver):
            await until(lambda: context.states()[-1:] == ["online"])
            lights.is_silent = True
            await until(lambda: context.states()[-1:] == ["offline"])
            assert "no answer" in context.details()[-1]
            lights.is_silent = False
            await until(lambda: context.states()[-1:] == ["online"])
        await lights.stop()

    asyncio.run(run())
