"""Soft claims: what is promised to customers is never promised twice."""

from __future__ import annotations

from collections.abc import Mapping

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.txn import savepoint
from mfc.inventory import ledger
from mfc.inventory.models import SkuPosition


def claim(*, site_id: int, actor: Actor, quantities: Mapping[int, int]) -> None:
    """Promise ``quantities`` (SKU id -> eaches), all or nothing.

    Raises ``stock_insufficient`` with ``short`` = [{sku_id, wanted, available}] of every SKU that lacks.
    """
    entries = [ledger.Promise(sku_id=sku_id, qty=qty) for sku_id, qty in quantities.items()]
    try:
        with savepoint():
            ledger.post(site_id=site_id, actor=actor, entries=entries)
    except DomainError as refusal:
        if refusal.code != "stock_insufficient":
            raise
        short = shortfall(site_id=site_id, quantities=quantities)
        raise DomainError("stock_insufficient", "Some lines exceed the free stock.", short=short) from refusal


def shortfall(*, site_id: int, quantities: Mapping[int, int]) -> list[dict[str, int]]:
    """SKUs whose free stock is below the wanted quantity."""
    positions = {
        row.sku_id: row for row in SkuPosition.objects.filter(site_id=site_id, sku_id__in=list(quantities))
    }
    free = {sku_id: max(row.available, 0) for sku_id, row in positions.items()}
    return [
        {"sku_id": sku_id, "wanted": wanted, "available": free.get(sku_id, 0)}
        for sku_id, wanted in sorted(quantities.items())
        if free.get(sku_id, 0) < wanted
    ]


def withdraw(*, site_id: int, actor: Actor, quantities: Mapping[int, int]) -> None:
    """Give promises back."""
    entries = [ledger.Promise(sku_id=sku_id, qty=-qty) for sku_id, qty in quantities.items() if qty]
    if entries:
        ledger.post(site_id=site_id, actor=actor, entries=entries)
