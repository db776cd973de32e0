"""The screen of a station as a person sees it, and a finger to tap on it (docs/reference/screen.md)."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from firmware_sim.clock import new_id

log = logging.getLogger(__name__)

FIRST_RETRY_S, MAX_RETRY_S = 0.1, 2.0
MAX_SCREEN_BYTES = 256 * 1024
OPEN_TIMEOUT_S = 5.0
HTTP_TIMEOUT_S = 5.0

Picture = dict[str, Any]


def feedback_of(picture: Picture) -> Picture:
    feedback = picture.get("feedback")
    return feedback if isinstance(feedback, dict) else {}


class Screen:
    """One station's screen. Listeners are called after every new picture."""

    def __init__(self, api: str, token: str, http: httpx.AsyncClient, rng: random.Random) -> None:
        self.http, self.rng = http, rng
        base = f"{api.rstrip('/')}/handheld/{token}"
        self.origin = cast(Origin, api.rstrip("/"))  # a web server may refuse a socket without one
        self.screen_url, self.input_url = f"{base}/screen", f"{base}/input"
        parts = urlsplit(api)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = f"{parts.path.rstrip('/')}/ws/station/{token}/"
        self.socket_url = urlunsplit((scheme, parts.netloc, path, "", ""))
        self.picture: Picture | None = None
        self.listeners: list[Callable[[], None]] = []

    @property
    def step(self) -> str:
        return str(self.picture.get("step", "")) if self.picture else ""

    @property
    def feedback_seq(self) -> int:
        return int(feedback_of(self.picture or {}).get("seq") or 0)

    def show(self, picture: Any, *, fresh: bool = False) -> None:
        """Take a picture that is not older; ``fresh`` = after a connection, when versions may start anew."""
        if not isinstance(picture, dict) or "step" not in picture:
            return
        if not fresh and self.picture and picture.get("version", 0) < self.picture.get("version", 0):
            return
        self.picture = picture
        for listener in self.listeners:
            listener()

    async def run(self) -> None:
        """Keep a websocket open for as long as the station is manned."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                async with connect(
                    self.socket_url,
                    origin=self.origin,
                    open_timeout=OPEN_TIMEOUT_S,
                    max_size=MAX_SCREEN_BYTES,
                    compression=None,
                    proxy=None,
                ) as socket:
                    retry_s = FIRST_RETRY_S
                    fresh = True
                    async for text in socket:
                        self.show(json.loads(text), fresh=fresh)
                        fresh = False
            except (OSError, WebSocketException, ValueError, TimeoutError) as exc:
                log.info("screen %s: %s", self.socket_url, exc)
            await asyncio.sleep(retry_s * self.rng.uniform(0.8, 1.2))
            retry_s = min(MAX_RETRY_S, retry_s * 2)

    async def refresh(self) -> None:
        """Look afresh, past the websocket."""
        try:
            answer = await self.http.get(self.screen_url, timeout=HTTP_TIMEOUT_S)
            if answer.status_code == httpx.codes.OK:
                self.show(answer.json())
        except (httpx.HTTPError, ValueError) as exc:
            log.info("screen %s: %s", self.screen_url, exc)

    async def tap(self, code: str, qty: int | None = None) -> Picture | None:
        """Press a button of the screen; the answer, or None when nothing came back after one repeat."""
        body: dict[str, Any] = {"id": new_id(self.rng), "code": code} | ({} if qty is None else {"qty": qty})
        for _ in range(2):
            try:
                answer = await self.http.post(self.input_url, json=body, timeout=HTTP_TIMEOUT_S)
                result = answer.json()
            except (httpx.HTTPError, ValueError) as exc:
                log.info("input %s: %s", self.input_url, exc)
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR and isinstance(result, dict):
                self.show(result.get("screen"))
                return result
        return None
