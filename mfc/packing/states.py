"""States of a tote between the cart and the dispatch lane."""

from __future__ import annotations

from enum import StrEnum


class PackState(StrEnum):
    ARRIVING = "arriving"  # on the belt, due at a pack bench
    AT_BENCH = "at_bench"  # scanned at a bench, to be weighed
    WEIGHED = "weighed"  # weight accepted, label printed
    SEALED = "sealed"  # closed and labelled; dispatch goes on, unless it is opened again
    REJECTED = "rejected"  # weight refused, due at the hospital
    COUNTING = "counting"  # being counted at the hospital
    FIXING = "fixing"  # counted; differences are being mended
    PUT_BACK = "put_back"  # its order was cancelled: the content goes back to the shelves; final
    EMPTIED = "emptied"  # nothing left to send; final


_P = PackState
TRANSITIONS: dict[PackState, frozenset[PackState]] = {
    _P.ARRIVING: frozenset({_P.AT_BENCH, _P.REJECTED, _P.COUNTING, _P.PUT_BACK}),
    _P.AT_BENCH: frozenset({_P.WEIGHED, _P.REJECTED, _P.ARRIVING, _P.PUT_BACK}),
    _P.WEIGHED: frozenset({_P.SEALED, _P.REJECTED, _P.PUT_BACK}),
    _P.SEALED: frozenset({_P.REJECTED}),
    _P.REJECTED: frozenset({_P.COUNTING, _P.PUT_BACK}),
    _P.COUNTING: frozenset({_P.ARRIVING, _P.FIXING, _P.EMPTIED, _P.PUT_BACK}),
    _P.FIXING: frozenset({_P.ARRIVING, _P.EMPTIED, _P.PUT_BACK}),
    _P.PUT_BACK: frozenset(),
    _P.EMPTIED: frozenset(),
}
AT_PACK_BENCH = frozenset({_P.AT_BENCH, _P.WEIGHED})
IN_HOSPITAL = frozenset({_P.COUNTING, _P.FIXING})
# Nothing more is to be done for the shipment, as things stand.
ENDED = frozenset({_P.SEALED, _P.EMPTIED, _P.PUT_BACK})
