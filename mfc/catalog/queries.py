"""Finding SKUs by what people and programs know of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mfc.catalog import codes, gs1
from mfc.catalog.models import Barcode, Pack, Sku
from mfc.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Found:
    """What a code stands for: one each, or a pack of several; a scale's label adds weight or price."""

    sku: Sku
    pack: Pack | None = None
    weight_g: int | None = None
    price_cents: int | None = None

    @property
    def eaches(self) -> int:
        """Eaches in one of it."""
        return self.pack.eaches if self.pack else 1

    @property
    def level(self) -> str:
        """Pack level; empty for one each."""
        return self.pack.level if self.pack else ""


def by_codes(codes: Iterable[str]) -> dict[str, Sku]:
    """Active SKUs by their code; unknown ones are missing from the answer."""
    wanted = set(codes)
    return {sku.code: sku for sku in Sku.objects.filter(code__in=wanted, active=True)} if wanted else {}


def by_gtins(gtins: Iterable[str]) -> dict[str, Sku]:
    """Active SKUs by the 14-digit GTIN of one each; unknown ones, and those of packs, are missing from the answer.

    A case's GTIN is no name of one each: whoever orders by it must say eaches.
    """
    wanted = set(gtins)
    if not wanted:
        return {}
    rows = Barcode.objects.filter(code__in=wanted, pack=None, sku__active=True).select_related("sku")
    return {row.code: row.sku for row in rows}


def gtin14(text: str) -> str:
    """GTIN-8/12/13/14 as 14 digits; raises ``wrong_check_digit``."""
    try:
        return gs1.gtin14(text)
    except ValueError as error:
        raise DomainError("wrong_check_digit", f"{text}: {error}", value=text) from error


def find_barcode(text: str) -> Found | None:
    """The active SKU or pack with this code, in any form of it; None when nothing has it.

    Raises ``wrong_check_digit`` for digits of a GTIN's length that are none.
    """
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) in gs1.GTIN_LENGTHS:
        said = codes.measure(gtin14(text))
        row = _row(said.code)
        return Found(row.sku, row.pack, said.weight_g, said.price_cents) if row else None
    row = _row(text)
    return Found(row.sku, row.pack) if row else None


def _row(code: str) -> Barcode | None:
    return Barcode.objects.select_related("sku", "pack__sku").filter(code=code, sku__active=True).first()
