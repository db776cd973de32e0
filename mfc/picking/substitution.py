"""What a customer gets instead: by the order's policy at once, or after asking, with a time limit."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mfc.catalog.models import Sku
from mfc.core import clock, events, ids, journal, txn
from mfc.core.actors import SYSTEM, Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import damage
from mfc.inventory.models import SkuPosition
from mfc.inventory.reservations import Taken
from mfc.layout.models import Site
from mfc.orders import services as orders
from mfc.orders.models import Order, OrderLine, Substitution
from mfc.picking import detour, tasks
from mfc.picking.models import Batch, PickTask, SubstitutionAsk
from mfc.picking.states import ASK_TRANSITIONS, AskState

# More is not a choice but a search.
MAX_CANDIDATES = 3
# Asks closed in one round of the timed job.
MAX_DUE = 200


@dataclass(frozen=True, slots=True)
class Offered:
    """What ``offer`` did: a substitute line with its tasks, or a question, or nothing."""

    line: OrderLine | None = None
    tasks: tuple[PickTask, ...] = ()
    ask: SubstitutionAsk | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that could stand in, and where it would be taken."""

    sku: Sku
    taken: tuple[Taken, ...]

    def as_dict(self) -> dict[str, Any]:
        """The JSON a customer chooses from."""
        return {
            "sku": self.sku.code,
            "name": self.sku.name,
            "brand": self.sku.brand,
            "price_cents": self.sku.price_cents,
        }


def stand_ins(sku_id: int, policies: Collection[str]) -> list[int]:
    """SKUs that may be reserved instead; their positions must be locked together with the missing one's."""
    if not set(policies) - {Substitution.NEVER}:
        return []
    family = Sku.objects.values_list("family", flat=True).get(pk=sku_id)
    if not family:
        return []
    return list(Sku.objects.filter(family=family, active=True).values_list("pk", flat=True))


def candidates(*, batch: Batch, line: OrderLine, qty: int, policy: str) -> list[Candidate]:
    """Articles of the line's family that can give all of ``qty`` now, best first: brand, price, name."""
    sku = line.sku
    if not sku.family:
        return []
    rows = Sku.objects.filter(family=sku.family, active=True, temperature=sku.temperature).exclude(pk=sku.pk)
    if policy == Substitution.SAME_BRAND:
        rows = rows.filter(brand=sku.brand).exclude(brand="")
    elif policy == Substitution.CHEAPER_OR_EQUAL:
        rows = rows.filter(price_cents__lte=sku.price_cents) if sku.price_cents is not None else rows.none()
    available = {
        row.sku_id: row.available
        for row in SkuPosition.objects.filter(site_id=batch.site_id, sku__family=sku.family)
    }
    found: list[Candidate] = []
    for one in sorted(rows, key=lambda one: _rank(sku, one)):
        if available.get(one.pk, 0) < qty:
            continue  # what is promised to others is not ours to give
        taken = detour.choose(batch, _as_if(line, one), qty)
        if sum(item.qty for item in taken) == qty:
            found.append(Candidate(one, tuple(taken)))
        if len(found) == MAX_CANDIDATES:
            break
    return found


def _rank(wanted: Sku, other: Sku) -> tuple[bool, float, str]:
    is_same_brand = bool(wanted.brand) and wanted.brand == other.brand
    if wanted.price_cents is None or other.price_cents is None:
        return not is_same_brand, float("inf"), other.name
    return not is_same_brand, abs(wanted.price_cents - other.price_cents), other.name


def _as_if(line: OrderLine, sku: Sku) -> OrderLine:
    """The line as it would be with another article: for asking what could be taken; never saved."""
    return OrderLine(pk=line.pk, order=line.order, position=line.position, sku=sku, qty=line.qty)


def offer(*, batch: Batch, task: PickTask, line: OrderLine, qty: int, actor: Actor) -> Offered:
    """Act as the customer wished for ``qty`` of the line that no place has. A substitute is not substituted again."""
    policy = line.order.substitution
    if policy == Substitution.NEVER or line.instead_of_id is not None:
        return Offered()
    found = candidates(batch=batch, line=line, qty=qty, policy=policy)
    if not found:
        return Offered()
    if policy == Substitution.ASK:
        return Offered(ask=_ask(batch, task, line, qty, found, actor))
    chosen, added = _take(batch, task, line, qty, found[0], actor)
    return Offered(line=chosen, tasks=tuple(added))


def _take(
    batch: Batch, task: PickTask, line: OrderLine, qty: int, candidate: Candidate, actor: Actor
) -> tuple[OrderLine, list[PickTask]]:
    """A line of its own for the substitute, reserved and added to the walk."""
    fresh = orders.add_substitute(line, sku_id=candidate.sku.pk, qty=qty)
    taken = detour.choose(batch, fresh, qty)
    added = detour.add(
        batch, task.batch_order, fresh, taken, actor=actor, reason=f"instead of {line.sku.code}"
    )
    journal.write(
        "line.substituted",
        actor=actor,
        subject=f"order:{line.order.ref}",
        sku=line.sku.code,
        by=candidate.sku.code,
        qty=qty,
    )
    return fresh, added


def _ask(
    batch: Batch, task: PickTask, line: OrderLine, qty: int, found: list[Candidate], actor: Actor
) -> SubstitutionAsk:
    now = clock.now()
    ask = SubstitutionAsk.objects.create(
        id=ids.new(),
        order_line=line,
        batch_order=task.batch_order,
        task=task,
        qty=qty,
        candidates=[one.as_dict() for one in found],
        asked_at=now,
        deadline=now + timedelta(seconds=batch.site.substitution_timeout_s),
    )
    journal.write(
        "substitution.asked",
        actor=actor,
        subject=f"order:{line.order.ref}",
        sku=line.sku.code,
        qty=qty,
        candidates=[one.sku.code for one in found],
        until=ask.deadline.isoformat(),
    )
    events.emit("substitution.asked", key=f"order/{line.order_id}", data=describe(ask))
    return ask


def describe(ask: SubstitutionAsk) -> dict[str, Any]:
    """The JSON of a question for REST and webhooks."""
    line = ask.order_line
    return {
        "id": str(ask.pk),
        "order_id": str(line.order_id),
        "order_ref": line.order.ref,
        "sku": line.sku.code,
        "name": line.sku.name,
        "qty": ask.qty,
        "candidates": ask.candidates,
        "state": str(ask.state),
        "asked_at": ask.asked_at.isoformat(),
        "deadline": ask.deadline.isoformat(),
        "answer": ask.answer.code if ask.answer else None,
        "answered_at": ask.answered_at.isoformat() if ask.answered_at else None,
    }


def of_order(order: Order) -> list[SubstitutionAsk]:
    """Every question of an order, oldest first."""
    rows = SubstitutionAsk.objects.filter(order_line__order=order)
    return list(
        rows.select_related("order_line__order", "order_line__sku", "answer").order_by("asked_at", "pk")
    )


def find(*, ask_id: uuid.UUID) -> SubstitutionAsk:
    """The question; raises ``not_found``."""
    rows = SubstitutionAsk.objects.select_related("order_line__order", "order_line__sku", "answer")
    ask = rows.filter(pk=ask_id).first()
    if ask is None:
        raise DomainError("not_found", f"There is no question {ask_id}.")
    return ask


def open_in(batch: Batch) -> list[SubstitutionAsk]:
    """Questions of a batch that wait for an answer, the one with the least time first."""
    rows = SubstitutionAsk.objects.filter(batch_order__batch=batch, state=AskState.ASKED)
    return list(
        rows.select_related("order_line__order", "order_line__sku", "batch_order").order_by("deadline", "pk")
    )


@txn.use_case
def answer(*, ask_id: uuid.UUID, sku: str | None, actor: Actor) -> SubstitutionAsk:
    """The customer has chosen (None: no substitute). The picker gets a new stop, or the line is short.

    Raises ``not_found``, ``substitution_closed`` after the deadline or when it is answered, ``substitute_unknown``,
    ``substitute_gone``.
    """
    ask, batch = _held(ask_id)
    if ask.state != AskState.ASKED or ask.deadline <= clock.now():
        state = ask.state if ask.state != AskState.ASKED else AskState.TIMED_OUT
        raise DomainError(
            "substitution_closed",
            f"This question is {str(state).replace('_', ' ')}; it could be answered until {ask.deadline.isoformat()}.",
            state=str(state),
        )
    if sku is None:
        _close(ask, AskState.DECLINED, "the customer wants no substitute", actor)
        tasks.touch(batch)
        return ask
    if sku not in {one["sku"] for one in ask.candidates}:
        raise DomainError(
            "substitute_unknown",
            f"{sku} was not offered.",
            offered=[one["sku"] for one in ask.candidates],
        )
    chosen = Sku.objects.get(code=sku)
    damage.hold_skus(site_id=batch.site_id, sku_ids=[chosen.pk])
    found = candidates(batch=batch, line=ask.order_line, qty=ask.qty, policy=Substitution.ASK)
    candidate = next((one for one in found if one.sku == chosen), None)
    if candidate is None:
        raise DomainError("substitute_gone", f"{ask.qty} of {sku} are no longer free.")
    advance(
        ask,
        AskState.ACCEPTED,
        table=ASK_TRANSITIONS,
        answered_at=clock.now(),
        answered_by=str(actor),
        answer_id=chosen.pk,
    )
    _take(batch, ask.task, ask.order_line, ask.qty, candidate, actor)
    orders.record_short(ask.order_line_id, qty=ask.qty, reason=f"substituted by {sku}")
    tasks.go_on(batch, actor)
    return find(ask_id=ask.pk)


def _held(ask_id: uuid.UUID) -> tuple[SubstitutionAsk, Batch]:
    """The question and its batch, their rows locked in the order of everybody."""
    ask = find(ask_id=ask_id)
    batch = Batch.objects.select_related("site").get(orders=ask.batch_order_id)
    tasks.hold(batch, [ask.order_line.order_id])
    return find(ask_id=ask_id), batch


def _close(ask: SubstitutionAsk, state: AskState, reason: str, actor: Actor) -> None:
    advance(ask, state, table=ASK_TRANSITIONS, answered_at=clock.now(), answered_by=str(actor))
    orders.record_short(ask.order_line_id, qty=ask.qty, reason=reason)
    journal.write(
        f"substitution.{state}",
        actor=actor,
        subject=f"order:{ask.order_line.order.ref}",
        sku=ask.order_line.sku.code,
        qty=ask.qty,
        reason=reason,
    )


def expire_due(site: Site) -> int:
    """Close questions whose time is up by the site's clock; one transaction each. Returns how many."""
    due = SubstitutionAsk.objects.filter(
        state=AskState.ASKED, deadline__lte=clock.now(), batch_order__batch__site=site
    ).order_by("deadline", "pk")
    return sum(_expire(ask_id=pk) for pk in due.values_list("pk", flat=True)[:MAX_DUE])


@txn.use_case
def _expire(*, ask_id: uuid.UUID) -> int:
    ask, batch = _held(ask_id)
    if ask.state != AskState.ASKED:
        return 0
    _close(ask, AskState.TIMED_OUT, "no answer in time", SYSTEM)
    tasks.touch(batch)
    return 1


@txn.use_case
def stop_waiting(*, batch: Batch, actor: Actor) -> int:
    """The picker does not wait: open questions are withdrawn, their units short. Raises ``nothing_expected``."""
    asks = open_in(batch)
    tasks.hold(batch, {ask.order_line.order_id for ask in asks})
    asks = open_in(batch)
    if not asks:
        raise DomainError("nothing_expected", "No customer is being asked.")
    for ask in asks:
        _close(ask, AskState.WITHDRAWN, "not waited for the customer's answer", actor)
    tasks.touch(batch)
    return len(asks)


def refuse_while_asked(batch: Batch) -> None:
    """Raise ``customer_asked`` while a customer may still choose a substitute: the cart must not leave."""
    asks = open_in(batch)
    if asks:
        left_s = max(0, int((asks[0].deadline - clock.now()).total_seconds()))
        raise DomainError(
            "customer_asked",
            f"Waiting for the customer of {asks[0].order_line.order.ref}: {left_s} s.",
            seconds=left_s,
        )


def withdraw(ask: SubstitutionAsk, actor: Actor) -> None:
    """The question is no longer needed (found after all, order cancelled); nothing becomes short by it."""
    advance(ask, AskState.WITHDRAWN, table=ASK_TRANSITIONS, answered_at=clock.now(), answered_by=str(actor))
