"""The live board's websocket: a snapshot now, and another one soon after something has changed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from mfc.board import queries
from mfc.layout.models import Site

NOT_ALLOWED = 4403
# A board that redraws more often is only restless.
MIN_PAUSE_S = 0.25
# Clocks and ages move even when nothing happens.
REFRESH_S = 5.0


class BoardConsumer(AsyncWebsocketConsumer):
    """For logged-in staff only."""

    async def connect(self) -> None:
        await self.accept()
        if not self.scope["user"].is_staff:
            await self.close(NOT_ALLOWED)
            return
        self._changed = asyncio.Event()
        for group in ("hint.board", "hint.all"):
            await self.channel_layer.group_add(group, self.channel_name)
        self._task = asyncio.create_task(self._show())

    async def hint(self, event: dict[str, Any]) -> None:
        """Something on the floor has changed."""
        self._changed.set()

    async def _show(self) -> None:
        while True:
            self._changed.clear()
            await self.send(json.dumps(await database_sync_to_async(_read)()))
            await asyncio.sleep(MIN_PAUSE_S)
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def disconnect(self, code: int) -> None:
        task = getattr(self, "_task", None)
        if task is not None:
            task.cancel()
            for group in ("hint.board", "hint.all"):
                await self.channel_layer.group_discard(group, self.channel_name)


def _read() -> dict[str, Any]:
    return queries.snapshot(Site.objects.get(code=settings.ENV.site))
