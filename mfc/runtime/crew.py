"""Stations, people, carts and totes of the demo floor, with their labels. Pure."""

from dataclasses import dataclass

from mfc.core import labels
from mfc.runtime.siteplan import SitePlan
from mfc.runtime.skuplan import TOTE_TARE_G

CART_POSITIONS = 6
CART_LIGHTS = "lights-carts"
CARTS, PACK_BENCHES, HOSPITALS = 6, 2, 1


@dataclass(frozen=True, slots=True)
class Station:
    """Where one person works. Empty text: the station has no such thing."""

    key: str
    kind: str  # cart, pack, hospital
    scanner: str
    badge_label: str
    person: str
    cart_label: str
    light_device: str
    light_channels: tuple[int, ...]
    scale: str
    x_mm: int
    y_mm: int


@dataclass(frozen=True, slots=True)
class Tote:
    """A reusable tote."""

    label: str
    tare_g: int


def build_stations(site: SitePlan) -> tuple[Station, ...]:
    """Return six picking carts, two pack benches with scales and one hospital, each with a scanner."""
    home = site.places["home"]
    stations = [
        Station(
            key=f"cart-{number}",
            kind="cart",
            scanner=f"scanner-{number}",
            badge_label=labels.make("U", f"PICK{number:02d}"),
            person=f"Picker {number}",
            cart_label=labels.make("K", f"CART{number:02d}"),
            light_device=CART_LIGHTS,
            light_channels=tuple(range((number - 1) * CART_POSITIONS, number * CART_POSITIONS)),
            scale="",
            x_mm=home.x_mm,
            y_mm=home.y_mm,
        )
        for number in range(1, CARTS + 1)
    ]
    for number in range(1, PACK_BENCHES + 1):
        scanner = f"scanner-{CARTS + number}"
        stations.append(_bench(site, "pack", number, f"pack_{number}", scanner, f"scale-{number}"))
    for number in range(1, HOSPITALS + 1):
        scanner = f"scanner-{CARTS + PACK_BENCHES + number}"
        stations.append(_bench(site, "hospital", number, "hospital", scanner, ""))
    return tuple(stations)


def build_totes(count: int) -> tuple[Tote, ...]:
    """Return `count` totes with the labels T-000001… and a check character."""
    return tuple(Tote(labels.make("T", f"{number:06d}"), TOTE_TARE_G) for number in range(1, count + 1))


def _bench(site: SitePlan, kind: str, number: int, place: str, scanner: str, scale: str) -> Station:
    return Station(
        key=f"{kind}-{number}",
        kind=kind,
        scanner=scanner,
        badge_label=labels.make("U", f"{kind[:4].upper()}{number:02d}"),
        person=f"{'Packer' if kind == 'pack' else 'Repairer'} {number}",
        cart_label="",
        light_device="",
        light_channels=(),
        scale=scale,
        x_mm=site.places[place].x_mm,
        y_mm=site.places[place].y_mm,
    )
