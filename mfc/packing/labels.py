"""The shipping label as ZPL II: SSCC in GS1-128 and the text around it. Pure.

Source: Zebra, ZPL II Programming Guide (^BC, ^CI, ^FH, ^FO); GS1 Logistic Label Guideline (text block
above, bar code with SSCC at the bottom). 4 x 6 inch at 203 dpi.
"""

from dataclasses import dataclass

from mfc.catalog.gs1 import checked_sscc
from mfc.core.zpl import escape

WIDTH_DOTS = 812
LENGTH_DOTS = 1218
MARGIN_DOTS = 40
# Characters of the body font that fit between the margins.
LINE_CHARS = 40
MAX_ADDRESS_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingLabel:
    """What a finished tote's label says. `promise_text` and `lane` are printed large for the dock."""

    sscc: str
    order_ref: str
    ship_to: tuple[str, ...]
    lane: str = ""
    promise_text: str = ""
    handling: str = ""  # such as "CHILLED"
    weight_g: int = 0
    part: int = 1
    parts: int = 1


def sscc_human_readable(sscc: str) -> str:
    """Return the text under the bar code, as in `(00) 106141412345678908`."""
    return f"(00) {sscc}"


def shipping_label_zpl(label: ShippingLabel) -> str:
    """Return the ZPL II of one label, ASCII only; ValueError when the SSCC's check digit is wrong."""
    checked_sscc(label.sscc)
    if not 1 <= label.part <= label.parts:
        raise ValueError(f"tote {label.part} of {label.parts} does not exist")
    lines = ["^XA", "^CI28", f"^PW{WIDTH_DOTS}", f"^LL{LENGTH_DOTS}", "^LH0,0"]
    y_dots = MARGIN_DOTS
    lines.append(_text(y_dots, 36, f"Order {label.order_ref}"))
    y_dots += 60
    for row in label.ship_to[:MAX_ADDRESS_LINES]:
        lines.append(_text(y_dots, 36, row))
        y_dots += 46
    lines.append(f"^FO{MARGIN_DOTS},360^GB{WIDTH_DOTS - 2 * MARGIN_DOTS},3,3^FS")
    lines.append(_text(390, 90, label.lane))
    lines.append(_text(500, 60, label.promise_text))
    lines.append(_text(580, 48, label.handling))
    lines.append(_text(650, 36, _measures(label)))
    # >; selects subset C (two digits a symbol), >8 is FNC1, which makes it GS1-128.
    lines.append(f"^FO{MARGIN_DOTS},740^BY3,3,300^BCN,300,N,N,N^FD>;>800{label.sscc}^FS")
    lines.append(_text(1070, 44, sscc_human_readable(label.sscc)))
    lines.append("^XZ")
    return "\n".join(line for line in lines if line) + "\n"


def _measures(label: ShippingLabel) -> str:
    weight = f"{label.weight_g / 1000:.2f} kg" if label.weight_g else ""
    return "   ".join(text for text in (f"Tote {label.part} of {label.parts}", weight) if text)


def _text(y_dots: int, height_dots: int, text: str) -> str:
    """Return one text field, or nothing for an empty text; wide fonts keep fewer characters."""
    kept = text.strip()[: LINE_CHARS * 36 // height_dots]
    if not kept:
        return ""
    return f"^FO{MARGIN_DOTS},{y_dots}^A0N,{height_dots},{height_dots // 2}^FH^FD{escape(kept)}^FS"
