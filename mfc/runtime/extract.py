"""The shipped extract of real orders (see data/README.md): baskets of the past and baskets to replay."""

import csv
import gzip
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

# Baskets before this day teach the slotting, later ones are replayed: no plan has seen its own test.
REPLAY_FROM = date(2011, 6, 1)
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One article of a basket; the price is in pence."""

    sku: str
    qty: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """A real order. `placed_at` is the shop's wall-clock time, without a zone."""

    order_ref: str
    placed_at: datetime
    lines: tuple[BasketLine, ...]

    @property
    def units(self) -> int:
        """How many pieces the basket holds."""
        return sum(line.qty for line in self.lines)


@cache
def skus() -> dict[str, str]:
    """Return the assortment: SKU -> description, by SKU."""
    return {row["sku"]: row["description"] for row in _rows("skus.csv.gz")}


@cache
def orders() -> tuple[Basket, ...]:
    """Return all baskets by time."""
    lines: dict[str, list[BasketLine]] = {}
    placed: dict[str, datetime] = {}
    for row in _rows("online_retail_extract.csv.gz"):
        price_minor = round(float(row["unit_price"]) * 100)
        lines.setdefault(row["order_ref"], []).append(BasketLine(row["sku"], int(row["qty"]), price_minor))
        placed[row["order_ref"]] = datetime.fromisoformat(row["placed_at"])
    baskets = [Basket(ref, placed[ref], tuple(lines[ref])) for ref in lines]
    return tuple(sorted(baskets, key=lambda basket: (basket.placed_at, basket.order_ref)))


def history() -> tuple[Basket, ...]:
    """Return the baskets that slotting and stock may learn from."""
    return tuple(basket for basket in orders() if basket.placed_at.date() < REPLAY_FROM)


def replay() -> tuple[Basket, ...]:
    """Return the baskets that the demo orders again, by time."""
    return tuple(basket for basket in orders() if basket.placed_at.date() >= REPLAY_FROM)


def _rows(name: str) -> list[dict[str, str]]:
    with gzip.open(_DATA / name, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
