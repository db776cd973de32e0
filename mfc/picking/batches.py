"""A batch's way over the floor: claimed by a picker, loaded with totes, dropped on the belt."""

from __future__ import annotations

from dataclasses import dataclass

from mfc.core import clock, journal, locks, txn
from mfc.core.errors import DomainError
from mfc.core.locks import LockSpace
from mfc.core.transitions import advance
from mfc.inventory import containers
from mfc.inventory.models import ContainerKind
from mfc.orders import services as orders
from mfc.orders.states import OrderState
from mfc.picking import tasks
from mfc.picking.models import Batch, BatchOrder, Colour
from mfc.picking.states import BATCH_TRANSITIONS, ON_CART, BatchState
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


def on_station(station: Station) -> Batch | None:
    """The batch on this cart."""
    return Batch.objects.filter(station=station, state__in=ON_CART).first()


def cart_orders(batch: Batch) -> list[BatchOrder]:
    """The orders on the cart, by position."""
    return list(
        BatchOrder.objects.filter(batch=batch)
        .select_related("order", "tote_use__container")
        .order_by("position")
    )


@txn.use_case
def claim_next(*, station: Station, person: Person) -> Batch | None:
    """Put the most urgent planned batch on this cart. Of two pickers each gets another one.

    None when nothing is planned, or when every lamp colour is in use: the picker waits. Raises ``cart_in_use``.
    """
    locks.hold(LockSpace.CLAIM, station.site_id)
    if on_station(station) is not None:
        raise DomainError("cart_in_use", "This cart has a batch already.")
    colour = _free_colour(station.site_id)
    if colour is None:
        return None
    batch = (
        Batch.objects.select_for_update(skip_locked=True)
        .filter(site_id=station.site_id, state=BatchState.PLANNED)
        .order_by("latest_start", "pk")
        .first()
    )
    if batch is None:
        return None
    advance(
        batch,
        BatchState.LOADING,
        table=BATCH_TRANSITIONS,
        station_id=station.pk,
        person_id=person.pk,
        colour=colour,
        claimed_at=clock.now(),
    )
    actor = actor_of(person)
    for entry in cart_orders(batch):
        orders.move(entry.order, OrderState.PICKING, actor=actor, batch=batch.pk)
    journal.write(
        "batch.claimed", actor=actor, subject=f"batch:{batch.pk}", station=station.key, colour=batch.colour
    )
    tasks.touch(batch)
    return batch


def _free_colour(site_id: int) -> str | None:
    used = set(Batch.objects.filter(site_id=site_id, state__in=ON_CART).values_list("colour", flat=True))
    return next((colour for colour in Colour.values if colour not in used), None)


@txn.use_case
def load_tote(*, batch: Batch, label: str, person: Person) -> BatchOrder:
    """Stand an empty tote on the first free position. With the last one, picking begins.

    Raises ``unknown_tote``, ``tote_in_use``.
    """
    tote = containers.by_label(site_id=batch.site_id, label=label, kind=ContainerKind.TOTE)
    entries = cart_orders(batch)
    entry = next(entry for entry in entries if entry.tote_use is None)
    use = containers.open_use(container=tote, order=entry.order)
    if BatchOrder.objects.filter(pk=entry.pk, tote_use=None).update(tote_use=use) != 1:
        raise DomainError("state_conflict", f"Position {entry.letter} was filled meanwhile.")
    entry.tote_use = use
    actor = actor_of(person)
    journal.write(
        "tote.loaded", actor=actor, subject=f"order:{entry.order.ref}", tote=tote.label, position=entry.letter
    )
    if all(one.tote_use_id for one in entries):
        advance(batch, BatchState.PICKING, table=BATCH_TRANSITIONS)
        tasks.go_on(batch, actor)
    tasks.touch(batch)
    return entry


@dataclass(frozen=True, slots=True)
class Dropped:
    """What came off the cart: uses of full totes, and how many went back to the stack empty."""

    full: tuple[int, ...]
    empty: int


@txn.use_case
def drop(*, batch: Batch, person: Person) -> Dropped:
    """The cart is at the belt: full totes go on it, empty ones back to the stack, the cart is free."""
    actor = actor_of(person)
    advance(batch, BatchState.CLOSED, table=BATCH_TRANSITIONS, closed_at=clock.now())
    full: list[int] = []
    empty = 0
    for entry in cart_orders(batch):
        assert entry.tote_use is not None
        if entry.order.lines.filter(qty_picked__gt=0).exists():
            full.append(entry.tote_use.pk)
            orders.move(entry.order, OrderState.PICKED, actor=actor, tote=entry.tote_use.container.label)
        else:
            empty += 1
            containers.close_use(use_id=entry.tote_use.pk)
            orders.move(entry.order, OrderState.UNFILLED, actor=actor, reason="every line short")
    journal.write("batch.dropped", actor=actor, subject=f"batch:{batch.pk}", full=len(full), empty=empty)
    tasks.touch(batch)
    return Dropped(tuple(full), empty)
