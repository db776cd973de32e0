"""Expired stock leaves availability by itself: a timed job grades it again once its last day is over."""

from __future__ import annotations

from django.db.models import Q

from mfc.core import journal, txn
from mfc.core.actors import SYSTEM
from mfc.inventory import grading, holds, ledger
from mfc.inventory.models import Balance

# SKUs handled in one transaction; a night with more is worked off in several.
MAX_SKUS = 50


def retire_expired(*, site_id: int) -> int:
    """Make pickable stock unpickable whose lot's last day is over; returns the eaches that left availability."""
    total = 0
    while True:
        skus = list(
            Balance.objects.filter(
                site_id=site_id, pickable=True, on_hand__gt=0, lot__expires_on__lt=grading.today()
            )
            .order_by("sku_id")
            .values_list("sku_id", flat=True)
            .distinct()[:MAX_SKUS]
        )
        if not skus:
            return total
        total += _retire(site_id=site_id, sku_ids=skus)


@txn.use_case
def _retire(*, site_id: int, sku_ids: list[int]) -> int:
    changed = ledger.regrade(
        site_id=site_id, which=Q(sku_id__in=sku_ids, lot__expires_on__lt=grading.today())
    )
    holds.reroute(changed)
    for one in changed:
        journal.write(
            "stock.expired",
            actor=SYSTEM,
            subject=f"balance:{one.balance_id}",
            qty=one.on_hand,
            reserved=one.reserved,
        )
    txn.hint("board")
    return sum(one.on_hand for one in changed)
