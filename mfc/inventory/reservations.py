"""Hard claims: order lines get balances, by FEFO, at release; and give them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from mfc.core.actors import Actor
from mfc.inventory import allocation, grading, ledger
from mfc.inventory.models import Reservation
from mfc.layout.models import LocationKind


@dataclass(frozen=True, slots=True)
class Need:
    """One order line that wants stock; ``promised`` of ``qty`` is claimed softly. Lots need this many days of life."""

    order_line_id: int
    sku_id: int
    qty: int
    promised: int
    min_remaining_days: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A free quantity in a bin or reserve place, with where it lies and why it comes in this order."""

    balance_id: int
    location_id: int
    lot_id: int | None
    free: int
    expires_on: date | None
    x_mm: int
    y_mm: int
    aisle: str
    level: int
    is_reserve: bool
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """``qty`` of a line from one source, and the reason."""

    need: Need
    source: Source
    qty: int
    reason: str


# By hand, since every release asks it: building the same query anew each time costs more than running it.
_SOURCES = """
    SELECT b.sku_id, b.id, b.location_id, b.lot_id, b.on_hand - b.reserved, l.expires_on, p.x_mm, p.y_mm, p.aisle, p.level,
           p.kind = %s
    FROM inventory_balance b JOIN layout_location p ON p.id = b.location_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
    WHERE b.site_id = %s AND b.pickable AND b.sku_id = ANY(%s) AND b.on_hand > b.reserved ORDER BY b.id
"""


def sources(*, site_id: int, sku_ids: Iterable[int]) -> dict[int, list[Source]]:
    """Free stock in bins and reserve places by SKU."""
    found: dict[int, list[Source]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, [str(LocationKind.RESERVE), site_id, sorted(set(sku_ids))])
        for sku_id, *source in cursor.fetchall():
            found[sku_id].append(Source(*source))
    return found


def choose(*, needs: Sequence[Need], available: dict[int, list[Source]]) -> list[Taken]:
    """Which source serves which need (FEFO). Uses up ``available``; what no source covers is missing from the answer."""
    today = grading.today()
    taken: list[Taken] = []
    for need in needs:
        pool = available.get(need.sku_id, [])
        by_id = {source.balance_id: source for source in pool}
        result = allocation.allocate(
            need.qty,
            [
                allocation.Candidate(
                    id=source.balance_id,
                    free_qty=source.free,
                    expires=source.expires_on,
                    walk_rank=source.y_mm + source.level,
                    reserve=source.is_reserve,
                )
                for source in pool
            ],
            today=today,
            min_remaining_days=need.min_remaining_days,
        )
        for balance_id, qty in result.takes:
            source = by_id[int(str(balance_id))]
            taken.append(Taken(need, source, qty, result.reason))
            by_id[source.balance_id] = replace(source, free=source.free - qty)
        available[need.sku_id] = [source for source in by_id.values() if source.free > 0]
    return taken


def reserve(
    *, site_id: int, actor: Actor, needs: Sequence[Need], taken: Sequence[Taken]
) -> list[Reservation]:
    """Reserve what was chosen and end the promises of all needs, in one posting; answers in the order of ``taken``.

    Raises ``stock_insufficient`` when a balance changed meanwhile: choose again.
    """
    promised_left = {need.order_line_id: need.promised for need in needs}
    entries: list[ledger.Entry] = []
    for item in taken:
        promised = min(item.qty, promised_left[item.need.order_line_id])
        promised_left[item.need.order_line_id] -= promised
        entries.append(
            ledger.Reserve(
                balance_id=item.source.balance_id,
                sku_id=item.need.sku_id,
                order_line_id=item.need.order_line_id,
                qty=item.qty,
                promised=promised,
                reason=item.reason,
            )
        )
    unfilled = [(need.sku_id, promised_left[need.order_line_id]) for need in needs]
    entries += [ledger.Promise(sku_id=sku_id, qty=-left) for sku_id, left in unfilled if left]
    return ledger.post(site_id=site_id, actor=actor, entries=entries).reservations


def release(*, site_id: int, actor: Actor, reservation: Reservation, sku_id: int, qty: int) -> None:
    """Give back ``qty`` of a reservation."""
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Unreserve(
                reservation_id=reservation.pk,
                balance_id=reservation.balance_id,
                sku_id=sku_id,
                qty=qty,
                pickable=reservation.balance.pickable,
            )
        ],
    )
