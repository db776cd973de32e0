"""Totes of an order on a cart: the first one, the next one when one is full, and which of them travel."""

from __future__ import annotations

from mfc.core import journal, txn
from mfc.core.errors import DomainError
from mfc.inventory import containers
from mfc.inventory.models import Balance, ContainerKind, ToteUse
from mfc.orders.states import OrderState
from mfc.picking.models import ActionKind, Batch, BatchOrder, Method, SortTote
from mfc.picking.states import BatchState, TaskState
from mfc.picking.tasks import at_stop, go_on, hold, put, record, split, touch
from mfc.workforce.models import Person
from mfc.workforce.sessions import actor_of


def on_cart(batch: Batch) -> list[BatchOrder]:
    """The orders on the cart, by position."""
    entries = list(
        BatchOrder.objects.filter(batch=batch)
        .select_related("order", "tote_use__container")
        .order_by("position")
    )
    for entry in entries:
        entry.batch = batch
    return entries


def live(entries: list[BatchOrder]) -> list[BatchOrder]:
    """Those whose order was not cancelled meanwhile."""
    return [entry for entry in entries if entry.order.state != OrderState.CANCELLED]


def waiting(entries: list[BatchOrder]) -> BatchOrder | None:
    """The first position that wants an empty tote. A cart for the put wall wants one for all orders."""
    if entries and entries[0].batch.method == Method.SORT:
        return next(iter(live(entries)), None) if pick_tote(entries[0].batch) is None else None
    return next((entry for entry in live(entries) if entry.tote_use_id is None), None)


def pick_totes(batch: Batch) -> list[SortTote]:
    """The pick totes of a batch for the put wall, in the order they were filled."""
    rows = SortTote.objects.filter(batch=batch).select_related("tote_use__container")
    return list(rows.order_by("number", "pk"))


def pick_tote(batch: Batch) -> SortTote | None:
    """The one that is being filled."""
    rows = SortTote.objects.filter(batch=batch, tote_use__closed_at=None, tote_use__full=False)
    return rows.select_related("tote_use__container").order_by("-pk").first()


def uses_of(batch: Batch) -> dict[int, list[ToteUse]]:
    """All totes on the cart by id of the batch's order, in the order they were filled."""
    entries = {entry.order_id: entry for entry in BatchOrder.objects.filter(batch=batch)}
    found: dict[int, list[ToteUse]] = {entry.pk: [] for entry in entries.values()}
    rows = ToteUse.objects.filter(order_id__in=entries, closed_at=None).select_related("container")
    for use in rows.order_by("pk"):
        if use.order_id is not None:
            found[entries[use.order_id].pk].append(use)
    return found


def holding(uses: list[ToteUse]) -> set[int]:
    """Containers among these that hold something."""
    rows = Balance.objects.filter(container_id__in={use.container_id for use in uses}, on_hand__gt=0)
    return set(rows.values_list("container_id", flat=True))


@txn.use_case
def load_next(*, batch: Batch, label: str, person: Person) -> BatchOrder:
    """Stand an empty tote where the full one stood. Raises ``nothing_expected``, ``unknown_tote``, ``tote_in_use``."""
    tote = containers.by_label(site_id=batch.site_id, label=label, kind=ContainerKind.TOTE)
    entry = waiting(on_cart(batch))
    if entry is None:
        raise DomainError("nothing_expected", "No position waits for a tote.")
    hold(batch, [entry.order_id])
    use = containers.open_use(container=tote, order=entry.order)
    if BatchOrder.objects.filter(pk=entry.pk, tote_use=None).update(tote_use=use) != 1:
        raise DomainError("state_conflict", f"Position {entry.letter} was filled meanwhile.")
    entry.tote_use = use
    actor = actor_of(person)
    journal.write(
        "tote.loaded", actor=actor, subject=f"order:{entry.order.ref}", tote=tote.label, position=entry.letter
    )
    record(batch, person, ActionKind.TOTE, entry=entry.pk, use=use.pk)
    go_on(batch, actor)
    return entry


@txn.use_case
def full(*, batch: Batch, position: int, fits: int, person: Person) -> BatchOrder:
    """The tote at a position is full: ``fits`` of what is in hand for it still went in, the rest waits for the next tote.

    Raises ``nothing_expected`` (no such order here, or its tote is empty), ``split_invalid``.
    """
    entry = next((one for one in live(on_cart(batch)) if one.position == position), None)
    if batch.state != BatchState.PICKING or entry is None or entry.tote_use is None:
        raise DomainError("nothing_expected", "No tote is being filled there.")
    hold(batch, [entry.order_id])
    in_hand = [
        task
        for task in at_stop(batch)
        if task.state == TaskState.VERIFIED and task.batch_order_id == entry.pk
    ]
    old = entry.tote_use
    done = None
    if fits:
        done = in_hand[0] if in_hand else None
        if done is None or not 0 < fits < done.qty:
            raise DomainError(
                "split_invalid",
                f"{fits} of {done.qty if done else 0} in hand cannot be split off.",
                in_hand=done.qty if done else 0,
            )
        split(done, fits)
        put(batch, done, person)
    elif not holding([old]):
        raise DomainError("nothing_expected", f"Tote {old.container.label} is empty.")
    ToteUse.objects.filter(pk=old.pk).update(full=True)
    BatchOrder.objects.filter(pk=entry.pk).update(tote_use=None)
    entry.tote_use = None
    journal.write(
        "tote.full",
        actor=actor_of(person),
        subject=f"order:{entry.order.ref}",
        tote=old.container.label,
        position=entry.letter,
        fits=fits,
    )
    record(batch, person, ActionKind.FULL, entry=entry.pk, use=old.pk, task=done.pk if done else None)
    touch(batch)
    return entry
