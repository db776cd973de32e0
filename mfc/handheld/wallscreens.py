"""The screens of a put wall: the slots as they hang, and the one thing to do (docs/reference/screen.md)."""

from __future__ import annotations

from typing import Any

from mfc.handheld.parts import END, UNDO, item_of
from mfc.orders.states import OrderState
from mfc.picking import walls, wallwork
from mfc.picking.models import PutSlot, WallWork
from mfc.picking.states import SlotState
from mfc.workforce.models import Station

_OTHER = {"code": "C-BACK", "label": "Other item", "needs_qty": False}


def build(station: Station) -> dict[str, Any]:
    """What differs from the bare screen of a station."""
    work = wallwork.work_at(station)
    slots = walls.slots_of(station)
    shown = wallwork.lit(work)
    left = _left(work)
    screen: dict[str, Any] = {
        "wall": {
            "colour": walls.colours(station.site_id)[station.pk],
            "rows": max((slot.row for slot in slots), default=0),
            "columns": max((slot.column for slot in slots), default=0),
            "tote": work.tote_use.container.label if work.tote_use and left else None,
            "left": left,
            "typed": work.typed_qty,
            "slots": [_slot(slot, shown.get(slot.pk)) for slot in slots],
        },
        "actions": [UNDO, *_full(slots, shown), END | {"more": True}],
    }
    asking = next((slot for slot in slots if slot.state == SlotState.BINDING), None)
    ready = next((slot for slot in slots if slot.state == SlotState.COMPLETE), None)
    if asking is not None:
        screen |= {
            "step": "wall_bind",
            "title": f"Put an empty tote in slot {asking.position} and scan it",
        }
        return screen | (_in_hand(work, shown) if shown else {})
    if shown:
        return screen | _putting(work, slots, shown, screen["actions"])
    if left:
        empty = {
            "code": "C-DONE",
            "label": "Tote is empty",
            "needs_qty": True,  # asked back: what is left is written off
            "question": f"Is nothing left in the pick tote? {left} units are missing then.",
            "limit": 0,
            "choices": [{"code": "C-DONE", "label": f"Empty: {left} missing"}],
        }
        screen["actions"] = [empty, *screen["actions"]]
    if ready is not None:
        return screen | _sealing(ready)
    if left:
        assert work.tote_use is not None
        return screen | {
            "step": "wall_item",
            "title": f"Take an item out of tote {work.tote_use.container.label} and scan it",
        }
    return screen | {"step": "wall_tote", "title": "Scan the next pick tote"}


def _left(work: WallWork) -> int:
    if work.tote_use_id is None:
        return 0
    return sum(walls.left(task) for task in walls.wanted_of(work.tote_use_id))


def _slot(slot: PutSlot, qty: int | None) -> dict[str, Any]:
    is_off = slot.order is not None and slot.order.state == OrderState.CANCELLED
    return {
        "position": slot.position,
        "face": slot.face,
        "row": slot.row,
        "column": slot.column,
        "code": slot.location.code,
        "label": slot.location.label,
        "state": "cancelled" if is_off else slot.state,
        "order": slot.order.ref if slot.order else None,
        "tote": slot.tote_use.container.label if slot.tote_use else None,
        "qty": qty,
        "lit": slot.state in {SlotState.BINDING, SlotState.COMPLETE}
        or (qty is not None and slot.state == SlotState.FILLING),
    }


def _in_hand(work: WallWork, shown: dict[int, int]) -> dict[str, Any]:
    assert work.sku is not None
    return {"item": item_of(work.sku, work.lot), "qty": sum(shown.values())}


def _putting(
    work: WallWork, slots: list[PutSlot], shown: dict[int, int], actions: list[dict[str, Any]]
) -> dict[str, Any]:
    enter = {
        "code": "C-ENTER",
        "label": "Fewer",
        "needs_qty": True,
        "question": "How many do you put in the next slot?",
        "least": 1,
        "limit": max(shown.values()),
    }
    where = ", ".join(f"{shown[slot.pk]} in {slot.position}" for slot in slots if slot.pk in shown)
    if work.typed_qty is not None:
        where = f"{work.typed_qty} of {where}"
    return {
        "step": "wall_put",
        "title": f"Put {where}",
        **_in_hand(work, shown),
        "actions": [enter, _OTHER, *actions],
    }


def _sealing(slot: PutSlot) -> dict[str, Any]:
    if slot.order is not None and slot.order.state == OrderState.CANCELLED:
        title = f"Order cancelled: take the tote out of slot {slot.position} and scan it"
    else:
        title = f"Slot {slot.position} is complete: close the tote and scan it"
    return {"step": "wall_seal", "title": title}


def _full(slots: list[PutSlot], shown: dict[int, int]) -> list[dict[str, Any]]:
    filling = [slot for slot in slots if slot.state == SlotState.FILLING and (not shown or slot.pk in shown)]
    if not filling:
        return []
    limit = max(shown.values(), default=0)
    return [
        {
            "code": "C-FULL",
            "label": "Tote full",
            "needs_qty": True,
            "question": "How many of those in your hand still fit?" if limit else "Which tote is full?",
            "limit": limit,
            "choices": [
                {"code": f"C-FULL{slot.position}", "label": f"{slot.position} is full"} for slot in filling
            ],
            "more": True,
        }
    ]
