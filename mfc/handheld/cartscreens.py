"""The screens of a picking cart (docs/reference/screen.md)."""

from __future__ import annotations

from typing import Any

from mfc.core import clock
from mfc.handheld import sortscreens
from mfc.handheld.parts import END, SHORT, UNDO, item_of, location_of
from mfc.inventory.models import ReasonCode, ToteUse
from mfc.layout import queries as layout
from mfc.layout.models import Location
from mfc.orders.states import OrderState
from mfc.picking import batches, catchweight, substitution, tasks, totes
from mfc.picking.models import Batch, BatchOrder, Method, PickTask
from mfc.picking.states import BatchState, TaskState
from mfc.scanning import cart_exceptions, zero_check
from mfc.workforce.models import Station, WorkSession

_NO_WAIT = {"code": "C-NOWAIT", "label": "Don't wait", "needs_qty": False}


def build(station: Station, session: WorkSession) -> dict[str, Any]:
    """What differs from the bare screen of a station."""
    batch = batches.on_station(station)
    if batch is None:
        if not session.cart:
            return {"step": "cart", "title": "Scan your cart"}
        return {"step": "wait", "title": "Nothing to pick yet. Work comes by itself."}
    entries = batches.cart_orders(batch)
    screen = _of_batch(station, session, batch, entries)
    return sortscreens.adapted(batch, screen) if batch.method == Method.SORT else screen


def _of_batch(
    station: Station, session: WorkSession, batch: Batch, entries: list[BatchOrder]
) -> dict[str, Any]:
    doubted = zero_check.asked(session)
    if doubted is not None and batch.state in {BatchState.PICKING, BatchState.PICKED}:
        return _zero(batch, doubted)
    match BatchState(batch.state):
        case BatchState.LOADING:
            return _loading(batch, entries, [])
        case BatchState.PICKING if totes.waiting(entries) is not None:
            return _loading(batch, entries, [UNDO, END])
        case BatchState.PICKING:
            screen = _picking(batch, entries)
            return screen | _held(session, batch)
        case _:
            return _dropping(station, batch, entries)


def _batch(batch: Batch, stops: int | None = None) -> dict[str, Any]:
    return {
        "number": batch.pk,
        "colour": batch.colour,
        "stop": batch.current_stop,
        "stops": stops or batch.current_stop,
    }


def _tote(
    entry: BatchOrder, *, state: str, qty: int | None = None, use: ToteUse | None = None
) -> dict[str, Any]:
    use = use or entry.tote_use
    return {
        "position": entry.position,
        "letter": entry.letter,
        "label": use.container.label if use else None,
        "order": entry.order.ref,
        "qty": qty,
        "state": "cancelled" if _is_off(entry) and state != "full" else state,
    }


def _zero(batch: Batch, place: Location) -> dict[str, Any]:
    """By the book nothing is left where the picker still stands."""
    left = {
        "code": "C-LEFT",
        "label": "Not empty",
        "needs_qty": True,
        "question": "How many are left there?",
        "least": 1,
    }
    return {
        "step": "zero",
        "title": f"Is {place.code} empty now?",
        "batch": _batch(batch),
        "location": location_of(place),
        "actions": [{"code": "C-EMPTY", "label": "Empty", "needs_qty": False}, left, END],
    }


def _is_off(entry: BatchOrder) -> bool:
    return entry.order.state == OrderState.CANCELLED


def _loading(batch: Batch, entries: list[BatchOrder], actions: list[dict[str, Any]]) -> dict[str, Any]:
    first = totes.waiting(entries)
    assert first is not None, "a batch loads until its last position has a tote"
    screen = {
        "step": "totes",
        "title": f"Put an empty tote on {first.letter} and scan it",
        "batch": _batch(batch),
        "totes": [
            _tote(entry, state="done" if entry.tote_use_id else "wanted" if entry == first else "idle")
            for entry in entries
        ],
    }
    return screen | ({"actions": actions} if actions else {})


def _picking(batch: Batch, entries: list[BatchOrder]) -> dict[str, Any]:
    stop = tasks.at_stop(batch)
    if not stop:  # a cancellation or a hold has just taken the last task: the next screen follows at once
        return {"step": "wait", "title": "One moment, the work has changed.", "batch": _batch(batch)}
    present = stop[0]
    in_hand = {task.batch_order_id: task for task in stop if task.state == TaskState.VERIFIED}
    last_stop = PickTask.objects.filter(batch=batch).order_by("-stop").values_list("stop", flat=True)[0]
    qty = sum(task.qty for task in stop)
    common: dict[str, Any] = {
        "batch": _batch(batch, last_stop),
        "location": location_of(present.location),
        "item": item_of(present.sku, present.lot) | _stands_for(present),
        "qty": qty,
        "actions": _actions(stop, entries, in_hand),
    }
    if present.sku.catch_weight:
        done, wanted = catchweight.pieces(stop)
        common["weighing"] = {
            "done": done,
            "wanted": wanted,
            "last_g": next((task.weights_g[-1] for task in reversed(stop) if task.weights_g), None),
            "expected_g": present.sku.weight_g,
            "identified": all(task.verified_by == "item" for task in stop),
        }
    if not in_hand:
        by_entry: dict[int, int] = {}
        for task in stop:
            by_entry[task.batch_order_id] = by_entry.get(task.batch_order_id, 0) + task.qty
        title = f"Take {qty} × {present.sku.name}"
        if present.sku.catch_weight:
            title += f", weigh each: {common['weighing']['done']} of {qty} done"
        return common | {
            "step": "pick",
            "title": title,
            "totes": [_tote(entry, state="idle", qty=by_entry.get(entry.pk)) for entry in entries],
        }
    rows = [
        _tote(
            entry,
            state="wanted" if entry.pk in in_hand else "idle",
            qty=in_hand[entry.pk].qty if entry.pk in in_hand else None,
        )
        for entry in entries
    ]
    where = ", ".join(f"{tote['qty']} into {tote['letter']}" for tote in rows if tote["state"] == "wanted")
    return common | {"step": "put", "title": f"Put {where}", "totes": rows}


def _stands_for(task: PickTask) -> dict[str, Any]:
    original = task.order_line.instead_of
    return {"instead_of": original.sku.name if original else None}


def _actions(
    stop: list[PickTask], entries: list[BatchOrder], in_hand: dict[int, PickTask]
) -> list[dict[str, Any]]:
    wanted = sum(task.qty for task in stop)
    short = SHORT | {
        "question": "How many did you find, and why?",
        "limit": wanted - 1,
        "choices": [
            {"code": f"C-SHORT{suffix}", "label": str(ReasonCode(code).label)}
            for suffix, code in cart_exceptions.SUFFIXES.items()
        ],
    }
    damaged = {
        "code": "C-DAMAGED",
        "label": "Damaged",
        "needs_qty": True,
        "question": "How many are damaged?",
        "least": 1,
        "limit": wanted,
        "more": True,
    }
    fits = max((task.qty for task in in_hand.values()), default=1) - 1
    loaded = [entry for entry in totes.live(entries) if entry.tote_use_id is not None]
    full = {
        "code": "C-FULL",
        "label": "Tote full",
        "needs_qty": True,
        "question": "How many of those in your hand still fit?" if fits else "Which tote is full?",
        "limit": fits,
        "choices": [
            {"code": f"C-FULL{entry.letter}", "label": f"{entry.letter} is full"}
            for entry in loaded
            if not in_hand or entry.pk in in_hand
        ],
        "more": True,
    }
    weight = {
        "code": "C-WEIGHT",
        "label": "Weight",
        "needs_qty": True,
        "question": "What does the piece weigh, in grams?",
        "least": 1,
        "limit": cart_exceptions.MAX_PIECE_G,
        "unit": "g",
    }
    weigh = [weight] if stop[0].sku.catch_weight and not in_hand else []
    return [short, *weigh, UNDO, damaged, full, END | {"more": True}]


def _held(session: WorkSession, batch: Batch) -> dict[str, Any]:
    """While a short waits for a lead, nothing else is wanted."""
    flow = cart_exceptions.held(session, batch)
    if flow is None:
        return {}
    reason = str(ReasonCode(flow["reason"]).label).lower()
    what = f"{flow['qty']} damaged" if flow["do"] == "damaged" else f"{flow['qty']} found, {reason}"
    return {
        "step": "lead",
        "title": f"A lead must agree ({what}): scan the lead's badge",
        "totes": [],
        "actions": [UNDO, END],
    }


def _dropping(station: Station, batch: Batch, entries: list[BatchOrder]) -> dict[str, Any]:
    uses = totes.uses_of(batch)
    held = totes.holding([use for some in uses.values() for use in some])
    belt = batch.drop or layout.the_belt(station.site)
    rows = [
        _tote(entry, state="full" if use.container_id in held else "empty", use=use)
        for entry in entries
        for use in uses[entry.pk]
    ]
    screen = {
        "step": "drop",
        "title": "Bring the cart to the belt and scan the belt's label",
        "batch": _batch(batch),
        "location": location_of(belt) if belt else None,
        "totes": rows,
        "actions": [UNDO, END],
    }
    asks = substitution.open_in(batch)
    if not asks:
        return screen
    left_s = max(0, int((asks[0].deadline - clock.now()).total_seconds()))
    return screen | {
        "step": "ask",
        "title": f"Waiting for the customer: {left_s} s",
        "waiting": {
            "seconds": left_s,
            "speed": clock.speed(),
            "asks": [
                {
                    "order": ask.order_line.order.ref,
                    "letter": ask.batch_order.letter,
                    "qty": ask.qty,
                    "name": ask.order_line.sku.name,
                }
                for ask in asks
            ],
        },
        "actions": [_NO_WAIT, UNDO, END],
    }
