"""What a range must fit into: the number of SKUs, and the bins of each temperature class."""

from __future__ import annotations

import numpy as np
from django.db.models import Avg, Count

from mfc.catalog.models import Sku
from mfc.layout.models import Location, LocationKind, Site
from mfc.slotting import golden
from mfc.slotting.baskets import Baskets, Floats
from mfc.slotting.coverage import Room
from mfc.slotting.floorplan import KINDS, NO_ZONE

# A bin should last this long between two refills; faster SKUs need further bins.
REFILL_DAYS = 1.0
# What a bin holds where no location says so.
USUAL_BIN_ML = 40_000.0


def room(site: Site, found: Baskets, sku_ids: list[int], size: int) -> Room:
    """``size`` SKUs, and of each temperature class no more bins than there are; a fast SKU takes several."""
    skus = Sku.objects.in_bulk(sku_ids)
    kinds = np.array([KINDS[skus[sku_id].temperature] for sku_id in sku_ids], dtype=np.int64)
    bins = dict.fromkeys(KINDS.values(), 0)
    rows = Location.objects.filter(site=site, kind=LocationKind.BIN).values("zone__temperature")
    for row in rows.annotate(places=Count("pk")).order_by("zone__temperature"):
        bins[KINDS[row["zone__temperature"] or NO_ZONE]] += row["places"]
    use = [np.ones(len(sku_ids))]
    limits = [float(size)]
    if sum(bins.values()):
        places = facings(site, found, [skus[sku_id] for sku_id in sku_ids])
        use += [np.where(kinds == kind, places, 0.0) for kind in bins]
        limits += [float(count) for count in bins.values()]
    return Room(np.array(use), np.array(limits))


def facings(site: Site, found: Baskets, skus: list[Sku]) -> Floats:
    """Bins that each SKU needs, so that one day's demand fits."""
    days = max(1.0, float(found.days[-1] - found.days[0])) if len(found) else 1.0
    eaches = np.bincount(found.items, weights=found.qty, minlength=found.skus) / days
    known = Location.objects.filter(site=site, kind=LocationKind.BIN).aggregate(mean=Avg("capacity_ml"))[
        "mean"
    ]
    capacity = np.array([float(known or USUAL_BIN_ML) / sku.volume_ml for sku in skus])
    return golden.facings(eaches, np.floor(capacity), refill_days=REFILL_DAYS).astype(np.float64)
