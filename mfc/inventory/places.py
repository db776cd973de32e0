"""Where a quantity can be: a location or a container; bins and reserve places hold stock that may be promised."""

from __future__ import annotations

from dataclasses import dataclass

from mfc.inventory.models import Balance
from mfc.layout.models import SELLABLE_KINDS, Location


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Exactly one of the two ids is set (the other is 0). Whether stock in a ``sellable`` place may be promised depends

    on lot and holds too: the ledger decides under its locks (see ``inventory.grading``).
    """

    location_id: int = 0
    container_id: int = 0
    sellable: bool = False


def at_location(location: Location) -> Place:
    """The place of a location."""
    return Place(location_id=location.pk, sellable=location.kind in SELLABLE_KINDS)


def of_balance(balance: Balance) -> Place:
    """The place where a balance lies. Reads the location's kind only for stock on hold or outside the shelves."""
    if balance.location_id is None:
        return Place(container_id=balance.container_id or 0)
    if balance.pickable:
        return Place(location_id=balance.location_id, sellable=True)
    assert balance.location is not None
    return at_location(balance.location)


def in_container(container_id: int) -> Place:
    """The place inside a container."""
    return Place(container_id=container_id)
