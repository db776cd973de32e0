"""MFC-1 conveyor PLCs: registers <-> events and commands. Source: docs/reference/mfc-1.md"""

from __future__ import annotations

from dataclasses import dataclass

MAP_ID = 0x4D01
STATUS_COUNT = 16
FIRST_POINT = 16
STRIDE = 24
WCS_HEARTBEAT = 2
COMMAND_WORD = 6
ACKNOWLEDGED = 18
COMMAND = 19
MAX_BARCODE = 20
HOLD_LANE = 0xFFFF
MAX_LANE = 64
NO_TRACKING_ID = (0, 0xFFFFFFFF)
COMMAND_ACK_POWER_UP = 0b1000

SCAN_REQUEST, DIVERTED, MISSED, LOST, UNKNOWN, NO_READ, MULTI_READ = range(1, 8)
REQUESTS = (SCAN_REQUEST, NO_READ, MULTI_READ)


@dataclass(frozen=True, slots=True)
class PlcStatus:
    map_id: int
    heartbeat: int
    automatic: bool
    running: bool
    emergency_stop: bool
    jam: bool
    fault: bool
    ready: bool
    cold_start: bool
    maintenance: bool
    fault_code: int
    command: int
    full_lanes: tuple[int, ...]
    occupied_lanes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PointBlock:
    """The event that a decision point shows, and what we wrote there last."""

    sequence: int
    kind: int
    tracking_id: int
    barcode: str
    is_barcode_bad: bool  # length over 20 or bytes that no code has: the barcode is empty then
    quality: int
    lane: int
    reason: int
    acknowledged: int
    command_sequence: int

    @property
    def is_waiting(self) -> bool:
        """An event that has not been acknowledged yet."""
        return self.sequence not in (0, self.acknowledged)


def parse_status(registers: list[int]) -> PlcStatus:
    """Registers 0..15."""
    bits = [bool(registers[3] >> bit & 1) for bit in range(8)]
    return PlcStatus(
        map_id=registers[0],
        heartbeat=registers[1],
        automatic=bits[0],
        running=bits[1],
        emergency_stop=bits[2],
        jam=bits[3],
        fault=bits[4],
        ready=bits[5],
        cold_start=bits[6],
        maintenance=bits[7],
        fault_code=registers[4],
        command=registers[6],
        full_lanes=_lanes(registers[8:12]),
        occupied_lanes=_lanes(registers[12:16]),
    )


def parse_point(registers: list[int]) -> PointBlock:
    """The 24 registers of one decision point."""
    barcode, is_bad = _barcode(registers[4], registers[5:15])
    return PointBlock(
        sequence=registers[0],
        kind=registers[1],
        tracking_id=registers[2] << 16 | registers[3],
        barcode=barcode,
        is_barcode_bad=is_bad,
        quality=registers[15],
        lane=registers[16],
        reason=registers[17],
        acknowledged=registers[ACKNOWLEDGED],
        command_sequence=registers[COMMAND],
    )


def command_block(sequence: int, tracking_id: int, lane: int) -> list[int]:
    """Registers +19..+23 of a direction."""
    if not 1 <= sequence <= 0xFFFF:
        raise ValueError(f"sequence must be 1..65535, got {sequence}")
    if not 0 <= tracking_id <= 0xFFFFFFFF or tracking_id in NO_TRACKING_ID:
        raise ValueError(f"no load unit has the tracking id {tracking_id}")
    if not (0 <= lane <= MAX_LANE or lane == HOLD_LANE):
        raise ValueError(f"lane must be 0..{MAX_LANE} or {HOLD_LANE}, got {lane}")
    return [sequence, tracking_id >> 16, tracking_id & 0xFFFF, lane, 0]


def next_sequence(sequence: int) -> int:
    """uint16 that skips 0."""
    return sequence % 0xFFFF + 1


def point_address(point: int) -> int:
    return FIRST_POINT + STRIDE * point


def _lanes(words: list[int]) -> tuple[int, ...]:
    """Word 0 holds lanes 1..16, bit 0 the lowest."""
    return tuple(
        16 * index + bit + 1 for index, word in enumerate(words) for bit in range(16) if word >> bit & 1
    )


def _barcode(length: int, words: list[int]) -> tuple[str, bool]:
    if length > MAX_BARCODE:
        return "", True
    data = b"".join(word.to_bytes(2, "big") for word in words)[:length]
    if any(not 0x20 <= byte < 0x7F and byte != 0x1D for byte in data):
        return "", True
    return data.decode("ascii"), False
