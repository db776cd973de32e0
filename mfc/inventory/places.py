"""Where a quantity can be: a location or a container; bins and reserve places hold stock that may be promised."""

from __future__ import annotations

from dataclasses import dataclass

from mfc.layout.models import SELLABLE_KINDS, Location


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Exactly one of the two ids is set (the other is 0)."""

    location_id: int = 0
    container_id: int = 0
    pickable: bool = False


def at_location(location: Location) -> Place:
    """The place of a location."""
    return Place(location_id=location.pk, pickable=location.kind in SELLABLE_KINDS)


def in_container(container_id: int) -> Place:
    """The place inside a container."""
    return Place(container_id=container_id)
