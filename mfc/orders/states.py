"""States of an order and what may follow what."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    ACCEPTED = "accepted"  # promised, waiting for release
    RELEASED = "released"  # hard reserved, in a planned batch
    PICKING = "picking"  # its cart is under way
    PICKED = "picked"  # its tote is on the belt
    PACKED = "packed"  # weighed and sealed
    READY = "ready"  # staged, offered to dispatch
    HANDED_OVER = "handed_over"  # left with the carrier; final
    CANCELLED = "cancelled"  # called off before a tote was sealed; final
    UNFILLED = "unfilled"  # every line short, nothing to send; final


_S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    _S.ACCEPTED: frozenset({_S.RELEASED, _S.CANCELLED, _S.UNFILLED}),
    _S.RELEASED: frozenset({_S.PICKING, _S.CANCELLED, _S.ACCEPTED}),
    _S.PICKING: frozenset({_S.PICKED, _S.UNFILLED, _S.CANCELLED}),
    _S.PICKED: frozenset({_S.PACKED, _S.UNFILLED, _S.CANCELLED}),
    _S.PACKED: frozenset({_S.READY, _S.PICKED}),  # back: a parcel was opened again
    _S.READY: frozenset({_S.HANDED_OVER, _S.PICKED}),
    _S.HANDED_OVER: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.UNFILLED: frozenset(),
}
# Every tote is sealed; an opened one brings the order back to ``picked``.
PAST_PACKED = frozenset({_S.PACKED, _S.READY})
FINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)
OPEN = frozenset(OrderState) - FINAL
# Until a tote is sealed; what is under way then is undone.
CANCELLABLE = frozenset(
    state for state, following in TRANSITIONS.items() if OrderState.CANCELLED in following
)
