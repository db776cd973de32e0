"""Shortest ways on a floor plan: all pairs of junctions once, then any two places in a few additions. Pure.

Between junctions: Dijkstra (1959), all pairs, by SciPy; weights are whole millimetres far below 2^53, so its floating point
sums are exact. A leg starts and ends heading as the person likes: turning the cart at a shelf is part of the stop, turning
on the way is counted when a turn costs anything (`effort_mm`).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mfc.layout.travel import junctions
from mfc.layout.travel.block import Spot
from mfc.layout.travel.plan import Direction, FloorPlan, OpenArea, Way, standing
from mfc.layout.travel.reach import FAR_MM, HEADING, Reach, UnreachableError, look_around

# Plans kept with their matrices; a process serves a few sites.
MAX_GRAPHS = 8
# Places whose distances to others are kept: with all pairs of them some 100 MB.
MAX_KNOWN = 1_000
# Places kept with the ways that lead to them: a site has at most some thousand bins.
MAX_PLACES = 20_000


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from place to place: its corners as (x, y, floor), what was walked, and what it costs with lifts and doors."""

    points: tuple[tuple[int, int, int], ...]
    walked_mm: int
    cost_mm: int


_Place = tuple[int, int, int]


class TravelGraph:
    """All shortest ways of one plan. Make it with `graph_of`, which keeps it."""

    def __init__(self, plan: FloorPlan) -> None:
        self.plan = plan
        self._junctions = junctions.find(plan)
        self._points = list(self._junctions.nodes)
        self._edges = list(junctions.edges(plan, self._junctions))
        self._known: dict[bool, dict[_Place, dict[_Place, int]]] = {False: {}, True: {}}
        self._reaches: OrderedDict[tuple[_Place, int], tuple[Reach, Reach]] = OrderedDict()

    def distance_mm(self, a: Spot, b: Spot) -> int:
        """The shortest way from `a` to `b` without counting turns. UnreachableError when there is none."""
        return self._between(a, b, 0)

    def effort_mm(self, a: Spot, b: Spot) -> int:
        """The cheapest way from `a` to `b`, each turn by a right angle counted as the plan's `turn_mm`."""
        return self._between(a, b, self.plan.turn_mm)

    def matrix_mm(self, spots: Sequence[Spot], *, turns: bool = False) -> NDArray[np.int64]:
        """Distances (with `turns`: efforts) from each spot to each; FAR_MM where there is no way."""
        turn_mm = self.plan.turn_mm if turns else 0
        places = [standing(spot) for spot in spots]
        known = self._known[turns]
        unknown = [a for a in places if a not in known or any(b not in known[a] for b in places)]
        if unknown:
            self._learn(list(dict.fromkeys(spots)), turn_mm, known)
        return np.array([[known[a][b] for b in places] for a in places], dtype=np.int64).reshape(
            len(places), -1
        )

    def _learn(self, spots: list[Spot], turn_mm: int, known: dict[_Place, dict[_Place, int]]) -> None:
        """Remember all distances between the spots: plans are made again and again over the same places."""
        if len(known) > MAX_KNOWN:
            known.clear()
        matrix = self._measure(spots, turn_mm).tolist()
        for spot, row in zip(spots, matrix, strict=True):
            known.setdefault(standing(spot), {}).update(zip(map(standing, spots), row, strict=True))

    def _measure(self, spots: list[Spot], turn_mm: int) -> NDArray[np.int64]:
        found = np.full((len(spots), len(spots)), FAR_MM, dtype=np.int64)
        between = self._all_pairs(turn_mm)[0]
        reaches = [self._reach(spot, turn_mm) for spot in spots]
        for row, ((states, away_mm), _) in enumerate(reaches):
            if len(states):
                to_state = (between[states] + away_mm[:, None]).min(axis=0)
                for column, (_, (ends, near_mm)) in enumerate(reaches):
                    found[row, column] = (to_state[ends] + near_mm).min(initial=FAR_MM)
        for row, column in self._neighbours(spots):
            direct = self._direct_mm(spots[row], spots[column], turn_mm)
            found[row, column] = min(found[row, column], direct)
        return found

    def _neighbours(self, spots: Sequence[Spot]) -> set[tuple[int, int]]:
        """Pairs that share a way or an open area."""
        pairs: set[tuple[int, int]] = set()
        parts: list[Way | OpenArea] = [*self.plan.ways, *self.plan.areas]
        for part in parts:
            inside = [number for number, spot in enumerate(spots) if part.holds(*standing(spot))]
            pairs.update((a, b) for a in inside for b in inside)
        return pairs

    def can_reach(self, a: Spot, b: Spot) -> bool:
        """Say whether a way leads from `a` to `b`."""
        try:
            return self._cost_mm(a, b, 0)[0] < FAR_MM
        except UnreachableError:
            return False

    def leg(self, a: Spot, b: Spot, *, turns: bool = True) -> Leg:
        """The cheapest way itself."""
        turn_mm = self.plan.turn_mm if turns else 0
        cost_mm, first, last = self._cost_mm(a, b, turn_mm)
        if cost_mm >= FAR_MM:
            raise UnreachableError(f"No way leads from {a} to {b}.")
        via = [] if first is None or last is None else self._states_between(first, last, turn_mm)
        corners = [standing(a), *(self._points[state // 2][:3] for state in via), standing(b)]
        points = _with_elbows(corners)
        walked_mm = sum(abs(p[0] - q[0]) + abs(p[1] - q[1]) for p, q in pairwise(points) if p[2] == q[2])
        return Leg(tuple(points), walked_mm, cost_mm)

    def _between(self, a: Spot, b: Spot, turn_mm: int) -> int:
        cost_mm = self._cost_mm(a, b, turn_mm)[0]
        if cost_mm >= FAR_MM:
            raise UnreachableError(f"No way leads from {a} to {b}.")
        return cost_mm

    def _cost_mm(self, a: Spot, b: Spot, turn_mm: int) -> tuple[int, int | None, int | None]:
        """(cost, first state, last state); the states are None when no junction lies between."""
        direct = self._direct_mm(a, b, turn_mm)
        out_states, out_mm = self._reach(a, turn_mm)[0]
        in_states, in_mm = self._reach(b, turn_mm)[1]
        if not len(out_states) or not len(in_states):
            return direct, None, None
        costs = self._all_pairs(turn_mm)[0][out_states[:, None], in_states[None, :]]
        costs = costs + out_mm[:, None] + in_mm[None, :]
        where = int(costs.argmin())
        best = int(costs.flat[where])
        if direct <= best:
            return direct, None, None
        row, column = divmod(where, len(in_states))
        return best, int(out_states[row]), int(in_states[column])

    def _direct_mm(self, a: Spot, b: Spot, turn_mm: int) -> int:
        """A way without any junction between: along one way, or over one open area."""
        here, there = standing(a), standing(b)
        if here == there:
            return 0
        best = FAR_MM
        for way in self.plan.ways:
            if way.holds(*here) and way.holds(*there):
                ahead = there[0] - here[0] + there[1] - here[1]
                wrong = Direction.BACKWARD if ahead > 0 else Direction.FORWARD
                best = abs(ahead) if way.direction is not wrong else best
        for area in self.plan.areas:
            if area.holds(*here) and area.holds(*there):
                dx, dy = abs(there[0] - here[0]), abs(there[1] - here[1])
                best = min(best, dx + dy + (turn_mm if dx and dy else 0))
        return best

    def _reach(self, spot: Spot, turn_mm: int) -> tuple[Reach, Reach]:
        """Junctions that can be walked to from the spot, and those from where it can be walked to."""
        key = (standing(spot), turn_mm)
        found = self._reaches.get(key)
        if found is None:
            found = self._reaches[key] = look_around(self.plan, self._junctions, standing(spot), turn_mm)
            if len(self._reaches) > MAX_PLACES:
                self._reaches.popitem(last=False)
        return found

    def _all_pairs(self, turn_mm: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        return self._with_turns if turn_mm else self._without_turns

    @cached_property
    def _without_turns(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        return self._solve(0)

    @cached_property
    def _with_turns(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        return self._solve(self.plan.turn_mm)

    def _solve(self, turn_mm: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Distances and predecessors between all states."""
        cheapest: dict[tuple[int, int], int] = {}

        def join(tail: int, head: int, cost_mm: int) -> None:
            if cost_mm < cheapest.get((tail, head), FAR_MM):
                cheapest[tail, head] = cost_mm

        for edge in self._edges:
            for heading, number in HEADING.items():
                out = edge.out or heading
                into = edge.into or heading
                turns = edge.turns + (heading is not out)
                join(2 * edge.tail + number, 2 * edge.head + HEADING[into], edge.cost_mm + turns * turn_mm)
                if edge.is_ride:  # out of a lift a person heads where they like
                    join(2 * edge.tail + number, 2 * edge.head + 1 - number, edge.cost_mm)
        size = 2 * len(self._points)
        ends = np.array(list(cheapest), dtype=np.int32).reshape(-1, 2)
        weights = np.array(list(cheapest.values()), dtype=np.float64)
        matrix = csr_array((weights, (ends[:, 0], ends[:, 1])), shape=(size, size))
        costs, before = dijkstra(matrix, return_predecessors=True)
        return np.where(np.isfinite(costs), costs, FAR_MM).astype(np.int64), before

    def _states_between(self, first: int, last: int, turn_mm: int) -> list[int]:
        before = self._all_pairs(turn_mm)[1]
        states = [last]
        while states[-1] != first:
            states.append(int(before[first, states[-1]]))
        return states[::-1]


def _with_elbows(corners: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Corners with the bend of each rectangular walk over open floor, and without those where nobody turns."""
    points: list[tuple[int, int, int]] = []
    for corner in corners:
        if (
            points
            and points[-1][2] == corner[2]
            and points[-1][0] != corner[0]
            and points[-1][1] != corner[1]
        ):
            points.append((corner[0], points[-1][1], corner[2]))
        if not points or points[-1] != corner:
            points.append(corner)
    kept = points[:1]
    for point, following in pairwise(points[1:]):
        last = kept[-1]
        straight = any(last[axis] == point[axis] == following[axis] for axis in (0, 1))
        onward = all((point[axis] - last[axis]) * (following[axis] - point[axis]) >= 0 for axis in (0, 1))
        if not (straight and onward and last[2] == point[2] == following[2]):
            kept.append(point)
    return kept + points[1:][-1:]


@lru_cache(maxsize=MAX_GRAPHS)
def graph_of(plan: FloorPlan) -> TravelGraph:
    """The graph of a plan; equal plans share one."""
    return TravelGraph(plan)
