"""Exceptions at a picking cart: short, damaged, full tote, weight, a customer who is asked, a lead who must agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mfc.core import clock, txn
from mfc.core.errors import DomainError
from mfc.inventory.models import ReasonCode
from mfc.picking import catchweight, shorts, sorting, substitution, tasks, totes
from mfc.picking.models import Batch, Method, PickTask
from mfc.picking.shorts import Outcome
from mfc.picking.states import BatchState, TaskState
from mfc.scanning.replies import Desk, Reply, accepted
from mfc.scanning.resolve import CommandScan
from mfc.workforce.models import Person, Role, WorkSession
from mfc.workforce.sessions import actor_of

# The heaviest piece a hand-held terminal takes; anything above is a slip of the finger.
MAX_PIECE_G = 50_000
# C-SHORT and a reason as one word: C-SHORTNOTFOUND. Without a reason it follows from the number.
SUFFIXES: dict[str, ReasonCode] = {code.replace("_", "").upper(): code for code in shorts.REASONS}
HELD = "held_short"


def where_to_put(stop: Sequence[PickTask]) -> str:
    """What goes where, for the person's ear."""
    if stop and stop[0].batch.method == Method.SORT:
        return f"Put {sum(task.qty for task in stop)} into the pick tote."
    return "Put " + ", ".join(f"{task.qty} into {task.batch_order.letter}" for task in stop) + "."


def command(desk: Desk, session: WorkSession, batch: Batch, scan: CommandScan) -> Reply | None:
    """An exception reported by button or command label; None when it is no such command."""
    name, qty = scan.name, scan.qty
    if name.startswith("SHORT"):
        return short(desk, session, batch, name.removeprefix("SHORT"), qty or 0)
    if name.startswith("FULL") and len(name) <= len("FULL") + 1:
        return _full(desk, batch, name.removeprefix("FULL"), qty or 0)
    match name:
        case "DAMAGED":
            return damaged(desk, session, batch, 1 if qty is None else qty)
        case "WEIGHT":
            return _typed_weight(desk, batch, qty)
        case "NOWAIT":
            count = substitution.stop_waiting(batch=batch, actor=actor_of(desk.person))
            return accepted(f"Not waited: {count} short. Bring the cart to the belt.")
        case _:
            return None


def _stop(batch: Batch) -> list[PickTask]:
    if batch.state != BatchState.PICKING:
        raise DomainError("nothing_expected", "Nothing is being picked that could be short.")
    return tasks.present(batch)


def short(desk: Desk, session: WorkSession | None, batch: Batch, suffix: str, found: int) -> Reply:
    """Only ``found`` units are there, and why."""
    if suffix and suffix not in SUFFIXES:
        raise DomainError("short_reason_unknown", f"C-SHORT{suffix} names no reason.")
    code = SUFFIXES[suffix] if suffix else ReasonCode.TOO_FEW if found else ReasonCode.NOT_FOUND
    stop = _stop(batch)
    if _must_hold(desk, batch):
        return _hold(
            session, batch, {"do": "short", "reason": str(code), "qty": found}, sum(t.qty for t in stop)
        )
    return _short(batch, stop, code, found, desk.person, None)


def _short(
    batch: Batch, stop: list[PickTask], code: ReasonCode, found: int, person: Person, lead: Person | None
) -> Reply:
    outcome = shorts.report(batch=batch, tasks=stop, found=found, person=person, reason_code=code, lead=lead)
    put = where_to_put([task for task in stop if task.state == TaskState.VERIFIED]) if found else "Go on."
    return accepted(" ".join([*_told(outcome), put]))


def damaged(desk: Desk, session: WorkSession | None, batch: Batch, qty: int) -> Reply:
    """``qty`` units of what is wanted here are damaged."""
    stop = _stop(batch)
    try:
        with txn.savepoint():
            return _damaged(batch, stop, qty, desk.person, None)
    except DomainError as refusal:
        if refusal.code != "lead_needed":
            raise
    return _hold(session, batch, {"do": "damaged", "reason": "damaged", "qty": qty}, None)


def _damaged(batch: Batch, stop: list[PickTask], qty: int, person: Person, lead: Person | None) -> Reply:
    outcome = shorts.report_damaged(batch=batch, tasks=stop, qty=qty, person=person, lead=lead)
    again = [f"Take {outcome.refilled} others here."] if outcome.refilled else []
    return accepted(" ".join([f"{qty} set aside as damaged.", *again, *_told(outcome)]))


def _told(outcome: Outcome) -> list[str]:
    said = [f"{outcome.short} short: no other bin has it."] if outcome.short else []
    said += [f"{outcome.elsewhere} more come from another bin."] if outcome.elsewhere else []
    if outcome.substituted:
        said.append(f"{outcome.substituted} × {', '.join(outcome.substitutes)} instead.")
    said += [f"The customer is asked about {outcome.asked}."] if outcome.asked else []
    return said


def _full(desk: Desk, batch: Batch, letter: str, fits: int) -> Reply:
    in_hand = [task for task in _stop(batch) if task.state == TaskState.VERIFIED]
    if batch.method == Method.SORT:
        sorting.full(batch=batch, fits=fits, person=desk.person)
        return accepted("Leave the full tote. Put an empty pick tote on the cart and scan it.")
    if letter:
        position = ord(letter) - ord("A") + 1
    elif in_hand:
        position = in_hand[0].batch_order.position
    else:
        live = totes.live(totes.on_cart(batch))
        if len(live) != 1:
            raise DomainError(
                "unexpected_scan", "Which tote is full?", remedy="Choose its letter on the screen."
            )
        position = live[0].position
    entry = totes.full(batch=batch, position=position, fits=fits, person=desk.person)
    return accepted(f"Leave the full tote. Put an empty one on {entry.letter} and scan it.")


def weigh(desk: Desk, batch: Batch, stop: list[PickTask], weight_g: int) -> Reply:
    """One more catch-weight piece."""
    is_last = catchweight.add_piece(batch=batch, tasks=stop, weight_g=weight_g, person=desk.person)
    done, wanted = catchweight.pieces(stop)
    said = f"Piece {done} of {wanted}: {weight_g} g."
    return accepted(f"{said} {where_to_put(stop)}" if is_last else f"{said} Scan the next one.")


def _typed_weight(desk: Desk, batch: Batch, weight_g: int | None) -> Reply:
    stop = [task for task in _stop(batch) if task.state == TaskState.OPEN]
    if not stop or not stop[0].sku.catch_weight:
        raise DomainError("nothing_expected", "Nothing is weighed here.")
    if weight_g is None or not 0 < weight_g <= MAX_PIECE_G:
        raise DomainError("quantity_invalid", f"A weight is 1 to {MAX_PIECE_G} g.")
    if any(task.verified_by != "item" for task in stop):
        raise DomainError("weight_needed", "Scan the item first: the weight alone does not say what it is.")
    return weigh(desk, batch, stop, weight_g)


# A lead must agree ---------------------------------------------------------------------------------------


def _must_hold(desk: Desk, batch: Batch) -> bool:
    return batch.site.shorts_by_lead_only and desk.person.role != Role.LEAD


def _hold(session: WorkSession | None, batch: Batch, asked: dict[str, Any], wanted: int | None) -> Reply:
    """Keep the report until a lead's badge is scanned; what could never be booked is refused at once."""
    assert session is not None
    if wanted is not None and not 0 <= asked["qty"] < wanted:
        raise DomainError(
            "short_invalid", f"Found {asked['qty']} of {wanted}: enter 0 to {wanted - 1}.", wanted=wanted
        )
    flow = {
        "name": HELD,
        "batch": batch.pk,
        "stop": batch.current_stop,
        **asked,
        "at": clock.now().isoformat(),
    }
    WorkSession.objects.filter(pk=session.pk).update(flow=flow)
    session.flow = flow
    return accepted("A lead must agree: the lead scans their badge here.")


def held(session: WorkSession | None, batch: Batch) -> dict[str, Any] | None:
    """The report that waits for a lead, while the cart still stands at that stop."""
    flow = session.flow if session is not None else {}
    if flow.get("name") != HELD or (flow["batch"], flow["stop"]) != (batch.pk, batch.current_stop):
        return None
    return flow if batch.state == BatchState.PICKING else None


def refuse_while_held(session: WorkSession | None, batch: Batch) -> None:
    """Raise ``lead_needed`` for every other input."""
    if held(session, batch) is not None:
        raise DomainError("lead_needed", "The short waits for a lead.")


def forget(session: WorkSession, batch: Batch) -> bool:
    """Take the waiting report back; says whether there was one."""
    if held(session, batch) is None:
        return False
    _clear(session)
    tasks.touch(batch)
    return True


def _clear(session: WorkSession) -> None:
    WorkSession.objects.filter(pk=session.pk).update(flow={})
    session.flow = {}


def is_held(session: WorkSession, badge: str) -> bool:
    """Whether another person's badge at this screen answers a waiting report."""
    if session.flow.get("name") != HELD or session.person.badge == badge:
        return False
    batch = Batch.objects.filter(pk=session.flow["batch"], station_id=session.station_id).first()
    return batch is not None and held(session, batch) is not None


def lead_agrees(desk: Desk, session: WorkSession, badge: str) -> Reply:
    """A lead's badge books the waiting report; the session stays the picker's. Raises ``lead_needed``, ``unknown_badge``."""
    lead = Person.objects.filter(badge=badge, active=True).first()
    if lead is None:
        raise DomainError("unknown_badge", f"No active person has the badge {badge}.")
    if lead.role != Role.LEAD:
        raise DomainError("lead_needed", f"{lead.name} is no lead.")
    batch = Batch.objects.select_related("site").get(pk=session.flow["batch"])
    flow = held(session, batch)
    assert flow is not None
    _clear(session)
    stop = _stop(batch)
    if flow["do"] == "damaged":
        return _damaged(batch, stop, flow["qty"], desk.person, lead)
    return _short(batch, stop, ReasonCode(flow["reason"]), flow["qty"], desk.person, lead)
