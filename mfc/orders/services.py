"""Moving orders through their states and accounting for their lines."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Case, F, Max, Value, When

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import promises
from mfc.orders import calling_off
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import CANCELLABLE, FINAL, TRANSITIONS, OrderState


def move(order: Order, target: OrderState, *, actor: Actor, **data: Any) -> None:
    """Advance the order and journal it; closes it when ``target`` is final."""
    fields = {"closed_at": clock.now()} if target in FINAL else {}
    advance(order, target, table=TRANSITIONS, **fields)
    journal.write(f"order.{target}", actor=actor, subject=f"order:{order.ref}", **data)


def record_picked(line_id: int, *, qty: int) -> None:
    """Count ``qty`` (negative: taken back) as picked for the line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_orderline SET qty_picked = qty_picked + %s WHERE id = %s", [qty, line_id]
        )


def record_short(line_id: int, *, qty: int, reason: str) -> None:
    """Count ``qty`` (negative: found after all) as short, with the reason people will read."""
    if qty > 0:
        OrderLine.objects.filter(pk=line_id).update(qty_short=F("qty_short") + qty, short_reason=reason[:200])
        return
    OrderLine.objects.filter(pk=line_id).update(qty_short=F("qty_short") + qty)
    OrderLine.objects.filter(pk=line_id, qty_short=0).update(short_reason="")


def record_weight(line_id: int, *, weight_g: int) -> None:
    """Count grams (negative: taken back) of catch-weight goods as picked for the line."""
    OrderLine.objects.filter(pk=line_id).update(weight_g_picked=F("weight_g_picked") + weight_g)


def lock(order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Order]:
    """Lock orders by id, before their batch and their stock; answers them as they are now."""
    rows = Order.objects.select_for_update(no_key=True).filter(pk__in=set(order_ids)).order_by("pk")
    return {row.pk: row for row in rows}


def hold(order_id: uuid.UUID) -> None:
    """Lock one order as ``lock`` does, without reading it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM orders_order WHERE id = %s FOR NO KEY UPDATE", [order_id])


def add_substitute(line: OrderLine, *, sku_id: int, qty: int) -> OrderLine:
    """A line that stands in for ``line``, after the last one."""
    last = OrderLine.objects.filter(order_id=line.order_id).aggregate(last=Max("position"))["last"]
    return OrderLine.objects.create(
        order_id=line.order_id, position=last + 1, sku_id=sku_id, qty=qty, instead_of=line
    )


def fill_short(line_id: int, *, qty: int) -> None:
    """Count ``qty`` that was short as picked after all; the reason goes with the last missing unit."""
    OrderLine.objects.filter(pk=line_id).update(
        qty_picked=F("qty_picked") + qty,
        qty_short=F("qty_short") - qty,
        short_reason=Case(When(qty_short=qty, then=Value("")), default=F("short_reason")),
    )


@txn.use_case
def cancel(*, order: Order, actor: Actor, reason: str) -> None:
    """Call off an order; its promise or its reservations become free stock again, what is in a tote is put back.

    Raises ``order_not_cancellable`` once a tote is sealed or the order has ended.
    """
    now = lock([order.pk])[order.pk]
    if now.state not in CANCELLABLE:
        raise DomainError("order_not_cancellable", f"Order {order.ref} is {now.state}.", state=now.state)
    lines = list(now.lines.all())
    if now.state == OrderState.ACCEPTED:
        promises.withdraw(site_id=now.site_id, actor=actor, quantities=_promised(lines))
        OrderLine.objects.filter(order=now).update(qty_promised=0)
    before = now.state
    move(now, OrderState.CANCELLED, actor=actor, reason=reason, was=before)
    if before != OrderState.ACCEPTED:
        calling_off.run(now, actor)
    order.state, order.closed_at = now.state, now.closed_at


def _promised(lines: list[OrderLine]) -> dict[int, int]:
    quantities: dict[int, int] = {}
    for line in lines:
        quantities[line.sku_id] = quantities.get(line.sku_id, 0) + line.qty_promised
    return quantities
