"""Field data of ZPL II: what may stand in a text that a label printer reads. Pure.

Source: Zebra, ZPL II Programming Guide (^CI, ^FH, ^FD).
"""

import unicodedata

# ^FH turns _XX into a byte, so no data byte can end a field (^), start a command (~) or an escape (_).
# The comma separates parameters and is escaped too, because some emulations split on it inside ^FD.
_ESCAPED = frozenset(b"^~_,")


def escape(text: str) -> str:
    """Return field data for ^FH: control and special bytes, and all beyond ASCII, as _XX of UTF-8."""
    return "".join(
        f"_{byte:02X}" if byte < 0x20 or byte >= 0x7F or byte in _ESCAPED else chr(byte)
        for byte in unicodedata.normalize("NFC", text).encode("utf-8")
    )
