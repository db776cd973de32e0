"""One TCP connection with lines (the line link of docs/reference/mqtt.md): we connect, the device listens."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

from devices.errors import ConfigError, LinkDownError

# Keeps a dead peer from looking alive for hours.
KEEPALIVE_IDLE_S = 5


class LineLink:
    """Lines in by ``receive``, lines out by ``write``; any loss or overlong line is a LinkDownError."""

    def __init__(self, url: str, *, max_line: int, connect_timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme != "tcp" or not parts.hostname or not parts.port:
            raise ConfigError(f"line link: expected tcp://host:port, got {url!r}")
        self._host, self._port = parts.hostname, parts.port
        self._name = f"{parts.hostname}:{parts.port}"
        self._max_line = max_line
        self._connect_timeout_s = connect_timeout_s
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        connecting = asyncio.open_connection(self._host, self._port, limit=self._max_line)
        try:
            reader, writer = await asyncio.wait_for(connecting, self._connect_timeout_s)
        except (OSError, TimeoutError) as error:
            raise LinkDownError(f"cannot connect to {self._name}: {str(error) or 'no answer'}") from error
        self._reader, self._writer = reader, writer
        _keep_alive(writer)

    async def receive(self) -> bytes:
        """Next line without its newline."""
        assert self._reader is not None
        try:
            line = await self._reader.readline()
        except (OSError, ValueError) as error:
            raise LinkDownError(f"{self._name}: {error}") from error
        if not line.endswith(b"\n"):
            raise LinkDownError(f"{self._name}: connection closed")
        return line.rstrip(b"\r\n")

    def write(self, line: bytes) -> None:
        """Queues a line that ends with its newline."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(line)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._writer.wait_closed(), 0.3)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    handle: socket.socket = writer.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", KEEPALIVE_IDLE_S), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
