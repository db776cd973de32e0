"""Opening a sealed parcel again before it leaves: recalled goods come out, a spoilt label is printed anew."""

from __future__ import annotations

from mfc.core import journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.dispatch.models import Shipment, Staging
from mfc.dispatch.shipments import announce, locked_of
from mfc.dispatch.states import COLLECTABLE, TRANSITIONS, ShipmentState
from mfc.packing import bench
from mfc.packing.models import PackJob, Parcel
from mfc.workforce.models import Person
from mfc.workforce.sessions import actor_of


@txn.use_case
def open_again(*, parcel: Parcel, actor: Actor, reason: str) -> Shipment:
    """The tote of a parcel is due at the hospital; its SSCC is void and is never given again.

    A shipment that was offered is taken back (``shipment.withdrawn``) and a claim on it ends; it is offered again when
    every tote is sealed and staged. Raises ``reason_missing``, ``parcel_left``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", "Opening a sealed tote needs a reason.")
    shipment = locked_of(parcel.order_id)
    assert shipment is not None, "a parcel has a shipment"
    row = Parcel.objects.select_related("tote_use__container").filter(pk=parcel.pk).first()
    if row is None or shipment.state == ShipmentState.HANDED_OVER:
        raise DomainError(
            "parcel_left",
            f"Parcel {parcel.sscc} has left with {shipment.claimed_by or 'its carrier'}."
            if row is not None
            else f"Parcel {parcel.sscc} was opened already.",
            sscc=parcel.sscc,
        )
    Staging.objects.filter(parcel=row).delete()
    bench.unseal(parcel=row, actor=actor, reason=reason)
    journal.write(
        "parcel.opened",
        actor=actor,
        subject=f"order:{shipment.order.ref}",
        sscc=parcel.sscc,
        tote=row.tote_use.container.label,
        reason=reason,
        claimed_by=shipment.claimed_by,
    )
    _take_back(shipment)
    return shipment


def _take_back(shipment: Shipment) -> None:
    offered = shipment.state in COLLECTABLE
    left = Parcel.objects.filter(order_id=shipment.order_id).exists()
    target = ShipmentState.SEALED if left else ShipmentState.WITHDRAWN
    if shipment.state != target:
        advance(
            shipment,
            target,
            table=TRANSITIONS,
            ready_at=None,
            claimed_by="",
            claimed_client="",
            claimed_at=None,
        )
    if offered:
        announce("shipment.withdrawn", shipment)


def open_held(*, job: PackJob, person: Person) -> None:
    """Open the sealed tote of ``job`` when it holds what must not leave; else ``tote_not_here``."""
    reason = bench.must_come_out(job)
    if not reason:
        raise DomainError(
            "tote_not_here",
            f"Tote {job.tote_use.container.label} is sealed and nothing in it is on hold.",
            remedy="Put it back on the belt: it goes on to its lane. A lead can open it in the admin, with a reason.",
            state=job.state,
        )
    open_again(parcel=Parcel.objects.get(tote_use_id=job.tote_use_id), actor=actor_of(person), reason=reason)
