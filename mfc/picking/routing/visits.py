"""The order of the stops of one walk: by a named policy or the shortest, with what is proven about it. Pure.

Stops with a higher carry rank come later (ambient before chilled before frozen, so that cold goods are out of the cold for
the shortest time); inside one rank the way decides. On plain blocks one rank is ordered exactly (see `exact`); several ranks
and other layouts are exact for few places and searched, with a bound, for more (see `tours`).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from mfc.layout.travel import FAR_MM, Ground, Spot, UnreachableError, Walkway, distance_mm, way_mm
from mfc.picking.routing import tours
from mfc.picking.routing.onblocks import is_on_blocks, shortest
from mfc.picking.routing.policies import POLICIES, OrderRule, largest_gap, return_policy, s_shape
from mfc.picking.routing.tours import EXACT_PLACES

__all__ = [
    "BEST", "EXACT", "EXACT_PLACES", "MAX_STOPS", "POLICIES", "OrderRule", "Route", "Stop", "compare", "largest_gap",
    "plan", "return_policy", "s_shape",
]  # fmt: skip

# A walk longer than this is a mistake of the caller, not a cart.
MAX_STOPS = 500
# Names beside those of the policies: proven shortest, shortest found by search, whatever is shortest.
EXACT, SEARCHED, BEST = "exact", "searched", "best"


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to do on a walk. `rank` is the carry rank: 0 ambient, 1 chilled, 2 frozen."""

    key: Hashable
    spot: Spot
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Stops in walking order, the length from start to end, and the policy that found it.

    No walk is shorter than `lower_mm` (0: nobody looked); a walk of that length is proven shortest.
    """

    stops: tuple[Stop, ...]
    length_mm: int
    policy: str
    lower_mm: int = 0


def plan(
    stops: Sequence[Stop],
    *,
    walkway: Ground,
    start: Spot,
    end: Spot,
    policy: str = "best",
    exact: bool = True,
) -> Route:
    """Order the stops of one walk from `start` to `end`.

    `policy` is a key of POLICIES, "exact", or "best": the shortest that is found, with `exact` by every means and
    otherwise by the policies alone. Where the ground is more than plain blocks the policies mean nothing, and the walk is
    ordered as by "exact". Equal input gives equal output. ValueError for an unknown policy, too many stops, or a spot that
    lies off the ways or cannot be reached.
    """
    if len(stops) > MAX_STOPS:
        raise ValueError(f"a walk has at most {MAX_STOPS} stops, not {len(stops)}")
    if policy not in (*POLICIES, EXACT, BEST):
        raise ValueError(f"unknown routing policy {policy!r}: {', '.join(POLICIES)}, exact or best")
    grouped = _grouped(stops)
    if not stops:
        length_mm = way_mm(walkway, start, end)
        return Route((), length_mm, EXACT if policy == BEST else policy, length_mm)
    candidates: list[tuple[int, str, list[list[Spot]], int]] = []
    if isinstance(walkway, Walkway):
        for name, rule in POLICIES.items():
            if policy in (name, BEST, EXACT):
                way = _chain(walkway, grouped, start, rule)
                candidates.append((_length_mm(walkway, [start, *_flat(way), end]), name, way, 0))
    if (policy in (EXACT, BEST) and (exact or not candidates)) or not candidates:
        candidates.insert(0, _shortest(walkway, grouped, start, end, quick=not exact))
    length_mm, name, way, lower_mm = min(candidates, key=lambda one: one[0])
    lower_mm = max(lower_mm, candidates[0][3])
    return Route(_in_order(stops, way), length_mm, EXACT if lower_mm == length_mm else name, lower_mm)


def compare(stops: Sequence[Stop], *, walkway: Ground, start: Spot, end: Spot) -> dict[str, Route]:
    """The walk by every policy that the ground allows, "exact" first."""
    names = [EXACT, *(POLICIES if isinstance(walkway, Walkway) else ())]
    return {name: plan(stops, walkway=walkway, start=start, end=end, policy=name) for name in names}


def _grouped(stops: Sequence[Stop]) -> list[list[Spot]]:
    """The places of the stops, each once, by rank."""
    places = sorted({(stop.rank, stop.spot.floor, stop.spot.x_mm, stop.spot.y_mm) for stop in stops})
    return [
        [Spot(x, y, floor=floor) for _, floor, x, y in group]
        for _, group in groupby(places, key=lambda place: place[0])
    ]


def _shortest(
    ground: Ground, grouped: list[list[Spot]], start: Spot, end: Spot, *, quick: bool
) -> tuple[int, str, list[list[Spot]], int]:
    """(length, name, order, proven bound) of the shortest order that can be found."""
    spots = _flat(grouped)
    on_blocks = isinstance(ground, Walkway) and is_on_blocks(ground, spots, [start, end])
    if on_blocks and len(grouped) == 1:
        assert isinstance(ground, Walkway)
        way, length_mm = shortest(ground, spots, start, end)
        return length_mm, EXACT, [way], length_mm
    between, first, last = _distances(ground, spots, start, end)
    ranks = [rank for rank, group in enumerate(grouped) for _ in group]
    found, is_proven = tours.order(between, first, last, ranks, quick=quick)
    length_mm = tours.length(found, between, first, last)
    lower_mm = length_mm
    if quick:
        lower_mm = lower_mm if is_proven else 0
    elif not is_proven:
        lower_mm = tours.lower_bound(between, first, last, length_mm)
        if on_blocks:  # nothing is shorter than the walk that need not heed the ranks
            assert isinstance(ground, Walkway)
            lower_mm = max(lower_mm, shortest(ground, list(dict.fromkeys(spots)), start, end)[1])
    return length_mm, SEARCHED, [[spots[index] for index in found]], lower_mm


def _distances(
    ground: Ground, spots: list[Spot], start: Spot, end: Spot
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Between the spots, from the start to each, from each to the end. ValueError when no way leads somewhere."""
    everything = [*spots, start, end]
    if isinstance(ground, Walkway):
        found = np.array(
            [[distance_mm(ground, a, b) for b in everything] for a in everything], dtype=np.int64
        )
    else:
        found = ground.matrix_mm(everything)
        count = len(spots)
        if (
            (found[:count, :count] >= FAR_MM).any()
            or (found[count] >= FAR_MM).any()
            or (found[:, -1] >= FAR_MM).any()
        ):
            raise UnreachableError("No way leads to some place of the walk, or back from it.")
    return found[:-2, :-2], found[-2, :-2], found[:-2, -1]


def _chain(walkway: Walkway, grouped: list[list[Spot]], start: Spot, order: OrderRule) -> list[list[Spot]]:
    """Order rank after rank; each rank starts where the one before ended."""
    way: list[list[Spot]] = []
    for group in grouped:
        way.append(order(walkway, group, start))
        start = way[-1][-1]
    return way


def _flat(way: list[list[Spot]]) -> list[Spot]:
    return [spot for group in way for spot in group]


def _length_mm(walkway: Walkway, spots: list[Spot]) -> int:
    return sum(distance_mm(walkway, a, b) for a, b in pairwise(spots))


def _in_order(stops: Sequence[Stop], way: list[list[Spot]]) -> tuple[Stop, ...]:
    """Put the stops in the order of their places; stops of one place keep rank, then level, then input
    order.
    """
    ranks = sorted({stop.rank for stop in stops})
    place: dict[tuple[int, int, int, int], int] = {}
    remaining = {_key(stop.rank, stop.spot) for stop in stops}
    for index, spot in enumerate(_flat(way)):
        # The same place can be visited once per rank; the lowest rank still missing there is the one meant.
        rank = next(rank for rank in ranks if _key(rank, spot) in remaining)
        remaining.discard(_key(rank, spot))
        place[_key(rank, spot)] = index
    return tuple(sorted(stops, key=lambda stop: (place[_key(stop.rank, stop.spot)], stop.spot.level)))


def _key(rank: int, spot: Spot) -> tuple[int, int, int, int]:
    return rank, spot.floor, spot.x_mm, spot.y_mm
