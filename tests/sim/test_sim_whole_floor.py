"""The whole simulated floor against a tiny warehouse system: every unit ends where it was ordered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fake_wms import SECRET, FakeWms
from floor_fixture import fast_clock, free_port, raw_world, small_world

from firmware_sim.simulation import Options, Simulation
from firmware_sim.truth import AWAY, STACK
from firmware_sim.view import status

Condition = Callable[[], bool]


def order(ref: str, at_s: float = 0.0, **qty: int) -> dict[str, Any]:
    lines = [{"sku": sku, "qty": count} for sku, count in qty.items()]
    return {"ref": ref, "at_s": at_s, "promise_s": 3600, "lines": lines, "substitution": "never"}


def play(
    tmp_path: Path,
    orders: list[dict[str, Any]],
    body: Callable[[Simulation, FakeWms], Awaitable[None]],
    *,
    raw: dict[str, Any] | None = None,
    speed: float = 100.0,
    **options: Any,
) -> None:
    async def run() -> None:
        world = small_world(tmp_path, raw)
        port = free_port()
        wms = FakeWms(world, port)
        await wms.start()
        settings = {"hands": 1, "api": wms.api, "token": "tok", "orders": orders, "webhook_port": port}
        simulation = Simulation(
            world, fast_clock(speed), Options(**(settings | {"webhook_secret": SECRET} | options))
        )
        try:
            await simulation.start()
            await wms.wire_up()
            await body(simulation, wms)
        except TimeoutError:
            print({key: value for key, value in status(simulation).items() if key != "figures"})
            print(simulation.figures.as_json(False), {desk.key: desk.screen() for desk in wms.desks.values()})
            raise
        finally:
            await simulation.stop()
            await wms.stop()

    asyncio.run(run())


async def until(condition: Condition, timeout_s: float = 30.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


def all_units(simulation: Simulation) -> Counter[str]:
    total: Counter[str] = Counter()
    for pile in simulation.truth.bins.values():
        total.update(pile)
    for tote in simulation.truth.totes.values():
        if tote.place != AWAY:
            total.update(tote.content)
    for hand in simulation.truth.hands.values():
        total.update(hand.units)
    assert simulation.couriers
    for content in simulation.couriers.delivered.values():
        total.update(content)
    return total


def test_without_mistakes_every_order_is_picked_packed_and_delivered_exactly(tmp_path: Path) -> None:
    orders = [
        order("O-1", APPLE=2),
        order("O-2", APPLE=1, PEAR=2),
        order("O-3", 30, PEAR=1),
        order("O-4", X=1),
    ]

    async def body(simulation: Simulation, wms: FakeWms) -> None:
        await until(lambda: len(wms.handed_over) == 3)
        assert simulation.couriers
        await until(lambda: len(simulation.couriers.delivered) == 3)  # type: ignore[union-attr]
        assert simulation.couriers.delivered == {
            "O-1": {"APPLE": 2},
            "O-2": {"APPLE": 1, "PEAR": 2},
            "O-3": {"PEAR": 1},
        }
        assert simulation.truth.bins["A01-01-A"] == {"APPLE": 7}
        assert simulation.truth.bins["A02-01-A"] == {"PEAR": 2}
        figures = simulation.figures
        assert (figures.orders_sent, figures.orders_refused, figures.lines_picked) == (3, 1, 4)
        assert figures.refused_codes == {"unknown_sku": 1}
        assert figures.refusals_heard == 0
        assert figures.silences == 0
        assert figures.totes_packed == 3
        assert figures.webhooks_verified == 3
        assert len(figures.direction_answer_ms) == 6
        assert figures.lamps_seen["right"] == 3
        assert not figures.lamps_seen["dark"]
        assert figures.scan_to_lamp_ms
        assert max(figures.scan_to_lamp_ms) < 500

    play(tmp_path, orders, body)


def test_promise_and_address_are_posted_and_a_busy_system_is_asked_again(tmp_path: Path) -> None:
    orders = [order("O-1", APPLE=1) | {"address": {"name": "Ann"}}]

    async def body(simulation: Simulation, wms: FakeWms) -> None:
        wms.refuse_with = [503, 429]
        await until(lambda: "O-1" in wms.bodies)
        posted = wms.bodies["O-1"]
        assert posted["address"] == {"name": "Ann"}
        assert posted["substitution"] == "never"
        assert posted["promise"]["until"] > posted["promise"]["from"]
        await until(lambda: simulation.figures.orders_sent == 1)
        assert simulation.figures.orders_refused == 0

    play(tmp_path, orders, body)


def test_a_bin_that_holds_less_than_the_book_is_reported_short(tmp_path: Path) -> None:
    raw = raw_world()
    orders = [order("O-1", APPLE=2, PEAR=1), order("O-2", PEAR=1)]

    async def body(simulation: Simulation, wms: FakeWms) -> None:
        simulation.truth.bins["A01-01-A"] = {"APPLE": 1}
        simulation.truth.bins["A02-01-A"] = {}
        await until(lambda: len(wms.handed_over) == 1)
        await until(lambda: wms.cart.step == "wait" and wms.shorts == 2)
        assert simulation.couriers
        await until(lambda: len(simulation.couriers.delivered) == 1)  # type: ignore[union-attr]
        assert simulation.couriers.delivered == {"O-1": {"APPLE": 1}}
        assert simulation.figures.shorts_reported == 2
        # O-2 found nothing: its empty tote went back to the stack
        assert sum(tote.place == STACK for tote in simulation.truth.totes.values()) >= 3

    play(tmp_path, orders, body, raw=raw)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_with_mistakes_of_every_kind_nothing_is_lost_and_every_delivery_is_right(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from firmware_sim import simulation as simulation_module
    from firmware_sim.habits import Habits

    clumsy = Habits(wrong_item=0.2, double_scan=0.3, wrong_tote=0.1, miscount=0.5)
    monkeypatch.setitem(simulation_module.LEVELS, "mild", clumsy)
    raw = raw_world()
    raw["locations"][0]["stock"][0]["qty"] = 60
    raw["locations"][1]["stock"][0]["qty"] = 60
    orders = [order(f"O-{n}", n, APPLE=1 + n % 3, PEAR=n % 2 + 1) for n in range(6)]

    async def body(simulation: Simulation, wms: FakeWms) -> None:
        # In this aisle there is a wrong article to reach for.
        simulation.truth.bins["A01-01-A"]["PEAR"] = 3
        simulation.truth.bins["A02-01-A"]["APPLE"] = 3
        before = all_units(simulation)
        await until(lambda: len(wms.handed_over) == 6, 50)
        assert simulation.couriers
        await until(lambda: len(simulation.couriers.delivered) == 6)  # type: ignore[union-attr]
        for ref, expected in wms.orders.items():
            assert simulation.couriers.delivered[ref] == {sku: n for sku, n in expected.items() if n}
        assert all_units(simulation) == before
        made = simulation.figures.mistakes_made
        assert made["miscount"]
        assert made["double_scan"]
        assert "wrong_item_accepted" not in made
        assert simulation.figures.totes_to_hospital > 0
        assert simulation.figures.refusals_heard > 0

    play(tmp_path, orders, body, raw=raw, faults="mild", seed=seed)


def test_people_work_on_through_device_faults(tmp_path: Path) -> None:
    orders = [order(f"O-{n}", n, APPLE=1, PEAR=1) for n in range(4)]

    async def body(simulation: Simulation, wms: FakeWms) -> None:
        await until(lambda: wms.cart.step == "pick")
        simulation.faults.make("unplug", "scanner-1", 0.5)
        simulation.faults.make("reboot", "lights-carts", 0.3)
        simulation.faults.make("garbage", "scanner-2")
        simulation.faults.make("cut", "scale-1", 0.3)
        simulation.faults.make("cut", "plc-1", 0.5)
        await until(lambda: len(wms.handed_over) == 4, 50)
        assert simulation.figures.faults_made.total() == 5

    play(tmp_path, orders, body)


def test_a_floor_that_was_stopped_carries_on_from_its_state_file(tmp_path: Path) -> None:
    orders = [order("O-1", APPLE=2, PEAR=1), order("O-2", APPLE=1)]
    state = tmp_path / "state" / "floor.json"
    world = small_world(tmp_path)

    async def run() -> None:
        port = free_port()
        wms = FakeWms(world, port)
        await wms.start()
        settings = {"hands": 1, "api": wms.api, "token": "tok", "orders": orders, "webhook_port": port}
        options = Options(**settings, webhook_secret=SECRET, state_file=state)  # type: ignore[arg-type]
        first = Simulation(world, fast_clock(20.0), options)
        before = all_units(first)
        await first.start()
        await wms.wire_up()
        await until(lambda: wms.cart.step == "put")
        await first.stop()
        second = Simulation(world, fast_clock(60.0), options)
        assert all_units(second) == before
        assert second.figures.orders_sent == 2
        assert second.lights["lights-A01"].boot_id == 2
        await second.start()
        await until(lambda: len(wms.handed_over) == 2)
        assert second.couriers
        await until(lambda: len(second.couriers.delivered) == 2)  # type: ignore[union-attr]
        assert second.couriers.delivered == {"O-1": {"APPLE": 2, "PEAR": 1}, "O-2": {"APPLE": 1}}
        assert all_units(second) == before
        assert second.figures.orders_sent == 2
        await second.stop()
        await wms.stop()

    asyncio.run(run())
