"""What was scanned: one resolver for every label and article code, in a fixed order of trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from mfc.catalog import gs1, queries, skulabels
from mfc.catalog.models import Sku
from mfc.catalog.queries import Found
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
    """An article, and all that its label says.

    ``eaches`` is what one scan means: eaches of the pack, times the count on the label (GS1 AI 30 or 37).
    ``expiry_kind`` says which date ``expires_on`` is: ``expiry``, ``best_before``, ``sell_by``, or ``production`` when it
    was reckoned from the production date and the SKU's shelf life.
    """

    sku: Sku
    lot: str = ""
    expires_on: date | None = None
    eaches: int = 1
    pack_level: str = ""
    weight_g: int | None = None
    price_cents: int | None = None
    serial: str = ""
    expiry_kind: str = ""


@dataclass(frozen=True, slots=True)
class SsccScan:
    """A logistic unit; ``content`` is what its label says is inside (GS1 AI 02 with 37, 10, 17 …)."""

    sscc: str
    content: SkuScan | None = None


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
        return SsccScan(read.sscc, _article(read, text) if read.content_gtin or read.gtin else None)
    if read.gtin or read.content_gtin:
        return _article(read, text)
    found = queries.find_barcode(text)
    if found is not None:
        return _plain(found)
    sku = Sku.objects.filter(code=text, active=True).first()
    if sku is None:
        raise DomainError(
            "unknown_barcode", f"{text!r} is no label and no article of this warehouse.", value=text
        )
    return SkuScan(sku)


def _plain(found: Found) -> SkuScan:
    return SkuScan(
        found.sku,
        eaches=found.eaches,
        pack_level=found.level,
        weight_g=found.weight_g,
        price_cents=found.price_cents,
    )


def _article(read: gs1.Gs1Read, text: str) -> SkuScan:
    gtin = read.gtin or read.content_gtin or ""
    found = queries.find_barcode(gtin)
    if found is None:
        raise DomainError("unknown_barcode", f"GTIN {gtin} is not an article of this warehouse.", value=text)
    last_day, kind = read.last_day, read.last_day_kind
    if last_day is None and read.production is not None and found.sku.shelf_life_days is not None:
        last_day, kind = read.production + timedelta(days=found.sku.shelf_life_days), "production"
    return SkuScan(
        found.sku,
        lot=read.lot or "",
        expires_on=last_day,
        eaches=found.eaches * (read.count or 1),
        pack_level=found.level,
        weight_g=read.weight_g if read.weight_g is not None else found.weight_g,
        price_cents=found.price_cents,
        serial=read.serial or "",
        expiry_kind=kind,
    )


def _own_label(site: Site, text: str, qty: int | None, typed: str) -> Scan:
    try:
        label = labels.parse(text)
    except labels.LabelError as error:
        if text[:1].upper() == Kind.BADGE:  # a badge is a login: nobody is helped to guess one
            raise DomainError("label_invalid", "This badge is not read rightly. Scan it again.") from error
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
        case Kind.SKU:
            return _plain(skulabels.find(label))
        case _:
            raise DomainError(
                "unexpected_scan", f"{label.text} is a device label; nothing is done with it here."
            )
