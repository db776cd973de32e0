"""World file and floor.toml: documented keys, and both ends of each wire agree."""

import json
import tomllib

import pytest

from mfc.runtime.demoplan import build_plan
from mfc.runtime.worldfile import build_wiring, write_floor_toml, write_orders, write_world

PLAN = build_plan(orders=10, hands=2, seed=1)
WIRING = build_wiring(PLAN.site, PLAN.stations, ports=15_020)
TOKENS = {station.key: f"token-{station.key}" for station in PLAN.stations}
WORLD = json.loads(json.dumps(write_world(PLAN, WIRING, tokens=TOKENS)))


def test_world_has_the_documented_keys():
    assert list(WORLD) == [
        *("version", "site", "walk", "locations", "places", "skus", "totes"),
        *("stations", "devices", "conveyor"),
    ]
    assert WORLD["site"] == {"code": "DEMO", "width_m": 30.0, "depth_m": 15.0}
    assert set(WORLD["locations"][0]) == {"code", "label", "aisle", "x", "y", "level", "light", "stock"}
    assert set(WORLD["places"]) == {"home", "belt", "stack", "shelf"}
    assert set(WORLD["places"]["belt"]) == {"code", "label", "x", "y"}
    assert set(WORLD["devices"]) == {"scanners", "lights", "plcs", "scales"}
    assert set(WORLD["conveyor"]) == {"plc", "points", "feeds", "diverter_s", "decision_min_wall_s"}
    assert [len(WORLD[key]) for key in ("locations", "skus", "totes", "stations")] == [880, 800, 70, 9]


def test_stations_carry_what_their_kind_needs():
    by_key = {station["key"]: station for station in WORLD["stations"]}
    common = {"key", "kind", "token", "scanner", "badge", "x", "y"}
    assert set(by_key["cart-1"]) == common | {"cart", "lights"}
    assert by_key["cart-2"]["lights"] == {"device": "lights-carts", "channels": [6, 7, 8, 9, 10, 11]}
    assert set(by_key["pack-1"]) == common | {"scale"}
    assert set(by_key["hospital-1"]) == common
    assert by_key["pack-2"]["token"] == "token-pack-2"


def test_a_station_without_token_is_refused():
    with pytest.raises(KeyError):
        write_world(PLAN, WIRING, tokens={})


def test_floor_toml_names_the_same_wires():
    floor = tomllib.loads(write_floor_toml(WIRING, spool="spool/x.sqlite"))
    assert set(floor) == {"gateway", "bus", "device"}
    assert floor["gateway"]["spool"] == "spool/x.sqlite"
    devices = {device["key"]: device for device in floor["device"]}
    world = WORLD["devices"]
    assert len(devices) == len(floor["device"]) == sum(len(rows) for rows in world.values()) == 9 + 12 + 1 + 2
    assert all(devices[row["key"]]["port"] == row["link"] for row in world["scanners"])
    assert all(devices[row["key"]]["port"] == row["port"] for row in world["lights"] + world["plcs"])
    assert all(devices[row["key"]]["link"] == row["link"] for row in world["scales"])
    assert devices["plc-1"]["settings"] == {"points": 2}


def test_ports_count_from_the_base_without_repeating_or_come_from_the_caller():
    ports = [
        WIRING.plc_port,
        *(p for p, _ in WIRING.lights.values()),
        *(p for p, _ in WIRING.scales.values()),
    ]
    assert ports == list(range(15_020, 15_035))
    asked = build_wiring(PLAN.site, PLAN.stations, ports=len)
    assert asked.plc_port == len("plc-1")


def test_lamps_of_the_world_exist_on_their_controllers():
    points = {row["key"]: row["points"] for row in WORLD["devices"]["lights"]}
    for location in WORLD["locations"]:
        assert 0 <= location["light"]["channel"] < points[location["light"]["device"]]
    assert points["lights-carts"] == 36


def test_lanes_are_unique_on_the_plc_and_reach_every_stage():
    lanes = [item for point in WORLD["conveyor"]["points"] for item in point["lanes"].items()]
    assert [number for number, _ in lanes] == ["1", "2", "3", "4", "5", "6", "7"]
    targets = [lane["to"] for _, lane in lanes]
    assert targets == ["pack", "hospital", "STAGE-1", "STAGE-2", "STAGE-3", "STAGE-4", "hospital"]


def test_orders_file_has_the_documented_keys():
    orders = write_orders(PLAN)
    assert len(orders) == 10
    assert set(orders[0]) == {"ref", "at_s", "promise_s", "lines", "address", "substitution"}
    assert set(orders[0]["lines"][0]) == {"sku", "qty"}
