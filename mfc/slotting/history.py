"""Orders of the past, from the system itself and from imported history, as the planners read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mfc.core import clock
from mfc.layout.models import Site
from mfc.orders.models import HistoryLine, OrderLine
from mfc.slotting.baskets import Baskets, from_lines

DAY_S = 86_400.0
# Memory: a line costs about 200 bytes on the way in.
MAX_LINES = 5_000_000


def day_of(moment: datetime) -> float:
    """Days since 1970."""
    return moment.timestamp() / DAY_S


def baskets(site: Site, *, days: float) -> tuple[Baskets, list[int]]:
    """Orders of the last ``days`` and the ids of their SKUs by number. What was substituted counts as it was ordered."""
    found, ids = from_lines(_lines(site, clock.now() - timedelta(days=days)))
    return found, [int(sku) for sku in ids]


def _lines(site: Site, since: datetime) -> Iterator[tuple[str, float, int, float]]:
    history = HistoryLine.objects.filter(site=site, placed_at__gte=since).order_by("pk")
    for ref, at, sku_id, qty in history.values_list("order_ref", "placed_at", "sku_id", "qty")[
        :MAX_LINES
    ].iterator():
        yield f"h/{ref}", day_of(at), sku_id, float(qty)
    lines = OrderLine.objects.filter(
        order__site=site, order__accepted_at__gte=since, instead_of=None
    ).order_by("pk")
    columns = ("order_id", "order__accepted_at", "sku_id", "qty")
    for order_id, at, sku_id, qty in lines.values_list(*columns)[:MAX_LINES].iterator():
        yield f"o/{order_id}", day_of(at), sku_id, float(qty)
