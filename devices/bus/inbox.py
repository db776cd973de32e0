"""Received messages between the wire and their reader: bounded, decoded, ended by ``close``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from devices.bus.base import MAX_INBOX
from devices.messages import Message, MessageError, decode

log = logging.getLogger("devices.bus")


class Inbox:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(MAX_INBOX)
        self._is_closed = False

    async def put_line(self, line: bytes) -> None:
        """Waits for room: the wire's flow control holds the sender. A foreign line is logged and dropped."""
        try:
            message = decode(line)
        except (MessageError, RecursionError) as error:
            log.warning("foreign message on the bus dropped: %s", error)
            return
        await self._queue.put(message)

    async def messages(self) -> AsyncIterator[Message]:
        while not self._is_closed:
            message = await self._queue.get()
            if message is None:
                return
            yield message

    def close(self) -> None:
        self._is_closed = True
        if not self._queue.full():
            self._queue.put_nowait(None)
