"""The shapes of a simulated floor: what stands where, who works where, which wires hang on what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LightRef:
    device: str
    channel: int


@dataclass(frozen=True, slots=True)
class Location:
    code: str
    label: str
    aisle: str
    x: float
    y: float
    light: LightRef | None
    stock: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Place:
    x: float
    y: float
    code: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sku:
    sku: str
    name: str
    barcode: str
    weight_g: int


@dataclass(frozen=True, slots=True)
class ToteSpec:
    label: str
    tare_g: int


@dataclass(frozen=True, slots=True)
class Station:
    key: str
    kind: str
    token: str
    scanner: str
    badge: str
    cart: str
    lights: tuple[LightRef, ...]  # index = position on the cart - 1
    scale: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ScannerSpec:
    key: str
    link: Path


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """A Modbus server: a light controller or a PLC with ``points`` points; ``base`` shifts its addresses."""

    key: str
    host: str
    port: int
    points: int
    base: int = 0


@dataclass(frozen=True, slots=True)
class ScaleSpec:
    key: str
    link: str
    site: str
    area: str
    root: str


@dataclass(frozen=True, slots=True)
class Lane:
    number: int
    to: str
    capacity: int
    travel_s: float


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    index: int
    reach_s: float
    loop_s: float
    lanes: dict[int, Lane]


@dataclass(frozen=True, slots=True)
class ConveyorSpec:
    plc: str
    points: tuple[DecisionPoint, ...]
    feeds: dict[str, int]
    diverter_s: float
    decision_min_wall_s: float


@dataclass(frozen=True, slots=True)
class Walk:
    front_y: float
    back_y: float
    aisles: dict[str, float]
    speed_m_s: float


@dataclass(frozen=True, slots=True)
class World:
    site: str
    walk: Walk
    locations: dict[str, Location]
    places: dict[str, Place]
    skus: dict[str, Sku]
    totes: tuple[ToteSpec, ...]
    stations: tuple[Station, ...]
    scanners: tuple[ScannerSpec, ...]
    lights: tuple[ServerSpec, ...]
    plcs: tuple[ServerSpec, ...]
    scales: tuple[ScaleSpec, ...]
    conveyor: ConveyorSpec | None
