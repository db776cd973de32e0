"""States of a shipment."""

from __future__ import annotations

from enum import StrEnum


class ShipmentState(StrEnum):
    SEALED = "sealed"  # parcels are on the belt to their lane
    READY = "ready"  # all parcels stand in the lane; offered to dispatch
    CLAIMED = "claimed"  # somebody will collect it
    WITHDRAWN = "withdrawn"  # every parcel was opened again; goes on when one is sealed
    HANDED_OVER = "handed_over"  # left the site, every SSCC scanned; final


_S = ShipmentState
TRANSITIONS: dict[ShipmentState, frozenset[ShipmentState]] = {
    _S.SEALED: frozenset({_S.READY, _S.WITHDRAWN}),
    _S.READY: frozenset({_S.CLAIMED, _S.HANDED_OVER, _S.SEALED, _S.WITHDRAWN}),
    _S.CLAIMED: frozenset({_S.HANDED_OVER, _S.READY, _S.SEALED, _S.WITHDRAWN}),
    _S.WITHDRAWN: frozenset({_S.SEALED}),
    _S.HANDED_OVER: frozenset(),
}
IN_LANE = frozenset({_S.SEALED, _S.READY, _S.CLAIMED})
COLLECTABLE = frozenset({_S.READY, _S.CLAIMED})
