"""Database work off the event loop: ordered lanes of one thread and one connection each, and when to try again."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)
T = TypeVar("T")

# Deadlocks and lock time-outs clear within milliseconds; a restarted database within seconds.
MAX_TRIES = 6
FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 1.0


def persistent(work: Callable[[], T]) -> T:
    """Run ``work``, again when the database was locked, restarted or out of reach; the last failure is raised."""
    for attempt in range(1, MAX_TRIES + 1):
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if attempt == MAX_TRIES:
                raise
            pause_s = min(FIRST_PAUSE_S * 4**attempt, LONGEST_PAUSE_S) * random.uniform(0.5, 1.5)  # noqa: S311
            log.info("trying again in %.2f s: %s", pause_s, error)
            time.sleep(pause_s)
    raise AssertionError("unreachable")


class Lane:
    """One thread with its own database connection; what is given to it runs in order."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the lane, with ``persistent``'s patience."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, persistent, work)

    def close(self) -> None:
        """Finish what runs, then close the connection."""
        self._executor.submit(connection.close)
        self._executor.shutdown(wait=True)
