"""States of batches and pick tasks."""

from __future__ import annotations

from enum import StrEnum


class BatchState(StrEnum):
    PLANNED = "planned"  # released, waits for a picker
    LOADING = "loading"  # on a cart; totes are being scanned onto it
    PICKING = "picking"  # under way
    PICKED = "picked"  # everything taken or short; the cart goes to the belt
    CLOSED = "closed"  # totes are on the belt; final


_B = BatchState
BATCH_TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    _B.PLANNED: frozenset({_B.LOADING}),
    _B.LOADING: frozenset({_B.PICKING}),
    _B.PICKING: frozenset({_B.PICKED}),
    _B.PICKED: frozenset({_B.PICKING, _B.CLOSED}),  # back to picking: the last pick was undone
    _B.CLOSED: frozenset(),
}
ON_CART = frozenset({_B.LOADING, _B.PICKING, _B.PICKED})


class TaskState(StrEnum):
    OPEN = "open"  # to be taken
    VERIFIED = "verified"  # the right item is in hand; it must go into its tote
    PICKED = "picked"  # in the tote
    SHORT = "short"  # not found


_T = TaskState
TASK_TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    _T.OPEN: frozenset({_T.VERIFIED, _T.SHORT}),
    _T.VERIFIED: frozenset({_T.PICKED, _T.OPEN, _T.SHORT}),
    _T.PICKED: frozenset({_T.OPEN}),  # undo
    _T.SHORT: frozenset(),
}
TODO = frozenset({_T.OPEN, _T.VERIFIED})
