"""What the live board shows: one snapshot of the floor, read in a handful of queries."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum

from mfc.core import clock
from mfc.core.models import JournalEntry
from mfc.dispatch.models import Shipment
from mfc.dispatch.states import IN_LANE
from mfc.floor.models import Device, DeviceKind, DirectionDecision, Gateway, Lane, LightPoint
from mfc.layout import queries as layout
from mfc.layout.models import Location, LocationKind, Site
from mfc.orders import timing
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import OPEN, OrderState
from mfc.packing.models import PackJob
from mfc.packing.states import AT_PACK_BENCH, IN_HOSPITAL, PackState
from mfc.picking.models import Batch, PickTask
from mfc.picking.states import ON_CART, TODO, BatchState
from mfc.workforce.models import StationKind, WorkSession

MAX_EVENTS = 25
MAX_AT_RISK = 12
MAX_ON_BELT = 60
# Figures are of the last day: older orders are history, and there may be millions.
FIGURES_OF = timedelta(hours=24)
ON_BENCH = AT_PACK_BENCH | IN_HOSPITAL
# An order that must leave within this time and is not ready yet is shown as at risk.
AT_RISK = timedelta(minutes=15)


def snapshot(site: Site) -> dict[str, Any]:
    """Everything that moves, as plain JSON. Times are site time."""
    now = clock.now()
    return {
        "now": now.isoformat(timespec="seconds"),
        "speed": clock.speed(),
        "site": site.code,
        "orders": _orders(site),
        "promises": _promises(site),
        "at_risk": _at_risk(site),
        "batches": _batches(site),
        "people": _people(site),
        "devices": _devices(site),
        "lanes": _lanes(site),
        "belt": _belt(site),
        "lamps": _lamps(site),
        "events": _events(),
        "figures": _figures(site),
    }


def _orders(site: Site) -> dict[str, int]:
    counts = dict(Order.objects.filter(site=site).values_list("state").annotate(n=Count("pk")))
    return {str(state): counts.get(state, 0) for state in OrderState}


def _promises(site: Site) -> list[dict[str, Any]]:
    """Open orders by the quarter hour in which they must leave."""
    lead = timedelta(seconds=site.route_lead_s)
    buckets: Counter[str] = Counter()
    for until in Order.objects.filter(site=site, state__in=OPEN).values_list("promise_until", flat=True):
        leave = until - lead
        slot = leave.replace(minute=leave.minute - leave.minute % 15, second=0, microsecond=0)
        buckets[slot.isoformat(timespec="minutes")] += 1
    return [{"slot": slot, "orders": count} for slot, count in sorted(buckets.items())]


def _at_risk(site: Site) -> list[dict[str, Any]]:
    limit = clock.now() + AT_RISK + timedelta(seconds=site.route_lead_s)
    waiting = OPEN - {OrderState.READY}
    rows = Order.objects.filter(site=site, state__in=waiting, promise_until__lte=limit).order_by(
        "promise_until"
    )
    return [
        {
            "ref": order.ref,
            "state": str(order.state),
            "leave_by": timing.dispatch_deadline(order.promise_until, site=site).isoformat(
                timespec="seconds"
            ),
        }
        for order in rows[:MAX_AT_RISK]
    ]


def _batches(site: Site) -> list[dict[str, Any]]:
    rows = (
        Batch.objects.filter(site=site, state__in=[*ON_CART, BatchState.PLANNED])
        .annotate(
            # Distinct: two joined tables multiply their rows.
            tasks_all=Count("tasks", distinct=True),
            tasks_todo=Count("tasks", filter=Q(tasks__state__in=TODO), distinct=True),
            carts=Count("orders", distinct=True),
        )
        .select_related("person", "station")
        .order_by("pk")
    )
    return [
        {
            "number": row.pk,
            "state": str(row.state),
            "colour": row.colour,
            "person": row.person.name if row.person else None,
            "station": row.station.key if row.station else None,
            "orders": row.carts,
            "todo": row.tasks_todo,
            "tasks": row.tasks_all,
            "metres": round(row.length_mm / 1000),
            "reason": row.reason,
        }
        for row in rows
    ]


def _people(site: Site) -> list[dict[str, Any]]:
    """Where each person is as far as the system knows: at the present stop's place, or at the station."""
    xs = layout.aisle_xs(site)
    sessions = (
        WorkSession.objects.filter(ended_at=None, station__site=site)
        .select_related("person", "station")
        .order_by("station__key")
    )
    at: dict[int, tuple[Batch | None, PickTask | None]] = {}
    batches = {batch.pk: batch for batch in Batch.objects.filter(site=site, state__in=ON_CART)}
    current = PickTask.objects.filter(
        batch__in=batches,
        batch__state=BatchState.PICKING,
        state__in=TODO,
        stop=F("batch__current_stop"),
    ).select_related("location")
    first_task = {task.batch_id: task for task in current}
    for under_way in batches.values():
        at[under_way.station_id or 0] = (under_way, first_task.get(under_way.pk))
    belt = layout.the_belt(site)
    people = []
    nothing: tuple[Batch | None, PickTask | None] = (None, None)
    for session in sessions:
        batch, task = at.get(session.station_id, nothing)
        x_mm, y_mm, doing = session.station.x_mm, session.station.y_mm, "waits"
        if batch is not None and task is not None:
            spot = layout.spot(task.location, xs)
            x_mm, y_mm, doing = spot.x_mm, spot.y_mm, f"picks at {task.location.code}"
        elif batch is not None and batch.state == BatchState.PICKED and belt is not None:
            x_mm, y_mm, doing = belt.x_mm, belt.y_mm, "brings the cart to the belt"
        elif batch is not None:
            doing = "loads totes"
        elif session.station.kind != StationKind.CART:
            doing = f"works at {session.station.key}"
        people.append(
            {
                "name": session.person.name,
                "station": session.station.key,
                "kind": session.station.kind,
                "colour": batch.colour if batch else None,
                "batch": batch.pk if batch else None,
                "x_mm": x_mm,
                "y_mm": y_mm,
                "doing": doing,
            }
        )
    return people


def _devices(site: Site) -> list[dict[str, Any]]:
    rows = Device.objects.filter(gateway__site=site).select_related("gateway").order_by("key")
    connected = {row.pk: row.connected for row in Gateway.objects.filter(site=site)}
    return [
        {
            "key": row.key,
            "kind": row.kind,
            "state": row.state if connected[row.gateway_id] else "offline",
            "detail": row.detail,
            "since": row.state_since.isoformat(timespec="seconds") if row.state_since else None,
        }
        for row in rows
    ]


def _lanes(site: Site) -> list[dict[str, Any]]:
    stages = Location.objects.filter(site=site, kind=LocationKind.STAGE).annotate(
        sealed=Count("shipments", filter=Q(shipments__state="sealed")),
        ready=Count("shipments", filter=Q(shipments__state="ready")),
        claimed=Count("shipments", filter=Q(shipments__state="claimed")),
    )
    return [
        {
            "code": lane.code,
            "x_mm": lane.x_mm,
            "y_mm": lane.y_mm,
            "sealed": lane.sealed,
            "ready": lane.ready,
            "claimed": lane.claimed,
        }
        for lane in stages.order_by("code")
    ]


def _belt(site: Site) -> list[dict[str, Any]]:
    """Totes between cart and lane, where the conveyor last told of them."""
    jobs = (
        PackJob.objects.filter(site=site)
        .exclude(state=PackState.EMPTIED)
        .filter(tote_use__closed_at=None)
        .select_related("tote_use__container", "order", "station")
        .order_by("-pk")[:MAX_ON_BELT]
    )
    exits = _exits(site)
    start = layout.the_belt(site)
    labels = [job.tote_use.container.label for job in jobs]
    decisions = (
        DirectionDecision.objects.filter(barcode__in=labels)
        .order_by("barcode", "-id")
        .distinct("barcode")
        .select_related("point")
    )
    last = {row.barcode: row for row in decisions}
    shipments = dict(Shipment.objects.filter(site=site, state__in=IN_LANE).values_list("order_id", "state"))
    answer = []
    for job in jobs:
        label = job.tote_use.container.label
        seen = last.get(label)
        place = exits.get((seen.point_id, seen.lane)) if seen and seen.outcome == "diverted" else start
        # On a bench the tote is where the bench is.
        where = job.station if job.station and job.state in ON_BENCH else place
        answer.append(
            {
                "tote": label,
                "order": job.order.ref,
                "state": str(job.state),
                "shipment": str(shipments.get(job.order_id, "")),
                "point": seen.point.name if seen else None,
                "lane": seen.lane if seen else None,
                "arrived": bool(seen and seen.outcome == "diverted"),
                "reason": seen.reason if seen else "",
                "x_mm": where.x_mm if where else None,
                "y_mm": where.y_mm if where else None,
            }
        )
    return answer


def _exits(site: Site) -> dict[tuple[int, int], Location]:
    """Where each lane of each decision point leads."""
    rows = Lane.objects.filter(location__site=site).select_related("location")
    return {(row.point_id, row.number): row.location for row in rows}


def _lamps(site: Site) -> list[dict[str, Any]]:
    """What lights really show, by location, and by cart and position."""
    lamps: list[dict[str, Any]] = []
    devices = {
        row.pk: row.reported.get("lamps", {})
        for row in Device.objects.filter(gateway__site=site, kind=DeviceKind.LIGHTS)
        if row.reported.get("lamps")
    }
    if not devices:
        return lamps
    lit = Q()
    for pk, shown in devices.items():
        lit |= Q(device_id=pk, channel__in=[int(channel) for channel in shown])
    for point in LightPoint.objects.filter(lit).select_related("location", "station"):
        colour, mode, quantity = devices[point.device_id][str(point.channel)]
        lamps.append(
            {
                "location": point.location.code if point.location else None,
                "station": point.station.key if point.station else None,
                "position": point.position,
                "colour": colour,
                "mode": mode,
                "quantity": quantity,
            }
        )
    return lamps


def _events() -> list[dict[str, Any]]:
    rows = JournalEntry.objects.order_by("-id")[:MAX_EVENTS]
    return [
        {
            "id": row.pk,
            "at": row.at.isoformat(timespec="seconds"),
            "verb": row.verb,
            "subject": row.subject,
            "actor": row.actor_name,
            "data": row.data,
        }
        for row in rows
    ]


def _figures(site: Site) -> dict[str, Any]:
    since = clock.now() - FIGURES_OF
    lines = OrderLine.objects.filter(order__site=site, order__accepted_at__gte=since).aggregate(
        picked=Count("pk", filter=Q(qty_picked__gt=0)),
        short=Count("pk", filter=Q(qty_short__gt=0)),
        units=Sum("qty_picked"),
    )
    done = Order.objects.filter(site=site, state=OrderState.HANDED_OVER, closed_at__gte=since)
    late = done.filter(closed_at__gt=F("promise_until") - timedelta(seconds=site.route_lead_s)).count()
    return {
        "hours": round(FIGURES_OF.total_seconds() / 3600),
        "lines_picked": lines["picked"],
        "short_lines": lines["short"],
        "units_picked": lines["units"] or 0,
        "handed_over": done.count(),
        "late": late,
    }
