"""What both ends of the bus offer, whichever wire carries it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from devices.messages import Message

# Received messages that wait for their reader; beyond that the wire's own flow control holds the sender.
MAX_INBOX = 1000


class BusEnd(Protocol):
    """One end. ``start`` returns at once and keeps (re)connecting until ``stop``.

    ``generation`` grows with each new peer or connection, and ``on_change`` is called: a gateway says hello.
    """

    on_change: Callable[[], None]

    @property
    def generation(self) -> int: ...

    @property
    def is_connected(self) -> bool: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: Message) -> bool:
        """True: handed to the wire. False: nobody is connected, and the message is dropped.

        Nothing is queued for later: events are repeated by the spool, levels are sent again after each hello.
        """
        ...

    async def send_line(self, line: bytes) -> bool:
        """The same for a message that is encoded already."""
        ...

    def messages(self) -> AsyncIterator[Message]:
        """What the other end sends, across reconnects, until ``stop``."""
        ...
