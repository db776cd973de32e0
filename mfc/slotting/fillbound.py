"""How many orders could any set of SKUs fill whole: an upper bound by minimum cuts. Pure.

Choosing SKUs so that most orders are complete is the maximum-coverage sibling of densest-k-subhypergraph: hard. With a
price on each SKU instead of a limit it is a closure problem (Picard 1976; project selection), solved exactly by one
minimum cut: source -> order (its weight), order -> each of its SKUs (no limit), SKU -> sink (price times its room). For
every price ``profit + price * room`` is an upper bound; the price that gives the lowest one is found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from mfc.slotting.baskets import Baskets, Flags, Floats

# Capacities are whole numbers in the flow: one order of weight 1 is this much.
UNIT = 1_000
# Beyond any possible flow, and within 32 bits with room for sums.
UNLIMITED = 1_000_000_000
ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Bound:
    """``share``: no allowed set fills a larger share of these orders. ``kept``: the largest closed set within the room.

    ``attained`` is the share that ``kept`` fills.
    """

    share: float
    kept: Flags
    attained: float
    rounds: int


def bound(
    baskets: Baskets,
    size: float,
    *,
    use: Floats | None = None,
    rounds: int = ROUNDS,
    should_stop: Callable[[], bool] = lambda: False,
) -> Bound:
    """The bound for ``size`` SKUs, or for SKUs that take ``use`` of ``size`` places in all."""
    count = len(baskets)
    use = np.ones(baskets.skus) if use is None else use
    kept_best = np.zeros(baskets.skus, dtype=np.bool_)
    best = float(count)
    low, high, attained, done = 0.0, float(baskets.counts().max(initial=1.0)), 0, 0
    for _ in range(rounds):
        price = (low + high) / 2
        kept = _closure(baskets, price, use)
        filled = int(baskets.filled(kept).sum())
        done += 1
        # Prices are whole units in the flow; the true price of that flow is what counts for the bound.
        paid = np.maximum(np.round(price * UNIT * use), 0) / UNIT
        best = min(best, filled - float(paid[kept].sum()) + _dearest(paid, use) * size)
        if float(use[kept].sum()) <= size:
            high = price
            if filled >= attained:
                attained, kept_best = filled, kept
        else:
            low = price
        if should_stop():
            break
    return Bound(min(best / max(count, 1), 1.0), kept_best, attained / max(count, 1), done)


def _dearest(paid: Floats, use: Floats) -> float:
    """Price of one place after rounding: the highest that a SKU pays, so that the bound stays one."""
    return float(np.max(paid / np.maximum(use, 1e-12), initial=0.0))


def _closure(baskets: Baskets, price: float, use: Floats) -> Flags:
    """SKUs of the most profitable set when each takes its price."""
    orders, skus = len(baskets), baskets.skus
    source, sink = orders + skus, orders + skus + 1
    tails = np.concatenate((np.full(orders, source), baskets.line_orders, orders + np.arange(skus)))
    heads = np.concatenate((np.arange(orders), orders + baskets.items, np.full(skus, sink)))
    capacities = np.concatenate(
        (
            np.full(orders, UNIT),
            np.full(len(baskets.items), UNLIMITED),
            np.maximum(np.round(price * UNIT * use), 0),
        )
    ).astype(np.int32)
    graph = csr_array(
        (capacities, (tails.astype(np.int32), heads.astype(np.int32))), shape=(sink + 1, sink + 1)
    )
    flow = maximum_flow(graph, source, sink, method="dinic").flow
    left = graph - flow
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    kept = np.zeros(skus, dtype=np.bool_)
    inside = reached[(reached >= orders) & (reached < orders + skus)]
    kept[inside - orders] = True
    return kept
