"""A place that holds less than the book: serve what was found, correct the book, find the rest or a substitute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import counting_seam, damage
from mfc.inventory.models import Balance, ReasonCode, Reservation
from mfc.orders import services as orders
from mfc.orders.models import OrderLine
from mfc.picking import detour, substitution
from mfc.picking.models import ActionKind, Batch, PickTask
from mfc.picking.states import TASK_TRANSITIONS, TaskState
from mfc.picking.tasks import go_on, hold, record, split
from mfc.workforce.models import Person, Role
from mfc.workforce.sessions import actor_of

# What a picker can say of a place that holds less; in the order of the buttons.
REASONS = (
    ReasonCode.NOT_FOUND,
    ReasonCode.TOO_FEW,
    ReasonCode.DAMAGED,
    ReasonCode.EXPIRED,
    ReasonCode.WRONG_ITEM,
)


@dataclass(slots=True)
class Outcome:
    """What became of the missing units, in eaches; ``substitutes`` names what is taken instead."""

    elsewhere: int = 0
    substituted: int = 0
    asked: int = 0
    short: int = 0
    refilled: int = 0
    substitutes: tuple[str, ...] = ()


def check_lead(batch: Batch, person: Person, lead: Person | None) -> None:
    """Raise ``lead_needed`` at a site where only leads may call something short."""
    if not batch.site.shorts_by_lead_only or Role.LEAD in {person.role, lead.role if lead else ""}:
        return
    raise DomainError("lead_needed", f"{person.name} cannot call it short alone.")


@txn.use_case
def report(
    *,
    batch: Batch,
    tasks: Sequence[PickTask],
    found: int,
    person: Person,
    reason_code: ReasonCode = ReasonCode.NOT_FOUND,
    lead: Person | None = None,
) -> Outcome:
    """The place holds only ``found`` of what the stop wants: serve the first totes, give up the rest.

    What is left there by the book is written off, or set aside when it is unfit; a count is drafted. The rest is
    reserved elsewhere, substituted as the customer wished, or short on the order line. Raises ``short_invalid``,
    ``short_reason_unknown``, ``lead_needed``, ``weight_needed``.
    """
    wanted = sum(task.qty for task in tasks)
    if not tasks or not 0 <= found < wanted:
        raise DomainError(
            "short_invalid", f"Found {found} of {wanted}: enter 0 to {wanted - 1}.", wanted=wanted
        )
    if reason_code not in REASONS:
        raise DomainError("short_reason_unknown", f"{reason_code} is no reason for a short.")
    check_lead(batch, person, lead)
    _check_weighed(tasks, found)
    _hold_all(batch, tasks)
    outcome, left = Outcome(), found
    data: dict[str, Any] = {"given": [], "verified": [], "moved": []}
    for task in tasks:
        served = min(left, task.qty)
        left -= served
        if served < task.qty:
            missing = task if served == 0 else split(task, served)
            data["given"].append(_give_up(batch, missing, person, lead, reason_code, outcome))
        if served and task.state == TaskState.OPEN:
            advance(task, TaskState.VERIFIED, table=TASK_TRANSITIONS, verified_by="short", done_by=person)
            data["verified"].append(task.pk)
    _count(tasks[0], reason_code)
    record(batch, person, ActionKind.SHORT, **data)
    go_on(batch, actor_of(person))
    return outcome


@txn.use_case
def report_damaged(
    *, batch: Batch, tasks: Sequence[PickTask], qty: int, person: Person, lead: Person | None = None
) -> Outcome:
    """``qty`` units of the present stop are damaged, in hand or in the place: they are set aside.

    They are replaced from the same place as far as its book has free units; what it has not goes the way of a short.
    Raises ``short_invalid``, ``lead_needed`` when something becomes short, ``weight_needed``.
    """
    wanted = sum(task.qty for task in tasks)
    if not tasks or not 1 <= qty <= wanted:
        raise DomainError("short_invalid", f"{qty} damaged of {wanted}: enter 1 to {wanted}.", wanted=wanted)
    _hold_all(batch, tasks)
    balance_id = Reservation.objects.values_list("balance_id", flat=True).get(pk=tasks[0].reservation_id)
    balance = Balance.objects.select_related("location").get(pk=balance_id)
    refill = min(qty, balance.on_hand - balance.reserved) if balance.pickable else 0
    rest = qty - refill
    if rest:
        check_lead(batch, person, lead)
        _check_weighed(tasks, wanted - rest)
    outcome = Outcome(refilled=refill)
    data: dict[str, Any] = {"given": [], "verified": [], "moved": []}
    actor = actor_of(person)
    if refill:
        removed = damage.set_aside(
            site_id=batch.site_id,
            actor=actor,
            balance=balance,
            qty=refill,
            reference=f"task:{tasks[0].pk}",
            reason_code=ReasonCode.DAMAGED,
        )
        data["moved"].append(removed.as_dict())
    for task in reversed(tasks):
        lost = min(rest, task.qty)
        rest -= lost
        if lost:
            missing = task if lost == task.qty else split(task, task.qty - lost)
            data["given"].append(
                _give_up(batch, missing, person, lead, ReasonCode.DAMAGED, outcome, only=True)
            )
    _count(tasks[0], ReasonCode.DAMAGED)
    journal.write(
        "stock.damaged",
        actor=actor,
        subject=f"task:{tasks[0].pk}",
        sku=tasks[0].sku.code,
        location=tasks[0].location.code,
        qty=qty,
        refilled=refill,
    )
    record(batch, person, ActionKind.DAMAGED, **data)
    go_on(batch, actor)
    return outcome


def _hold_all(batch: Batch, tasks: Sequence[PickTask]) -> None:
    """Orders, batch and every SKU that may stand in, before anything is written."""
    locked = hold(batch, {task.batch_order.order_id for task in tasks})
    stand_ins = substitution.stand_ins(tasks[0].sku_id, {order.substitution for order in locked.values()})
    damage.hold_skus(site_id=batch.site_id, sku_ids={tasks[0].sku_id, *stand_ins})


def _check_weighed(tasks: Sequence[PickTask], found: int) -> None:
    if not tasks[0].sku.catch_weight:
        return
    weighed = sum(len(task.weights_g) for task in tasks)
    if weighed != found:
        raise DomainError(
            "weight_needed",
            f"{weighed} pieces are weighed, {found} were found.",
            remedy="Weigh each piece that was found, then report the rest.",
            weighed=weighed,
        )


def _count(task: PickTask, reason_code: ReasonCode) -> None:
    counting_seam.draft(location_id=task.location_id, sku_id=task.sku_id, reason=str(reason_code))


def _give_up(
    batch: Batch,
    task: PickTask,
    person: Person,
    lead: Person | None,
    reason_code: ReasonCode,
    outcome: Outcome,
    *,
    only: bool = False,
) -> dict[str, Any]:
    """One task ends short; returns what is needed to take it back."""
    actor = actor_of(person)
    reason = ReasonCode(reason_code).label.lower()
    before = Reservation.objects.select_related("balance").get(pk=task.reservation_id)
    advance(
        task,
        TaskState.SHORT,
        table=TASK_TRANSITIONS,
        done_at=clock.now(),
        done_by=person,
        reason=reason,
        reason_code=str(reason_code),
    )
    removed = damage.give_up(
        site_id=batch.site_id,
        actor=actor,
        reservation=before,
        qty=task.qty,
        reference=f"task:{task.pk}",
        reason_code=reason_code,
        only=only,
    )
    line = OrderLine.objects.select_related("order", "sku").get(pk=task.order_line_id)
    taken = detour.choose(batch, line, task.qty)
    added = detour.add(
        batch, task.batch_order, line, taken, actor=actor, reason=f"instead of {task.location.code}"
    )
    elsewhere = sum(one.qty for one in added)
    given: dict[str, Any] = {
        "task": task.pk,
        "removed": removed.as_dict() if removed else None,
        "added": [one.pk for one in added],
        "line": None,
        "ask": None,
        "short": 0,
    }
    missing = task.qty - elsewhere
    outcome.elsewhere += elsewhere
    if missing:
        _replace(batch, task, line, missing, f"{reason} at {task.location.code}", actor, given, outcome)
    journal.write(
        "task.short",
        actor=actor,
        subject=f"task:{task.pk}",
        sku=task.sku.code,
        location=task.location.code,
        qty=task.qty,
        elsewhere=elsewhere,
        written_off=removed.qty if removed and removed.location_id is None else 0,
        set_aside=removed.qty if removed and removed.location_id is not None else 0,
        reason=reason,
        **({"lead": lead.name} if lead else {}),
    )
    return given


def _replace(
    batch: Batch,
    task: PickTask,
    line: OrderLine,
    missing: int,
    why: str,
    actor: Actor,
    given: dict[str, Any],
    outcome: Outcome,
) -> None:
    """Nobody has it: a substitute, a question to the customer, or a short line."""
    found = substitution.offer(batch=batch, task=task, line=line, qty=missing, actor=actor)
    if found.line is not None:
        given["line"] = found.line.pk
        given["added"] += [one.pk for one in found.tasks]
        given["short"] = missing
        outcome.substituted += missing
        outcome.substitutes += (found.line.sku.name,)
        orders.record_short(line.pk, qty=missing, reason=f"substituted by {found.line.sku.code}")
    elif found.ask is not None:
        given["ask"] = str(found.ask.pk)
        outcome.asked += missing
    else:
        given["short"] = missing
        outcome.short += missing
        orders.record_short(line.pk, qty=missing, reason=why)
