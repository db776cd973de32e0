"""The site's clock, injected: system time, or a scaled clock that several processes share."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock(Protocol):
    """Site time, always aware and in UTC, and how many site seconds pass in a real one."""

    @property
    def speed(self) -> float: ...

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """Site time is real time."""

    speed: float = 1.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Site time runs ``speed`` times real time from ``site_start`` at the real instant ``real_start_s`` (Unix seconds)."""

    real_start_s: float
    site_start: datetime
    speed: float

    def now(self) -> datetime:
        return self.site_start + timedelta(seconds=(time.time() - self.real_start_s) * self.speed)


@dataclass(slots=True)
class FixedClock:
    """Site time that moves only when told: for tests and replays."""

    at: datetime
    speed: float = 1.0

    def now(self) -> datetime:
        return self.at

    def advance(self, **duration: float) -> None:
        """Move on by ``timedelta(**duration)``."""
        self.at += timedelta(**duration)


def from_spec(spec: str) -> Clock:
    """Clock of the setting MFC_CLOCK: ``system`` or ``scaled:<unix s>:<site time ISO>:<speed>``; ValueError otherwise."""
    if spec == "system":
        return SystemClock()
    kind, _, rest = spec.partition(":")
    real_start, _, rest = rest.partition(":")
    site_start, _, speed = rest.rpartition(":")
    if kind != "scaled" or not site_start:
        raise ValueError(f"clock {spec!r}: use 'system' or 'scaled:<unix s>:<site time ISO>:<speed>'")
    return ScaledClock(float(real_start), datetime.fromisoformat(site_start).astimezone(UTC), float(speed))


_clock: Clock = SystemClock()


def install(clock: Clock) -> None:
    """Make ``clock`` the clock of this process."""
    global _clock
    _clock = clock


@contextmanager
def using(clock: Clock) -> Iterator[Clock]:
    """Use ``clock`` inside the block."""
    previous = _clock
    install(clock)
    try:
        yield clock
    finally:
        install(previous)


def now() -> datetime:
    """Site time."""
    return _clock.now()


def speed() -> float:
    """Site seconds per real second."""
    return _clock.speed
