"""Putting away: proposed by rules with the reason, overridden with a reason, or straight to an order that waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from mfc.catalog.models import Sku
from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inbound import rules
from mfc.inbound.models import Putaway
from mfc.inbound.rules import Goods, Proposal, Spot
from mfc.inventory import containers, holds, transfers
from mfc.inventory.models import Balance, Hold, MoveKind, ReasonCode, SkuPosition, ToteUse, UsePurpose
from mfc.layout import queries as layout
from mfc.layout.models import SELLABLE_KINDS, Location, LocationKind, Site
from mfc.orders import services as orders
from mfc.orders.models import OrderLine
from mfc.orders.states import OrderState

# Orders whose totes are still open: what they lack may be put straight into them.
_OPEN_TOTES = (OrderState.PICKING, OrderState.PICKED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order line that was short and whose tote is still open."""

    line: OrderLine
    use: ToteUse
    qty: int

    @property
    def why(self) -> str:
        """The reason told to people."""
        return f"order {self.line.order.ref} lacks {self.qty}: straight into its tote"


def waiting_stock(site: Site) -> list[Balance]:
    """What waits to be put away: received goods at docks, staging places and in inbound containers; oldest first."""
    at_dock = Balance.objects.filter(
        site=site, on_hand__gt=0, location__kind__in=[LocationKind.DOCK, LocationKind.STAGE]
    )
    carried = Balance.objects.filter(
        site=site,
        on_hand__gt=0,
        container__uses__purpose=UsePurpose.INBOUND,
        container__uses__closed_at=None,
    )
    related = ("site", "sku", "lot", "location__zone", "container__stands_at")
    rows = [*at_dock.select_related(*related), *carried.select_related(*related)]
    return sorted(rows, key=lambda row: row.pk)


def propose(
    *, site: Site, sku: Sku, lot_id: int | None, qty: int, source: Location | None = None
) -> list[Proposal]:
    """The best places for goods, each with its reason; goods on hold belong into quarantine."""
    position = SkuPosition.objects.filter(site=site, sku=sku).first()
    lacking = max(position.promised - (position.on_hand - position.reserved), 0) if position else 0
    goods = Goods(
        sku=sku.pk,
        lot=lot_id,
        qty=qty,
        temperature=sku.temperature,
        velocity=sku.velocity,
        volume_ml=sku.volume_ml,
        weight_g=sku.weight_g,
        waiting_qty=lacking,
    )
    if _is_held(site, sku.pk, lot_id, source):
        return _quarantine(site, qty)
    return rules.propose(goods, _spots(site, source))


def _is_held(site: Site, sku_id: int, lot_id: int | None, source: Location | None) -> bool:
    rows = Hold.objects.filter(site=site, lifted_at=None).values_list("location_id", "sku_id", "lot_id")
    here = (source.pk if source else None, sku_id, lot_id)
    return any(
        all(wanted is None or wanted == found for wanted, found in zip(hold, here, strict=True))
        for hold in rows
    )


def _quarantine(site: Site, qty: int) -> list[Proposal]:
    places = Location.objects.filter(site=site, kind=LocationKind.QUARANTINE).order_by("code")
    return [
        Proposal(_spot_of(place, (), 0, 0), qty, "quarantine", "on hold: kept apart until it is decided")
        for place in places[: rules.MAX_PROPOSALS]
    ]


def _spots(site: Site, source: Location | None) -> list[Spot]:
    places = list(
        Location.objects.filter(site=site, kind__in=SELLABLE_KINDS).select_related("zone").order_by("pk")
    )
    content: dict[int, list[Balance]] = defaultdict(list)
    for row in Balance.objects.filter(
        site=site, location__kind__in=SELLABLE_KINDS, on_hand__gt=0
    ).select_related("sku"):
        content[row.location_id or 0].append(row)
    way_mm = layout.ways(site)
    belt = layout.the_belt(site)
    start = source or belt
    return [
        _spot_of(
            place,
            content[place.pk],
            way_mm(start, place) if start else 0,
            way_mm(place, belt) if belt else 0,
        )
        for place in places
    ]


def _spot_of(place: Location, rows: Iterable[Balance], walk_mm: int, belt_mm: int) -> Spot:
    held = list(rows)
    used_ml = sum(row.on_hand * row.sku.volume_ml for row in held)
    used_g = sum(row.on_hand * row.sku.weight_g for row in held)
    own = sum(row.on_hand for row in held if row.sku_id == place.slotted_sku_id)
    return Spot(
        id=place.pk,
        code=place.code,
        reserve=place.kind == LocationKind.RESERVE,
        temperature=place.zone.temperature if place.zone else "",
        velocity=place.velocity,
        slotted=place.slotted_sku_id,
        slot_room=max(place.slot_max - own, 0) if place.slot_max is not None else None,
        free_ml=max(place.capacity_ml - used_ml, 0) if place.capacity_ml is not None else None,
        free_g=max(place.capacity_g - used_g, 0) if place.capacity_g is not None else None,
        content=frozenset((row.sku_id, row.lot_id) for row in held),
        walk_mm=walk_mm,
        belt_mm=belt_mm,
    )


def waiting_order(*, site: Site, sku_id: int, lot_id: int | None) -> Waiting | None:
    """The most urgent order that was short of the SKU and whose tote is open; None when nobody waits."""
    if _is_held(site, sku_id, lot_id, None):
        return None
    lines = (
        OrderLine.objects.filter(
            order__site=site,
            order__state__in=_OPEN_TOTES,
            sku_id=sku_id,
            qty_short__gt=0,
            instead_of=None,
            # What was substituted is short for good.
            substitutes=None,
        )
        .select_related("order", "sku")
        .order_by("order__promise_until", "pk")
    )
    for line in lines:
        use = (
            ToteUse.objects.select_related("container", "order")
            .filter(order_id=line.order_id, closed_at=None, full=False)
            .order_by("-pk")
            .first()
        )
        if use is not None:
            return Waiting(line, use, line.qty_short)
    return None


@txn.use_case
def put_away(
    *,
    balance: Balance,
    qty: int,
    target: Location,
    actor: Actor,
    proposals: list[Proposal],
    override_code: ReasonCode | str = "",
) -> Putaway:
    """Put goods on a shelf. ``proposals`` are what the person was shown, best first.

    Raises ``quantity_invalid``, ``place_invalid``, ``stock_insufficient``, ``stock_on_hold``, and ``reason_missing`` for
    another place than proposed without a reason.
    """
    _check(balance, qty)
    fits = next((one for one in proposals if one.spot.id == target.pk), None)
    best = proposals[0] if proposals else None
    if fits is None and not override_code:
        where = f"Proposed was {best.spot.code} ({best.why})." if best else "No place was proposed."
        raise DomainError(
            "reason_missing",
            f"{where} Why {target.code}?",
            remedy="Choose a reason, or take the proposed place.",
        )
    source = balance.location or balance.container
    if target.kind not in SELLABLE_KINDS | {LocationKind.QUARANTINE}:
        raise DomainError(
            "place_invalid", f"{target.code} is a {target.kind}: goods are put away on a shelf."
        )
    if balance.location_id is not None:
        transfers.relocate(
            balance=balance,
            qty=qty,
            target=target,
            actor=actor,
            reason_code=override_code,
            kind=MoveKind.PUTAWAY,
            reference=f"putaway:{source}",
        )
    else:
        transfers.unload(balance=balance, qty=qty, target=target, actor=actor, reference=f"putaway:{source}")
        containers.close_if_empty(container_id=balance.container_id or 0)
    chosen = fits or best
    row = Putaway.objects.create(
        site_id=balance.site_id,
        sku_id=balance.sku_id,
        lot_id=balance.lot_id,
        qty=qty,
        source=str(source),
        proposed_id=best.spot.id if best else None,
        rule=chosen.rule if chosen and fits else "chosen",
        why=(chosen.why if chosen and fits else f"chosen by {actor.name}")[:200],
        location=target,
        override_code=override_code if fits is None else "",
        done_at=clock.now(),
        done_by=str(actor),
    )
    journal.write(
        "putaway.done",
        actor=actor,
        subject=f"putaway:{row.pk}",
        sku=balance.sku.code,
        qty=qty,
        to=target.code,
        why=row.why,
    )
    txn.hint("plan")
    return row


def _check(balance: Balance, qty: int) -> None:
    if qty < 1:
        raise DomainError("quantity_invalid", f"{qty} is not 1 or more.")
    if qty > balance.on_hand:
        raise DomainError(
            "stock_insufficient", f"Only {balance.on_hand} are here.", available=balance.on_hand
        )


@txn.use_case
def cross_dock(*, balance: Balance, waiting: Waiting, qty: int, actor: Actor) -> Putaway:
    """Put goods straight into the open tote of an order that was short of them.

    Raises ``no_waiting_order`` when the order no longer waits or its tote is closed, ``quantity_invalid``,
    ``stock_insufficient``, ``stock_on_hold``.
    """
    _check(balance, qty)
    line = OrderLine.objects.select_related("order", "sku").get(pk=waiting.line.pk)
    order = type(line.order).objects.select_for_update(no_key=True).get(pk=line.order_id)
    line.refresh_from_db()
    use = ToteUse.objects.filter(pk=waiting.use.pk, closed_at=None, full=False).first()
    if order.state not in _OPEN_TOTES or use is None or line.qty_short < 1:
        raise DomainError(
            "no_waiting_order", f"Order {order.ref} no longer waits for {line.sku.code}.", order_ref=order.ref
        )
    if qty > line.qty_short:
        raise DomainError(
            "quantity_invalid", f"The order lacks {line.qty_short}, not {qty}.", limit=line.qty_short
        )
    source = balance.location or balance.container
    if _is_held(order.site, balance.sku_id, balance.lot_id, balance.location):
        raise DomainError("stock_on_hold", f"{balance.sku.code} is on hold where it lies.")
    transfers.load(
        balance=balance, qty=qty, container_id=use.container_id, actor=actor, reference=f"line:{line.pk}"
    )
    holds.refuse_held([use.container_id])
    if balance.container_id is not None:
        containers.close_if_empty(container_id=balance.container_id)
    orders.fill_short(line.pk, qty=qty)
    row = Putaway.objects.create(
        site_id=balance.site_id,
        sku_id=balance.sku_id,
        lot_id=balance.lot_id,
        qty=qty,
        source=str(source),
        rule="cross_dock",
        why=waiting.why[:200],
        order=order,
        done_at=clock.now(),
        done_by=str(actor),
    )
    journal.write(
        "putaway.cross_docked",
        actor=actor,
        subject=f"order:{order.ref}",
        sku=line.sku.code,
        qty=qty,
        tote=waiting.use.container.label,
    )
    return row
