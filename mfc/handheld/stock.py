"""The screen of a stock terminal: the present step of guided work as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mfc.scanning import flows
from mfc.scanning.flows.frame import Work

BACK = {"code": "C-BACK", "label": "Start again", "needs_qty": False}
MENU = {"code": "C-MENU", "label": "Menu", "needs_qty": False}
END = {"code": "C-END", "label": "Log out", "needs_qty": False}


def screen(work: Work) -> dict[str, Any]:
    """What a step adds to the common screen; ``guide`` holds what only this kind of station shows."""
    view = flows.view(work)
    name = str(work.state.get("name", ""))
    return {
        "step": "stock" if name else "menu",
        "title": view.title,
        "location": {
            "code": view.location.code,
            "label": view.location.label,
            "check": view.location.check_code,
        }
        if view.location
        else None,
        "item": {
            "sku": view.sku.code,
            "name": view.sku.name,
            "gtin": None,
            "lot": view.lot.code if view.lot else "",
            "expires": view.lot.expires_on.isoformat() if view.lot and view.lot.expires_on else None,
        }
        if view.sku
        else None,
        "qty": view.qty,
        "guide": {
            "flow": name,
            "flow_step": work.step,
            "hint": view.hint,
            "why": view.why,
            "rows": [asdict(line) for line in view.lines],
            "choices": [asdict(choice) for choice in view.choices],
            "ask": asdict(view.ask) if view.ask else None,
        },
        "actions": [BACK, MENU, END] if name else [END],
    }
