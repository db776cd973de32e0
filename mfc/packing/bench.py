"""The pack bench: cart dropped, tote taken, weighed, sealed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Min, Sum
from django.utils import timezone

from mfc.catalog import gs1
from mfc.core import clock, journal, txn
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers
from mfc.inventory.models import Balance, ContainerKind, ToteUse
from mfc.orders import services as orders
from mfc.orders.states import OrderState
from mfc.packing import labels
from mfc.packing.models import PackJob, Parcel
from mfc.packing.states import TRANSITIONS, PackState
from mfc.packing.weighing import judge
from mfc.picking import batches
from mfc.picking.models import Batch
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


@txn.use_case
def drop_cart(*, batch: Batch, person: Person) -> batches.Dropped:
    """The picker puts the cart's totes on the belt; each full one becomes a pack job."""
    dropped = batches.drop(batch=batch, person=person)
    uses = ToteUse.objects.filter(pk__in=dropped.full)
    PackJob.objects.bulk_create(
        PackJob(site_id=batch.site_id, tote_use=use, order_id=use.order_id, created_at=clock.now())
        for use in uses
        if use.order_id is not None
    )
    return dropped


def job_at(station: Station, states: frozenset[PackState]) -> PackJob | None:
    """The tote in work at a bench."""
    return (
        PackJob.objects.select_related("order", "tote_use__container", "site")
        .filter(station=station, state__in=states)
        .first()
    )


def job_of_tote(*, site_id: int, label: str) -> PackJob:
    """The pack job of the tote with this label; raises ``unknown_tote``, ``tote_not_here``."""
    tote = containers.by_label(site_id=site_id, label=label, kind=ContainerKind.TOTE)
    job = (
        PackJob.objects.select_related("order", "tote_use__container", "site")
        .filter(tote_use__container=tote, tote_use__closed_at=None)
        .first()
    )
    if job is None:
        raise DomainError("tote_not_here", f"Tote {label} has nothing to pack.")
    return job


@txn.use_case
def take(*, station: Station, label: str, person: Person) -> PackJob:
    """Take a tote from the pack lane onto the bench. Raises ``tote_not_here`` when it is due elsewhere."""
    job = job_of_tote(site_id=station.site_id, label=label)
    if job.state == PackState.SEALED:
        raise DomainError(
            "tote_not_here",
            f"Tote {label} is sealed already.",
            remedy="Put it back on the belt: it goes on to its lane.",
            state=job.state,
        )
    if job.state != PackState.ARRIVING:
        raise DomainError(
            "tote_not_here", f"Tote {label} is {job.state}, not due at the pack bench.", state=job.state
        )
    advance(job, PackState.AT_BENCH, table=TRANSITIONS, station_id=station.pk)
    journal.write("tote.at_bench", actor=actor_of(person), subject=f"order:{job.order.ref}", tote=label)
    return job


def expected_weight(job: PackJob) -> tuple[int, int]:
    """Grams of the goods in the tote by the book, and of its lightest unit."""
    held = Balance.objects.filter(container_id=job.tote_use.container_id, on_hand__gt=0)
    sums = held.aggregate(goods=Sum(F("on_hand") * F("sku__weight_g")), lightest=Min("sku__weight_g"))
    return sums["goods"] or 0, sums["lightest"] or 0


@txn.use_case
def weigh(*, job: PackJob, measured_g: int, person: Person) -> bool:
    """Judge the gross weight against tare and content. True: the label is printed; False: to the hospital.

    After a person has counted the content, the count decides and the weight is only recorded.
    """
    goods_g, lightest_g = expected_weight(job)
    tare_g = job.tote_use.container.tare_g
    verdict = judge(
        tare_g + goods_g,
        measured_g,
        goods_g,
        lightest_g,
        job.site.weight_tolerance_g,
        job.site.weight_tolerance_percent,
    )
    actor = actor_of(person)
    facts: dict[str, Any] = {
        "expected_g": tare_g + goods_g,
        "measured_g": measured_g,
        "tolerance_g": verdict.tolerance_g,
    }
    if verdict.ok or job.count_confirmed:
        reason = verdict.reason if verdict.ok else f"{verdict.reason}; accepted: counted by hand"
        advance(job, PackState.WEIGHED, table=TRANSITIONS, sscc=_next_sscc(), reason=reason[:200], **facts)
        journal.write("tote.weighed", actor=actor, subject=f"order:{job.order.ref}", reason=reason, **facts)
        return True
    advance(job, PackState.REJECTED, table=TRANSITIONS, reason=verdict.reason[:200], **facts)
    journal.write(
        "tote.rejected", actor=actor, subject=f"order:{job.order.ref}", reason=verdict.reason, **facts
    )
    return False


def _next_sscc() -> str:
    """The next Serial Shipping Container Code (GS1 General Specifications, AI 00)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('packing_sscc_serial')")
        serial = int(cursor.fetchone()[0])
    prefix = settings.ENV.sscc_prefix
    return gs1.sscc(0, prefix, serial % 10 ** (16 - len(prefix)))


@txn.use_case
def seal(*, job: PackJob, sscc: str, person: Person, lane: str) -> Parcel:
    """The label is on and was scanned: the tote becomes a parcel. Raises ``wrong_label``."""
    if sscc != job.sscc:
        raise DomainError(
            "wrong_label", f"That is label {sscc}; this tote's label is {job.sscc}.", wanted=job.sscc
        )
    now = clock.now()
    advance(job, PackState.SEALED, table=TRANSITIONS, sealed_at=now)
    parcel = Parcel.objects.create(
        sscc=sscc,
        order=job.order,
        tote_use=job.tote_use,
        weight_g=job.measured_g or 0,
        sealed_at=now,
        sealed_by=person,
        label_zpl=label_zpl(job, lane=lane),
    )
    orders.move(job.order, OrderState.PACKED, actor=actor_of(person), sscc=sscc)
    return parcel


def label_zpl(job: PackJob, *, lane: str) -> str:
    """The label of a weighed tote, as ZPL."""
    address = job.order.address
    return labels.shipping_label_zpl(
        labels.ShippingLabel(
            sscc=job.sscc,
            order_ref=job.order.ref,
            ship_to=tuple(
                str(address[key]) for key in ("name", "street", "postcode", "city") if address.get(key)
            ),
            lane=lane,
            promise_text=f"until {timezone.localtime(job.order.promise_until):%H:%M}",
            handling=" ".join(name.upper() for name in job.order.temperatures if name != "ambient"),
            weight_g=job.measured_g or 0,
        )
    )
