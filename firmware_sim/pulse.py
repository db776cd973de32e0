"""A wake-up call: everyone who waits continues when something has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Pulse:
    """Many waiters, many callers; a call without a waiter is lost, so a waiter checks its condition first."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def fire(self) -> None:
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, timeout_s: float) -> bool:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait (wall seconds) until the condition holds; say whether it does."""
        end = time.monotonic() + timeout_s
        while not condition():
            left_s = end - time.monotonic()
            if left_s <= 0:
                return False
            await self.wait(left_s)
        return True
