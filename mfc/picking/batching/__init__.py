"""Order batching: which orders are picked in one walk. Pure.

`carts` builds the next batch of a live floor (the most urgent order first); `anytime` batches many orders at once,
near the optimum. Only the first is loaded here: the other brings the compiler, which a web process does not need.
"""

from mfc.picking.batching.carts import MAX_CANDIDATES, Batch, Batcher, BatchPlan, Cart, OpenOrder, Pace

__all__ = ["MAX_CANDIDATES", "Batch", "BatchPlan", "Batcher", "Cart", "OpenOrder", "Pace"]
