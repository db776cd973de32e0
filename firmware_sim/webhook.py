"""A very small HTTP receiver for signed webhooks (Standard Webhooks)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 256 * 1024
READ_TIMEOUT_S = 5.0
REASONS = {204: "No Content", 400: "Bad Request", 401: "Unauthorized", 405: "Method Not Allowed"}


class WebhookReceiver:
    """``on_message(type, data)`` is called once per verified message; the answer is 204."""

    def __init__(
        self,
        port: int,
        secret: str,
        on_message: Callable[[str, dict[str, Any]], None],
        on_rejected: Callable[[], None],
    ) -> None:
        self.port, self.verifier = port, Webhook(secret)
        self.on_message, self.on_rejected = on_message, on_rejected
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=MAX_HEAD_BYTES)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status = 400
        with contextlib.suppress(
            ConnectionError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(READ_TIMEOUT_S):
                status = self._judge(*await self._request(reader))
        with contextlib.suppress(ConnectionError):
            head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(
                head.encode() if status != 204 else head.replace("Content-Length: 0\r\n", "").encode()
            )
            await writer.drain()
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        size = int(headers.get("content-length", "0"))
        if not 0 <= size <= MAX_BODY_BYTES:
            raise ValueError("body too large")
        return first.split(" ")[0], headers, await reader.readexactly(size)

    def _judge(self, method: str, headers: dict[str, str], body: bytes) -> int:
        if method != "POST":
            return 405
        try:
            self.verifier.verify(body, headers)
        except WebhookVerificationError as exc:
            log.warning("webhook rejected: %s", exc)
            self.on_rejected()
            return 401
        message = json.loads(body)
        if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
            return 400
        self.on_message(str(message.get("type", "")), message["data"])
        return 204
