"""A very small floor for the simulator's own tests, on free ports."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware_sim.clock import SiteClock
from firmware_sim.world import World
from firmware_sim.world_file import parse

SITE_START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fast_clock(speed: float = 100.0) -> SiteClock:
    import time

    return SiteClock(time.time(), SITE_START, speed)


def raw_world() -> dict[str, Any]:
    return {
        "version": 1,
        "site": {"code": "TEST", "width_m": 12.0, "depth_m": 10.0},
        "walk": {
            "front_y": 2.0,
            "back_y": 9.0,
            "aisles": [{"code": "A01", "x": 2.0}, {"code": "A02", "x": 5.0}],
            "speed_m_s": 1.2,
        },
        "locations": [
            {
                "code": "A01-01-A",
                "label": "L-A0101AX",
                "aisle": "A01",
                "x": 1.2,
                "y": 4.0,
                "level": 0,
                "light": {"device": "lights-A01", "channel": 0},
                "stock": [{"sku": "APPLE", "qty": 10}],
            },
            {
                "code": "A02-01-A",
                "label": "L-A0201AX",
                "aisle": "A02",
                "x": 4.2,
                "y": 6.0,
                "level": 0,
                "light": {"device": "lights-A01", "channel": 1},
                "stock": [{"sku": "PEAR", "qty": 5}],
            },
        ],
        "places": {
            "home": {"x": 1, "y": 1},
            "belt": {"code": "BELT-1", "label": "L-BELT1X", "x": 9, "y": 1},
            "stack": {"x": 8, "y": 1},
            "shelf": {"code": "HOSP-1", "label": "L-HOSP1X", "x": 10, "y": 1},
        },
        "skus": {
            "APPLE": {"name": "Apple", "barcode": "2000000000015", "weight_g": 120},
            "PEAR": {"name": "Pear", "barcode": "2000000000022", "weight_g": 200},
        },
        "totes": [{"label": f"T-00000{n}X", "tare_g": 1500} for n in range(1, 5)],
        "stations": [
            {
                "key": "cart-1",
                "kind": "cart",
                "token": "tok-cart",
                "scanner": "scanner-1",
                "badge": "U-1",
                "cart": "K-1",
                "lights": {"device": "lights-carts", "channels": [0, 1]},
                "x": 1,
                "y": 1,
            },
            {
                "key": "pack-1",
                "kind": "pack",
                "token": "tok-pack",
                "scanner": "scanner-2",
                "badge": "U-2",
                "scale": "scale-1",
                "x": 9,
                "y": 1,
            },
            {
                "key": "hospital-1",
                "kind": "hospital",
                "token": "tok-hosp",
                "scanner": "scanner-3",
                "badge": "U-3",
                "x": 10,
                "y": 1,
            },
        ],
        "devices": {
            "scanners": [{"key": f"scanner-{n}", "link": f"dev/scanner-{n}"} for n in (1, 2, 3)],
            "lights": [
                {"key": "lights-A01", "host": "127.0.0.1", "port": free_port(), "points": 4},
                {"key": "lights-carts", "host": "127.0.0.1", "port": free_port(), "points": 2},
            ],
            "plcs": [{"key": "plc-1", "host": "127.0.0.1", "port": free_port(), "points": 2}],
            "scales": [
                {"key": "scale-1", "link": f"tcp://127.0.0.1:{free_port()}", "site": "TEST", "area": "pack"}
            ],
        },
        "conveyor": {
            "plc": "plc-1",
            "points": [
                {
                    "index": 0,
                    "reach_s": 1,
                    "loop_s": 5,
                    "lanes": {
                        "1": {"to": "pack", "capacity": 2, "travel_s": 1},
                        "2": {"to": "hospital", "capacity": 2, "travel_s": 1},
                    },
                },
                {
                    "index": 1,
                    "reach_s": 1,
                    "loop_s": 5,
                    "lanes": {
                        "3": {"to": "STAGE-1", "capacity": 9, "travel_s": 1},
                        "7": {"to": "hospital", "capacity": 2, "travel_s": 1},
                    },
                },
            ],
            "feeds": {"induct": 0, "hospital": 0, "pack": 1},
            "diverter_s": 2.0,
            "decision_min_wall_s": 0.3,
        },
    }


def small_world(base_dir: Path, raw: dict[str, Any] | None = None) -> World:
    return parse(raw or raw_world(), base_dir=base_dir)
