"""The simulated light controller, seen through another Modbus stack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from floor_fixture import free_port
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from firmware_sim.lights import LightController, Probe, Shown
from firmware_sim.world import ServerSpec

POINTS = 4
BLUE_3 = 0xAC03
AMBER_FAST = 0x7000


def with_controller(
    body: Callable[[LightController, AsyncModbusTcpClient], Awaitable[None]], boot_id: int = 1
) -> None:
    async def run() -> None:
        light = LightController(ServerSpec("lights-1", "127.0.0.1", free_port(), POINTS), boot_id)
        await light.start()
        client = AsyncModbusTcpClient("127.0.0.1", port=light.spec.port, timeout=0.5, retries=0)
        assert await client.connect()
        try:
            await body(light, client)
        finally:
            client.close()
            light.stop()

    asyncio.run(run())


async def read(client: AsyncModbusTcpClient, address: int, count: int = 1) -> list[int]:
    answer = await client.read_holding_registers(address, count=count)
    assert not answer.isError(), answer
    return list(answer.registers)


def test_the_head_names_map_boot_points_and_ready_state() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        assert await read(client, 0, 8) == [0x4C01, 0, 0, 41, POINTS, 1, 0x0107, 0]
        await asyncio.sleep(0.55)
        assert (await read(client, 1))[0] == 1

    with_controller(body, boot_id=41)


def test_a_wanted_word_is_shown_within_one_firmware_scan_and_seen_as_a_lamp() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        assert not (await client.write_registers(200, [BLUE_3, AMBER_FAST])).isError()
        await asyncio.sleep(0.04)
        assert await read(client, 400, POINTS) == [BLUE_3, AMBER_FAST, 0, 0]
        assert light.lamp(0) == Shown("blue", "steady", 3)
        assert light.lamp(1) == Shown("amber", "fast", None)
        assert not light.lamp(2).lit

    with_controller(body)


def test_presses_are_counted_per_button_and_in_total() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        for _ in range(258):
            light.press(1)
        light.press(1, short=True)
        light.press(3, short=True)
        assert await read(client, 10, POINTS) == [0, 0x0102, 0, 0x0100]
        assert await read(client, 7) == [260]

    with_controller(body)


def test_registers_of_the_device_cannot_be_written() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        for address in (0, 3, 10, 400, 200 + POINTS):
            answer = await client.write_register(address, 1)
            assert answer.isError()
            assert answer.exception_code == 2
        assert (await client.read_holding_registers(490, count=11)).isError()
        assert (await client.write_registers(200 + POINTS - 1, [1, 1])).isError()

    with_controller(body)


def test_a_reboot_loses_the_registers_and_counts_the_boot_id_skipping_zero() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        await client.write_registers(200, [BLUE_3])
        light.press(0)
        rebooting = asyncio.create_task(light.reboot(0.2))
        await asyncio.sleep(0.05)
        light.press(0)  # nobody notices without power
        with suppress(ModbusException):
            assert (await client.read_holding_registers(0, count=1)).isError()
        await rebooting
        fresh = AsyncModbusTcpClient("127.0.0.1", port=light.spec.port, timeout=0.5, retries=0)
        assert await fresh.connect()
        assert await read(fresh, 3) == [1]
        assert await read(fresh, 7) == [0]
        assert await read(fresh, 10) == [0]
        assert await read(fresh, 200) == [0]
        assert await read(fresh, 400) == [0]
        fresh.close()

    with_controller(body, boot_id=0xFFFF)


def test_host_lost_is_shown_after_ten_seconds_without_a_change_and_lamps_hold() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        await client.write_register(2, 1)
        await client.write_registers(200, [BLUE_3])
        await asyncio.sleep(0.04)
        light.host_changed_s -= 10.1
        await client.write_register(2, 1)  # the same value is no sign of life
        assert await read(client, 5) == [0b101]
        assert await read(client, 400) == [BLUE_3]
        await client.write_register(2, 2)
        assert await read(client, 5) == [1]

    with_controller(body)


def test_a_probe_notes_the_first_change_of_a_watched_lamp_only() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        probe = Probe(since=0.0, channels={("lights-1", 2)})
        light.watch(probe)
        await client.write_registers(200, [BLUE_3])
        assert probe.found_at is None
        await client.write_registers(200, [BLUE_3, 0, AMBER_FAST])
        first = probe.found_at
        assert first is not None
        assert first == light.written_at[2]
        await client.write_registers(202, [0])
        assert probe.found_at == first

    with_controller(body)


def test_silence_lets_the_client_wait_in_vain_and_slow_answers_late() -> None:
    async def body(light: LightController, client: AsyncModbusTcpClient) -> None:
        light.server.slow(1.0, 0.2)
        started = asyncio.get_running_loop().time()
        assert await read(client, 0) == [0x4C01]
        assert asyncio.get_running_loop().time() - started >= 0.2
        light.server.silence(1.0)
        failed = False
        try:
            failed = (await client.read_holding_registers(0, count=1)).isError()
        except ModbusException:
            failed = True
        assert failed

    with_controller(body)
