"""From which of equally allowed places the lines of a batch are taken, with the walk in mind.

First expired, first out, bins before reserve, and what may be sold at all are decided before (see `reservations.choose`) and
stay: a quantity only moves between places of one SKU with the same last day and the same kind. Of those the choice with the
shortest walk is taken, when the metres save more time than the stops that it adds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mfc.inventory.reservations import Source, Taken
from mfc.layout.travel import Walkway, walk_s
from mfc.picking.routing import plan, scattered
from mfc.picking.routing.grid import Terminal
from mfc.picking.routing.onblocks import grid_of, is_on_blocks
from mfc.picking.routing.visits import Stop
from mfc.picking.sitewalks import Floor

# Beyond this a batch is taken as first chosen: the search is for carts.
MAX_SOURCES = 400
# The same while the search runs as plain Python (numba is missing, or has not compiled yet): some tenths of a second.
MAX_SOURCES_PLAIN = 40
# Partial walks looked at: a release must not wait.
PATIENCE = 20_000
REASON = "on the way"

# SKU, last day, whether from reserve, carry rank: places that differ in none of them are equally good for a line.
Tier = tuple[int, date | None, bool, int]


@dataclass(frozen=True, slots=True)
class Pace:
    """What a metre and a stop cost."""

    speed_mm_s: int
    stop_s: float


def shorten(
    floor: Floor,
    taken: Sequence[Taken],
    available: Mapping[int, Sequence[Source]],
    *,
    ranks: Mapping[int, int],
    pace: Pace,
) -> list[Taken]:
    """The same quantities for the same lines, from places with a shorter walk; the given choice when there is none.

    ``available`` is what is free by SKU, ``ranks`` the carry rank by order line. Equal input gives equal output.
    """
    tiers = _tiers(taken, ranks)
    options = {tier: _equals(tier, available.get(tier[0], ())) for tier in tiers}
    everything = [source for tier in tiers for source in options[tier]]
    has_choice = any(
        len(options[tier]) > len({one.source.balance_id for one in tiers[tier]}) for tier in tiers
    )
    spots = {source.balance_id: floor.spot(source) for source in everything}
    on_blocks = isinstance(floor.ground, Walkway) and is_on_blocks(
        floor.ground, list(spots.values()), [floor.home]
    )
    most = MAX_SOURCES if scattered.is_warm() else MAX_SOURCES_PLAIN
    if not has_choice or not on_blocks or len(everything) > most:
        return list(taken)
    better: list[Taken] = []
    for rank in sorted({tier[3] for tier in tiers}):
        own = {tier: items for tier, items in tiers.items() if tier[3] == rank}
        better += _choose(floor, own, options)
    if _seconds(floor, better, ranks, pace) < _seconds(floor, taken, ranks, pace):
        return better
    return list(taken)


def _tiers(taken: Sequence[Taken], ranks: Mapping[int, int]) -> dict[Tier, list[Taken]]:
    found: dict[Tier, list[Taken]] = defaultdict(list)
    for item in taken:
        source = item.source
        rank = ranks[item.need.order_line_id]
        found[item.need.sku_id, source.expires_on, source.is_reserve, rank].append(item)
    return dict(found)


def _equals(tier: Tier, sources: Sequence[Source]) -> list[Source]:
    """The places of a tier, the first chosen ones among them."""
    _, expires_on, is_reserve, _ = tier
    return [one for one in sources if one.expires_on == expires_on and one.is_reserve == is_reserve]


def _choose(
    floor: Floor, tiers: Mapping[Tier, list[Taken]], options: Mapping[Tier, list[Source]]
) -> list[Taken]:
    """One carry rank: its own round walk, exactly."""
    assert isinstance(floor.ground, Walkway), "plain blocks only"
    ordered = [(tier, source) for tier in tiers for source in options[tier]]
    spots = [floor.spot(source) for _, source in ordered]
    places = tuple(sorted({(spot.x_mm, spot.y_mm) for spot in spots}))
    grid, columns, cells = grid_of(floor.ground, places, (floor.home.x_mm, floor.home.x_mm))
    found = scattered.choose(
        grid,
        [
            scattered.Source(cells[spot.x_mm, spot.y_mm], tier, source.free)
            for (tier, source), spot in zip(ordered, spots, strict=True)
        ],
        {tier: sum(item.qty for item in items) for tier, items in tiers.items()},
        Terminal(columns[floor.home.x_mm], 0, floor.ground.front_y_mm - floor.home.y_mm),
        patience=PATIENCE,
    )
    left: dict[Tier, list[tuple[Source, int]]] = defaultdict(list)
    for index, qty in found.takes:
        tier, source = ordered[index]
        left[tier].append((source, qty))
    return [item for tier, items in tiers.items() for item in _hand_out(items, left[tier])]


def _hand_out(items: Sequence[Taken], places: list[tuple[Source, int]]) -> list[Taken]:
    """Give each line its quantity, from one place where one has enough; what stays as it was keeps its reason."""
    wanted: dict[int, int] = defaultdict(int)
    first: dict[int, Taken] = {}
    before = {(item.need.order_line_id, item.source.balance_id) for item in items}
    for item in items:
        wanted[item.need.order_line_id] += item.qty
        first.setdefault(item.need.order_line_id, item)
    answer = []
    for line_id, qty in sorted(wanted.items(), key=lambda one: (-one[1], one[0])):
        missing = qty
        while missing:
            # The smallest rest that covers the line, or else the largest.
            at = min(
                range(len(places)), key=lambda n: (places[n][1] < missing, abs(places[n][1] - missing), n)
            )
            source, there = places[at]
            take = min(there, missing)
            missing -= take
            places[at : at + 1] = [(source, there - take)] if there > take else []
            item = first[line_id]
            same = (line_id, source.balance_id) in before
            reason = item.reason if same else f"{item.reason}, {REASON}"
            answer.append(replace(item, source=source, qty=take, reason=reason))
    return answer


def _seconds(floor: Floor, taken: Sequence[Taken], ranks: Mapping[int, int], pace: Pace) -> float:
    """Walking and stops of a choice; putting takes the same wherever the goods come from."""
    stops: dict[Hashable, Stop] = {}
    for item in taken:
        key = (item.source.location_id, item.need.sku_id, item.source.lot_id)
        stops[key] = Stop(key, floor.spot(item.source), ranks[item.need.order_line_id])
    route = plan(list(stops.values()), walkway=floor.ground, start=floor.home, end=floor.home)
    return walk_s(route.length_mm, speed_mm_s=pace.speed_mm_s) + len(stops) * pace.stop_s
