"""Reads a world file: every complaint is one line that names the place (docs/reference/world.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from firmware_sim.world import (
    ConveyorSpec,
    DecisionPoint,
    Lane,
    LightRef,
    Location,
    Place,
    ScaleSpec,
    ScannerSpec,
    ServerSpec,
    Sku,
    Station,
    ToteSpec,
    Walk,
    World,
)

VERSION = 1
KINDS = ("cart", "pack", "hospital")
PLACES = ("home", "belt", "stack", "shelf")
MAX_LIGHT_POINTS = 100
MAX_DECISION_POINTS = 16
MAX_LANE = 64

T = TypeVar("T")


class WorldError(ValueError):
    """A world file that cannot be played; the message names the place."""


class _Node:
    """One JSON object with its place in the file, so that a complaint can name it."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise WorldError(f"{where}: an object is expected")
        self.value: dict[str, Any] = value
        self.where = where

    def _get(self, name: str, default: Any) -> Any:
        value = self.value.get(name, default)
        if value is None:
            raise WorldError(f"{self.where}.{name}: missing")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self._get(name, default)
        if not isinstance(value, str):
            raise WorldError(f"{self.where}.{name}: a text is expected, not {value!r}")
        return value

    def number(self, name: str, default: float | None = None, low: float = float("-inf")) -> float:
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < low:
            raise WorldError(f"{self.where}.{name}: a number from {low:g} is expected, not {value!r}")
        return float(value)

    def whole(self, name: str, default: int | None = None, low: int = 0, high: int = 2**31) -> int:
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WorldError(f"{self.where}.{name}: a whole number {low}..{high} is expected, not {value!r}")
        return value

    def child(self, name: str) -> _Node:
        return _Node(self._get(name, None), f"{self.where}.{name}")

    def optional(self, name: str) -> _Node | None:
        return _Node(self.value[name], f"{self.where}.{name}") if self.value.get(name) else None

    def entries(self, name: str) -> list[_Node]:
        value = self._get(name, [])
        if not isinstance(value, list):
            raise WorldError(f"{self.where}.{name}: a list is expected")
        return [_Node(entry, f"{self.where}.{name}[{index}]") for index, entry in enumerate(value)]

    def named(self, name: str) -> list[tuple[str, _Node]]:
        return [
            (key, _Node(entry, f"{self.where}.{name}.{key}")) for key, entry in self.child(name).value.items()
        ]


def load(path: Path) -> World:
    """Read and check a world file; raises WorldError with one line."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise WorldError(f"{path}: {exc.strerror or exc}") from exc
    except ValueError as exc:
        raise WorldError(f"{path}: not JSON: {exc}") from exc
    return parse(raw, base_dir=path.resolve().parent, name=path.name)


def parse(raw: Any, *, base_dir: Path, name: str = "world") -> World:
    root = _Node(raw, name)
    if root.value.get("version") != VERSION:
        raise WorldError(f"{name}.version: {VERSION} is expected, not {root.value.get('version')!r}")
    site = root.child("site").text("code")
    devices = root.child("devices")
    conveyor = root.optional("conveyor")
    locations = [_location(node) for node in root.entries("locations")]
    totes = [ToteSpec(node.text("label"), node.whole("tare_g")) for node in root.entries("totes")]
    stations = [_station(node) for node in root.entries("stations")]
    scanners = [
        ScannerSpec(node.text("key"), base_dir / node.text("link")) for node in devices.entries("scanners")
    ]
    world = World(
        site=site,
        walk=_walk(root.child("walk")),
        locations=_unique(locations, lambda row: row.code, "location"),
        places={key: _place(node) for key, node in root.named("places")},
        skus={key: _sku(key, node) for key, node in root.named("skus")},
        totes=tuple(_unique(totes, lambda row: row.label, "tote").values()),
        stations=tuple(_unique(stations, lambda row: row.key, "station").values()),
        scanners=tuple(scanners),
        lights=tuple(_server(node, MAX_LIGHT_POINTS) for node in devices.entries("lights")),
        plcs=tuple(_server(node, MAX_DECISION_POINTS) for node in devices.entries("plcs")),
        scales=tuple(_scale(node, site) for node in devices.entries("scales")),
        conveyor=_conveyor(conveyor) if conveyor else None,
    )
    _check_references(world, name)
    return world


def _unique(rows: Iterable[T], key: Callable[[T], str], what: str) -> dict[str, T]:
    found: dict[str, T] = {}
    for row in rows:
        if key(row) in found:
            raise WorldError(f"{what} {key(row)!r} is there twice")
        found[key(row)] = row
    return found


def _light(node: _Node) -> LightRef:
    return LightRef(node.text("device"), node.whole("channel", high=MAX_LIGHT_POINTS - 1))


def _location(node: _Node) -> Location:
    light = node.optional("light")
    return Location(
        code=node.text("code"),
        label=node.text("label"),
        aisle=node.text("aisle", ""),
        x=node.number("x"),
        y=node.number("y"),
        light=_light(light) if light else None,
        stock=tuple((row.text("sku"), row.whole("qty")) for row in node.entries("stock")),
    )


def _place(node: _Node) -> Place:
    return Place(node.number("x"), node.number("y"), node.text("code", ""), node.text("label", ""))


def _sku(key: str, node: _Node) -> Sku:
    return Sku(key, node.text("name", key), node.text("barcode"), node.whole("weight_g"))


def _station(node: _Node) -> Station:
    kind = node.text("kind")
    if kind not in KINDS:
        raise WorldError(f"{node.where}.kind: one of {', '.join(KINDS)} is expected, not {kind!r}")
    lights = node.optional("lights")
    channels = lights.value.get("channels", []) if lights else []
    if not isinstance(channels, list) or not all(isinstance(channel, int) for channel in channels):
        raise WorldError(f"{node.where}.lights.channels: a list of whole numbers is expected")
    return Station(
        key=node.text("key"),
        kind=kind,
        token=node.text("token"),
        scanner=node.text("scanner"),
        badge=node.text("badge"),
        cart=node.text("cart", None if kind == "cart" else ""),
        lights=tuple(LightRef(lights.text("device"), channel) for channel in channels) if lights else (),
        scale=node.text("scale", ""),
        x=node.number("x"),
        y=node.number("y"),
    )


def _server(node: _Node, max_points: int) -> ServerSpec:
    return ServerSpec(
        key=node.text("key"),
        host=node.text("host", "127.0.0.1"),
        port=node.whole("port", low=1, high=65535),
        points=node.whole("points", low=1, high=max_points),
        base=node.whole("base", 0, high=60000),
    )


def _scale(node: _Node, site: str) -> ScaleSpec:
    link = node.text("link")
    parts = urlsplit(link)
    if parts.scheme not in ("tcp", "mqtt") or not parts.hostname or not parts.port:
        raise WorldError(f"{node.where}.link: tcp://host:port or mqtt://host:port is expected, not {link!r}")
    return ScaleSpec(
        node.text("key"), link, node.text("site", site), node.text("area", "pack"), node.text("root", "mfc")
    )


def _lane(number: str, node: _Node) -> Lane:
    if not number.isdigit() or not 1 <= int(number) <= MAX_LANE:
        raise WorldError(f"{node.where}: a lane number is 1..{MAX_LANE}")
    return Lane(int(number), node.text("to"), node.whole("capacity", low=1), node.number("travel_s", low=0.0))


def _conveyor(node: _Node) -> ConveyorSpec:
    points = []
    for entry in node.entries("points"):
        lanes = [_lane(number, lane) for number, lane in entry.named("lanes")]
        points.append(
            DecisionPoint(
                index=entry.whole("index"),
                reach_s=entry.number("reach_s", low=0.0),
                loop_s=entry.number("loop_s", low=0.1),
                lanes={lane.number: lane for lane in lanes},
            )
        )
    feeds = node.child("feeds")
    return ConveyorSpec(
        plc=node.text("plc"),
        points=tuple(points),
        feeds={name: feeds.whole(name) for name in feeds.value},
        diverter_s=node.number("diverter_s", low=0.0),
        decision_min_wall_s=node.number("decision_min_wall_s", 0.4, low=0.0),
    )


def _walk(node: _Node) -> Walk:
    return Walk(
        front_y=node.number("front_y"),
        back_y=node.number("back_y"),
        aisles={aisle.text("code"): aisle.number("x") for aisle in node.entries("aisles")},
        speed_m_s=node.number("speed_m_s", 1.2, low=0.1),
    )


def _check_references(world: World, name: str) -> None:
    for place in PLACES:
        if place not in world.places:
            raise WorldError(f"{name}.places.{place}: missing")
    for row in world.locations.values():
        for sku, _ in row.stock:
            if sku not in world.skus:
                raise WorldError(f"{name}: location {row.code} holds {sku!r}, which is not in skus")
    _check_wires(world, name)
    if world.conveyor:
        _check_conveyor(world.conveyor, {spec.key: spec.points for spec in world.plcs}, name)


def _check_wires(world: World, name: str) -> None:
    scanners = {spec.key for spec in world.scanners}
    scales = {spec.key for spec in world.scales}
    lights = {spec.key: spec.points for spec in world.lights}
    points = [ref for row in world.locations.values() if (ref := row.light)]
    for ref in points + [ref for station in world.stations for ref in station.lights]:
        if ref.channel >= lights.get(ref.device, 0):
            raise WorldError(f"{name}: there is no light point {ref.channel} on {ref.device!r}")
    for station in world.stations:
        if station.scanner not in scanners:
            raise WorldError(f"{name}: station {station.key} uses {station.scanner!r}, no such scanner")
        if station.scale and station.scale not in scales:
            raise WorldError(f"{name}: station {station.key} uses {station.scale!r}, no such scale")


def _check_conveyor(conveyor: ConveyorSpec, plcs: dict[str, int], name: str) -> None:
    if conveyor.plc not in plcs:
        raise WorldError(f"{name}.conveyor.plc: {conveyor.plc!r} is not among devices.plcs")
    if [point.index for point in conveyor.points] != list(range(len(conveyor.points))):
        raise WorldError(f"{name}.conveyor.points: the indexes are 0, 1, 2 … in order")
    if len(conveyor.points) > plcs[conveyor.plc]:
        raise WorldError(f"{name}.conveyor.points: the PLC has only {plcs[conveyor.plc]}")
    numbers = [number for point in conveyor.points for number in point.lanes]
    if len(numbers) != len(set(numbers)):
        raise WorldError(f"{name}.conveyor.points: lane numbers are unique on a PLC")
    for feed in ("induct", "hospital", "pack"):
        if not 0 <= conveyor.feeds.get(feed, -1) < len(conveyor.points):
            raise WorldError(f"{name}.conveyor.feeds.{feed}: the index of a point is expected")
