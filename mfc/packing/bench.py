"""The pack bench: cart dropped, tote taken, weighed, sealed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mfc.catalog import gs1
from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers, holds
from mfc.inventory.models import Balance, ContainerKind, ToteUse
from mfc.orders import services as orders
from mfc.orders.models import Order
from mfc.orders.states import PAST_PACKED, OrderState
from mfc.packing import labels
from mfc.packing.models import PackJob, Parcel
from mfc.packing.states import ENDED, TRANSITIONS, PackState
from mfc.packing.weighing import judge
from mfc.picking import batches, walls
from mfc.picking.models import Batch, PickTask, PutSlot
from mfc.picking.states import TaskState
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


@txn.use_case
def drop_cart(*, batch: Batch, person: Person) -> batches.Dropped:
    """The picker puts the cart's totes on the belt; each full one becomes a pack job."""
    dropped = batches.drop(batch=batch, person=person)
    _send(batch.site_id, dropped.full)
    return dropped


@txn.use_case
def send_slot(*, slot: PutSlot, person: Person) -> list[str]:
    """The totes of a complete put slot are closed and go on the belt, each a pack job; returns their labels.

    Raises ``slot_not_complete``.
    """
    uses = walls.seal(slot=slot, actor=actor_of(person))
    _send(slot.site_id, uses)
    rows = ToteUse.objects.filter(pk__in=uses).order_by("pk")
    return list(rows.values_list("container__label", flat=True))


def _send(site_id: int, use_ids: Iterable[int]) -> None:
    uses = ToteUse.objects.filter(pk__in=use_ids).select_related("order")
    PackJob.objects.bulk_create(
        PackJob(
            site_id=site_id,
            tote_use=use,
            order=use.order,
            created_at=clock.now(),
            # Cancelled while it was on the cart or in the wall: the belt brings it to the hospital.
            state=PackState.PUT_BACK if use.order.state == OrderState.CANCELLED else PackState.ARRIVING,
        )
        for use in uses
        if use.order is not None
    )


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
    """Grams of the goods in the tote by the book, and of its lightest unit; of catch-weight goods as they were taken."""
    held = Balance.objects.filter(container_id=job.tote_use.container_id, on_hand__gt=0).select_related("sku")
    weighed: dict[tuple[int, int | None], list[int]] = {}
    for task in PickTask.objects.filter(tote_use=job.tote_use, state=TaskState.PICKED).exclude(weight_g=None):
        weighed.setdefault((task.sku_id, task.lot_id), []).extend(task.weights_g)
    goods_g, units = 0, []
    for balance in held:
        pieces = weighed.get((balance.sku_id, balance.lot_id), []) if balance.sku.catch_weight else []
        each_g = round(sum(pieces) / len(pieces)) if pieces else balance.sku.weight_g
        # Units that came or went at the hospital were not weighed one by one: they count as the average.
        goods_g += sum(pieces) if len(pieces) == balance.on_hand else each_g * balance.on_hand
        units.append(min(pieces, default=each_g))
    return goods_g, min(units, default=0)


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
    if held := must_come_out(job):
        verdict = replace(verdict, ok=False, reason=held)
    if verdict.ok or (job.count_confirmed and not held):
        reason = verdict.reason if verdict.ok else f"{verdict.reason}; accepted: counted by hand"
        advance(job, PackState.WEIGHED, table=TRANSITIONS, sscc=_next_sscc(), reason=reason[:200], **facts)
        journal.write("tote.weighed", actor=actor, subject=f"order:{job.order.ref}", reason=reason, **facts)
        return True
    reject(job=job, reason=verdict.reason, actor=actor, **facts)
    return False


@txn.use_case
def reject(*, job: PackJob, reason: str, actor: Actor, **facts: Any) -> None:
    """The tote may not go on like this: it is due at the hospital, and a label printed for it is void."""
    advance(job, PackState.REJECTED, table=TRANSITIONS, reason=reason[:200], sscc="", **facts)
    journal.write("tote.rejected", actor=actor, subject=f"order:{job.order.ref}", reason=reason, **facts)


def must_come_out(job: PackJob) -> str:
    """What in the tote is on hold and must not leave, as people read it; empty when nothing is."""
    held = holds.held_in([job.tote_use.container_id])
    if not held:
        return ""
    balance, hold = held[0]
    lot = f" of lot {balance.lot.code}" if balance.lot else ""
    return f"{balance.on_hand} × {balance.sku.code}{lot} must come out: {hold.kind}, {hold.reason}"


def _next_sscc() -> str:
    """The next Serial Shipping Container Code (GS1 General Specifications, AI 00)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('packing_sscc_serial')")
        serial = int(cursor.fetchone()[0])
    prefix = settings.ENV.sscc_prefix
    return gs1.sscc(0, prefix, serial % 10 ** (16 - len(prefix)))


@txn.use_case
def seal(*, job: PackJob, sscc: str, person: Person, lane: str) -> Parcel:
    """The label is on and was scanned: the tote becomes a parcel, and with the last tote the order is packed.

    Raises ``wrong_label``, ``stock_on_hold``.
    """
    if sscc != job.sscc:
        raise DomainError(
            "wrong_label", f"That is label {sscc}; this tote's label is {job.sscc}.", wanted=job.sscc
        )
    orders.lock([job.order_id])
    holds.refuse_held([job.tote_use.container_id])
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
    settle(job.order, actor=actor_of(person), sscc=sscc)
    return parcel


@txn.use_case
def unseal(*, parcel: Parcel, actor: Actor, reason: str) -> PackJob:
    """The tote of a parcel is opened again and due at the hospital; its label is void, and its order is no longer packed."""
    orders.lock([parcel.order_id])
    job = PackJob.objects.select_related("order", "tote_use__container", "site").get(
        tote_use_id=parcel.tote_use_id
    )
    advance(
        job,
        PackState.REJECTED,
        table=TRANSITIONS,
        reason=reason[:200],
        sscc="",
        sealed_at=None,
        station_id=None,
        count_confirmed=False,
    )
    if job.order.state in PAST_PACKED:
        orders.move(job.order, OrderState.PICKED, actor=actor, reason=reason)
    parcel.delete()
    return job


def settle(order: Order, *, actor: Actor, **data: Any) -> None:
    """A tote of the order has ended. With the last one the order is packed, or unfilled when nothing is left of it.

    The order's row is locked, so that of two totes that end at once the second sees the first.
    """
    states = set(PackJob.objects.filter(order=order).values_list("state", flat=True))
    if states - ENDED:
        return
    order.refresh_from_db(fields=["state"])
    if PackState.SEALED in states:
        orders.move(order, OrderState.PACKED, actor=actor, **data)
    else:
        orders.move(order, OrderState.UNFILLED, actor=actor, reason="nothing left in the tote")


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
