"""A shipment's life: sealed, staged, claimed, handed over. Nothing wrong gets loaded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from mfc.core import clock, events, ids, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.dispatch import lanes
from mfc.dispatch.models import Shipment, Staging
from mfc.dispatch.states import COLLECTABLE, TRANSITIONS, ShipmentState
from mfc.inventory import containers, holds, transfers
from mfc.inventory.models import MoveKind
from mfc.layout.models import Location
from mfc.orders import services as orders
from mfc.orders.states import OrderState
from mfc.packing import bench
from mfc.packing.models import PackJob, Parcel
from mfc.packing.states import ENDED
from mfc.workforce.models import Person

MAX_PARCELS = 200


@txn.use_case
def seal(*, job: PackJob, sscc: str, person: Person) -> Shipment:
    """Seal the tote on the bench and choose its lane; every tote of an order goes to the lane of the first.

    Raises ``wrong_label``.
    """
    lane, reason = lanes.choose_lane(
        site=job.site
    )  # holds the lanes: two totes of one order make one shipment
    shipment = Shipment.objects.select_related("lane").filter(order_id=job.order_id).first()
    bench.seal(
        job=job, sscc=sscc, person=person, lane=shipment.lane.code if shipment is not None else lane.code
    )
    if shipment is not None:
        if shipment.state == ShipmentState.WITHDRAWN:
            advance(shipment, ShipmentState.SEALED, table=TRANSITIONS)
        return shipment
    return Shipment.objects.create(
        id=ids.new(), site=job.site, order=job.order, lane=lane, lane_reason=reason, created_at=clock.now()
    )


@txn.use_case
def stage(*, parcel: Parcel, lane: Location, source: str, actor: Actor) -> Shipment:
    """A parcel has arrived in a lane; with the last one of its shipment it is offered to dispatch. Twice is no error."""
    shipment = locked_of(parcel.order_id)
    assert shipment is not None, "a parcel has a shipment"
    if not Parcel.objects.filter(pk=parcel.pk).exists():
        return shipment  # opened again while it was on its way: its tote is due at the hospital
    Staging.objects.update_or_create(
        parcel=parcel,
        defaults={"shipment": shipment, "lane": lane, "staged_at": clock.now(), "source": source},
    )
    if lane.pk != shipment.lane_id:
        Shipment.objects.filter(pk=shipment.pk).update(lane=lane, lane_reason=f"arrived there ({source})")
        shipment.lane = lane
    journal.write(
        "parcel.staged", actor=actor, subject=f"order:{shipment.order.ref}", sscc=parcel.sscc, lane=lane.code
    )
    _offer_when_complete(shipment, actor)
    return shipment


@txn.use_case
def complete(*, order_id: uuid.UUID, actor: Actor) -> None:
    """A tote of the order turned out to be empty: the shipment may be complete without it."""
    shipment = locked_of(order_id)
    if shipment is not None:
        _offer_when_complete(shipment, actor)


def _offer_when_complete(shipment: Shipment, actor: Actor) -> None:
    """Ready only when every tote is sealed and every parcel stands in a lane."""
    if shipment.state != ShipmentState.SEALED:
        return
    if PackJob.objects.filter(order_id=shipment.order_id).exclude(state__in=ENDED).exists():
        return
    if Parcel.objects.filter(order_id=shipment.order_id, staging=None).exists():
        return
    advance(shipment, ShipmentState.READY, table=TRANSITIONS, ready_at=clock.now())
    orders.move(shipment.order, OrderState.READY, actor=actor, lane=shipment.lane.code)
    announce("shipment.ready", shipment)


@txn.use_case
def claim(*, shipment_id: uuid.UUID, client: str, claimed_by: str, actor: Actor) -> Shipment:
    """Promise to collect a shipment; the same client may claim again to change the name.

    Raises ``not_found``, ``shipment_not_ready``, ``shipment_claimed`` (naming who has it).
    """
    shipment = _locked(shipment_id)
    _refuse_if_not_here(shipment)
    if shipment.state == ShipmentState.CLAIMED and shipment.claimed_client != client:
        raise DomainError(
            "shipment_claimed", f"{shipment.claimed_by} has claimed it.", by=shipment.claimed_by
        )
    fields: dict[str, Any] = {"claimed_by": claimed_by, "claimed_client": client, "claimed_at": clock.now()}
    if shipment.state == ShipmentState.READY:
        advance(shipment, ShipmentState.CLAIMED, table=TRANSITIONS, **fields)
    else:
        Shipment.objects.filter(pk=shipment.pk).update(**fields)
        shipment.claimed_by = claimed_by
    journal.write(
        "shipment.claimed", actor=actor, subject=f"order:{shipment.order.ref}", claimed_by=claimed_by
    )
    return shipment


@txn.use_case
def hand_over(*, shipment_id: uuid.UUID, client: str, ssccs: Sequence[str], actor: Actor) -> Shipment:
    """Every parcel was scanned at the vehicle: the goods leave the site.

    Raises ``not_found``, ``shipment_not_ready``, ``shipment_claimed``, ``parcel_wrong`` (naming what each wrong one is),
    ``parcel_missing``, ``stock_on_hold`` (a recall reaches what has not left).
    """
    shipment = _locked(shipment_id)
    _refuse_if_not_here(shipment)
    if shipment.claimed_client not in {"", client}:
        raise DomainError(
            "shipment_claimed", f"{shipment.claimed_by} has claimed it.", by=shipment.claimed_by
        )
    parcels = {
        parcel.sscc: parcel
        for parcel in Parcel.objects.select_related("tote_use").filter(order=shipment.order)
    }
    _check_scans(shipment, set(parcels), ssccs)
    holds.refuse_held([parcel.tote_use.container_id for parcel in parcels.values()])
    advance(shipment, ShipmentState.HANDED_OVER, table=TRANSITIONS, handed_over_at=clock.now())
    for parcel in sorted(parcels.values(), key=lambda one: one.tote_use_id):
        transfers.move_contents(
            site_id=shipment.site_id,
            actor=actor,
            kind=MoveKind.SHIP,
            container_id=parcel.tote_use.container_id,
            target=None,
            reference=f"parcel:{parcel.sscc}",
        )
        containers.close_use(use_id=parcel.tote_use_id)
    orders.move(shipment.order, OrderState.HANDED_OVER, actor=actor, parcels=len(parcels))
    announce("shipment.handed_over", shipment)
    return shipment


@txn.use_case
def parcels_of(*, shipment_id: uuid.UUID, ssccs: Sequence[str]) -> list[Parcel]:
    """Those parcels of a shipment, by SSCC. Raises ``not_found``, ``parcel_wrong``."""
    shipment = _locked(shipment_id)
    parcels = list(Parcel.objects.filter(order=shipment.order, sscc__in=ssccs).order_by("sscc"))
    _refuse_foreign(shipment, {parcel.sscc for parcel in parcels}, ssccs)
    return parcels


def _refuse_foreign(shipment: Shipment, wanted: set[str], scanned: Sequence[str]) -> None:
    wrong = sorted(set(scanned) - wanted)
    if wrong:
        known = {
            parcel.sscc: parcel
            for parcel in Parcel.objects.filter(sscc__in=wrong).select_related("order__shipment__lane")
        }
        named = [_name(sscc, known.get(sscc)) for sscc in wrong]
        raise DomainError(
            "parcel_wrong", "; ".join(named) + f". Not part of {shipment.order.ref}.", wrong=wrong
        )


def _check_scans(shipment: Shipment, wanted: set[str], scanned: Sequence[str]) -> None:
    _refuse_foreign(shipment, wanted, scanned)
    missing = sorted(wanted - set(scanned))
    if missing:
        raise DomainError("parcel_missing", f"Not scanned: {', '.join(missing)}.", missing=missing)


def _name(sscc: str, parcel: Parcel | None) -> str:
    if parcel is None:
        return f"{sscc} is not a parcel of this site, or its tote was opened again"
    return f"{sscc} belongs to {parcel.order.ref} (lane {parcel.order.shipment.lane.code})"


def _locked(shipment_id: uuid.UUID) -> Shipment:
    order_id = Shipment.objects.filter(pk=shipment_id).values_list("order_id", flat=True).first()
    shipment = locked_of(order_id) if order_id is not None else None
    if shipment is None:
        raise DomainError("not_found", f"There is no shipment {shipment_id}.")
    return shipment


def locked_of(order_id: uuid.UUID) -> Shipment | None:
    """The order's shipment, locked after its order as everywhere; None when nothing of it was sealed yet."""
    orders.lock([order_id])
    return (
        Shipment.objects.select_for_update(of=("self",))
        .select_related("order", "lane", "site")
        .filter(order_id=order_id)
        .first()
    )


def _refuse_if_not_here(shipment: Shipment) -> None:
    if shipment.state not in COLLECTABLE:
        raise DomainError("shipment_not_ready", f"The shipment is {shipment.state}.", state=shipment.state)


def describe(shipment: Shipment) -> dict[str, Any]:
    """The JSON of a shipment for REST and webhooks."""
    order = shipment.order
    return {
        "id": str(shipment.pk),
        "order_ref": order.ref,
        "state": str(shipment.state),
        "lane": {"code": shipment.lane.code, "label": shipment.lane.label},
        "promise": {"from": order.promise_from.isoformat(), "until": order.promise_until.isoformat()},
        "address": order.address,
        "temperatures": order.temperatures,
        "claimed_by": shipment.claimed_by,
        "parcels": [
            {"sscc": parcel.sscc, "tote": parcel.tote_use.container.label, "weight_g": parcel.weight_g}
            for parcel in order.parcels.all()
        ],
    }


def announce(kind: str, shipment: Shipment) -> None:
    """Tell whoever listens for ``kind``, with the shipment as it is now."""
    fresh = Shipment.objects.select_related("order", "lane").prefetch_related(
        "order__parcels__tote_use__container"
    )
    events.emit(kind, key=f"shipment/{shipment.pk}", data=describe(fresh.get(pk=shipment.pk)))
