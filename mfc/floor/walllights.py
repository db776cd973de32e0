"""Lamps of put walls and of carts that pick for them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from devices.messages import Colour, Lamp, LampMode
from mfc.picking import walls, wallwork
from mfc.picking.models import Batch, Method, PutSlot, SortTote, WallWork
from mfc.picking.states import BatchState, SlotState

MAX_SHOWN = 999


def lit(site_id: int) -> dict[int, Lamp]:
    """Lamps of slots by location: quantity = put so many, fast = an empty tote is wanted, slow = close the tote."""
    slots = list(
        PutSlot.objects.filter(
            site_id=site_id, state__in=[SlotState.BINDING, SlotState.FILLING, SlotState.COMPLETE]
        ).select_related("station")
    )
    if not slots:
        return {}
    wanted: dict[int, int] = {}
    for work in WallWork.objects.filter(station__site_id=site_id).exclude(sku=None):
        wanted |= wallwork.lit(work)
    colours = walls.colours(site_id)
    lamps = {}
    for slot in slots:
        colour = Colour(colours[slot.station_id])
        if slot.state == SlotState.BINDING:
            lamps[slot.location_id] = Lamp(colour, LampMode.FAST, None)
        elif slot.state == SlotState.COMPLETE:
            lamps[slot.location_id] = Lamp(colour, LampMode.SLOW, None)
        elif slot.pk in wanted:
            lamps[slot.location_id] = Lamp(colour, LampMode.STEADY, min(wanted[slot.pk], MAX_SHOWN))
    return lamps


def loading(site_id: int) -> dict[tuple[int, int], Lamp]:
    """The first position of a cart for the wall blinks while an empty pick tote is wanted."""
    open_totes = SortTote.objects.filter(batch=OuterRef("pk"), tote_use__closed_at=None, tote_use__full=False)
    rows = Batch.objects.filter(
        ~Exists(open_totes),
        site_id=site_id,
        method=Method.SORT,
        state__in=[BatchState.LOADING, BatchState.PICKING],
    ).values_list("station_id", "colour")
    return {(station, 1): Lamp(Colour(colour), LampMode.FAST, None) for station, colour in rows if station}
