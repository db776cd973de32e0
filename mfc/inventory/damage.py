"""Stock that is not there or not fit: written off, or set aside in quarantine with a reason code; and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import ledger
from mfc.inventory.models import Balance, MoveKind, ReasonCode, Reservation
from mfc.inventory.places import at_location, in_container, of_balance
from mfc.layout.models import Location, LocationKind

# The units are there and unfit: they are set aside, not lost.
UNFIT = frozenset({ReasonCode.DAMAGED, ReasonCode.EXPIRED, ReasonCode.WRONG_ITEM})


@dataclass(frozen=True, slots=True)
class Removed:
    """``qty`` that left a balance; ``location_id`` is the quarantine place it went to, None: out of the books."""

    balance_id: int
    qty: int
    location_id: int | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON form kept with the action."""
        return asdict(self)


def hold_skus(*, site_id: int, sku_ids: Iterable[int]) -> None:
    """Lock the positions of all SKUs a deed may touch, before the first of them is written."""
    ledger.hold_positions(site_id, set(sku_ids))


def quarantine(site_id: int) -> Location | None:
    """Where unfit stock of the site is set aside."""
    return (
        Location.objects.filter(site_id=site_id, kind=LocationKind.QUARANTINE).order_by("code", "pk").first()
    )


def give_up(
    *,
    site_id: int,
    actor: Actor,
    reservation: Reservation,
    qty: int,
    reference: str,
    reason_code: ReasonCode,
    only: bool = False,
) -> Removed | None:
    """End ``qty`` of a reservation and take out of its place what nobody else has reserved (``only``: just ``qty``).

    Other batches keep their claims: they will find out for themselves. Held stock stays where it is.
    """
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Unreserve(
                reservation_id=reservation.pk,
                balance_id=reservation.balance_id,
                sku_id=reservation.balance.sku_id,
                qty=qty,
                pickable=reservation.balance.pickable,
            )
        ],
    )
    balance = Balance.objects.select_related("location").get(pk=reservation.balance_id)
    ghost = balance.on_hand - balance.reserved
    if ghost <= 0 or not balance.pickable:
        return None
    return set_aside(
        site_id=site_id,
        actor=actor,
        balance=balance,
        qty=min(qty, ghost) if only else ghost,
        reference=reference,
        reason_code=reason_code,
    )


def set_aside(
    *, site_id: int, actor: Actor, balance: Balance, qty: int, reference: str, reason_code: ReasonCode
) -> Removed:
    """Take ``qty`` free units out of a place: unfit ones to quarantine, else out of the books."""
    place = quarantine(site_id) if reason_code in UNFIT else None
    kind = MoveKind.SHORT
    if reason_code in UNFIT:
        kind = MoveKind.MOVE if place else MoveKind.SCRAP
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=kind,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=qty,
                source=of_balance(balance),
                target=at_location(place) if place else None,
                reference=reference,
                reason_code=reason_code,
                reason=ReasonCode(reason_code).label.lower(),
            )
        ],
    )
    return Removed(balance.pk, qty, place.pk if place else None)


def set_apart(
    *, site_id: int, actor: Actor, balances: Iterable[Balance], reference: str, reason: str
) -> None:
    """Take held goods out of a container: to quarantine, or out of the books at a site without one."""
    place = quarantine(site_id)
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.PUTBACK if place else MoveKind.SCRAP,
                sku_id=row.sku_id,
                lot_id=row.lot_id,
                qty=row.on_hand,
                source=of_balance(row),
                target=at_location(place) if place else None,
                reference=reference,
                reason_code=ReasonCode.RECALLED,
                reason=reason,
            )
            for row in sorted(balances, key=lambda row: (row.sku_id, row.pk))
        ],
    )


def bring_back(*, site_id: int, actor: Actor, removed: Removed, reference: str) -> None:
    """The compensating entry of ``set_aside``. Raises ``stock_insufficient`` when quarantine no longer has it."""
    balance = Balance.objects.select_related("location").get(pk=removed.balance_id)
    source = (
        at_location(Location.objects.get(pk=removed.location_id)) if removed.location_id is not None else None
    )
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.MOVE if source else MoveKind.ADJUST,
                sku_id=balance.sku_id,
                lot_id=balance.lot_id,
                qty=removed.qty,
                source=source,
                target=of_balance(balance),
                reference=reference,
                reason_code=ReasonCode.FOUND,
                reason="taken back",
            )
        ],
    )


def reserve_again(
    *, site_id: int, actor: Actor, balance_id: int, sku_id: int, order_line_id: int, qty: int
) -> Reservation:
    """Claim a balance again for a line. Raises ``stock_insufficient``, ``stock_regraded``."""
    posted = ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Reserve(
                balance_id=balance_id,
                sku_id=sku_id,
                order_line_id=order_line_id,
                qty=qty,
                promised=0,
                reason="taken back",
            )
        ],
    )
    return posted.reservations[0]


def unreserve_all(*, site_id: int, actor: Actor, reservations: Iterable[Reservation]) -> None:
    """Give back whole reservations of several SKUs in one posting."""
    entries = [
        ledger.Unreserve(
            reservation_id=row.pk,
            balance_id=row.balance_id,
            sku_id=row.balance.sku_id,
            qty=row.qty,
            pickable=row.balance.pickable,
        )
        for row in reservations
        if row.qty
    ]
    if entries:
        ledger.post(site_id=site_id, actor=actor, entries=entries)


def put_back(
    *,
    site_id: int,
    actor: Actor,
    container_id: int,
    sku_id: int,
    lot_id: int | None,
    qty: int,
    target: Location,
    reference: str,
    reason_code: ReasonCode,
) -> None:
    """From a container onto a shelf. Raises ``stock_insufficient`` when the container holds less."""
    held = Balance.objects.filter(Q(lot_id=lot_id), container_id=container_id, sku_id=sku_id).first()
    if held is None or held.on_hand < qty:
        raise DomainError(
            "stock_insufficient", f"The container holds {held.on_hand if held else 0} of {qty}."
        )
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.PUTBACK,
                sku_id=sku_id,
                lot_id=lot_id,
                qty=qty,
                source=in_container(container_id),
                target=at_location(target),
                reference=reference,
                reason_code=reason_code,
                reason=ReasonCode(reason_code).label.lower(),
            )
        ],
    )
