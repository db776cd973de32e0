"""Blocking calls off the event loop, in threads that never hold up the end of the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T], *, discard: Callable[[T], object] | None = None) -> T:
    """Result of a blocking call. When the waiter is cancelled meanwhile, ``discard`` cleans up.

    Not the pool of asyncio: its threads are joined at exit, and an open that hangs would hang the stop.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: Any, error: BaseException | None) -> None:
        if done.done():
            if error is None and discard is not None:
                discard(result)
        elif error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)

    def work() -> None:
        result: Any = None
        caught: BaseException | None = None
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - handed to the waiter unchanged
            caught = error
        try:
            loop.call_soon_threadsafe(finish, result, caught)
        except RuntimeError:  # the loop is closed: nobody waits any more
            if caught is None and discard is not None:
                discard(result)

    threading.Thread(target=work, daemon=True, name="devices-blocking").start()
    return await done
