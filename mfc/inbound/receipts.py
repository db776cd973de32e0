"""Receiving: announced or blind, in parts, with lot and last day, over and under with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError
from django.db.models import F

from mfc.catalog.models import Sku
from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inbound.models import Receipt, ReceiptItem, ReceiptLine
from mfc.inbound.states import OPEN, TRANSITIONS, ReceiptState
from mfc.inventory import containers, grading, holds, lots, transfers
from mfc.inventory.models import Container, HoldKind, Lot, ReasonCode
from mfc.layout.models import Location, LocationKind, Site

MAX_LINES = 500
MAX_QTY = 100_000
# Where goods may be put down when they arrive: not yet for sale.
ARRIVAL_KINDS = frozenset({LocationKind.DOCK, LocationKind.STAGE, LocationKind.QUARANTINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One announced line; ``sscc`` when it comes as a licence-plated unit."""

    sku: Sku
    qty: int
    lot_code: str = ""
    expires_on: date | None = None
    sscc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a person has in hand: exactly one of ``location`` and ``container`` says where it is put down."""

    sku: Sku
    qty: int
    lot_code: str = ""
    expires_on: date | None = None
    serial: str = ""
    weight_g: int | None = None
    location: Location | None = None
    container: Container | None = None
    reason_code: ReasonCode | str = ""
    hold: bool = False


@txn.use_case
def announce(
    *,
    site: Site,
    ref: str,
    lines: Sequence[Announced],
    actor: Actor,
    supplier: str = "",
    expected_at: datetime | None = None,
) -> Receipt:
    """Take an advance shipping notice. Raises ``receipt_ref_taken``, ``quantity_invalid``."""
    if not 1 <= len(lines) <= MAX_LINES:
        raise DomainError(
            "quantity_invalid", f"A receipt has 1 to {MAX_LINES} lines, not {len(lines)}.", limit=MAX_LINES
        )
    for number, line in enumerate(lines, start=1):
        if not 1 <= line.qty <= MAX_QTY:
            raise DomainError(
                "quantity_invalid", f"Line {number}: {line.qty} is not 1 to {MAX_QTY}.", line=number
            )
    receipt = _create(site, ref, actor, blind=False, supplier=supplier, expected_at=expected_at)
    ReceiptLine.objects.bulk_create(
        ReceiptLine(
            receipt=receipt,
            position=position,
            sku=line.sku,
            lot_code=line.lot_code,
            expires_on=line.expires_on,
            qty_expected=line.qty,
            sscc=line.sscc,
        )
        for position, line in enumerate(lines, start=1)
    )
    journal.write("receipt.announced", actor=actor, subject=f"receipt:{receipt.ref}", lines=len(lines))
    return receipt


@txn.use_case
def open_blind(*, site: Site, ref: str, actor: Actor, supplier: str = "") -> Receipt:
    """Begin to receive what nobody announced. Raises ``receipt_ref_taken``."""
    receipt = _create(site, ref, actor, blind=True, supplier=supplier, expected_at=None)
    journal.write("receipt.opened", actor=actor, subject=f"receipt:{receipt.ref}", blind=True)
    return receipt


def _create(
    site: Site, ref: str, actor: Actor, *, blind: bool, supplier: str, expected_at: datetime | None
) -> Receipt:
    try:
        with txn.savepoint():
            return Receipt.objects.create(
                site=site,
                ref=ref,
                blind=blind,
                supplier=supplier,
                expected_at=expected_at,
                created_at=clock.now(),
                created_by=str(actor),
            )
    except IntegrityError as error:
        raise DomainError("receipt_ref_taken", f"There is a receipt {ref} already.", ref=ref) from error


def open_receipts(site: Site) -> list[Receipt]:
    """Receipts that goods may still come for, the earliest first."""
    return list(
        Receipt.objects.filter(site=site, state__in=OPEN).order_by(
            F("expected_at").asc(nulls_last=True), "pk"
        )
    )


def _lock(receipt_id: int) -> Receipt:
    """The receipt, locked: two people at one delivery count one after the other. Raises ``receipt_closed``."""
    receipt = (
        Receipt.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=receipt_id)
    )
    if receipt.state not in OPEN:
        raise DomainError("receipt_closed", f"Receipt {receipt.ref} is {receipt.state}.", state=receipt.state)
    return receipt


@txn.use_case
def receive(*, receipt: Receipt, arrived: Arrived, actor: Actor) -> ReceiptItem:
    """Book what arrived, at a dock or into a container; it is for sale once it is put away.

    Raises ``receipt_closed``, ``quantity_invalid``, ``place_invalid``, ``lot_missing``, ``expiry_missing``, ``lot_expired``,
    ``lot_differs``, ``weight_missing``, ``over_receipt`` (more than announced and tolerated, without a reason).
    """
    locked = _lock(receipt.pk)
    arrived = _as_announced(locked, arrived)
    sku = arrived.sku
    if not 1 <= arrived.qty <= MAX_QTY:
        raise DomainError("quantity_invalid", f"{arrived.qty} is not 1 to {MAX_QTY}.", limit=MAX_QTY)
    _check_place(locked.site, arrived)
    _check_facts(arrived)
    line = _line_for(locked, arrived)
    _check_over(locked, line, arrived)
    lot = (
        lots.find_or_make(
            sku_id=sku.pk, code=arrived.lot_code or _day_lot(arrived), expires_on=arrived.expires_on
        )
        if arrived.lot_code or arrived.expires_on
        else None
    )
    item = ReceiptItem.objects.create(
        receipt=locked,
        line=line,
        lot=lot,
        qty=arrived.qty,
        weight_g=arrived.weight_g,
        location=arrived.location,
        container=arrived.container,
        serial=arrived.serial,
        reason_code=arrived.reason_code or (ReasonCode.UNANNOUNCED if locked.blind else ""),
        received_at=clock.now(),
        received_by=str(actor),
    )
    ReceiptLine.objects.filter(pk=line.pk).update(qty_received=F("qty_received") + arrived.qty)
    if locked.state == ReceiptState.ANNOUNCED:
        advance(locked, ReceiptState.RECEIVING, table=TRANSITIONS)
    if arrived.container is not None and containers.current_use(arrived.container) is None:
        containers.open_inbound(container=arrived.container)
    transfers.receive(
        site_id=locked.site_id,
        actor=actor,
        deliveries=[
            transfers.Delivery(
                location=arrived.location,
                container_id=arrived.container.pk if arrived.container else None,
                sku_id=sku.pk,
                lot_id=lot.pk if lot else None,
                qty=arrived.qty,
                weight_g=arrived.weight_g,
            )
        ],
        reference=f"receipt:{locked.pk}",
        reason_code=item.reason_code,
    )
    if arrived.hold:
        _hold(locked, item, lot, sku, actor)
    journal.write(
        "receipt.item",
        actor=actor,
        subject=f"receipt:{locked.ref}",
        sku=sku.code,
        lot=lot.code if lot else "",
        qty=arrived.qty,
        reason=item.reason_code,
    )
    return item


def _as_announced(receipt: Receipt, arrived: Arrived) -> Arrived:
    """Goods without a lot, announced with one, are of that lot. Raises ``lot_missing`` when it may be one of several."""
    if arrived.lot_code:
        return arrived
    lines = [line for line in receipt.lines.order_by("position") if line.sku_id == arrived.sku.pk]
    if not lines or any(not line.lot_code for line in lines):
        return arrived
    waiting = [line for line in lines if line.qty_open] or lines
    if len({line.lot_code for line in waiting}) > 1:
        codes = ", ".join(line.lot_code for line in waiting)
        raise DomainError(
            "lot_missing", f"Announced are the lots {codes} of {arrived.sku.code}: which one is it?"
        )
    return replace(
        arrived, lot_code=waiting[0].lot_code, expires_on=arrived.expires_on or waiting[0].expires_on
    )


def _check_place(site: Site, arrived: Arrived) -> None:
    if (arrived.location is None) == (arrived.container is None):
        raise DomainError(
            "place_invalid", "Say where it is put down: location (a dock), or container (a tote or pallet)."
        )
    place = arrived.location
    if place is not None and (place.site_id != site.pk or place.kind not in ARRIVAL_KINDS):
        raise DomainError(
            "place_invalid",
            f"{place.code} is a {place.kind}; goods arrive at a dock.",
            remedy="Scan a dock, a staging place, a tote or a pallet; then put the goods away.",
        )
    box = arrived.container
    if box is not None:
        use = containers.current_use(box)
        if use is not None and use.order_id is not None:
            raise DomainError(
                "tote_in_use", f"{box.label} is in use for {use.order}.", order_ref=str(use.order)
            )


def _check_facts(arrived: Arrived) -> None:
    sku = arrived.sku
    if sku.lot_required and not arrived.lot_code:
        raise DomainError("lot_missing", f"{sku.code} needs its lot.", sku=sku.code)
    if sku.expiry_required and arrived.expires_on is None:
        raise DomainError("expiry_missing", f"{sku.code} needs its last day.", sku=sku.code)
    if arrived.expires_on is not None and arrived.expires_on < grading.today() and not arrived.hold:
        raise DomainError(
            "lot_expired",
            f"Its last day was {arrived.expires_on:%Y-%m-%d}.",
            expires_on=arrived.expires_on.isoformat(),
        )
    if sku.catch_weight and not arrived.weight_g:
        raise DomainError(
            "weight_missing", f"{sku.code} is sold by weight: what does all of it weigh?", sku=sku.code
        )


def _day_lot(arrived: Arrived) -> str:
    """Goods with a last day and no lot code: all of one day are one lot."""
    assert arrived.expires_on is not None
    return f"D{arrived.expires_on:%Y%m%d}"


def _line_for(receipt: Receipt, arrived: Arrived) -> ReceiptLine:
    """The announced line that fits best: the same lot first, one that still expects units before a full one."""
    lines = [line for line in receipt.lines.order_by("position") if line.sku_id == arrived.sku.pk]
    fitting = [line for line in lines if line.lot_code in {"", arrived.lot_code}]
    if fitting:
        return min(
            fitting, key=lambda line: (line.qty_open == 0, line.lot_code != arrived.lot_code, line.position)
        )
    last = receipt.lines.order_by("-position").values_list("position", flat=True).first() or 0
    return ReceiptLine.objects.create(
        receipt=receipt, position=last + 1, sku=arrived.sku, lot_code=arrived.lot_code, qty_expected=0
    )


def _check_over(receipt: Receipt, line: ReceiptLine, arrived: Arrived) -> None:
    if receipt.blind or arrived.reason_code:
        return
    tolerated = line.qty_expected + line.qty_expected * receipt.site.receipt_tolerance_percent // 100
    total = line.qty_received + arrived.qty
    if total > tolerated:
        raise DomainError(
            "over_receipt",
            f"{line.qty_expected} announced, {total} with these; {tolerated} are tolerated.",
            expected=line.qty_expected,
            received=line.qty_received,
            tolerated=tolerated,
        )


def _hold(receipt: Receipt, item: ReceiptItem, lot: Lot | None, sku: Sku, actor: Actor) -> None:
    """Quality hold: on the lot, or without one on what lies at the place."""
    if lot is None and item.location is None:
        raise DomainError(
            "hold_invalid",
            "Goods without a lot are held at a place.",
            remedy="Put them down at a quarantine place.",
        )
    with_lot = lot is not None
    try:
        with txn.savepoint():
            holds.place(
                site_id=receipt.site_id,
                kind=HoldKind.QUALITY,
                actor=actor,
                reason=f"inspection at receipt {receipt.ref}",
                lot=lot,
                sku=None if with_lot else sku,
                location=None if with_lot else item.location,
            )
    except DomainError as refusal:
        if refusal.code != "hold_exists":
            raise


@txn.use_case
def receive_unit(
    *, site: Site, sscc: str, location: Location, actor: Actor
) -> tuple[Receipt, Container, int]:
    """Receive a licence-plated unit as announced, whole, by its SSCC. Returns receipt, container and eaches.

    Raises ``unit_unknown`` when no open receipt announces it, ``unit_received`` when it has arrived already.
    """
    lines = list(
        ReceiptLine.objects.select_related("receipt", "sku")
        .filter(sscc=sscc, receipt__site=site, receipt__state__in=OPEN)
        .order_by("pk")
    )
    if not lines:
        raise DomainError("unit_unknown", f"No open receipt announces the unit {sscc}.", sscc=sscc)
    receipt = lines[0].receipt
    _lock(receipt.pk)
    waiting = [line for line in lines if line.receipt_id == receipt.pk and line.qty_open]
    if not waiting:
        raise DomainError("unit_received", f"Unit {sscc} of {receipt.ref} has arrived already.", sscc=sscc)
    pallet = containers.pallet(site_id=site.pk, sscc=sscc)
    total = 0
    for line in sorted(waiting, key=lambda line: line.sku_id):
        qty = line.qty_open
        receive(
            receipt=receipt,
            arrived=Arrived(
                sku=line.sku,
                qty=qty,
                lot_code=line.lot_code,
                expires_on=line.expires_on,
                container=pallet,
                weight_g=line.sku.weight_g * qty if line.sku.catch_weight else None,
            ),
            actor=actor,
        )
        total += qty
    containers.stand_at(container=pallet, location=location)
    return receipt, pallet, total


@txn.use_case
def close(*, receipt: Receipt, actor: Actor, difference_code: ReasonCode | str = "") -> Receipt:
    """Nothing more comes. Raises ``receipt_closed``, ``under_receipt`` when less arrived and no reason is given."""
    locked = _lock(receipt.pk)
    short = [line for line in locked.lines.select_related("sku").order_by("position") if line.qty_open]
    if short and not difference_code:
        text = ", ".join(f"{line.sku.code}: {line.qty_received} of {line.qty_expected}" for line in short[:5])
        raise DomainError("under_receipt", f"Less arrived than announced ({text}).", lines=len(short))
    code = difference_code if short else ""
    advance(locked, ReceiptState.CLOSED, table=TRANSITIONS, closed_at=clock.now(), difference_code=code)
    journal.write(
        "receipt.closed", actor=actor, subject=f"receipt:{locked.ref}", short_lines=len(short), reason=code
    )
    return locked


@txn.use_case
def cancel(*, receipt: Receipt, actor: Actor, reason: str) -> Receipt:
    """Call off a receipt that nothing has arrived for. Raises ``receipt_closed``, ``illegal_transition``."""
    locked = _lock(receipt.pk)
    advance(locked, ReceiptState.CANCELLED, table=TRANSITIONS, closed_at=clock.now())
    journal.write("receipt.cancelled", actor=actor, subject=f"receipt:{locked.ref}", reason=reason)
    return locked
