"""The one form in which a code is kept and looked up, whoever types, imports, sends or scans it."""

from __future__ import annotations

from collections.abc import Iterable

from mfc.catalog import gs1, variable
from mfc.catalog.models import Barcode, VariableMeasure
from mfc.core import labels
from mfc.core.errors import DomainError

MAX_LENGTH = 60


def patterns() -> list[variable.Pattern]:
    """Layouts of weight and price labels."""
    return [
        variable.parse(text, decimals)
        for text, decimals in VariableMeasure.objects.values_list("pattern", "decimals")
    ]


def measure(gtin: str) -> variable.Measure:
    """What a GTIN of 14 digits says: the article's code, and weight or price when a layout fits.

    Only numbers that shops use as they like cost a query.
    """
    return variable.read(gtin, patterns()) if variable.may_be(gtin) else variable.Measure(gtin)


def normal(text: str, layouts: Iterable[variable.Pattern] | None = None) -> str:
    """The form of a code that is kept: GTINs of any length with 14 digits, weight labels as the article's code, aliases as
    they are.

    ``layouts`` saves reading them for each code. Raises ``wrong_check_digit`` for digits of a GTIN's length that are none,
    ``label_invalid`` for what cannot be a code.
    """
    text = text.strip()
    if not 1 <= len(text) <= MAX_LENGTH or not text.isprintable() or "|" in text:
        raise DomainError(
            "label_invalid", f"{text!r} is no code: 1 to {MAX_LENGTH} printable characters without '|'."
        )
    if labels.looks_like(text):
        raise DomainError("label_invalid", f"{text!r} looks like a label of the warehouse itself.")
    if not (text.isascii() and text.isdigit() and len(text) in gs1.GTIN_LENGTHS):
        return text
    try:
        gtin = gs1.gtin14(text)
    except ValueError as error:
        raise DomainError("wrong_check_digit", str(error), value=text) from error
    return (variable.read(gtin, layouts) if layouts is not None else measure(gtin)).code


def holder(code: str, *, besides: int | None = None) -> Barcode | None:
    """The barcode that has this normal form, except the one with the id ``besides``."""
    return Barcode.objects.select_related("sku", "pack").filter(code=code).exclude(pk=besides or 0).first()


def check_free(code: str, *, besides: int | None = None) -> None:
    """Raise ``barcode_taken``, naming who has it, when a code already stands for something else."""
    found = holder(code, besides=besides)
    if found is not None:
        unit = found.pack.level if found.pack else "each"
        raise DomainError(
            "barcode_taken",
            f"{code} is already the code of {found.sku.code} ({unit}).",
            barcode=code,
            sku=found.sku.code,
            level=unit,
        )
