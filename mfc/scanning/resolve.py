"""What was scanned: one resolver for every label and article code, in a fixed order of trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mfc.catalog import gs1
from mfc.catalog.models import Barcode, Sku
from mfc.core import labels
from mfc.core.errors import DomainError
from mfc.core.labels import Kind
from mfc.layout.models import Location, Site

# Longer codes are not ours and not an article's; refusing them keeps the database out of it.
MAX_CODE = 200


@dataclass(frozen=True, slots=True)
class LocationScan:
    location: Location


@dataclass(frozen=True, slots=True)
class ContainerScan:
    """A tote's or a cart's label; whether it exists is for the use case to find out."""

    kind: Kind
    label: str


@dataclass(frozen=True, slots=True)
class BadgeScan:
    badge: str


@dataclass(frozen=True, slots=True)
class CommandScan:
    """``C-SHORT`` and its kind; ``qty`` or ``text`` when the screen sent a number or a typed text with it."""

    name: str
    qty: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class SkuScan:
    sku: Sku
    lot: str = ""
    expires_on: date | None = None
    weight_g: int | None = None


@dataclass(frozen=True, slots=True)
class SsccScan:
    sscc: str


Scan = LocationScan | ContainerScan | BadgeScan | CommandScan | SkuScan | SsccScan


def resolve(*, site: Site, data: str, symbology: str = "", qty: int | None = None, typed: str = "") -> Scan:
    """Name what a code stands for: our labels first, then GS1 data, then GTIN, then the alias table.

    Raises ``label_invalid``, ``wrong_check_digit``, ``unknown_barcode``, ``unknown_sku``.
    """
    text = data.strip()
    if not text or len(text) > MAX_CODE:
        raise DomainError("label_invalid", f"A code has 1 to {MAX_CODE} characters, not {len(text)}.")
    if any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text):
        raise DomainError("label_invalid", "The code holds characters that no label has.")
    if labels.looks_like(text):
        return _own_label(site, text, qty, typed)
    read = gs1.parse_scan(text, symbology)
    if read.error:
        raise DomainError("wrong_check_digit", read.error, value=text)
    if read.sscc:
        return SsccScan(read.sscc)
    if read.gtin:
        sku = _by_barcode(read.gtin)
        if sku is None:
            raise DomainError(
                "unknown_barcode", f"GTIN {read.gtin} is not an article of this warehouse.", value=text
            )
        return SkuScan(sku, read.lot or "", read.last_day, read.weight_g)
    sku = _by_barcode(text) or Sku.objects.filter(code=text, active=True).first()
    if sku is None:
        raise DomainError(
            "unknown_barcode", f"{text!r} is no label and no article of this warehouse.", value=text
        )
    return SkuScan(sku)


def _own_label(site: Site, text: str, qty: int | None, typed: str) -> Scan:
    try:
        label = labels.parse(text)
    except labels.LabelError as error:
        raise DomainError("label_invalid", str(error), value=text) from error
    match label.kind:
        case Kind.LOCATION:
            location = Location.objects.filter(site=site, label=label.text).first()
            if location is None:
                raise DomainError(
                    "unknown_barcode", f"There is no location {label.text} at this site.", value=text
                )
            return LocationScan(location)
        case Kind.TOTE | Kind.CART:
            return ContainerScan(label.kind, label.text)
        case Kind.BADGE:
            return BadgeScan(label.text)
        case Kind.COMMAND:
            return CommandScan(label.body, qty, typed)
        case _:
            raise DomainError(
                "unexpected_scan", f"{label.text} is a device label; nothing is done with it here."
            )


def _by_barcode(code: str) -> Sku | None:
    row = Barcode.objects.select_related("sku").filter(code=code, sku__active=True).first()
    return row.sku if row else None
