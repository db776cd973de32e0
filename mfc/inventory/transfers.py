"""The moves of stock that processes make: receive, pick, take back, write off, ship, adjust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mfc.catalog.models import Sku
from mfc.core import journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import holds, ledger
from mfc.inventory.models import Balance, MoveKind, ReasonCode, Reservation
from mfc.inventory.places import Place, at_location, in_container, of_balance
from mfc.layout.models import SELLABLE_KINDS, Location


@dataclass(frozen=True, slots=True)
class Delivery:
    """``qty`` of SKU + lot that came in at a location, or in a container. ``weight_g`` of catch-weight goods, all of it."""

    location: Location | None
    sku_id: int
    lot_id: int | None
    qty: int
    container_id: int | None = None
    weight_g: int | None = None

    @property
    def place(self) -> Place:
        """Where it lies now."""
        if self.container_id is not None:
            return in_container(self.container_id)
        assert self.location is not None, "a delivery is put down somewhere"
        return at_location(self.location)


@txn.use_case
def receive(
    *,
    site_id: int,
    actor: Actor,
    deliveries: Sequence[Delivery],
    reference: str,
    reason_code: ReasonCode | str = "",
) -> None:
    """Book stock in from outside."""
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.RECEIPT,
                sku_id=item.sku_id,
                lot_id=item.lot_id,
                qty=item.qty,
                source=None,
                target=item.place,
                reference=reference,
                reason_code=reason_code,
                weight_g=item.weight_g,
            )
            for item in deliveries
        ],
    )


def pick(
    *,
    site_id: int,
    actor: Actor,
    reservation: Reservation,
    qty: int,
    container_id: int,
    reference: str,
    weight_g: int | None = None,
) -> None:
    """Move ``qty`` from the reserved balance into a container; ``weight_g`` of catch-weight goods."""
    balance = reservation.balance
    if not balance.pickable:
        raise DomainError(
            "stock_on_hold", "This stock was put on hold or has expired: leave it in its place."
        )
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.PICK,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=qty,
                source=of_balance(balance),
                source_balance_id=balance.pk,
                target=in_container(container_id),
                reservation_id=reservation.pk,
                reference=reference,
                weight_g=weight_g,
            )
        ],
    )


def unpick(
    *,
    site_id: int,
    actor: Actor,
    reservation: Reservation,
    qty: int,
    container_id: int,
    reference: str,
    weight_g: int | None = None,
) -> Reservation:
    """The compensating entry of ``pick``: back into the bin, reserved again for the same line."""
    balance = reservation.balance
    posted = ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.UNPICK,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=qty,
                source=in_container(container_id),
                target=of_balance(balance),
                reference=reference,
                weight_g=weight_g,
            ),
            ledger.Reserve(
                balance_id=balance.pk,
                sku_id=balance.sku_id,
                order_line_id=reservation.order_line_id,
                qty=qty,
                promised=0,
                reason="taken back",
            ),
        ],
    )
    return posted.reservations[0]


def move_contents(
    *,
    site_id: int,
    actor: Actor,
    kind: MoveKind,
    container_id: int,
    target: Place | None,
    reference: str,
    reason: str = "",
) -> int:
    """Move everything a container holds; returns the number of eaches."""
    held = list(Balance.objects.filter(container_id=container_id, on_hand__gt=0).order_by("pk"))
    if not held:
        return 0
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=kind,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=balance.on_hand,
                source=in_container(container_id),
                target=target,
                reference=reference,
                reason=reason,
            )
            for balance in held
        ],
    )
    return sum(balance.on_hand for balance in held)


def take_out(
    *,
    site_id: int,
    actor: Actor,
    container_id: int,
    sku_id: int,
    qty: int,
    target: Place | None,
    reference: str,
    reason: str,
) -> None:
    """Take ``qty`` of a SKU out of a container, whatever lots it holds there; ``target`` None is a loss.

    Raises ``stock_insufficient`` when the container holds less.
    """
    left = qty
    entries: list[ledger.Entry] = []
    for balance in Balance.objects.filter(container_id=container_id, sku_id=sku_id, on_hand__gt=0).order_by(
        "pk"
    ):
        part = min(left, balance.on_hand)
        if part:
            entries.append(
                ledger.Move(
                    kind=MoveKind.PUTBACK if target else MoveKind.SHORT,
                    sku_id=sku_id,
                    lot_id=balance.lot_id,
                    qty=part,
                    source=in_container(container_id),
                    target=target,
                    reference=reference,
                    reason=reason,
                )
            )
            left -= part
    if left:
        raise DomainError(
            "stock_insufficient", f"The container holds {qty - left} of {qty}.", sku_ids=[sku_id]
        )
    ledger.post(site_id=site_id, actor=actor, entries=entries)


def found_elsewhere(
    *,
    site_id: int,
    actor: Actor,
    sku_id: int,
    qty: int,
    origin: Balance | None,
    target: Location,
    reference: str,
    reason: str,
) -> None:
    """Units turned up at ``target`` that left ``origin`` without a booking.

    They move from there as far as its book has free units; the rest is found stock.
    """
    from_origin = min(qty, origin.on_hand - origin.reserved) if origin else 0
    parts = [(from_origin, of_balance(origin) if origin else None), (qty - from_origin, None)]
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.PUTBACK if source else MoveKind.ADJUST,
                sku_id=sku_id,
                lot_id=origin.lot_id if origin else None,
                qty=part,
                source=source,
                target=at_location(target),
                reference=reference,
                reason=reason,
            )
            for part, source in parts
            if part > 0
        ],
    )


@txn.use_case
def relocate(
    *,
    balance: Balance,
    qty: int,
    target: Location,
    actor: Actor,
    reason_code: ReasonCode | str,
    reason: str = "",
    kind: MoveKind = MoveKind.MOVE,
    reference: str = "",
) -> None:
    """Move free stock to another location of the site: never what a picker is on the way to.

    Raises ``quantity_invalid``, ``place_invalid`` (the same place, or one of another site or temperature class),
    ``stock_insufficient`` when less is free.
    """
    free = balance.on_hand - balance.reserved
    if qty < 1:
        raise DomainError("quantity_invalid", f"{qty} is not 1 or more.")
    if qty > free:
        raise DomainError(
            "stock_insufficient",
            f"{free} of {balance.on_hand} are free here, {balance.reserved} wait for a picker.",
            free=free,
            reserved=balance.reserved,
        )
    check_place(balance.sku, target, site_id=balance.site_id)
    if target.pk == balance.location_id:
        raise DomainError("place_invalid", f"It is at {target.code} already.")
    holds.refuse_escape(balance, target)
    _move(
        balance,
        qty,
        at_location(target),
        actor,
        kind,
        reference or f"balance:{balance.pk}",
        reason_code=reason_code,
        reason=reason,
    )
    journal.write(
        "stock.moved",
        actor=actor,
        subject=f"balance:{balance.pk}",
        sku=balance.sku.code,
        qty=qty,
        to=target.code,
        reason=reason_code,
    )


def unload(
    *,
    balance: Balance,
    qty: int,
    target: Location,
    actor: Actor,
    reference: str,
    kind: MoveKind = MoveKind.PUTAWAY,
) -> None:
    """Move goods out of a container onto a location. Raises ``place_invalid``, ``stock_insufficient``."""
    check_place(balance.sku, target, site_id=balance.site_id)
    _move(balance, qty, at_location(target), actor, kind, reference)


def load(*, balance: Balance, qty: int, container_id: int, actor: Actor, reference: str) -> None:
    """Move free goods from where they lie into a container that an order owns. Raises ``stock_insufficient``."""
    _move(balance, qty, in_container(container_id), actor, MoveKind.PUTAWAY, reference)


def _move(
    balance: Balance,
    qty: int,
    target: Place,
    actor: Actor,
    kind: MoveKind,
    reference: str,
    *,
    reason_code: ReasonCode | str = "",
    reason: str = "",
) -> None:
    ledger.post(
        site_id=balance.site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=kind,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=qty,
                source=of_balance(balance),
                source_balance_id=balance.pk,
                source_pickable=balance.pickable,
                target=target,
                reference=reference,
                reason_code=reason_code,
                reason=reason,
            )
        ],
    )


def check_place(sku: Sku, target: Location, *, site_id: int) -> None:
    """Raise ``place_invalid`` when goods of this SKU may not lie there: another site, or another temperature class."""
    if target.site_id != site_id:
        raise DomainError("place_invalid", f"{target.code} belongs to another site.")
    zone = target.zone
    if zone is not None and target.kind in SELLABLE_KINDS and zone.temperature != sku.temperature:
        raise DomainError(
            "place_invalid",
            f"{target.code} is {zone.temperature}; {sku.code} is {sku.temperature}.",
            remedy=f"Choose a place in a zone that is {sku.temperature}.",
        )


def found(
    *,
    location: Location,
    sku_id: int,
    lot_id: int | None,
    qty: int,
    actor: Actor,
    reference: str,
    reason: str,
    kind: MoveKind = MoveKind.COUNT,
) -> None:
    """Book in stock that lay at a place without the book knowing."""
    ledger.post(
        site_id=location.site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=kind,
                sku_id=sku_id,
                lot_id=lot_id,
                qty=qty,
                source=None,
                target=at_location(location),
                reference=reference,
                reason_code=ReasonCode.FOUND,
                reason=reason,
            )
        ],
    )


@txn.use_case
def adjust(
    *,
    balance: Balance,
    actor: Actor,
    on_hand: int,
    reason: str,
    reason_code: ReasonCode = ReasonCode.OTHER,
    kind: MoveKind = MoveKind.ADJUST,
    reference: str = "",
) -> None:
    """Correct a place's quantity to what was found, through the ledger.

    Raises ``place_invalid`` for what lies in a tote, ``quantity_invalid`` without a reason, below zero or below what is
    reserved.
    """
    if balance.location_id is None:
        raise DomainError(
            "place_invalid",
            f"{balance.container} is a tote: its content is not corrected by hand.",
            remedy="Count the tote at the hospital, or put away what is in it.",
        )
    if not reason.strip() or on_hand < balance.reserved:
        raise DomainError(
            "quantity_invalid",
            f"{on_hand} is not possible: {balance.reserved} are reserved, and a reason is needed.",
            minimum=balance.reserved,
        )
    difference = on_hand - balance.on_hand
    if difference == 0:
        return
    place = of_balance(balance)
    ledger.post(
        site_id=balance.site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=kind,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=abs(difference),
                source=place if difference < 0 else None,
                target=place if difference > 0 else None,
                reference=reference or f"balance:{balance.pk}",
                reason_code=reason_code,
                reason=reason,
            )
        ],
    )
    journal.write(
        "stock.adjusted", actor=actor, subject=f"balance:{balance.pk}", difference=difference, reason=reason
    )
