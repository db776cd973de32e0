"""Carts for the slotting bench: orders joined by the shortest added walk, as any proximity batching does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mfc.slotting.aisles import order_keys, tour
from mfc.slotting.fast import compiled

Ints = npt.NDArray[np.int64]
# A picker's next cart is chosen among so many waiting orders.
WAITING = 100


@compiled
def carts_by_proximity(
    starts: Ints, items: Ints, key_of: Ints, xs: Ints, length: int, depot_x: int, orders: int, waiting: int
) -> Ints:
    """Lengths of the tours: the oldest order, then always the waiting one that adds the least walk, up to ``orders``."""
    count = len(starts) - 1
    open_orders = np.ones(count, dtype=np.bool_)
    lengths = np.zeros((count + orders - 1) // orders, dtype=np.int64)
    here = np.zeros(len(items) + 1, dtype=np.int64)
    trial = np.zeros(len(items) + 1, dtype=np.int64)
    first = 0
    for cart in range(len(lengths)):
        while first < count and not open_orders[first]:
            first += 1
        if first >= count:
            break
        open_orders[first] = False
        filled = order_keys(first, starts, items, key_of, here, 0)
        walked = tour(here, filled, xs, length, depot_x)
        for _ in range(orders - 1):
            best, best_score, best_length, seen = -1, 1e18, 0, 0
            for order in range(first + 1, count):
                if not open_orders[order]:
                    continue
                seen += 1
                if seen > waiting:
                    break
                trial[:filled] = here[:filled]
                size = order_keys(order, starts, items, key_of, trial, filled)
                now = tour(trial, size, xs, length, depot_x)
                score = (now - walked) / max(size - filled, 1)
                if score < best_score:
                    best, best_score, best_length = order, score, now
            if best < 0:
                break
            open_orders[best] = False
            filled = order_keys(best, starts, items, key_of, here, filled)
            walked = best_length
        lengths[cart] = walked
    return lengths
