"""GS1 identifiers as a scanner reads them: GTIN, SSCC, GS1 element strings and Digital Links. Pure.

Sources: GS1 General Specifications (application identifiers, check digits, section 7.9), ISO/IEC 15424 (AIM
symbology identifiers), GS1 Digital Link URI syntax. Element strings are taken apart by biip; GTIN and SSCC
check digits are verified here, because a wrong one must never pass as an article.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

GS = "\x1d"
GTIN_LENGTHS = (8, 12, 13, 14)
SSCC_LENGTH = 18
# AIM identifiers that say "FNC1 came first", which makes the data a GS1 element string (ISO/IEC 15424).
GS1_SYMBOLOGIES = frozenset({"C1", "d2", "Q3", "e0", "e1", "e2", "J1"})
# An EAN/UPC symbol can only hold a GTIN; E1 and E2 are add-ons (issue numbers, prices) without one.
EAN_SYMBOLOGIES = frozenset({"E0", "E3", "E4", "I1"})
EAN_ADD_ONS = frozenset({"E1", "E2"})
# Net weight: 310n in kilograms, 320n in pounds (avoirdupois); n decimals, 0 to 5.
GRAMS_PER_UNIT = {"310": Decimal(1000), "320": Decimal("453.59237")}
# No label means more than this; a misread count must not become stock.
MAX_COUNT = 99_999_999


@dataclass(frozen=True, slots=True)
class Gs1Read:
    """What one scan says in GS1 terms.

    All fields None and `error` empty: not a GS1 code. `error` not empty: it looks like one, but must not be
    trusted; then every other field is None. `content_gtin` and `count` describe what a closed unit holds
    (AI 02, 37 or 30).
    """

    gtin: str | None = None  # always 14 digits
    sscc: str | None = None  # 18 digits
    lot: str | None = None
    expiry: date | None = None  # AI 17
    best_before: date | None = None  # AI 15
    sell_by: date | None = None  # AI 16
    production: date | None = None  # AI 11
    packaging: date | None = None  # AI 13
    serial: str | None = None
    count: int | None = None
    weight_g: int | None = None  # AI 310n or 320n, net weight
    content_gtin: str | None = None
    additional_id: str | None = None  # AI 240
    error: str = ""

    @property
    def last_day(self) -> date | None:
        """The day that FEFO counts with: expiry date, else best before, else sell by."""
        return self.expiry or self.best_before or self.sell_by

    @property
    def last_day_kind(self) -> str:
        """Which of them `last_day` is: `expiry`, `best_before`, `sell_by`; empty without a day."""
        days = (("expiry", self.expiry), ("best_before", self.best_before), ("sell_by", self.sell_by))
        return next((name for name, day in days if day is not None), "")


def check_digit(body: str) -> int:
    """Return the GS1 mod-10 check digit of the digits before it (weights 3, 1 from the right)."""
    if not (body.isascii() and body.isdigit()):
        raise ValueError(f"only digits have a GS1 check digit, not {body!r}")
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(body)))
    return -total % 10


def gtin14(text: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 as 14 digits; ValueError when length, digits or check digit are
    wrong.
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) not in GTIN_LENGTHS:
        raise ValueError(f"A GTIN has 8, 12, 13 or 14 digits, not {text!r}.")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise ValueError(f"The check digit of {text} is {text[-1]}, it should be {expected}: scan it again.")
    return text.zfill(14)


def sscc(extension: int, company_prefix: str, serial: int) -> str:
    """Return the 18 digits of a Serial Shipping Container Code; ValueError when the parts do not fit."""
    digits = 16 - len(company_prefix)
    if not 0 <= extension <= 9:
        raise ValueError(f"the extension digit of an SSCC is 0 to 9, not {extension}")
    if not (company_prefix.isascii() and company_prefix.isdigit() and 4 <= len(company_prefix) <= 12):
        raise ValueError(f"a GS1 company prefix has 4 to 12 digits, not {company_prefix!r}")
    if not 0 <= serial < 10**digits:
        raise ValueError(f"the serial number {serial} does not fit {digits} digits")
    body = f"{extension}{company_prefix}{serial:0{digits}d}"
    return f"{body}{check_digit(body)}"


def checked_sscc(text: str) -> str:
    """Return `text` when it is an SSCC with the right check digit; otherwise ValueError with a text."""
    if not (text.isascii() and text.isdigit()) or len(text) != SSCC_LENGTH:
        raise ValueError(f"An SSCC has 18 digits, not {text!r}.")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise ValueError(
            f"The check digit of SSCC {text} is {text[-1]}, it should be {expected}: scan it again."
        )
    return text


def parse_scan(data: str, symbology: str = "") -> Gs1Read:
    """Read a scan. `symbology` is the AIM identifier with or without `]`; it may also still stand before
    `data`.

    Without a GS1 identifier, digits are a GTIN and nothing else: `9524000059109` is a good EAN-13 and at
    the same time a good element string (95)24000059109, so guessing would turn articles into something else.
    """
    aim = symbology.removeprefix("]")
    if data.startswith("]") and len(data) >= 3:
        aim, data = aim or data[1:3], data[3:]
    data = data.strip("\r\n\t ")
    try:
        if data.lower().startswith(("http://", "https://")):
            return _digital_link(data)
        if aim in GS1_SYMBOLOGIES:
            return _from_elements(GS1Message.parse(data.strip(GS)).element_strings)
        if aim in EAN_ADD_ONS:
            return Gs1Read()
        if aim in EAN_SYMBOLOGIES:
            return Gs1Read(gtin=gtin14(data[:13] if aim == "E3" else data))
        if data.isascii() and data.isdigit() and len(data) in GTIN_LENGTHS:
            return Gs1Read(gtin=gtin14(data))
    except ParseError as error:
        return Gs1Read(error=f"The code is not valid GS1: {error}")
    except ValueError as error:
        return Gs1Read(error=str(error))
    return Gs1Read()


def _digital_link(data: str) -> Gs1Read:
    """Read a GS1 Digital Link; any other web address is no GS1 code, and no error either."""
    try:
        elements = GS1DigitalLinkURI.parse(data).element_strings
    except ParseError:
        return Gs1Read()
    return _from_elements(elements)


def _from_elements(elements: list[GS1ElementString]) -> Gs1Read:
    found: dict[str, GS1ElementString] = {}
    for element in elements:
        ai = element.ai.ai
        if ai in found and found[ai].value != element.value:
            raise ValueError(f"The code holds ({ai}) twice, with {found[ai].value} and {element.value}.")
        found[ai] = element

    def text(ai: str) -> str | None:
        return found[ai].value if ai in found else None

    def day(ai: str) -> date | None:
        return found[ai].date if ai in found else None

    own, content, unit = text("01"), text("02"), text("00")
    number = text("37") or text("30")
    return Gs1Read(
        gtin=gtin14(own) if own is not None else None,
        sscc=checked_sscc(unit) if unit is not None else None,
        lot=text("10"),
        expiry=day("17"),
        best_before=day("15"),
        sell_by=day("16"),
        production=day("11"),
        packaging=day("13"),
        serial=text("21"),
        count=_count(number),
        weight_g=_net_weight_g(found),
        content_gtin=gtin14(content) if content is not None else None,
        additional_id=text("240"),
    )


def _count(number: str | None) -> int | None:
    if number is None:
        return None
    if not 1 <= int(number) <= MAX_COUNT:
        raise ValueError(f"The code says that {number} pieces are in it.")
    return int(number)


def _net_weight_g(found: dict[str, GS1ElementString]) -> int | None:
    """Net weight in whole grams. A label may say it in kilograms and in pounds; kilograms are read first."""
    for family, grams in GRAMS_PER_UNIT.items():
        for ai, element in found.items():
            if len(ai) == 4 and ai.startswith(family) and element.decimal is not None:
                return int((element.decimal * grams).to_integral_value(rounding="ROUND_HALF_UP"))
    return None
