"""Where is a lot? Every unit of it: on shelves, in totes, shipped, and gone otherwise. The question of a recall."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from mfc.core import journal, txn
from mfc.core.actors import Actor
from mfc.inventory import holds
from mfc.inventory.models import Balance, Hold, HoldKind, Lot, MoveKind, StockMove, ToteUse

# Of a lot with more shipments than this the newest are listed; the sums still cover all of it.
MAX_SHIPMENTS = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """``qty`` of the lot in a place; ``order_ref`` when it lies in an order's tote."""

    place: str
    kind: str
    qty: int
    reserved: int
    order_ref: str
    client: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """``qty`` of the lot that left the site: with which parcel, to whom."""

    at: datetime
    qty: int
    parcel: str
    order_ref: str
    client: str
    name: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Every unit of a lot. ``received`` = ``here`` + ``shipped_qty`` + ``gone`` always."""

    received: int
    here: tuple[Found, ...]
    shipped: tuple[Shipped, ...]
    shipped_qty: int
    gone: dict[str, int]

    @property
    def here_qty(self) -> int:
        """Eaches still on the site."""
        return sum(one.qty for one in self.here)


def trace(lot: Lot) -> Trace:
    """Find every unit of a lot."""
    received, shipped_qty, gone = _sums(lot)
    return Trace(received, _here(lot), _shipped(lot), shipped_qty, gone)


@txn.use_case
def recall(*, lot: Lot, site_id: int, actor: Actor, reason: str) -> tuple[Hold, Trace]:
    """Stop every unit of a lot at once and say where each is. Raises ``hold_exists``, ``hold_invalid``."""
    hold = holds.place(site_id=site_id, kind=HoldKind.RECALL, lot=lot, actor=actor, reason=reason)
    found = trace(lot)
    journal.write(
        "lot.recalled",
        actor=actor,
        subject=f"lot:{lot.pk}",
        here=found.here_qty,
        shipped=found.shipped_qty,
        parcels=len({one.parcel for one in found.shipped}),
        reason=reason,
    )
    return hold, found


def _here(lot: Lot) -> tuple[Found, ...]:
    rows = (
        Balance.objects.filter(lot=lot, on_hand__gt=0)
        .select_related("location", "container")
        .order_by("location__code", "container__label")
    )
    balances = list(rows)
    uses = {
        use.container_id: use
        for use in ToteUse.objects.filter(
            container_id__in=[row.container_id for row in balances if row.container_id], closed_at=None
        ).select_related("order")
    }
    found = []
    for row in balances:
        use = uses.get(row.container_id or 0)
        order = use.order if use else None
        found.append(
            Found(
                place=str(row.location or row.container),
                kind=row.location.kind if row.location else "tote",
                qty=row.on_hand,
                reserved=row.reserved,
                order_ref=order.ref if order else "",
                client=order.client if order else "",
            )
        )
    return tuple(found)


def _shipped(lot: Lot) -> tuple[Shipped, ...]:
    moves = list(
        StockMove.objects.filter(lot=lot, sku_id=lot.sku_id, kind=MoveKind.SHIP).order_by("-at", "-id")[
            :MAX_SHIPMENTS
        ]
    )
    uses: dict[int, list[ToteUse]] = defaultdict(list)
    containers = {move.from_container_id for move in moves if move.from_container_id}
    for use in (
        ToteUse.objects.filter(container_id__in=containers).select_related("order").order_by("opened_at")
    ):
        uses[use.container_id].append(use)
    return tuple(_shipment(move, uses.get(move.from_container_id or 0, [])) for move in moves)


def _shipment(move: StockMove, uses: list[ToteUse]) -> Shipped:
    """The tote was in use for an order when the move was made: its last use that had begun by then."""
    began = [use for use in uses if use.opened_at <= move.at and use.order is not None]
    order = began[-1].order if began else None
    return Shipped(
        at=move.at,
        qty=move.qty,
        parcel=move.reference.removeprefix("parcel:"),
        order_ref=order.ref if order else "",
        client=order.client if order else "",
        name=str(order.address.get("name", "")) if order else "",
    )


def _sums(lot: Lot) -> tuple[int, int, dict[str, int]]:
    """Received, shipped, and what left otherwise less what was found, by kind of move."""
    received = shipped = 0
    gone: dict[str, int] = defaultdict(int)
    moves = StockMove.objects.filter(lot=lot, sku_id=lot.sku_id).exclude(
        kind__in=[MoveKind.PICK, MoveKind.UNPICK, MoveKind.PUTAWAY, MoveKind.REPLENISH]
    )
    for kind, qty, from_location, from_container, to_location, to_container in moves.values_list(
        "kind", "qty", "from_location_id", "from_container_id", "to_location_id", "to_container_id"
    ).iterator():
        comes = from_location is None and from_container is None
        goes = to_location is None and to_container is None
        if comes == goes:
            continue
        if kind == MoveKind.RECEIPT:
            received += qty
        elif kind == MoveKind.SHIP:
            shipped += qty
        else:
            gone[kind] += qty if goes else -qty
    return received, shipped, {kind: qty for kind, qty in gone.items() if qty}
