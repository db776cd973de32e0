"""Totes of a cancelled order on their way to or at a bench: they go to the hospital, to be put back."""

from __future__ import annotations

from mfc.core import journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.orders.models import Order
from mfc.packing.models import PackJob
from mfc.packing.states import ENDED, TRANSITIONS, PackState


def call_off(order: Order, actor: Actor) -> None:
    """Packing's part of a cancellation. Raises ``order_not_cancellable`` when a tote is sealed."""
    jobs = list(PackJob.objects.filter(order=order).select_related("tote_use__container").order_by("pk"))
    sealed = next((job for job in jobs if job.state == PackState.SEALED), None)
    if sealed is not None:
        raise DomainError(
            "order_not_cancellable",
            f"Tote {sealed.tote_use.container.label} of order {order.ref} is sealed.",
            state=str(PackState.SEALED),
        )
    for job in jobs:
        if job.state in ENDED:
            continue
        if job.station_id is not None:
            txn.hint(f"station:{job.station_id}")
        advance(job, PackState.PUT_BACK, table=TRANSITIONS, station_id=None, reason="order cancelled")
        journal.write(
            "tote.called_off",
            actor=actor,
            subject=f"order:{order.ref}",
            tote=job.tote_use.container.label,
        )
