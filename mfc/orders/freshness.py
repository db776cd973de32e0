"""Life that a customer must still get: promises are made only from lots that last long enough.

Requirements are nested (who needs ten days takes no lot that has five), so the promises can all be kept exactly when for
every number of days the promises that need at least as many fit the stock that lasts as long (Hall's theorem for nested
sets).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from django.db.models import F, Q, Sum
from django.db.models.functions import Greatest

from mfc.catalog.models import Sku
from mfc.core.errors import DomainError
from mfc.inventory import grading
from mfc.inventory.models import Balance
from mfc.layout.models import Site
from mfc.orders.models import OrderLine
from mfc.orders.states import OrderState


def check(*, site: Site, quantities: Mapping[Sku, int], min_remaining_days: int) -> None:
    """Raise ``stock_too_old`` when a line can no longer be served from lots that last long enough.

    Call it after the promises are claimed, in the same transaction: the positions are locked, and the new lines count too.
    """
    demanding = {sku: max(min_remaining_days, sku.min_remaining_days) for sku in quantities}
    strict = {sku: days for sku, days in demanding.items() if days > 0}
    if not strict:
        return
    promised = _promised(site, strict)
    lasting = _lasting(site, strict)
    today = grading.today()
    short = []
    for sku, days in strict.items():
        for needed_days in sorted({one for one in promised[sku.pk] if 0 < one <= days}):
            wanted = sum(qty for one, qty in promised[sku.pk].items() if one >= needed_days)
            good_until = today + timedelta(days=needed_days)
            there = sum(qty for last, qty in lasting[sku.pk].items() if last is None or last >= good_until)
            if wanted > there:
                free = max(quantities[sku] - (wanted - there), 0)
                short.append(
                    {
                        "sku": sku.code,
                        "wanted": quantities[sku],
                        "available": free,
                        "min_remaining_days": days,
                    }
                )
                break
    if short:
        text = ", ".join(
            f"{row['sku']}: {row['available']} last {row['min_remaining_days']} days" for row in short
        )
        raise DomainError("stock_too_old", f"Not enough stock with that much life ({text}).", short=short)


def _promised(site: Site, skus: Mapping[Sku, int]) -> dict[int, dict[int, int]]:
    """Open promises by SKU and days of life they need; the order being accepted is among them."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = (
        OrderLine.objects.filter(
            order__site=site,
            order__state=OrderState.ACCEPTED,
            qty_promised__gt=0,
            sku__in=[sku.pk for sku in skus],
        )
        .annotate(days=Greatest(F("order__min_remaining_days"), F("sku__min_remaining_days")))
        .values("sku_id", "days")
        .annotate(total=Sum("qty_promised"))
    )
    for row in rows:
        found[row["sku_id"]][row["days"]] = row["total"]
    return found


def _lasting(site: Site, skus: Mapping[Sku, int]) -> dict[int, dict[date | None, int]]:
    """Free pickable stock by SKU and last day."""
    found: dict[int, dict[date | None, int]] = defaultdict(dict)
    rows = (
        Balance.objects.filter(Q(on_hand__gt=0), site=site, pickable=True, sku__in=[sku.pk for sku in skus])
        .values("sku_id", "lot__expires_on")
        .annotate(free=Sum(F("on_hand") - F("reserved")))
    )
    for row in rows:
        found[row["sku_id"]][row["lot__expires_on"]] = row["free"]
    return found
