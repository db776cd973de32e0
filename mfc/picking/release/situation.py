"""What a release decision looks at, and what it can say. Pure; all times are seconds on one axis, lengths millimetres."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from mfc.layout.travel import Spot
from mfc.picking.batching import OpenOrder


@dataclass(frozen=True, slots=True)
class Visit:
    """A place still to be walked to; ``lines`` pick lines of ``order_id`` are taken there."""

    spot: Spot
    order_id: Hashable
    lines: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A batch that is being picked. ``visits`` are those the picker has not set out for, in walking order.

    ``stands_at`` is where the picker is, or the place of the visit under way; ``free_s`` when that visit ends.
    ``due_s`` is the earliest deadline of its orders that can still be met; None when none can.
    """

    key: Hashable
    free_positions: int
    stands_at: Spot
    free_s: float
    visits: tuple[Visit, ...]
    ends_s: float
    due_s: float | None
    weight_left_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that is known at ``now_s``. ``arrivals_per_s`` is what is expected to come, per second."""

    now_s: float
    waiting: tuple[OpenOrder, ...]
    idle: int
    walks: tuple[Walk, ...] = ()
    arrivals_per_s: float = 0.0
    room: int | None = None  # orders that pack benches and lanes can still take; None: no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Start a batch of these orders now."""

    order_ids: tuple[Hashable, ...]
    length_mm: int
    duration_s: float
    why_now: str
    why_these: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Take an order along on a walk that is under way: its visits after the one under way become ``visits``."""

    order_id: Hashable
    walk: Hashable
    visits: tuple[Visit, ...]
    added_s: float
    why_now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing now; look again at ``until_s`` at the latest, or when something happens."""

    until_s: float | None
    why: str


Decision = Go | Join | Wait
