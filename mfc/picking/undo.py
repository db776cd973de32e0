"""Taking back a person's last actions on a cart, one after the other, as compensating entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from mfc.core import clock, journal, txn
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers, damage, transfers
from mfc.inventory.damage import Removed
from mfc.inventory.models import Balance, Reservation, ToteUse
from mfc.orders import services as orders
from mfc.orders.models import OrderLine
from mfc.orders.states import OrderState
from mfc.picking import substitution, totes
from mfc.picking.models import ActionKind, Batch, BatchOrder, PickAction, PickTask, SubstitutionAsk
from mfc.picking.states import TASK_TRANSITIONS, AskState, BatchState, TaskState
from mfc.picking.tasks import at_stop, go_on, hold, touch, weights
from mfc.workforce.models import Person
from mfc.workforce.sessions import actor_of

# Undo is open as long as the totes are on the cart.
_ON_WAY = frozenset({BatchState.PICKING, BatchState.PICKED})
_FRESH: dict[str, Any] = {"verified_by": "", "done_by": None, "done_at": None}


@txn.use_case
def undo(*, batch: Batch, person: Person) -> str:
    """Take back the person's last action on this cart; again: the one before. Returns what people should do.

    Raises ``nothing_to_undo``, ``undo_too_late`` when something was built on the action meanwhile.
    """
    hold(batch, BatchOrder.objects.filter(batch=batch).values_list("order_id", flat=True))
    if batch.state not in _ON_WAY:
        raise DomainError("nothing_to_undo", "The totes have left the cart.")
    for action in PickAction.objects.filter(batch=batch, person=person, undone_at=None).order_by("-pk"):
        said = _take_back(batch, person, action)
        if said is None:
            continue  # it has no effect any more: what it did was taken back or called off
        PickAction.objects.filter(pk=action.pk).update(undone_at=clock.now())
        touch(batch)
        return said
    present = [task for task in at_stop(batch) if task.state == TaskState.VERIFIED]
    if present:  # somebody else's verification: that person was relieved
        return _reopen(batch, present)
    raise DomainError("nothing_to_undo", "There is no action of yours on this cart that can be taken back.")


def _take_back(batch: Batch, person: Person, action: PickAction) -> str | None:
    try:
        return _UNDO[ActionKind(action.kind)](batch, person, action.data)
    except DomainError as refusal:
        if refusal.code != "stock_insufficient":
            raise
        # Held, expired or promised to somebody else: it cannot be claimed for this order a second time.
        why = "The stock of that step was stopped or promised to others meanwhile."
        raise DomainError("undo_too_late", why) from refusal


def _reopen(batch: Batch, present: list[PickTask]) -> str:
    for task in present:
        advance(task, TaskState.OPEN, table=TASK_TRANSITIONS, **_FRESH, **weights([]))
    touch(batch)
    return f"Put the {present[0].sku.name} back at {present[0].location.code} and scan again."


def _verify(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    rows = _tasks(data["tasks"]).filter(state=TaskState.VERIFIED).order_by("pk")
    present = list(rows)
    return _reopen(batch, present) if present else None


def _weigh(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    task = _tasks([data["task"]]).filter(state__in=[TaskState.OPEN, TaskState.VERIFIED]).first()
    if task is None or not task.weights_g:
        return None
    last = task.weights_g[-1]
    if task.state == TaskState.VERIFIED:
        for one in at_stop(batch):
            if one.state == TaskState.VERIFIED:
                advance(one, TaskState.OPEN, table=TASK_TRANSITIONS, **_FRESH)
    PickTask.objects.filter(pk=task.pk).update(**weights(task.weights_g[:-1]))
    return f"Put the piece of {last} g aside: it no longer counts."


def _put(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    task = _tasks([data["task"]]).filter(state=TaskState.PICKED).first()
    if task is None or task.batch_order.order.state == OrderState.CANCELLED:
        return None
    _unpick(batch, task, person)
    # The stop begins anew: what is in hand for other totes is confirmed again.
    for other in PickTask.objects.filter(batch=batch, stop=task.stop, state=TaskState.VERIFIED).order_by(
        "pk"
    ):
        advance(other, TaskState.OPEN, table=TASK_TRANSITIONS, **_FRESH)
    if batch.state == BatchState.PICKED:
        go_on(batch, actor_of(person))
    Batch.objects.filter(pk=batch.pk).update(current_stop=task.stop)
    batch.current_stop = task.stop
    return f"Put {task.qty} × {task.sku.name} back at {task.location.code} and start this stop again."


def _unpick(batch: Batch, task: PickTask, person: Person) -> None:
    actor = actor_of(person)
    use = task.tote_use
    assert use is not None
    advance(task, TaskState.OPEN, table=TASK_TRANSITIONS, **_FRESH, tote_use_id=None)
    again = transfers.unpick(
        site_id=batch.site_id,
        actor=actor,
        reservation=task.reservation,
        qty=task.qty,
        container_id=use.container_id,
        reference=f"task:{task.pk}",
        weight_g=task.weight_g,
    )
    PickTask.objects.filter(pk=task.pk).update(reservation=again, **weights([]))
    orders.record_picked(task.order_line_id, qty=-task.qty)
    if task.weight_g is not None:
        orders.record_weight(task.order_line_id, weight_g=-task.weight_g)
    journal.write("task.undone", actor=actor, subject=f"task:{task.pk}", sku=task.sku.code, qty=task.qty)


def _full(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    entry = BatchOrder.objects.select_related("order", "tote_use__container").get(pk=data["entry"])
    if entry.order.state == OrderState.CANCELLED:
        return None
    if entry.tote_use is not None:
        raise DomainError("undo_too_late", f"Tote {entry.tote_use.container.label} stands there already.")
    old = ToteUse.objects.select_related("container").get(pk=data["use"])
    ToteUse.objects.filter(pk=old.pk).update(full=False)
    BatchOrder.objects.filter(pk=entry.pk).update(tote_use=old)
    said = f"Tote {old.container.label} is filled on at {entry.letter}."
    journal.write(
        "tote.reopened",
        actor=actor_of(person),
        subject=f"order:{entry.order.ref}",
        tote=old.container.label,
    )
    if data["task"] is not None:
        said = f"{_put(batch, person, data) or ''} {said}".strip()
    return said


def _tote(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    use = ToteUse.objects.select_related("container", "order").get(pk=data["use"])
    if use.closed_at is not None or (use.order and use.order.state == OrderState.CANCELLED):
        return None
    if totes.holding([use]):
        raise DomainError("undo_too_late", f"Tote {use.container.label} holds something.")
    containers.close_use(use_id=use.pk)
    BatchOrder.objects.filter(pk=data["entry"], tote_use=use).update(tote_use=None)
    return f"Take tote {use.container.label} off the cart; an empty one is wanted there."


def _short(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    """Units that turned up after all: back on the book and reserved again; what was put in their place is called off."""
    given = data["given"]
    rows = {task.pk: task for task in _tasks([one["task"] for one in given])}
    asks = {str(ask.pk): ask for ask in SubstitutionAsk.objects.filter(pk__in=_ask_ids(given))}
    added = list(
        _tasks([pk for one in given for pk in one["added"]]).select_for_update(of=("self",), no_key=True)
    )
    _refuse_if_built_on(given, rows, asks, added)
    skus = {task.sku_id for task in [*rows.values(), *added]}
    moved = [Removed(**one) for one in data["moved"]]
    actor = actor_of(person)
    damage.hold_skus(site_id=batch.site_id, sku_ids=skus or _skus_of(moved))
    for task in added:
        advance(task, TaskState.CANCELLED, table=TASK_TRANSITIONS, reason="the article was found")
    damage.unreserve_all(
        site_id=batch.site_id,
        actor=actor,
        reservations=Reservation.objects.select_related("balance").filter(tasks__in=added),
    )
    verified = list(_tasks(data["verified"]).filter(state=TaskState.VERIFIED))
    for task in verified:
        advance(task, TaskState.OPEN, table=TASK_TRANSITIONS, **_FRESH)
    for one in given:
        _found(batch, rows[one["task"]], one, asks, person)
    for one in moved:
        damage.bring_back(site_id=batch.site_id, actor=actor, removed=one, reference=f"batch:{batch.pk}")
    first = next(iter(rows.values()), None)
    if first is not None:
        if batch.state == BatchState.PICKED:
            go_on(batch, actor)
        Batch.objects.filter(pk=batch.pk).update(current_stop=first.stop)
        batch.current_stop = first.stop
        return f"Taken back: start again at {first.location.code}."
    return "Taken back: the units are fit."


def _refuse_if_built_on(
    given: list[dict[str, Any]],
    rows: dict[int, PickTask],
    asks: dict[str, SubstitutionAsk],
    added: list[PickTask],
) -> None:
    """Raise ``undo_too_late`` when something has been done since that rests on the short."""
    why = ""
    if any(task.batch_order.order.state == OrderState.CANCELLED for task in rows.values()):
        why = "An order of this stop was cancelled meanwhile."
    elif any(ask.state != AskState.ASKED for ask in asks.values()):
        why = "The customer's question has been answered."
    elif any(task.state != TaskState.OPEN for task in added):
        why = "The replacement is being picked."
    elif any(rows[one["task"]].order_line.qty_short < one["short"] for one in given):
        why = "The missing units came in meanwhile."
    if why:
        raise DomainError("undo_too_late", why)


def _found(
    batch: Batch, task: PickTask, given: dict[str, Any], asks: dict[str, SubstitutionAsk], person: Person
) -> None:
    actor = actor_of(person)
    if given["removed"] is not None:
        damage.bring_back(
            site_id=batch.site_id,
            actor=actor,
            removed=Removed(**given["removed"]),
            reference=f"short:{task.pk}",
        )
    again = damage.reserve_again(
        site_id=batch.site_id,
        actor=actor,
        balance_id=task.reservation.balance_id,
        sku_id=task.sku_id,
        order_line_id=task.order_line_id,
        qty=task.qty,
    )
    advance(
        task,
        TaskState.OPEN,
        table=TASK_TRANSITIONS,
        **_FRESH,
        **weights([]),
        reservation_id=again.pk,
        reason="",
        reason_code="",
    )
    if given["short"]:
        orders.record_short(task.order_line_id, qty=-given["short"], reason="")
    if given["line"] is not None:
        substitute = OrderLine.objects.get(pk=given["line"])
        orders.record_short(substitute.pk, qty=substitute.qty, reason="the article itself was found")
    if given["ask"] is not None:
        substitution.withdraw(asks[given["ask"]], actor)
    journal.write("short.undone", actor=actor, subject=f"task:{task.pk}", sku=task.sku.code, qty=task.qty)


def _tasks(ids: list[int]) -> Any:
    return PickTask.objects.filter(pk__in=ids).select_related(
        "sku", "location", "order_line", "reservation__balance", "batch_order__order", "tote_use"
    )


def _put_all(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    """A whole stop comes out of the pick tote again."""
    said = [_put(batch, person, {"task": pk}) for pk in data["tasks"]]
    rows = _tasks(data["tasks"]).filter(state=TaskState.OPEN)
    qty = sum(task.qty for task in rows)
    if not any(said):
        return None
    return f"Put {qty} × {rows[0].sku.name} back at {rows[0].location.code} and start this stop again."


def _sort_full(batch: Batch, person: Person, data: dict[str, Any]) -> str | None:
    present = totes.pick_tote(batch)
    if present is not None:
        raise DomainError("undo_too_late", f"Tote {present.tote_use.container.label} stands there already.")
    old = ToteUse.objects.select_related("container").get(pk=data["use"])
    ToteUse.objects.filter(pk=old.pk).update(full=False)
    journal.write(
        "tote.reopened", actor=actor_of(person), subject=f"batch:{batch.pk}", tote=old.container.label
    )
    said = _put_all(batch, person, data) if data["tasks"] else ""
    return f"{said or ''} Tote {old.container.label} is filled on.".strip()


def _ask_ids(given: list[dict[str, Any]]) -> list[UUID]:
    return [UUID(one["ask"]) for one in given if one["ask"] is not None]


def _skus_of(moved: list[Removed]) -> set[int]:
    return set(
        Balance.objects.filter(pk__in=[one.balance_id for one in moved]).values_list("sku_id", flat=True)
    )


_UNDO: dict[ActionKind, Callable[[Batch, Person, dict[str, Any]], str | None]] = {
    ActionKind.VERIFY: _verify,
    ActionKind.WEIGH: _weigh,
    ActionKind.PUT: _put,
    ActionKind.SHORT: _short,
    ActionKind.DAMAGED: _short,
    ActionKind.FULL: _full,
    ActionKind.TOTE: _tote,
    ActionKind.PUT_ALL: _put_all,
    ActionKind.SORT_FULL: _sort_full,
}
