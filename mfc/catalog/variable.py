"""Weight or price inside an EAN-13 or UPC-A, as scales in shops print it. Pure.

GS1 leaves the numbers that begin with 02 and 20 to 29 to each country and shop ("restricted circulation
numbers for variable measure items", GS1 General Specifications, section 2.1.11), so the layout is a setting:
a pattern of 13 signs, such as ``20IIIIIWWWWWC``.

    digit   must stand there          W   weight             C   check digit of the whole code
    I       number of the article     P   price              V   check digit of weight or price, not verified

All labels of one article differ only in W, P, V and C. The form with zeros there is the article's code.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mfc.catalog.gs1 import check_digit

LENGTH = 13
_PREFIX = re.compile(r"^(02|2\d)")
_FORM = re.compile(r"^(?P<prefix>\d{2,6})(?P<body>[IVWP]+)C$")
_RESTRICTED_14 = re.compile(r"^0(02|2\d)\d{11}$")


@dataclass(frozen=True, slots=True)
class Measure:
    """What one label says: the article's code with 14 digits, and its weight or price."""

    code: str
    weight_g: int | None = None
    price_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """One layout. ``decimals`` counts those of kilograms (3: the digits are grams) or of the currency unit."""

    text: str
    decimals: int

    @property
    def prefix(self) -> str:
        """The digits it begins with."""
        return self.text[: len(self.text) - len(self.text.lstrip("0123456789"))]

    def matches(self, gtin: str) -> bool:
        """Say whether a GTIN of 14 digits has this layout."""
        return gtin.startswith(f"0{self.prefix}")

    def read(self, gtin: str) -> Measure:
        """Take a GTIN of 14 digits apart; call it only for one that matches."""
        digits = gtin[1:]
        body = "".join("0" if sign in "WPV" else digit for sign, digit in zip(self.text, digits, strict=True))
        code = f"0{body[:-1]}{check_digit(body[:-1])}"
        kind = "W" if "W" in self.text else "P"
        value = int("".join(digit for sign, digit in zip(self.text, digits, strict=True) if sign == kind))
        if value == 0:  # the article's own code, as a list of articles names it
            return Measure(code)
        amount = _shift(value, (3 if kind == "W" else 2) - self.decimals)
        return Measure(code, weight_g=amount) if kind == "W" else Measure(code, price_cents=amount)


def _shift(value: int, places: int) -> int:
    """``value`` times ten to the power of ``places``, rounded half up."""
    if places >= 0:
        return value * 10**places
    divisor = 10**-places
    return (value + divisor // 2) // divisor


def parse(text: str, decimals: int) -> Pattern:
    """Read a pattern; ValueError says what is wrong with it."""
    text = text.strip().upper()
    if len(text) != LENGTH:
        raise ValueError(f"A pattern has {LENGTH} signs, {text!r} has {len(text)}.")
    if not _PREFIX.match(text):
        raise ValueError(
            "A pattern begins with 02 or with 20 to 29: GS1 gives all other numbers to companies."
        )
    found = _FORM.match(text)
    if found is None:
        raise ValueError(
            "After its first digits a pattern has only the signs I, V, W and P, and C at the end."
        )
    body = found["body"]
    if "I" not in body or ("W" in body) == ("P" in body):
        raise ValueError("A pattern needs I for the article, and either W for a weight or P for a price.")
    if not 0 <= decimals <= 4:
        raise ValueError("Use 0 to 4 decimals.")
    return Pattern(text, decimals)


def may_be(gtin: str) -> bool:
    """Say whether a GTIN of 14 digits is from the range that shops use as they like."""
    return bool(_RESTRICTED_14.match(gtin))


def read(gtin: str, patterns: Iterable[Pattern]) -> Measure:
    """What a GTIN of 14 digits says by the pattern with the longest prefix; its own code when none fits."""
    fitting = [pattern for pattern in patterns if pattern.matches(gtin)] if may_be(gtin) else []
    if not fitting:
        return Measure(gtin)
    return max(fitting, key=lambda pattern: len(pattern.prefix)).read(gtin)
