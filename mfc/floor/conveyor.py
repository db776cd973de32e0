"""Answering decision points: a tote's way becomes a lane number; outcomes stage parcels."""

from __future__ import annotations

from typing import Any

from devices.messages import DirectionRequested, LoadMoved, Outcome, ReadKind
from mfc.core import clock, journal, txn
from mfc.core.actors import SYSTEM
from mfc.core.errors import DomainError
from mfc.dispatch import lanes, shipments
from mfc.floor.models import DecisionPoint, Device, DirectionDecision, Lane
from mfc.packing.models import Parcel

# Lane 0 is the PLC's default exit: the tote comes round again and is asked for again.
DEFAULT_LANE = 0


def _point(device: Device, index: int) -> DecisionPoint:
    point = (
        DecisionPoint.objects.select_related("device__gateway__site")
        .filter(device=device, index=index)
        .first()
    )
    if point is None:
        raise DomainError("unknown_device", f"{device.key} has no decision point {index} in the admin.")
    return point


@txn.use_case
def decide(*, device: Device, request: DirectionRequested) -> dict[str, Any]:
    """Choose the lane for one load unit and record why; ``{"lane", "reason"}``."""
    point = _point(device, request.point)
    number, reason = _lane(point, device, request)
    DirectionDecision.objects.create(
        point=point,
        tracking_id=request.tracking_id,
        barcode=request.barcode,
        lane=number,
        reason=reason[:200],
        decided_at=clock.now(),
    )
    txn.hint("board")
    return {"lane": number, "reason": reason}


def _lane(point: DecisionPoint, device: Device, request: DirectionRequested) -> tuple[int, str]:
    table = list(Lane.objects.select_related("location").filter(point=point).order_by("number"))
    reported = Device.objects.values_list("reported", flat=True).get(pk=device.pk)
    full = frozenset(reported.get("full_lanes", []))
    if request.read is ReadKind.READ:
        direction = lanes.direct(site=point.device.gateway.site, label=request.barcode)
    else:
        direction = lanes.Direction(lanes.Way.HOSPITAL, None, f"{request.read}: a person must look")
    candidates = _leading_to(table, direction)
    if not candidates:
        # Not from here: a bench on the way passes it on, and its person sees why it came.
        onward = [lane for way in _ONWARD for lane in table if lane.way == way]
        if not onward:
            return DEFAULT_LANE, f"{point.name} leads nowhere; {direction.reason}"
        return onward[0].number, f"{point.name} does not lead to {direction.way}; {direction.reason}"
    open_lanes = [lane for lane in candidates if lane.number not in full]
    if not open_lanes:
        return DEFAULT_LANE, f"lane {candidates[0].number} is full; {direction.reason}"
    return open_lanes[0].number, direction.reason


# Where a load unit goes when a decision point does not lead to its destination.
_ONWARD = (lanes.Way.PACK, lanes.Way.HOSPITAL)


def _leading_to(table: list[Lane], direction: lanes.Direction) -> list[Lane]:
    if direction.location_id is not None:
        return [lane for lane in table if lane.location_id == direction.location_id]
    return [lane for lane in table if lane.way == direction.way]


@txn.use_case
def record_outcome(*, device: Device, event: LoadMoved) -> dict[str, Any]:
    """Note what became of a load unit; a parcel that reached a stage lane is staged."""
    point = _point(device, event.point)
    decision = (
        DirectionDecision.objects.filter(point=point, tracking_id=event.tracking_id, outcome="")
        .order_by("-id")
        .first()
    )
    if decision is not None:
        DirectionDecision.objects.filter(pk=decision.pk).update(
            outcome=event.outcome, actual_lane=event.lane, outcome_at=clock.now()
        )
    barcode = event.barcode or (decision.barcode if decision else "")
    lane = Lane.objects.select_related("location").filter(point=point, number=event.lane).first()
    txn.hint("board")
    if event.outcome is not Outcome.DIVERTED or lane is None:
        if (
            event.outcome is not Outcome.DIVERTED and event.lane != DEFAULT_LANE
        ) or event.outcome is Outcome.LOST:
            journal.write(
                f"load.{event.outcome}",
                actor=SYSTEM,
                subject=f"tote:{barcode}",
                point=point.name,
                lane=event.lane,
            )
        return {"staged": False}
    if lane.way != lanes.Way.STAGE:
        return {"staged": False}
    parcel = Parcel.objects.filter(tote_use__container__label=barcode, tote_use__closed_at=None).first()
    if parcel is None:
        return {"staged": False}
    shipments.stage(parcel=parcel, lane=lane.location, source="conveyor", actor=SYSTEM)
    return {"staged": True}
