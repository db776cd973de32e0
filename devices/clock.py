"""The one clock of ``devices``, injected: monotonic for timeouts, UTC for stamps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from random import Random
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds; only differences mean anything."""
        ...

    def epoch_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    def stamp(self) -> str:
        """ISO 8601 UTC with milliseconds."""
        ...


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def epoch_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def stamp(self) -> str:
        return stamp_of(self.epoch_ms())


def stamp_of(epoch_ms: int) -> str:
    moment = datetime.fromtimestamp(epoch_ms // 1000, UTC).replace(microsecond=epoch_ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_boot(clock: Clock, rng: Random) -> str:
    """Name of one start of the gateway: sorts by time, two starts in one millisecond still differ."""
    return f"{clock.epoch_ms():012x}{rng.getrandbits(24):06x}"
