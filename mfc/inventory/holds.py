"""Holds: stock that must not be sold, from the moment one is placed until it is lifted."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from mfc.catalog.models import Sku
from mfc.core import clock, jobs, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import ledger
from mfc.inventory.models import Balance, Hold, HoldKind, Lot
from mfc.layout.models import SELLABLE_KINDS, Location

# Work under way on held stock is led elsewhere by the job of this name (mfc.picking); a hint may not be lost.
REROUTE_TASK = "picking.reroute_held"


@txn.use_case
def place(
    *,
    site_id: int,
    kind: HoldKind,
    actor: Actor,
    reason: str,
    lot: Lot | None = None,
    sku: Sku | None = None,
    location: Location | None = None,
) -> Hold:
    """Take stock out of what may be promised: of a lot, of a SKU, at a location, or of all that are named together.

    Raises ``hold_invalid`` without a target or a reason, ``hold_exists`` when the same hold is open.
    """
    if not reason.strip():
        raise DomainError("hold_invalid", "A hold needs a reason.")
    if lot is None and sku is None and location is None:
        raise DomainError("hold_invalid", "Name a lot, a SKU or a location.")
    if lot is not None and sku is not None and lot.sku_id != sku.pk:
        raise DomainError("hold_invalid", f"Lot {lot.code} is not one of {sku.code}.")
    _hold_positions(site_id, lot=lot, sku=sku, location=location)
    open_one = Hold.objects.filter(
        site_id=site_id, kind=kind, lot=lot, sku=sku, location=location, lifted_at=None
    ).first()
    if open_one is not None:
        raise DomainError(
            "hold_exists", f"{open_one} is there since {open_one.placed_at:%Y-%m-%d %H:%M}.", hold=open_one.pk
        )
    hold = Hold.objects.create(
        site_id=site_id,
        kind=kind,
        lot=lot,
        sku=sku,
        location=location,
        reason=reason[:200],
        placed_at=clock.now(),
        placed_by=str(actor),
    )
    _regrade(hold)
    journal.write(
        "hold.placed", actor=actor, subject=f"hold:{hold.pk}", kind=kind, on=str(hold), reason=reason
    )
    return hold


@txn.use_case
def lift(*, hold: Hold, actor: Actor, reason: str) -> Hold:
    """End a hold; what no other hold covers and has not expired may be promised again.

    Raises ``hold_lifted`` when it has ended already, ``hold_invalid`` without a reason.
    """
    if not reason.strip():
        raise DomainError("hold_invalid", "Lifting a hold needs a reason.")
    _hold_positions(hold.site_id, lot=hold.lot, sku=hold.sku, location=hold.location)
    changed = Hold.objects.filter(pk=hold.pk, lifted_at=None).update(
        lifted_at=clock.now(), lifted_by=str(actor), lifted_reason=reason[:200]
    )
    if changed != 1:
        raise DomainError("hold_lifted", f"{hold} was lifted before.")
    hold.refresh_from_db()
    _regrade(hold)
    journal.write("hold.lifted", actor=actor, subject=f"hold:{hold.pk}", on=str(hold), reason=reason)
    return hold


def _hold_positions(site_id: int, *, lot: Lot | None, sku: Sku | None, location: Location | None) -> None:
    """Lock every SKU the hold can touch before it is written: whoever grades stock of them waits and then sees it."""
    if lot is not None:
        ledger.hold_positions(site_id, {lot.sku_id})
    elif sku is not None:
        ledger.hold_positions(site_id, {sku.pk})
    elif location is not None:
        there = Balance.objects.filter(location=location, on_hand__gt=0).values_list("sku_id", flat=True)
        held = set(there.all())
        ledger.hold_positions(site_id, held)
        # Whoever puts something down here shares this row until it commits; then nothing new can have been graded.
        Location.objects.select_for_update(no_key=True).get(pk=location.pk)
        if not set(there.all()) <= held:
            raise DomainError("busy", f"Something is being put down at {location.code} just now.")


def _regrade(hold: Hold) -> None:
    which = Q()
    if hold.lot_id is not None:
        which &= Q(lot_id=hold.lot_id)
    if hold.sku_id is not None:
        which &= Q(sku_id=hold.sku_id)
    if hold.location_id is not None:
        which &= Q(location_id=hold.location_id)
    reroute(ledger.regrade(site_id=hold.site_id, which=which))
    txn.hint("board", "plan")


def reroute(changed: Collection[ledger.Regraded]) -> None:
    """Have the reservations on stock that is no longer pickable led elsewhere."""
    stuck = [one.balance_id for one in changed if not one.pickable and one.reserved]
    if stuck:
        jobs.defer(REROUTE_TASK, balance_ids=stuck)


def held_in(container_ids: Collection[int]) -> list[tuple[Balance, Hold]]:
    """Stock in these containers whose lot or SKU is on an open hold: it must not leave."""
    rows = Balance.objects.filter(container_id__in=container_ids, on_hand__gt=0).select_related("sku", "lot")
    balances = list(rows)
    lots = {row.lot_id for row in balances if row.lot_id is not None}
    skus = {row.sku_id for row in balances}
    holds = list(
        Hold.objects.filter(lifted_at=None, location=None).filter(
            Q(lot_id__in=lots) | Q(lot=None, sku_id__in=skus)
        )
    )
    return [
        (row, hold)
        for row in balances
        for hold in holds
        if hold.site_id == row.site_id
        and (hold.lot_id in {None, row.lot_id})
        and (hold.sku_id in {None, row.sku_id})
    ]


def refuse_escape(balance: Balance, target: Location) -> None:
    """Raise ``stock_on_hold`` when goods that are held where they lie would become sellable by being moved."""
    if target.kind not in SELLABLE_KINDS or balance.location_id is None:
        return
    hold = (
        Hold.objects.filter(site_id=balance.site_id, location_id=balance.location_id, lifted_at=None)
        .exclude(sku=None, lot=None)
        .filter(Q(sku=None) | Q(sku_id=balance.sku_id), Q(lot=None) | Q(lot_id=balance.lot_id))
        .first()
    )
    if hold is not None:
        raise DomainError(
            "stock_on_hold",
            f"{hold}: {hold.reason}.",
            remedy="Lift the hold first, or move the goods to a quarantine place.",
            hold=hold.pk,
        )


def refuse_held(container_ids: Collection[int]) -> None:
    """Raise ``stock_on_hold`` when one of the containers holds stock that must not leave."""
    found = held_in(container_ids)
    if found:
        balance, hold = found[0]
        lot = f" of lot {balance.lot.code}" if balance.lot else ""
        raise DomainError(
            "stock_on_hold",
            f"{balance.on_hand} × {balance.sku.code}{lot}: {hold.kind} hold, {hold.reason}.",
            remedy="Bring the tote to the hospital and take the held units out.",
            hold=hold.pk,
            sku=balance.sku.code,
        )
