"""What must be undone when an order under way is cancelled: higher apps register their part, lowest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mfc.core.actors import Actor

# (order, actor); the order's row is locked and already cancelled.
Part = Callable[[Any, Actor], None]
_parts: list[Part] = []


def register(part: Part) -> None:
    """Have ``part`` run inside every cancellation of a released order."""
    if part not in _parts:
        _parts.append(part)


def run(order: Any, actor: Actor) -> None:
    """Undo what every app has under way for the order. A refusal of one part refuses the cancellation."""
    for part in _parts:
        part(order, actor)
