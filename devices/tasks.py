"""Ending tasks for sure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

# Python 3.11's wait_for can swallow a cancellation that meets its result; asked again, it cannot twice.
ASK_AGAIN_S = 0.1


async def end_all(tasks: Iterable[asyncio.Task[Any]], timeout_s: float) -> set[asyncio.Task[Any]]:
    """Cancels until every task has ended; those that have not after ``timeout_s``."""
    waiting = set(tasks)
    for _ in range(max(1, round(timeout_s / ASK_AGAIN_S))):
        for task in waiting:
            task.cancel()
        if not waiting:
            break
        _, waiting = await asyncio.wait(waiting, timeout=ASK_AGAIN_S)
    return waiting
