"""States of batches, pick tasks and put slots."""

from __future__ import annotations

from enum import StrEnum


class BatchState(StrEnum):
    PLANNED = "planned"  # released, waits for a picker
    LOADING = "loading"  # on a cart; totes are being scanned onto it
    PICKING = "picking"  # under way
    PICKED = "picked"  # everything taken or short; the cart goes to the belt
    CLOSED = "closed"  # totes are on the belt, or every order was cancelled; final


_B = BatchState
BATCH_TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    _B.PLANNED: frozenset({_B.LOADING, _B.CLOSED}),  # closed: every order was cancelled
    _B.LOADING: frozenset({_B.PICKING, _B.CLOSED}),
    _B.PICKING: frozenset({_B.PICKED}),
    _B.PICKED: frozenset({_B.PICKING, _B.CLOSED}),  # back to picking: the last pick was undone
    _B.CLOSED: frozenset(),
}
ON_CART = frozenset({_B.LOADING, _B.PICKING, _B.PICKED})


class TaskState(StrEnum):
    OPEN = "open"  # to be taken
    VERIFIED = "verified"  # the right item is in hand; it must go into its tote
    PICKED = "picked"  # in the tote
    SHORT = "short"  # not found, or not fit
    CANCELLED = "cancelled"  # no longer wanted: the order was called off or the task was replaced; final


_T = TaskState
TASK_TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    _T.OPEN: frozenset({_T.VERIFIED, _T.SHORT, _T.CANCELLED}),
    _T.VERIFIED: frozenset({_T.PICKED, _T.OPEN, _T.SHORT, _T.CANCELLED}),
    _T.PICKED: frozenset({_T.OPEN}),  # undo
    _T.SHORT: frozenset({_T.OPEN}),  # undo
    _T.CANCELLED: frozenset(),
}
TODO = frozenset({_T.OPEN, _T.VERIFIED})


class AskState(StrEnum):
    ASKED = "asked"  # the customer may choose until the deadline
    ACCEPTED = "accepted"  # a substitute was chosen; final
    DECLINED = "declined"  # the customer wants none; final
    TIMED_OUT = "timed_out"  # no answer until the deadline: none; final
    WITHDRAWN = "withdrawn"  # not waited for, or no longer needed; final


_A = AskState
ASK_TRANSITIONS: dict[AskState, frozenset[AskState]] = {
    _A.ASKED: frozenset({_A.ACCEPTED, _A.DECLINED, _A.TIMED_OUT, _A.WITHDRAWN}),
    _A.ACCEPTED: frozenset(),
    _A.DECLINED: frozenset(),
    _A.TIMED_OUT: frozenset(),
    _A.WITHDRAWN: frozenset(),
}


class PutBackState(StrEnum):
    OPEN = "open"  # lies in a tote of a cancelled order
    DONE = "done"  # back on a shelf; final


_P = PutBackState
PUT_BACK_TRANSITIONS: dict[PutBackState, frozenset[PutBackState]] = {
    _P.OPEN: frozenset({_P.DONE}),
    _P.DONE: frozenset(),
}


class SlotState(StrEnum):
    IDLE = "idle"  # free
    ASSIGNED = "assigned"  # kept for an order that is being picked
    BINDING = "binding"  # an empty tote is wanted here
    FILLING = "filling"  # its tote takes what is sorted
    COMPLETE = "complete"  # nothing more comes: the tote is to be closed
    SEALED = "sealed"  # closed, the totes go onto the belt
    RETIRED = "retired"  # taken off the wall; final


_W = SlotState
SLOT_TRANSITIONS: dict[SlotState, frozenset[SlotState]] = {
    _W.IDLE: frozenset({_W.ASSIGNED, _W.RETIRED}),
    _W.ASSIGNED: frozenset({_W.BINDING, _W.IDLE}),  # idle: nothing came, or the order was called off
    _W.BINDING: frozenset({_W.FILLING, _W.ASSIGNED, _W.COMPLETE, _W.IDLE}),  # assigned: put down again
    _W.FILLING: frozenset(
        {_W.BINDING, _W.COMPLETE, _W.IDLE}
    ),  # binding: the tote is full, another one is wanted
    _W.COMPLETE: frozenset({_W.FILLING, _W.BINDING, _W.SEALED}),  # back: the last put was undone
    _W.SEALED: frozenset({_W.IDLE}),
    _W.RETIRED: frozenset(),
}
