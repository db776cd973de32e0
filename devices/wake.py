"""Waiting for "something happened" with a deadline, without an extra task per wait."""

from __future__ import annotations

import asyncio
from random import Random


class Wake:
    """A flag with one waiter. ``set`` wakes the waiter at once; a set without a waiter is remembered."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[bool] | None = None

    def set(self) -> None:
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    async def wait(self, timeout_s: float) -> bool:
        """True when it was set (the flag is cleared), False when the time was over."""
        if not self._is_set and timeout_s > 0:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[bool] = loop.create_future()
            timer = loop.call_later(timeout_s, _expire, waiter)
            self._waiter = waiter
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiter = None
        was_set, self._is_set = self._is_set, False
        return was_set


def _expire(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


class Every:
    """A period on a monotonic clock: due now, and when next. A missed period is not made up for."""

    def __init__(self, period_s: float, now: float = 0.0) -> None:
        self.period_s = period_s
        self.at = now

    def take(self, now: float) -> bool:
        """True once per period; moves the next one on."""
        if now < self.at:
            return False
        self.at = now + self.period_s
        return True

    def hasten(self, at: float) -> None:
        self.at = min(self.at, at)


class Backoff:
    """Exponential pause with full jitter, so that twenty devices do not knock at once after a power cut."""

    def __init__(self, rng: Random, base_s: float = 0.5, most_s: float = 10.0) -> None:
        self._rng = rng
        self._base_s = base_s
        self._most_s = most_s
        self._tries = 0

    def next_s(self) -> float:
        ceiling_s = min(self._most_s, self._base_s * 2**self._tries)
        # 2**16 times any base is far over any maximum; growing on would only overflow
        self._tries = min(self._tries + 1, 16)
        return max(0.05, self._rng.uniform(0, ceiling_s))

    def reset(self) -> None:
        self._tries = 0
