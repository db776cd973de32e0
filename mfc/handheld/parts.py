"""Pieces that several screens are made of."""

from __future__ import annotations

from typing import Any

from mfc.catalog.models import Sku
from mfc.inventory.models import Lot
from mfc.layout.models import Location

UNDO: dict[str, Any] = {"code": "C-UNDO", "label": "Undo", "needs_qty": False}
SHORT: dict[str, Any] = {"code": "C-SHORT", "label": "Short", "needs_qty": True}
END: dict[str, Any] = {"code": "C-END", "label": "Log out", "needs_qty": False}


def location_of(location: Location) -> dict[str, Any]:
    """A place as people look for it."""
    return {"code": location.code, "label": location.label, "check": location.check_code}


def item_of(sku: Sku, lot: Lot | None) -> dict[str, Any]:
    """An article as people tell it from others."""
    gtin = sku.barcodes.values_list("code", flat=True).first()
    return {
        "sku": sku.code,
        "name": sku.name,
        "gtin": gtin,
        "lot": lot.code if lot else "",
        "expires": lot.expires_on.isoformat() if lot and lot.expires_on else None,
    }
