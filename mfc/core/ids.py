"""One factory of outside ids: time-ordered UUIDs (RFC 9562, version 7), replaceable for replays."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable


def _uuid7() -> uuid.UUID:
    """48 bits of Unix milliseconds, version and variant, 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


_factory: Callable[[], uuid.UUID] = _uuid7


def new() -> uuid.UUID:
    """A fresh id."""
    return _factory()


def install(factory: Callable[[], uuid.UUID]) -> None:
    """Replace the factory, so that a replay gives the same ids."""
    global _factory
    _factory = factory
