"""Our own labels for a label printer: Code 128, the text under it and what it is, as ZPL II. Pure.

Source: Zebra, ZPL II Programming Guide (^BC, ^BY, ^FO). Two by one inch at 203 dpi: fits shelf edges, totes and badges.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mfc.core import labels
from mfc.core.zpl import escape

WIDTH_DOTS = 406
LENGTH_DOTS = 203
MARGIN_DOTS = 16
# Characters of the title's font that fit beside the margins.
TITLE_CHARS = 20
TEXT_CHARS = 34
# A symbol has 11 modules for each character, and start, check and stop characters of 35 together (ISO/IEC 15417).
_MODULES_PER_CHARACTER = 11
_MODULES_AROUND = 35


@dataclass(frozen=True, slots=True)
class PlaceLabel:
    """One label: the code in the bars, a word that people read from afar, and what it is."""

    code: str
    title: str
    text: str = ""


def zpl(label: PlaceLabel) -> str:
    """Return the ZPL II of one label, ASCII only; ``labels.LabelError`` when the code is none of ours."""
    code = labels.parse(label.code).text
    modules = _MODULES_PER_CHARACTER * len(code) + _MODULES_AROUND
    # Two dots a module (0.25 mm) read from afar; long codes are printed at one.
    module_dots = 2 if 2 * modules <= WIDTH_DOTS - 2 * MARGIN_DOTS else 1
    lines = [
        "^XA",
        "^CI28",
        f"^PW{WIDTH_DOTS}",
        f"^LL{LENGTH_DOTS}",
        "^LH0,0",
        f"^FO{MARGIN_DOTS},12^A0N,40,20^FH^FD{escape(label.title[:TITLE_CHARS])}^FS",
        f"^FO{MARGIN_DOTS},58^BY{module_dots},3,80^BCN,80,N,N,N^FD{code}^FS",
        f"^FO{MARGIN_DOTS},146^A0N,24,14^FH^FD{escape(code)}^FS",
    ]
    if label.text.strip():
        lines.append(f"^FO{MARGIN_DOTS},174^A0N,22,11^FH^FD{escape(label.text.strip()[:TEXT_CHARS])}^FS")
    return "\n".join([*lines, "^XZ"]) + "\n"


def sheet(found: Iterable[PlaceLabel]) -> str:
    """Return the ZPL II of several labels, one after the other."""
    return "".join(zpl(label) for label in found)
