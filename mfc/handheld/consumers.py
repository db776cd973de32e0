"""The websocket of a station: its screen on connection and after every change."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from mfc.core.errors import DomainError
from mfc.handheld import screens
from mfc.handheld.views import station_of
from mfc.workforce.models import Station

UNKNOWN = 4404
# A lost hint costs this much at most.
REFRESH_S = 10.0


class StationConsumer(AsyncWebsocketConsumer):
    """Hints only say that something changed; the screen is always read from the database."""

    async def connect(self) -> None:
        token = self.scope["url_route"]["kwargs"]["token"]
        try:
            station: Station = await database_sync_to_async(station_of)(token)
        except DomainError:
            await self.accept()
            await self.close(UNKNOWN)
            return
        self._token = token
        self._last: dict[str, Any] = {}
        self._changed = asyncio.Event()
        self._changed.set()
        self._groups = [f"hint.station.{station.pk}", "hint.all"]
        for group in self._groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        self._task = asyncio.create_task(self._show())

    async def hint(self, event: dict[str, Any]) -> None:
        """Something about this station has changed."""
        self._changed.set()

    async def _show(self) -> None:
        """One reader per socket: changes that arrive while it reads are shown by the next round."""
        while True:
            self._changed.clear()
            screen = await database_sync_to_async(self._read)()
            shown = {key: value for key, value in screen.items() if key != "version"}
            if shown != self._last:
                self._last = shown
                await self.send(json.dumps(screen))
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _read(self) -> dict[str, Any]:
        return screens.build(station_of(self._token))

    async def disconnect(self, code: int) -> None:
        task = getattr(self, "_task", None)
        if task is not None:
            task.cancel()
            for group in self._groups:
                await self.channel_layer.group_discard(group, self.channel_name)
