"""States of replenishments and counts."""

from __future__ import annotations

from enum import StrEnum


class ReplenishState(StrEnum):
    OPEN = "open"  # somebody should bring it
    DONE = "done"  # brought, or as much of it as was there; final
    CANCELLED = "cancelled"  # no longer needed; final


_R = ReplenishState
REPLENISH_TRANSITIONS: dict[ReplenishState, frozenset[ReplenishState]] = {
    _R.OPEN: frozenset({_R.DONE, _R.CANCELLED}),
    _R.DONE: frozenset(),
    _R.CANCELLED: frozenset(),
}


class CountState(StrEnum):
    OPEN = "open"  # the place waits to be counted
    COUNTING = "counting"  # somebody counts
    RECOUNT = "recount"  # differs by more than the tolerance: to be counted again
    RECOUNTING = "recounting"  # somebody counts it again
    REVIEW = "review"  # counted twice, and the difference is large: a manager decides
    CLOSED = "closed"  # right, or corrected; final
    REJECTED = "rejected"  # a manager did not believe it: nothing was corrected; final


_C = CountState
COUNT_TRANSITIONS: dict[CountState, frozenset[CountState]] = {
    _C.OPEN: frozenset({_C.COUNTING, _C.REJECTED}),
    _C.COUNTING: frozenset({_C.OPEN, _C.RECOUNT, _C.CLOSED}),
    _C.RECOUNT: frozenset({_C.RECOUNTING, _C.REJECTED}),
    _C.RECOUNTING: frozenset({_C.RECOUNT, _C.REVIEW, _C.CLOSED}),
    _C.REVIEW: frozenset({_C.CLOSED, _C.REJECTED, _C.RECOUNT}),
    _C.CLOSED: frozenset(),
    _C.REJECTED: frozenset(),
}
WAITING = frozenset({_C.OPEN, _C.RECOUNT})
UNDER_WAY = frozenset({_C.COUNTING, _C.RECOUNTING})
COUNT_OPEN = frozenset(_C) - {_C.CLOSED, _C.REJECTED}
