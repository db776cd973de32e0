"""The scaled site clock, simulated sleeps, seeded chance and ids made from both."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from datetime import UTC, datetime, timedelta

# Faster than this no web process could follow; a typing error, not a wish.
MAX_SPEED = 1000.0


class ClockError(ValueError):
    """A clock text that cannot be read; the message says what was expected."""


class SiteClock:
    """Site time that runs ``speed`` simulated seconds per second of the wall."""

    def __init__(self, start_unix_s: float, start_site: datetime, speed: float) -> None:
        self.start_unix_s = start_unix_s
        self.start_site = start_site
        self.speed = speed

    @classmethod
    def from_text(cls, text: str | None) -> SiteClock:
        """``scaled:<unix s>:<site time ISO>:<speed>``; nothing = real time from now."""
        if not text:
            return cls(time.time(), datetime.fromtimestamp(time.time(), tz=UTC), 1.0)
        expected = "expected scaled:<unix s>:<site time ISO with zone>:<speed>"
        try:
            kind, unix_text, rest = text.split(":", 2)
            iso_text, speed_text = rest.rsplit(":", 1)
            start_unix_s, speed = float(unix_text), float(speed_text)
            start_site = datetime.fromisoformat(iso_text)
        except ValueError as exc:
            raise ClockError(f"clock {text!r}: {expected}") from exc
        if kind != "scaled" or start_site.tzinfo is None:
            raise ClockError(f"clock {text!r}: {expected}")
        if not 0 < speed <= MAX_SPEED:
            raise ClockError(f"clock {text!r}: speed must be above 0 and at most {MAX_SPEED:g}")
        return cls(start_unix_s, start_site, speed)

    def now(self) -> datetime:
        return self.start_site + timedelta(seconds=self.sim_s())

    def sim_s(self) -> float:
        """Simulated seconds since the start of the clock."""
        return (time.time() - self.start_unix_s) * self.speed

    def wall_s(self, sim_s: float) -> float:
        return sim_s / self.speed

    async def sleep(self, sim_s: float) -> None:
        await asyncio.sleep(max(0.0, sim_s / self.speed))


def chance_for(seed: int, name: str) -> random.Random:
    """An own stream of chance for each part, so that one part's draws do not shift another's."""
    return random.Random(f"{seed}/{name}")  # noqa: S311 - a simulation, not a secret


def new_id(rng: random.Random) -> str:
    """A UUID that sorts by time (version 7): unlike a purely seeded one it never repeats after a restart."""
    millis = time.time_ns() // 1_000_000
    value = (millis & (2**48 - 1)) << 80 | 0x7 << 76 | rng.getrandbits(12) << 64
    value |= 0b10 << 62 | rng.getrandbits(62)
    return str(uuid.UUID(int=value))
