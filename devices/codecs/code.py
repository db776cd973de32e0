"""A frame of a scanner -> what was read: code and AIM symbology identifier (ISO/IEC 15424), or a no-read."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AIM = re.compile(r"\](?P<id>[A-Za-z][0-9A-Za-z])(?P<data>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Code:
    data: str
    symbology: str = ""  # without "]", e.g. "C1"


def split_aim(text: str) -> Code:
    """Takes the AIM identifier off; a text without one comes back whole."""
    match = _AIM.fullmatch(text)
    return Code(match["data"], match["id"]) if match else Code(text)


def read_frame(frame: bytes, *, aim: bool, no_read: str) -> Code | None:
    """Code of a clean frame; None is a no-read (an identifier with nothing after it is one too)."""
    text = frame.decode("latin-1")
    code = split_aim(text) if aim else Code(text)
    if no_read and no_read in (text, code.data):
        return None
    return code if code.data else None
