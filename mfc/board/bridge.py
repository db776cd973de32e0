"""From committed transactions to open pages: the hints of the database are forwarded to the channel layer."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from channels.layers import get_channel_layer
from django.conf import settings

from mfc.core import hints
from mfc.core.locks import LockSpace

log = logging.getLogger(__name__)
# Long enough for a database restart, short enough that nobody notices.
RETRY_S = 1.0
# Everybody who shows something refetches on this topic: after a reconnection nothing is known.
EVERYBODY = "hint.all"


def group_of(topic: str) -> str:
    """Channel group of a topic: ``station:17`` -> ``hint.station.17``."""
    return f"hint.{topic.replace(':', '.')}"


class HintBridge:
    """ASGI wrapper that listens while the process serves. With a shared layer only one process forwards."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if self._task is None:
            # Servers differ in whether they send lifespan events; the first connection is early enough.
            self._task = asyncio.create_task(self._forward())
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._application(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                if self._task is not None:
                    self._task.cancel()
                return

    async def _forward(self) -> None:
        while True:
            try:
                await forward(elected_by=LockSpace.BRIDGE if settings.ENV.redis_url else None)
            except (psycopg.Error, OSError) as error:
                log.warning("live updates paused: %s", error)
            await asyncio.sleep(RETRY_S * random.uniform(0.5, 1.5))  # noqa: S311 - spreads reconnections


async def forward(*, elected_by: LockSpace | None) -> None:
    """Send each hint to the groups of its topics, until the database connection is lost or another is elected."""
    layer = get_channel_layer()
    async for topics in hints.listen(elected_by=elected_by):
        groups = {group_of(topic) for topic in topics} if topics and "all" not in topics else {EVERYBODY}
        for group in groups:
            await layer.group_send(group, {"type": "hint"})
