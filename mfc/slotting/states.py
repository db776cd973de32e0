"""States of planning runs and of the moves they propose."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    QUEUED = "queued"  # waits for the worker
    RUNNING = "running"  # the search goes on; a stop keeps the best so far
    READY = "ready"  # the result is there; somebody decides
    APPROVED = "approved"  # its moves are tasks now, or its range is agreed
    FINISHED = "finished"  # every move is done or dropped; final
    DISCARDED = "discarded"  # nobody wanted it; final
    FAILED = "failed"  # it could not be worked out; final


_R = RunState
RUN_TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    _R.QUEUED: frozenset({_R.RUNNING, _R.DISCARDED, _R.FAILED}),
    _R.RUNNING: frozenset({_R.READY, _R.FAILED}),
    _R.READY: frozenset({_R.APPROVED, _R.DISCARDED}),
    _R.APPROVED: frozenset({_R.FINISHED}),
    _R.FINISHED: frozenset(),
    _R.DISCARDED: frozenset(),
    _R.FAILED: frozenset(),
}
WORKING = frozenset({_R.QUEUED, _R.RUNNING})


class MoveState(StrEnum):
    PROPOSED = "proposed"  # part of a plan that nobody has approved yet
    OPEN = "open"  # to be done in quiet hours, after those before it in its chain
    DONE = "done"  # the stock lies in the new slot; final
    DROPPED = "dropped"  # taken out of the plan, or no longer possible; final


_M = MoveState
MOVE_TRANSITIONS: dict[MoveState, frozenset[MoveState]] = {
    _M.PROPOSED: frozenset({_M.OPEN, _M.DROPPED}),
    _M.OPEN: frozenset({_M.DONE, _M.DROPPED}),
    _M.DONE: frozenset(),
    _M.DROPPED: frozenset(),
}
