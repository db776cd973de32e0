"""Past orders as sparse rows: which SKUs each held and when it came. Pure.

SKUs are the numbers 0 to ``skus - 1`` in here; the caller keeps the names.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Baskets:
    """Orders by time: the SKUs of order ``o`` are ``items[starts[o]:starts[o + 1]]``, each once.

    ``days`` is the moment of each order in days since any origin; ``qty`` the eaches of each line.
    """

    starts: Ints
    items: Ints
    days: Floats
    qty: Floats
    skus: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sizes(self) -> Ints:
        """Lines of each order."""
        return np.diff(self.starts)

    @property
    def line_orders(self) -> Ints:
        """The order of each line."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.sizes)

    def part(self, first: int, end: int) -> Baskets:
        """Orders ``first`` to ``end - 1``; SKU numbers stay."""
        low, high = self.starts[first], self.starts[end]
        return Baskets(
            self.starts[first : end + 1] - low,
            self.items[low:high],
            self.days[first:end],
            self.qty[low:high],
            self.skus,
        )

    def chosen(self, orders: Ints) -> Baskets:
        """These orders only, in this sequence; SKU numbers stay."""
        lines = _ranges(self.starts[orders], self.sizes[orders])
        starts = np.concatenate(([0], np.cumsum(self.sizes[orders])))
        return Baskets(starts, self.items[lines], self.days[orders], self.qty[lines], self.skus)

    def between(self, first_day: float, end_day: float) -> Baskets:
        """Orders that came from ``first_day`` on and before ``end_day``."""
        first, end = np.searchsorted(self.days, [first_day, end_day], side="left")
        return self.part(int(first), int(end))

    def within(self, kept: Flags) -> Baskets:
        """Only the lines of kept SKUs, renumbered without gaps; orders that hold none of them vanish."""
        numbers = np.cumsum(kept) - 1
        stays = kept[self.items]
        sizes = np.bincount(self.line_orders[stays], minlength=len(self))
        filled = sizes > 0
        return Baskets(
            np.concatenate(([0], np.cumsum(sizes[filled]))),
            numbers[self.items[stays]],
            self.days[filled],
            self.qty[stays],
            int(kept.sum()),
        )

    def by_sku(self) -> tuple[Ints, Ints]:
        """``(starts, orders)``: the orders that hold SKU ``i`` are ``orders[starts[i]:starts[i + 1]]``."""
        order = np.argsort(self.items, kind="stable")
        counts = np.bincount(self.items, minlength=self.skus)
        return np.concatenate(([0], np.cumsum(counts))), self.line_orders[order]

    def counts(self, weights: Floats | None = None) -> Floats:
        """Orders that hold each SKU, each counted by its weight."""
        lines = None if weights is None else np.repeat(weights, self.sizes)
        return np.bincount(self.items, weights=lines, minlength=self.skus).astype(np.float64)

    def filled(self, kept: Flags) -> Flags:
        """For each order: would the kept SKUs fill it whole?"""
        missing = np.bincount(self.line_orders[~kept[self.items]], minlength=len(self))
        return np.asarray(missing == 0, dtype=np.bool_)


def _ranges(starts: Ints, sizes: Ints) -> Ints:
    """The numbers ``starts[k] … starts[k] + sizes[k] - 1`` of all k, joined."""
    offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
    return np.arange(int(sizes.sum()), dtype=np.int64) + offsets


def lines_of(starts: Ints, orders: Ints) -> tuple[Ints, Ints]:
    """``(positions, sizes)`` of the lines of several orders, joined."""
    sizes = starts[orders + 1] - starts[orders]
    return _ranges(starts[orders], sizes), sizes


def from_lines(lines: Iterable[tuple[Hashable, float, Hashable, float]]) -> tuple[Baskets, list[Any]]:
    """Build from ``(order, day, sku, qty)`` lines in any sequence; returns the baskets and the SKUs' names by number.

    Two lines of one SKU in an order become one. Orders are sorted by day, then by first appearance.
    """
    numbers: dict[Hashable, int] = {}
    orders: dict[Hashable, tuple[float, dict[int, float]]] = {}
    for order, day, sku, qty in lines:
        number = numbers.setdefault(sku, len(numbers))
        _, content = orders.setdefault(order, (day, {}))
        content[number] = content.get(number, 0.0) + qty
    return from_rows(sorted(orders.values(), key=lambda row: row[0]), len(numbers)), list(numbers)


def from_rows(rows: Sequence[tuple[float, dict[int, float]]], skus: int) -> Baskets:
    """Build from ``(day, {sku number: qty})`` rows that are sorted by day."""
    sizes = [len(content) for _, content in rows]
    return Baskets(
        np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64),
        np.array([sku for _, content in rows for sku in content], dtype=np.int64),
        np.array([day for day, _ in rows], dtype=np.float64),
        np.array([qty for _, content in rows for qty in content.values()], dtype=np.float64),
        skus,
    )
