"""States of a receipt."""

from __future__ import annotations

from enum import StrEnum


class ReceiptState(StrEnum):
    ANNOUNCED = "announced"  # the goods are on their way
    RECEIVING = "receiving"  # something of it has arrived; more may come
    CLOSED = "closed"  # nothing more is expected; final
    CANCELLED = "cancelled"  # called off before anything arrived; final


_R = ReceiptState
TRANSITIONS: dict[ReceiptState, frozenset[ReceiptState]] = {
    _R.ANNOUNCED: frozenset({_R.RECEIVING, _R.CLOSED, _R.CANCELLED}),
    _R.RECEIVING: frozenset({_R.CLOSED}),
    _R.CLOSED: frozenset(),
    _R.CANCELLED: frozenset(),
}
OPEN = frozenset({_R.ANNOUNCED, _R.RECEIVING})
