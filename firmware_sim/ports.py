"""Serial ports made of ptys, each under a stable name, as udev's by-id links are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from pathlib import Path

READ_SIZE = 4096


class PortError(RuntimeError):
    """A port that cannot be made; the message says why."""


class Pty:
    """The device's end of a serial line whose other end is found under ``link``."""

    def __init__(self, link: Path, on_bytes: Callable[[bytes], None]) -> None:
        self.link = link
        self.on_bytes = on_bytes
        self._fds: tuple[int, int] | None = None

    @property
    def plugged(self) -> bool:
        return self._fds is not None

    def open(self) -> None:
        if self._fds is not None:
            return
        if self.link.exists() and not self.link.is_symlink():
            raise PortError(f"{self.link} is there and is not a link")
        # Both ends stay open here: without an own slave a reader that closes would hang up the master.
        master, slave = os.openpty()
        tty.setraw(master)
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        self._fds = (master, slave)
        asyncio.get_running_loop().add_reader(master, self._readable, master)

    def close(self) -> None:
        """Unplug: the link goes first, so that nobody opens a dying port."""
        if self._fds is None:
            return
        master, slave = self._fds
        self._fds = None
        self.link.unlink(missing_ok=True)
        asyncio.get_running_loop().remove_reader(master)
        os.close(slave)
        os.close(master)

    def write(self, data: bytes) -> bool:
        """Send; False when unplugged or when nobody has read for so long that the line is full."""
        if self._fds is None:
            return False
        try:
            return os.write(self._fds[0], data) == len(data)
        except (BlockingIOError, OSError):
            return False

    def _readable(self, master: int) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = os.read(master, READ_SIZE)
        if data:
            self.on_bytes(data)
