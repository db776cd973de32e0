"""Readers of order files for the planners' benches: Online Retail, Foodmart sales, and plain lines; .gz and .xz too.

The form is told by the header: ``InvoiceNo, StockCode, …`` (UCI Online Retail), ``product_id, time_id, customer_id, …``
(Foodmart sales; measures come from ``foodmart_product`` beside it), or ``order_id, timestamp, sku, qty``. A timestamp
is ISO 8601, Unix seconds, or a number of days; without one the sequence of the file counts.
"""

from __future__ import annotations

import csv
import gzip
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from mfc.slotting.baskets import Baskets, from_lines

DAY_S = 86_400
# Numbers above this are Unix seconds, below it days.
LEAST_UNIX_S = 10_000_000
# Orders a day when a file has no times: only the sequence counts then.
ORDERS_A_DAY = 200


@dataclass(frozen=True, slots=True)
class OrderSet:
    """One file: orders by time, SKU names by number, whether times are real, and cube and weight where they are known."""

    name: str
    baskets: Baskets
    skus: list[Any]
    has_times: bool
    volume: npt.NDArray[np.float64] | None = None
    weight: npt.NDArray[np.float64] | None = None


def open_text(path: Path) -> TextIO:
    """A text file, plain or packed."""
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    file: TextIO = opener(path, "rt", encoding="utf-8", errors="replace", newline="")
    return file


def read(path: Path, *, most_lines: int | None = None) -> OrderSet:
    """Read an order file; ``most_lines`` leaves out larger orders (wholesale). ValueError for an unknown header."""
    with open_text(path) as file:
        rows = csv.DictReader(file)
        header = {name.strip().lower(): name for name in rows.fieldnames or []}
        if "invoiceno" in header:
            lines, has_times = list(_online_retail(rows)), True
        elif {"product_id", "time_id", "customer_id"} <= header.keys():
            lines, has_times = list(_foodmart(rows)), True
        else:
            lines, has_times = _plain(rows, header)
    baskets, skus = from_lines(lines)
    if most_lines is not None:
        baskets = baskets.chosen(np.flatnonzero(baskets.sizes <= most_lines).astype(np.int64))
    volume, weight = _measures(path, skus) if path.name.startswith("foodmart_sales") else (None, None)
    name = path.name.split(".")[0]
    return OrderSet(name, baskets, skus, has_times, volume, weight)


Line = tuple[Any, float, Any, float]


def _online_retail(rows: csv.DictReader[str]) -> Iterator[Line]:
    for row in rows:
        qty, code = float(row["Quantity"]), row["StockCode"].strip().upper()
        # Cancelled invoices, returns, and postage, fees and other codes that are no goods are no demand.
        if row["InvoiceNo"].startswith("C") or qty <= 0 or not code[:5].isdigit():
            continue
        yield row["InvoiceNo"], _day(row["InvoiceDate"]), code, qty


def _foodmart(rows: csv.DictReader[str]) -> Iterator[Line]:
    for row in rows:
        order = (row["customer_id"], row["time_id"])
        yield order, float(row["time_id"]), row["product_id"], float(row["unit_sales"])


def _plain(rows: csv.DictReader[str], header: dict[str, str]) -> tuple[list[Line], bool]:
    def column(*names: str) -> str | None:
        return next((header[name] for name in names if name in header), None)

    order = column("order_id", "order", "basket_id", "order_ref", "invoice")
    sku = column("sku", "product_id", "item_id", "item", "product")
    moment = column("timestamp", "placed_at", "time", "date", "day")
    qty = column("qty", "quantity")
    if order is None or sku is None:
        raise ValueError("the file needs the columns order_id, timestamp, sku, qty")
    lines: list[Line] = []
    sequence: dict[str, int] = {}
    has_times = moment is not None
    for row in rows:
        number = sequence.setdefault(row[order], len(sequence))
        text = row[moment].strip() if moment else ""
        has_times = has_times and bool(text)
        day = _day(text) if text else number / ORDERS_A_DAY
        lines.append((row[order], day, row[sku], float(row[qty] or 1) if qty else 1.0))
    return lines, has_times


def _day(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / DAY_S
    return number / DAY_S if number > LEAST_UNIX_S else number


def _measures(
    path: Path, skus: list[Any]
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64] | None]:
    found = next(iter(sorted(path.parent.glob("foodmart_product*"))), None)
    if found is None:
        return None, None
    with open_text(found) as file:
        known = {
            row["product_id"]: (
                float(row["shelf_width"]) * float(row["shelf_height"]) * float(row["shelf_depth"]),
                float(row["gross_weight"]),
            )
            for row in csv.DictReader(file)
        }
    pairs = np.array([known.get(sku, (1.0, 1.0)) for sku in skus])
    return pairs[:, 0], pairs[:, 1]
