"""The control socket: one JSON request a line, one JSON answer a line."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_LINE = 64 * 1024

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Control:
    """Answers ``{"ok": true, …}`` or ``{"ok": false, "error": text}``."""

    def __init__(self, path: Path, handlers: dict[str, Handler]) -> None:
        self.path, self.handlers = path, handlers
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_socket():
            self.path.unlink()  # left behind by a killed simulator
        self._server = await asyncio.start_unix_server(self._serve, str(self.path), limit=MAX_LINE)
        self.path.chmod(0o600)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                writer.write(json.dumps(self.answer(line), separators=(",", ":")).encode() + b"\n")
                await writer.drain()
        writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
        except ValueError:
            return {"ok": False, "error": "not JSON"}
        what = request.get("do") if isinstance(request, dict) else None
        handler = self.handlers.get(str(what))
        if handler is None:
            return {"ok": False, "error": f"do: one of {', '.join(self.handlers)} is expected"}
        try:
            return {"ok": True, **handler(request)}
        except (ValueError, TypeError, KeyError) as exc:
            return {"ok": False, "error": str(exc)}
