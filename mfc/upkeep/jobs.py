"""The jobs of upkeep: counts that other parts of the house ask for."""

from __future__ import annotations

from procrastinate.contrib.django import app

from mfc.layout.models import Location
from mfc.upkeep import counting
from mfc.upkeep.models import CountKind


@app.task(name="upkeep.draft_count")
def draft_count(*, location_id: int, sku_id: int, reason: str, kind: str = CountKind.SHORT) -> None:
    """A picker doubts a place. The SKU is for the reason only: the whole place is counted."""
    location = Location.objects.filter(pk=location_id).first()
    if location is not None:
        counting.draft(location=location, kind=CountKind(kind), reason=reason)
