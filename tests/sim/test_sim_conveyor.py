"""The simulated PLC and its belts: handshake, deadline, recirculation, limits, restart."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

from floor_fixture import fast_clock, free_port, small_world
from pymodbus.client import AsyncModbusTcpClient

from firmware_sim.conveyor import BeltRates, Conveyor
from firmware_sim.plc import DIVERTED, MISSED, NO_READ, QUEUE_SIZE, SCAN_REQUEST, Plc, PlcEvent
from firmware_sim.truth import Truth
from firmware_sim.world import ServerSpec

TOTE = "T-000001X"
OTHER = "T-000002X"


class Wcs:
    """The least a control system must do: heartbeat, look, acknowledge, command."""

    def __init__(self, client: AsyncModbusTcpClient) -> None:
        self.client = client
        self.beat = 0
        self.command_sequence = 0

    async def read(self, address: int, count: int = 1) -> list[int]:
        answer = await self.client.read_holding_registers(address, count=count)
        assert not answer.isError(), answer
        return list(answer.registers)

    async def heartbeat(self) -> None:
        self.beat += 1
        assert not (await self.client.write_register(2, self.beat)).isError()

    async def event(self, point: int, last: int, timeout_s: float = 3.0) -> list[int]:
        """Registers +0 … +17 once the sequence differs from ``last``."""
        async with asyncio.timeout(timeout_s):
            while (words := await self.read(16 + 24 * point, 18))[0] == last:
                await self.heartbeat()
                await asyncio.sleep(0.01)
        return words

    async def acknowledge(self, point: int, sequence: int) -> None:
        assert not (await self.client.write_register(16 + 24 * point + 18, sequence)).isError()

    async def direct(self, point: int, tracking: int, lane: int, sequence: int | None = None) -> None:
        self.command_sequence = sequence or self.command_sequence + 1
        words = [self.command_sequence, tracking >> 16, tracking & 0xFFFF, lane, 0]
        assert not (await self.client.write_registers(16 + 24 * point + 19, words)).isError()


def tracking_of(words: list[int]) -> int:
    return words[2] << 16 | words[3]


def barcode_of(words: list[int]) -> str:
    data = b"".join(word.to_bytes(2, "big") for word in words[5:15])
    return data[: words[4]].decode("ascii")


Body = Callable[[Conveyor, Plc, Truth, Wcs], Awaitable[None]]


def with_belts(tmp_path: Path, body: Body, rates: BeltRates | None = None) -> None:
    async def run() -> None:
        world = small_world(tmp_path)
        truth = Truth(world)
        plc = Plc(world.plcs[0])
        assert world.conveyor
        conveyor = Conveyor(
            world.conveyor, plc, truth, fast_clock(20.0), random.Random(1), rates or BeltRates()
        )
        await plc.start()
        client = AsyncModbusTcpClient("127.0.0.1", port=plc.spec.port, timeout=0.5, retries=0)
        assert await client.connect()
        try:
            await body(conveyor, plc, truth, Wcs(client))
        finally:
            client.close()
            await conveyor.stop()
            plc.stop()

    asyncio.run(run())


def test_after_power_up_everything_is_zero_until_the_gateway_acknowledges_it(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        head = await wcs.read(0, 16)
        assert head == [0x4D01, 0, 0, 0b1100011, 0, 0, 0, 0] + [0] * 8
        assert await wcs.read(16, 48) == [0] * 48
        await wcs.client.write_register(6, 0b1000)
        assert (await wcs.read(3))[0] == 0b0100011
        assert await wcs.read(6, 2) == [8, 8]
        assert (await wcs.client.read_holding_registers(16, count=49)).isError()

    with_belts(tmp_path, body)


def test_a_tote_is_read_directed_and_stands_in_its_lane(tmp_path: Path) -> None:
    samples: list[float] = []

    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        plc.on_answer_ms = samples.append
        await wcs.heartbeat()
        conveyor.feed("induct", TOTE)
        words = await wcs.event(0, 0)
        assert words[:2] == [1, SCAN_REQUEST]
        assert barcode_of(words) == TOTE
        assert tracking_of(words) not in (0, 0xFFFFFFFF)
        await wcs.direct(0, tracking_of(words), 2)
        await wcs.acknowledge(0, words[0])
        outcome = await wcs.event(0, 1)
        assert outcome[:4] == [2, DIVERTED, words[2], words[3]]
        assert outcome[16:] == [2, 0]
        await asyncio.sleep(0.2)
        assert truth.lanes[2] == [TOTE]
        assert truth.totes[TOTE].place == "lane:2"
        assert await wcs.read(12, 4) == [0b10, 0, 0, 0]
        assert await wcs.read(8, 4) == [0, 0, 0, 0]

    with_belts(tmp_path, body)
    assert len(samples) == 1
    assert 0 < samples[0] < 300


def test_without_an_answer_the_tote_misses_says_why_and_comes_again(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        await wcs.heartbeat()
        conveyor.feed("induct", TOTE)
        first = await wcs.event(0, 0)
        await wcs.acknowledge(0, 1)
        outcome = await wcs.event(0, 1)
        assert (outcome[1], outcome[16], outcome[17]) == (MISSED, 0, 1)
        await wcs.direct(0, tracking_of(first), 1)  # too late: not at the diverter any more
        await wcs.acknowledge(0, 2)
        again = await wcs.event(0, 2)
        assert (again[1], barcode_of(again)) == (SCAN_REQUEST, TOTE)
        assert tracking_of(again) != tracking_of(first)
        await wcs.acknowledge(0, 3)
        assert (await wcs.event(0, 3))[16:] == [0, 1]

    with_belts(tmp_path, body)


def test_a_silent_control_system_means_default_lane_whatever_was_commanded(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        await wcs.heartbeat()
        conveyor.feed("induct", TOTE)
        words = await wcs.event(0, 0)
        await wcs.direct(0, tracking_of(words), 1)
        plc.wcs_changed_s -= 3.1
        await wcs.acknowledge(0, 1)
        async with asyncio.timeout(2):
            while (outcome := await wcs.read(16, 18))[0] != 2:
                await asyncio.sleep(0.01)
        assert outcome[16:] == [0, 3]

    with_belts(tmp_path, body)


def test_a_full_lane_and_a_foreign_lane_send_the_tote_round(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        await wcs.heartbeat()
        truth.move("T-000003X", "lane:1")
        truth.move("T-000004X", "lane:1")
        conveyor.update_lanes()
        assert await wcs.read(8) == [1]
        conveyor.feed("induct", TOTE)
        words = await wcs.event(0, 0)
        await wcs.direct(0, tracking_of(words), 1)
        await wcs.acknowledge(0, 1)
        assert (await wcs.event(0, 1))[16:] == [0, 2]
        await wcs.acknowledge(0, 2)
        words = await wcs.event(0, 2)
        await wcs.direct(0, tracking_of(words), 7)
        await wcs.acknowledge(0, 3)
        assert (await wcs.event(0, 3))[16:] == [0, 4]

    with_belts(tmp_path, body)


def test_events_wait_in_a_queue_of_eight_and_the_same_command_sequence_acts_once(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        commands: list[tuple[int, int, int]] = []
        plc.on_command = lambda point, tracking, lane: commands.append((point, tracking, lane))
        for number in range(1, QUEUE_SIZE + 3):
            plc.post(0, PlcEvent(SCAN_REQUEST, number, "T"))
        await asyncio.sleep(0.05)
        assert (await wcs.read(4, 2)) == [1, 2]  # two events lost, counted
        seen = []
        for sequence in range(1, QUEUE_SIZE + 1):
            words = await wcs.event(0, sequence - 1)
            assert words[0] == sequence
            seen.append(tracking_of(words))
            await wcs.acknowledge(0, sequence)
        assert seen == list(range(1, QUEUE_SIZE + 1))
        await wcs.direct(0, 70000, 1)
        await wcs.direct(0, 70000, 2, sequence=1)
        await wcs.direct(1, 5, 3, sequence=2)
        assert commands == [(0, 70000, 1), (1, 5, 3)]

    with_belts(tmp_path, body)


def test_exactly_one_client_is_served(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        _, second = await asyncio.open_connection("127.0.0.1", plc.spec.port)
        await asyncio.sleep(0.05)
        assert len(plc.server.clients) == 1
        assert (await wcs.read(0)) == [0x4D01]
        second.close()

    with_belts(tmp_path, body)


def test_a_cut_keeps_the_memory_and_a_reboot_is_a_cold_start(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        plc.post(0, PlcEvent(NO_READ, 9))
        await wcs.client.write_register(6, 0b1000)
        await plc.cut(0.05)
        fresh = AsyncModbusTcpClient("127.0.0.1", port=plc.spec.port, timeout=0.5, retries=0)
        assert await fresh.connect()
        again = Wcs(fresh)
        assert (await again.read(16, 5)) == [1, NO_READ, 0, 9, 0]
        assert (await again.read(3))[0] & 0x40 == 0
        fresh.close()
        await plc.reboot(0.05)
        cold = AsyncModbusTcpClient("127.0.0.1", port=plc.spec.port, timeout=0.5, retries=0)
        assert await cold.connect()
        assert (await Wcs(cold).read(16, 24)) == [0] * 24
        assert (await Wcs(cold).read(3))[0] & 0x40
        cold.close()

    with_belts(tmp_path, body)


def test_totes_on_the_belt_survive_a_stop_of_the_floor(tmp_path: Path) -> None:
    async def body(conveyor: Conveyor, plc: Plc, truth: Truth, wcs: Wcs) -> None:
        await wcs.heartbeat()
        conveyor.feed("induct", TOTE)
        words = await wcs.event(0, 0)
        await wcs.direct(0, tracking_of(words), 2)
        await wcs.acknowledge(0, 1)
        await wcs.event(0, 1)
        conveyor.feed("pack", OTHER)
        saved, things = conveyor.dump(), truth.dump()
        world = small_world(tmp_path)
        second_truth = Truth(world)
        second_truth.restore(things)
        second_plc = Plc(ServerSpec("plc-1", "127.0.0.1", free_port(), 2))
        assert world.conveyor
        second = Conveyor(
            world.conveyor, second_plc, second_truth, fast_clock(), random.Random(2), BeltRates()
        )
        second.resume(saved)
        assert second_truth.totes[TOTE].place == "lane:2"
        assert [(unit.tote, unit.point) for unit in second.units] == [(OTHER, 1)]
        assert second.last_tracking == conveyor.last_tracking
        await second.stop()

    with_belts(tmp_path, body)
