"""Our own labels: `P-BODY` and a check character, from locations to commands. Pure.

The check character is ISO/IEC 7064 MOD 37,36 (hybrid system, alphabet 0-9 A-Z) over the body: it finds
every wrong character and nearly every swap of neighbours. A typed prefix and at least six characters after
it let a keyboard wedge tell a scan from typing. Commands (`C-SHORT`) are words and carry no check character.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MIN_LENGTH = 6  # after the prefix, check character included
# Code 128 at a readable module width stays under 60 mm with this many characters.
MAX_LENGTH = 24
_FORM = re.compile(r"^[LTKUCDS]-", re.IGNORECASE)


class Kind(StrEnum):
    """The prefixes."""

    LOCATION = "L"
    TOTE = "T"
    CART = "K"
    BADGE = "U"
    COMMAND = "C"
    DEVICE = "D"
    SKU = "S"


@dataclass(frozen=True, slots=True)
class Label:
    """A label that was read and checked; `body` has no check character."""

    kind: Kind
    body: str

    @property
    def text(self) -> str:
        """The whole label as printed."""
        return make(self.kind, self.body)


class LabelError(ValueError):
    """The text is no label of ours, or was read or typed wrongly; the message says where."""


def check_character(body: str) -> str:
    """Return the ISO/IEC 7064 MOD 37,36 check character of an upper-case body."""
    product = 36
    for char in body:
        product = (product + ALPHABET.index(char)) % 36 or 36
        product = product * 2 % 37
    return ALPHABET[(37 - product) % 36]


def looks_like(text: str) -> bool:
    """Say whether a text claims to be one of our labels (then an error in it is worth telling)."""
    return bool(_FORM.match(text.strip()))


def make(prefix: str, body: str) -> str:
    """Return the label text; LabelError when prefix or body cannot be one."""
    kind = _kind(prefix)
    body = body.upper()
    _verify_alphabet(body, offset=2)
    if kind is Kind.COMMAND:
        if not 1 <= len(body) <= MAX_LENGTH:
            raise LabelError(f"A command has 1 to {MAX_LENGTH} characters.")
        return f"{kind}-{body}"
    if not MIN_LENGTH - 1 <= len(body) < MAX_LENGTH:
        raise LabelError(
            f"The body {body!r} has {len(body)} characters, it needs {MIN_LENGTH - 1} to {MAX_LENGTH - 1}."
        )
    return f"{kind}-{body}{check_character(body)}"


def parse(text: str) -> Label:
    """Read a label in any case; LabelError says which character is wrong and what was expected."""
    text = text.strip().upper()
    if len(text) < 2 or text[1] != "-":
        raise LabelError(f"{text!r} is not a label: character 2 must be '-'.")
    kind = _kind(text[0])
    rest = text[2:]
    _verify_alphabet(rest, offset=2)
    if not rest or len(rest) > MAX_LENGTH:
        raise LabelError(f"{text!r} is not a label: 1 to {MAX_LENGTH} characters follow the '-'.")
    if kind is Kind.COMMAND:
        return Label(kind, rest)
    if len(rest) < MIN_LENGTH:
        raise LabelError(f"{text!r} is too short: at least {MIN_LENGTH} characters follow the '-'.")
    body, got = rest[:-1], rest[-1]
    expected = check_character(body)
    if got != expected:
        raise LabelError(
            f"The check character of {text} is {got!r}, it should be {expected!r}: scan or type it again."
        )
    return Label(kind, body)


def _kind(prefix: str) -> Kind:
    try:
        return Kind(prefix.upper())
    except ValueError:
        raise LabelError(f"Character 1 is {prefix!r}, expected one of {', '.join(Kind)}.") from None


def _verify_alphabet(text: str, *, offset: int) -> None:
    for index, char in enumerate(text):
        if char not in ALPHABET:
            raise LabelError(f"Character {index + offset + 1} is {char!r}, expected 0-9 or A-Z.")
