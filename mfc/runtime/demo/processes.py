"""The demo's child processes: started apart from the terminal, watched, stopped in order, never orphaned."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# A clean stop takes a second; a process that needs longer is ended.
STOP_TIMEOUT_S = 8.0
# A process that dies again and again is a fault of ours, not of the floor.
MAX_RESTARTS = 20
PR_SET_PDEATHSIG = 1


class ProcessFailedError(Exception):
    """A process cannot be kept alive; the text names its log."""


def _die_with_parent() -> None:
    """In the child: end when the demo is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Process:
    """One child with its log; started again when it dies, until it is stopped."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    ready_line: str = ""
    restarts: int = 0
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the demo."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                list(self.command),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - the demo has no other threads yet
            )

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def wait_for_line(self, line: str, *, timeout_s: float) -> None:
        """Wait until the log shows ``line``; raises ProcessFailedError with the end of the log."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.log.exists() and line in self.log.read_text(errors="replace"):
                return
            if not self.is_running:
                break
            time.sleep(0.05)
        raise ProcessFailedError(f"{self.name} did not start. The end of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def keep_alive(self) -> bool:
        """Start it again when it died; True when that was needed."""
        if self.is_running:
            return False
        self.restarts += 1
        if self.restarts > MAX_RESTARTS:
            raise ProcessFailedError(f"{self.name} keeps dying. The end of {self.log}:\n{self.tail()}")
        self.start()
        return True

    def kill(self) -> None:
        """End it without warning, as a power cut would."""
        if self._child is not None and self.is_running:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self._child is None or not self.is_running:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
