"""The only writer of balances, positions, reservations and moves: ``post()``, by conditional UPDATE.

Locks are taken in one global order: positions by SKU id, then balances by id. Whoever changes a bin's balance holds the
SKU's position, so a later ``post()`` of the same transaction may touch only SKUs that are already locked, or higher ones.
Targets are filled last: a bin is guarded by its position, a container is worked on by one person at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import F, Q

from mfc.core import clock, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory.models import Balance, Reservation, StockMove
from mfc.inventory.places import Place

# One transaction moves at most this much: a wave of 60 orders with 12 lines, and room.
MAX_ENTRIES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """``qty`` of SKU + lot from ``source`` to ``target`` (None: outside). ``reservation_id`` is used up by it."""

    kind: str
    sku_id: int
    lot_id: int | None
    qty: int
    source: Place | None
    target: Place | None
    reservation_id: int | None = None
    source_balance_id: int | None = None  # when the caller has read it; saves looking it up
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Hard claim of an order line on a balance; ``promised`` of it was promised before."""

    balance_id: int
    sku_id: int
    order_line_id: int
    qty: int
    promised: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreserve:
    """Give back ``qty`` of a reservation; ``promised`` of it stays a promise."""

    reservation_id: int
    balance_id: int
    sku_id: int
    qty: int
    promised: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Soft claim (positive) or its withdrawal (negative). A claim needs free stock."""

    sku_id: int
    qty: int


Entry = Move | Reserve | Unreserve | Promise


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written, in the order of the entries."""

    moves: list[StockMove]
    reservations: list[Reservation]


@dataclass(slots=True)
class _PositionDelta:
    on_hand: int = 0
    reserved: int = 0
    promised: int = 0
    claimed: bool = False


@dataclass(slots=True)
class _BalanceDelta:
    on_hand: int = 0
    reserved: int = 0


@dataclass(slots=True)
class _Plan:
    positions: dict[int, _PositionDelta] = field(default_factory=lambda: defaultdict(_PositionDelta))
    balances: dict[int, _BalanceDelta] = field(default_factory=lambda: defaultdict(_BalanceDelta))


_Key = tuple[Place, int, int | None]


def post(*, site_id: int, actor: Actor, entries: Sequence[Entry]) -> Posted:
    """Apply the entries together or not at all.

    Raises ``stock_insufficient`` when a quantity is not there or not free, ``reservation_missing`` when a reservation
    no longer covers what is taken from it.
    """
    assert len(entries) <= MAX_ENTRIES, f"{len(entries)} entries in one posting"
    plan = _Plan()
    for entry in entries:
        _plan_position(plan, entry)
    _write_positions(site_id, plan.positions)
    moves_in = [entry for entry in entries if isinstance(entry, Move)]
    sources = _source_ids(moves_in)
    for entry in entries:
        _plan_balance(plan, entry, sources)
    _write_balances(plan.balances)
    _fill_targets(site_id, moves_in)
    reservations = _write_reservations(entries)
    moves = _write_moves(site_id, actor, entries)
    return Posted(moves, reservations)


def _plan_position(plan: _Plan, entry: Entry) -> None:
    match entry:
        case Move(source=source, target=target, qty=qty):
            assert qty > 0, entry
            assert source != target, entry
            change = qty * (bool(target and target.pickable) - bool(source and source.pickable))
            if change or entry.reservation_id is not None:
                delta = plan.positions[entry.sku_id]
                delta.on_hand += change
                delta.reserved -= qty if entry.reservation_id is not None else 0
        case Reserve(sku_id=sku_id, qty=qty, promised=promised):
            plan.positions[sku_id].reserved += qty
            plan.positions[sku_id].promised -= promised
        case Unreserve(sku_id=sku_id, qty=qty, promised=promised):
            plan.positions[sku_id].reserved -= qty
            plan.positions[sku_id].promised += promised
        case Promise(sku_id=sku_id, qty=qty):
            plan.positions[sku_id].promised += qty
            plan.positions[sku_id].claimed |= qty > 0


def _write_positions(site_id: int, positions: dict[int, _PositionDelta]) -> None:
    _check_lock_order(positions)
    with connection.cursor() as cursor:
        for sku_id, delta in sorted(positions.items()):
            if delta.on_hand > 0:
                cursor.execute(
                    "INSERT INTO inventory_skuposition (site_id, sku_id, on_hand, reserved, promised) "
                    "VALUES (%s, %s, 0, 0, 0) ON CONFLICT DO NOTHING",
                    [site_id, sku_id],
                )
            cursor.execute(
                "UPDATE inventory_skuposition"
                " SET on_hand = on_hand + %(h)s, reserved = reserved + %(r)s, promised = promised + %(p)s"
                " WHERE site_id = %(site)s AND sku_id = %(sku)s AND on_hand + %(h)s >= 0"
                " AND reserved + %(r)s BETWEEN 0 AND on_hand + %(h)s AND promised + %(p)s >= 0"
                " AND (NOT %(claimed)s OR on_hand + %(h)s - reserved - %(r)s - promised - %(p)s >= 0)",
                {
                    "h": delta.on_hand,
                    "r": delta.reserved,
                    "p": delta.promised,
                    "claimed": delta.claimed,
                    "site": site_id,
                    "sku": sku_id,
                },
            )
            if cursor.rowcount != 1:
                raise DomainError(
                    "stock_insufficient", f"SKU {sku_id}: not enough free stock.", sku_ids=[sku_id]
                )


def _check_lock_order(positions: dict[int, _PositionDelta]) -> None:
    locked = txn.current().locked_skus
    fresh = positions.keys() - locked
    if locked and fresh and min(fresh) < max(locked):
        raise DomainError("lock_order", f"SKU {min(fresh)} wanted while {max(locked)} is held.")
    locked |= fresh


def _source_ids(moves: Sequence[Move]) -> dict[_Key, int]:
    """Ids of the balances the moves take from; one that does not exist holds nothing (``stock_insufficient``)."""
    known = {
        _source_key(move): move.source_balance_id for move in moves if move.source and move.source_balance_id
    }
    wanted = {_source_key(move): None for move in moves if move.source and not move.source_balance_id}
    found = {key: value for key, value in known.items() if value is not None}
    if not wanted:
        return found
    conditions = [
        Q(
            location_id=place.location_id or None,
            container_id=place.container_id or None,
            sku_id=sku_id,
            lot_id=lot_id,
        )
        for place, sku_id, lot_id in wanted
    ]
    rows = Balance.objects.filter(reduce(or_, conditions)).values_list(
        "id", "location_id", "container_id", "pickable", "sku_id", "lot_id"
    )
    for balance, location, container, pickable, sku, lot in rows:
        found[(Place(location or 0, container or 0, pickable), sku, lot)] = balance
    missing = [key for key in wanted if key not in found]
    if missing:
        raise DomainError("stock_insufficient", f"SKU {missing[0][1]} is not there.", sku_ids=[missing[0][1]])
    return found


def _source_key(move: Move) -> _Key:
    assert move.source is not None
    return (move.source, move.sku_id, move.lot_id)


def _fill_targets(site_id: int, moves: Sequence[Move]) -> None:
    """Add to the balances the moves lead to, creating those that do not exist yet; one statement each."""
    received: dict[_Key, int] = defaultdict(int)
    for move in moves:
        if move.target is not None:
            received[(move.target, move.sku_id, move.lot_id)] += move.qty
    with connection.cursor() as cursor:
        for (place, sku_id, lot_id), qty in sorted(
            received.items(), key=lambda item: (item[0][0], item[0][1])
        ):
            cursor.execute(
                "INSERT INTO inventory_balance"
                " (site_id, location_id, container_id, sku_id, lot_id, pickable, on_hand, reserved)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, 0)"
                " ON CONFLICT (location_id, container_id, sku_id, lot_id)"
                " DO UPDATE SET on_hand = inventory_balance.on_hand + excluded.on_hand",
                [
                    site_id,
                    place.location_id or None,
                    place.container_id or None,
                    sku_id,
                    lot_id,
                    place.pickable,
                    qty,
                ],
            )


def _plan_balance(plan: _Plan, entry: Entry, ids: dict[_Key, int]) -> None:
    match entry:
        case Move(source=source, qty=qty):
            if source is not None:
                delta = plan.balances[ids[_source_key(entry)]]
                delta.on_hand -= qty
                delta.reserved -= qty if entry.reservation_id is not None else 0
        case Reserve(balance_id=balance_id, qty=qty):
            plan.balances[balance_id].reserved += qty
        case Unreserve(balance_id=balance_id, qty=qty):
            plan.balances[balance_id].reserved -= qty
        case Promise():
            pass


def _write_balances(balances: dict[int, _BalanceDelta]) -> None:
    for balance_id, delta in sorted(balances.items()):
        changed = Balance.objects.filter(
            pk=balance_id,
            on_hand__gte=-delta.on_hand,
            reserved__gte=-delta.reserved,
            reserved__lte=F("on_hand") + delta.on_hand - delta.reserved,
        )
        if changed.update(on_hand=F("on_hand") + delta.on_hand, reserved=F("reserved") + delta.reserved) != 1:
            raise DomainError(
                "stock_insufficient",
                f"Balance {balance_id}: the quantity is not there or not free.",
                balance_id=balance_id,
            )


def _write_reservations(entries: Sequence[Entry]) -> list[Reservation]:
    now = clock.now()
    used: dict[int, int] = defaultdict(int)
    fresh: list[Reservation] = []
    for entry in entries:
        match entry:
            case (
                Move(reservation_id=int(reservation_id), qty=qty)
                | Unreserve(reservation_id=int(reservation_id), qty=qty)
            ):
                used[reservation_id] += qty
            case Reserve():
                fresh.append(
                    Reservation(
                        balance_id=entry.balance_id,
                        order_line_id=entry.order_line_id,
                        qty=entry.qty,
                        created_at=now,
                        reason=entry.reason[:200],
                    )
                )
            case _:
                pass
    for reservation_id, qty in sorted(used.items()):
        rows = Reservation.objects.filter(pk=reservation_id, qty__gte=qty)
        if rows.update(qty=F("qty") - qty) != 1:
            raise DomainError("reservation_missing", f"Reservation {reservation_id} does not cover {qty}.")
    return Reservation.objects.bulk_create(fresh)


def _write_moves(site_id: int, actor: Actor, entries: Sequence[Entry]) -> list[StockMove]:
    now = clock.now()
    return StockMove.objects.bulk_create(
        [
            StockMove(
                at=now,
                site_id=site_id,
                kind=entry.kind,
                sku_id=entry.sku_id,
                lot_id=entry.lot_id,
                qty=entry.qty,
                from_location_id=(entry.source and entry.source.location_id) or None,
                from_container_id=(entry.source and entry.source.container_id) or None,
                to_location_id=(entry.target and entry.target.location_id) or None,
                to_container_id=(entry.target and entry.target.container_id) or None,
                reference=entry.reference,
                reason=entry.reason[:200],
                actor=str(actor),
            )
            for entry in entries
            if isinstance(entry, Move)
        ]
    )
