"""The bus on one box: a unix socket, one line of JSON per message. The gateway listens, the WMS connects."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

from devices.bus.inbox import Inbox
from devices.errors import ConfigError
from devices.messages import MAX_MESSAGE_BYTES, Message, encode
from devices.tasks import end_all
from devices.wake import Backoff

log = logging.getLogger("devices.bus")

STOP_S = 1.0

# sun_path holds 104..108 bytes, by system.
MAX_PATH_BYTES = 100
# Unsent bytes after which ``send`` waits for the peer.
HIGH_WATER = 256 * 1024
# The newline, and room to tell "too long" from "just fits".
_LIMIT = MAX_MESSAGE_BYTES + 2


def socket_path(path: str) -> Path:
    """Where the socket of a configured path is, for both ends. A long path gets a short stand-in."""
    full = os.path.abspath(path)  # noqa: PTH100 - must not resolve symlinks: the name is the contract
    if len(os.fsencode(full)) <= MAX_PATH_BYTES:
        return Path(full)
    digest = hashlib.sha256(os.fsencode(full)).hexdigest()[:20]
    return Path(tempfile.gettempdir()) / f"mfc-{digest}.sock"


class _Connected:
    """Reading and writing of the current connection; shared by both ends."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.generation = 0
        self._inbox = Inbox()
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_connected(self) -> bool:
        return self._writer is not None

    async def send(self, message: Message) -> bool:
        return await self.send_line(encode(message))

    async def send_line(self, line: bytes) -> bool:
        writer = self._writer
        if writer is None:
            return False
        try:
            # both parts in one system call, before the first await: order is the order of the calls
            writer.write(line + b"\n")
            await writer.drain()
        except OSError:
            return False
        return writer is self._writer

    def messages(self) -> AsyncIterator[Message]:
        return self._inbox.messages()

    def _adopt(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=HIGH_WATER)
        self._writer = writer
        self.generation += 1
        self.on_change()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the connection ends or is replaced."""
        try:
            while writer is self._writer:
                line = await reader.readline()
                if not line.endswith(b"\n"):
                    return
                await self._inbox.put_line(line[:-1])
        except (OSError, ValueError) as error:
            # ValueError: a line over the limit; what follows it cannot be framed
            log.warning("bus connection dropped: %s", error)
        finally:
            if writer is self._writer:
                self._writer = None
                self.on_change()
            writer.close()

    async def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 0.3)


class LocalGatewayEnd(_Connected):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = socket_path(path)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens; raises ConfigError when another gateway does already."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._refuse_second()
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._accept, self._path, limit=_LIMIT)
        except OSError as error:
            raise ConfigError(f"cannot listen on {self._path}: {error.strerror}") from error
        finally:
            os.umask(mask)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink(missing_ok=True)
        await self._drop()
        self._inbox.close()

    def _refuse_second(self) -> None:
        """A stale socket file of a killed gateway is removed; a living one is not taken over."""
        if not self._path.exists():
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(0.5)
            try:
                probe.connect(str(self._path))
            except OSError:
                self._path.unlink(missing_ok=True)
                return
        raise ConfigError(f"another gateway listens on {self._path}")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            log.info("a newer WMS connection replaces the old one")
            self._writer.close()
        self._adopt(writer)
        await self._read(reader, writer)


class LocalWmsEnd(_Connected):
    def __init__(self, path: str, rng: Random) -> None:
        super().__init__()
        self._path = socket_path(path)
        self._backoff = Backoff(rng, base_s=0.1, most_s=1.0)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="bus wms end")

    async def stop(self) -> None:
        if self._task is not None:
            await end_all([self._task], STOP_S)
            self._task = None
        await self._drop()
        self._inbox.close()

    async def _run(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=_LIMIT)
            except OSError:
                await asyncio.sleep(self._backoff.next_s())
                continue
            self._backoff.reset()
            self._adopt(writer)
            await self._read(reader, writer)
            # a gateway that was replaced by a newer WMS connection must not be fought over
            await asyncio.sleep(self._backoff.next_s())
