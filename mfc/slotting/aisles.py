"""Exact walks in one block of parallel aisles, for very many small orders. Pure.

Dynamic programme of Ratliff and Rosenthal (1983): aisles from left to right, seven classes of partial tours, named by
the degree at the front and the back cross aisle (0, even, uneven) and the number of parts. Places are numbered
``aisle * reach + y`` with y in any whole unit from the front cross aisle (0) to the back one (``length``); ``reach`` is
larger than ``length``. The depot lies at the front cross aisle at ``depot_x``; what lies before it is added by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mfc.slotting.fast import compiled

FAR = 1 << 50
# Classes of partial tours, in this order: both ends uneven; front even; back even; both even in one part; both even in
# two parts; nothing visited yet; finished.


@dataclass(frozen=True, slots=True)
class Block:
    """Aisles at ``xs`` (growing), each ``length`` long, and the depot in front of them; one unit for all (mm)."""

    xs: npt.NDArray[np.int64]
    length: int
    depot_x: int

    @property
    def reach(self) -> int:
        """Step between the numbers of two aisles' places."""
        return self.length + 1

    def key(self, aisle: int, y: int) -> int:
        """The number of a place; ValueError when it is not in the aisle."""
        if not (0 <= aisle < len(self.xs) and 0 <= y <= self.length):
            raise ValueError(f"aisle {aisle}, {y} is not in the block")
        return aisle * self.reach + y

    def walk(self, keys: npt.NDArray[np.int64]) -> int:
        """Length of the shortest tour from the depot through these places and back."""
        work = np.sort(np.asarray(keys, dtype=np.int64))
        return int(tour(work, len(work), self.xs, self.length, self.depot_x))


Classes = tuple[int, int, int, int, int, int, int]


@compiled
def _vertical(old: Classes, once: int, front: int, back: int, gap: int, none: int) -> Classes:
    """One aisle: walk it once, come from the front, from the back, from both leaving the largest gap, twice, or not."""
    uu, e0, oe, ee, e2, no, done = old
    inside = min(front, back, gap, none)
    return (
        min(uu + min(inside, 2 * once), min(e0, oe, ee, e2, no) + once),
        min(e0 + min(front, none), no + front),
        min(oe + min(back, none), no + back),
        min(uu + once, ee + min(inside, 2 * once), min(e0, oe, e2, no) + 2 * once),
        min(e0 + min(back, gap), oe + min(front, gap), e2 + inside, no + gap),
        no + none,
        done + none,
    )


@compiled
def _across(old: Classes, step: int) -> Classes:
    """To the next column: along front and back once, the front twice, the back twice, both twice, or not at all."""
    uu, e0, oe, ee, e2, no, done = old
    both = 2 * step
    return (
        uu + both,
        min(e0, ee) + both,
        min(oe, ee) + both,
        ee + 2 * both,
        min(e0, oe, e2) + 2 * both,
        no,
        min(e0, oe, ee, done),
    )


@compiled
def tour(
    keys: npt.NDArray[np.int64], count: int, xs: npt.NDArray[np.int64], length: int, depot_x: int
) -> int:
    """Length of the shortest tour through ``keys[:count]`` (sorted, repeats allowed); 0 for none."""
    if count == 0:
        return 0
    reach = length + 1
    aisle, last = keys[0] // reach, keys[count - 1] // reach
    at_x = min(depot_x, xs[aisle])
    has_depot = False
    classes = (FAR, FAR, FAR, FAR, FAR, 0, FAR)
    position = 0
    while aisle <= last or not has_depot:
        if not has_depot and (aisle > last or depot_x <= xs[aisle]):
            classes = _across(classes, depot_x - at_x)
            at_x, has_depot = depot_x, True
            # The depot is a place at the front: only what touches the front there may go on.
            classes = _vertical(classes, FAR, 0, FAR, FAR, FAR)
            continue
        classes = _across(classes, xs[aisle] - at_x)
        at_x = xs[aisle]
        end = aisle * reach + reach
        if position >= count or keys[position] >= end:
            classes = _vertical(classes, length, FAR, FAR, FAR, 0)
        else:
            low = keys[position] - aisle * reach
            widest, high = low, low
            while position < count and keys[position] < end:
                y = keys[position] - aisle * reach
                widest = max(widest, y - high)
                high = y
                position += 1
            widest = max(widest, length - high)
            classes = _vertical(classes, length, 2 * high, 2 * (length - low), 2 * (length - widest), FAR)
        aisle += 1
    return min(classes[1], classes[2], classes[3], classes[6])


@compiled
def order_keys(
    order: int,
    starts: npt.NDArray[np.int64],
    items: npt.NDArray[np.int64],
    key_of: npt.NDArray[np.int64],
    work: npt.NDArray[np.int64],
    filled: int,
) -> int:
    """Sort the places of an order's SKUs into ``work[:filled]``; returns how many there are then."""
    for line in range(starts[order], starts[order + 1]):
        key = key_of[items[line]]
        if key < 0:
            continue
        position = filled
        while position > 0 and work[position - 1] > key:
            work[position] = work[position - 1]
            position -= 1
        work[position] = key
        filled += 1
    return filled


@compiled
def all_tours(
    starts: npt.NDArray[np.int64],
    items: npt.NDArray[np.int64],
    key_of: npt.NDArray[np.int64],
    xs: npt.NDArray[np.int64],
    length: int,
    depot_x: int,
    orders_together: int,
) -> npt.NDArray[np.int64]:
    """Length of the tour of each order, or of each cart of so many orders in their sequence."""
    count = len(starts) - 1
    carts = (count + orders_together - 1) // orders_together
    lengths = np.zeros(carts, dtype=np.int64)
    work = np.zeros(len(items) + 1, dtype=np.int64)
    for cart in range(carts):
        filled = 0
        for order in range(cart * orders_together, min(count, (cart + 1) * orders_together)):
            filled = order_keys(order, starts, items, key_of, work, filled)
        lengths[cart] = tour(work, filled, xs, length, depot_x)
    return lengths
