"""The only writer of balances, positions, reservations and moves: ``post()``, by conditional UPDATE.

Locks are taken in one global order: positions by SKU id, then balances by id. Whoever changes pickable stock holds the
SKU's position, so a later ``post()`` of the same transaction may touch only SKUs that are already locked, or higher ones.
Targets need no order: a location is guarded by the position, a container is worked on by one person at a time.
What goes into a sellable place is graded (``inventory.grading``) after its position is locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q

from mfc.core import clock, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import grading
from mfc.inventory.models import Balance, Reservation
from mfc.inventory.places import Place
from mfc.layout.models import SELLABLE_KINDS

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
    # When the caller has read the source: saves looking it up. The change is refused if it was regraded meanwhile.
    source_balance_id: int | None = None
    source_pickable: bool = True
    reference: str = ""
    reason_code: str = ""
    reason: str = ""
    weight_g: int | None = None


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
    """Give back ``qty`` of a reservation; ``promised`` of it stays a promise. ``pickable`` as the balance was read."""

    reservation_id: int
    balance_id: int
    sku_id: int
    qty: int
    promised: int = 0
    pickable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Soft claim (positive) or its withdrawal (negative). A claim needs free stock."""

    sku_id: int
    qty: int


Entry = Move | Reserve | Unreserve | Promise


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written: how many moves, and the new reservations in the order of the entries."""

    moves: int
    reservations: list[Reservation]


_OUTSIDE = Place()


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
    pickable: bool = True


@dataclass(frozen=True, slots=True)
class _Source:
    """A balance that gives, as it was read before the locks."""

    balance_id: int
    pickable: bool


@dataclass(slots=True)
class _Plan:
    positions: dict[int, _PositionDelta] = field(default_factory=lambda: defaultdict(_PositionDelta))
    balances: dict[int, _BalanceDelta] = field(default_factory=lambda: defaultdict(_BalanceDelta))


_Key = tuple[Place, int, int | None]
_Sources = dict[_Key, _Source]
_Grades = dict[_Key, bool]


def post(*, site_id: int, actor: Actor, entries: Sequence[Entry]) -> Posted:
    """Apply the entries together or not at all.

    Raises ``stock_insufficient`` when a quantity is not there or not free, ``stock_regraded`` when stock was put on hold
    or freed between reading and writing, ``reservation_missing`` when a reservation no longer covers what is taken from it.
    """
    assert len(entries) <= MAX_ENTRIES, f"{len(entries)} entries in one posting"
    plan = _Plan()
    moves_in = [entry for entry in entries if isinstance(entry, Move)]
    sources = _sources(moves_in)
    if any(_touches_a_place(move, sources) for move in moves_in):
        hold_positions(site_id, {entry.sku_id for entry in entries})
    grades = _grades(site_id, moves_in)
    for entry in entries:
        _plan_position(plan, entry, sources, grades)
    _write_positions(site_id, plan.positions)
    for entry in entries:
        _plan_balance(plan, entry, sources)
    # Targets first: an undone pick comes back into an empty bin and is reserved there again.
    _fill_targets(site_id, moves_in, grades)
    _write_balances(plan.balances)
    reservations = _write_reservations(entries)
    moves = _write_moves(site_id, actor, entries)
    return Posted(moves, reservations)


def _plan_position(plan: _Plan, entry: Entry, sources: _Sources, grades: _Grades) -> None:
    match entry:
        case Move(source=source, target=target, qty=qty):
            assert qty > 0, entry
            assert source != target, entry
            gives = source is not None and sources[_source_key(entry)].pickable
            gets = target is not None and grades.get(_target_key(entry), False)
            if gives or gets:
                delta = plan.positions[entry.sku_id]
                delta.on_hand += qty * (gets - gives)
                delta.reserved -= qty if gives and entry.reservation_id is not None else 0
        case Reserve(sku_id=sku_id, qty=qty, promised=promised):
            plan.positions[sku_id].reserved += qty
            plan.positions[sku_id].promised -= promised
        case Unreserve(sku_id=sku_id, qty=qty, promised=promised):
            plan.positions[sku_id].reserved -= qty if entry.pickable else 0
            plan.positions[sku_id].promised += promised
        case Promise(sku_id=sku_id, qty=qty):
            plan.positions[sku_id].promised += qty
            plan.positions[sku_id].claimed |= qty > 0


def _touches_a_place(move: Move, sources: _Sources) -> bool:
    """Whether the position must be held beforehand. Not for a plain pick: the change of the position holds it."""
    if move.target is not None and move.target.location_id:
        return True
    return bool(move.source and move.source.location_id and not sources[_source_key(move)].pickable)


def _grades(site_id: int, moves: Sequence[Move]) -> _Grades:
    """Whether what arrives in sellable places becomes pickable.

    Stock that is there already keeps its grade (a timed job regrades it), so that a balance never has two.
    """
    keys = {_target_key(move) for move in moves if move.target is not None and move.target.sellable}
    if not keys:
        return {}
    _share_places({place.location_id for place, _, _ in keys})
    graded = grading.grade(
        site_id=site_id, keys=[(place.location_id, sku_id, lot_id) for place, sku_id, lot_id in keys]
    )
    grades = {key: graded[(key[0].location_id, key[1], key[2])] for key in keys}
    present = Balance.objects.filter(
        location_id__in={place.location_id for place, _, _ in keys},
        sku_id__in={sku_id for _, sku_id, _ in keys},
        on_hand__gt=0,
    )
    for location, sku, lot, pickable in present.values_list("location_id", "sku_id", "lot_id", "pickable"):
        key = (Place(location_id=location or 0, sellable=True), sku, lot)
        if key in grades:
            grades[key] = pickable
    return grades


def _share_places(location_ids: Collection[int]) -> None:
    """A hold on one of these places waits until this transaction ends, and this one waits for such a hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM layout_location WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(location_ids)]
        )


def hold_positions(site_id: int, sku_ids: Collection[int]) -> None:
    """Lock the positions of these SKUs, in order, until the transaction ends; missing ones are made."""
    _check_lock_order(sku_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inventory_skuposition (site_id, sku_id, on_hand, reserved, promised)"
            " SELECT %s, sku_id, 0, 0, 0 FROM unnest(%s::bigint[]) AS sku_id ORDER BY sku_id ON CONFLICT DO NOTHING",
            [site_id, sorted(sku_ids)],
        )
        cursor.execute(
            "SELECT id FROM inventory_skuposition WHERE site_id = %s AND sku_id = ANY(%s)"
            " ORDER BY sku_id FOR NO KEY UPDATE",
            [site_id, sorted(sku_ids)],
        )


@dataclass(frozen=True, slots=True)
class Regraded:
    """A balance whose stock may now be promised, or no longer."""

    balance_id: int
    sku_id: int
    pickable: bool
    on_hand: int
    reserved: int


def regrade(*, site_id: int, which: Q) -> list[Regraded]:
    """Grade the balances in sellable places again that ``which`` selects, and move them in or out of the positions.

    Reservations on stock that is no longer pickable stay: whoever placed them must find other stock.
    """
    rows = Balance.objects.filter(which, site_id=site_id, location__kind__in=SELLABLE_KINDS, on_hand__gt=0)
    hold_positions(site_id, set(rows.values_list("sku_id", flat=True)))
    locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
    graded = grading.grade(
        site_id=site_id, keys=[(row.location_id or 0, row.sku_id, row.lot_id) for row in locked]
    )
    changed = [
        row for row in locked if graded[(row.location_id or 0, row.sku_id, row.lot_id)] != row.pickable
    ]
    deltas: dict[int, _PositionDelta] = defaultdict(_PositionDelta)
    for row in changed:
        sign = -1 if row.pickable else 1
        deltas[row.sku_id].on_hand += sign * row.on_hand
        deltas[row.sku_id].reserved += sign * row.reserved
    _write_positions(site_id, deltas)
    for row in changed:
        Balance.objects.filter(pk=row.pk).update(pickable=not row.pickable)
    return [Regraded(row.pk, row.sku_id, not row.pickable, row.on_hand, row.reserved) for row in changed]


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


def _check_lock_order(sku_ids: Collection[int]) -> None:
    locked = txn.current().locked_skus
    fresh = set(sku_ids) - locked
    if locked and fresh and min(fresh) < max(locked):
        raise DomainError("lock_order", f"SKU {min(fresh)} wanted while {max(locked)} is held.")
    locked |= fresh


def _sources(moves: Sequence[Move]) -> _Sources:
    """The balances the moves take from; one that does not exist holds nothing (``stock_insufficient``)."""
    found = {
        _source_key(move): _Source(move.source_balance_id, move.source_pickable)
        for move in moves
        if move.source and move.source_balance_id
    }
    wanted = {_source_key(move): None for move in moves if move.source and not move.source_balance_id}
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
        # The caller's word for the place: with it or without the location's kind, it is the same row.
        for sellable in (True, False):
            key = (Place(location or 0, container or 0, sellable), sku, lot)
            if key in wanted:
                found[key] = _Source(balance, pickable)
    missing = [key for key in wanted if key not in found]
    if missing:
        raise DomainError("stock_insufficient", f"SKU {missing[0][1]} is not there.", sku_ids=[missing[0][1]])
    return found


def _source_key(move: Move) -> _Key:
    assert move.source is not None
    return (move.source, move.sku_id, move.lot_id)


def _target_key(move: Move) -> _Key:
    assert move.target is not None
    return (move.target, move.sku_id, move.lot_id)


def _fill_targets(site_id: int, moves: Sequence[Move], grades: _Grades) -> None:
    """Add to the balances the moves lead to, creating those that do not exist yet; one statement each."""
    received: dict[_Key, int] = defaultdict(int)
    for move in moves:
        if move.target is not None:
            received[_target_key(move)] += move.qty
    with connection.cursor() as cursor:
        for (place, sku_id, lot_id), qty in sorted(
            received.items(), key=lambda item: (item[0][0], item[0][1])
        ):
            cursor.execute(
                "INSERT INTO inventory_balance"
                " (site_id, location_id, container_id, sku_id, lot_id, pickable, on_hand, reserved)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, 0)"
                " ON CONFLICT (location_id, container_id, sku_id, lot_id)"
                " DO UPDATE SET on_hand = inventory_balance.on_hand + excluded.on_hand, pickable = excluded.pickable",
                [
                    site_id,
                    place.location_id or None,
                    place.container_id or None,
                    sku_id,
                    lot_id,
                    grades.get((place, sku_id, lot_id), False),
                    qty,
                ],
            )


def _plan_balance(plan: _Plan, entry: Entry, sources: _Sources) -> None:
    match entry:
        case Move(source=source, qty=qty):
            if source is not None:
                giver = sources[_source_key(entry)]
                delta = plan.balances[giver.balance_id]
                delta.pickable = giver.pickable
                delta.on_hand -= qty
                delta.reserved -= qty if entry.reservation_id is not None else 0
        case Reserve(balance_id=balance_id, qty=qty):
            plan.balances[balance_id].reserved += qty
        case Unreserve(balance_id=balance_id, qty=qty):
            plan.balances[balance_id].reserved -= qty
            plan.balances[balance_id].pickable = entry.pickable
        case Promise():
            pass


def _write_balances(balances: dict[int, _BalanceDelta]) -> None:
    with connection.cursor() as cursor:
        for balance_id, delta in sorted(balances.items()):
            cursor.execute(
                "UPDATE inventory_balance SET on_hand = on_hand + %(h)s, reserved = reserved + %(r)s"
                " WHERE id = %(id)s AND pickable = %(pickable)s AND on_hand + %(h)s >= 0"
                " AND reserved + %(r)s BETWEEN 0 AND on_hand + %(h)s",
                {"h": delta.on_hand, "r": delta.reserved, "id": balance_id, "pickable": delta.pickable},
            )
            if cursor.rowcount != 1:
                raise _refusal(balance_id, delta)


def _refusal(balance_id: int, delta: _BalanceDelta) -> DomainError:
    """Why a balance did not change: it was regraded meanwhile, or does not hold the quantity."""
    if Balance.objects.filter(pk=balance_id).exclude(pickable=delta.pickable).exists():
        now = "on hold or expired" if delta.pickable else "free again"
        return DomainError("stock_regraded", f"Balance {balance_id} is {now}.", balance_id=balance_id)
    return DomainError(
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
    with connection.cursor() as cursor:
        for reservation_id, qty in sorted(used.items()):
            cursor.execute(
                "UPDATE inventory_reservation SET qty = qty - %s WHERE id = %s AND qty >= %s",
                [qty, reservation_id, qty],
            )
            if cursor.rowcount != 1:
                raise DomainError(
                    "reservation_missing", f"Reservation {reservation_id} does not cover {qty}."
                )
    return Reservation.objects.bulk_create(fresh) if fresh else []


# The hot path of every pick: written by hand, the mapper's way to the same statement takes longer than the database.
_MOVE_COLUMNS = (
    "at, site_id, kind, sku_id, lot_id, qty, from_location_id, from_container_id, to_location_id, to_container_id,"
    " reference, reason_code, reason, weight_g, actor"
)
_ONE_MOVE = f"({', '.join(['%s'] * (_MOVE_COLUMNS.count(',') + 1))})"


def _write_moves(site_id: int, actor: Actor, entries: Sequence[Entry]) -> int:
    """Append the moves, in one statement; returns how many."""
    now, who = clock.now(), str(actor)
    values: list[Any] = []
    count = 0
    for entry in entries:
        if isinstance(entry, Move):
            count += 1
            source, target = entry.source or _OUTSIDE, entry.target or _OUTSIDE
            values += (now, site_id, str(entry.kind), entry.sku_id, entry.lot_id, entry.qty)
            values += (source.location_id or None, source.container_id or None)
            values += (target.location_id or None, target.container_id or None)
            values += (entry.reference, str(entry.reason_code), entry.reason[:200], entry.weight_g, who)
    if count:
        with connection.cursor() as cursor:
            rows = ", ".join([_ONE_MOVE] * count)
            cursor.execute(f"INSERT INTO inventory_stockmove ({_MOVE_COLUMNS}) VALUES {rows}", values)  # noqa: S608
    return count
