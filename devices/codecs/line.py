"""Bytes of a line scanner -> frames: incremental, bounded, the same for any split of the bytes."""

from __future__ import annotations

STX, ETX, CR, LF = 0x02, 0x03, 0x0D, 0x0A
GS = 0x1D
_PRINTABLE = frozenset([*range(0x20, 0x7F), GS])


class LineFramer:
    """Frames that end with CR, LF or CR LF (``line``), or stand between STX and ETX (``stx-etx``).

    ``garbage`` counts what was dropped: frames with foreign bytes, too long frames, bytes outside STX…ETX.
    """

    def __init__(self, framing: str = "line", max_frame: int = 4096) -> None:
        if framing not in ("line", "stx-etx"):
            raise ValueError(f"unknown framing {framing!r}")
        self.garbage = 0
        self._is_stx = framing == "stx-etx"
        self._max_frame = max_frame
        self._buffer = bytearray()
        self._is_inside = not self._is_stx
        self._is_bad = False  # the frame being read (or the run outside of frames) is already lost

    @property
    def is_partial(self) -> bool:
        """Some bytes wait for their terminator."""
        return bool(self._buffer) or self._is_bad

    def feed(self, data: bytes) -> list[bytes]:
        """Complete frames in ``data`` and what came before it."""
        frames: list[bytes] = []
        step = self._step_stx if self._is_stx else self._step_line
        for byte in data:
            frame = step(byte)
            if frame:
                frames.append(frame)
        return frames

    def flush(self) -> list[bytes]:
        """Ends the frame at a silence (``idle_flush_ms``); between STX and ETX a silence is a lost frame."""
        if self._is_stx:
            self.reset()
            return []
        frame = self._finish()
        return [frame] if frame else []

    def reset(self) -> None:
        """Forgets a partial frame: after a lost line its rest will never come."""
        if self._is_inside and (self._buffer or self._is_bad):
            self.garbage += 1
        self._buffer.clear()
        self._is_bad = False
        self._is_inside = not self._is_stx

    def _step_line(self, byte: int) -> bytes | None:
        if byte in (CR, LF):
            return self._finish()
        self._take(byte)
        return None

    def _step_stx(self, byte: int) -> bytes | None:
        if byte == STX:
            self.reset()
            self._is_inside = True
            return None
        if not self._is_inside:
            self._outside(byte)
            return None
        if byte == ETX:
            frame = self._finish()
            self._is_inside = False
            return frame
        self._take(byte)
        return None

    def _outside(self, byte: int) -> None:
        if byte in (CR, LF):
            self._is_bad = False
        elif not self._is_bad:
            self._is_bad = True
            self.garbage += 1

    def _take(self, byte: int) -> None:
        if byte not in _PRINTABLE or len(self._buffer) >= self._max_frame:
            self._is_bad = True
            self._buffer.clear()
        elif not self._is_bad:
            self._buffer.append(byte)

    def _finish(self) -> bytes | None:
        frame = bytes(self._buffer)
        self._buffer.clear()
        if self._is_bad:
            self._is_bad = False
            self.garbage += 1
            return None
        return frame or None
