"""Which way a tote goes: to a pack bench, to the hospital, or to its dispatch lane. Every decision says why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Q

from mfc.core import locks
from mfc.core.locks import LockSpace
from mfc.dispatch.models import Shipment
from mfc.dispatch.states import IN_LANE
from mfc.inventory.models import Container
from mfc.layout.models import Location, LocationKind, Site
from mfc.packing.models import PackJob
from mfc.packing.states import PackState


class Way(StrEnum):
    """What a lane is for."""

    PACK = "pack"
    HOSPITAL = "hospital"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Direction:
    """Where a load unit should go: any lane of a way, or one exact place; and the reason people read."""

    way: Way
    location_id: int | None
    reason: str


def choose_lane(*, site: Site, full: frozenset[int] = frozenset()) -> tuple[Location, str]:
    """The stage lane with the fewest shipments, the lowest code among equals; lanes the conveyor calls full come last."""
    locks.hold(LockSpace.LANES, site.pk)
    lanes = list(
        Location.objects.filter(site=site, kind=LocationKind.STAGE)
        .annotate(load=Count("shipments", filter=Q(shipments__state__in=IN_LANE)))
        .order_by("load", "code")
    )
    assert lanes, "a site has at least one stage lane"
    lane = min(lanes, key=lambda one: (one.pk in full, one.load, one.code))
    return lane, f"fewest shipments ({lane.load})"


def direct(*, site: Site, label: str) -> Direction:
    """The way of the tote with this label; what we do not know goes to the hospital for a person to look at."""
    hospital = Way.HOSPITAL
    tote = Container.objects.filter(site=site, label=label).first()
    if tote is None:
        return Direction(hospital, None, f"{label} is not known here")
    job = PackJob.objects.filter(tote_use__container=tote, tote_use__closed_at=None).first()
    if job is None:
        return Direction(hospital, None, f"{label} should not be on the belt: it has nothing to pack")
    match PackState(job.state):
        case PackState.ARRIVING | PackState.AT_BENCH | PackState.WEIGHED:
            return Direction(Way.PACK, None, "to be weighed and sealed")
        case PackState.SEALED:
            shipment = Shipment.objects.select_related("lane").get(order_id=job.order_id)
            return Direction(
                Way.STAGE, shipment.lane_id, f"lane {shipment.lane.code}: {shipment.lane_reason}"
            )
        case PackState.REJECTED:
            return Direction(hospital, None, job.reason or "weight refused")
        case PackState.PUT_BACK:
            return Direction(hospital, None, "its order was cancelled: to be put back")
        case _:
            return Direction(hospital, None, f"its pack job is {job.state}")
