"""The other side's heartbeat: how long has its counter stood still?"""

from __future__ import annotations


class HeartbeatWatch:
    """Fed with each value read; a first value counts as a change."""

    def __init__(self) -> None:
        self._value: int | None = None
        self._changed_at = 0.0

    def still_s(self, value: int, now: float) -> float:
        """Seconds since the counter last changed."""
        if value != self._value:
            self._value, self._changed_at = value, now
        return now - self._changed_at
