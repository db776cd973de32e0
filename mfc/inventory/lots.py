"""Lots: found or made at receipt, and their last day corrected when a label was read wrongly."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import holds, ledger
from mfc.inventory.models import Lot


def find_or_make(*, sku_id: int, code: str, expires_on: date | None) -> Lot:
    """The lot with this code; made when it is new. Call it inside a use case.

    Raises ``lot_differs`` when the lot is known with another last day: one of the two labels was read wrongly.
    """
    lot, is_new = Lot.objects.get_or_create(
        sku_id=sku_id, code=code, defaults={"expires_on": expires_on, "received_at": clock.now()}
    )
    if is_new or expires_on is None or lot.expires_on == expires_on:
        return lot
    if lot.expires_on is None:
        return _set(lot, expires_on)
    raise DomainError(
        "lot_differs",
        f"Lot {code} is known with the last day {lot.expires_on:%Y-%m-%d}, not {expires_on:%Y-%m-%d}.",
        known=lot.expires_on.isoformat(),
    )


@txn.use_case
def correct_last_day(*, lot: Lot, expires_on: date | None, actor: Actor, reason: str) -> Lot:
    """Set the last day of a lot anew; its stock may be promised or not from now on. Raises ``reason_missing``."""
    if not reason.strip():
        raise DomainError("reason_missing", "A correction needs a reason.")
    before = lot.expires_on
    _set(lot, expires_on)
    journal.write(
        "lot.corrected",
        actor=actor,
        subject=f"lot:{lot.pk}",
        before=before.isoformat() if before else None,
        after=expires_on.isoformat() if expires_on else None,
        reason=reason,
    )
    return lot


def _set(lot: Lot, expires_on: date | None) -> Lot:
    Lot.objects.filter(pk=lot.pk).update(expires_on=expires_on)
    lot.expires_on = expires_on
    for site_id in lot.balance_set.order_by("site_id").values_list("site_id", flat=True).distinct():
        holds.reroute(ledger.regrade(site_id=site_id, which=Q(lot_id=lot.pk)))
    return lot
