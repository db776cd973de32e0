"""MFC-L1 light controllers: registers <-> lamps and presses. Source: docs/reference/mfc-l1.md"""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import Colour, Lamp, LampMode

MAP_ID = 0x4C01
MAX_POINTS = 100
HOST_HEARTBEAT = 2
PRESSES = 10
WANTED = 200
SHOWN = 400
HEAD_COUNT = 8
# More presses of one button between two polls than a hand can make: a broken counter, not picks.
MAX_JUMP = 8

STATE_READY, STATE_FAULT, STATE_HOST_LOST = 0b001, 0b010, 0b100

_COLOURS = {
    Colour.RED: 1,
    Colour.GREEN: 2,
    Colour.BLUE: 3,
    Colour.AMBER: 4,
    Colour.WHITE: 5,
    Colour.CYAN: 6,
    Colour.MAGENTA: 7,
}
_MODES = {LampMode.STEADY: 1, LampMode.SLOW: 2, LampMode.FAST: 3}
_COLOUR_OF = {number: colour for colour, number in _COLOURS.items()}
_MODE_OF = {number: mode for mode, number in _MODES.items()}
_SHOW_QUANTITY = 0x8000


@dataclass(frozen=True, slots=True)
class Head:
    map_id: int
    heartbeat: int
    boot: int
    points: int
    state: int
    firmware: int
    presses: int


def parse_head(registers: list[int]) -> Head:
    """Registers 0..7."""
    return Head(
        map_id=registers[0],
        heartbeat=registers[1],
        boot=registers[3],
        points=registers[4],
        state=registers[5],
        firmware=registers[6],
        presses=registers[7],
    )


def lamp_word(lamp: Lamp | None) -> int:
    """Word of a lamp; None is dark."""
    if lamp is None:
        return 0
    word = _COLOURS[lamp.colour] << 10 | _MODES[lamp.mode] << 13
    if lamp.quantity is not None:
        if not 0 <= lamp.quantity <= 999:
            raise ValueError(f"quantity must be 0..999, got {lamp.quantity}")
        word |= _SHOW_QUANTITY | lamp.quantity
    return word


def lamp_of(word: int) -> Lamp | None:
    """Lamp of a word; a word without colour or mode is dark, whatever its quantity."""
    colour = _COLOUR_OF.get(word >> 10 & 0b111)
    mode = _MODE_OF.get(word >> 13 & 0b11)
    if colour is None or mode is None:
        return None
    return Lamp(colour, mode, word & 0x3FF if word & _SHOW_QUANTITY else None)


def picture_words(lamps: dict[int, Lamp], points: int) -> list[int]:
    """Wanted words of all points; lamps of points that the controller does not have are left out."""
    return [lamp_word(lamps.get(channel)) for channel in range(points)]


def picture_of(words: list[int]) -> dict[int, Lamp]:
    """Lit points of a block of shown words."""
    lamps = {channel: lamp_of(word) for channel, word in enumerate(words)}
    return {channel: lamp for channel, lamp in lamps.items() if lamp is not None}


def changed_span(believed: list[int], wanted: list[int]) -> tuple[int, int] | None:
    """Smallest [start, end) that covers every difference; None when there is none."""
    changed = [index for index, (old, new) in enumerate(zip(believed, wanted, strict=True)) if old != new]
    return (changed[0], changed[-1] + 1) if changed else None


def presses_between(before: int, after: int) -> tuple[int, int]:
    """(confirm, short) presses between two press words, each modulo 256."""
    return (after - before) & 0xFF, ((after >> 8) - (before >> 8)) & 0xFF
