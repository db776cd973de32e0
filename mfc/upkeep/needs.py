"""How much a bin wants and how much is brought: pure arithmetic of replenishment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A bin that may be replenished. Quantities in eaches; ``coming_qty`` is on its way; None: no limit was set."""

    on_hand: int
    coming_qty: int
    min_qty: int | None
    max_qty: int | None

    @property
    def room(self) -> int | None:
        """What still fits; None when no maximum is known."""
        return None if self.max_qty is None else max(self.max_qty - self.on_hand - self.coming_qty, 0)


def urgent_qty(*, needed: int, free_in_bins: int, coming_qty: int) -> int:
    """What orders need soon and no bin has free."""
    return max(needed - free_in_bins - coming_qty, 0)


def routine_qty(slot: Slot) -> int:
    """What fills a slot that is at or below its minimum; nothing without limits."""
    if slot.min_qty is None or slot.room is None or slot.on_hand + slot.coming_qty > slot.min_qty:
        return 0
    return slot.room


def in_packs(qty: int, *, pack: int, room: int | None, available: int) -> int:
    """Whole packs for a wanted quantity: rounded up while they fit and are there, else as many as fit.

    Less than one pack is brought in eaches: an open case is better than an empty bin.
    """
    limit = available if room is None else min(room, available)
    if limit <= 0 or qty <= 0:
        return 0
    up = -(-qty // pack) * pack
    if up <= limit:
        return up
    down = limit // pack * pack
    return down if down >= qty else min(max(qty, down), limit)
