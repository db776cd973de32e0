"""Writes the demo as the simulator's world file and the gateway's floor.toml. Pure.

Forms: docs/reference/world.md and docs/reference/floor-toml.md. Both are made from one `Wiring`, so that
the two ends of every wire agree.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mfc.runtime.crew import CART_LIGHTS, CART_POSITIONS, Station
from mfc.runtime.demoplan import DemoPlan
from mfc.runtime.siteplan import BAYS_PER_SIDE, LEVELS, SITE_CODE, Place, SitePlan

HOST = "127.0.0.1"
PLC = "plc-1"
DECISION_POINTS = 2
SCANNER_DIR = "dev/serial/by-id"  # relative to the file that names it
WALK_SPEED_M_S = 1.2
# Lanes after each decision point: number -> (where to, capacity in totes, seconds on the way).
_LANES: tuple[dict[str, tuple[str, int, int]], ...] = (
    {"1": ("pack", 12, 8), "2": ("hospital", 12, 10)},
    {
        "3": ("STAGE-1", 20, 6),
        "4": ("STAGE-2", 20, 8),
        "5": ("STAGE-3", 20, 10),
        "6": ("STAGE-4", 20, 12),
        "7": ("hospital", 12, 12),
    },
)
_REACH_S = (12, 6)
_LOOP_S = 30

PortFor = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Wiring:
    """Every device with its end of the wire: key -> serial port name, or TCP port."""

    scanners: dict[str, str]
    lights: dict[str, tuple[int, int]]  # TCP port, points
    plc_port: int
    scales: dict[str, tuple[int, str]]  # TCP port, area


def build_wiring(
    site: SitePlan, stations: Sequence[Station], *, ports: int | PortFor, scanner_dir: str = SCANNER_DIR
) -> Wiring:
    """Return the wiring. `ports` is the first of a run of free TCP ports, or gives the port of a device
    key.
    """
    port_for = ports if callable(ports) else _counting_from(ports)
    points = {f"lights-{aisle.code}": 2 * BAYS_PER_SIDE * len(LEVELS) for aisle in site.aisles}
    points[CART_LIGHTS] = CART_POSITIONS * sum(station.kind == "cart" for station in stations)
    plc_port = port_for(PLC)
    return Wiring(
        scanners={
            station.scanner: f"{scanner_dir}/usb-MFC_Sim_Scanner_{number:02d}-if00"
            for number, station in enumerate(stations, start=1)
        },
        lights={key: (port_for(key), count) for key, count in points.items()},
        plc_port=plc_port,
        scales={
            station.scale: (port_for(station.scale), station.kind) for station in stations if station.scale
        },
    )


def write_world(
    plan: DemoPlan, wiring: Wiring, *, tokens: Mapping[str, str], mqtt_url: str = ""
) -> dict[str, Any]:
    """Return the world file as JSON data. `tokens` gives each station's token; KeyError when one is
    missing.
    """
    site = plan.site
    return {
        "version": 1,
        "site": {"code": site.code, "width_m": site.width_mm / 1000, "depth_m": site.depth_mm / 1000},
        "walk": {
            "front_y": site.walkway.front_y_mm / 1000,
            "back_y": site.walkway.back_y_mm / 1000,
            "aisles": [{"code": aisle.code, "x": aisle.x_mm / 1000} for aisle in site.aisles],
            "speed_m_s": WALK_SPEED_M_S,
        },
        "locations": _locations(plan),
        "places": {key: _place(site.places[key]) for key in ("home", "belt", "stack", "shelf")},
        "skus": {
            spec.sku: {"name": spec.name, "barcode": spec.gtin13, "weight_g": spec.weight_g}
            for spec in plan.skus.values()
        },
        "totes": [{"label": tote.label, "tare_g": tote.tare_g} for tote in plan.totes],
        "stations": [_station(station, tokens[station.key]) for station in plan.stations],
        "devices": _devices(site, wiring, mqtt_url),
        "conveyor": _conveyor(),
    }


def write_orders(plan: DemoPlan) -> list[dict[str, Any]]:
    """Return the simulator's orders file as JSON data."""
    return [order.as_json() for order in plan.orders]


def write_floor_toml(
    wiring: Wiring,
    *,
    gateway: str = "gw-1",
    site: str = SITE_CODE,
    spool: str = "spool/gw-1.sqlite",
    bus_url: str = "unix:run/gw-1.sock",
    mqtt_url: str = "",
) -> str:
    """Return the text of a floor.toml; relative paths count from where it is written. With `mqtt_url` the
    scales speak MQTT, else the line link.
    """
    tables = [
        _table("[gateway]", name=gateway, site=site, spool=spool, max_events=100_000),
        _table("[bus]", url=bus_url, root="mfc"),
    ]
    for key, port in wiring.scanners.items():
        tables.append(_table("[[device]]", key=key, profile="line-scanner", port=port))
    for key, (tcp_port, _) in wiring.lights.items():
        tables.append(_table("[[device]]", key=key, profile="mfc-l1", host=HOST, port=tcp_port))
    plc = _table("[[device]]", key=PLC, profile="mfc-1", host=HOST, port=wiring.plc_port)
    tables.append(f"{plc}settings = {{ points = {DECISION_POINTS} }}\n")
    for key, (tcp_port, area) in wiring.scales.items():
        link = mqtt_url or f"tcp://{HOST}:{tcp_port}"
        tables.append(_table("[[device]]", key=key, profile="scale", link=link, area=area))
    return "\n".join(tables)


def _counting_from(first: int) -> PortFor:
    given: dict[str, int] = {}
    return lambda key: given.setdefault(key, first + len(given))


def _locations(plan: DemoPlan) -> list[dict[str, Any]]:
    stock: dict[str, dict[str, int]] = {}
    for line in plan.stock:
        here = stock.setdefault(line.location, {})
        here[line.sku] = here.get(line.sku, 0) + line.qty
    return [
        {
            "code": location.code,
            "label": location.label,
            "aisle": location.aisle,
            "x": location.x_mm / 1000,
            "y": location.y_mm / 1000,
            "level": location.level,
            "light": {"device": location.light_device, "channel": location.light_channel},
            "stock": [{"sku": sku, "qty": qty} for sku, qty in stock.get(location.code, {}).items()],
        }
        for location in plan.site.locations
    ]


def _place(place: Place) -> dict[str, Any]:
    spot: dict[str, Any] = {"x": place.x_mm / 1000, "y": place.y_mm / 1000}
    return {"code": place.code, "label": place.label, **spot} if place.code else spot


def _station(station: Station, token: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": station.key,
        "kind": station.kind,
        "token": token,
        "scanner": station.scanner,
        "badge": station.badge_label,
    }
    if station.cart_label:
        row["cart"] = station.cart_label
        row["lights"] = {"device": station.light_device, "channels": list(station.light_channels)}
    if station.scale:
        row["scale"] = station.scale
    return row | {"x": station.x_mm / 1000, "y": station.y_mm / 1000}


def _devices(site: SitePlan, wiring: Wiring, mqtt_url: str) -> dict[str, Any]:
    return {
        "scanners": [{"key": key, "link": link} for key, link in wiring.scanners.items()],
        "lights": [
            {"key": key, "host": HOST, "port": port, "points": points}
            for key, (port, points) in wiring.lights.items()
        ],
        "plcs": [{"key": PLC, "host": HOST, "port": wiring.plc_port, "points": DECISION_POINTS}],
        "scales": [
            {"key": key, "link": mqtt_url or f"tcp://{HOST}:{port}", "site": site.code, "area": area}
            for key, (port, area) in wiring.scales.items()
        ],
    }


def _conveyor() -> dict[str, Any]:
    points = [
        {
            "index": index,
            "reach_s": _REACH_S[index],
            "loop_s": _LOOP_S,
            "lanes": {
                number: {"to": to, "capacity": capacity, "travel_s": travel_s}
                for number, (to, capacity, travel_s) in lanes.items()
            },
        }
        for index, lanes in enumerate(_LANES)
    ]
    return {
        "plc": PLC,
        "points": points,
        "feeds": {"induct": 0, "hospital": 0, "pack": 1},
        "diverter_s": 2.0,
        "decision_min_wall_s": 0.4,
    }


def _table(header: str, **values: str | int) -> str:
    """Return a TOML table; JSON strings and integers are TOML as well."""
    rows = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([header, *rows]) + "\n"
