"""Attributes, slots and first stock of the demo's SKUs. Pure.

The Online Retail data has no weights, sizes, bar codes or temperatures. All of these are SYNTHETIC: derived
from the SKU code by CRC-32, so that every run and every machine gets the same; nothing here describes a
real article.
"""

import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mfc.catalog.gs1 import check_digit
from mfc.layout.travel import distance_mm, reach_s, walk_s
from mfc.runtime.extract import Basket
from mfc.runtime.siteplan import AMBIENT, CHILLED, FROZEN, PickLocation, SitePlan

TOTE_VOLUME_ML = 40_000
TOTE_WEIGHT_G = 15_000
TOTE_TARE_G = 1_500
# Goods never fill a tote to the brim: air between boxes, and a lid that must close.
USABLE_SHARE = 0.85
MIN_WEIGHT_G, MAX_WEIGHT_G = 30, 1_200
MIN_STOCK, STOCK_FACTOR = 6, 1.3
# The articles that the README and the tutorial order by hand: enough to try things out.
TRYING_OUT, TRYING_OUT_STOCK = frozenset({"22423", "85123A"}), 60
# Percent of the SKUs by CRC-32; the shares fit the zones' 640, 160 and 80 locations.
AMBIENT_PERCENT, CHILLED_PERCENT = 74, 19
# Days of life of the two lots of cold goods.
LOT_DAYS = {CHILLED: (6, 15), FROZEN: (90, 240)}
_SHAPES = ((4, 3, 1), (3, 2, 1), (2, 2, 1), (1, 1, 1), (5, 2, 2))


@dataclass(frozen=True, slots=True)
class SkuSpec:
    """A SKU with its synthetic attributes."""

    sku: str
    name: str
    gtin13: str
    zone: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    brand: str = ""

    @property
    def volume_ml(self) -> int:
        """The box's volume, rounded up."""
        return -(-self.length_mm * self.width_mm * self.height_mm // 1000)


@dataclass(frozen=True, slots=True)
class StockLine:
    """First stock of a SKU in its slot; ambient goods have no lot. Life counts from the first day."""

    location: str
    sku: str
    lot: str
    life_days: int | None
    qty: int


def gtin13(sku: str) -> str:
    """Return a GTIN-13 in the range 20-29, which GS1 leaves to companies for use inside: 200, SKU, letter,
    check.
    """
    number, letter = sku[:5], sku[5:]
    body = f"200{number}{ord(letter) - 64 if letter else 0:02d}00"
    return f"{body}{check_digit(body)}"


def build_skus(names: Mapping[str, str], baskets: Sequence[Basket]) -> dict[str, SkuSpec]:
    """Return all SKUs by code. Weight and volume are held so small that each basket fits one tote."""
    largest: dict[str, int] = {}
    for basket in baskets:
        for line in basket.lines:
            largest[line.sku] = max(largest.get(line.sku, 1), basket.units)
    return {sku: _spec(sku, name, largest.get(sku, 1)) for sku, name in sorted(names.items())}


def slot(site: SitePlan, skus: Mapping[str, SkuSpec], history: Sequence[Basket]) -> dict[str, PickLocation]:
    """Return a location per SKU: the more lines in `history`, the cheaper the visit, inside the SKU's zone.

    ValueError when a zone has fewer locations than SKUs.
    """
    velocity = line_counts(history)
    slots: dict[str, PickLocation] = {}
    for zone in (AMBIENT, CHILLED, FROZEN):
        wanted = sorted((s for s in skus.values() if s.zone == zone), key=lambda s: (-velocity[s.sku], s.sku))
        free = [location for location in site.locations if location.zone == zone]
        free.sort(key=lambda location: (visit_s(site, location), location.code))
        if len(wanted) > len(free):
            raise ValueError(f"{len(wanted)} SKUs do not fit the {len(free)} locations of zone {zone}")
        slots.update({spec.sku: location for spec, location in zip(wanted, free, strict=False)})
    return slots


def line_counts(baskets: Sequence[Basket]) -> Counter[str]:
    """Return how many order lines ask for each SKU."""
    return Counter(line.sku for basket in baskets for line in basket.lines)


def visit_s(site: SitePlan, location: PickLocation) -> float:
    """Return the seconds of a visit: from where carts start, to the bin, to the belt, and the reach."""
    way_mm = distance_mm(site.walkway, site.places["home"].spot, location.spot)
    way_mm += distance_mm(site.walkway, location.spot, site.places["belt"].spot)
    return walk_s(way_mm) + reach_s(location.level)


def first_stock(
    skus: Mapping[str, SkuSpec], slots: Mapping[str, PickLocation], demand: Mapping[str, int]
) -> tuple[StockLine, ...]:
    """Return the first stock: 1.3 times `demand` (units per SKU), at least 6; cold goods in two lots."""
    lines = []
    for sku, location in sorted(slots.items()):
        least = TRYING_OUT_STOCK if sku in TRYING_OUT else MIN_STOCK
        qty = max(least, math.ceil(demand.get(sku, 0) * STOCK_FACTOR))
        zone = skus[sku].zone
        if zone not in LOT_DAYS:
            lines.append(StockLine(location.code, sku, "", None, qty))
            continue
        early_days, late_days = LOT_DAYS[zone]
        early_qty = qty * 2 // 5
        spread = _chance(sku, "life") % 3
        lines.append(StockLine(location.code, sku, f"{sku}-1", early_days + spread, early_qty))
        lines.append(StockLine(location.code, sku, f"{sku}-2", late_days + spread, qty - early_qty))
    return tuple(lines)


def _chance(sku: str, purpose: str) -> int:
    """Return a number that depends on the SKU and the purpose only."""
    return zlib.crc32(f"{purpose}:{sku}".encode())


def _spec(sku: str, name: str, largest_basket_units: int) -> SkuSpec:
    share = zlib.crc32(sku.encode()) % 100
    zone = AMBIENT if share < AMBIENT_PERCENT else CHILLED
    if share >= AMBIENT_PERCENT + CHILLED_PERCENT:
        zone = FROZEN
    # Log-uniform: many light things, few heavy ones.
    step = _chance(sku, "weight") % 1000 / 999
    raw_g = MIN_WEIGHT_G * (MAX_WEIGHT_G / MIN_WEIGHT_G) ** step
    weight_g = int(min(raw_g, TOTE_WEIGHT_G * USABLE_SHARE / largest_basket_units))
    density_g_ml = 0.3 + _chance(sku, "density") % 1000 / 1000 * 0.7
    volume_ml = min(weight_g / density_g_ml, TOTE_VOLUME_ML * USABLE_SHARE / largest_basket_units)
    shape = _SHAPES[_chance(sku, "shape") % len(_SHAPES)]
    unit_mm = (volume_ml * 1000 / math.prod(shape)) ** (1 / 3)
    length_mm, width_mm, height_mm = (max(10, int(side * unit_mm)) for side in shape)
    return SkuSpec(sku, name, gtin13(sku), zone, weight_g, length_mm, width_mm, height_mm)
