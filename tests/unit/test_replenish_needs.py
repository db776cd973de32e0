"""The arithmetic of replenishment: what is missing, what fits, and whole packs."""

from __future__ import annotations

import pytest

from mfc.upkeep.needs import Slot, in_packs, routine_qty, urgent_qty


@pytest.mark.parametrize(
    ("needed", "free", "coming", "missing"), [(10, 4, 0, 6), (10, 4, 6, 0), (4, 10, 0, 0), (10, 0, 3, 7)]
)
def test_urgent_is_what_no_bin_has_and_nobody_brings(
    needed: int, free: int, coming: int, missing: int
) -> None:
    assert urgent_qty(needed=needed, free_in_bins=free, coming_qty=coming) == missing


@pytest.mark.parametrize(
    ("on_hand", "coming", "low", "high", "wanted"),
    [
        (2, 0, 2, 20, 18),
        (3, 0, 2, 20, 0),
        (0, 3, 2, 20, 0),
        (0, 0, None, 20, 0),
        (0, 0, 2, None, 0),
        (0, 2, 2, 20, 18),
    ],
)
def test_a_slot_is_filled_once_it_is_at_its_minimum(
    on_hand: int, coming: int, low: int | None, high: int | None, wanted: int
) -> None:
    assert routine_qty(Slot(on_hand=on_hand, coming_qty=coming, min_qty=low, max_qty=high)) == wanted


@pytest.mark.parametrize(
    ("qty", "pack", "room", "available", "brought"),
    [
        (18, 12, 18, 100, 18),  # two cases do not fit, one is too little: singles fill up
        (12, 12, 18, 100, 12),
        (5, 12, None, 100, 12),  # rounded up while it fits
        (5, 12, 10, 100, 5),
        (30, 12, None, 25, 25),
        (30, 12, None, 24, 24),
        (3, 1, 2, 9, 2),
        (0, 12, None, 9, 0),
        (5, 12, None, 0, 0),
    ],
)
def test_whole_packs_as_far_as_they_fit(
    qty: int, pack: int, room: int | None, available: int, brought: int
) -> None:
    assert in_packs(qty, pack=pack, room=room, available=available) == brought
