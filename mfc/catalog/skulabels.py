"""Our own labels of SKUs and packs, for goods without a barcode: ``S-`` and the SKU's number, with a letter for a pack."""

from __future__ import annotations

import re

from mfc.catalog.models import Pack, PackLevel, Sku
from mfc.catalog.queries import Found
from mfc.core import labels
from mfc.core.errors import DomainError

_LETTERS = {PackLevel.INNER: "I", PackLevel.CASE: "C"}
_BODY = re.compile(r"^(?P<number>[0-9]{6,12})(?P<letter>[IC]?)$")


def text_of(sku: Sku, pack: Pack | None = None) -> str:
    """The label's text; it stays the same when SKU code or name change."""
    return labels.make(labels.Kind.SKU, f"{sku.pk:06d}{_LETTERS[PackLevel(pack.level)] if pack else ''}")


def find(label: labels.Label) -> Found:
    """What a SKU label stands for; raises ``unknown_barcode``."""
    found = _BODY.match(label.body)
    sku = Sku.objects.filter(pk=int(found["number"]), active=True).first() if found else None
    if found is None or sku is None:
        raise DomainError(
            "unknown_barcode", f"There is no SKU with the label {label.text}.", value=label.text
        )
    if not found["letter"]:
        return Found(sku)
    level = next(level for level, letter in _LETTERS.items() if letter == found["letter"])
    pack = Pack.objects.filter(sku=sku, level=level).first()
    if pack is None:
        raise DomainError("unknown_barcode", f"{sku.code} has no {level} any more.", value=label.text)
    return Found(sku, pack)
