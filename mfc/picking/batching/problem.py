"""Which orders to pick in one walk, as arrays: masks of cells, loads against capacities, kinds that mix. Pure.

The general cart: any number of additive capacities (totes, items, volume, weight, totes of one temperature),
and a table of the sets of kinds (temperature classes, fragile goods) that may share a walk. The published
capacity forms are the case of one capacity and one kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mfc.picking.routing.grid import Cell, Grid, Terminal
from mfc.picking.routing.kernels import Floor, Ints, floor, mask

# Kinds are the bits of a mask, and the table of allowed sets has an entry for each mask.
MAX_KINDS = 8


class Task(NamedTuple):
    """Orders to batch, as the kernels see them."""

    place: Floor
    masks: Ints  # [order, word]
    loads: Ints  # [order, capacity]
    limits: Ints  # [capacity]
    kinds: Ints  # [order] bit mask
    allowed: npt.NDArray[np.bool_]  # [mask of kinds]
    keys: Ints  # [order] random words: a batch is known by the XOR of its orders' keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one order asks for: its cells, its load in every capacity, its kinds."""

    cells: tuple[Cell, ...]
    loads: tuple[int, ...]
    kinds: int = 0


def task(
    grid: Grid,
    depot: Terminal,
    orders: Sequence[Order],
    limits: Sequence[int],
    *,
    forbidden: Iterable[int] = (),
    seed: int = 1,
) -> Task:
    """Build a task; `forbidden` lists masks of kinds that must not meet in one batch.

    ValueError when an order alone exceeds the cart.
    """
    place = floor(grid, depot)
    loads = np.array([order.loads for order in orders], np.int64).reshape(len(orders), len(limits))
    over = [
        number
        for number, order in enumerate(orders)
        if any(a > b for a, b in zip(order.loads, limits, strict=True))
    ]
    if over:
        raise ValueError(f"order {over[0]} alone exceeds the cart")
    allowed = np.ones(1 << MAX_KINDS, np.bool_)
    for pair in forbidden:
        allowed[[(number & pair) == pair for number in range(1 << MAX_KINDS)]] = False
    # The keys only tell batches apart; their seed does not change which batches are good.
    rng = np.random.default_rng(seed)
    return Task(
        place=place,
        masks=np.array([mask(place, order.cells) for order in orders], np.int64).reshape(
            len(orders), place.aisles * place.blocks * place.words
        ),
        loads=loads,
        limits=np.array(limits, np.int64),
        kinds=np.array([order.kinds for order in orders], np.int64),
        allowed=allowed,
        keys=rng.integers(1, 1 << 62, len(orders), dtype=np.int64),
    )


def most_orders(job: Task) -> int:
    """Return how many orders a batch can have at most, by its tightest capacity."""
    count = len(job.masks)
    bound = count
    for column, limit in enumerate(job.limits):
        fits = int(np.searchsorted(np.cumsum(np.sort(job.loads[:, column])), limit, side="right"))
        bound = min(bound, fits)
    return max(bound, 1)
