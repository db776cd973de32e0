"""Every message between a gateway and the WMS, as frozen data with one strict JSON form.

The only module of ``devices`` that ``mfc`` may import. Field reference: docs/reference/bus.md.
Events (gateway -> WMS) carry an ``event_id`` and are repeated until acknowledged; statuses are levels
(only the newest counts, never acknowledged); commands flow WMS -> gateway.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

PROTOCOL_VERSION = 1
# One line on the local bus. The largest message is a full lamp picture: 100 points at about 60 bytes.
MAX_MESSAGE_BYTES = 64 * 1024


class MessageError(ValueError):
    """A message that does not follow the contract: what was wrong is in the text."""


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    AMBER = "amber"
    WHITE = "white"
    CYAN = "cyan"
    MAGENTA = "magenta"


class LampMode(StrEnum):
    STEADY = "steady"
    SLOW = "slow"
    FAST = "fast"


class Press(StrEnum):
    CONFIRM = "confirm"
    SHORT = "short"


class Verdict(StrEnum):
    """What the person at the device hears: accepted tone, refused tone, or nothing."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NONE = "none"


class DeviceState(StrEnum):
    DISABLED = "disabled"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    FAULT = "fault"


class ReadKind(StrEnum):
    """How the reader at a decision point fared: one code, none, or several different ones."""

    READ = "read"
    NO_READ = "no_read"
    MULTI_READ = "multi_read"


class Outcome(StrEnum):
    """What became of a load unit after its decision point (SAIL: Notification)."""

    DIVERTED = "diverted"
    MISSED = "missed"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lamp:
    """One lit light point: what it shows. A point that is not mentioned is dark."""

    colour: Colour
    mode: LampMode = LampMode.STEADY
    quantity: int | None = None  # 0..999 on the display; None leaves the display blank


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Happened once on the floor; repeated on the bus until acknowledged.

    ``event_id`` is ``gateway/boot/sequence``; ``at`` is the gateway's clock, ISO 8601 UTC.
    """

    event_id: str
    device: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRead(Event):
    KIND: ClassVar[str] = "scan"
    data: str  # latin-1 text of the code, framing and AIM identifier removed, GS (0x1D) kept
    symbology: str = ""  # AIM identifier without "]", e.g. "C1"; empty when the device sends none


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRead(Event):
    """A fixed reader was triggered and found nothing: an event, never a barcode."""

    KIND: ClassVar[str] = "no_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed(Event):
    KIND: ClassVar[str] = "press"
    channel: int  # light point on its controller, 0-based
    press: Press


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRead(Event):
    """A stable weight, gross, after the pan changed."""

    KIND: ClassVar[str] = "weight"
    weight_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionRequested(Event):
    """A load unit passed the reader of a decision point and needs a lane (SAIL: DirectionRequest)."""

    KIND: ClassVar[str] = "direction_request"
    point: int  # decision point on its PLC, 0-based
    tracking_id: int  # uint32, the PLC's name for this load unit
    read: ReadKind
    barcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadMoved(Event):
    """The PLC tells what became of a load unit (SAIL: Notification)."""

    KIND: ClassVar[str] = "load_moved"
    point: int
    tracking_id: int
    outcome: Outcome
    lane: int  # where it actually went; 0 is the default exit
    barcode: str = ""
    reason: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayHello:
    """First status after every (re)connection: who is there. The WMS answers with the wanted state."""

    KIND: ClassVar[str] = "hello"
    gateway: str
    boot: str
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    KIND: ClassVar[str] = "device_status"
    device: str
    state: DeviceState
    detail: str = ""
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LampsShown:
    """What a light controller really shows, read back after a change or a reconnection."""

    KIND: ClassVar[str] = "lamps_shown"
    device: str
    lamps: dict[int, Lamp]
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityStatus:
    """State of a conveyor PLC (SAIL). ``*_lanes`` are lane numbers, 1-based."""

    KIND: ClassVar[str] = "facility_status"
    device: str
    automatic: bool
    running: bool
    emergency_stop: bool
    jam: bool
    fault_code: int
    full_lanes: tuple[int, ...]
    occupied_lanes: tuple[int, ...]
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """The WMS has committed the event: forget it, tell the device, and let the person hear the verdict."""

    KIND: ClassVar[str] = "ack"
    event_id: str
    verdict: Verdict = Verdict.NONE
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLamps:
    """The whole wanted picture of one light controller; points not mentioned are dark.

    A level: the gateway keeps the newest ``version`` and reconciles the controller against it.
    """

    KIND: ClassVar[str] = "set_lamps"
    device: str
    version: int
    lamps: dict[int, Lamp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """Send one load unit to a lane (SAIL: Direction). Happens once; worthless after ``ttl_ms``."""

    KIND: ClassVar[str] = "direct"
    command_id: str
    device: str
    point: int
    tracking_id: int
    lane: int  # 0 default exit, 1..n, 0xFFFF hold
    ttl_ms: int


Status = GatewayHello | DeviceStatus | LampsShown | FacilityStatus
Command = Acknowledge | SetLamps | Direct
Message = Event | GatewayHello | DeviceStatus | LampsShown | FacilityStatus | Acknowledge | SetLamps | Direct

_TYPES: dict[str, type[Any]] = {
    cls.KIND: cls
    for cls in (
        ScanRead,
        NoRead,
        ButtonPressed,
        WeightRead,
        DirectionRequested,
        LoadMoved,
        GatewayHello,
        DeviceStatus,
        LampsShown,
        FacilityStatus,
        Acknowledge,
        SetLamps,
        Direct,
    )
}
_ENUMS: dict[str, type[StrEnum]] = {
    "press": Press,
    "read": ReadKind,
    "outcome": Outcome,
    "state": DeviceState,
    "verdict": Verdict,
}
_LANE_FIELDS = {"full_lanes", "occupied_lanes"}


def encode(message: Message) -> bytes:
    """One line of UTF-8 JSON without the newline: ``{"v":1,"kind":…, fields…}``."""
    body: dict[str, Any] = {"v": PROTOCOL_VERSION, "kind": message.KIND}  # type: ignore[union-attr]
    for item in dataclasses.fields(message):
        value = getattr(message, item.name)
        body[item.name] = _encode_lamps(value) if item.name == "lamps" else value
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def decode(line: bytes | str) -> Message:
    """Message of one line; raises MessageError with what was wrong and what was expected."""
    if len(line) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(line)} bytes is over the limit of {MAX_MESSAGE_BYTES}")
    try:
        body = json.loads(line)
    except ValueError as error:
        raise MessageError(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise MessageError("expected a JSON object")
    if body.pop("v", None) != PROTOCOL_VERSION:
        raise MessageError(f"expected protocol version {PROTOCOL_VERSION} in field 'v'")
    kind = body.pop("kind", None)
    cls = _TYPES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise MessageError(f"unknown kind {kind!r}; known: {', '.join(sorted(_TYPES))}")
    return _build(cls, body)


def _build(cls: type[Any], body: dict[str, Any]) -> Message:
    known = {item.name: item for item in dataclasses.fields(cls)}
    unknown = sorted(set(body) - set(known))
    missing = sorted(
        name
        for name, item in known.items()
        if name not in body
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    )
    if unknown or missing:
        raise MessageError(f"{cls.KIND}: unknown fields {unknown}, missing fields {missing}")
    values = {name: _decode_field(cls, name, str(known[name].type), value) for name, value in body.items()}
    message: Message = cls(**values)
    return message


def _decode_field(cls: type[Any], name: str, annotation: str, value: Any) -> Any:
    try:
        if name == "lamps":
            return _decode_lamps(value)
        if name in _ENUMS and annotation == _ENUMS[name].__name__:
            return _ENUMS[name](value)
        if name in _LANE_FIELDS or annotation.startswith("tuple"):
            return tuple(value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MessageError(f"{cls.KIND}.{name}: {error}") from error
    expected = {"int": int, "str": str, "bool": bool}[annotation]
    if type(value) is not expected:
        raise MessageError(f"{cls.KIND}.{name}: expected {annotation}, got {value!r}")
    return value


def _encode_lamps(lamps: dict[int, Lamp]) -> dict[str, list[Any]]:
    return {str(channel): [lamp.colour, lamp.mode, lamp.quantity] for channel, lamp in sorted(lamps.items())}


def _decode_lamps(value: dict[str, list[Any]]) -> dict[int, Lamp]:
    lamps = {}
    for channel, (colour, mode, quantity) in value.items():
        if quantity is not None and not (type(quantity) is int and 0 <= quantity <= 999):
            raise ValueError(f"channel {channel}: quantity must be 0..999 or null, got {quantity!r}")
        lamps[int(channel)] = Lamp(Colour(colour), LampMode(mode), quantity)
    return lamps
