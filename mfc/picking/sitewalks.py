"""A walk on the floor of a site: where it begins and may end, by the site's policy, with the shortest beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mfc.inventory.reservations import Source
from mfc.layout import queries as layout
from mfc.layout.models import Location, Site
from mfc.layout.travel import Ground, Spot, way_mm
from mfc.picking.routing import Route, Stop, compare


@dataclass(frozen=True, slots=True)
class SiteWalk:
    """Stops in walking order by the site's policy.

    `lengths_mm` are the walks by every policy, `shortest_mm` is a proven lower bound: a walk as long as that is shortest.
    """

    stops: tuple[Stop, ...]
    length_mm: int
    policy: str
    shortest_mm: int
    lengths_mm: dict[str, int]
    drop: Location | None


@dataclass(slots=True)
class Floor:
    """The ground of a site, read once for one plan."""

    site: Site
    ground: Ground
    where: layout.Lines
    drops: list[Location]
    _known: dict[Spot, Spot] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> Floor:
        """Read it. Raises ``layout_broken``."""
        return cls(site, layout.ground(site), layout.lines(site), layout.drop_places(site))

    @property
    def home(self) -> Spot:
        """Where carts start: at the first belt."""
        return self.where.of(self.drops[0]) if self.drops else Spot(0, 0)

    def spot(self, source: Source) -> Spot:
        """Where the picker stands for a source."""
        spot = self.where.pick_from(
            aisle=source.aisle, x_mm=source.x_mm, y_mm=source.y_mm, level=source.level, floor=source.floor
        )
        return self.reachable(spot)

    def place(self, place: Location) -> Spot:
        """Where the picker stands for a place."""
        spot = self.where.pick_from(
            aisle=place.aisle, x_mm=place.x_mm, y_mm=place.y_mm, level=place.level, floor=place.floor
        )
        return self.reachable(spot)

    def reachable(self, spot: Spot) -> Spot:
        """The spot, or home when no way leads to it.

        A mistake in the layout must not keep goods from customers: people find the place, only its distance is unknown. The
        check of the ways names it.
        """
        if spot not in self._known:
            try:
                way_mm(self.ground, self.home, spot)
                way_mm(self.ground, spot, self.home)
                self._known[spot] = spot
            except ValueError:
                self._known[spot] = Spot(self.home.x_mm, self.home.y_mm, spot.level, self.home.floor)
        return self._known[spot]

    def walk(self, stops: Sequence[Stop]) -> SiteWalk:
        """Order the stops as the site wants it; the walk ends where that makes it shortest."""
        ends = [self.reachable(self.where.of(drop)) for drop in self.drops] or [self.home]
        by_end = [compare(stops, walkway=self.ground, start=self.home, end=end) for end in ends]
        best = {name: min(range(len(ends)), key=lambda at: by_end[at][name].length_mm) for name in by_end[0]}
        policy = self.site.routing_policy if self.site.routing_policy in best else "exact"
        chosen: Route = by_end[best[policy]][policy]
        return SiteWalk(
            stops=chosen.stops,
            length_mm=chosen.length_mm,
            policy=chosen.policy if policy == "exact" else policy,
            shortest_mm=min(one["exact"].lower_mm for one in by_end),
            lengths_mm={name: by_end[at][name].length_mm for name, at in best.items()},
            drop=self.drops[best[policy]] if self.drops else None,
        )
