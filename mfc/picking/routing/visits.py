"""The order of stops of one walk: S-shape, return, largest gap, exact for few stops, best of all. Pure.

Heuristics as in Hall (1993) and de Koster, Le-Duc and Roodbergen (2007); few places are solved exactly by the
dynamic programme of Held and Karp (1962). Stops with a higher carry rank come later (ambient before chilled
before frozen, so that cold goods are out of the cold for the shortest time); inside one rank the way decides.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from mfc.layout.travel import Spot, Walkway, distance_mm

# Held-Karp needs n^2 * 2^n steps: 6 places are 2,304, about a millisecond.
EXACT_PLACES = 6
# A walk longer than this is a mistake of the caller, not a cart.
MAX_STOPS = 500


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing to do on a walk. `rank` is the carry rank: 0 ambient, 1 chilled, 2 frozen."""

    key: Hashable
    spot: Spot
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Stops in walking order, the length from start to end, and the policy that found it."""

    stops: tuple[Stop, ...]
    length_mm: int
    policy: str


OrderRule = Callable[[Walkway, list[Spot], Spot], list[Spot]]


def s_shape(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots by crossing every aisle that holds one completely, alternately up and down."""
    ordered: list[Spot] = []
    upwards = start.y_mm <= (walkway.front_y_mm + walkway.back_y_mm) // 2
    for aisle in _by_aisle(spots, start):
        ordered += aisle if upwards else aisle[::-1]
        upwards = not upwards
    return ordered


def return_policy(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots by entering and leaving every aisle through the front cross aisle."""
    del walkway
    return [spot for aisle in _by_aisle(spots, start) for spot in aisle]


def largest_gap(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots so that in every inner aisle the largest gap between two of them is not walked.

    The first aisle is crossed to the back, the back cross aisle serves the parts behind the gaps, the last
    aisle is crossed to the front, and the way home along the front cross aisle serves the rest.
    """
    aisles = _by_aisle(spots, start)
    if len(aisles) < 2:
        return [spot for aisle in aisles for spot in aisle]
    behind: list[Spot] = []
    before: list[Spot] = []
    for aisle in aisles[1:-1]:
        ys = [walkway.front_y_mm, *(spot.y_mm for spot in aisle), walkway.back_y_mm]
        gaps = [upper - lower for lower, upper in pairwise(ys)]
        cut = gaps.index(max(gaps))
        before = aisle[:cut] + before
        behind += aisle[cut:][::-1]
    return aisles[0] + behind + aisles[-1][::-1] + before


POLICIES: dict[str, OrderRule] = {"s-shape": s_shape, "return": return_policy, "largest-gap": largest_gap}


def plan(
    stops: Sequence[Stop],
    *,
    walkway: Walkway,
    start: Spot,
    end: Spot,
    policy: str = "best",
    exact: bool = True,
) -> Route:
    """Order the stops of one walk from `start` to `end`.

    `policy` is a key of POLICIES or "best" (the shortest of them, and the proven shortest when there are at
    most EXACT_PLACES places and `exact` is true). Equal input gives equal output. ValueError for an unknown
    policy, too many stops, or a spot outside the walkway.
    """
    if len(stops) > MAX_STOPS:
        raise ValueError(f"a walk has at most {MAX_STOPS} stops, not {len(stops)}")
    if policy != "best" and policy not in POLICIES:
        raise ValueError(f"unknown routing policy {policy!r}: {', '.join(POLICIES)} or best")
    places = sorted({(stop.rank, stop.spot.x_mm, stop.spot.y_mm) for stop in stops})
    grouped = [[Spot(x, y) for _, x, y in group] for _, group in groupby(places, key=lambda place: place[0])]
    candidates = [
        (name, _chain(walkway, grouped, start, order))
        for name, order in POLICIES.items()
        if policy in (name, "best")
    ]
    if policy == "best" and exact and 0 < len(places) <= EXACT_PLACES:
        candidates.insert(0, ("exact", _held_karp(walkway, grouped, start, end)))
    measured = [(_length_mm(walkway, [start, *_flat(way), end]), name, way) for name, way in candidates]
    length_mm, name, way = min(measured, key=lambda one: one[0])
    return Route(_in_order(stops, way), length_mm, name)


def _by_aisle(spots: list[Spot], start: Spot) -> list[list[Spot]]:
    """Group spots by aisle, each from front to back, from the outer aisle that is nearer to the start."""
    ordered = sorted(spots)
    aisles = [list(group) for _, group in groupby(ordered, key=lambda spot: spot.x_mm)]
    if aisles and abs(start.x_mm - aisles[-1][0].x_mm) < abs(start.x_mm - aisles[0][0].x_mm):
        aisles.reverse()
    return aisles


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


def _held_karp(walkway: Walkway, grouped: list[list[Spot]], start: Spot, end: Spot) -> list[list[Spot]]:
    """Return the shortest order: states are (visited set, last place), ranks restrict what may come next."""
    spots = _flat(grouped)
    rank_of = [rank for rank, group in enumerate(grouped) for _ in group]
    count = len(spots)
    between = [[distance_mm(walkway, a, b) for b in spots] for a in spots]
    # A place may be entered once every place of a lower rank has been visited.
    needed = [sum(1 << j for j in range(count) if rank_of[j] < rank_of[i]) for i in range(count)]
    best: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {
        (1 << i, i): (distance_mm(walkway, start, spots[i]), (i,)) for i in range(count) if not needed[i]
    }
    for _ in range(count - 1):
        following: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
        for (visited, last), (length, way) in best.items():
            for i in range(count):
                if visited >> i & 1 or needed[i] & ~visited:
                    continue
                state, option = (visited | 1 << i, i), (length + between[last][i], (*way, i))
                if state not in following or option < following[state]:
                    following[state] = option
        best = following
    _, way = min(
        (length + distance_mm(walkway, spots[last], end), way) for (_, last), (length, way) in best.items()
    )
    return [[spots[i] for i in way]]


def _in_order(stops: Sequence[Stop], way: list[list[Spot]]) -> tuple[Stop, ...]:
    """Put the stops in the order of their places; stops of one place keep rank, then level, then input
    order.
    """
    ranks = sorted({stop.rank for stop in stops})
    place: dict[tuple[int, int, int], int] = {}
    spots = _flat(way)
    remaining = {(stop.rank, stop.spot.x_mm, stop.spot.y_mm) for stop in stops}
    for index, spot in enumerate(spots):
        # The same place can be visited once per rank; the lowest rank still missing there is the one meant.
        rank = next(rank for rank in ranks if (rank, spot.x_mm, spot.y_mm) in remaining)
        remaining.discard((rank, spot.x_mm, spot.y_mm))
        place[(rank, spot.x_mm, spot.y_mm)] = index
    return tuple(
        sorted(stops, key=lambda stop: (place[(stop.rank, stop.spot.x_mm, stop.spot.y_mm)], stop.spot.level))
    )
