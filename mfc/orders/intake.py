"""Taking orders in: validate, promise, accept. All or nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection

from mfc.catalog import queries as catalog
from mfc.catalog.models import CARRY_RANK, Sku
from mfc.core import clock, ids, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import promises
from mfc.layout.models import Site
from mfc.orders import freshness, timing
from mfc.orders.models import Order, OrderLine

MAX_LINES = 200
MAX_QTY = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRequest:
    """One wanted line: exactly one of ``sku`` and ``gtin`` names the article."""

    qty: int
    sku: str = ""
    gtin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What a client asks for. Times are aware."""

    ref: str
    lines: Sequence[LineRequest]
    promise_from: datetime
    promise_until: datetime
    address: dict[str, Any]
    substitution: str
    temperature: str = ""
    min_remaining_days: int = 0


@txn.use_case
def accept(*, site: Site, request: OrderRequest, client: str, actor: Actor) -> Order:
    """Accept an order and promise its stock.

    Raises ``unknown_sku``, ``wrong_check_digit``, ``quantity_invalid``, ``promise_in_past``, ``promise_window_invalid``,
    ``promise_too_tight``, ``order_too_large``, ``temperature_mismatch``, ``order_ref_taken``, ``stock_insufficient``,
    ``stock_too_old``.
    """
    quantities = _resolve(request.lines)
    _check_promise(site, request, lines=len(quantities))
    _check_size(site, quantities)
    _check_temperature(request.temperature, quantities)
    order = _create(site, request, quantities, client)
    _promise(site, actor, quantities)
    freshness.check(site=site, quantities=quantities, min_remaining_days=request.min_remaining_days)
    journal.write(
        "order.accepted",
        actor=actor,
        subject=f"order:{order.ref}",
        site=site.code,
        lines=len(quantities),
        promise_until=request.promise_until.isoformat(),
    )
    return order


def _resolve(lines: Sequence[LineRequest]) -> dict[Sku, int]:
    if not 1 <= len(lines) <= MAX_LINES:
        raise DomainError(
            "quantity_invalid", f"An order has 1 to {MAX_LINES} lines, not {len(lines)}.", limit=MAX_LINES
        )
    gtins = {line.gtin: catalog.gtin14(line.gtin) for line in lines if line.gtin}
    by_code = catalog.by_codes(line.sku for line in lines if line.sku)
    by_gtin = catalog.by_gtins(gtins.values())
    quantities: dict[Sku, int] = defaultdict(int)
    for number, line in enumerate(lines, start=1):
        if type(line.qty) is not int or not 1 <= line.qty <= MAX_QTY:
            raise DomainError(
                "quantity_invalid", f"Line {number}: quantity {line.qty} is not 1 to {MAX_QTY}.", line=number
            )
        if bool(line.sku) == bool(line.gtin):
            raise DomainError(
                "invalid_request", f"Line {number}: name the article by either sku or gtin.", line=number
            )
        sku = by_code.get(line.sku) if line.sku else by_gtin.get(gtins[line.gtin])
        if sku is None:
            raise DomainError(
                "unknown_sku", f"Line {number}: {line.sku or line.gtin} is not stocked here.", line=number
            )
        quantities[sku] += line.qty
    return dict(quantities)


def _check_promise(site: Site, request: OrderRequest, *, lines: int) -> None:
    now = clock.now()
    if request.promise_until <= now:
        raise DomainError(
            "promise_in_past",
            f"The promise ends at {request.promise_until.isoformat()}; here it is {now.isoformat(timespec='seconds')}.",
            now=now.isoformat(timespec="seconds"),
        )
    if request.promise_from >= request.promise_until:
        raise DomainError("promise_window_invalid", "The promise window ends before it begins.")
    earliest = now + timedelta(seconds=timing.lead_s(site, lines=lines))
    if request.promise_until < earliest:
        raise DomainError(
            "promise_too_tight",
            f"{lines} lines need until {earliest.isoformat(timespec='seconds')}.",
            earliest=earliest.isoformat(),
        )


def _check_size(site: Site, quantities: dict[Sku, int]) -> None:
    volume_ml = sum(sku.volume_ml * qty for sku, qty in quantities.items())
    weight_g = sum(sku.weight_g * qty for sku, qty in quantities.items())
    if volume_ml > site.tote_volume_ml or weight_g > site.tote_weight_g:
        raise DomainError(
            "order_too_large",
            f"{volume_ml / 1000:.1f} l and {weight_g / 1000:.1f} kg; a tote takes {site.tote_volume_ml / 1000:.0f} l "
            f"and {site.tote_weight_g / 1000:.0f} kg.",
            volume_ml=volume_ml,
            weight_g=weight_g,
        )


def _check_temperature(wanted: str, quantities: dict[Sku, int]) -> None:
    found = {sku.temperature for sku in quantities}
    if wanted and found != {wanted}:
        raise DomainError("temperature_mismatch", f"The lines are {', '.join(sorted(found))}, not {wanted}.")


def _create(site: Site, request: OrderRequest, quantities: dict[Sku, int], client: str) -> Order:
    order_id = ids.new()
    try:
        with txn.savepoint():
            order = Order.objects.create(
                id=order_id,
                number=_next_number(),
                site=site,
                ref=request.ref,
                client=client,
                accepted_at=clock.now(),
                promise_from=request.promise_from,
                promise_until=request.promise_until,
                substitution=request.substitution,
                min_remaining_days=request.min_remaining_days,
                address=request.address,
                volume_ml=sum(sku.volume_ml * qty for sku, qty in quantities.items()),
                weight_g=sum(sku.weight_g * qty for sku, qty in quantities.items()),
                temperatures=sorted({sku.temperature for sku in quantities}, key=CARRY_RANK.__getitem__),
            )
    except IntegrityError as error:
        raise DomainError(
            "order_ref_taken", f"Order {request.ref} was accepted before.", order_ref=request.ref
        ) from error
    OrderLine.objects.bulk_create(
        OrderLine(order=order, position=position, sku=sku, qty=qty, qty_promised=qty)
        for position, (sku, qty) in enumerate(quantities.items(), start=1)
    )
    return order


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('orders_order_number')")
        return int(cursor.fetchone()[0])


def _promise(site: Site, actor: Actor, quantities: dict[Sku, int]) -> None:
    codes = {sku.pk: sku.code for sku in quantities}
    try:
        promises.claim(
            site_id=site.pk, actor=actor, quantities={sku.pk: qty for sku, qty in quantities.items()}
        )
    except DomainError as refusal:
        short = [
            {"sku": codes[row["sku_id"]], "wanted": row["wanted"], "available": row["available"]}
            for row in refusal.details["short"]
        ]
        text = ", ".join(f"{row['sku']}: {row['wanted']} wanted, {row['available']} free" for row in short)
        raise DomainError("stock_insufficient", f"Not enough free stock ({text}).", short=short) from refusal


def find(*, order_id: uuid.UUID) -> Order:
    """The order with its lines; raises ``not_found``."""
    order = Order.objects.filter(pk=order_id).prefetch_related("lines__sku", "lines__instead_of__sku").first()
    if order is None:
        raise DomainError("not_found", f"There is no order {order_id}.")
    return order
