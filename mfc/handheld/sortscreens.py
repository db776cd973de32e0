"""The screens of a cart that picks for the put wall: as those of any cart, with one tote for all orders."""

from __future__ import annotations

from typing import Any

from mfc.handheld.parts import location_of
from mfc.layout.models import Location, LocationKind
from mfc.picking import sorting, totes
from mfc.picking.models import Batch, PutSlot, SortTote


def adapted(batch: Batch, screen: dict[str, Any]) -> dict[str, Any]:
    """A cart's screen with the pick totes in place of the orders' totes."""
    match screen["step"]:
        case "totes":
            wanted = _tote(len(totes.pick_totes(batch)) + 1, "wanted")
            rows = [_row(row, "full") for row in totes.pick_totes(batch)]
            screen |= {"title": "Put an empty pick tote on the cart and scan it", "totes": [*rows, wanted]}
        case "pick" | "put":
            present = totes.pick_tote(batch)
            qty = screen["qty"]
            state = "wanted" if screen["step"] == "put" else "idle"
            screen["totes"] = [_row(present, state, qty)] if present else []
            screen["actions"] = [_full(action, screen) for action in screen["actions"]]
            if state == "wanted":
                screen["title"] = f"Put {qty} into the pick tote"
        case "drop":
            held = totes.holding([row.tote_use for row in totes.pick_totes(batch)])
            screen |= {
                "title": "Bring the cart to the put wall and scan a label of the wall",
                "location": _wall(batch),
                "totes": [
                    _row(row, "at_wall" if row.tote_use.container_id in held else "empty")
                    for row in totes.pick_totes(batch)
                    if row.tote_use.closed_at is None
                ],
            }
        case _:
            pass
    return screen


def _row(row: SortTote, state: str, qty: int | None = None) -> dict[str, Any]:
    return _tote(row.number, state, row.tote_use.container.label, qty)


def _tote(number: int, state: str, label: str | None = None, qty: int | None = None) -> dict[str, Any]:
    return {
        "position": number,
        "letter": "Pick tote" if number == 1 else f"Pick tote {number}",
        "label": label,
        "order": None,
        "qty": qty,
        "state": state,
    }


def _full(action: dict[str, Any], screen: dict[str, Any]) -> dict[str, Any]:
    if action["code"] != "C-FULL":
        return action
    limit = screen["qty"] - 1 if screen["step"] == "put" else 0
    return action | {
        "question": "How many of those in your hand still fit?" if limit else "Is the pick tote full?",
        "limit": limit,
        "choices": [{"code": "C-FULL", "label": "The pick tote is full"}],
    }


def _wall(batch: Batch) -> dict[str, Any] | None:
    """A label of the wall's own if there is one, else that of its first slot."""
    wall = sorting.wall_of(batch)
    places = Location.objects.filter(site=batch.site_id, kind=LocationKind.PUTWALL)
    own = places.filter(put_slot=None).order_by("pk").first()
    if own is None and wall is not None:
        own = places.filter(put_slot__in=PutSlot.objects.filter(station=wall)).order_by("pk").first()
    return location_of(own) if own else None
