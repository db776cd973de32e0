"""Replenishment: what orders will need soon first, then slots below their minimum; from reserve, first expired first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Sum

from mfc.catalog.models import Pack, PackLevel
from mfc.core import clock, journal, locks, txn
from mfc.core.actors import SYSTEM, Actor
from mfc.core.errors import DomainError
from mfc.core.locks import LockSpace
from mfc.core.transitions import advance
from mfc.inventory import transfers
from mfc.inventory.models import Balance, MoveKind
from mfc.layout.models import Location, LocationKind, Site
from mfc.orders.models import OrderLine
from mfc.orders.states import OrderState
from mfc.upkeep import counting, needs
from mfc.upkeep.models import CountKind, Replenishment, Urgency
from mfc.upkeep.needs import Slot
from mfc.upkeep.states import REPLENISH_TRANSITIONS, ReplenishState

# Work that nobody does is no plan: a site has people for about this many.
MAX_OPEN = 200


@dataclass(slots=True)
class _Stock:
    """What the planner knows of one SKU while it plans."""

    bins: list[Balance]
    reserve: list[Balance]

    @property
    def free_in_bins(self) -> int:
        return sum(row.on_hand - row.reserved for row in self.bins)


def open_tasks(site: Site) -> list[Replenishment]:
    """What should be brought, urgent before routine, oldest first."""
    rows = Replenishment.objects.filter(site=site, state=ReplenishState.OPEN).select_related(
        "sku", "lot", "source__zone", "target__zone", "site"
    )
    return sorted(rows, key=lambda row: (row.urgency != Urgency.URGENT, row.pk))


@txn.use_case
def plan(*, site: Site) -> list[Replenishment]:
    """Open what is needed now and close what is no longer; safe to repeat: nothing is asked for twice."""
    locks.hold(LockSpace.UPKEEP, site.pk)
    tasks = open_tasks(site)
    _drop_pointless(tasks)
    tasks = [task for task in tasks if task.state == ReplenishState.OPEN]
    stock = _stock(site)
    needed = _needed_soon(site)
    planned: list[Replenishment] = []
    for sku_id in sorted(needed):
        if sku_id in stock:
            planned += _urgent(site, sku_id, needed[sku_id], stock[sku_id], tasks + planned)
    slots = Location.objects.filter(site=site, kind=LocationKind.BIN, slot_min__isnull=False).exclude(
        slotted_sku=None
    )
    for slot in slots.select_related("slotted_sku").order_by("pk"):
        if len(tasks) + len(planned) >= MAX_OPEN:
            break
        planned += _routine(site, slot, stock, tasks + planned)
    return planned


def _drop_pointless(tasks: list[Replenishment]) -> None:
    """A task whose source is empty or reserved by now, or whose slot has been filled another way, asks for nothing."""
    for task in tasks:
        row = _source(task)
        if row is None or row.on_hand - row.reserved < 1 or _is_filled(task):
            advance(
                task,
                ReplenishState.CANCELLED,
                table=REPLENISH_TRANSITIONS,
                done_at=clock.now(),
                done_by=str(SYSTEM),
            )


def _is_filled(task: Replenishment) -> bool:
    """A delivery may have been put away there meanwhile. What orders need soon is still brought while it fits."""
    slot = _slot(task.target, [])
    if task.urgency == Urgency.ROUTINE and slot.min_qty is not None and slot.on_hand > slot.min_qty:
        return True
    return slot.room is not None and slot.room < task.qty


def _stock(site: Site) -> dict[int, _Stock]:
    found: dict[int, _Stock] = defaultdict(lambda: _Stock([], []))
    rows = (
        Balance.objects.filter(site=site, pickable=True, on_hand__gt=0)
        .select_related("location", "lot", "sku")
        .order_by("pk")
    )
    for row in rows:
        assert row.location is not None, "pickable stock lies in a place"
        side = (
            found[row.sku_id].reserve if row.location.kind == LocationKind.RESERVE else found[row.sku_id].bins
        )
        side.append(row)
    for stock in found.values():
        stock.reserve.sort(
            key=lambda row: (
                row.lot is None or row.lot.expires_on is None,
                row.lot and row.lot.expires_on,
                row.pk,
            )
        )
    return found


def _needed_soon(site: Site) -> dict[int, int]:
    """Eaches by SKU that accepted orders due within the horizon have been promised."""
    until = clock.now() + timedelta(seconds=site.replenish_horizon_s)
    rows = (
        OrderLine.objects.filter(
            order__site=site,
            order__state=OrderState.ACCEPTED,
            order__promise_until__lte=until,
            qty_promised__gt=0,
        )
        .values("sku_id")
        .annotate(total=Sum("qty_promised"))
    )
    return {row["sku_id"]: row["total"] for row in rows}


def _urgent(
    site: Site, sku_id: int, needed: int, stock: _Stock, tasks: list[Replenishment]
) -> list[Replenishment]:
    coming = sum(task.qty for task in tasks if task.sku_id == sku_id)
    missing = needs.urgent_qty(needed=needed, free_in_bins=stock.free_in_bins, coming_qty=coming)
    for task in tasks:
        if task.sku_id == sku_id and task.urgency == Urgency.ROUTINE and needed > stock.free_in_bins:
            why = f"orders need {needed} soon, bins have {stock.free_in_bins} free"
            Replenishment.objects.filter(pk=task.pk).update(urgency=Urgency.URGENT, why=why)
            task.urgency, task.why = Urgency.URGENT, why
    target = _target(site, sku_id, stock)
    if not missing or target is None:
        return []
    why = f"orders need {needed} soon, bins have {stock.free_in_bins} free"
    return _bring(site, target, missing, stock, tasks, Urgency.URGENT, why)


def _routine(
    site: Site, place: Location, stock: dict[int, _Stock], tasks: list[Replenishment]
) -> list[Replenishment]:
    assert place.slotted_sku_id is not None
    slot = _slot(place, tasks)
    qty = needs.routine_qty(slot)
    if not qty or place.slotted_sku_id not in stock:
        return []
    why = f"{slot.on_hand} left, the minimum is {place.slot_min}"
    return _bring(site, place, qty, stock[place.slotted_sku_id], tasks, Urgency.ROUTINE, why)


def _slot(place: Location, tasks: list[Replenishment]) -> Slot:
    held = Balance.objects.filter(location=place).aggregate(total=Sum("on_hand"))["total"] or 0
    coming = sum(task.qty for task in tasks if task.target_id == place.pk)
    return Slot(on_hand=held, coming_qty=coming, min_qty=place.slot_min, max_qty=place.slot_max)


def _target(site: Site, sku_id: int, stock: _Stock) -> Location | None:
    """Its slot, else the bin that has most of it; None: it is picked from reserve."""
    slot = (
        Location.objects.filter(site=site, kind=LocationKind.BIN, slotted_sku_id=sku_id)
        .order_by("pk")
        .first()
    )
    if slot is not None or not stock.bins:
        return slot
    return max(stock.bins, key=lambda row: (row.on_hand, -row.pk)).location


def _bring(
    site: Site,
    target: Location,
    qty: int,
    stock: _Stock,
    tasks: list[Replenishment],
    urgency: Urgency,
    why: str,
) -> list[Replenishment]:
    """Open tasks for ``qty`` from reserve, first expired first, in whole packs as far as it goes."""
    if len(tasks) >= MAX_OPEN:
        return []
    left = qty
    made: list[Replenishment] = []
    for row in stock.reserve:
        if left <= 0:
            break
        planned = sum(
            task.qty
            for task in [*tasks, *made]
            if task.source_id == row.location_id and task.sku_id == row.sku_id and task.lot_id == row.lot_id
        )
        if any(
            task.target_id == target.pk
            and task.source_id == row.location_id
            and task.lot_id == row.lot_id
            and task.sku_id == row.sku_id
            for task in tasks
        ):
            continue  # it is asked for already; what it lacks is planned when it is done
        pack = _pack(row.sku_id)
        amount = needs.in_packs(
            left,
            pack=pack,
            room=_slot(target, [*tasks, *made]).room,
            available=row.on_hand - row.reserved - planned,
        )
        if amount:
            made.append(_open(site, row, target, amount, urgency, why))
            left -= amount
    return made


def _pack(sku_id: int) -> int:
    """Eaches of the case, else of the inner, else one."""
    packs = dict(Pack.objects.filter(sku_id=sku_id).values_list("level", "eaches"))
    return int(packs.get(PackLevel.CASE) or packs.get(PackLevel.INNER) or 1)


def _open(site: Site, row: Balance, target: Location, qty: int, urgency: Urgency, why: str) -> Replenishment:
    assert row.location is not None
    task = Replenishment.objects.create(
        site=site,
        sku=row.sku,
        lot=row.lot,
        source=row.location,
        target=target,
        qty=qty,
        urgency=urgency,
        why=why[:200],
        created_at=clock.now(),
    )
    journal.write(
        "replenishment.opened",
        actor=SYSTEM,
        subject=f"replenishment:{task.pk}",
        sku=row.sku.code,
        qty=qty,
        to=target.code,
        why=why,
    )
    return task


def packs_text(task: Replenishment) -> str:
    """``2 cases of 12 and 3``: how a person carries the quantity."""
    packs = sorted(Pack.objects.filter(sku_id=task.sku_id), key=lambda pack: -pack.eaches)
    left, parts = task.qty, []
    for pack in packs:
        count, rest = divmod(left, pack.eaches)
        if count:
            parts.append(f"{count} {pack.level}{'s' if count > 1 else ''} of {pack.eaches}")
            left = rest
    if parts and left:
        parts.append(f"{left} single")
    return ", ".join(parts)


def _source(task: Replenishment) -> Balance | None:
    return (
        Balance.objects.select_related("sku", "lot", "location__zone", "site")
        .filter(location_id=task.source_id, sku_id=task.sku_id, lot=task.lot)
        .first()
    )


@txn.use_case
def bring(*, task: Replenishment, qty: int, actor: Actor) -> Replenishment:
    """``qty`` lies in the bin now; less than wanted ends the task too and has the source counted when it should be there.

    Raises ``illegal_transition``, ``quantity_invalid``, ``stock_insufficient`` (never what pickers have reserved).
    """
    if not 0 <= qty <= task.qty:
        raise DomainError("quantity_invalid", f"{qty} is not 0 to {task.qty}.", limit=task.qty)
    advance(
        task,
        ReplenishState.DONE,
        table=REPLENISH_TRANSITIONS,
        qty_done=qty,
        done_at=clock.now(),
        done_by=str(actor),
    )
    row = _source(task)
    if qty:
        if row is None:
            raise DomainError(
                "stock_insufficient", f"By the book no {task.sku.code} is at {task.source.code}."
            )
        transfers.relocate(
            balance=row,
            qty=qty,
            target=task.target,
            actor=actor,
            reason_code="",
            kind=MoveKind.REPLENISH,
            reference=f"replenishment:{task.pk}",
        )
    free = row.on_hand - row.reserved if row is not None else 0
    if qty < min(task.qty, free):
        counting.draft(
            location=task.source,
            kind=CountKind.SHORT,
            reason=f"only {qty} of {task.qty} were found for {task.target.code}",
        )
    journal.write(
        "replenishment.done",
        actor=actor,
        subject=f"replenishment:{task.pk}",
        sku=task.sku.code,
        qty=qty,
        wanted=task.qty,
    )
    txn.hint("plan")
    return task


@txn.use_case
def cancel(*, task: Replenishment, actor: Actor, reason: str) -> Replenishment:
    """Nobody needs to bring it. Raises ``illegal_transition``."""
    advance(
        task, ReplenishState.CANCELLED, table=REPLENISH_TRANSITIONS, done_at=clock.now(), done_by=str(actor)
    )
    journal.write("replenishment.cancelled", actor=actor, subject=f"replenishment:{task.pk}", reason=reason)
    return task
