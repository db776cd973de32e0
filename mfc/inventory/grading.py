"""May stock in a sellable place be promised? Not when its lot has expired or a hold lies on lot, SKU or location."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from mfc.core import clock
from mfc.inventory.models import Hold, Lot

# Where, SKU, lot.
Key = tuple[int, int, int | None]


def today() -> date:
    """The site's calendar day: what a printed last day is compared with."""
    return timezone.localdate(clock.now())


def grade(*, site_id: int, keys: Iterable[Key]) -> dict[Key, bool]:
    """Whether stock of (location id, SKU id, lot id) is pickable now.

    Call it while the SKUs' positions are locked: a hold that is being placed waits for them, so none is missed.
    """
    wanted = set(keys)
    if not wanted:
        return {}
    locations = {location for location, _, _ in wanted}
    skus = {sku for _, sku, _ in wanted}
    lots = {lot for _, _, lot in wanted if lot is not None}
    held = _open_holds(site_id, Q(location_id__in=locations), Q(sku_id__in=skus), Q(lot_id__in=lots))
    expired = set(
        Lot.objects.filter(pk__in=lots, expires_on__lt=today()).values_list("pk", flat=True) if lots else ()
    )
    return {key: key[2] not in expired and not any(_covers(hold, key) for hold in held) for key in wanted}


def _open_holds(site_id: int, *targets: Q) -> list[tuple[int | None, int | None, int | None]]:
    rows = Hold.objects.filter(reduce(or_, targets), site_id=site_id, lifted_at=None)
    return list(rows.values_list("location_id", "sku_id", "lot_id"))


def _covers(hold: tuple[int | None, int | None, int | None], key: Key) -> bool:
    """A hold that names several things holds only what is all of them: this lot at this place."""
    return all(wanted is None or wanted == found for wanted, found in zip(hold, key, strict=True))
