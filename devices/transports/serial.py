"""One open serial line (pyserial, in a thread): local ports, socket://, rfc2217://, hwgrep://."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable

import serial

from devices.errors import LinkDownError
from devices.settings import ScannerSettings
from devices.transports.threads import in_thread

# One chunk is at most this long; a scanner sends some hundred bytes at a time.
MAX_CHUNK = 4096
# Chunks between the thread and the driver; beyond that the thread stops reading and the kernel buffers.
MAX_CHUNKS = 256
# Verdicts that wait to be written; a reader that takes none is not waited for.
MAX_WRITES = 8
# The reader thread looks this often whether it should end, and whether the name still means the same port.
READ_TIMEOUT_S = 0.2
WRITE_TIMEOUT_S = 1.0


class SerialLink:
    """Bytes in by ``receive``, bytes out by ``write``; any loss is a LinkDownError from ``receive``."""

    def __init__(self, port: serial.SerialBase, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._name = name
        self._loop = loop
        self._is_closing = False
        self._chunks: asyncio.Queue[bytes | LinkDownError] = asyncio.Queue()
        self._room = threading.Semaphore(MAX_CHUNKS)
        self._writes: queue.Queue[bytes | None] = queue.Queue(MAX_WRITES)
        self._threads = [
            threading.Thread(target=self._read_all, daemon=True, name=f"read {name}"),
            threading.Thread(target=self._write_all, daemon=True, name=f"write {name}"),
        ]
        for thread in self._threads:
            thread.start()

    @classmethod
    async def open(cls, name: str, settings: ScannerSettings) -> SerialLink:
        """Opens exclusively; raises LinkDownError when the port is not there or belongs to somebody else."""

        def blocking() -> serial.SerialBase:
            return serial.serial_for_url(
                name,
                baudrate=settings.baud,
                bytesize=settings.bytesize,
                parity=settings.parity,
                stopbits=settings.stopbits,
                timeout=READ_TIMEOUT_S,
                write_timeout=WRITE_TIMEOUT_S,
                exclusive=True,
            )

        try:
            port = await in_thread(blocking, discard=_close_quietly)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkDownError(f"cannot open {name}: {error}") from error
        return cls(port, name, asyncio.get_running_loop())

    async def receive(self) -> bytes:
        """Next bytes as they came. May be cancelled; nothing is lost."""
        chunk = await self._chunks.get()
        if isinstance(chunk, LinkDownError):
            self._chunks.put_nowait(chunk)  # every later call fails the same way
            raise chunk
        self._room.release()
        return chunk

    def write(self, data: bytes) -> bool:
        """Queues bytes for the device; False when it takes none."""
        try:
            self._writes.put_nowait(data)
        except queue.Full:
            return False
        return True

    async def close(self) -> None:
        self._is_closing = True
        # when it is full, the writer sees the flag after its current write
        with contextlib.suppress(queue.Full):
            self._writes.put_nowait(None)
        cancel = getattr(self._port, "cancel_read", None)
        if cancel is not None:
            _quietly(cancel)
        await in_thread(self._join_and_close)

    def _join_and_close(self) -> None:
        for thread in self._threads:
            thread.join(timeout=2 * READ_TIMEOUT_S)
        _close_quietly(self._port)

    def _read_all(self) -> None:
        reason = "closed"
        try:
            while not self._is_closing:
                chunk = self._read_chunk()
                if chunk:
                    while not self._room.acquire(timeout=READ_TIMEOUT_S):
                        if self._is_closing:
                            return
                    self._tell(chunk)
                elif not self._is_same_port():
                    reason = "the port was unplugged"
                    break
        except (serial.SerialException, OSError, TypeError) as error:
            # TypeError: pyserial's answer to a port closed under a read
            reason = str(error)
        self._tell(LinkDownError(f"{self._name}: {reason}"))

    def _read_chunk(self) -> bytes:
        """Waits for one byte, then takes what is there: no added latency, few wake-ups."""
        chunk = bytearray(self._port.read(1))
        while chunk and len(chunk) < MAX_CHUNK:
            waiting = self._port.in_waiting  # type: ignore[attr-defined]
            if not waiting:
                break
            chunk += self._port.read(min(waiting, MAX_CHUNK - len(chunk)))
        return bytes(chunk)

    def _is_same_port(self) -> bool:
        """False when the name is gone or points to another device: a hang-up the kernel did not report."""
        handle = getattr(self._port, "fd", None)
        if handle is None or "://" in self._name:
            return True
        try:
            return os.stat(self._name).st_rdev == os.fstat(handle).st_rdev  # noqa: PTH116 - both by the same call
        except OSError:
            return False

    def _write_all(self) -> None:
        while not self._is_closing:
            data = self._writes.get()
            if data is None:
                return
            try:
                self._port.write(data)
            except (serial.SerialException, OSError) as error:
                if not isinstance(error, serial.SerialTimeoutException):
                    self._tell(LinkDownError(f"{self._name}: {error}"))
                    return

    def _tell(self, item: bytes | LinkDownError) -> None:
        try:
            self._loop.call_soon_threadsafe(self._chunks.put_nowait, item)
        except RuntimeError:
            self._is_closing = True  # the loop is closed: nobody listens any more


def _close_quietly(port: serial.SerialBase) -> None:
    _quietly(port.close)


def _quietly(call: Callable[[], object]) -> None:
    try:
        call()
    except (serial.SerialException, OSError, AttributeError):
        return
