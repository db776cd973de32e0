"""Courier, webhooks, orders file, world file, state file, walking and the command line."""

from __future__ import annotations

import ast
import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_wms import SECRET, send_webhook
from floor_fixture import SITE_START, fast_clock, free_port, raw_world, small_world

import firmware_sim
from firmware_sim import store
from firmware_sim.clock import ClockError, SiteClock, new_id
from firmware_sim.conveyor import BeltRates, Conveyor
from firmware_sim.courier import CourierCompany
from firmware_sim.figures import Figures
from firmware_sim.plc import Plc
from firmware_sim.rest import Rest
from firmware_sim.shop import OrdersError, load_orders
from firmware_sim.truth import AWAY, STACK, Truth
from firmware_sim.walk import Spot, length_m, route, spot_of
from firmware_sim.webhook import WebhookReceiver
from firmware_sim.world_file import WorldError, load

OTHER_SECRET = "whsec_" + "A" * 32
ROOT = Path(firmware_sim.__file__).parent.parent


def test_the_simulator_imports_neither_side_it_is_a_witness_of() -> None:
    for path in (ROOT / "firmware_sim").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] in ("mfc", "devices", "django")], path


# webhooks and courier ------------------------------------------------------------------------------------


def test_only_webhooks_with_a_valid_signature_are_heard() -> None:
    async def run() -> None:
        heard: list[tuple[str, dict[str, Any]]] = []
        rejected: list[bool] = []
        receiver = WebhookReceiver(
            free_port(), SECRET, lambda kind, data: heard.append((kind, data)), lambda: rejected.append(True)
        )
        await receiver.start()
        message = {"type": "shipment.ready", "data": {"id": "shp-1"}}
        assert await send_webhook(receiver.port, SECRET, message) == 204
        assert await send_webhook(receiver.port, OTHER_SECRET, message) == 401
        async with httpx.AsyncClient() as http:
            url = f"http://127.0.0.1:{receiver.port}/"
            assert (await http.post(url, json=message)).status_code == 401
            assert (await http.get(url)).status_code == 405
        assert heard == [("shipment.ready", {"id": "shp-1"})]
        assert len(rejected) == 2
        await receiver.stop()

    asyncio.run(run())


def test_the_courier_scans_the_labels_that_physically_stand_in_the_lane(tmp_path: Path) -> None:
    requests: list[tuple[str, Any, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"next": None, "results": []})
        key = request.headers["Idempotency-Key"]
        requests.append((request.url.path, json.loads(request.content), key))
        return httpx.Response(503 if len(requests) == 1 else 200, json={})

    async def run() -> None:
        truth = Truth(small_world(tmp_path))
        for label, sscc, place in (
            ("T-000001X", "1" * 18, "lane:3"),
            ("T-000002X", "2" * 18, "lane:3"),
            ("T-000003X", "3" * 18, "lane:3"),
            ("T-000004X", "", AWAY),
        ):
            truth.totes[label].sscc = sscc
            truth.move(label, place)
        truth.totes["T-000001X"].content = {"APPLE": 2}
        truth.totes["T-000004X"].content = {"PEAR": 1}
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        company = CourierCompany(
            rest=Rest("http://wms", "tok", http),
            truth=truth,
            clock=fast_clock(1000.0),
            figures=Figures(),
            rng=random.Random(1),
            on_lane_change=lambda: None,
        )
        shipment = {
            "id": "shp-1",
            "order_ref": "O-1",
            "lane": {"code": "STAGE-1"},
            "parcels": [{"sscc": "1" * 18, "tote": "x"}, {"sscc": "00" + "2" * 18, "tote": "y"}],
        }
        company.heard("shipment.ready", shipment)
        company.heard("shipment.ready", shipment)  # the same news twice is one job
        working = asyncio.create_task(company.run())
        async with asyncio.timeout(10):
            while not company.delivered:
                await asyncio.sleep(0.02)
        working.cancel()
        paths = [path.rsplit("/", 1)[1] for path, _, _ in requests]
        assert paths == ["claim", "claim", "handover"]
        assert requests[0][1:] == requests[1][1:]  # repeated with the same key and body
        assert requests[1][1] == {"claimed_by": "Courier 1"}
        assert requests[2][1] == {"sscc": ["1" * 18, "2" * 18]}
        assert company.delivered == {"O-1": {"APPLE": 2}}
        assert truth.lanes[3] == ["T-000003X"]
        assert truth.totes["T-000001X"].place == AWAY
        # the empty tote of an earlier delivery came back with this visit
        assert truth.totes["T-000004X"].place == STACK
        assert truth.totes["T-000004X"].content == {}
        await http.aclose()

    asyncio.run(run())


# files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda raw: raw.update(version=2), "version"),
        (lambda raw: raw["locations"][1].pop("code"), "locations[1].code: missing"),
        (lambda raw: raw["locations"][0]["stock"][0].update(sku="KIWI"), "'KIWI'"),
        (lambda raw: raw["stations"][0].update(kind="boss"), "stations[0].kind"),
        (lambda raw: raw["stations"][0].update(scanner="nope"), "'nope'"),
        (lambda raw: raw["stations"][0]["lights"].update(channels=[0, 9]), "light point 9"),
        (lambda raw: raw["totes"].append(raw["totes"][0]), "is there twice"),
        (lambda raw: raw["places"].pop("stack"), "places.stack"),
        (lambda raw: raw["devices"]["scales"][0].update(link="usb:1"), "tcp://host:port"),
        (lambda raw: raw["conveyor"]["feeds"].update(pack=5), "feeds.pack"),
        (lambda raw: raw["walk"].update(speed_m_s="fast"), "walk.speed_m_s"),
    ],
)
def test_a_bad_world_is_one_line_that_names_the_place(tmp_path: Path, spoil: Any, complaint: str) -> None:
    raw = raw_world()
    spoil(raw)
    path = tmp_path / "world.json"
    path.write_text(json.dumps(raw))
    with pytest.raises(WorldError) as error:
        load(path)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_clock_text_and_scaled_time() -> None:
    clock = SiteClock.from_text(f"scaled:{time.time() - 10}:{SITE_START.isoformat()}:60")
    assert 600 <= (clock.now() - SITE_START).total_seconds() < 620
    assert clock.wall_s(120) == 2
    for text in ("scaled:1:2026-01-01:60", "scaled:1:2026-01-01T00:00:00+00:00:0", "real", "scaled:x:y:z"):
        with pytest.raises(ClockError):
            SiteClock.from_text(text)


def test_ids_are_unique_even_from_the_same_seed() -> None:
    first = new_id(random.Random(1))
    time.sleep(0.002)
    second = new_id(random.Random(1))
    assert first != second
    assert first[14] == second[14] == "7"
    assert first < second


def test_an_orders_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_text('[{"ref": "O-1"}]')
    with pytest.raises(OrdersError, match=r"\[0\]"):
        load_orders(path)


def test_ways_lead_through_the_nearer_cross_aisle(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    first, second = (spot_of(world, row) for row in world.locations.values())
    assert (first, second) == (Spot(2.0, 4.0, "A01"), Spot(5.0, 6.0, "A02"))
    assert route(world.walk, first, second) == [(2.0, 4.0), (2.0, 2.0), (5.0, 2.0), (5.0, 6.0)]
    assert length_m(route(world.walk, first, second)) == 9.0
    assert length_m(route(world.walk, Spot(2.0, 8.0, "A01"), Spot(5.0, 8.0, "A02"))) == 5.0
    assert length_m(route(world.walk, first, Spot(2.0, 7.0, "A01"))) == 3.0
    assert length_m(route(world.walk, Spot(1, 1), Spot(4, 5))) == 7.0


def test_what_hands_hold_is_saved_as_lying_in_its_bin(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    truth = Truth(world)
    assert truth.take("cart-1", "A02-01-A", "PEAR", 9) == 5
    assert truth.fill("cart-1", "T-000001X", "PEAR", 2) == 2
    truth.move("T-000001X", "cart:cart-1:1")
    path = tmp_path / "deep" / "state.json"
    store.save(path, {"site": "TEST", "truth": truth.dump()})
    assert [entry.name for entry in path.parent.iterdir()] == ["state.json"]
    state = store.load(path, "TEST")
    assert state
    again = Truth(world)
    again.restore(state["truth"])
    assert again.bins["A02-01-A"] == {"PEAR": 3}
    assert again.totes["T-000001X"].content == {"PEAR": 2}
    assert again.totes["T-000001X"].place == "cart:cart-1:1"
    assert truth.hands["cart-1"].units == {"PEAR": 3}
    with pytest.raises(store.StateError):
        store.load(path, "OTHER")


def test_missing_stock_is_seeded(tmp_path: Path) -> None:
    piles = []
    for _ in range(2):
        truth = Truth(small_world(tmp_path))
        assert truth.hide_stock(random.Random(3), 1.0) == 2
        piles.append(truth.bins)
    assert piles[0] == piles[1]
    assert sum(piles[0]["A01-01-A"].values()) < 10


def test_belt_reads_can_fail_by_rate(tmp_path: Path) -> None:
    async def run() -> None:
        world = small_world(tmp_path)
        truth = Truth(world)
        assert world.conveyor
        rates = BeltRates(no_read=1.0)
        plc = Plc(world.plcs[0])
        conveyor = Conveyor(world.conveyor, plc, truth, fast_clock(), random.Random(1), rates)
        conveyor.feed("induct", "T-000001X")
        await asyncio.sleep(0.2)
        assert plc.points[0].event[1] == 6
        assert plc.points[0].event[4:15] == [0] * 11
        await conveyor.stop()
        plc.stop()

    asyncio.run(run())


# the program ---------------------------------------------------------------------------------------------


def run_floor(tmp_path: Path, raw: dict[str, Any], *options: str) -> subprocess.Popen[str]:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(raw))
    command = [sys.executable, "-m", "firmware_sim", str(path), *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def ask(path: Path, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=2**22)
    answers = []
    for request in requests:
        writer.write(json.dumps(request).encode() + b"\n")
        answers.append(json.loads(await reader.readline()))
    writer.close()
    return answers


@pytest.mark.process
def test_the_program_says_ready_answers_and_stops_cleanly(tmp_path: Path) -> None:
    control, state = tmp_path / "control.sock", tmp_path / "state.json"
    process = run_floor(tmp_path, raw_world(), "--control", str(control), "--state", str(state))
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        assert (tmp_path / "dev" / "scanner-1").is_symlink()
        status, truth, bad, worse, fault = asyncio.run(
            ask(
                control,
                {"do": "status"},
                {"do": "truth"},
                {"do": "dance"},
                {"do": "fault", "kind": "reboot", "device": "scanner-1"},
                {"do": "fault", "kind": "unplug", "device": "scanner-1", "seconds": 60},
            )
        )
        assert status["ok"]
        assert status["figures"]["orders_sent"] == 0
        assert set(status["lamps"]) == {"lights-A01", "lights-carts"}
        assert truth["bins"]["A01-01-A"] == {"APPLE": 10}
        assert not bad["ok"]
        assert "cannot have" in worse["error"]
        assert fault == {"ok": True}
        time.sleep(0.2)
        assert not (tmp_path / "dev" / "scanner-1").exists()
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - asked < 2
        assert process.stderr
        assert process.stderr.read() == ""
        assert not list((tmp_path / "dev").iterdir())
        assert not control.exists()
        assert json.loads(state.read_text())["truth"]["bins"]["A01-01-A"] == {"APPLE": 10}
    finally:
        process.kill()


@pytest.mark.process
def test_stop_by_request_and_a_bad_world_without_a_traceback(tmp_path: Path) -> None:
    control = tmp_path / "control.sock"
    process = run_floor(tmp_path, raw_world(), "--control", str(control))
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    assert asyncio.run(ask(control, {"do": "stop"})) == [{"ok": True}]
    assert process.wait(5) == 0
    process = run_floor(tmp_path, raw_world() | {"version": 9})
    assert process.wait(10) == 2
    assert process.stderr
    assert process.stderr.read().splitlines() == ["firmware_sim: world.json.version: 1 is expected, not 9"]
