"""JSON contract of a scale, the same over MQTT and over the line link. Source: docs/reference/mqtt.md"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

# A floor scale ends at some tonnes; more is a broken load cell, not a load.
MAX_WEIGHT_G = 10_000_000
MAX_PAYLOAD_BYTES = 4096
MAX_BOOT_ID = 64
TOPICS = ("birth", "availability", "state", "event")


class ScaleFormatError(ValueError):
    """A payload that does not follow the contract: repeating it cannot help."""


@dataclass(frozen=True, slots=True)
class Weight:
    weight_g: int
    boot_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Availability:
    is_online: bool


@dataclass(frozen=True, slots=True)
class Birth:
    model: str
    firmware: str


@dataclass(frozen=True, slots=True)
class ScaleState:
    weight_g: int
    is_stable: bool


Reading = Weight | Availability | Birth | ScaleState


def parse_payload(topic: str, payload: bytes) -> Reading:
    """``topic`` is the last word of the MQTT topic, or ``topic`` of a line."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ScaleFormatError(f"payload of {len(payload)} bytes is over the limit of {MAX_PAYLOAD_BYTES}")
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ScaleFormatError(f"not JSON: {error}") from error
    return parse_body(topic, body)


def parse_body(topic: str, body: Any) -> Reading:
    if not isinstance(body, dict):
        raise ScaleFormatError("expected a JSON object")
    if topic == "event":
        return _event(body)
    if topic == "availability":
        return Availability(_field(body, "state", str) == "online")
    if topic == "state":
        return ScaleState(_weight(body), _field(body, "stable", bool))
    if topic == "birth":
        return Birth(str(body.get("model", ""))[:64], str(body.get("fw", ""))[:64])
    raise ScaleFormatError(f"unknown topic {topic!r}; known: {', '.join(TOPICS)}")


def parse_line(line: bytes) -> tuple[str, Reading, int | None]:
    """(topic, reading, mid) of one line of the line link; mid None wants no answer."""
    if len(line) > MAX_PAYLOAD_BYTES:
        raise ScaleFormatError(f"line of {len(line)} bytes is over the limit of {MAX_PAYLOAD_BYTES}")
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ScaleFormatError(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ScaleFormatError("expected a JSON object")
    topic, mid = _field(body, "topic", str), body.get("mid")
    if mid is not None and type(mid) is not int:
        raise ScaleFormatError(f"mid: expected a number, got {mid!r}")
    return topic, parse_body(topic, body.get("payload")), mid


def line_mid(line: bytes) -> int | None:
    """``mid`` of a line whose payload may be wrong, so that a poisoned line can be answered and forgotten."""
    try:
        mid = json.loads(line).get("mid")
    except (ValueError, RecursionError, AttributeError):
        return None
    return mid if type(mid) is int else None


def ack_line(mid: int) -> bytes:
    return json.dumps({"ack": mid}, separators=(",", ":")).encode() + b"\n"


def _event(body: dict[str, Any]) -> Weight:
    kind = _field(body, "type", str)
    if kind != "weight":
        raise ScaleFormatError(f"unknown event type {kind!r}")
    boot_id, seq = _field(body, "boot_id", str), _field(body, "seq", int)
    if not 0 < len(boot_id) <= MAX_BOOT_ID:
        raise ScaleFormatError(f"boot_id: expected 1..{MAX_BOOT_ID} characters")
    if not 0 <= seq <= 0xFFFFFFFF:
        raise ScaleFormatError(f"seq: expected uint32, got {seq}")
    return Weight(_weight(body), boot_id, seq)


def _weight(body: dict[str, Any]) -> int:
    weight_g: int = _field(body, "weight_g", int)
    if not -MAX_WEIGHT_G <= weight_g <= MAX_WEIGHT_G:
        raise ScaleFormatError(f"weight_g: {weight_g} is no load")
    return weight_g


def _field(body: dict[str, Any], name: str, expected: type) -> Any:
    value = body.get(name)
    if type(value) is not expected:
        raise ScaleFormatError(f"{name}: expected {expected.__name__}, got {value!r}")
    return value
