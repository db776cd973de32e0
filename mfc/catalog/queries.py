"""Finding SKUs by what people and programs know of them."""

from __future__ import annotations

from collections.abc import Iterable

from mfc.catalog import gs1
from mfc.catalog.models import Barcode, Sku
from mfc.core.errors import DomainError


def by_codes(codes: Iterable[str]) -> dict[str, Sku]:
    """Active SKUs by their code; unknown ones are missing from the answer."""
    return {sku.code: sku for sku in Sku.objects.filter(code__in=set(codes), active=True)}


def by_gtins(gtins: Iterable[str]) -> dict[str, Sku]:
    """Active SKUs by 14-digit GTIN; unknown ones are missing from the answer."""
    rows = Barcode.objects.filter(code__in=set(gtins), sku__active=True).select_related("sku")
    return {row.code: row.sku for row in rows}


def gtin14(text: str) -> str:
    """GTIN-8/12/13/14 as 14 digits; raises ``wrong_check_digit``."""
    try:
        return gs1.gtin14(text)
    except ValueError as error:
        raise DomainError("wrong_check_digit", f"{text}: {error}", value=text) from error
