"""Typed settings of each driver. The profile files give the defaults; floor.toml overrides per device."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerSettings:
    baud: int
    bytesize: int
    parity: str
    stopbits: int
    framing: str
    aim: bool
    idle_flush_ms: int
    max_frame: int
    no_read: str
    repeat_ms: int
    accepted: bytes
    refused: bytes
    verdict_timeout_ms: int
    replug_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LightsSettings:
    unit_id: int
    timeout_ms: int
    poll_ms: int
    verify_ms: int
    settle_ms: int
    heartbeat_ms: int
    stale_ms: int
    retry_lamp_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConveyorSettings:
    points: int
    base: int
    unit_id: int
    timeout_ms: int
    poll_ms: int
    heartbeat_ms: int
    stale_ms: int
    lost_ms: int
    command_gap_ms: int
    cold_start_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSettings:
    session_expiry_s: int
    keepalive_s: int
    connect_timeout_ms: int


Settings = ScannerSettings | LightsSettings | ConveyorSettings | ScaleSettings

BY_DRIVER: dict[str, type[Settings]] = {
    "scanner": ScannerSettings,
    "lights": LightsSettings,
    "conveyor": ConveyorSettings,
    "scale": ScaleSettings,
}
