"""Moving orders through their states and accounting for their lines."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Value, When

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import promises
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import FINAL, TRANSITIONS, OrderState


def move(order: Order, target: OrderState, *, actor: Actor, **data: Any) -> None:
    """Advance the order and journal it; closes it when ``target`` is final."""
    fields = {"closed_at": clock.now()} if target in FINAL else {}
    advance(order, target, table=TRANSITIONS, **fields)
    journal.write(f"order.{target}", actor=actor, subject=f"order:{order.ref}", **data)


def record_picked(line_id: int, *, qty: int) -> None:
    """Count ``qty`` (negative: taken back) as picked for the line."""
    OrderLine.objects.filter(pk=line_id).update(qty_picked=F("qty_picked") + qty)


def record_short(line_id: int, *, qty: int, reason: str) -> None:
    """Count ``qty`` (negative: found after all) as short, with the reason people will read."""
    OrderLine.objects.filter(pk=line_id).update(qty_short=F("qty_short") + qty, short_reason=reason[:200])


def fill_short(line_id: int, *, qty: int) -> None:
    """Count ``qty`` that was short as picked after all; the reason goes with the last missing unit."""
    OrderLine.objects.filter(pk=line_id).update(
        qty_picked=F("qty_picked") + qty,
        qty_short=F("qty_short") - qty,
        short_reason=Case(When(qty_short=qty, then=Value("")), default=F("short_reason")),
    )


@txn.use_case
def cancel(*, order: Order, actor: Actor, reason: str) -> None:
    """Call off an order that waits for release; its promise becomes free stock again.

    Raises ``order_not_cancellable`` once it is released.
    """
    if order.state != OrderState.ACCEPTED:
        raise DomainError("order_not_cancellable", f"Order {order.ref} is {order.state}.", state=order.state)
    lines = list(order.lines.all())
    move(order, OrderState.CANCELLED, actor=actor, reason=reason)
    promises.withdraw(site_id=order.site_id, actor=actor, quantities=_promised(lines))
    OrderLine.objects.filter(order=order).update(qty_promised=0)


def _promised(lines: list[OrderLine]) -> dict[int, int]:
    quantities: dict[int, int] = {}
    for line in lines:
        quantities[line.sku_id] = quantities.get(line.sku_id, 0) + line.qty_promised
    return quantities
