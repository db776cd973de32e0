"""Makes the shipped extract from the raw Online Retail CSV; not needed at run time.

    python mfc/runtime/data/make_extract.py RAW.csv

What is kept, and why, stands in README.md beside this file.
"""

import csv
import gzip
import io
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

MAX_LINES = 12
MAX_QTY = 6
KEPT_SKUS = 800
STOCK_CODE = re.compile(r"^\d{5}[A-Z]?$")
# Descriptions of the shop's own corrections; the real names are in capitals.
NOTE = re.compile(r"[a-z?]{2}|\bCHECK\b|\bDAMAGE|\bLOST\b|\bSAMPLE")
HERE = Path(__file__).parent

Line = tuple[str, int, str]  # sku, qty, unit price
Order = tuple[str, list[Line]]  # placed at, lines


def read_orders(raw: Path) -> tuple[dict[str, Order], dict[str, Counter[str]]]:
    """Return orders (reference -> time, merged lines) that fit a micro-fulfillment basket, and names per
    SKU.
    """
    placed: dict[str, str] = {}
    merged: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    names: dict[str, Counter[str]] = defaultdict(Counter)
    with raw.open(encoding="utf-8", errors="replace", newline="") as stream:
        for row in csv.DictReader(stream):
            reference, sku = row["InvoiceNo"], row["StockCode"].strip().upper()
            name = " ".join(row["Description"].split())
            if not is_clean(row, sku, name):
                continue
            names[sku][name] += 1
            placed.setdefault(reference, row["InvoiceDate"])
            qty, _ = merged[reference].get(sku, (0, ""))
            merged[reference][sku] = (qty + int(row["Quantity"]), row["UnitPrice"])
    orders = {}
    for reference, lines in merged.items():
        if len(lines) <= MAX_LINES and all(qty <= MAX_QTY for qty, _ in lines.values()):
            orders[reference] = (placed[reference], [(sku, *line) for sku, line in lines.items()])
    return orders, names


def is_clean(row: dict[str, str], sku: str, name: str) -> bool:
    """Say whether a raw line is a sale of an article with a real name."""
    return (
        row["InvoiceNo"].isdigit()
        and bool(STOCK_CODE.match(sku))
        and int(row["Quantity"]) > 0
        and float(row["UnitPrice"]) > 0
        and len(name) > 3
        and not NOTE.search(name)
    )


def keep_popular(orders: dict[str, Order]) -> tuple[dict[str, Order], set[str]]:
    """Keep the most ordered SKUs and the orders that they complete."""
    counts = Counter(sku for _, lines in orders.values() for sku, _, _ in lines)
    ranked = sorted(counts, key=lambda sku: (-counts[sku], sku))
    kept = set(ranked[:KEPT_SKUS])
    return {ref: order for ref, order in orders.items() if all(sku in kept for sku, _, _ in order[1])}, kept


def write_gz(path: Path, header: list[str], rows: list[list[str]]) -> None:
    """Write a compressed CSV whose bytes depend on the rows only (no name, no time in the header)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
        stream.write(text.getvalue().encode())


def main(raw: Path) -> None:
    """Write both files beside this script."""
    orders, names = read_orders(raw)
    orders, kept = keep_popular(orders)
    order_rows = [
        [reference, placed_at, sku, str(qty), price]
        for reference, (placed_at, lines) in sorted(orders.items(), key=lambda one: (one[1][0], one[0]))
        for sku, qty, price in lines
    ]
    skus = sorted(kept)
    sku_rows = [[sku, max(names[sku].items(), key=lambda one: (one[1], one[0]))[0]] for sku in skus]
    header = ["order_ref", "placed_at", "sku", "qty", "unit_price"]
    write_gz(HERE / "online_retail_extract.csv.gz", header, order_rows)
    write_gz(HERE / "skus.csv.gz", ["sku", "description"], sku_rows)
    sys.stdout.write(f"{len(orders)} orders, {len(order_rows)} lines, {len(skus)} SKUs\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
