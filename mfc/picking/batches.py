"""A batch's way over the floor: claimed by a picker, loaded with totes, dropped on the belt."""

from __future__ import annotations

from dataclasses import dataclass

from mfc.core import clock, journal, locks, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.locks import LockSpace
from mfc.core.transitions import advance
from mfc.inventory import containers
from mfc.inventory.models import ContainerKind
from mfc.orders import services as orders
from mfc.orders.states import OrderState
from mfc.picking import substitution, tasks, totes
from mfc.picking.models import Batch, BatchOrder, Colour
from mfc.picking.states import BATCH_TRANSITIONS, ON_CART, BatchState
from mfc.picking.totes import live, on_cart
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of


def on_station(station: Station) -> Batch | None:
    """The batch on this cart."""
    return Batch.objects.filter(station=station, state__in=ON_CART).first()


def cart_orders(batch: Batch) -> list[BatchOrder]:
    """The orders on the cart, by position; those that were cancelled too."""
    return on_cart(batch)


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
    batch = _next_planned(station.site_id, actor_of(person))
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
    for entry in live(cart_orders(batch)):
        orders.move(entry.order, OrderState.PICKING, actor=actor, batch=batch.pk)
    journal.write(
        "batch.claimed", actor=actor, subject=f"batch:{batch.pk}", station=station.key, colour=batch.colour
    )
    tasks.touch(batch)
    return batch


def _next_planned(site_id: int, actor: Actor) -> Batch | None:
    """The most urgent planned batch, its orders and itself locked. One whose orders were all cancelled is closed."""
    planned = Batch.objects.filter(site_id=site_id, state=BatchState.PLANNED).order_by("latest_start", "pk")
    for batch in planned:
        locked = tasks.hold(batch, batch.orders.values_list("order_id", flat=True))
        if batch.state != BatchState.PLANNED:
            continue
        if any(order.state != OrderState.CANCELLED for order in locked.values()):
            return batch
        close_empty(batch, actor)
    return None


def close_empty(batch: Batch, actor: Actor) -> None:
    """Every order of the batch was cancelled before it was picked: nothing is to be walked for."""
    advance(batch, BatchState.CLOSED, table=BATCH_TRANSITIONS, closed_at=clock.now())
    journal.write("batch.called_off", actor=actor, subject=f"batch:{batch.pk}")
    txn.hint("plan")
    tasks.touch(batch)


def _free_colour(site_id: int) -> str | None:
    used = set(Batch.objects.filter(site_id=site_id, state__in=ON_CART).values_list("colour", flat=True))
    return next((colour for colour in Colour.values if colour not in used), None)


@txn.use_case
def load_tote(*, batch: Batch, label: str, person: Person) -> BatchOrder:
    """Stand an empty tote on the first free position. With the last one, picking begins.

    Raises ``unknown_tote``, ``tote_in_use``.
    """
    tote = containers.by_label(site_id=batch.site_id, label=label, kind=ContainerKind.TOTE)
    tasks.hold(batch, batch.orders.values_list("order_id", flat=True))
    entries = cart_orders(batch)
    entry = totes.waiting(entries)
    if entry is None:
        raise DomainError("nothing_expected", "No position waits for a tote.")
    use = containers.open_use(container=tote, order=entry.order)
    if BatchOrder.objects.filter(pk=entry.pk, tote_use=None).update(tote_use=use) != 1:
        raise DomainError("state_conflict", f"Position {entry.letter} was filled meanwhile.")
    entry.tote_use = use
    actor = actor_of(person)
    journal.write(
        "tote.loaded", actor=actor, subject=f"order:{entry.order.ref}", tote=tote.label, position=entry.letter
    )
    begin(batch, entries, actor)
    tasks.touch(batch)
    return entry


def begin(batch: Batch, entries: list[BatchOrder], actor: Actor) -> None:
    """With the last tote loaded, picking begins."""
    if totes.waiting(entries) is None:
        advance(batch, BatchState.PICKING, table=BATCH_TRANSITIONS)
        tasks.go_on(batch, actor)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What came off the cart: uses of full totes, and how many went back to the stack empty."""

    full: tuple[int, ...]
    empty: int


@txn.use_case
def drop(*, batch: Batch, person: Person) -> Dropped:
    """The cart is at the belt: full totes go on it, empty ones back to the stack, the cart is free.

    Raises ``customer_asked`` while a customer may still choose a substitute.
    """
    actor = actor_of(person)
    locked = tasks.hold(batch, batch.orders.values_list("order_id", flat=True))
    substitution.refuse_while_asked(batch)
    advance(batch, BatchState.CLOSED, table=BATCH_TRANSITIONS, closed_at=clock.now())
    full: list[int] = []
    empty = 0
    uses = totes.uses_of(batch)
    for entry in cart_orders(batch):
        held = totes.holding(uses[entry.pk])
        order = locked[entry.order_id]
        leaving = [use for use in uses[entry.pk] if use.container_id in held]
        for use in uses[entry.pk]:
            if use not in leaving:
                empty += 1
                containers.close_use(use_id=use.pk)
        full += [use.pk for use in leaving]
        if order.state == OrderState.CANCELLED:
            continue
        if leaving:
            labels = ", ".join(use.container.label for use in leaving)
            orders.move(order, OrderState.PICKED, actor=actor, tote=labels)
        else:
            orders.move(order, OrderState.UNFILLED, actor=actor, reason="every line short")
    journal.write("batch.dropped", actor=actor, subject=f"batch:{batch.pk}", full=len(full), empty=empty)
    tasks.touch(batch)
    return Dropped(tuple(full), empty)
